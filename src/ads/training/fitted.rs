//! A model of some rows: shards learnt apart and merged.

use rayon::prelude::*;

use super::encode::{Encoded, Role};
use super::kept::ShardStates;
use super::merge::predictor;
use super::shards::{Shard, ShardState, sharded};
use crate::ads::AdsError;
use crate::ads::click_model::ClickModel;
use crate::ads::features::{Placement, Showing, ShownAt};
use crate::ads::params::ValidAdsParams;
use crate::hash::HashMap;
use crate::learn::ClickTotals;

/// A model that is not calibrated yet, and the shards it was merged from.
pub(super) struct Fitted {
    pub(super) model: ClickModel,
    pub(super) shards: Vec<ShardState>,
    pub(super) n_retrained: u64,
    pub(super) sums: Sums,
}

impl Fitted {
    pub(super) fn new(
        rows: Vec<Encoded<'_>>,
        params: &ValidAdsParams,
        n_shards: u64,
        earlier: Option<&ShardStates>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Self, AdsError> {
        let sums = Sums::of(&rows, params);
        let shards = sharded(rows, n_shards);
        let Learning {
            shards,
            n_retrained,
        } = learnt(shards, params, earlier, progress)?;
        let ClickTotals {
            clicks,
            impressions,
        } = sums.totals;
        let rate = params.rate(clicks, impressions);
        let predictor = predictor(params, rate, &shards, &sums.shown)?;
        Ok(Self {
            model: ClickModel::new(predictor, sums.rows_taught, sums.totals, params.signals()),
            shards,
            n_retrained,
            sums,
        })
    }
}

/// Whole numbers over all rows that are not held out: cheap, and in any order the same.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) rows_taught: u64,
    pub(super) rows_stopping: u64,
    pub(super) rows_not_sampled: u64,
    totals: ClickTotals,
    /// Impressions by where ads stood.
    shown: Vec<ShownAt>,
}

impl Sums {
    fn of(rows: &[Encoded<'_>], params: &ValidAdsParams) -> Self {
        let mut sums = Self::default();
        let mut shown: HashMap<(Placement, &[u64]), u64> = HashMap::default();
        for row in rows {
            let impressions = u64::from(row.row.target.impressions);
            *match row.role(params) {
                Role::Taught => &mut sums.rows_taught,
                Role::Stops => &mut sums.rows_stopping,
                Role::NotSampled => &mut sums.rows_not_sampled,
            } += 1;
            sums.totals.clicks += u64::from(row.row.target.clicks);
            sums.totals.impressions += impressions;
            let Showing { place, own } = row.showing;
            *shown.entry((place, own)).or_default() += impressions;
        }
        let shown = shown.into_iter();
        let shown = shown.map(|((place, own), impressions)| ShownAt {
            place,
            own: own.into(),
            impressions,
        });
        sums.shown = shown.collect();
        sums.shown.sort_unstable();
        sums
    }
}

/// The shards as training leaves them.
struct Learning {
    shards: Vec<ShardState>,
    /// How many had to be trained.
    n_retrained: u64,
}

fn learnt(
    shards: Vec<Shard<'_>>,
    params: &ValidAdsParams,
    earlier: Option<&ShardStates>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Learning, AdsError> {
    let n_shards = shards.len() as u64;
    let learnt = |(i, mut shard): (usize, Shard<'_>)| {
        shard.sort();
        let digest = shard.digest(params, n_shards);
        let kept = earlier.and_then(|earlier| earlier.shards.get(i));
        let state = match kept.filter(|kept| kept.digest == digest) {
            Some(kept) => Ok((kept.clone(), 0)),
            None => shard.learn(digest, params, n_shards).map(|new| (new, 1)),
        };
        progress(shard.rows().len() as u64);
        state
    };
    let shards = shards.into_par_iter().enumerate();
    let learnt: Result<Vec<_>, AdsError> = shards.map(learnt).collect();
    let (shards, retrained): (Vec<_>, Vec<u64>) = learnt?.into_iter().unzip();
    Ok(Learning {
        shards,
        n_retrained: retrained.iter().sum(),
    })
}
