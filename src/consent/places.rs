//! Where an id stands among many: an index of sorted ids that is nearly as fast as an array.
//!
//! The range of ids is cut into as many equal buckets as there are ids, rounded up to a power of two; a table says where
//! each bucket begins. Ids that are dense or drawn at random have about one id in a bucket, so finding one touches one
//! entry of the table and one id. Ids in clusters fall back to binary search within their bucket.

/// Ids, ascending, and where each bucket of them begins.
#[derive(Clone, Debug)]
pub(in crate::consent) struct Places {
    ids: Vec<u64>,
    first: u64,
    shift: u32,
    starts: Vec<u32>,
}

impl Places {
    /// An index of ids that ascend and are each there once; at most 2³² − 1 of them.
    ///
    /// # Complexity
    /// O(n) time and 8 to 16 bytes for each id.
    pub(in crate::consent) fn new(ids: Vec<u64>) -> Self {
        debug_assert!(ids.is_sorted_by(|a, b| a < b));
        let first = ids.first().copied().unwrap_or(0);
        let span = ids.last().map_or(0, |last| last - first);
        let n_buckets = ids.len().max(1).next_power_of_two() as u64;
        let mut shift = 0;
        while span >> shift >= n_buckets {
            shift += 1;
        }
        let n_buckets = usize::try_from((span >> shift) + 1).expect("no more than ids, twice");
        let mut starts = vec![0_u32; n_buckets + 1];
        for id in &ids {
            starts[bucket(id - first, shift) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Self {
            ids,
            first,
            shift,
            starts,
        }
    }

    /// Where an id stands, if it is there.
    pub(in crate::consent) fn find(&self, id: u64) -> Option<usize> {
        let offset = id.checked_sub(self.first)?;
        let bucket = usize::try_from(offset >> self.shift).ok()?;
        let from = *self.starts.get(bucket)? as usize;
        let to = *self.starts.get(bucket + 1)? as usize;
        let ids = &self.ids[from..to];
        if ids.len() <= 8 {
            return ids.iter().position(|&held| held == id).map(|at| from + at);
        }
        ids.binary_search(&id).ok().map(|at| from + at)
    }

    /// Every id, ascending.
    pub(in crate::consent) fn ids(&self) -> &[u64] {
        &self.ids
    }
}

fn bucket(offset: u64, shift: u32) -> usize {
    usize::try_from(offset >> shift).expect("a bucket of the table")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_found_among_nothing() {
        let places = Places::new(Vec::new());
        assert_eq!([0, 1, u64::MAX].map(|id| places.find(id)), [None; 3]);
    }

    #[test]
    fn the_ends_of_the_range_are_found() {
        let places = Places::new(vec![0, 7, u64::MAX]);
        assert_eq!(places.find(0), Some(0));
        assert_eq!(places.find(u64::MAX), Some(2));
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
        fn an_id_is_found_where_a_search_finds_it(mut ids in ids(), others in prop::collection::vec(any::<u64>(), 20)) {
            ids.sort_unstable();
            ids.dedup();
            let places = Places::new(ids.clone());
            let near = ids.iter().flat_map(|id| [*id, id.wrapping_add(1), id.wrapping_sub(1)]);
            for id in near.chain(others) {
                prop_assert_eq!(places.find(id), ids.binary_search(&id).ok());
            }
        }
    }
}
