//! Files that only their owner reads, and that are complete when they appear.

use std::fs;
use std::path::Path;

use crate::consent::cannot;
use crate::exit::Failure;
use crate::output;

/// Writes a file aside and puts it in its place when it is complete; what was there is replaced.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let file = output::file(path, Vec::new())?;
    file.write(content)?;
    output::tell(&file.publish()?);
    Ok(())
}

/// Reads a whole file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(cannot("reading", path))
}
