//! Are the files what the manifest says they are?

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::engine::EngineError;
use crate::engine::outputs::{MANIFEST, Manifest, digest_file};
use crate::engine::run::REPORT;

/// Everything that is not as the manifest says.
pub(in crate::engine) fn check(
    out: &Path,
    signals: &Path,
    manifest: &Manifest,
) -> Result<Vec<String>, EngineError> {
    let mut wrong = Vec::new();
    if let Err(error) = manifest.check_sums() {
        wrong.push(format!("{MANIFEST}: {error}"));
    }
    for output in &manifest.outputs {
        let expected = (output.bytes, output.blake3.as_str());
        wrong.extend(difference(out, &output.file, expected)?);
    }
    for input in &manifest.inputs {
        let expected = (input.bytes, input.blake3.as_str());
        let found = difference(signals, &input.file, expected)?;
        wrong.extend(found.map(|what| format!("input {what}")));
    }
    let listed: BTreeSet<&str> = manifest
        .outputs
        .iter()
        .map(|output| output.file.as_str())
        .chain([MANIFEST, REPORT])
        .collect();
    let cannot = |source: io::Error| EngineError::Published {
        path: out.to_owned(),
        source: source.into(),
    };
    for entry in fs::read_dir(out).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name();
        if !name.to_str().is_some_and(|name| listed.contains(name)) {
            wrong.push(format!("{}: the manifest does not list it", name.display()));
        }
    }
    Ok(wrong)
}

/// How a file differs from what is listed, if it does.
fn difference(
    dir: &Path,
    file: &str,
    (bytes, blake3): (u64, &str),
) -> Result<Option<String>, EngineError> {
    let path = dir.join(file);
    match digest_file(&path) {
        Ok((hash, n)) if n == bytes && hash.to_hex().as_str() == blake3 => Ok(None),
        Ok(_) => Ok(Some(format!(
            "{file}: not the file that the manifest lists"
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(Some(format!("{file}: it is missing")))
        }
        Err(source) => Err(EngineError::Published {
            path,
            source: source.into(),
        }),
    }
}
