//! A trained factorisation machine and what it answers.

use linfa::traits::PredictInplace;
use ndarray::Array1;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::batch::{FieldBatch, FieldRow};
use super::file::ModelFile;
use super::learn::linear;
use super::params::{FactorValidParams, Interaction};
use super::row::{RowSums, inner, pair_weight};
use super::table::{LANES, Table};
use crate::ads::ftrl::logit;
use crate::ads::{AdsError, sigmoid};

/// The version of the form in which models are written.
pub const FACTOR_SCHEMA: u32 = 1;

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
    /// If the rate is not strictly between 0 and 1, or the table would take more than 16 GiB.
    pub fn at_rate(
        params: &FactorValidParams,
        n_fields: usize,
        rate: f64,
    ) -> Result<Self, AdsError> {
        if rate > 0.0 && rate < 1.0 {
            Ok(Self {
                params: params.clone(),
                n_fields,
                offset: logit(rate),
                table: Table::new(params, n_fields)?,
            })
        } else {
            Err(AdsError::Model {
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
        let lines = self.table.lines.iter().filter(|line| line.is_touched());
        let singles = self.table.linear.iter().chain(&self.table.pairs);
        lines.count() * LANES.min(self.params.k()) + singles.filter(|s| s.square != 0.0).count()
    }

    /// The log-odds of a click on a row.
    ///
    /// # Panics
    /// If a slot or field lies outside the model.
    #[must_use]
    pub fn logit(&self, row: FieldRow<'_>) -> f64 {
        match self.table.n_chunks {
            1 => self.logit_with(&mut RowSums::<1>::default(), row),
            2 => self.logit_with(&mut RowSums::<2>::default(), row),
            4 => self.logit_with(&mut RowSums::<4>::default(), row),
            _ => self.logit_with(&mut RowSums::<8>::default(), row),
        }
    }

    fn logit_with<const N: usize>(&self, sums: &mut RowSums<N>, row: FieldRow<'_>) -> f64 {
        let kind = self.params.interaction();
        sums.group(row);
        sums.gather(&self.table, kind, row);
        let linear = self.offset + linear(&self.table, row);
        linear + sums.interaction(&self.table, kind, self.n_fields, row)
    }

    fn predict_chunk<const N: usize>(&self, batch: &FieldBatch, first: usize, p: &mut [f64]) {
        let mut sums = RowSums::<N>::default();
        for (row, p) in (first..).zip(p) {
            *p = sigmoid(self.logit_with(&mut sums, batch.row(row)));
        }
    }

    /// What each entry adds on its own, in the row's order: wᵢ·xᵢ.
    #[must_use]
    pub fn linear_parts(&self, row: FieldRow<'_>) -> Vec<f64> {
        let one = |(&slot, &x): (&u32, &f32)| {
            f64::from(self.table.linear[slot as usize].weight) * f64::from(x)
        };
        row.slots.iter().zip(row.values).map(one).collect()
    }

    /// What pairs of fields add. With the offset and the [linear parts](Self::linear_parts) these sum to the
    /// [log-odds](Self::logit), up to rounding of a millionth.
    #[must_use]
    pub fn pair_parts(&self, row: FieldRow<'_>) -> Vec<PairPart> {
        match self.table.n_chunks {
            1 => self.pair_parts_with::<1>(row),
            2 => self.pair_parts_with::<2>(row),
            4 => self.pair_parts_with::<4>(row),
            _ => self.pair_parts_with::<8>(row),
        }
    }

    fn pair_parts_with<const N: usize>(&self, row: FieldRow<'_>) -> Vec<PairPart> {
        let kind = self.params.interaction();
        let mut sums = RowSums::<N>::default();
        sums.group(row);
        sums.gather(&self.table, kind, row);
        let mut parts = Vec::new();
        for (g, b) in sums.groups.iter().enumerate() {
            for (f, a) in sums.groups[..=g].iter().enumerate() {
                let part = if f < g {
                    let (a, b) = sums.meeting(kind, f, g);
                    inner(a, b)
                } else if b.is_single() {
                    continue;
                } else {
                    sums.within(&self.table, kind, row, g)
                };
                let weight = pair_weight(&self.table, self.n_fields, a.field, b.field);
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
    pub(in crate::ads) fn pair(&self, row: FieldRow<'_>, one: usize, other: usize) -> f64 {
        let [field, meets] = [one, other].map(|entry| usize::from(row.fields[entry]));
        let columns = match self.kind() {
            Interaction::FieldAware => (meets, field),
            Interaction::FieldWeighted | Interaction::Plain => (0, 0),
        };
        let vector = |slot: u32, column: usize| {
            let at = self.table.at(slot, column);
            let lines = &self.table.lines[at..at + self.table.n_chunks];
            lines.iter().flat_map(|line| line.weights.map(f64::from))
        };
        let left = vector(row.slots[one], columns.0);
        let products = left.zip(vector(row.slots[other], columns.1));
        let product: f64 = products.map(|(a, b)| a * b).sum();
        let scale = f64::from(row.values[one]) * f64::from(row.values[other]);
        f64::from(pair_weight(&self.table, self.n_fields, field, meets)) * scale * product
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
        chunks.for_each(|(i, p)| match self.table.n_chunks {
            1 => self.predict_chunk::<1>(batch, i * CHUNK, p),
            2 => self.predict_chunk::<2>(batch, i * CHUNK, p),
            4 => self.predict_chunk::<4>(batch, i * CHUNK, p),
            _ => self.predict_chunk::<8>(batch, i * CHUNK, p),
        });
    }

    fn default_target(&self, batch: &FieldBatch) -> Array1<f64> {
        Array1::zeros(batch.n_rows())
    }
}
