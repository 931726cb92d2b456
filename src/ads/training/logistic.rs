//! The logistic model's way to learn a shard.

use ndarray::Array1;

use super::encode::Encoded;
use super::report::Progressive;
use super::shards::{Course, Learnt};
use crate::ads::AdsError;
use crate::ads::params::ValidAdsParams;
use crate::learn::{ClickDataset, ClickTargets, FtrlModel, FtrlValidParams, SparseBatch};

/// Trains on rows from a base rate: the loss as training went on, and what rows have moved, by slot.
pub(super) fn learn(
    rows: &[&Encoded<'_>],
    rate: f64,
    params: &ValidAdsParams,
    n_shards: u64,
) -> Result<Course, AdsError> {
    let data = dataset(rows, params)?;
    let mut model = FtrlModel::at_rate(&shard_params(params.ftrl(), n_shards), rate)?;
    let mut curve = Progressive::of(params.ftrl().epochs(), data.records().n_rows());
    model.learn_observed(&data, &mut |epoch, p, happened| {
        curve.add(epoch, p, happened);
    })?;
    Ok(Course {
        curve: curve.points,
        learnt: Learnt::Logistic(model.touched().collect()),
    })
}

fn dataset(rows: &[&Encoded<'_>], params: &ValidAdsParams) -> Result<ClickDataset, AdsError> {
    let bits = params.ftrl().bits();
    let mut batch = SparseBatch::new(params.ftrl().n_slots());
    let sampled = |row: &&&Encoded<'_>| row.sampled(params.negative_share()).is_some();
    let n_rows = rows.iter().filter(sampled).count();
    let mut targets = Vec::with_capacity(n_rows);
    let mut weights = Vec::with_capacity(n_rows);
    // Rows are much alike. Room that is not filled takes no memory.
    let a_row = rows.first().map_or(0, |row| row.features().count() + 4);
    batch.reserve(n_rows, n_rows * a_row);
    let mut slots = Vec::new();
    for row in rows {
        let Some(weight) = row.sampled(params.negative_share()) else {
            continue;
        };
        slots.clear();
        // One call of a closure a feature: the chain of iterators behind it asks where it is at every step.
        row.features()
            .for_each(|feature| slots.push(feature.slot(bits)));
        batch.push_ones(&mut slots)?;
        targets.push(row.row.target);
        weights.push(weight);
    }
    let dataset = ClickDataset::new(batch, ClickTargets::new(targets)?);
    Ok(dataset.with_weights(Array1::from(weights)))
}

/// The parameters a shard is trained with: α times the root of the number of shards.
///
/// A coordinate that is in every shard gets one gradient in S there, so that `√n` is √S times less than all rows together would
/// make it and a step √S times shorter than it should be in relation to what is left to learn.
fn shard_params(ftrl: &FtrlValidParams, n_shards: u64) -> FtrlValidParams {
    ftrl.faster((n_shards as f64).sqrt())
}
