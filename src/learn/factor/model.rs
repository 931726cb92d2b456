//! A trained factorisation machine and what it answers.

use linfa::traits::PredictInplace;
use ndarray::Array1;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::batch::{FieldBatch, FieldRow};
use super::file::ModelFile;
use super::params::{FactorValidParams, Interaction};
use super::row::{RowSums, inner};
use super::storage::{LANES, Line, Weights, with_chunks, with_shape};
use super::table::{Singles, Table};
use crate::learn::LearnError;
use crate::learn::odds::{logit, sigmoid};

/// The version of the form in which models are written.
pub const FACTOR_SCHEMA: u32 = 2;

/// Rows that one task predicts.
const CHUNK: usize = 1_024;

/// A factorisation machine over hashed slots; see [the module](super).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ModelFile", into = "ModelFile")]
pub struct FactorModel {
    pub(super) params: FactorValidParams,
    pub(super) n_fields: usize,
    pub(super) offset: f64,
    pub(super) table: Table,
}

/// What two fields add to the log-odds together, or the entries of one field among themselves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairPart {
    /// One field.
    pub field: usize,
    /// The other, or the same; not smaller.
    pub other: usize,
    /// Log-odds.
    pub part: f64,
}

impl FactorModel {
    /// A model that has seen nothing and answers `rate` for every row.
    ///
    /// # Errors
    /// If the rate is not strictly between 0 and 1, or the table would take more than 16 GiB (8 GiB with weights of 16 bits).
    pub fn at_rate(
        params: &FactorValidParams,
        n_fields: usize,
        rate: f64,
    ) -> Result<Self, LearnError> {
        if rate > 0.0 && rate < 1.0 {
            Ok(Self {
                params: params.clone(),
                n_fields,
                offset: logit(rate),
                table: Table::new(params, n_fields)?,
            })
        } else {
            Err(LearnError::Model {
                what: "a base rate outside (0, 1)",
            })
        }
    }

    /// The parameters it was trained with.
    #[must_use]
    pub const fn params(&self) -> &FactorValidParams {
        &self.params
    }

    /// How many fields its rows have.
    #[must_use]
    pub const fn n_fields(&self) -> usize {
        self.n_fields
    }

    /// The log-odds of the base rate training started from.
    #[must_use]
    pub const fn offset(&self) -> f64 {
        self.offset
    }

    /// How many weights a row has moved; two fields' r counts as one.
    #[must_use]
    pub fn n_weights(&self) -> usize {
        let lines = self.table.lines().filter(Line::is_touched);
        let Singles { linear, pairs } = &self.table.singles;
        let singles = linear.iter().chain(pairs);
        lines.count() * LANES.min(self.params.k()) + singles.filter(|s| s.square != 0.0).count()
    }

    /// The log-odds of a click on a row.
    ///
    /// # Panics
    /// If a slot or field lies outside the model.
    #[must_use]
    pub fn logit(&self, row: FieldRow<'_>) -> f64 {
        with_shape!(&self.table.lines, self.table.shape.n_chunks, |lines, N| {
            self.logit_with(lines.as_slice(), &mut RowSums::<N>::new(self.kind()), row)
        })
    }

    fn logit_with<L: Weights + ?Sized, const N: usize>(
        &self,
        lines: &L,
        sums: &mut RowSums<N>,
        row: FieldRow<'_>,
    ) -> f64 {
        sums.plan.make(row, self.table.shape);
        sums.gather(lines);
        let singles = &self.table.singles;
        let linear = self.offset + singles.linear(row);
        linear + sums.interaction(lines, singles, self.n_fields)
    }

    fn predict_chunk<L: Weights + ?Sized, const N: usize>(
        &self,
        lines: &L,
        batch: &FieldBatch,
        first: usize,
        p: &mut [f64],
    ) {
        let mut sums = RowSums::<N>::new(self.kind());
        for (row, p) in (first..).zip(p) {
            *p = sigmoid(self.logit_with(lines, &mut sums, batch.row(row)));
        }
    }

