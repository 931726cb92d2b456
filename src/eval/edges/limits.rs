//! Limits on what is read of an edge list, so that a small packed file costs little before it is refused.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use super::error::Reason;
use crate::signals::{FREE_BYTES, FREE_ROWS, by_size};

/// Limits on what is read of an edge list.
///
/// Rows are the lines of a table or matrix, comments included, and the numbers in lists of neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeLimits {
    /// Bytes of a list, unpacked. Default 64 GiB.
    pub max_bytes: u64,
    /// Rows of a list. Default 4 milliards.
    pub max_rows: u64,
    /// How many times larger than what was read of its file a packed list may be, beyond the first 16 MiB. Default 1,000.
    pub max_expansion: u64,
    /// Rows for every byte of a packed file, beyond the first 65,536. Default 16.
    pub max_rows_per_byte: u64,
}

impl Default for EdgeLimits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 30,
            max_rows: 4_000_000_000,
            max_expansion: 1000,
            max_rows_per_byte: 16,
        }
    }
}

/// How much of a list was read, held against the limits.
pub(super) struct Weighed {
    limits: EdgeLimits,
    /// What was read of the file, if it is packed.
    packed: Option<Rc<Cell<u64>>>,
    n_bytes: u64,
    n_rows: u64,
}

impl Weighed {
    pub(super) const fn new(limits: EdgeLimits, packed: Option<Rc<Cell<u64>>>) -> Self {
        Self {
            limits,
            packed,
            n_bytes: 0,
            n_rows: 0,
        }
    }

    /// Counts bytes; an error if there are too many.
    pub(super) fn bytes(&mut self, n: usize) -> Result<(), Reason> {
        self.n_bytes += n as u64;
        let limits = self.limits;
        let by_size = self.by_size(FREE_BYTES, limits.max_expansion);
        let alone = Limit::new("--max-bytes", limits.max_bytes);
        let by_size = Limit::new("--max-expansion", by_size);
        refuse_more("bytes", self.n_bytes, alone, by_size)
    }

    /// Counts rows; an error if there are too many.
    pub(super) fn rows(&mut self, n: usize) -> Result<(), Reason> {
        self.n_rows += n as u64;
        let limits = self.limits;
        let by_size = self.by_size(FREE_ROWS, limits.max_rows_per_byte);
        let alone = Limit::new("--max-rows", limits.max_rows);
        let by_size = Limit::new("--max-rows-per-byte", by_size);
        refuse_more("rows", self.n_rows, alone, by_size)
    }

    /// How much may have come out of what was read of a packed file.
    fn by_size(&self, free: u64, times: u64) -> u64 {
        let packed = self.packed.as_ref();
        packed.map_or(u64::MAX, |packed| by_size(free, packed.get(), times))
    }
}

/// How much there may be, and what raises it.
#[derive(Clone, Copy)]
struct Limit {
    flag: &'static str,
    n: u64,
}

impl Limit {
    const fn new(flag: &'static str, n: u64) -> Self {
        Self { flag, n }
    }
}

/// An error if there is more than is allowed at all, or than may come out of what was read of a packed file.
fn refuse_more(what: &str, found: u64, alone: Limit, by_size: Limit) -> Result<(), Reason> {
    if found > alone.n {
        let Limit { flag, n } = alone;
        let told = format!("there are more than {n} {what}: raise {flag} if so many are meant");
        return Err(told.into());
    }
    if found > by_size.n {
        let Limit { flag, n } = by_size;
        let told = format!(
            "more than {n} {what} come out of what was read of a packed file: raise {flag} if so many are meant"
        );
        return Err(told.into());
    }
    Ok(())
}

/// Counts what is read of a file.
pub(super) struct Counted<R> {
    inner: R,
    n_bytes: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    /// Adds to `n_bytes` what is read.
    pub(super) const fn new(inner: R, n_bytes: Rc<Cell<u64>>) -> Self {
        Self { inner, n_bytes }
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.n_bytes.set(self.n_bytes.get() + n as u64);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.n_bytes.set(self.n_bytes.get() + n as u64);
        self.inner.consume(n);
    }
}
