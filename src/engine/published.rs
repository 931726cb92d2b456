//! A published output, and whether it is what was written.

use std::io::ErrorKind;
use std::path::Path;

use crate::engine::EngineError;
use crate::engine::outputs::{
    FileDigest, MANIFEST, MAX_MANIFEST_BYTES, Manifest, OutputDigest, digest_file,
};
use crate::publish::{SealError, read_plain_text, unseal_json};

/// Reads the manifest of an output and checks that it and every file it lists are what was written.
///
/// # Errors
/// If something cannot be read or is not what was written.
pub fn read_output(out: &Path) -> Result<Manifest, EngineError> {
    let ReadManifest { manifest, seal } = read_manifest(out)?;
    seal.map_err(|error| fault(&out.join(MANIFEST), error))?;
    for output in &manifest.outputs {
        if let Some(wrong) = wrong_with(out, output) {
            return Err(fault(&out.join(&output.file), wrong));
        }
    }
    Ok(manifest)
}

/// A manifest as it lies in an output.
pub(in crate::engine) struct ReadManifest {
    pub(in crate::engine) manifest: Manifest,
    /// Whether it is what was written.
    pub(in crate::engine) seal: Result<(), SealError>,
}

pub(in crate::engine) fn read_manifest(out: &Path) -> Result<ReadManifest, EngineError> {
    let path = out.join(MANIFEST);
    let text = read_plain_text(&path, MAX_MANIFEST_BYTES).map_err(|error| fault(&path, error))?;
    let manifest = serde_json::from_str(&text).map_err(|error| fault(&path, error))?;
    Ok(ReadManifest {
        manifest,
        seal: unseal_json(&text).map(drop),
    })
}

/// What is wrong with a file of an output, if something is.
pub(in crate::engine) fn wrong_with(out: &Path, output: &OutputDigest) -> Option<String> {
    match digest_file(&out.join(&output.file)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Some("is not there".to_owned()),
        Err(error) => Some(format!("cannot be read: {error}")),
        Ok(FileDigest { digest, bytes })
            if bytes != output.bytes || digest.to_hex().as_str() != output.blake3 =>
        {
            Some("is not the file that was written".to_owned())
        }
        Ok(_) => None,
    }
}

fn fault(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> EngineError {
    EngineError::Published {
        path: path.to_owned(),
        source: source.into(),
    }
}
