//! The click model: logistic regression trained by FTRL-Proximal, one learning rate per coordinate.

use linfa::traits::{Fit, FitWith, PredictInplace};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::AdsError;
use super::batch::{ClickDataset, ClickTargets, Clicks, SparseBatch};
use super::features::mix;
use super::params::{FtrlParams, FtrlValidParams};
use linfa::ParamGuard;

/// How many clicks a part may be wrong by before it counts for less.
const MAX_SLOPE: f64 = 4.0;

/// The version of the form in which models are written.
pub const MODEL_SCHEMA: u32 = 1;

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
/// # References
/// H. B. McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013, Algorithm 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ModelFile", into = "ModelFile")]
pub struct FtrlModel {
    params: FtrlValidParams,
    offset: f64,
    state: Vec<Coordinate>,
}

/// `z` and `n` of one coordinate, side by side because they are always read together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Coordinate {
    z: f64,
    n: f64,
}

impl FtrlModel {
    /// A model that has seen nothing and answers `rate` for every row.
    ///
    /// # Errors
    /// If the rate is not strictly between 0 and 1.
    pub fn at_rate(params: &FtrlValidParams, rate: f64) -> Result<Self, AdsError> {
        if rate > 0.0 && rate < 1.0 {
            Ok(Self {
                params: params.clone(),
                offset: logit(rate),
                state: vec![Coordinate::default(); params.n_slots()],
            })
        } else {
            Err(AdsError::Model {
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
        weight(&self.params, self.state[slot as usize])
    }

    /// The log-odds of a click on a row of slots and values.
    ///
    /// # Panics
    /// If a slot lies outside the model.
    #[must_use]
    pub fn logit(&self, slots: &[u32], values: &[f32]) -> f64 {
        let terms = slots.iter().zip(values);
        let sum: f64 = terms
            .map(|(&slot, &x)| self.weight(slot) * f64::from(x))
            .sum();
        self.offset + sum
    }

    /// How many weights are not 0.
    #[must_use]
    pub fn n_weights(&self) -> usize {
        let non_zero = |c: &&Coordinate| weight(&self.params, **c) != 0.0;
        self.state.iter().filter(non_zero).count()
    }

    fn learn(&mut self, dataset: &ClickDataset) -> Result<(), AdsError> {
        let (batch, targets) = (dataset.records(), dataset.targets().as_slice());
        check_shape(self, batch, targets)?;
        let mut weights = Vec::new();
        for epoch in 0..self.params.epochs() {
            for row in visiting_order(targets.len(), self.params.seed(), epoch) {
                let (slots, values) = batch.row(row);
                self.learn_row(slots, values, targets[row], &mut weights);
            }
        }
        Ok(())
    }

    fn learn_row(&mut self, slots: &[u32], values: &[f32], target: Clicks, weights: &mut Vec<f64>) {
        let (m, c) = (f64::from(target.impressions), f64::from(target.clicks));
        let expected = m * sigmoid(self.logit(slots, values));
        let n_parts = parts(expected.max(c), self.params.max_parts());
        let share = f64::from(n_parts);
        for _ in 0..n_parts {
            self.learn_part(slots, values, m / share, c / share, weights);
        }
    }

    /// One step of Algorithm 1 for a part's impressions and clicks; `weights` is scratch.
    fn learn_part(
        &mut self,
        slots: &[u32],
        values: &[f32],
        impressions: f64,
        clicks: f64,
        weights: &mut Vec<f64>,
    ) {
        weights.clear();
        weights.extend(slots.iter().map(|&slot| self.weight(slot)));
        let terms = weights.iter().zip(values);
        let sum: f64 = terms.map(|(w, &x)| w * f64::from(x)).sum();
        let p = sigmoid(self.offset + sum);
        let (slope, square) = slope_and_square(p, impressions, clicks);
        for ((&slot, &x), &w) in slots.iter().zip(values).zip(weights.iter()) {
            let x = f64::from(x);
            let state = &mut self.state[slot as usize];
            let n = state.n + square * x * x;
            let sigma = (n.sqrt() - state.n.sqrt()) / self.params.alpha();
            state.z += slope * x - sigma * w;
            state.n = n;
        }
    }
}

/// The gradient of a part per unit of x, and what it adds to n per unit of x².
fn slope_and_square(p: f64, m: f64, c: f64) -> (f64, f64) {
    let slope = m * p - c;
    let one_by_one = c * (1.0 - p) * (1.0 - p) + (m - c) * p * p;
    let kept = (MAX_SLOPE / slope.abs()).min(1.0);
    let slope = slope * kept;
    (slope, (slope * slope).max(one_by_one * kept))
}

/// Into how many parts a row with this many clicks, seen or expected, is cut.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float casts saturate and the result is clamped"
)]
fn parts(clicks: f64, max_parts: u32) -> u32 {
    (clicks.ceil() as u32).clamp(1, max_parts)
}

fn weight(params: &FtrlValidParams, Coordinate { z, n }: Coordinate) -> f64 {
    if z.abs() <= params.l1() {
        return 0.0;
    }
    let shrunk = z - z.signum() * params.l1();
    -shrunk / ((params.beta() + n.sqrt()) / params.alpha() + params.l2())
}

fn check_shape(model: &FtrlModel, batch: &SparseBatch, targets: &[Clicks]) -> Result<(), AdsError> {
    if batch.n_rows() != targets.len() {
        return Err(AdsError::Targets {
            n_rows: batch.n_rows(),
            n_targets: targets.len(),
        });
    }
    if batch.n_slots() != model.state.len() {
        return Err(AdsError::Slots {
            expected: model.state.len(),
            found: batch.n_slots(),
        });
    }
    Ok(())
}

/// The rows in the order an epoch visits them: by a hash of seed, epoch and index.
fn visiting_order(n_rows: usize, seed: u64, epoch: u32) -> Vec<usize> {
    let salt = mix(seed, u64::from(epoch));
    let mut order: Vec<usize> = (0..n_rows).collect();
    order.sort_by_cached_key(|&row| mix(salt, row as u64));
    order
}

/// 1/(1 + e⁻ˣ), with x clamped to ±35 so that neither p nor 1 − p becomes 0; NaN counts as 0.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    let x = if x.is_nan() {
        0.0
    } else {
        x.clamp(-35.0, 35.0)
    };
    1.0 / (1.0 + (-x).exp())
}

