//! The K best of a stream, exactly.

/// A candidate as one number: a higher score is greater, and of equal scores the smaller id.
///
/// The count rides along in the lowest bits, where it cannot change the order of two different ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(u128);

impl Key {
    pub(crate) fn new(bits: u64, node_idx: u32, count: u32) -> Self {
        Self(u128::from(bits) << 64 | u128::from(!node_idx) << 32 | u128::from(count))
    }

    /// The bits of the score.
    pub(crate) const fn bits(self) -> u64 {
        (self.0 >> 64) as u64
    }

    #[expect(clippy::cast_possible_truncation, reason = "as put together")]
    pub(crate) const fn node(self) -> u32 {
        !((self.0 >> 32) as u32)
    }

    #[expect(clippy::cast_possible_truncation, reason = "as put together")]
    pub(crate) const fn count(self) -> u32 {
        self.0 as u32
    }
}

/// Keeps the K greatest keys it was offered.
///
/// Keys collect in a buffer of a few K; when it is full, selection keeps the K greatest and the K-th becomes
/// the threshold that later ones must beat.
///
/// # Complexity
/// O(1) amortised per key, O(K) space; nothing is allocated once the buffer has grown.
#[derive(Clone, Debug, Default)]
pub(crate) struct TopK {
    keys: Vec<Key>,
    k: usize,
    /// Keys that score less than this cannot be among the K greatest.
    floor: u64,
    /// Are they K at most, the greatest first?
    is_in_order: bool,
}

impl TopK {
    /// Forgets everything and keeps K from now on.
    pub(crate) fn reset(&mut self, k: usize) {
        self.keys.clear();
        self.keys.reserve(Self::room(k));
        self.k = k;
        self.floor = 0;
        self.is_in_order = true;
    }

    /// How many are kept.
    pub(crate) const fn k(&self) -> usize {
        self.k
    }

    fn room(k: usize) -> usize {
        4 * k + 64
    }

    /// Takes a key into consideration.
    pub(crate) fn offer(&mut self, key: Key) {
        if key.bits() >= self.floor {
            self.push(key);
        }
    }

    /// Takes keys into consideration that are K at most and the greatest first.
    pub(crate) fn offer_in_order(&mut self, best: impl Iterator<Item = Key>) {
        if self.keys.is_empty() {
            self.keys.extend(best);
            self.is_in_order = true;
            debug_assert!(self.keys.len() <= self.k && self.keys.is_sorted_by(|a, b| a > b));
        } else {
            best.for_each(|key| self.offer(key));
        }
    }

    fn push(&mut self, key: Key) {
        self.is_in_order = false;
        self.keys.push(key);
        if self.keys.len() == Self::room(self.k) {
            self.prune();
        }
    }

    fn prune(&mut self) {
        if self.k == 0 {
            self.keys.clear();
        } else if self.keys.len() > self.k {
            let (_, last, _) = self
                .keys
                .select_nth_unstable_by(self.k - 1, |a, b| b.cmp(a));
            self.floor = last.bits();
            self.keys.truncate(self.k);
        }
    }

    /// The K greatest, the greatest first.
    pub(crate) fn finish(&mut self) -> &[Key] {
        if !self.is_in_order {
            self.prune();
            self.keys.sort_unstable_by(|a, b| b.cmp(a));
            self.is_in_order = true;
        }
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn oracle_top_k_is_the_head_of_a_sort(
            scores in prop::collection::vec(0_u64..20, 0..1000),
            k in 0_usize..30,
            split in 0_usize..30,
            is_first: bool,
        ) {
            let mut top = TopK::default();
            // A second use must not see the first.
            top.reset(3);
            top.offer(Key::new(u64::MAX, 0, 0));
            top.reset(k);
            let mut all = Vec::new();
            for (node_idx, &bits) in (0..).zip(&scores) {
                top.offer(Key::new(bits, node_idx, node_idx + 7));
                all.push((std::cmp::Reverse(bits), node_idx));
            }
            all.sort_unstable();
            all.truncate(k);
            let mut again = TopK::default();
            again.reset(k);
            let split = split.min(all.len());
            let key = |&(bits, v): &(std::cmp::Reverse<u64>, u32)| Key::new(bits.0, v, v + 7);
            // The best are in order, others come before or after.
            let others = if is_first { 0..0 } else { split..all.len() };
            all[others].iter().map(key).for_each(|key| again.offer(key));
            again.offer_in_order(all[..split].iter().map(key));
            let others = if is_first { split..all.len() } else { 0..0 };
            all[others].iter().map(key).for_each(|key| again.offer(key));
            let found: Vec<_> = top.finish().to_vec();
            let wanted: Vec<_> = all.iter().map(key).collect();
            prop_assert_eq!(&found, &wanted);
            let found: Vec<_> = again.finish().to_vec();
            prop_assert_eq!(found, wanted);
        }
    }
}
