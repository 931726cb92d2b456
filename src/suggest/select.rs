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

    #[expect(clippy::cast_possible_truncation, reason = "the parts as put together")]
    pub(crate) fn parts(self) -> (u64, u32, u32) {
        (
            (self.0 >> 64) as u64,
            !((self.0 >> 32) as u32),
            self.0 as u32,
        )
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
}

impl TopK {
    /// Forgets everything and keeps K from now on.
    pub(crate) fn reset(&mut self, k: usize) {
        self.keys.clear();
        self.keys.reserve(Self::room(k));
        self.k = k;
        self.floor = 0;
    }

    /// How many are kept.
    pub(crate) const fn k(&self) -> usize {
        self.k
    }

    fn room(k: usize) -> usize {
        4 * k + 64
    }

    /// Takes a key into consideration.
    pub(crate) fn offer(&mut self, bits: u64, node_idx: u32, count: u32) {
        if bits >= self.floor {
            self.push(Key::new(bits, node_idx, count));
        }
    }

    fn push(&mut self, key: Key) {
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
            self.floor = last.parts().0;
            self.keys.truncate(self.k);
        }
    }

    /// The K greatest, the greatest first.
    pub(crate) fn finish(&mut self) -> &[Key] {
        self.prune();
        self.keys.sort_unstable_by(|a, b| b.cmp(a));
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
        ) {
            let mut top = TopK::default();
            // A second use must not see the first.
            top.reset(3);
            top.offer(u64::MAX, 0, 0);
            top.reset(k);
            let mut all = Vec::new();
            for (node_idx, &bits) in (0..).zip(&scores) {
                top.offer(bits, node_idx, node_idx + 7);
                all.push((std::cmp::Reverse(bits), node_idx));
            }
            all.sort_unstable();
            all.truncate(k);
            let found: Vec<_> = top.finish().iter().map(|key| key.parts()).collect();
            let wanted: Vec<_> = all.iter().map(|&(bits, v)| (bits.0, v, v + 7)).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
