//! The click model: logistic regression trained by FTRL-Proximal, one learning rate per coordinate.

mod file;
mod order;
mod params;
mod step;

use linfa::ParamGuard;
use linfa::traits::{Fit, FitWith, PredictInplace};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

use self::file::ModelFile;
use self::order::visiting_order;
pub use self::params::{FtrlParams, FtrlValidParams};
pub(crate) use self::step::{Coordinate, Happened};
pub(super) use self::step::{Gradient, gradient, parts};
use self::step::{Rates, Step};
use super::LearnError;
use super::batch::{ClickDataset, ClickTargets, Clicks, SparseBatch, SparseRow};
use super::odds::{logit, sigmoid};
use crate::ahead::ask_for;

/// The version of the form in which models are written.
pub const MODEL_SCHEMA: u32 = 4;

/// A logistic regression over hashed slots.
///
/// The log-odds of a click are `offset + Σ wᵢ·xᵢ`. Weights follow Algorithm 1 of McMahan et al. 2013, kept as
/// the sums `zᵢ`, `nᵢ`:
///
/// ```text
/// wᵢ = 0                                                     if |zᵢ| ≤ λ₁
/// wᵢ = −(zᵢ − sgn(zᵢ)·λ₁) / ((β + √nᵢ)/α + λ₂)               otherwise
/// p  = sigmoid(offset + Σ wᵢ·xᵢ)
/// gᵢ = (p − y)·xᵢ
/// σᵢ = (√(nᵢ + gᵢ²) − √nᵢ)/α
/// zᵢ ← zᵢ + gᵢ − σᵢ·wᵢ;   nᵢ ← nᵢ + gᵢ²
/// ```
///
/// Two things differ from the paper.
///
/// - **The offset.** Training starts from the log-odds of the base rate instead of from 0, so the penalties
///   draw a rare feature to the base rate rather than to one half.
/// - **Rows of many impressions.** For a row of m impressions and c clicks the gradient is that of the
///   binomial likelihood, `(m·p − c)·xᵢ`. Taken in one step, 100,000 impressions at a wrong p would put a
///   huge square into `nᵢ` and end all learning on that coordinate. A row is therefore cut into
///   `⌈max(c, m·p)⌉` equal parts (at most `max_parts`, at least 1), about one click each, and p is computed
///   afresh for every part. What a part of m′ and c′ adds to `nᵢ` is the larger of its own squared gradient
///   and the sum of squares its impressions would have added one by one,
///   `(c′·(1 − p)² + (m′ − c′)·p²)·xᵢ²`. The first bounds every step by about α whatever the row's size; the
///   second keeps the learning rate that single impressions would have had. A part that is still wrong by
///   more than 4 clicks counts only as much as makes it 4. For m = 1 all this is the paper's `gᵢ` and
///   `gᵢ²`. A grouped row is close to, but not the same as, its impressions one by one in some order: each
///   of these sees its own p.
///
/// Rows are visited in an order fixed by the seed, by one thread: the same rows give the same bits.
///
/// What data can do to it:
///
/// | data | answer |
/// |---|---|
/// | no rows | the rate it started from; of `fit`, one half |
/// | no clicks, or nothing but clicks | a rate half a click away from certain, and weights that draw further; never 0 or 1 |
/// | a row without impressions, or of weight 0 | learns nothing |
/// | a slot that no row filled | weight 0 |
/// | a value that is not finite | refused when the row is pushed |
/// | a row's weight that is not finite, or negative | refused |
///
/// A row may have a weight (linfa's [`with_weights`](linfa::DatasetBase::with_weights)): it counts as that many times its clicks
/// and impressions.
///
/// # References
/// H. B. McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013, Algorithm 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ModelFile", into = "ModelFile")]
pub struct FtrlModel {
    params: FtrlValidParams,
    offset: f64,
    state: Vec<Coordinate>,
}

