//! From rows to a model, and when to stop.

use linfa::ParamGuard;
use linfa::traits::{Fit, FitWith, Predict};

use super::batch::{FieldBatch, FieldDataset};
use super::learn::{Happened, Learner};
use super::model::FactorModel;
use super::params::FactorValidParams;
use crate::hash::mix;
use crate::learn::{ClickTargets, Clicks, LearnError};

/// How well held-out rows were predicted after each pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningCurve {
    /// Log loss of held-out rows, nats per impression, after each pass; empty if nothing was held out.
    pub held_out: Vec<f64>,
    /// How many passes the model given back has made.
    pub epochs: u32,
}

/// A model that training stopped by rows it did not learn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// The model.
    pub model: FactorModel,
    /// How training went.
    pub curve: LearningCurve,
}

impl FactorValidParams {
    /// Trains on the rows and stops by others: the model of the pass that did best on `held_out`, or of the last one if
    /// that has no impressions. Goes on from a model, if there is one, as [`FitWith`] does.
    ///
    /// # Complexity
    /// O(epochs · Σ parts · n·m) for rows of n entries in m fields; a second table while rows are held out.
    ///
    /// # Errors
    /// If shapes do not fit, or a weight is negative or not finite.
    pub fn fit_watching(
        &self,
        model: Option<FactorModel>,
        dataset: &FieldDataset,
        held_out: Option<&FieldDataset>,
    ) -> Result<Watched, LearnError> {
        let happened = happened(dataset)?;
        let mut model = match model {
            Some(model) => model.going_on(self)?,
            None => FactorModel::at_rate(self, dataset.records.n_fields(), base_rate(&happened))?,
        };
        check_shape(&model, dataset.records())?;
        let held_out = held_out.filter(|rows| rows.targets().totals().impressions > 0);
        held_out.map_or(Ok(()), |rows| check_shape(&model, rows.records()))?;
        let curve = self.run(&mut model, dataset.records(), &happened, held_out);
        Ok(Watched { model, curve })
    }

    fn run(
        &self,
        model: &mut FactorModel,
        rows: &FieldBatch,
        happened: &[Happened],
        held_out: Option<&FieldDataset>,
    ) -> LearningCurve {
        let learner = Learner::new(self, model.offset, model.n_fields);
        let mut curve = LearningCurve::default();
        let mut best = held_out.map(|held_out| (log_loss(model, held_out), model.table.clone()));
        for epoch in 1..=self.epochs() {
            learner.learn(&mut model.table, rows, happened);
            let (Some(held_out), Some((least, table))) = (held_out, &mut best) else {
                curve.epochs = epoch;
                continue;
            };
            let loss = log_loss(model, held_out);
            curve.held_out.push(loss);
            if loss < *least {
                (*least, curve.epochs) = (loss, epoch);
                table.clone_from(&model.table);
            } else if epoch - curve.epochs >= self.patience() {
                break;
            }
        }
        if let Some((_, table)) = best {
            model.table = table;
        }
        curve
    }
}

impl FactorModel {
    /// The model with the learning settings of others; what its table depends on stays.
    fn going_on(mut self, params: &FactorValidParams) -> Result<Self, LearnError> {
        let own = &self.params;
        let shape = |p: &FactorValidParams| (p.interaction(), p.k(), p.bits(), p.weight_bits());
        if shape(own) != shape(params) {
            return Err(LearnError::Model {
                what: "other vectors than these parameters ask for",
            });
        }
        let seed = own.seed();
        self.params = params.to_unchecked().seed(seed).check()?;
        Ok(self)
    }
}

/// Log loss in nats per impression, summed in the rows' order.
fn log_loss(model: &FactorModel, dataset: &FieldDataset) -> f64 {
    let p = model.predict(dataset);
    let rows = p.iter().zip(dataset.targets().as_slice());
    let loss: f64 = rows
        .map(|(&p, target)| {
            let clicks = f64::from(target.clicks);
            let others = f64::from(target.impressions) - clicks;
            -clicks * p.ln() - others * (-p).ln_1p()
        })
        .sum();
    loss / dataset.targets().totals().impressions as f64
}

