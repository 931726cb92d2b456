//! Where an id stands among many: a sorted table with gaps, in which most ids are found with one look.
//!
//! The range of ids is cut into twice as many equal buckets as there are ids. An id stands in the slot of its bucket, or
//! in the next free one behind it (linear probing, which keeps the order here because buckets ascend with ids); a free
//! slot repeats the id before it, so that the whole table ascends. Ids that are drawn at random stand near their bucket,
//! mostly in the same cache line; ids without a gap stand exactly there. Ids in clusters are displaced far, and are found
//! by binary search over the longest displacement.

/// Ids, each at a place of its own.
#[derive(Clone, Debug)]
pub(in crate::consent) struct Places {
    /// Ascending; one that repeats the slot before it is free.
    slots: Vec<u64>,
    first: u64,
    /// Buckets for each unit of the range, times 2⁶⁴; none for one each.
    scale: Option<u64>,
    /// How far from its bucket any id stands.
    reach: usize,
    /// No slot is free, and every id stands at its bucket: it need not be looked at.
    is_dense: bool,
}

/// How many slots are looked at one by one: two cache lines.
const NEAR: usize = 16;

impl Places {
    /// A table of ids that ascend and are each there once.
    ///
    /// # Complexity
    /// O(n) time; 8 bytes for each id if there are no gaps, 16 to 24 otherwise.
    pub(in crate::consent) fn new(ids: &[u64]) -> Self {
        debug_assert!(ids.is_sorted_by(|a, b| a < b));
        let first = ids.first().copied().unwrap_or(0);
        let span = u128::from(ids.last().map_or(0, |last| last - first)) + 1;
        let n_buckets = 2 * ids.len() as u128;
        let scale = (span > n_buckets).then(|| {
            let scale = (n_buckets << 64) / span;
            u64::try_from(scale).expect("less than one bucket for each unit")
        });
        let mut places = Self {
            slots: Vec::with_capacity(ids.len()),
            first,
            scale,
            reach: 0,
            is_dense: span == ids.len() as u128,
        };
        for &id in ids {
            places.push(id);
        }
        places
    }

    fn push(&mut self, id: u64) {
        let bucket = self.bucket(id - self.first);
        if let Some(&last) = self.slots.last()
            && self.slots.len() < bucket
        {
            self.slots.resize(bucket, last);
        }
        self.reach = self.reach.max(self.slots.len() - bucket);
        self.slots.push(id);
    }

    fn bucket(&self, offset: u64) -> usize {
        let bucket = match self.scale {
            None => offset,
            // The upper half of a product of 64 bits each.
            Some(scale) => ((u128::from(offset) * u128::from(scale)) >> 64) as u64,
        };
        usize::try_from(bucket).unwrap_or(usize::MAX)
    }

    /// Where an id stands, if it is there.
    ///
    /// # Complexity
    /// O(1) for ids that are dense or drawn at random, O(log n) at worst.
    #[inline]
    pub(in crate::consent) fn find(&self, id: u64) -> Option<usize> {
        let bucket = self.bucket(id.checked_sub(self.first)?);
        if self.is_dense {
            return (bucket < self.slots.len()).then_some(bucket);
        }
        let slots = self.slots.get(bucket..)?;
        for (at, &held) in slots.iter().take(NEAR).enumerate() {
            if held >= id {
                return (held == id).then_some(bucket + at);
            }
        }
        let far = slots.get(NEAR..=self.reach.min(slots.len().checked_sub(1)?))?;
        let at = far.partition_point(|&held| held < id);
        (far.get(at) == Some(&id)).then_some(bucket + NEAR + at)
    }

    /// How many places there are, with the free ones.
    pub(in crate::consent) const fn n_slots(&self) -> usize {
        self.slots.len()
    }

    /// Every id and its place, ascending.
    pub(in crate::consent) fn ids(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let is_free = |at: usize| at > 0 && self.slots[at - 1] == self.slots[at];
        let slots = self.slots.iter().copied().enumerate();
        slots.filter(move |(at, _)| !is_free(*at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_found_among_nothing() {
        let places = Places::new(&[]);
        assert_eq!([0, 1, u64::MAX].map(|id| places.find(id)), [None; 3]);
    }

    #[test]
    fn the_ends_of_the_range_are_found() {
        let places = Places::new(&[0, 7, u64::MAX]);
        assert_eq!(places.find(0), Some(0));
        assert!(places.find(u64::MAX).is_some());
        assert_eq!(places.find(u64::MAX - 1), None);
    }

    fn ids() -> impl Strategy<Value = Vec<u64>> {
        let spread = prop::collection::vec(any::<u64>(), 0..200);
        let dense = (0..1000_u64, 0..200_u64).prop_map(|(first, n)| (first..first + n).collect());
        // A cluster far from everything else: the worst case for buckets of equal width.
        let clusters = prop::collection::vec(
            prop_oneof![0..64_u64, (1 << 60)..(1_u64 << 60) + 64],
            0..200,
        );
        prop_oneof![spread, dense, clusters]
    }

    proptest! {
        #[test]
        fn an_id_is_found_where_it_stands_and_no_other_is(mut ids in ids(), others in prop::collection::vec(any::<u64>(), 20)) {
            ids.sort_unstable();
            ids.dedup();
            let places = Places::new(&ids);
            let held: Vec<u64> = places.ids().map(|(_, id)| id).collect();
            prop_assert_eq!(&held, &ids);
            for (place, id) in places.ids() {
                prop_assert_eq!(places.find(id), Some(place));
                prop_assert!(place < places.n_slots());
            }
            let near = ids.iter().flat_map(|id| [id.wrapping_add(1), id.wrapping_sub(1)]);
            for id in near.chain(others) {
                prop_assert_eq!(places.find(id).is_some(), ids.binary_search(&id).is_ok());
            }
        }
    }
}