/// ln(p/(1 − p)).
pub(crate) fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

impl Fit<SparseBatch, ClickTargets, AdsError> for FtrlValidParams {
    type Object = FtrlModel;

    /// Trains from the base rate of the rows, half a click added.
    fn fit(&self, dataset: &ClickDataset) -> Result<FtrlModel, AdsError> {
        self.fit_with(None, dataset)
    }
}

impl<'a> FitWith<'a, SparseBatch, ClickTargets, AdsError> for FtrlValidParams {
    type ObjectIn = Option<FtrlModel>;
    type ObjectOut = FtrlModel;

    /// Goes on from a model, if there is one; its offset and parameters stay as they are, except epochs and
    /// seed, which are ours.
    fn fit_with(
        &self,
        model: Option<FtrlModel>,
        dataset: &'a ClickDataset,
    ) -> Result<FtrlModel, AdsError> {
        let mut model = match model {
            Some(model) => model.visiting_as(self)?,
            None => FtrlModel::at_rate(self, base_rate(dataset.targets()))?,
        };
        model.learn(dataset)?;
        Ok(model)
    }
}

impl FtrlModel {
    fn visiting_as(mut self, params: &FtrlValidParams) -> Result<Self, AdsError> {
        let theirs = self.params.to_unchecked();
        self.params = theirs.epochs(params.epochs()).seed(params.seed()).check()?;
        Ok(self)
    }
}

fn base_rate(targets: &ClickTargets) -> f64 {
    let (clicks, impressions) = targets.totals();
    (clicks as f64 + 0.5) / (impressions as f64 + 1.0)
}