fn happened(dataset: &FieldDataset) -> Result<Vec<Happened>, LearnError> {
    let targets = dataset.targets().as_slice();
    let (n_rows, n_targets) = (dataset.records().n_rows(), targets.len());
    if n_rows != n_targets {
        return Err(LearnError::Targets { n_rows, n_targets });
    }
    let weights = dataset.weights();
    if let Some(n_weights) = weights.map(<[f32]>::len).filter(|&n| n != n_rows) {
        return Err(LearnError::Weights { n_rows, n_weights });
    }
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let is_bad = |&row: &usize| !(weight(row).is_finite() && weight(row) >= 0.0);
    if let Some(row) = (0..n_rows).find(is_bad) {
        return Err(LearnError::Weight { row });
    }
    let one = |(row, target): (usize, &Clicks)| Happened {
        impressions: f64::from(weight(row)) * f64::from(target.impressions),
        clicks: f64::from(weight(row)) * f64::from(target.clicks),
    };
    Ok(targets.iter().enumerate().map(one).collect())
}

fn check_shape(model: &FactorModel, rows: &FieldBatch) -> Result<(), LearnError> {
    let (expected, found) = (model.params.n_slots(), rows.n_slots());
    if expected != found {
        return Err(LearnError::Slots { expected, found });
    }
    if model.n_fields != rows.n_fields() {
        return Err(LearnError::Model {
            what: "another number of fields than the rows have",
        });
    }
    Ok(())
}

/// The rows' click rate, half a click added.
fn base_rate(happened: &[Happened]) -> f64 {
    let clicks: f64 = happened.iter().map(|row| row.clicks).sum();
    let impressions: f64 = happened.iter().map(|row| row.impressions).sum();
    let rate = (clicks + 0.5) / (impressions + 1.0);
    if rate > 0.0 && rate < 1.0 { rate } else { 0.5 }
}

/// Salt of the rows held out, so that they are independent of where vectors begin.
const HOLD_OUT_SALT: u64 = 0x401D;

/// The rows that are trained on and those that are held out, one in so many by a hash of seed and index.
fn split(
    dataset: &FieldDataset,
    params: &FactorValidParams,
) -> Result<[FieldDataset; 2], LearnError> {
    let salt = mix(params.seed() ^ HOLD_OUT_SALT);
    let is_out = |row: usize| mix(salt ^ row as u64).is_multiple_of(u64::from(params.hold_out()));
    let part = |out: bool| -> Result<FieldDataset, LearnError> {
        let all = dataset.records();
        let mut rows = FieldBatch::new(all.n_slots(), all.n_fields());
        let (mut targets, mut weights) = (Vec::new(), Vec::new());
        for row in (0..all.n_rows()).filter(|&row| is_out(row) == out) {
            rows.push(all.row(row));
            targets.push(dataset.targets().as_slice()[row]);
            weights.extend(dataset.weights().map(|weights| weights[row]));
        }
        let part = FieldDataset::new(rows, ClickTargets::new(targets)?);
        let has_weights = dataset.weights().is_some();
        Ok(if has_weights {
            part.with_weights(weights.into())
        } else {
            part
        })
    };
    Ok([part(false)?, part(true)?])
}

impl Fit<FieldBatch, ClickTargets, LearnError> for FactorValidParams {
    type Object = FactorModel;

    /// Trains from the base rate of the rows, half a click added; with `hold_out`, on all but the rows held out.
    fn fit(&self, dataset: &FieldDataset) -> Result<FactorModel, LearnError> {
        self.fit_with(None, dataset)
    }
}

impl<'a> FitWith<'a, FieldBatch, ClickTargets, LearnError> for FactorValidParams {
    type ObjectIn = Option<FactorModel>;
    type ObjectOut = FactorModel;

    /// Goes on from a model, if there is one, whose vectors have this kind, size and width; its offset and seed stay.
    fn fit_with(
        &self,
        model: Option<FactorModel>,
        dataset: &'a FieldDataset,
    ) -> Result<FactorModel, LearnError> {
        if self.hold_out() == 0 {
            return Ok(self.fit_watching(model, dataset, None)?.model);
        }
        happened(dataset)?;
        let [rows, held_out] = split(dataset, self)?;
        Ok(self.fit_watching(model, &rows, Some(&held_out))?.model)
    }
}