    /// What each entry adds on its own, in the row's order: wᵢ·xᵢ.
    #[must_use]
    pub fn linear_parts(&self, row: FieldRow<'_>) -> Vec<f64> {
        let one = |(&slot, &x): (&u32, &f32)| {
            f64::from(self.table.singles.linear[slot as usize].weight) * f64::from(x)
        };
        row.slots.iter().zip(row.values).map(one).collect()
    }

    /// What pairs of fields add. With the offset and the [linear parts](Self::linear_parts) these sum to the
    /// [log-odds](Self::logit), up to rounding of a millionth.
    #[must_use]
    pub fn pair_parts(&self, row: FieldRow<'_>) -> Vec<PairPart> {
        with_chunks!(self.table.shape.n_chunks, |N| self
            .pair_parts_with::<N>(row))
    }

    fn pair_parts_with<const N: usize>(&self, row: FieldRow<'_>) -> Vec<PairPart> {
        let Table { lines, singles, .. } = &self.table;
        let mut sums = RowSums::<N>::new(self.kind());
        sums.plan.make(row, self.table.shape);
        sums.gather(lines);
        let mut parts = Vec::new();
        let groups = &sums.plan.groups;
        for (g, b) in groups.iter().enumerate() {
            for (f, a) in groups[..=g].iter().enumerate() {
                let part = if f < g {
                    let (a, b) = sums.meeting(f, g);
                    inner(a, b)
                } else if b.is_single() {
                    continue;
                } else {
                    sums.within(lines, g)
                };
                let weight = singles.pair_weight(self.n_fields, a.field, b.field);
                parts.push(PairPart {
                    field: a.field,
                    other: b.field,
                    part: f64::from(weight) * part,
                });
            }
        }
        parts
    }

    /// What two entries of a row add together, in `f64` from their own vectors: a pairwise term of the sum that defines the
    /// log-odds.
    ///
    /// # Panics
    /// If the row has no such entries.
    pub(crate) fn pair(&self, row: FieldRow<'_>, one: usize, other: usize) -> f64 {
        let [field, meets] = [one, other].map(|entry| usize::from(row.fields[entry]));
        let columns = match self.kind() {
            Interaction::FieldAware => (meets, field),
            Interaction::FieldWeighted | Interaction::Plain => (0, 0),
        };
        let Table {
            shape,
            lines,
            singles,
            ..
        } = &self.table;
        let vector = |slot: u32, column: usize| {
            let at = shape.at(slot, column);
            (at..at + shape.n_chunks).flat_map(|place| lines.weights(place).map(f64::from))
        };
        let left = vector(row.slots[one], columns.0);
        let products = left.zip(vector(row.slots[other], columns.1));
        let product: f64 = products.map(|(a, b)| a * b).sum();
        let scale = f64::from(row.values[one]) * f64::from(row.values[other]);
        f64::from(singles.pair_weight(self.n_fields, field, meets)) * scale * product
    }

    pub(super) const fn kind(&self) -> Interaction {
        self.params.interaction()
    }
}

impl PredictInplace<FieldBatch, Array1<f64>> for FactorModel {
    /// The probability of a click per impression, for each row; in the caller's rayon pool.
    ///
    /// # Panics
    /// If rows were made for more slots or fields than the model has.
    fn predict_inplace(&self, batch: &FieldBatch, y: &mut Array1<f64>) {
        let p = y.as_slice_mut().expect("a target of its own is contiguous");
        let chunks = p.par_chunks_mut(CHUNK).enumerate();
        chunks.for_each(|(i, p)| {
            with_shape!(&self.table.lines, self.table.shape.n_chunks, |lines, N| {
                self.predict_chunk::<_, N>(lines.as_slice(), batch, i * CHUNK, p);
            });
        });
    }

    fn default_target(&self, batch: &FieldBatch) -> Array1<f64> {
        Array1::zeros(batch.n_rows())
    }
}
