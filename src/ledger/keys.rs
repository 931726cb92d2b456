//! Keys that can be destroyed one by one.
//!
//! What an event says is sealed with a key of its subject's own. A segment has so many subjects that their keys would
//! weigh as much as the events, so they are the leaves of a tree (Goldreich, Goldwasser and Micali, 1986): a node's seed
//! yields the seeds of its two children, and one seed at the root stands for all. To destroy the key of one subject,
//! the seed above it is replaced by the seeds of the siblings along the path to it, a punctured pseudorandom function
//! (Boneh and Waters, 2013): every other key can still be made, that one cannot.
//!
//! Children are the 64 bytes that BLAKE3, keyed with the parent's seed, gives of nothing. The sealed part of a
//! subject's j-th event is combined (exclusive or) with the first bytes that BLAKE3, keyed with the subject's key, gives of j and the
//! event's id.

use std::ops::Range;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::codec::SEALED;

/// A key, or a seed of keys; wiped when dropped, and never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(in crate::ledger) struct Key(pub(in crate::ledger) [u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(redacted)")
    }
}

impl Key {
    /// Seals or opens what an event says, in place. No two events may have one number and id under a key: the id is
    /// there for a number that a write that failed used before.
    pub(in crate::ledger) fn apply(&self, number: u64, event_id: u64, text: &mut [u8; SEALED]) {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&number.to_le_bytes());
        nonce[8..].copy_from_slice(&event_id.to_le_bytes());
        let pad = blake3::keyed_hash(&self.0, &nonce);
        for (byte, pad) in text.iter_mut().zip(pad.as_bytes()) {
            *byte ^= pad;
        }
    }

    fn children(&self) -> [Self; 2] {
        let mut both = [0; 64];
        blake3::Hasher::new_keyed(&self.0)
            .finalize_xof()
            .fill(&mut both);
        let mut children = [Self([0; 32]), Self([0; 32])];
        children[0].0.copy_from_slice(&both[..32]);
        children[1].0.copy_from_slice(&both[32..]);
        both.zeroize();
        children
    }
}

/// Where a seed stands in the tree: how far below the root, and the how-manieth there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ledger) struct Place {
    pub(in crate::ledger) depth: u32,
    pub(in crate::ledger) number: u64,
}

/// The keys of `n` subjects, but those that were destroyed.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct KeyTree {
    depth: u32,
    n: u64,
    /// By the first subject they cover.
    seeds: Vec<(Place, Key)>,
}

/// How a key was destroyed: the seed to delete, and those to keep in its stead.
#[derive(Debug)]
pub(in crate::ledger) struct Punctured {
    pub(in crate::ledger) delete: (Place, Key),
    pub(in crate::ledger) insert: Vec<(Place, Key)>,
}

impl KeyTree {
    /// The tree of `n` keys under one seed.
    pub(in crate::ledger) fn new(n: u64, seed: Key) -> Self {
        let root = Place {
            depth: 0,
            number: 0,
        };
        Self::of_seeds(n, vec![(root, seed)])
    }

    /// The tree of `n` keys as far as seeds are left.
    pub(in crate::ledger) fn of_seeds(n: u64, mut seeds: Vec<(Place, Key)>) -> Self {
        let depth = n.max(1).next_power_of_two().trailing_zeros();
        seeds.sort_unstable_by_key(|(place, _)| first(depth, *place));
        Self { depth, n, seeds }
    }

    /// Is a place one of the tree of `n` keys?
    pub(in crate::ledger) fn has(n: u64, place: Place) -> bool {
        let depth = n.max(1).next_power_of_two().trailing_zeros();
        place.depth <= depth && place.number < 1 << place.depth
    }

    /// The subjects whose keys a seed at a place of the tree of `n` keys yields.
    pub(in crate::ledger) fn subjects_below(n: u64, place: Place) -> Range<u64> {
        let depth = n.max(1).next_power_of_two().trailing_zeros();
        let end = (place.number + 1) << (depth - place.depth);
        first(depth, place)..end.min(n)
    }

    /// The seeds that are left.
    pub(in crate::ledger) fn seeds(&self) -> &[(Place, Key)] {
        &self.seeds
    }

    /// The key of a subject, unless it was destroyed.
    pub(in crate::ledger) fn key(&self, subject: u64) -> Option<Key> {
        self.keys(subject, subject + 1).pop().flatten()
    }

    /// How many of subjects `from..to` have a key left.
    pub(in crate::ledger) fn n_left(&self, from: u64, to: u64) -> u64 {
        let of = |place: Place| {
            let (first, end) = (first(self.depth, place).max(from), self.end(place).min(to));
            end.saturating_sub(first)
        };
        self.seeds.iter().map(|(place, _)| of(*place)).sum()
    }

