//! The keys that are held: those that were made, and none of whoever was erased.
//!
//! Keys cannot be under the root, for they are destroyed. So the head has a sum over all that are held, which a
//! writer changes with each that it makes or destroys; and erasures are under the root, so that a key of whoever was
//! erased is known for what it is even where the sum was made to fit.

use std::sync::LazyLock;

use super::check::{LedgerFault, found};
use super::codec::Holder;
use super::error::LedgerError;
use super::keys::{Key, KeyTree, Place};
use super::log::{Log, ROWS};
use super::proven::{Depth, Proven, prove};
use super::segment::Segment;
use super::tables::Tables;
use super::writer::Writer;
use crate::ids::AccountId;

/// Accounts of a segment that are read at a time.
const STEP: u64 = 1 << 16;

static HELD: LazyLock<[u8; 32]> =
    LazyLock::new(|| blake3::derive_key("acquaint 2026-11-30 ledger: a key that is held", &[]));

/// Where a key is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ledger) enum Spot {
    /// Of the rows about a subject.
    Rows(Vec<u8>),
    /// Of consecutive accounts of a segment.
    Segment(u64, Place),
}

impl Spot {
    fn hash(&self, key: &Key) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&HELD);
        match self {
            Self::Rows(subject) => {
                hasher.update(&[0]).update(subject);
            }
            Self::Segment(segment, place) => {
                hasher.update(&[1]).update(&segment.to_le_bytes());
                hasher.update(&place.depth.to_le_bytes());
                hasher.update(&place.number.to_le_bytes());
            }
        }
        *hasher.update(&key.0).finalize().as_bytes()
    }

    fn destroy(&self, tables: &mut dyn Tables) -> Result<(), LedgerError> {
        match self {
            Self::Rows(subject) => tables.delete_key(subject),
            Self::Segment(segment, place) => tables.delete_seed(*segment, *place),
        }
    }
}

/// How many keys are held, and the digests of all, combined in no order (exclusive or).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ledger) struct KeySum {
    n: u64,
    digests: [u8; 32],
}

impl KeySum {
    fn put(&mut self, spot: &Spot, key: &Key) {
        self.n = self.n.wrapping_add(1);
        self.combine(spot, key);
    }

    fn take(&mut self, spot: &Spot, key: &Key) {
        self.n = self.n.wrapping_sub(1);
        self.combine(spot, key);
    }

    fn combine(&mut self, spot: &Spot, key: &Key) {
        for (byte, other) in self.digests.iter_mut().zip(spot.hash(key)) {
            *byte ^= other;
        }
    }

    pub(in crate::ledger) fn bytes(&self) -> [u8; 40] {
        let mut bytes = [0; 40];
        bytes[..8].copy_from_slice(&self.n.to_le_bytes());
        bytes[8..].copy_from_slice(&self.digests);
        bytes
    }

    pub(in crate::ledger) fn read(bytes: &[u8; 40]) -> Self {
        let (n, digests) = bytes.split_at(8);
        Self {
            n: u64::from_le_bytes(n.try_into().expect("eight bytes")),
            digests: digests.try_into().expect("the rest"),
        }
    }
}

/// The keys that are held.
#[derive(Debug, Default)]
pub(in crate::ledger) struct Held {
    pub(in crate::ledger) sum: KeySum,
    /// Those that open what was erased.
    pub(in crate::ledger) of_erased: Vec<Spot>,
}

impl Held {
    fn read(log: &mut Log, proven: &Proven) -> Result<Self, LedgerError> {
        let mut held = Self::default();
        held.read_keys(log.tables.as_mut(), proven)?;
        held.read_seeds(log, proven)?;
        Ok(held)
    }

    fn read_keys(&mut self, tables: &mut dyn Tables, proven: &Proven) -> Result<(), LedgerError> {
        let mut from = Vec::new();
        loop {
            let page = tables.keys(&from, &[u8::MAX; 32], ROWS)?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            // The next subject there can be.
            from.clone_from(last);
            from.push(0);
            for (subject, key) in page {
                let is_erased = Holder::read(&subject).is_some_and(|one| proven.is_erased(one));
                let spot = Spot::Rows(subject);
                self.sum.put(&spot, &key);
                self.of_erased.extend(is_erased.then_some(spot));
            }
        }
    }

