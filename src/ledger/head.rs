//! The end of the log, and what else a writer has to know before it goes on.
//!
//! A writer does not read the whole log before it appends. What it needs of the whole is written in the head: how long the
//! log is, its root, the newest time, how many texts, objections and keys of the objection list it holds, and a sum over
//! the keys that open events. A sum over all of these and the list of segments shows whether they are what a writer left. It
//! has no key: it finds damage, not forgery. Forged counts are found by whoever reads the log, for they must be those of
//! the entries under the root; a key that was put back is, for erasures are under the root too.

use super::held::KeySum;
use super::merkle::NodeHash;
use super::segment::SegmentRow;
use crate::time::Timestamp;

/// The end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Head {
    pub(in crate::ledger) size: u64,
    pub(in crate::ledger) root: NodeHash,
    /// The newest moment at which anything was appended.
    pub(in crate::ledger) newest_known: Timestamp,
    /// None in the first format.
    pub(in crate::ledger) seal: Option<Seal>,
}

/// How many entries of some kinds there are, which keys are held, and the sum over head and segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Seal {
    pub(in crate::ledger) counts: Counts,
    /// None in the second format.
    pub(in crate::ledger) keys: Option<KeySum>,
    pub(in crate::ledger) sum: [u8; 32],
}

/// How many entries there are of the kinds that are counted by their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ledger) struct Counts {
    pub(in crate::ledger) texts: u64,
    pub(in crate::ledger) objections: u64,
    pub(in crate::ledger) keys: u64,
}

impl Head {
    /// The head with its sum, as it is written.
    pub(in crate::ledger) fn sealed(
        self,
        counts: Counts,
        keys: KeySum,
        segments: &[&SegmentRow],
    ) -> Self {
        let keys = Some(keys);
        let sum = self.sum(counts, keys, segments);
        Self {
            seal: Some(Seal { counts, keys, sum }),
            ..self
        }
    }

    /// The sum over the keys that are held.
    pub(in crate::ledger) fn keys(&self) -> Option<KeySum> {
        self.seal?.keys
    }

    /// Is it of an earlier format?
    pub(in crate::ledger) fn is_older(&self) -> bool {
        self.seal.is_none_or(|seal| seal.keys.is_none())
    }

    /// Is it what a writer left? A head of the first format says nothing.
    pub(in crate::ledger) fn is_whole(&self, segments: &[&SegmentRow]) -> bool {
        self.seal
            .is_none_or(|seal| seal.sum == self.sum(seal.counts, seal.keys, segments))
    }

    pub(in crate::ledger) fn sum(
        &self,
        counts: Counts,
        keys: Option<KeySum>,
        segments: &[&SegmentRow],
    ) -> [u8; 32] {
        let mut hasher = match keys {
            None => blake3::Hasher::new_derive_key("acquaint 2026-11-29 ledger: head"),
            Some(_) => blake3::Hasher::new_derive_key("acquaint 2026-11-30 ledger: head"),
        };
        if let Some(keys) = keys {
            hasher.update(&keys.bytes());
        }
        let numbers = [self.size, counts.texts, counts.objections, counts.keys];
        for number in numbers {
            hasher.update(&number.to_le_bytes());
        }
        hasher.update(&self.newest_known.micros().to_le_bytes());
        hasher.update(&self.root.0);
        for row in segments {
            for number in [
                row.segment,
                row.first_entry,
                row.n_events,
                row.n_subjects,
                row.min_id,
                row.max_id,
            ] {
                hasher.update(&number.to_le_bytes());
            }
            hasher.update(&row.digest);
        }
        *hasher.finalize().as_bytes()
    }
}