impl FtrlModel {
    /// A model that has seen nothing and answers `rate` for every row.
    ///
    /// # Errors
    /// If the rate is not strictly between 0 and 1.
    pub fn at_rate(params: &FtrlValidParams, rate: f64) -> Result<Self, LearnError> {
        if rate > 0.0 && rate < 1.0 {
            Ok(Self {
                params: params.clone(),
                offset: logit(rate),
                state: vec![Coordinate::default(); params.n_slots()],
            })
        } else {
            Err(LearnError::Model {
                what: "a base rate outside (0, 1)",
            })
        }
    }

    /// The parameters it was trained with.
    #[must_use]
    pub const fn params(&self) -> &FtrlValidParams {
        &self.params
    }

    /// The log-odds of the base rate training started from.
    #[must_use]
    pub const fn offset(&self) -> f64 {
        self.offset
    }

    /// The weight of a slot, log-odds per unit.
    ///
    /// # Panics
    /// If there is no such slot.
    #[must_use]
    pub fn weight(&self, slot: u32) -> f64 {
        Rates::of(&self.params).weight(self.state[slot as usize])
    }

    /// The log-odds of a click on a row of slots and values.
    ///
    /// # Panics
    /// If a slot lies outside the model.
    #[must_use]
    pub fn logit(&self, slots: &[u32], values: &[f32]) -> f64 {
        let rates = Rates::of(&self.params);
        let terms = slots.iter().zip(values);
        let sum: f64 = terms
            .map(|(&slot, &x)| rates.weight(self.state[slot as usize]) * f64::from(x))
            .sum();
        self.offset + sum
    }

    /// How many weights are not 0.
    #[must_use]
    pub fn n_weights(&self) -> usize {
        let rates = Rates::of(&self.params);
        let non_zero = |c: &&Coordinate| rates.weight(**c) != 0.0;
        self.state.iter().filter(non_zero).count()
    }

    /// A model whose coordinates are these, one a slot.
    ///
    /// # Errors
    /// As [`at_rate`](Self::at_rate).
    pub(crate) fn of_state(
        params: &FtrlValidParams,
        rate: f64,
        state: Vec<Coordinate>,
    ) -> Result<Self, LearnError> {
        let mut model = Self::at_rate(params, rate)?;
        model.state = state;
        Ok(model)
    }

    /// The coordinates that rows have moved, by slot.
    pub(crate) fn touched(&self) -> impl Iterator<Item = (u32, Coordinate)> {
        let all = (0..).zip(self.state.iter().copied());
        all.filter(|(_, coordinate)| coordinate.is_touched())
    }

    /// Learns rows; `observe` hears of every row its epoch, the probability before its step, and what happened.
    ///
    /// # Errors
    /// If rows, targets, weights and slots do not fit.
    pub(crate) fn learn_observed(
        &mut self,
        dataset: &ClickDataset,
        observe: &mut impl FnMut(u32, f64, Happened),
    ) -> Result<(), LearnError> {
        self.learn(dataset, ask_for, observe)
    }

    fn learn(
        &mut self,
        dataset: &ClickDataset,
        ask_for: impl Fn(&[Coordinate], usize) + Copy,
        observe: &mut impl FnMut(u32, f64, Happened),
    ) -> Result<(), LearnError> {
        check_shape(self, dataset)?;
        let mut step = Step::new(&self.params, self.offset);
        for epoch in 0..self.params.epochs() {
            self.visit(dataset, epoch, &mut step, ask_for, observe);
        }
        Ok(())
    }

    fn visit(
        &mut self,
        dataset: &ClickDataset,
        epoch: u32,
        step: &mut Step,
        ask_for: impl Fn(&[Coordinate], usize) + Copy,
        observe: &mut impl FnMut(u32, f64, Happened),
    ) {
        let batch = dataset.records();
        let order = visiting_order(batch.n_rows(), self.params.seed(), epoch);
        // `next` is one row ahead of `row`: its coordinates are on their way while this one is learnt.
        let mut next = order.clone().skip(1);
        for row in order {
            if let Some(next) = next.next() {
                for &slot in batch.row(next).slots {
                    ask_for(&self.state, slot as usize);
                }
            }
            let happened = happened(dataset, row);
            if happened.impressions > 0.0 {
                let p = step.learn(&mut self.state, batch.row(row), happened);
                observe(epoch, p, happened);
            }
        }
    }
}

