//! Training rows as a sparse matrix, and what became of each row.

use linfa::dataset::{DatasetBase, Records};

use super::LearnError;

/// Sparse rows over hashed slots, in compressed form: shape `(n_rows, n_slots)`.
///
/// Within a row slots ascend and each occurs once: features that fall into one slot are summed when the row
/// is pushed, so that a row has one gradient per coordinate.
///
/// A row of ones, which nearly every row of features is, takes 4 bytes a slot; any other takes 8.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseBatch {
    n_slots: usize,
    ends: Vec<End>,
    slots: Vec<u32>,
    /// Of the rows that are not all ones.
    values: Vec<f32>,
    /// Room to sort a row in; empty between rows.
    unsorted: Vec<(u32, f32)>,
}

/// Where a row ends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct End {
    slots: usize,
    /// Among the values, if it has its own.
    values: usize,
}

/// The values of rows that have none of their own.
static ONES: [f32; 512] = [1.0; 512];

impl SparseBatch {
    /// No rows yet, over `n_slots` slots.
    #[must_use]
    pub fn new(n_slots: usize) -> Self {
        Self {
            n_slots,
            ends: Vec::new(),
            slots: Vec::new(),
            values: Vec::new(),
            unsorted: Vec::new(),
        }
    }

    /// Makes room for so many more rows and slots, so that what is there need not move while they come.
    pub(crate) fn reserve(&mut self, rows: usize, slots: usize) {
        self.ends.reserve(rows);
        self.slots.reserve(slots);
    }

    /// Appends a row of (slot, value) pairs in any order.
    ///
    /// # Complexity
    /// O(d log d) for d pairs.
    ///
    /// # Errors
    /// If a slot lies outside the matrix or a value is not finite; the batch is unchanged then.
    pub fn push_row(&mut self, pairs: &[(u32, f32)]) -> Result<(), LearnError> {
        let row = self.n_rows();
        for &(slot, value) in pairs {
            if slot as usize >= self.n_slots || !value.is_finite() {
                return Err(LearnError::Cell { row, slot });
            }
        }
        let mut sorted = std::mem::take(&mut self.unsorted);
        sorted.extend_from_slice(pairs);
        // Sorting values too makes the sum of colliding features independent of the order they came in.
        sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        // Within a row slots ascend and each occurs once, which every reader of a row relies on.
        let first_slot = self.slots.len();
        let first_value = self.values.len();
        for same_slot in sorted.chunk_by(|a, b| a.0 == b.0) {
            self.slots.push(same_slot[0].0);
            self.values.push(same_slot.iter().map(|&(_, v)| v).sum());
        }
        self.end_row(first_slot, first_value);
        sorted.clear();
        self.unsorted = sorted;
        Ok(())
    }

    /// Appends a row whose values are all 1, of slots in any order, which are put in order on the way.
    ///
    /// # Complexity
    /// O(d log d) for d slots.
    ///
    /// # Errors
    /// If a slot lies outside the matrix; the batch is unchanged then.
    pub(crate) fn push_ones(&mut self, slots: &mut [u32]) -> Result<(), LearnError> {
        slots.sort_unstable();
        if let Some(&slot) = slots.last().filter(|&&slot| slot as usize >= self.n_slots) {
            let row = self.n_rows();
            return Err(LearnError::Cell { row, slot });
        }
        let (first_slot, first_value) = (self.slots.len(), self.values.len());
        if slots.len() <= ONES.len() && slots.is_sorted_by(|a, b| a < b) {
            self.slots.extend_from_slice(slots);
        } else {
            for same_slot in slots.chunk_by(|a, b| a == b) {
                self.slots.push(same_slot[0]);
                self.values.push(same_slot.iter().map(|_| 1.0).sum());
            }
        }
        self.end_row(first_slot, first_value);
        Ok(())
    }

    /// Ends a row whose slots and values are there; its values are forgotten if they are all 1.
    fn end_row(&mut self, first_slot: usize, first_value: usize) {
        let n = self.slots.len() - first_slot;
        let is_one = |value: &f32| value.to_bits() == 1.0_f32.to_bits();
        if n <= ONES.len() && self.values[first_value..].iter().all(is_one) {
            self.values.truncate(first_value);
        }
        self.ends.push(End {
            slots: self.slots.len(),
            values: self.values.len(),
        });
    }

    /// How many rows there are.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.ends.len()
    }

    /// How many slots a row could fill.
    #[must_use]
    pub const fn n_slots(&self) -> usize {
        self.n_slots
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> SparseRow<'_> {
        let before = row
            .checked_sub(1)
            .map_or_else(End::default, |at| self.ends[at]);
        let end = self.ends[row];
        let slots = &self.slots[before.slots..end.slots];
        let values = if before.values == end.values {
            &ONES[..slots.len()]
        } else {
            &self.values[before.values..end.values]
        };
        SparseRow { slots, values }
    }
}

/// One row of a [`SparseBatch`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SparseRow<'a> {
    /// Slots, ascending, each once.
    pub slots: &'a [u32],
    /// The value of each slot.
    pub values: &'a [f32],
}

impl Records for SparseBatch {
    type Elem = f32;

    fn nsamples(&self) -> usize {
        self.n_rows()
    }

    fn nfeatures(&self) -> usize {
        self.n_slots
    }
}

