//! Files that only their owner reads, and that are complete when they appear.

use std::path::Path;

use acquaint::publish::{Ours, read_plain};

use crate::consent::cannot;
use crate::exit::Failure;
use crate::output;

/// Writes a file aside and puts it in its place when it is complete; nothing is replaced.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let file = output::file(path, Ours::NEVER, Vec::new())?;
    file.write(content)?;
    output::tell(&file.publish()?);
    Ok(())
}

/// Reads a whole file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    read_plain(path, u64::MAX).map_err(cannot("reading", path))
}
