//! From permitted rows to a calibrated model of clicks: in shards, so that what one person's rows taught can be taken out.
//!
//! 1. Rows that can be used are held out for calibration or not, each by a hash of what it says; of few rows, none is held out from
//!    the model that stays ([`held_out`]).
//! 2. The others go into shards: a person's rows all into one, by a hash of the person; rows about nobody by what they say. Inside
//!    a shard they are in the order of a hash. So whoever leaves changes one shard and nobody's place in another.
//! 3. Every shard is trained by itself, from its own base rate, and the models are merged in the order of the shards. A factor
//!    model keeps some people of each shard out, by a hash of the person, to know when to stop.
//! 4. The merged model is calibrated on the rows held out, or on what models of four fifths of the rows say of the last fifth.
//!
//! Nothing a shard learns depends on another shard, on threads or on the order in which rows came. A shard whose rows are those of
//! an earlier training therefore is what it was then, bit for bit, and only the others have to be trained: [`train_from`] gives
//! the same bytes as [`train`]. What remains, sums of counts, the merge and the calibration, is done anew every time.
//!
//! L. Bourtoule et al., "Machine Unlearning", IEEE S&P 2021, train in shards for the same reason; they vote, we merge.

mod encode;
mod factors;
mod fitted;
mod held_out;
mod kept;
mod logistic;
mod merge;
mod order;
mod report;
mod shards;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use rayon::prelude::*;

pub use self::kept::{ShardStates, is_shards};
pub use self::report::{CurvePoint, PassPoint, ProgressPoint, TrainReport};
pub use self::shards::MIN_CLICKS_PER_SHARD;

use self::encode::{Encoded, HashedRows, Sources};
pub use self::fitted::Shards;

use self::fitted::{Fitted, Parts};
use self::held_out::{HeldOut, Holding, Parted, predictions};
use self::shards::{Course, n_shards};
use super::AdsError;
use super::click_model::ClickModel;
use super::features::HashedAd;
use super::model_kind::ModelKind;
use super::own::OwnBins;
use super::params::ValidAdsParams;
use super::profile::TrainingRow;
use super::shared::{History, SharedFacts};
use crate::consent::{AdRelevance, Permitted};
use crate::hash::HashMap;
use crate::ids::AdId;
use crate::learn::{ClickMetrics, Predicted, reliability};
use crate::signals::Ad;

/// A model with what it was made of.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The model.
    pub model: ClickModel,
    /// What went into it.
    pub report: TrainReport,
    /// Its shards, for the next time; none if they were to be [forgotten](Shards::Forgotten).
    pub shards: ShardStates,
    /// Shards that were trained; the others were as in an earlier training.
    pub n_retrained: u64,
}

/// Trains on permitted rows; the order in which they come does not matter.
///
/// One row in twenty or in ten, by a hash of everything but its counts, is held out for calibration, if that is 20,000 rows and
/// 1,000 clicks. Of fewer rows every one is held out once, from five models of four fifths of them, provided all have at least
/// five times [`MIN_CLICKS_TO_CALIBRATE`](crate::learn::MIN_CLICKS_TO_CALIBRATE) clicks. Without any row the model answers the prior.
///
/// # Complexity
/// O(epochs · Σ parts · d) for d features a row, plus sorting, and five times that where every row is held out once; 16 bytes a
/// slot and thread, and 20 bytes for each coordinate of each shard.
///
/// # Errors
/// Data cannot cause one: unusable rows are counted in the report.
pub fn train(
    rows: &[Permitted<TrainingRow, AdRelevance>],
    ads: &[Ad],
    params: &ValidAdsParams,
) -> Result<Trained, AdsError> {
    train_from(&TrainingSet::of(rows, ads), params, None, &|_| ())
}

/// What a model learns from.
#[derive(Clone, Copy, Debug)]
pub struct TrainingSet<'a> {
    /// What was shown, and clicked.
    pub rows: &'a [Permitted<TrainingRow, AdRelevance>],
    /// The ads.
    pub ads: &'a [Ad],
    /// What else is shared about the people in the rows; nothing if none.
    pub facts: Option<&'a SharedFacts>,
}

impl<'a> TrainingSet<'a> {
    /// Rows and ads, and nothing else shared about anybody.
    #[must_use]
    pub const fn of(rows: &'a [Permitted<TrainingRow, AdRelevance>], ads: &'a [Ad]) -> Self {
        Self {
            rows,
            ads,
            facts: None,
        }
    }

    /// What happened, as rows and profiles are told it.
    #[must_use]
    pub fn history(&self, params: &ValidAdsParams) -> History<'a> {
        static NOTHING: LazyLock<SharedFacts> = LazyLock::new(SharedFacts::default);
        let facts = self.facts.unwrap_or(&NOTHING);
        History::of(self.rows, self.ads, facts, params)
    }
}

