//! Entries streamed past a directory that is larger than any cache.
//!
//! A look-up in such a directory waits for memory, whatever it does. Entries are therefore put aside first, apart by the
//! top bits of their mixed numbers, which are those the directory is sorted by; and when there are enough of them, each
//! part is looked up on its own. All it touches then is one short stretch of the directory, which stays in the core's
//! second-level cache until the part is through. An entry is written and read once more for it, both in order.
//!
//! After Shatdal, Kant and Naughton, *Cache Conscious Algorithms for Relational Query Processing* (1994), and Manegold,
//! Boncz and Kersten, *Optimizing Main-Memory Join on Modern Hardware* (2002), who let the width of a part follow from
//! the cache; the directory needs no partitioning, for it is sorted that way.

use super::super::Match;
use super::Contact;
use super::directory::{Directory, TOGETHER, part_of};
use super::entries::{MatchCounts, match_of, tally};
use crate::consent::{For, Permitted};

/// One task's share of a join: entries that wait, apart by their numbers.
#[derive(Debug)]
pub struct PartitionedJoin<'d, P> {
    directory: &'d Directory<P>,
    part_bits: u32,
    parts: Vec<Vec<Permitted<Contact, P>>>,
    n_waiting: usize,
    enough: usize,
}

impl<'d, P: For> PartitionedJoin<'d, P> {
    /// Nothing waits yet.
    #[must_use]
    pub fn new(directory: &'d Directory<P>) -> Self {
        let bits = directory.part_bits();
        Self {
            directory,
            part_bits: bits,
            parts: (0..1_usize << bits).map(|_| Vec::new()).collect(),
            n_waiting: 0,
            enough: (4 * directory.len()).clamp(1 << 16, 1 << 23),
        }
    }

    /// Puts an entry aside.
    #[inline]
    pub fn push(&mut self, contact: Permitted<Contact, P>) {
        let part = part_of(contact.get().number, self.part_bits);
        self.parts[part].push(contact);
        self.n_waiting += 1;
    }

    /// Do so many wait, four for a tenure of the directory, that looking them up is worth reading through all of it?
    #[must_use]
    pub const fn has_enough(&self) -> bool {
        self.n_waiting >= self.enough
    }

    /// Resolves whatever waits: matches go to `on_match`, ascending by part and within a part in the order they came.
    ///
    /// # Complexity
    /// As [`Directory::resolve`] for each, out of cache; the directory is read through once.
    pub fn resolve(&mut self, mut on_match: impl FnMut(Match)) -> MatchCounts {
        let mut counts = MatchCounts::default();
        for part in &mut self.parts {
            for some in part.chunks(TOGETHER) {
                self.directory
                    .resolve_together(some, |contact, resolution| {
                        *tally(&mut counts, contact.from, resolution) += 1;
                        if let Some(found) = match_of(contact, resolution) {
                            on_match(found);
                        }
                    });
            }
            part.clear();
        }
        self.n_waiting = 0;
        counts
    }
}
