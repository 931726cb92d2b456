//! Digests: is every file the one that is spoken of?

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::report::Report;

/// The manifest of an output: its text as bytes, and what it says.
pub(crate) struct Manifest {
    pub(crate) digest: String,
    pub(crate) says: Value,
}

pub(crate) fn manifest(out: &Path) -> Result<Manifest, String> {
    let path = out.join("manifest.json");
    let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let says = serde_json::from_slice(&bytes);
    Ok(Manifest {
        digest: blake3::hash(&bytes).to_hex().to_string(),
        says: says.map_err(|error| format!("{}: {error}", path.display()))?,
    })
}

impl Manifest {
    /// A text at a place such as `/as_of/valid`.
    pub(crate) fn text(&self, place: &str) -> Result<&str, String> {
        let found = self.says.pointer(place).and_then(Value::as_str);
        found.ok_or_else(|| format!("manifest.json says no {place}"))
    }

    /// The names and digests of a list of files.
    pub(crate) fn files<'m>(&'m self, list: &str) -> Result<Vec<(&'m str, &'m str)>, String> {
        let files = self.says.get(list).and_then(Value::as_array);
        let files = files.ok_or_else(|| format!("manifest.json lists no {list}"))?;
        let one = |file: &'m Value| {
            let text = |key| file.get(key).and_then(Value::as_str);
            Some((text("file")?, text("blake3")?))
        };
        let all: Option<Vec<_>> = files.iter().map(one).collect();
        all.ok_or_else(|| format!("a file among {list} of manifest.json has no name or digest"))
    }
}

/// Is every output what the manifest lists, and nothing else there?
pub(crate) fn outputs(out: &Path, manifest: &Manifest, report: &mut Report) -> Result<(), String> {
    let listed = manifest.files("outputs")?;
    let n_wrong = compare(out, &listed, report);
    if n_wrong == 0 {
        report.holds(format!(
            "{} outputs are those of the manifest",
            listed.len()
        ));
    }
    let names: BTreeSet<&str> = listed.iter().map(|(name, _)| *name).collect();
    let beside = ["manifest.json", "report.html", "timings.json"];
    let entries = fs::read_dir(out).map_err(|error| format!("{}: {error}", out.display()))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("{}: {error}", out.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !names.contains(name.as_str()) && !beside.contains(&name.as_str()) {
            report.wrong(format!("{name} is not listed in the manifest"));
        }
    }
    Ok(())
}

/// Is every table the one that the run read?
pub(crate) fn inputs(dir: &Path, manifest: &Manifest, report: &mut Report) -> Result<(), String> {
    let listed = manifest.files("inputs")?;
    let (frames, files): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|(name, _)| is_frame(name));
    if !frames.is_empty() {
        report.not_asked(format!("{} tables were in memory", frames.len()));
    }
    if compare(dir, &files, report) == 0 {
        report.holds(format!("{} tables are those the run read", files.len()));
    }
    Ok(())
}

/// A table that the run read from memory.
fn is_frame(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| ending == "frame")
}

/// How many files are not what is listed.
fn compare(dir: &Path, listed: &[(&str, &str)], report: &mut Report) -> usize {
    let mut n_wrong = 0;
    for (name, digest) in listed {
        let wrong = match fs::read(dir.join(name)) {
            Ok(bytes) if blake3::hash(&bytes).to_hex().as_str() == *digest => continue,
            Ok(_) => "is not the file that is listed".to_owned(),
            Err(error) => error.to_string(),
        };
        report.wrong(format!("{name}: {wrong}"));
        n_wrong += 1;
    }
    n_wrong
}
