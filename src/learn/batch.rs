//! Training rows as a sparse matrix, and what became of each row.

use linfa::dataset::{DatasetBase, Records};

use super::LearnError;

/// Sparse rows over hashed slots, in compressed form: shape `(n_rows, n_slots)`.
///
/// Within a row slots ascend and each occurs once: features that fall into one slot are summed when the row
/// is pushed, so that a row has one gradient per coordinate.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseBatch {
    n_slots: usize,
    offsets: Vec<usize>,
    slots: Vec<u32>,
    values: Vec<f32>,
    /// Room to sort a row in; empty between rows.
    unsorted: Vec<(u32, f32)>,
}

impl SparseBatch {
    /// No rows yet, over `n_slots` slots.
    #[must_use]
    pub fn new(n_slots: usize) -> Self {
        Self {
            n_slots,
            offsets: vec![0],
            slots: Vec::new(),
            values: Vec::new(),
            unsorted: Vec::new(),
        }
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
        for same_slot in sorted.chunk_by(|a, b| a.0 == b.0) {
            self.slots.push(same_slot[0].0);
            self.values.push(same_slot.iter().map(|&(_, v)| v).sum());
        }
        self.offsets.push(self.slots.len());
        sorted.clear();
        self.unsorted = sorted;
        Ok(())
    }

    /// How many rows there are.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.offsets.len() - 1
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
        let range = self.offsets[row]..self.offsets[row + 1];
        SparseRow {
            slots: &self.slots[range.clone()],
            values: &self.values[range],
        }
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