impl PredictInplace<SparseBatch, Array1<f64>> for FtrlModel {
    /// The probability of a click per impression, for each row.
    fn predict_inplace(&self, batch: &SparseBatch, y: &mut Array1<f64>) {
        for (row, p) in y.iter_mut().enumerate() {
            let (slots, values) = batch.row(row);
            *p = sigmoid(self.logit(slots, values));
        }
    }

    fn default_target(&self, batch: &SparseBatch) -> Array1<f64> {
        Array1::zeros(batch.n_rows())
    }
}

/// A model as it is written. Numbers are bit patterns: a text of decimal digits may not read back the same.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    schema: u32,
    params: FtrlParams,
    offset_bits: u64,
    /// (slot, bits of z, bits of n), by slot, untouched slots left out.
    coordinates: Vec<(u32, u64, u64)>,
}

impl From<FtrlModel> for ModelFile {
    fn from(model: FtrlModel) -> Self {
        let touched = (0..)
            .zip(&model.state)
            .filter(|(_, c)| c.n != 0.0 || c.z != 0.0);
        Self {
            schema: MODEL_SCHEMA,
            params: model.params.to_unchecked(),
            offset_bits: model.offset.to_bits(),
            coordinates: touched
                .map(|(slot, c)| (slot, c.z.to_bits(), c.n.to_bits()))
                .collect(),
        }
    }
}

impl TryFrom<ModelFile> for FtrlModel {
    type Error = AdsError;

    fn try_from(file: ModelFile) -> Result<Self, AdsError> {
        if file.schema != MODEL_SCHEMA {
            return Err(AdsError::ModelSchema {
                found: file.schema,
                expected: MODEL_SCHEMA,
            });
        }
        let params = file.params.check()?;
        let mut state = vec![Coordinate::default(); params.n_slots()];
        for (slot, z, n) in file.coordinates {
            let place = state.get_mut(slot as usize).ok_or(AdsError::Model {
                what: "a slot outside its table",
            })?;
            *place = Coordinate {
                z: finite(z)?,
                n: not_negative(finite(n)?)?,
            };
        }
        Ok(Self {
            params,
            offset: finite(file.offset_bits)?,
            state,
        })
    }
}

fn finite(bits: u64) -> Result<f64, AdsError> {
    let value = f64::from_bits(bits);
    value.is_finite().then_some(value).ok_or(AdsError::Model {
        what: "a number that is not finite",
    })
}

fn not_negative(n: f64) -> Result<f64, AdsError> {
    (n >= 0.0).then_some(n).ok_or(AdsError::Model {
        what: "a negative sum of squares",
    })
}

#[cfg(test)]
mod tests {
    use linfa::traits::Predict;
    use proptest::prelude::*;

    use super::*;

    const SLOTS: usize = 1 << 10;

    fn params() -> FtrlParams {
        FtrlParams::default()
            .bits(10)
            .alpha(0.1)
            .l1(0.1)
            .l2(1.0)
            .epochs(1)
    }

    /// Two of eight features a row; the first feature makes clicks likely.
    fn rows(n: u64, impressions: u32) -> Vec<(Vec<(u32, f32)>, Clicks)> {
        let roll = |i, salt, sides| u32::try_from(mix(i, salt) % sides).unwrap();
        (0..n)
            .map(|i| {
                let (a, b) = (roll(i, 1, 8), 8 + roll(i, 2, 8));
                let odds = if a == 0 { 2 } else { 10 };
                let clicks =
                    (0..impressions).map(|j| u32::from(roll(i, 3 + u64::from(j), odds) == 0));
                let clicks = clicks.sum();
                (
                    vec![(a, 1.0), (b, 0.5)],
                    Clicks {
                        clicks,
                        impressions,
                    },
                )
            })
            .collect()
    }

    fn dataset(rows: &[(Vec<(u32, f32)>, Clicks)]) -> ClickDataset {
        let mut batch = SparseBatch::new(SLOTS);
        for (pairs, _) in rows {
            batch.push_row(pairs).unwrap();
        }
        let targets = rows.iter().map(|(_, target)| *target).collect();
        ClickDataset::new(batch, ClickTargets::new(targets).unwrap())
    }

