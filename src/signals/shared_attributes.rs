//! One copy of what rows say of people: a person is in many rows, and each says the same of them.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use super::attributes::Attributes;
use super::terms::KeptTerms;
use crate::hash::HashMap;

/// Parts that are locked apart, so that cores seldom wait for each other.
const N_PARTS: usize = 64;
/// Bytes of cells that a part remembers at most; rows that come later have a copy of their own.
const BYTES_A_PART: usize = 1 << 20;
/// The longest cells that are remembered, in bytes.
const LONGEST: usize = 1_024;

/// What cells became.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) attributes: Arc<Attributes>,
    /// What became of their terms.
    pub(super) terms: KeptTerms,
}

/// What the cells of earlier rows of a table became, by their bytes.
#[derive(Debug)]
pub(super) struct SharedAttributes {
    parts: Vec<Mutex<Remembered>>,
}

#[derive(Debug, Default)]
struct Remembered {
    of: HashMap<Box<[u8]>, Kept>,
    bytes: usize,
}

impl SharedAttributes {
    pub(super) fn new() -> Self {
        Self {
            parts: (0..N_PARTS).map(|_| Mutex::default()).collect(),
        }
    }

    /// What these cells became, or what `read` makes of them.
    ///
    /// # Errors
    /// As `read`; what is wrong is not remembered.
    pub(super) fn of<E>(
        &self,
        cells: &[u8],
        read: impl FnOnce() -> Result<Kept, E>,
    ) -> Result<Kept, E> {
        if cells.len() > LONGEST {
            return read();
        }
        let hash = foldhash::fast::FixedState::default().hash_one(cells);
        let part = &self.parts[(hash >> 40) as usize % N_PARTS];
        let lock = || part.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = lock().of.get(cells) {
            return Ok(kept.clone());
        }
        let kept = read()?;
        let mut part = lock();
        if part.bytes + cells.len() <= BYTES_A_PART {
            part.bytes += cells.len();
            part.of.entry(cells.into()).or_insert_with(|| kept.clone());
        }
        Ok(kept)
    }
}
