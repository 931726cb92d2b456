//! The files of an output beside what its manifest says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::verdict::Finding;
use crate::engine::outputs::{MANIFEST, Manifest};
use crate::engine::published::wrong_with;
use crate::engine::run::drawn;
use crate::engine::{EngineError, Page, REPORT};
use crate::publish::{Ours, TIMINGS, read_plain};
use crate::signals::InputFile;

/// What is wrong with the files of an output: digests, lengths, files that are not listed, sums, and a page that is
/// not the manifest's.
pub(super) fn faults(
    out: &Path,
    manifest: &Manifest,
    page: &Page<'_>,
) -> Result<Vec<Finding>, EngineError> {
    let mut findings = Vec::new();
    for output in &manifest.outputs {
        let wrong = wrong_with(out, output);
        findings.extend(wrong.map(|why| Finding::new(&output.file, why)));
    }
    findings.extend(unlisted(out, manifest)?);
    findings.extend(
        manifest
            .check_sums()
            .err()
            .map(|error| Finding::new("sums", error.to_string())),
    );
    let drawn = drawn(page, manifest)?;
    if read_plain(&out.join(REPORT), drawn.len() as u64)
        .ok()
        .as_deref()
        != Some(drawn.as_bytes())
    {
        findings.push(Finding::new(REPORT, "is not the page this manifest gives"));
    }
    Ok(findings)
}

fn unlisted(out: &Path, manifest: &Manifest) -> Result<Vec<Finding>, EngineError> {
    let fault = |source: std::io::Error| EngineError::Published {
        path: out.to_owned(),
        source: source.into(),
    };
    let listed: BTreeSet<&str> = manifest
        .outputs
        .iter()
        .map(|output| output.file.as_str())
        .collect();
    let mut findings = Vec::new();
    for entry in fs::read_dir(out).map_err(fault)? {
        let name = entry
            .map_err(fault)?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name == TIMINGS {
            let is_as_written = Ours::TIMINGS.is_written_at(&out.join(&name));
            findings
                .extend((!is_as_written).then(|| Finding::new(name, "is not what was written")));
        } else if name != MANIFEST && name != REPORT && !listed.contains(name.as_str()) {
            findings.push(Finding::new(name, "is not listed in the manifest"));
        }
    }
    findings.sort_by(|a, b| a.what.cmp(&b.what));
    Ok(findings)
}

/// Which tables are not those the run read.
pub(super) fn input_faults(manifest: &Manifest, files: &[InputFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for input in &manifest.inputs {
        match files.iter().find(|file| file.path == input.file) {
            None => findings.push(Finding::new(
                &input.file,
                "was read by the run and is not there",
            )),
            Some(file) if file.blake3 != input.blake3 || file.bytes != input.bytes => {
                findings.push(Finding::new(&input.file, "is not the file the run read"));
            }
            Some(_) => {}
        }
    }
    let read: BTreeSet<&str> = manifest
        .inputs
        .iter()
        .map(|input| input.file.as_str())
        .collect();
    let new = files
        .iter()
        .filter(|file| !read.contains(file.path.as_str()));
    findings.extend(
        new.map(|file| Finding::new(&file.path, "was not there when the run read the tables")),
    );
    findings
}
