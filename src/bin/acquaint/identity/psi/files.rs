//! Files that only their owner reads, and that are complete when they appear.

use std::path::Path;

use acquaint::identity::psi::{MessageKind, message_len};
use acquaint::publish::{Ours, read_plain};

use super::holdings::MAX_ROWS;
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

/// The longest file of a session: a set of as many numbers as a side may hold.
const MAX_BYTES: u64 = message_len(MessageKind::Blinded, MAX_ROWS) as u64;

/// Reads a whole file. A pipe would be waited for, and a device may never end.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    read_plain(path, MAX_BYTES).map_err(cannot("reading", path))
}