fn happened(dataset: &ClickDataset, row: usize) -> Happened {
    let Clicks {
        clicks,
        impressions,
    } = dataset.targets().as_slice()[row];
    let weight = f64::from(dataset.weight_for(row));
    Happened {
        impressions: weight * f64::from(impressions),
        clicks: weight * f64::from(clicks),
    }
}

fn check_shape(model: &FtrlModel, dataset: &ClickDataset) -> Result<(), LearnError> {
    let (n_rows, n_slots) = (dataset.records().n_rows(), dataset.records().n_slots());
    let (n_targets, n_weights) = (
        dataset.targets().as_slice().len(),
        dataset.weights().map_or(n_rows, <[f32]>::len),
    );
    if n_rows != n_targets {
        return Err(LearnError::Targets { n_rows, n_targets });
    }
    if n_rows != n_weights {
        return Err(LearnError::Weights { n_rows, n_weights });
    }
    if n_slots != model.state.len() {
        return Err(LearnError::Slots {
            expected: model.state.len(),
            found: n_slots,
        });
    }
    let bad = |weight: &f32| !(weight.is_finite() && *weight >= 0.0);
    match dataset.weights().and_then(|w| w.iter().position(bad)) {
        Some(row) => Err(LearnError::Weight { row }),
        None => Ok(()),
    }
}

impl Fit<SparseBatch, ClickTargets, LearnError> for FtrlValidParams {
    type Object = FtrlModel;

    /// Trains from the base rate of the rows, half a click added; of rows with weights, each by its weight.
    fn fit(&self, dataset: &ClickDataset) -> Result<FtrlModel, LearnError> {
        self.fit_with(None, dataset)
    }
}

impl<'a> FitWith<'a, SparseBatch, ClickTargets, LearnError> for FtrlValidParams {
    type ObjectIn = Option<FtrlModel>;
    type ObjectOut = FtrlModel;

    /// Goes on from a model, if there is one; its offset and parameters stay as they are, except epochs and
    /// seed, which are ours.
    fn fit_with(
        &self,
        model: Option<FtrlModel>,
        dataset: &'a ClickDataset,
    ) -> Result<FtrlModel, LearnError> {
        let mut model = match model {
            Some(model) => model.visiting_as(self)?,
            None => FtrlModel::at_rate(self, base_rate(dataset))?,
        };
        model.learn(dataset, ask_for, &mut |_, _, _| ())?;
        Ok(model)
    }
}

impl FtrlModel {
    fn visiting_as(mut self, params: &FtrlValidParams) -> Result<Self, LearnError> {
        let theirs = self.params.to_unchecked();
        self.params = theirs.epochs(params.epochs()).seed(params.seed()).check()?;
        Ok(self)
    }
}

/// Weights that cannot be are refused later, when shapes are checked.
fn base_rate(dataset: &ClickDataset) -> f64 {
    let rows = 0..dataset.targets().as_slice().len();
    let (clicks, impressions) = rows.fold((0.0, 0.0), |(clicks, impressions), row| {
        let row = happened(dataset, row);
        (clicks + row.clicks, impressions + row.impressions)
    });
    let rate = (clicks + 0.5) / (impressions + 1.0);
    if rate > 0.0 && rate < 1.0 { rate } else { 0.5 }
}

impl PredictInplace<SparseBatch, Array1<f64>> for FtrlModel {
    /// The probability of a click per impression, for each row.
    fn predict_inplace(&self, batch: &SparseBatch, y: &mut Array1<f64>) {
        // The coordinates of the next row are on their way while this one is summed.
        for (row, p) in y.iter_mut().enumerate() {
            if row + 1 < batch.n_rows() {
                for &slot in batch.row(row + 1).slots {
                    ask_for(&self.state, slot as usize);
                }
            }
            let SparseRow { slots, values } = batch.row(row);
            *p = sigmoid(self.logit(slots, values));
        }
    }

    fn default_target(&self, batch: &SparseBatch) -> Array1<f64> {
        Array1::zeros(batch.n_rows())
    }
}

#[cfg(test)]
mod tests;
