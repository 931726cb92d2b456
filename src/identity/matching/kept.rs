//! Matches kept until all are known, on disk if they are more than memory may hold.
//!
//! Matches come in the order of numbers and are wanted in the order of accounts. They are kept apart by ranges of who
//! saved ([`Spread`]); in the end each range is sorted on its own and freed of duplicates, so the answer depends neither
//! on who found what nor on what was on disk in between. A temporary file has no name: it is gone with the process,
//! however that ends. What comes back from it is nobody's word, and has to pass the gate again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::super::Match;
use super::super::distribute::sorted;
use super::budget::OverBudget;
use super::spread::{RANGES, Spread};
use crate::consent::{For, Gate, Permitted};
use crate::ids::AccountId;
use crate::time::Timestamp;

/// A match in a file: who, whose, when; little-endian.
const ROW_BYTES: usize = 24;

type Rows<P> = Vec<Permitted<Match, P>>;

/// One task's matches, apart by who saved.
#[derive(Debug)]
pub struct Kept<'s, P> {
    spread: &'s Spread,
    ranges: Vec<Mutex<Rows<P>>>,
    n_held: usize,
    max_held: usize,
    spill: Option<Mutex<Spill>>,
}

/// Rows in a temporary file.
#[derive(Debug)]
struct Spill {
    file: File,
    /// Range, where its rows begin, and how many bytes they are.
    segments: Vec<(usize, u64, usize)>,
    n_bytes: u64,
}

/// How much went through files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spilled {
    /// Matches.
    pub rows: u64,
    /// What they took.
    pub bytes: u64,
}

impl<'s, P: For> Kept<'s, P> {
    /// Keeps nothing yet, and at most about `max_bytes` in memory.
    #[must_use]
    pub fn new(spread: &'s Spread, max_bytes: usize) -> Self {
        Self {
            spread,
            ranges: (0..RANGES).map(|_| Mutex::new(Vec::new())).collect(),
            n_held: 0,
            max_held: max_bytes / ROW_BYTES,
            spill: None,
        }
    }

    /// Keeps a match.
    #[inline]
    pub fn push(&mut self, found: Permitted<Match, P>) {
        let range = self.spread.range(found.get().from);
        held(&mut self.ranges[range]).push(found);
        self.n_held += 1;
    }

    /// Writes what is held to a temporary file in `dir` if it is too much to hold.
    ///
    /// # Errors
    /// If the file cannot be made or written.
    pub fn spill_if_full(&mut self, dir: &Path) -> io::Result<()> {
        if self.n_held <= self.max_held {
            return Ok(());
        }
        let spill = match &mut self.spill {
            Some(spill) => spill,
            none => none.insert(Mutex::new(Spill::new(dir)?)),
        };
        let spill = held(spill);
        for (range, rows) in self.ranges.iter_mut().enumerate() {
            let rows = held(rows);
            spill.write(range, rows)?;
            rows.clear();
        }
        self.n_held = 0;
        Ok(())
    }

    /// Takes the rows of a range: those in memory, and those on disk that pass the gate again.
    fn take(&self, range: usize, gate: &Gate<P, AccountId>, into: &mut Rows<P>) -> io::Result<()> {
        let mut rows = lock(&self.ranges[range]);
        if into.is_empty() {
            *into = mem::take(&mut rows);
        } else {
            into.append(&mut rows);
        }
        match &self.spill {
            None => Ok(()),
            Some(spill) => lock(spill).read(range, |found| into.extend(gate.permit(found).ok())),
        }
    }

    fn spilled(&self) -> u64 {
        self.spill.as_ref().map_or(0, |spill| lock(spill).n_bytes)
    }
}

