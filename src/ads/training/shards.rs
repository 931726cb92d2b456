//! Rows in shards, each trained by itself.

use blake3::Hasher;

use super::encode::Encoded;
use super::order::sort;
use super::report::Points;
use super::{factors, logistic};
use crate::ads::AdsError;
use crate::ads::model_kind::ModelKind;
use crate::ads::params::ValidAdsParams;
use crate::hash::mix_two as mix;
use crate::learn::factor::{FACTOR_SCHEMA, Moved};
use crate::learn::{ClickTotals, Coordinate, MODEL_SCHEMA};

/// Keeps shards independent of other splits by the same hash.
const SHARD_SALT: u64 = 0x54A2D;

/// Clicks that a shard has to have, on average: with fewer each knows too little for their mean to know about as much as one model
/// of all (`docs/scoring.md`).
pub const MIN_CLICKS_PER_SHARD: u64 = 10_000;

/// The rows of a shard.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard<'a> {
    rows: Vec<&'a Encoded<'a>>,
}

/// What training made of a shard, and of which rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ShardState {
    /// Of the rows and of all that decides how they are trained.
    pub(super) digest: blake3::Hash,
    pub(super) course: Course,
}

/// How the training of a shard went, and what it left.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Course {
    /// The loss as training went on.
    pub(super) curve: Points,
    pub(super) learnt: Learnt,
}

/// What rows have moved.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Learnt {
    /// Coordinates of the regression, by slot.
    Logistic(Vec<(u32, Coordinate)>),
    /// Weights of the machine.
    Factors(Moved),
}

impl Learnt {
    /// Is it a machine that no row has moved?
    pub(super) fn is_untouched(&self) -> bool {
        match self {
            Self::Logistic(_) => false,
            Self::Factors(moved) => moved.0.iter().all(Vec::is_empty),
        }
    }

    pub(super) const fn kind(&self) -> ModelKind {
        match self {
            Self::Logistic(_) => ModelKind::Logistic,
            Self::Factors(_) => ModelKind::Factors,
        }
    }
}

/// How many shards: a power of two, as many as the parameters allow and the clicks fill.
pub(super) fn n_shards(params: &ValidAdsParams, clicks: u64) -> u64 {
    let filled = (clicks / MIN_CLICKS_PER_SHARD).clamp(1, u64::from(params.shards()));
    1 << filled.ilog2()
}

/// Puts rows into their shards.
pub(super) fn sharded<'a>(rows: Vec<&'a Encoded<'a>>, n_shards: u64) -> Vec<Shard<'a>> {
    let mut shards = vec![Shard::default(); usize::try_from(n_shards).expect("at most 4,096")];
    for row in rows {
        let shard = mix(SHARD_SALT, row.shard_key()) % n_shards;
        shards[usize::try_from(shard).expect("below the number of shards")]
            .rows
            .push(row);
    }
    shards
}

impl<'a> Shard<'a> {
    pub(super) fn rows(&self) -> &[&'a Encoded<'a>] {
        &self.rows
    }

    /// Puts the rows in the order of a hash of what they say; rows that say the same are the same.
    pub(super) fn sort(&mut self) {
        sort(&mut self.rows);
    }

    /// The digest of the rows, in their order, and of all that decides how they are trained.
    pub(super) fn digest(&self, params: &ValidAdsParams, n_shards: u64) -> blake3::Hash {
        let mut hasher = Hasher::new();
        hasher.update(trained_how(params).as_bytes());
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
    pub(super) fn learn(&self, params: &ValidAdsParams, n_shards: u64) -> Result<Course, AdsError> {
        let ClickTotals {
            clicks,
            impressions,
        } = self.rows.iter().map(|row| row.row.target).collect();
        let rate = params.rate(clicks, impressions);
        match params.model() {
            ModelKind::Logistic => logistic::learn(&self.rows, rate, params, n_shards),
            ModelKind::Factors => factors::learn(&self.rows, rate, params),
        }
    }
}

/// The parameters of a kind of model, with its name and whatever else decides how it is trained.
fn trained_how(params: &ValidAdsParams) -> String {
    let written = match params.model() {
        ModelKind::Logistic => serde_json::to_string(&params.ftrl().to_unchecked()),
        ModelKind::Factors => serde_json::to_string(&(
            FACTOR_SCHEMA,
            params.factors().to_unchecked(),
            params.early_stopping(),
        )),
    };
    format!(
        "{} {}",
        params.model(),
        written.expect("parameters are numbers")
    )
}
