//! Rows in shards, each trained by itself.

use blake3::Hasher;
use linfa::ParamGuard;

use super::encode::Encoded;
use super::report::{Points, Progressive};
use crate::ads::AdsError;
use crate::ads::batch::{ClickDataset, ClickTargets, SparseBatch};
use crate::ads::features::mix;
use crate::ads::ftrl::{Coordinate, FtrlModel, MODEL_SCHEMA};
use crate::ads::params::{FtrlValidParams, ValidAdsParams};
use ndarray::Array1;

/// Keeps shards independent of other splits by the same hash.
const SHARD_SALT: u64 = 0x54A2D;

/// Clicks that a shard has to have, on average: with fewer each knows too little for their mean to know about as much as one model
/// of all (`docs/scoring.md`).
pub const MIN_CLICKS_PER_SHARD: u64 = 10_000;

/// The rows of a shard.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard<'a> {
    rows: Vec<Encoded<'a>>,
}

/// What training made of a shard, and of which rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ShardState {
    /// Of the rows and of all that decides how they are trained.
    pub(super) digest: blake3::Hash,
    /// The loss as training went on.
    pub(super) curve: Points,
    /// What rows have moved, by slot.
    pub(super) coordinates: Vec<(u32, Coordinate)>,
}

/// How many shards: a power of two, as many as the parameters allow and the clicks fill.
pub(super) fn n_shards(params: &ValidAdsParams, clicks: u64) -> u64 {
    let filled = (clicks / MIN_CLICKS_PER_SHARD).clamp(1, u64::from(params.shards()));
    1 << filled.ilog2()
}

/// Puts rows into their shards.
pub(super) fn sharded(rows: Vec<Encoded<'_>>, n_shards: u64) -> Vec<Shard<'_>> {
    let mut shards = vec![Shard::default(); usize::try_from(n_shards).expect("at most 4,096")];
    for row in rows {
        let shard = mix(SHARD_SALT, row.shard_key()) % n_shards;
        shards[usize::try_from(shard).expect("below the number of shards")]
            .rows
            .push(row);
    }
    shards
}

impl Shard<'_> {
    pub(super) fn rows(&self) -> &[Encoded<'_>] {
        &self.rows
    }

    /// Puts the rows in the order of a hash of what they say; rows that say the same are the same.
    pub(super) fn sort(&mut self) {
        self.rows.sort_unstable_by(Encoded::cmp);
    }

    /// The digest of the rows, in their order, and of all that decides how they are trained.
    pub(super) fn digest(&self, params: &ValidAdsParams, n_shards: u64) -> blake3::Hash {
        let mut hasher = Hasher::new();
        let ftrl = serde_json::to_string(&params.ftrl().to_unchecked());
        hasher.update(ftrl.expect("parameters are numbers").as_bytes());
        let numbers = [
            u64::from(MODEL_SCHEMA),
            n_shards,
            params.negative_share().to_bits(),
            params.prior_ctr().to_bits(),
            params.prior_impressions().to_bits(),
            self.rows.len() as u64,
        ];
        let mut bytes = Vec::new();
        for number in numbers {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for row in &self.rows {
            row.write(&mut bytes);
            if bytes.len() > 1 << 16 {
                hasher.update(&bytes);
                bytes.clear();
            }
        }
        hasher.update(&bytes).finalize()
    }

    /// Trains on the rows alone, from their own base rate.
    pub(super) fn learn(
        &self,
        digest: blake3::Hash,
        params: &ValidAdsParams,
        n_shards: u64,
    ) -> Result<ShardState, AdsError> {
        let data = self.dataset(params)?;
        let (clicks, impressions) = self.totals();
        let rate = params.rate(clicks, impressions);
        let mut model = FtrlModel::at_rate(&shard_params(params.ftrl(), n_shards)?, rate)?;
        let mut curve = Progressive::of(params.ftrl().epochs(), data.records().n_rows());
        model.learn_observed(&data, &mut |epoch, p, happened| {
            curve.add(epoch, p, happened);
        })?;
        Ok(ShardState {
            digest,
            curve: curve.points,
            coordinates: model.touched().collect(),
        })
    }

    fn totals(&self) -> (u64, u64) {
        self.rows.iter().fold((0, 0), |(clicks, impressions), row| {
            let target = row.row.target;
            (
                clicks + u64::from(target.clicks),
                impressions + u64::from(target.impressions),
            )
        })
    }

    fn dataset(&self, params: &ValidAdsParams) -> Result<ClickDataset, AdsError> {
        let bits = params.ftrl().bits();
        let mut batch = SparseBatch::new(params.ftrl().n_slots());
        let (mut targets, mut weights) = (Vec::new(), Vec::new());
        let mut pairs = Vec::new();
        for row in &self.rows {
            let Some(weight) = row.sampled(params.negative_share()) else {
                continue;
            };
            pairs.clear();
            pairs.extend(row.features().map(|feature| (feature.slot(bits), 1.0)));
            batch.push_row(&pairs)?;
            targets.push(row.row.target);
            weights.push(weight);
        }
        let dataset = ClickDataset::new(batch, ClickTargets::new(targets)?);
        Ok(dataset.with_weights(Array1::from(weights)))
    }
}

/// The parameters a shard is trained with: α times the root of the number of shards.
///
/// A coordinate that is in every shard gets one gradient in S there, so that `√n` is √S times less than all rows together would
/// make it and a step √S times shorter than it should be in relation to what is left to learn.
fn shard_params(ftrl: &FtrlValidParams, n_shards: u64) -> Result<FtrlValidParams, AdsError> {
    let alpha = ftrl.alpha() * (n_shards as f64).sqrt();
    Ok(ftrl.to_unchecked().alpha(alpha).check()?)
}