    #[expect(clippy::many_single_char_names, reason = "the paper's names")]
    /// Algorithm 1 of the paper as it stands there, over dense vectors, with an offset.
    fn dense(rows: &[(Vec<(u32, f32)>, Clicks)], order: &[usize], offset: f64) -> Vec<f64> {
        let (alpha, beta, l1, l2) = (0.1, 1.0, 0.1, 1.0);
        let (mut z, mut n) = (vec![0.0_f64; SLOTS], vec![0.0_f64; SLOTS]);
        let w = |z: &[f64], n: &[f64]| -> Vec<f64> {
            let one = |(&z, &n): (&f64, &f64)| {
                if z.abs() <= l1 {
                    0.0
                } else {
                    -(1.0 / ((beta + f64::sqrt(n)) / alpha + l2)) * (z - z.signum() * l1)
                }
            };
            z.iter().zip(n).map(one).collect()
        };
        for &row in order {
            let mut x = vec![0.0; SLOTS];
            for &(slot, value) in &rows[row].0 {
                x[slot as usize] = f64::from(value);
            }
            let weights = w(&z, &n);
            let dot: f64 = x.iter().zip(&weights).map(|(x, w)| x * w).sum();
            let p = 1.0 / (1.0 + (-(offset + dot)).exp());
            for i in 0..SLOTS {
                let g = (p - f64::from(rows[row].1.clicks)) * x[i];
                let sigma = ((n[i] + g * g).sqrt() - n[i].sqrt()) / alpha;
                z[i] += g - sigma * weights[i];
                n[i] += g * g;
            }
        }
        w(&z, &n)
    }

    #[test]
    fn oracle_single_impressions_follow_algorithm_1() {
        let rows = rows(2_000, 1);
        let model = params().fit(&dataset(&rows)).unwrap();
        let order = visiting_order(rows.len(), 0, 0);
        let expected = dense(&rows, &order, model.offset());
        for (slot, expected) in (0..).zip(expected) {
            // Both sum in f64; only the order of two operations differs.
            assert!((model.weight(slot) - expected).abs() < 1e-9, "slot {slot}");
        }
        assert!(model.weight(0) > 0.5, "the first feature was learnt");
    }

    /// A grouped row is not its impressions one by one, but both end near the same probabilities.
    #[test]
    fn grouped_rows_end_near_their_single_impressions() {
        let grouped = rows(300, 40);
        let single: Vec<_> = grouped
            .iter()
            .flat_map(|(x, t)| {
                let one = |i| Clicks {
                    clicks: u32::from(i < t.clicks),
                    impressions: 1,
                };
                (0..t.impressions).map(move |i| (x.clone(), one(i)))
            })
            .collect();
        let batch = dataset(&grouped);
        let a = params().epochs(3).fit(&batch).unwrap().predict(&batch);
        let b = params()
            .epochs(3)
            .fit(&dataset(&single))
            .unwrap()
            .predict(&batch);
        for (a, b) in a.iter().zip(&b) {
            assert!((a / b - 1.0).abs() < 0.15, "{a} against {b}");
        }
    }

    #[test]
    fn rows_of_100_000_impressions_neither_explode_nor_end_learning() {
        let target = |clicks| Clicks {
            clicks,
            impressions: 100_000,
        };
        // Rates of 0.00005, 0.0002 and 0.002, started from one half.
        let data: Vec<_> = [5, 20, 200]
            .into_iter()
            .zip(0..)
            .map(|(clicks, slot)| (vec![(slot, 1.0)], target(clicks)))
            .collect();
        let valid = params()
            .l1(0.0)
            .l2(0.0)
            .alpha(0.5)
            .epochs(100)
            .check()
            .unwrap();
        let start = FtrlModel::at_rate(&valid, 0.5).unwrap();
        let batch = dataset(&data);
        let model = valid.fit_with(Some(start), &batch).unwrap();
        for (p, (_, target)) in model.predict(&batch).iter().zip(&data) {
            let ratio = p * 100_000.0 / f64::from(target.clicks);
            assert!((0.8..1.25).contains(&ratio), "{p}: {ratio}");
        }
    }

