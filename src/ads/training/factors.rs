//! The factor model's way to learn a shard: some of its people are held out to know when to stop.

use ndarray::Array1;

use super::encode::Encoded;
use super::report::Point;
use super::shards::{Course, Learnt};
use crate::ads::AdsError;
use crate::ads::factor_clicks::{N_FIELDS, entries};
use crate::ads::params::ValidAdsParams;
use crate::learn::factor::{FactorModel, FieldBatch, FieldDataset};
use crate::learn::{ClickTargets, Clicks};

/// Trains on rows from a base rate: the loss of the rows held out after each pass, and what rows have moved.
pub(super) fn learn(
    rows: &[&Encoded<'_>],
    rate: f64,
    params: &ValidAdsParams,
) -> Result<Course, AdsError> {
    let (held_out, fitted): (Vec<&Encoded<'_>>, Vec<_>) = rows
        .iter()
        .copied()
        .partition(|row| row.is_for_stopping(params.early_stopping()));
    let data = dataset(&fitted, params, params.negative_share())?;
    // Their loss is not weighted, so they are not sampled either.
    let held_out = dataset(&held_out, params, 1.0)?;
    let model = FactorModel::at_rate(params.factors(), N_FIELDS, rate)?;
    let watched = (params.early_stopping() > 0).then_some(&held_out);
    let fitted = (params.factors()).fit_watching(Some(model), &data, watched)?;
    let impressions = held_out.targets().totals().impressions as f64;
    let point = |loss: &f64| Point {
        loss: loss * impressions,
        impressions,
    };
    Ok(Course {
        curve: fitted.curve.held_out.iter().map(point).collect(),
        learnt: Learnt::Factors(fitted.model.moved()),
    })
}

fn dataset(
    rows: &[&Encoded<'_>],
    params: &ValidAdsParams,
    negative_share: f64,
) -> Result<FieldDataset, AdsError> {
    let bits = params.factors().bits();
    let mut batch = FieldBatch::new(params.factors().n_slots(), N_FIELDS);
    let mut targets: Vec<Clicks> = Vec::new();
    let mut weights = Vec::new();
    for row in rows {
        let Some(weight) = row.sampled(negative_share) else {
            continue;
        };
        let entries: Vec<_> = entries(row.features(), bits).collect();
        batch.push_row(&entries)?;
        targets.push(row.row.target);
        weights.push(weight);
    }
    let dataset = FieldDataset::new(batch, ClickTargets::new(targets)?);
    Ok(dataset.with_weights(Array1::from(weights)))
}
