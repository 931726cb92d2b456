//! Events about accounts from among the rows, sorted by account: in memory, or in a file without a name if they are many.
//!
//! Rows are read in the order of their numbers, which is the only order that is proven. Sorted runs of them are merged
//! later, so that at most one run is in memory while they are read, and a block of each while they are handed over.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::codec::SEALED;
use super::error::LedgerError;

/// Records in a run: some 50 MB.
const RUN: usize = 1 << 20;
/// Records of a run that are read at a time.
const BLOCK: u64 = 1 << 13;
/// Bytes of a record.
const WIDTH: usize = 3 * 8 + SEALED;

/// An event about an account, sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ledger) struct Record {
    pub(in crate::ledger) account: u64,
    pub(in crate::ledger) entry: u64,
    pub(in crate::ledger) event_id: u64,
    pub(in crate::ledger) sealed: [u8; SEALED],
}

impl Record {
    fn bytes(&self) -> [u8; WIDTH] {
        let mut bytes = [0; WIDTH];
        bytes[..8].copy_from_slice(&self.account.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.entry.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.event_id.to_le_bytes());
        bytes[24..].copy_from_slice(&self.sealed);
        bytes
    }

    fn read(bytes: &[u8; WIDTH]) -> Self {
        let word = |at: usize| {
            let bytes = bytes[at..at + 8].try_into();
            u64::from_le_bytes(bytes.expect("eight bytes"))
        };
        Self {
            account: word(0),
            entry: word(8),
            event_id: word(16),
            sealed: bytes[24..].try_into().expect("the rest of a record"),
        }
    }
}

/// Sorted runs of records; the last may still be growing.
#[derive(Debug)]
pub(in crate::ledger) struct Spool {
    dir: PathBuf,
    run: usize,
    /// Whole runs, one behind the other, each sorted.
    file: Option<File>,
    n_spilled: u64,
    last: Vec<Record>,
}

impl Spool {
    /// An empty one; if it overflows, into a file without a name in `dir`.
    pub(in crate::ledger) fn new(dir: &Path) -> Self {
        Self::of_runs(dir, RUN)
    }

    fn of_runs(dir: &Path, run: usize) -> Self {
        Self {
            dir: dir.to_owned(),
            run,
            file: None,
            n_spilled: 0,
            last: Vec::new(),
        }
    }

    pub(in crate::ledger) fn push(&mut self, record: Record) -> Result<(), LedgerError> {
        if self.last.len() == self.run {
            self.spill()
                .map_err(LedgerError::file("keep records in", &self.dir))?;
        }
        self.last.push(record);
        Ok(())
    }

    /// Sorts what is in memory: before anything is read.
    pub(in crate::ledger) fn finish(&mut self) {
        self.last.par_sort_unstable();
    }