impl Spill {
    fn new(dir: &Path) -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile_in(dir)?,
            segments: Vec::new(),
            n_bytes: 0,
        })
    }

    fn write<P: For>(&mut self, range: usize, rows: &[Permitted<Match, P>]) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(rows.len() * ROW_BYTES);
        for found in rows.iter().map(Permitted::get) {
            bytes.extend_from_slice(&found.from.0.to_le_bytes());
            bytes.extend_from_slice(&found.to.0.to_le_bytes());
            bytes.extend_from_slice(&found.saved_at.micros().to_le_bytes());
        }
        self.file.write_all(&bytes)?;
        self.segments.push((range, self.n_bytes, bytes.len()));
        self.n_bytes += bytes.len() as u64;
        Ok(())
    }

    fn read(&mut self, range: usize, mut on_row: impl FnMut(Match)) -> io::Result<()> {
        let of_range = self.segments.iter().filter(|segment| segment.0 == range);
        for &(_, start, len) in of_range {
            let mut bytes = vec![0; len];
            self.file.seek(SeekFrom::Start(start))?;
            self.file.read_exact(&mut bytes)?;
            bytes
                .chunks_exact(ROW_BYTES)
                .for_each(|row| on_row(read_row(row)));
        }
        Ok(())
    }
}

fn read_row(row: &[u8]) -> Match {
    let word = |at: usize| {
        let bytes = row[8 * at..8 * at + 8].try_into();
        u64::from_le_bytes(bytes.expect("eight bytes"))
    };
    Match {
        from: AccountId(word(0)),
        to: AccountId(word(1)),
        saved_at: Timestamp::from_micros(word(2).cast_signed()),
    }
}

/// What became of kept matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptCounts {
    /// Of accounts that are over budget.
    pub over_budget: u64,
    /// Said the same again.
    pub duplicates: u64,
    /// Came from files.
    pub spilled: Spilled,
}

/// Hands over every match of some tasks, each pair of accounts once, at the earliest; ascending by who saved, then by
/// whose number. Those of whoever is `over` budget are dropped. `make` is called for consecutive stretches, in parallel,
/// and `take` for what it made, in order.
///
///
/// # Errors
/// What `read_error` makes of a file that cannot be read, or what `make` and `take` return.
///
/// # Complexity
/// O(n) for matches whose accounts are spread about evenly, O(n log n) at worst; a few ranges are in memory twice.
pub fn fold_kept<P: For, T: Send, E: Send>(
    kept: &[Kept<'_, P>],
    gate: &Gate<P, AccountId>,
    over: &OverBudget,
    read_error: impl Fn(io::Error) -> E + Sync,
    make: impl Fn(&[Permitted<Match, P>]) -> Result<T, E> + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<KeptCounts, E> {
    let mut counts = KeptCounts::default();
    let at_once = 2 * rayon::current_num_threads();
    // Every range below `first` was taken, in order; what comes is in later ranges, and so of later accounts.
    for first in (0..RANGES).step_by(at_once) {
        let some = first..RANGES.min(first + at_once);
        let outputs = some.into_par_iter().map(|range| {
            let mut rows = Rows::new();
            for one in kept {
                one.take(range, gate, &mut rows).map_err(&read_error)?;
            }
            let n_all = rows.len();
            if !over.is_empty() {
                rows.retain(|found| !over.contains(found.get().from));
            }
            let n_within = rows.len();
            let rows = fold(rows);
            let n = [n_all - n_within, n_within - rows.len()];
            Ok((n, make(&rows)?))
        });
        for ([over_budget, duplicates], output) in outputs.collect::<Result<Vec<_>, E>>()? {
            counts.over_budget += over_budget as u64;
            counts.duplicates += duplicates as u64;
            take(output)?;
        }
    }
    let bytes = kept.iter().map(Kept::spilled).sum();
    let rows = bytes / ROW_BYTES as u64;
    counts.spilled = Spilled { rows, bytes };
    Ok(counts)
}

/// Puts the matches of a range in order and leaves each pair of accounts once, at the earliest.
fn fold<P: For>(rows: Rows<P>) -> Rows<P> {
    let mut rows = sorted(rows, |found| {
        let found = found.get();
        (found.from.0, (found.to, found.saved_at))
    });
    rows.dedup_by_key(|found| (found.get().from, found.get().to));
    rows
}

fn held<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
