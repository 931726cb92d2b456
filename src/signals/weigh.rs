//! How much is in a packed file: found out before a row of it is kept.

use std::io::Read;

use super::error::SignalsError;
use super::limits::ValidReadLimits;
use super::source::Source;
use super::unpack::Grown;

const BUFFER_BYTES: usize = 1 << 16;

/// Lines of a packed file, as far as they were counted.
#[derive(Default)]
struct Lines {
    feeds: u64,
    returns: u64,
    /// Bytes since the last end of a line.
    open: u64,
}

impl Lines {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.feeds += u64::from(byte == b'\n');
            self.returns += u64::from(byte == b'\r');
        }
        let last = bytes.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
        self.open = match last {
            None => self.open + bytes.len() as u64,
            Some(at) => (bytes.len() - at) as u64,
        };
    }

    fn n(&self) -> u64 {
        self.feeds.max(self.returns)
    }
}

/// Unpacks a file without keeping anything, and refuses one with more bytes or rows than its size lets expect.
///
/// What else is wrong with it is left to whoever reads it: a line that is too long, and bytes that do not unpack.
pub(super) fn refuse_bombs(
    source: &Source,
    mut unpacked: impl Read,
    limits: &ValidReadLimits,
) -> Result<(), SignalsError> {
    let mut lines = Lines::default();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let n_read = match unpacked.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n_read) => n_read,
            Err(error) => {
                let grown = error.downcast::<Grown>();
                return grown.map_or(Ok(()), |grown| Err(source.grown(grown)));
            }
        };
        lines.add(&buffer[..n_read]);
        source.refuse_many_rows(lines.n(), limits)?;
        if lines.open > limits.given().max_row_bytes {
            return Ok(());
        }
    }
}
