//! A model of some rows: shards learnt apart and merged.

use rayon::prelude::*;

use super::encode::{Encoded, Role};
use super::kept::ShardStates;
use super::merge::predictor;
use super::shards::{Course, Shard, ShardState, sharded};
use crate::ads::AdsError;
use crate::ads::click_model::ClickModel;
use crate::ads::features::{Placement, Showing, ShownAt};
use crate::ads::params::ValidAdsParams;
use crate::hash::HashMap;
use crate::learn::ClickTotals;

/// A model that is not calibrated yet, and the shards it was merged from.
pub(super) struct Fitted {
    pub(super) model: ClickModel,
    pub(super) shards: Vec<Course>,
    /// Of the rows of each shard; none where shards are forgotten.
    digests: Vec<blake3::Hash>,
    pub(super) n_retrained: u64,
    pub(super) sums: Sums,
}

impl Fitted {
    pub(super) fn new(
        rows: Vec<&Encoded<'_>>,
        params: &ValidAdsParams,
        n_shards: u64,
        kept: Shards<'_>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Self, AdsError> {
        let sums = Sums::of(&rows, params);
        let shards = sharded(rows, n_shards);
        let Learning {
            shards,
            digests,
            n_retrained,
        } = learnt(shards, params, kept, progress)?;
        let ClickTotals {
            clicks,
            impressions,
        } = sums.totals;
        let rate = params.rate(clicks, impressions);
        let predictor = predictor(params, rate, &shards, &sums.shown)?;
        Ok(Self {
            model: ClickModel::new(predictor, sums.rows_taught, sums.totals, params.signals()),
            shards,
            digests,
            n_retrained,
            sums,
        })
    }

    /// The model, and its shards with their digests for the next training.
    pub(super) fn into_parts(self) -> Parts {
        let shards = self.digests.into_iter().zip(self.shards);
        let shards = shards.map(|(digest, course)| ShardState { digest, course });
        Parts {
            model: self.model,
            shards: ShardStates {
                shards: shards.collect(),
            },
        }
    }
}

/// What is left of a training.
pub(super) struct Parts {
    pub(super) model: ClickModel,
    pub(super) shards: ShardStates,
}

/// What becomes of the shards of a training.
#[derive(Clone, Copy, Debug)]
pub enum Shards<'a> {
    /// They are forgotten, which spares the digests of their rows.
    Forgotten,
    /// They are for the next training, and those of an earlier one whose rows have not changed are taken from it.
    Kept(Option<&'a ShardStates>),
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
    fn of(rows: &[&Encoded<'_>], params: &ValidAdsParams) -> Self {
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
            let Showing { place, own } = row.showing();
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
    shards: Vec<Course>,
    digests: Vec<blake3::Hash>,
    /// How many had to be trained.
    n_retrained: u64,
}

/// A shard's training, the digest of its rows if it is asked for, and whether it had to be trained.
struct OneLearnt {
    course: Course,
    digest: Option<blake3::Hash>,
    is_new: bool,
}

fn learnt(
    shards: Vec<Shard<'_>>,
    params: &ValidAdsParams,
    kept: Shards<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Learning, AdsError> {
    let n_shards = shards.len() as u64;
    let one = |(at, mut shard): (usize, Shard<'_>)| {
        shard.sort();
        let learnt = match kept {
            Shards::Forgotten => anew(&shard, params, n_shards, None),
            Shards::Kept(earlier) => {
                let digest = shard.digest(params, n_shards);
                let state = earlier.and_then(|earlier| earlier.shards.get(at));
                match state.filter(|state| state.digest == digest) {
                    Some(state) => Ok(OneLearnt {
                        course: state.course.clone(),
                        digest: Some(digest),
                        is_new: false,
                    }),
                    None => anew(&shard, params, n_shards, Some(digest)),
                }
            }
        };
        progress(shard.rows().len() as u64);
        learnt
    };
    let shards = shards.into_par_iter().enumerate();
    let learnt: Result<Vec<OneLearnt>, AdsError> = shards.map(one).collect();
    let learnt = learnt?;
    Ok(Learning {
        n_retrained: learnt.iter().filter(|one| one.is_new).count() as u64,
        digests: learnt.iter().filter_map(|one| one.digest).collect(),
        shards: learnt.into_iter().map(|one| one.course).collect(),
    })
}

fn anew(
    shard: &Shard<'_>,
    params: &ValidAdsParams,
    n_shards: u64,
    digest: Option<blake3::Hash>,
) -> Result<OneLearnt, AdsError> {
    Ok(OneLearnt {
        course: shard.learn(params, n_shards)?,
        digest,
        is_new: true,
    })
}
