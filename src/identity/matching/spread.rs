//! A spread: ids cut into ranges of about equally many.

use crate::ids::AccountId;

/// How many ranges there are at most.
pub(super) const RANGES: usize = 256;
/// How finely the span of the ids is looked at, in bits.
const CELL_BITS: u32 = 12;

/// Ids cut into at most 256 ranges, which ascend; a range is found in constant time.
///
/// The span of the ids is cut into equal cells, and neighbouring cells are joined until a range has its share. Ids that
/// crowd in a few cells make larger ranges, which costs memory and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    first: u64,
    shift: u32,
    range_of_cell: Vec<u8>,
}

impl Spread {
    /// A spread of ids, which ascend.
    #[must_use]
    pub fn new(ids: &[AccountId]) -> Self {
        let first = ids.first().map_or(0, |id| id.0);
        let span = ids.last().map_or(0, |id| id.0 - first);
        let shift = (u64::BITS - span.leading_zeros()).saturating_sub(CELL_BITS);
        let mut spread = Self {
            first,
            shift,
            range_of_cell: vec![0; 1 << CELL_BITS],
        };
        let mut n_of_cell = vec![0_usize; 1 << CELL_BITS];
        for id in ids {
            n_of_cell[spread.cell(*id)] += 1;
        }
        let mut n_before = 0;
        // `n_before` ids are in the cells before, so ranges never fall from cell to cell.
        for (range, n) in spread.range_of_cell.iter_mut().zip(n_of_cell) {
            let at = n_before * RANGES / ids.len().max(1);
            *range = u8::try_from(at).unwrap_or(u8::MAX);
            n_before += n;
        }
        spread
    }

    /// The range of an id; one that is not of the spread has a range as well.
    #[inline]
    pub(super) fn range(&self, id: AccountId) -> usize {
        usize::from(self.range_of_cell[self.cell(id)])
    }

    #[inline]
    fn cell(&self, id: AccountId) -> usize {
        let cell = id.0.saturating_sub(self.first) >> self.shift;
        usize::try_from(cell)
            .map_or(usize::MAX, |cell| cell)
            .min((1 << CELL_BITS) - 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dense_ids_are_spread_evenly() {
        let ids: Vec<AccountId> = (1_000..1_001_000).map(AccountId).collect();
        let spread = Spread::new(&ids);
        let mut n = [0; RANGES];
        for id in &ids {
            n[spread.range(*id)] += 1;
        }
        assert!(n.iter().all(|n| (3_000..5_000).contains(n)), "{n:?}");
    }

    #[test]
    fn nobody_has_one_range() {
        assert_eq!(Spread::new(&[]).range(AccountId(7)), 0);
        assert_eq!(
            Spread::new(&[AccountId(u64::MAX)]).range(AccountId(u64::MAX)),
            0
        );
    }

    proptest! {
        #[test]
        fn prop_ranges_ascend_with_ids(mut ids in proptest::collection::vec(any::<u64>(), 0..300), others in proptest::collection::vec(any::<u64>(), 0..99)) {
            ids.sort_unstable();
            let known: Vec<AccountId> = ids.iter().copied().map(AccountId).collect();
            let spread = Spread::new(&known);
            let mut all: Vec<AccountId> = ids.into_iter().chain(others).map(AccountId).collect();
            all.sort_unstable();
            prop_assert!(all.is_sorted_by_key(|id| spread.range(*id)));
            prop_assert!(all.iter().all(|id| spread.range(*id) < RANGES));
        }
    }
}