/// As [`train`], with what else is shared about people, and taking shards whose rows have not changed from an earlier training.
/// `progress` is told how many rows are done.
///
/// # Errors
/// As [`train`]; and if a shard of the earlier training has slots that the parameters do not.
pub fn train_from(
    set: &TrainingSet<'_>,
    params: &ValidAdsParams,
    earlier: Option<&ShardStates>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Trained, AdsError> {
    let kept = Shards::Kept(earlier);
    train_told(set, &set.history(params), params, kept, progress)
}

/// As [`train_from`], keeping shards or not, with the [history](TrainingSet::history) of the same set and parameters, for whoever asks it afterwards too.
///
/// # Errors
/// As [`train_from`].
pub fn train_told(
    set: &TrainingSet<'_>,
    history: &History<'_>,
    params: &ValidAdsParams,
    kept: Shards<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Trained, AdsError> {
    let TrainingSet { rows, ads, .. } = *set;
    let mut report = TrainReport {
        rows_in: rows.len() as u64,
        ..TrainReport::default()
    };
    if let Shards::Kept(Some(earlier)) = kept {
        earlier.check(params.model())?;
    }
    let of_rows: Vec<&TrainingRow> = rows.iter().map(Permitted::get).collect();
    let before = history.before(&of_rows);
    let sources = Sources {
        rows,
        hashed: &HashedRows::of(rows),
        before: &before,
        ads: &ads_by_id(ads, history.own()),
        looks_at: params.signals(),
    };
    let rows = sources.usable(&mut report);
    let rows: Vec<&Encoded<'_>> = rows.iter().collect();
    let holding = Holding::of(params, rows.len() as u64, clicks_of(&rows));
    let Parted {
        held_out: kept_out,
        taught,
    } = holding.split(rows);
    let n_shards = n_shards(params, clicks_of(&taught));
    let part = if params.learning_curve() {
        holding.teach_first(&taught)
    } else {
        Vec::new()
    };
    report.rows_held_out = kept_out.len() as u64;
    let (fitted, held_out) = if holding == Holding::InTurn {
        let held_out = held_out::in_turn(&taught, params, n_shards, progress)?;
        let fitted = Fitted::new(taught, params, n_shards, kept, &|_| ())?;
        (fitted, held_out)
    } else {
        let fitted = Fitted::new(taught, params, n_shards, kept, progress)?;
        let held_out = vec![HeldOut::by(&fitted.model, kept_out)];
        (fitted, held_out)
    };
    let predictions: Vec<Predicted> = (held_out.iter())
        .flat_map(|held_out| held_out.predictions.iter().copied())
        .collect();
    report.rows_held_out_in_turn = predictions.len() as u64 - report.rows_held_out;
    report.held_out = ClickMetrics::of(&predictions);
    report.reliability = reliability(&predictions, BINS);
    report_of(&fitted, params, &mut report);
    report.curve = curve(&part, &held_out[0], params)?;
    let n_retrained = fitted.n_retrained;
    let Parts { model, shards } = fitted.into_parts();
    let mut model = model.with_own(history.own().clone());
    let shown = held_out.iter().flat_map(HeldOut::shown);
    model.calibrate(&predictions, shown, params, holding.as_str());
    Ok(Trained {
        model,
        report,
        shards,
        n_retrained,
    })
}

/// Says what the model learnt from and how its training went on.
fn report_of(fitted: &Fitted, params: &ValidAdsParams, report: &mut TrainReport) {
    report.rows_fitted = fitted.sums.rows_taught;
    report.rows_stopping = fitted.sums.rows_stopping;
    report.rows_not_sampled = fitted.sums.rows_not_sampled;
    report.n_shards = fitted.shards.len() as u64;
    report.n_weights = fitted.model.n_weights() as u64;
    let at_base_rate = |shard: &&Course| shard.learnt.is_untouched();
    let at_base_rate = fitted.shards.iter().filter(at_base_rate).count() as u64;
    report.note(at_base_rate);
    let curves = fitted.shards.iter().map(|state| &state.curve);
    match params.model() {
        ModelKind::Logistic => report.progress = report::progress(curves),
        ModelKind::Factors => report.passes = report::passes(curves),
    }
}

fn clicks_of(rows: &[&Encoded<'_>]) -> u64 {
    rows.iter()
        .map(|row| u64::from(row.row.target.clicks))
        .sum()
}

/// Shares of the rows that a learning curve trains on besides all of them.
const CURVE_SHARES: [f64; 3] = [0.125, 0.25, 0.5];
/// Salt of the choice of these rows.
const CURVE_SALT: u64 = 0xC0DE;
/// Bins of the reliability table.
const BINS: u32 = 10;

/// What parts of the rows would have taught about the held-out ones; the last is what `part`, all that their model learnt from, did.
/// Empty without held-out rows, or where it is not wanted.
fn curve(
    part: &[&Encoded<'_>],
    held_out: &HeldOut<'_>,
    params: &ValidAdsParams,
) -> Result<Vec<CurvePoint>, AdsError> {
    if held_out.rows.is_empty() || !params.learning_curve() {
        return Ok(Vec::new());
    }
    let point = |share| {
        let is_in = |row: &&Encoded<'_>| row.is_in_share(CURVE_SALT, share);
        let part: Vec<&Encoded<'_>> = part.par_iter().copied().filter(is_in).collect();
        let n_shards = n_shards(params, clicks_of(&part));
        let fitted = Fitted::new(part, params, n_shards, Shards::Forgotten, &|_| ())?;
        Ok(CurvePoint {
            share,
            rows: fitted.sums.rows_taught,
            held_out: ClickMetrics::of(&predictions(&fitted.model, &held_out.rows)),
        })
    };
    // Few rows are few shards, which leave cores idle: the shares are learnt at once.
    let points: Result<Vec<CurvePoint>, AdsError> =
        CURVE_SHARES.into_par_iter().map(point).collect();
    let mut points = points?;
    points.push(CurvePoint {
        share: 1.0,
        rows: held_out.n_taught,
        held_out: ClickMetrics::of(&held_out.predictions),
    });
    Ok(points)
}

fn ads_by_id<'a>(ads: &'a [Ad], bins: &OwnBins) -> HashMap<AdId, HashedAd<'a>> {
    let hashed = |ad: &'a Ad| HashedAd::of(ad, bins.of_ad(ad));
    ads.iter().map(|ad| (ad.ad_id, hashed(ad))).collect()
}