/// How often something was shown and how often it was clicked: one binomial observation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clicks {
    /// Clicks, at most `impressions`.
    pub clicks: u32,
    /// Impressions.
    pub impressions: u32,
}

/// One [`Clicks`] per row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClickTargets(Vec<Clicks>);

impl ClickTargets {
    /// Targets in the order of their rows.
    ///
    /// # Errors
    /// If a row has more clicks than impressions.
    pub fn new(targets: Vec<Clicks>) -> Result<Self, LearnError> {
        match targets.iter().position(|t| t.clicks > t.impressions) {
            Some(row) => Err(LearnError::MoreClicksThanImpressions { row }),
            None => Ok(Self(targets)),
        }
    }

    /// The targets in the order of their rows.
    #[must_use]
    pub fn as_slice(&self) -> &[Clicks] {
        &self.0
    }

    /// Clicks and impressions of all rows together.
    #[must_use]
    pub fn totals(&self) -> ClickTotals {
        self.0.iter().copied().collect()
    }
}

/// Clicks and impressions of many rows together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClickTotals {
    /// Clicks.
    pub clicks: u64,
    /// Impressions.
    pub impressions: u64,
}

impl FromIterator<Clicks> for ClickTotals {
    fn from_iter<I: IntoIterator<Item = Clicks>>(rows: I) -> Self {
        let mut totals = Self::default();
        for row in rows {
            totals.clicks += u64::from(row.clicks);
            totals.impressions += u64::from(row.impressions);
        }
        totals
    }
}

/// Sparse rows with their clicks, as linfa's models take them.
pub type ClickDataset = DatasetBase<SparseBatch, ClickTargets>;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colliding_features_are_summed() {
        let mut batch = SparseBatch::new(8);
        batch.push_row(&[(5, 1.0), (2, 0.5), (5, 2.0)]).unwrap();
        batch.push_row(&[]).unwrap();
        let (slots, values) = (&[2, 5][..], &[0.5, 3.0][..]);
        assert_eq!(batch.row(0), SparseRow { slots, values });
        let (slots, values) = (&[][..], &[][..]);
        assert_eq!(batch.row(1), SparseRow { slots, values });
        assert_eq!((batch.nsamples(), batch.nfeatures()), (2, 8));
    }

    /// Naive: each row as it was pushed, sorted and summed.
    fn naive(pairs: &[(u32, f32)]) -> (Vec<u32>, Vec<f32>) {
        let mut slots: Vec<u32> = pairs.iter().map(|(slot, _)| *slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let sum = |slot: &u32| {
            let of_slot = pairs.iter().filter(|(of, _)| of == slot);
            of_slot.map(|(_, value)| value).sum()
        };
        let values = slots.iter().map(sum).collect();
        (slots, values)
    }

    /// A row: slots of which few are the same, and whether its values are all 1; some are longer than what is shared.
    fn any_row() -> impl Strategy<Value = (Vec<u32>, bool)> {
        let short = vec(0..2_000_u32, 0..40);
        let long = vec(0..2_000_u32, 500..600);
        (prop_oneof![8 => short, 1 => long], any::<bool>())
    }

    proptest! {
        #[test]
        fn prop_rows_come_back_whether_their_values_are_ones_or_not(rows in vec(any_row(), 0..12)) {
            let mut batch = SparseBatch::new(2_000);
            let mut pushed = Vec::new();
            for (slots, are_ones) in &rows {
                let value = if *are_ones { 1.0 } else { 0.5 };
                let pairs: Vec<(u32, f32)> = slots.iter().map(|&slot| (slot, value)).collect();
                if *are_ones {
                    batch.push_ones(&mut slots.clone()).unwrap();
                } else {
                    batch.push_row(&pairs).unwrap();
                }
                pushed.push(naive(&pairs));
            }
            let mut by_pairs = SparseBatch::new(2_000);
            for ((slots, are_ones), at) in rows.iter().zip(0..) {
                let value = if *are_ones { 1.0 } else { 0.5 };
                let pairs: Vec<(u32, f32)> = slots.iter().map(|&slot| (slot, value)).collect();
                by_pairs.push_row(&pairs).unwrap();
                let SparseRow { slots, values } = batch.row(at);
                prop_assert_eq!((slots, values), (&pushed[at].0[..], &pushed[at].1[..]));
            }
            prop_assert_eq!(batch, by_pairs);
        }
    }

    #[test]
    fn deny_a_slot_outside_among_ones() {
        let mut batch = SparseBatch::new(8);
        assert!(batch.push_ones(&mut [8, 1]).is_err());
        assert_eq!(batch, SparseBatch::new(8));
    }

    #[test]
    fn deny_values_that_are_not_finite_and_slots_outside() {
        let mut batch = SparseBatch::new(8);
        for bad in [(0, f32::NAN), (0, f32::INFINITY), (8, 1.0)] {
            assert!(batch.push_row(&[(1, 1.0), bad]).is_err(), "{bad:?}");
        }
        assert_eq!(batch, SparseBatch::new(8));
    }

    #[test]
    fn deny_more_clicks_than_impressions() {
        let one = |clicks, impressions| {
            ClickTargets::new(vec![Clicks {
                clicks,
                impressions,
            }])
        };
        assert!(one(2, 2).is_ok());
        assert!(one(3, 2).is_err());
    }
}
