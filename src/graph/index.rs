//! From user id to node, for many look-ups against few people's changes.

use crate::ids::UserId;

/// Where runs of ascending ids begin, by their leading bits.
///
/// A look-up is a binary search among the ids that share those bits: four or so if ids are spread evenly, which costs two
/// cache misses instead of one for every halving; more, up to a plain binary search, if they are not.
#[derive(Debug)]
pub(super) struct NodeIndex {
    smallest: u64,
    shift: u32,
    starts: Vec<u32>,
}

impl NodeIndex {
    /// The index of strictly ascending users, fewer than 2³² of them. About one byte a user, two at most.
    pub(super) fn of(users: &[UserId]) -> Self {
        let smallest = users.first().map_or(0, |user| user.0);
        let span = users.last().map_or(0, |user| user.0 - smallest);
        let shift =
            (u64::BITS - span.leading_zeros()).saturating_sub((users.len() / 4 + 1).ilog2());
        let mut index = Self {
            smallest,
            shift,
            starts: Vec::new(),
        };
        index.starts = index.count(users, span);
        index
    }

    /// The node of a user among the users the index was made of.
    pub(super) fn node(&self, users: &[UserId], user: UserId) -> Option<u32> {
        let bucket = self.bucket(user.0.checked_sub(self.smallest)?);
        let &[start, end] = self.starts.get(bucket..)?.first_chunk()?;
        let found = users[start as usize..end as usize]
            .binary_search(&user)
            .ok()?;
        Some(start + u32::try_from(found).expect("a place between two u32"))
    }

    fn count(&self, users: &[UserId], span: u64) -> Vec<u32> {
        let mut starts = vec![0_u32; self.bucket(span) + 2];
        for user in users {
            starts[self.bucket(user.0 - self.smallest) + 1] += 1;
        }
        let mut so_far = 0;
        // Each start has the users of the bucket before it; `so_far` those of all buckets before that.
        for start in &mut starts {
            so_far += *start;
            *start = so_far;
        }
        starts
    }

    /// Saturates, for ids far beyond the largest.
    fn bucket(&self, offset: u64) -> usize {
        let leading = offset.checked_shr(self.shift).unwrap_or(0);
        usize::try_from(leading).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn check(ids: &BTreeSet<u64>, asked: impl IntoIterator<Item = u64>) {
        let users: Vec<UserId> = ids.iter().copied().map(UserId).collect();
        let index = NodeIndex::of(&users);
        for id in asked {
            let naive = users.iter().position(|user| user.0 == id);
            assert_eq!(
                index.node(&users, UserId(id)).map(|node| node as usize),
                naive,
                "{id}"
            );
        }
    }

    #[test]
    fn oracle_few_and_far_apart() {
        let edge = [0, 1, 2, u64::MAX / 2, u64::MAX - 1, u64::MAX];
        check(&BTreeSet::new(), edge);
        check(&BTreeSet::from([5]), edge);
        check(&BTreeSet::from([0, u64::MAX]), edge);
        check(&BTreeSet::from(edge), edge);
        check(
            &(0..1_000).chain([u64::MAX]).collect(),
            (0..1_010).chain(edge),
        );
        check(&(500..1_000).map(|id| id * 3).collect(), 0..3_100);
    }

    proptest! {
        #[test]
        fn prop_oracle_any_ids(ids: BTreeSet<u64>, asked: Vec<u64>, shift in 0_u32..60) {
            let ids: BTreeSet<u64> = ids.into_iter().map(|id| id >> shift).collect();
            let present: Vec<u64> = ids.iter().copied().collect();
            check(&ids, present.into_iter().chain(asked.into_iter().map(|id| id >> shift)));
        }
    }
}