    /// The keys of subjects `from..to`.
    ///
    /// # Complexity
    /// O(to − from + depth + seeds).
    pub(in crate::ledger) fn keys(&self, from: u64, to: u64) -> Vec<Option<Key>> {
        let to = to.min(self.n);
        let mut keys = vec![None; usize::try_from(to.saturating_sub(from)).unwrap_or(0)];
        let start = self
            .seeds
            .partition_point(|(place, _)| self.end(*place) <= from);
        for (place, seed) in &self.seeds[start..] {
            if first(self.depth, *place) >= to {
                break;
            }
            self.descend(*place, seed, &(from..to), &mut keys);
        }
        keys
    }

    fn descend(&self, place: Place, seed: &Key, of: &Range<u64>, keys: &mut [Option<Key>]) {
        if first(self.depth, place) >= of.end || self.end(place) <= of.start {
            return;
        }
        if place.depth == self.depth {
            let at = usize::try_from(place.number - of.start).expect("within the keys asked for");
            keys[at] = Some(seed.clone());
            return;
        }
        for (child, number) in seed.children().iter().zip(2 * place.number..) {
            let place = Place {
                depth: place.depth + 1,
                number,
            };
            self.descend(place, child, of, keys);
        }
    }

    /// Destroys the key of a subject; none if that was done before.
    pub(in crate::ledger) fn puncture(&mut self, subject: u64) -> Option<Punctured> {
        let covers = |(place, _): &(Place, Key)| {
            (first(self.depth, *place)..self.end(*place)).contains(&subject)
        };
        let at = self.seeds.iter().position(covers)?;
        let delete = self.seeds.remove(at);
        let (mut place, mut seed) = delete.clone();
        let mut insert = Vec::new();
        while place.depth < self.depth {
            let side = usize::from(subject >> (self.depth - place.depth - 1) & 1 == 1);
            let [left, right] = seed.children();
            let (path, sibling) = if side == 0 {
                (left, right)
            } else {
                (right, left)
            };
            let depth = place.depth + 1;
            let number = 2 * place.number + side as u64;
            insert.push((
                Place {
                    depth,
                    number: number ^ 1,
                },
                sibling,
            ));
            (place, seed) = (Place { depth, number }, path);
        }
        self.seeds.extend(insert.iter().cloned());
        let depth = self.depth;
        self.seeds
            .sort_unstable_by_key(|(place, _)| first(depth, *place));
        Some(Punctured { delete, insert })
    }

    /// The first subject that is not below a place.
    const fn end(&self, place: Place) -> u64 {
        (place.number + 1) << (self.depth - place.depth)
    }
}

/// The first subject below a place.
const fn first(depth: u32, place: Place) -> u64 {
    place.number << (depth - place.depth)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(n: u64) -> KeyTree {
        KeyTree::new(n, Key([7; 32]))
    }

    #[test]
    fn keys_differ_and_do_not_depend_on_what_is_asked() {
        for n in [1, 2, 3, 5, 64, 100] {
            let all = tree(n).keys(0, n);
            assert_eq!(all.len() as u64, n);
            for subject in 0..n {
                let key = tree(n).key(subject).unwrap();
                assert_eq!(all[usize::try_from(subject).unwrap()].as_ref(), Some(&key));
                let same = all.iter().flatten().filter(|one| **one == key);
                assert_eq!(same.count(), 1);
            }
            assert_eq!(tree(n).key(n), None);
            assert_eq!(tree(n).n_left(0, n), n);
        }
    }

    #[test]
    fn a_destroyed_key_is_gone_and_no_other_is() {
        let n = 37;
        let whole = tree(n).keys(0, n);
        let mut punctured = tree(n);
        let mut gone = Vec::new();
        for subject in [0, 36, 17, 18, 1, 17] {
            let is_first = !gone.contains(&subject);
            assert_eq!(punctured.puncture(subject).is_some(), is_first);
            gone.push(subject);
            let left = KeyTree::of_seeds(n, punctured.seeds.clone());
            for (from, to) in [(0, n), (1, 18), (17, 37), (36, 37)] {
                let n_left = left.keys(from, to).iter().flatten().count();
                assert_eq!(left.n_left(from, to), n_left as u64);
            }
            let left = left.keys(0, n);
            for (subject, (left, whole)) in (0..).zip(left.iter().zip(&whole)) {
                let expected = if gone.contains(&subject) {
                    &None
                } else {
                    whole
                };
                assert_eq!(left, expected, "{subject}");
            }
        }
    }

    #[test]
    fn sealing_twice_opens() {
        let key = Key([1; 32]);
        let text = [9; SEALED];
        let (mut one, mut other) = (text, text);
        key.apply(0, 5, &mut one);
        key.apply(1, 5, &mut other);
        assert!(one != text && one != other);
        key.apply(0, 5, &mut one);
        assert_eq!(one, text);
    }
}
