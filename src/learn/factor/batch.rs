//! Sparse rows whose entries have fields.

use linfa::dataset::{DatasetBase, Records};

use crate::learn::{ClickTargets, LearnError};

/// Most fields a batch may have.
pub const MAX_FIELDS: usize = 64;

/// Sparse rows of (field, hashed slot, value): shape `(n_rows, n_slots)`, each entry of one of `n_fields` fields.
///
/// Within a row entries ascend by field and slot, and each pair of these occurs once: features that fall together are
/// summed when the row is pushed. Values of 0 are left out. Two fields that share a slot share its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldBatch {
    n_slots: usize,
    n_fields: usize,
    offsets: Vec<usize>,
    fields: Vec<u8>,
    slots: Vec<u32>,
    values: Vec<f32>,
}

/// A row's entries, by field and slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldRow<'a> {
    /// The field of each entry, ascending.
    pub fields: &'a [u8],
    /// The slot of each.
    pub slots: &'a [u32],
    /// The value of each, finite and not 0.
    pub values: &'a [f32],
}

impl FieldBatch {
    /// No rows yet, over `n_slots` slots and `n_fields` fields, at most 64.
    ///
    /// # Panics
    /// If there are more fields.
    #[must_use]
    pub fn new(n_slots: usize, n_fields: usize) -> Self {
        assert!(n_fields <= MAX_FIELDS, "at most {MAX_FIELDS} fields");
        Self {
            n_slots,
            n_fields,
            offsets: vec![0],
            fields: Vec::new(),
            slots: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Appends a row of (field, slot, value) in any order.
    ///
    /// # Complexity
    /// O(d log d) for d entries.
    ///
    /// # Errors
    /// If there is no such field or slot or a value is not finite; the batch is unchanged then.
    pub fn push_row(&mut self, entries: &[(u8, u32, f32)]) -> Result<(), LearnError> {
        let is_there = |&&(field, slot, value): &&(u8, u32, f32)| {
            usize::from(field) < self.n_fields
                && (slot as usize) < self.n_slots
                && value.is_finite()
        };
        if let Some(&(_, slot, _)) = entries.iter().find(|entry| !is_there(entry)) {
            return Err(LearnError::Cell {
                row: self.n_rows(),
                slot,
            });
        }
        let mut sorted = entries.to_vec();
        // Sorting values too makes the sum of colliding features independent of the order they came in.
        sorted.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
        self.append_merged(&sorted)
    }

    fn append_merged(&mut self, sorted: &[(u8, u32, f32)]) -> Result<(), LearnError> {
        let row = self.n_rows();
        let merged = sorted
            .chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
            .map(|same| {
                let value: f32 = same.iter().map(|entry| entry.2).sum();
                (same[0].0, same[0].1, value)
            });
        let merged: Vec<_> = merged.filter(|entry| entry.2 != 0.0).collect();
        if let Some(&(_, slot, _)) = merged.iter().find(|entry| !entry.2.is_finite()) {
            return Err(LearnError::Cell { row, slot });
        }
        for (field, slot, value) in merged {
            self.fields.push(field);
            self.slots.push(slot);
            self.values.push(value);
        }
        self.offsets.push(self.slots.len());
        Ok(())
    }

    /// Appends a row of a batch of the same shape.
    pub(super) fn push(&mut self, row: FieldRow<'_>) {
        self.fields.extend(row.fields);
        self.slots.extend(row.slots);
        self.values.extend(row.values);
        self.offsets.push(self.slots.len());
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

    /// How many fields there are.
    #[must_use]
    pub const fn n_fields(&self) -> usize {
        self.n_fields
    }

    /// A row's entries.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> FieldRow<'_> {
        let range = self.offsets[row]..self.offsets[row + 1];
        FieldRow {
            fields: &self.fields[range.clone()],
            slots: &self.slots[range.clone()],
            values: &self.values[range],
        }
    }
}

impl Records for FieldBatch {
    type Elem = f32;

    fn nsamples(&self) -> usize {
        self.n_rows()
    }

    fn nfeatures(&self) -> usize {
        self.n_slots
    }
}

/// Rows with fields and their clicks, as linfa's models take them.
pub type FieldDataset = DatasetBase<FieldBatch, ClickTargets>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_sorted_and_colliding_ones_summed() {
        let mut batch = FieldBatch::new(8, 3);
        batch
            .push_row(&[
                (2, 5, 1.0),
                (0, 7, 0.5),
                (2, 5, 2.0),
                (1, 5, 4.0),
                (1, 2, 0.0),
            ])
            .unwrap();
        batch.push_row(&[]).unwrap();
        let row = batch.row(0);
        assert_eq!((row.fields, row.slots), (&[0, 1, 2][..], &[7, 5, 5][..]));
        assert_eq!(row.values, &[0.5, 4.0, 3.0]);
        assert_eq!(batch.row(1).slots, &[0_u32; 0]);
        assert_eq!((batch.nsamples(), batch.nfeatures()), (2, 8));
    }

    #[test]
    fn deny_fields_slots_and_values_that_cannot_be() {
        let mut batch = FieldBatch::new(8, 3);
        for bad in [
            (3, 0, 1.0),
            (0, 8, 1.0),
            (0, 0, f32::NAN),
            (0, 0, f32::INFINITY),
        ] {
            assert!(batch.push_row(&[(1, 1, 1.0), bad]).is_err(), "{bad:?}");
        }
        assert!(
            batch
                .push_row(&[(0, 0, f32::MAX), (0, 0, f32::MAX)])
                .is_err()
        );
        assert_eq!(batch, FieldBatch::new(8, 3));
    }
}
