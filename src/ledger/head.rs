//! The end of the log, and what else a writer has to know before it goes on.
//!
//! A writer does not read the whole log before it appends. What it needs of the whole is written in the head: how long the
//! log is, its root, the newest time, and how many texts, objections and keys it holds. A sum over these and over
//! the list of segments shows whether they are what a writer left. It has no key: it finds damage, not forgery. A
//! forged head is found by whoever reads the log, for the counts must be those of the entries under the root.

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

/// How many entries of some kinds there are, and the sum over head and segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Seal {
    pub(in crate::ledger) counts: Counts,
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
    pub(in crate::ledger) fn sealed(self, counts: Counts, segments: &[&SegmentRow]) -> Self {
        let sum = self.sum(counts, segments);
        Self {
            seal: Some(Seal { counts, sum }),
            ..self
        }
    }

    /// Is it what a writer left? A head of the first format says nothing.
    pub(in crate::ledger) fn is_whole(&self, segments: &[&SegmentRow]) -> bool {
        self.seal
            .is_none_or(|seal| seal.sum == self.sum(seal.counts, segments))
    }

    fn sum(&self, counts: Counts, segments: &[&SegmentRow]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("acquaint 2026-11-29 ledger: head");
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
