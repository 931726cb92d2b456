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

/// One entry of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldEntry {
    /// Its field.
    pub field: u8,
    /// Its hashed slot.
    pub slot: u32,
    /// Its value.
    pub value: f32,
}

impl FieldEntry {
    /// An entry of a field.
    #[must_use]
    pub const fn new(field: u8, slot: u32, value: f32) -> Self {
        Self { field, slot, value }
    }

    /// What entries of a row are in the order of.
    const fn at(&self) -> (u8, u32) {
        (self.field, self.slot)
    }
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

    /// Appends a row of entries in any order.
    ///
    /// # Complexity
    /// O(d log d) for d entries.
    ///
    /// # Errors
    /// If there is no such field or slot or a value is not finite; the batch is unchanged then.
    pub fn push_row(&mut self, entries: &[FieldEntry]) -> Result<(), LearnError> {
        let is_there = |entry: &&FieldEntry| {
            usize::from(entry.field) < self.n_fields
                && (entry.slot as usize) < self.n_slots
                && entry.value.is_finite()
        };
        if let Some(&FieldEntry { slot, .. }) = entries.iter().find(|entry| !is_there(entry)) {
            return Err(LearnError::Cell {
                row: self.n_rows(),
                slot,
            });
        }
        let mut sorted = entries.to_vec();
        // Sorting values too makes the sum of colliding features independent of the order they came in.
        sorted.sort_unstable_by(|a, b| a.at().cmp(&b.at()).then(a.value.total_cmp(&b.value)));
        self.append_merged(&sorted)
    }

    fn append_merged(&mut self, sorted: &[FieldEntry]) -> Result<(), LearnError> {
        let row = self.n_rows();
        let merged = sorted
            .chunk_by(|a, b| a.at() == b.at())
            .map(|same| FieldEntry {
                value: same.iter().map(|entry| entry.value).sum(),
                ..same[0]
            });
        let merged: Vec<_> = merged.filter(|entry| entry.value != 0.0).collect();
        if let Some(entry) = merged.iter().find(|entry| !entry.value.is_finite()) {
            let slot = entry.slot;
            return Err(LearnError::Cell { row, slot });
        }
        for entry in merged {
            self.fields.push(entry.field);
            self.slots.push(entry.slot);
            self.values.push(entry.value);
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
                FieldEntry::new(2, 5, 1.0),
                FieldEntry::new(0, 7, 0.5),
                FieldEntry::new(2, 5, 2.0),
                FieldEntry::new(1, 5, 4.0),
                FieldEntry::new(1, 2, 0.0),
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
            FieldEntry::new(3, 0, 1.0),
            FieldEntry::new(0, 8, 1.0),
            FieldEntry::new(0, 0, f32::NAN),
            FieldEntry::new(0, 0, f32::INFINITY),
        ] {
            assert!(
                batch.push_row(&[FieldEntry::new(1, 1, 1.0), bad]).is_err(),
                "{bad:?}"
            );
        }
        assert!(
            batch
                .push_row(&[FieldEntry::new(0, 0, f32::MAX); 2])
                .is_err()
        );
        assert_eq!(batch, FieldBatch::new(8, 3));
    }
}