    fn read_seeds(&mut self, log: &mut Log, proven: &Proven) -> Result<(), LedgerError> {
        let seeds = log.tables.all_seeds()?;
        let mut next = seeds.as_slice();
        for segment in &log.segments {
            let n = next.partition_point(|(number, ..)| *number <= segment.row.segment);
            let (own, rest) = next.split_at(n);
            next = rest;
            let erased = erased_of(segment, proven)?;
            for (number, place, seed) in own {
                let n_subjects = segment.row.n_subjects;
                if *number != segment.row.segment || !KeyTree::has(n_subjects, *place) {
                    return Err(stray(*number));
                }
                let spot = Spot::Segment(*number, *place);
                self.sum.put(&spot, seed);
                let subjects = KeyTree::subjects_below(n_subjects, *place);
                let at = erased.partition_point(|subject| *subject < subjects.start);
                let opens = erased.get(at).is_some_and(|one| subjects.contains(one));
                self.of_erased.extend(opens.then_some(spot));
            }
        }
        next.first()
            .map_or(Ok(()), |(number, ..)| Err(stray(*number)))
    }
}

fn stray(segment: u64) -> LedgerError {
    let place = format!("the keys of segment {segment}");
    LedgerError::damaged(place, "one is of no subject of it")
}

/// Which subjects of a segment were erased, ascending.
fn erased_of(segment: &Segment, proven: &Proven) -> Result<Vec<u64>, LedgerError> {
    let mut erased = Vec::new();
    if proven.erased().next().is_none() {
        return Ok(erased);
    }
    let n = segment.row.n_subjects;
    for from in (0..n).step_by(1 << 16) {
        let accounts = segment.accounts(from, (from + STEP).min(n))?;
        let is_erased = |account: &u64| proven.is_erased(Holder::Account(AccountId(*account)));
        let subjects = (from..).zip(&accounts);
        let gone = subjects.filter(|(_, account)| is_erased(account));
        erased.extend(gone.map(|(subject, _)| subject));
    }
    Ok(erased)
}

/// The keys must be those that the head counts, and none may open what was erased.
pub(in crate::ledger) fn compare(log: &mut Log, proven: &mut Proven) -> Result<(), LedgerError> {
    let read = Held::read(log, proven);
    let Some(held) = found(read, &mut proven.findings)? else {
        return Ok(());
    };
    if !held.of_erased.is_empty() {
        let n = held.of_erased.len();
        proven.findings.push(LedgerFault::new(
            "the keys",
            format!("{n} open what was erased; `acquaint consent repair` destroys them"),
        ));
    }
    let sum = log.head.keys();
    if sum.is_some_and(|sum| sum != held.sum) {
        let finding = LedgerFault::new("the keys", "not those that were made and not destroyed");
        proven.findings.push(finding);
    }
    proven.held = held;
    Ok(())
}

/// Destroys the keys that open what was erased, and reads everything again if there were any. Within a transaction.
pub(in crate::ledger) fn destroy_again(
    log: &mut Log,
    proven: Proven,
    depth: Depth,
) -> Result<Proven, LedgerError> {
    if proven.held.of_erased.is_empty() {
        return Ok(proven);
    }
    for spot in &proven.held.of_erased {
        spot.destroy(log.tables.as_mut())?;
    }
    prove(log, depth)
}

impl Writer {
    /// Keeps a key.
    pub(in crate::ledger) fn hold(&mut self, spot: &Spot, key: &Key) -> Result<(), LedgerError> {
        let tables = &mut self.log.tables;
        match spot {
            Spot::Rows(subject) => tables.insert_key(subject, key)?,
            Spot::Segment(segment, place) => tables.insert_seed(*segment, *place, key)?,
        }
        self.held.put(spot, key);
        Ok(())
    }

    /// Destroys a key that is held.
    pub(in crate::ledger) fn destroy(&mut self, spot: &Spot, key: &Key) -> Result<(), LedgerError> {
        spot.destroy(self.log.tables.as_mut())?;
        self.held.take(spot, key);
        Ok(())
    }
}