    fn spill(&mut self) -> io::Result<()> {
        self.last.par_sort_unstable();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.dir)?),
        };
        let bytes: Vec<[u8; WIDTH]> = self.last.iter().map(Record::bytes).collect();
        file.write_all(bytes.as_flattened())?;
        self.n_spilled += self.last.len() as u64;
        self.last.clear();
        Ok(())
    }

    fn n_runs(&self) -> u64 {
        self.n_spilled / self.run as u64 + 1
    }

    /// Up to `n` records of a run from one on.
    fn read(&self, run: u64, from: u64, n: u64) -> Result<Vec<Record>, LedgerError> {
        if run + 1 == self.n_runs() {
            let place =
                |at: u64| usize::try_from(at).map_or(usize::MAX, |at| at.min(self.last.len()));
            return Ok(self.last[place(from)..place(from + n)].to_vec());
        }
        let width = self.run as u64;
        let n = n.min(width.saturating_sub(from));
        let mut bytes = vec![0; usize::try_from(n).unwrap_or(0) * WIDTH];
        let mut read = || -> io::Result<()> {
            let mut file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
            file.seek(SeekFrom::Start((run * width + from) * WIDTH as u64))?;
            file.read_exact(&mut bytes)
        };
        read().map_err(LedgerError::file("read records kept in", &self.dir))?;
        let (records, _) = bytes.as_chunks::<WIDTH>();
        Ok(records.iter().map(Record::read).collect())
    }

    /// The records of one account, by their numbers.
    pub(in crate::ledger) fn of_account(&self, account: u64) -> Result<Vec<Record>, LedgerError> {
        let mut found = Vec::new();
        for run in 0..self.n_runs() {
            let mut at = self.first_of(run, account)?;
            loop {
                let block = self.read(run, at, BLOCK)?;
                let n = block.partition_point(|record| record.account == account);
                found.extend_from_slice(&block[..n]);
                at += n as u64;
                if n < block.len() || block.is_empty() {
                    break;
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// How many records of a run are of smaller accounts.
    fn first_of(&self, run: u64, account: u64) -> Result<u64, LedgerError> {
        let is_last = run + 1 == self.n_runs();
        let n = if is_last { self.last.len() } else { self.run };
        let (mut from, mut to) = (0, n as u64);
        while from < to {
            let middle = from.midpoint(to);
            match self.read(run, middle, 1)?.first() {
                Some(record) if record.account < account => from = middle + 1,
                _ => to = middle,
            }
        }
        Ok(from)
    }

    /// Hands over every record, in no order.
    pub(in crate::ledger) fn each(
        &self,
        mut visit: impl FnMut(&Record),
    ) -> Result<(), LedgerError> {
        for run in 0..self.n_runs() {
            let mut at = 0;
            loop {
                let block = self.read(run, at, BLOCK)?;
                if block.is_empty() {
                    break;
                }
                block.iter().for_each(&mut visit);
                at += block.len() as u64;
            }
        }
        Ok(())
    }

    /// A walk over all records from the first account's to the last.
    pub(in crate::ledger) fn walk(&self) -> Walk<'_> {
        let run = |run| Cursor {
            run,
            next: 0,
            waiting: Vec::new(),
            is_done: false,
        };
        Walk {
            spool: self,
            cursors: (0..self.n_runs()).map(run).collect(),
        }
    }
}

/// How far a walk has come.
#[derive(Debug)]
pub(in crate::ledger) struct Walk<'s> {
    spool: &'s Spool,
    cursors: Vec<Cursor>,
}

#[derive(Debug)]
struct Cursor {
    run: u64,
    next: u64,
    waiting: Vec<Record>,
    is_done: bool,
}

impl Walk<'_> {
    /// Reads on wherever nothing whole waits; returns the last account of which every record waits, or none if that is
    /// all.
    pub(in crate::ledger) fn fill(&mut self) -> Result<Option<u64>, LedgerError> {
        let mut bound: Option<u64> = None;
        for cursor in &mut self.cursors {
            if let Some(last) = cursor.fill(self.spool)? {
                bound = Some(bound.map_or(last, |bound| bound.min(last)));
            }
        }
        Ok(bound)
    }

    /// Takes the records of accounts up to one, or all that wait, by account and number.
    pub(in crate::ledger) fn take(&mut self, bound: Option<u64>) -> Vec<Record> {
        let mut taken = Vec::new();
        for cursor in &mut self.cursors {
            let n = bound.map_or(cursor.waiting.len(), |bound| {
                cursor
                    .waiting
                    .partition_point(|record| record.account <= bound)
            });
            taken.extend(cursor.waiting.drain(..n));
        }
        taken.sort_unstable();
        taken
    }
}

impl Cursor {
    /// The last account of which the run has no more; none if it has no more at all.
    fn fill(&mut self, spool: &Spool) -> Result<Option<u64>, LedgerError> {
        while !self.is_done && !self.has_whole_account() {
            let block = spool.read(self.run, self.next, BLOCK)?;
            self.next += block.len() as u64;
            self.is_done = block.is_empty();
            self.waiting.extend(block);
        }
        if self.is_done {
            return Ok(None);
        }
        Ok(self
            .waiting
            .last()
            .map(|last| last.account.saturating_sub(1)))
    }

    fn has_whole_account(&self) -> bool {
        let ends = self.waiting.first().zip(self.waiting.last());
        ends.is_some_and(|(first, last)| first.account < last.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: u64) -> Record {
        Record {
            account: n.wrapping_mul(7919) % 23,
            entry: n,
            event_id: n * 3,
            sealed: [u8::try_from(n % 251).unwrap(); SEALED],
        }
    }

    fn spool(dir: &Path, n: u64, run: usize) -> Spool {
        let mut spool = Spool::of_runs(dir, run);
        for n in 0..n {
            spool.push(record(n)).unwrap();
        }
        spool.finish();
        spool
    }

    #[test]
    fn what_goes_in_comes_out_by_account() {
        let dir = tempfile::tempdir().unwrap();
        for (n, run) in [(0, 5), (1, 5), (5, 5), (6, 5), (100, 7), (20_000, 9_000)] {
            let spool = spool(dir.path(), n, run);
            let mut expected: Vec<Record> = (0..n).map(record).collect();
            expected.sort_unstable();
            let mut walk = spool.walk();
            let mut found = Vec::new();
            loop {
                let bound = walk.fill().unwrap();
                let batch = walk.take(bound);
                let next = batch.first().map(|record| record.account);
                assert!(
                    found
                        .last()
                        .is_none_or(|last: &Record| next > Some(last.account) || next.is_none())
                );
                found.extend(batch);
                if bound.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected, "{n} in runs of {run}");
            for account in 0..24 {
                let of_account: Vec<Record> = expected
                    .iter()
                    .copied()
                    .filter(|r| r.account == account)
                    .collect();
                assert_eq!(spool.of_account(account).unwrap(), of_account);
            }
            let mut n_seen = 0;
            spool.each(|_| n_seen += 1).unwrap();
            assert_eq!(n_seen, n);
        }
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            0,
            "the file has no name"
        );
    }
}