    #[test]
    fn same_model_when_trained_again() {
        let data = dataset(&rows(500, 3));
        assert_eq!(params().fit(&data).unwrap(), params().fit(&data).unwrap());
        assert_ne!(
            params().fit(&data).unwrap(),
            params().seed(1).fit(&data).unwrap()
        );
    }

    #[test]
    fn going_on_is_not_starting_over() {
        let (first, second) = (dataset(&rows(500, 1)), dataset(&rows(900, 1)));
        let model = params().fit(&first).unwrap();
        let valid = params().check().unwrap();
        let more = valid.fit_with(Some(model.clone()), &second).unwrap();
        assert_eq!(more.offset(), model.offset());
        assert_ne!(more, model);
        assert_eq!(valid.fit_with(None, &first).unwrap(), model);
    }

    #[test]
    fn same_model_after_writing_and_reading() {
        let model = params().fit(&dataset(&rows(500, 3))).unwrap();
        let text = serde_json::to_string(&model).unwrap();
        assert_eq!(serde_json::from_str::<FtrlModel>(&text).unwrap(), model);
    }

    #[test]
    fn deny_damaged_models() {
        let model = params().fit(&dataset(&rows(50, 3))).unwrap();
        let damaged = |change: fn(&mut ModelFile)| {
            let mut file = ModelFile::from(model.clone());
            change(&mut file);
            FtrlModel::try_from(file)
        };
        assert!(damaged(|_| ()).is_ok());
        assert!(damaged(|f| f.schema += 1).is_err());
        assert!(damaged(|f| f.offset_bits = f64::NAN.to_bits()).is_err());
        assert!(damaged(|f| f.coordinates[0].0 = 1 << 10).is_err());
        assert!(damaged(|f| f.coordinates[0].1 = f64::INFINITY.to_bits()).is_err());
        assert!(damaged(|f| f.coordinates[0].2 = (-1.0_f64).to_bits()).is_err());
        assert!(damaged(|f| f.params = FtrlParams::default().bits(9)).is_err());
    }

    #[test]
    fn deny_shapes_that_do_not_fit() {
        let other_slots = ClickDataset::new(SparseBatch::new(5), ClickTargets::default());
        assert!(matches!(
            params().fit(&other_slots),
            Err(AdsError::Slots { .. })
        ));
        let one = ClickTargets::new(vec![Clicks::default()]).unwrap();
        let no_row = ClickDataset::new(SparseBatch::new(SLOTS), one);
        assert!(matches!(
            params().fit(&no_row),
            Err(AdsError::Targets { .. })
        ));
    }

    #[test]
    fn deny_rates_that_are_certain() {
        let valid = params().check().unwrap();
        for rate in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(FtrlModel::at_rate(&valid, rate).is_err(), "{rate}");
        }
    }

    #[test]
    fn sigmoid_is_never_certain() {
        for x in [f64::NEG_INFINITY, -1e300, 1e300, f64::INFINITY, f64::NAN] {
            assert!(sigmoid(x) > 0.0 && sigmoid(x) < 1.0, "{x}");
        }
        assert_eq!(sigmoid(0.0), 0.5);
    }

    proptest! {
        #[test]
        fn prop_predictions_are_probabilities(
            cells in prop::collection::vec((0_u32..16, -1e6_f32..1e6, 0_u32..u32::MAX, 0_u32..100), 0..30),
        ) {
            let rows: Vec<_> = cells
                .iter()
                .map(|&(slot, x, m, c)| (vec![(slot, x)], Clicks { clicks: c.min(m), impressions: m }))
                .collect();
            let data = dataset(&rows);
            let model = params().alpha(10.0).l1(0.0).l2(0.0).fit(&data).unwrap();
            let p = model.predict(&data);
            prop_assert!(p.iter().all(|p| *p > 0.0 && *p < 1.0), "{p}");
            prop_assert!((0..16).all(|slot| model.weight(slot).is_finite()));
        }
    }
}
