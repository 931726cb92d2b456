//! How good the click model is on rows it has not seen, beside knowing nothing but the click rate, and beside the truth
//! where the world is synthetic.

pub(in crate::eval) mod bootstrap;
mod breakdown;
mod calibrated;
mod curves;
pub(in crate::eval) mod fitted;
mod folds;
mod new_ads;
mod seen;
mod split;
mod top;
mod truth;

use serde::{Deserialize, Serialize};

pub use bootstrap::{ClickInterval, ClickIntervals};
pub use breakdown::{Breakdown, FieldValue};
pub use calibrated::{AdCalibration, PersonDecile};
pub use curves::{EpochPoint, LearningCurves, SharePoint};
pub use folds::{FoldQuality, SeedQuality};
pub use new_ads::NewAds;
pub use split::AdsSplit;
pub use top::FirstRows;
pub use truth::NextToTruth;

use folds::Judged;

use crate::ads::{AdsError, SharedFacts, TrainReport, TrainingRow, TrainingSet, ValidAdsParams};
use crate::consent::{AdRelevance, Permitted};
use crate::hash::HashMap;
use crate::ids::AdId;
use crate::learn::{
    ClickMetrics, ClickTotals, GroupWeight, GroupedAuc, Predicted, ReliabilityBin, grouped_auc,
    reliability,
};
use crate::signals::{Ad, AdTruth};

/// One row in so many is held out.
const FOLDS: u64 = 5;
/// Bins of the reliability table.
const BINS: u32 = 10;

/// What to measure besides the model and the base rate.
#[derive(Clone, Copy, Debug)]
pub struct AdsEvaluationOptions<'a> {
    /// Which rows are held out.
    pub split: AdsSplit,
    /// Another split for each seed; 0 is the one documented.
    pub seed: u64,
    /// How many splits, of this seed and those behind it: the range of the figures over them is told too.
    pub seeds: u32,
    /// How many of a person's first rows are looked at.
    pub k: u32,
    /// Hold every row out once, each fifth predicted by a model of the other four: five times the work, and which rows are
    /// held out decides nothing.
    pub every_fold: bool,
    /// Train on parts of the rows, for other numbers of epochs and without one ad in five too: about ten times the work.
    pub curves: bool,
    /// How likely each click was, in a synthetic world.
    pub truth: &'a [AdTruth],
    /// What is shared about people besides their profiles; nothing if none.
    pub facts: Option<&'a SharedFacts>,
}

impl Default for AdsEvaluationOptions<'_> {
    fn default() -> Self {
        Self {
            split: AdsSplit::Rows,
            seed: 0,
            seeds: 1,
            k: 10,
            every_fold: false,
            curves: false,
            truth: &[],
            facts: None,
        }
    }
}

impl<'a> AdsEvaluationOptions<'a> {
    /// Rows to learn from, with what is shared about the people in them.
    pub(in crate::eval) fn set<'s>(&self, rows: &'s Rows, ads: &'s [Ad]) -> TrainingSet<'s>
    where
        'a: 's,
    {
        let facts = self.facts;
        TrainingSet { rows, ads, facts }
    }
}

/// The click model and the base rate on the same held-out rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdsEvaluation {
    /// The model, surface and position known.
    pub model: ClickMetrics,
    /// One answer for every row: the click rate of the rows not held out.
    pub base_rate: ClickMetrics,
    /// Each fifth by itself, where every row was held out once; else empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<FoldQuality>,
    /// Other splits, if there were any: that of the first seed is the evaluation itself, and stands first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<SeedQuality>,
    /// The probabilities the clicks were drawn from, on the held-out rows that have exactly one; absent if none has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truth: Option<ClickMetrics>,
    /// The model's distance from them, on the same rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_to_truth: Option<NextToTruth>,
    /// What the intervals draw again as one: `rows`, or the `people` or `ads` that were held out as one.
    #[serde(default)]
    pub drawn: String,
    /// How sure the figures are.
    pub intervals: ClickIntervals,
    /// Is the order of ads right for each person? Groups are people, weighted by impressions.
    pub auc_by_user: GroupedAuc,
    /// Is the order of people right for each ad?
    pub auc_by_ad: GroupedAuc,
    /// Held-out impressions in bins of the model's prediction.
    pub reliability: Vec<ReliabilityBin>,
    /// Predicted clicks over clicks of people, by ascending prediction; empty where rows name nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_person_decile: Vec<PersonDecile>,
    /// How many ads with enough clicks are predicted right.
    #[serde(default)]
    pub ad_calibration: AdCalibration,
    /// Each person's held-out rows in the order of prediction, those of equal prediction by a hash.
    #[serde(default)]
    pub first: FirstRows,
    /// The same in the order of the hash alone.
    #[serde(default)]
    pub first_by_chance: FirstRows,
    /// The model value by value of some fields; the first says what training has seen.
    pub by_field: Vec<Breakdown>,
    /// What more rows and more epochs are worth; absent unless asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_curve: Option<LearningCurves>,
    /// The quality on ads that were not in training; absent as the learning curves are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_ads: Option<NewAds>,
    /// Rows given.
    pub n_rows: u64,
    /// Rows held out and predicted.
    pub n_test_rows: u64,
    /// Impressions of the rows predicted.
    pub impressions: u64,
    /// Their clicks.
    pub clicks: u64,
    /// Held-out rows left out: no table describes their ad, or they have more clicks than impressions.
    pub test_rows_left_out: u64,
    /// Held-out rows whose truth no table says, or says twice differently; all of them without a table.
    pub test_rows_without_truth: u64,
    /// How the rows were split, in words.
    pub split: String,
    /// How the model was calibrated, in words; that of the first fifth, if there are several.
    pub calibration: String,
    /// What training saw; that of the first fifth, if there are several.
    pub training: TrainReport,
}

/// Permitted rows.
type Rows = [Permitted<TrainingRow, AdRelevance>];

/// Trains on four fifths of the rows and predicts the others.
///
/// The side a row falls on is decided by a hash of everything it says except its counts, so neither order
/// nor other rows matter, and rows that say the same are never on both sides.
///
/// # Complexity
/// That of [`train`](crate::ads::train), plus O(n log n) for n held-out rows and 200 passes over them for the intervals.
///
/// # Errors
/// As [`train`](crate::ads::train).
pub fn evaluate_ads(
    rows: &Rows,
    ads: &[Ad],
    params: &ValidAdsParams,
) -> Result<AdsEvaluation, AdsError> {
    evaluate_ads_with(rows, ads, params, &AdsEvaluationOptions::default())
}

/// As [`evaluate_ads`], with another split, learning curves, or the truth beside the model.
///
/// # Errors
/// As [`train`](crate::ads::train).
pub fn evaluate_ads_with(
    rows: &Rows,
    ads: &[Ad],
    params: &ValidAdsParams,
    options: &AdsEvaluationOptions<'_>,
) -> Result<AdsEvaluation, AdsError> {
    let judged = Judged::of(rows, ads, params, options)?;
    let Judged {
        test, predicted, ..
    } = &judged;
    let curves = options
        .curves
        .then(|| curves::curves(rows, ads, params, options));
    let new_ads = options
        .curves
        .then(|| new_ads::new_ads(rows, ads, params, options));
    let beside = truth::beside(&test.rows, predicted, options.truth);
    let n_beside = beside.as_ref().map_or(0, |beside| beside.truth.len());
    let ClickTotals {
        clicks,
        impressions,
    } = totals(test.rows.iter().map(|(row, _)| *row));
    Ok(AdsEvaluation {
        model: ClickMetrics::of(predicted),
        base_rate: ClickMetrics::of(&judged.base_rate),
        folds: judged.folds(),
        truth: beside
            .as_ref()
            .map(|beside| ClickMetrics::of(&beside.truth)),
        next_to_truth: beside.map(|beside| NextToTruth::of(&beside.predicted, &beside.truth)),
        seeds: folds::seeds(rows, ads, params, options, &judged)?,
        drawn: options.split.drawn().to_owned(),
        intervals: bootstrap::intervals(predicted, &judged.base_rate, judged.draw_hashes()),
        auc_by_user: by_user(test, predicted),
        auc_by_ad: by_ad(test, predicted),
        reliability: reliability(predicted, BINS),
        by_person_decile: calibrated::by_person(test, predicted),
        ad_calibration: calibrated::by_ad(test, predicted),
        first: top::first_rows(test, predicted, options.k),
        first_by_chance: top::first_rows(test, &test.answered(0.5), options.k),
        by_field: breakdown::by_field(&judged),
        learning_curve: curves.transpose()?,
        new_ads: new_ads.transpose()?,
        n_rows: rows.len() as u64,
        n_test_rows: test.rows.len() as u64,
        impressions,
        clicks,
        test_rows_left_out: test.left_out,
        test_rows_without_truth: (test.rows.len() - n_beside) as u64,
        split: split_in_words(options),
        calibration: judged.calibration,
        training: judged.training,
    })
}

fn split_in_words(options: &AdsEvaluationOptions<'_>) -> String {
    let of_seed = match options.seed {
        0 => String::new(),
        seed => format!(", seed {seed}"),
    };
    let once = if options.every_fold {
        ", every row once"
    } else {
        ""
    };
    let words = options.split.in_words();
    format!("{}{once}{}{of_seed}", words.held_out, words.how)
}

/// Held-out rows that can be predicted.
#[derive(Default)]
pub(in crate::eval) struct Test<'a> {
    pub(in crate::eval) rows: Vec<(&'a TrainingRow, &'a Ad)>,
    left_out: u64,
}

impl<'a> Test<'a> {
    pub(in crate::eval) fn new(rows: impl Iterator<Item = &'a TrainingRow>, ads: &'a [Ad]) -> Self {
        let of_id: HashMap<AdId, &Ad> = ads.iter().map(|ad| (ad.ad_id, ad)).collect();
        let mut test = Self::default();
        for row in rows {
            let is_possible = row.target.clicks <= row.target.impressions;
            match of_id.get(&row.ad_id).filter(|_| is_possible) {
                Some(&ad) => test.rows.push((row, ad)),
                None => test.left_out += 1,
            }
        }
        test
    }

    /// One answer for every row.
    fn answered(&self, p: f64) -> Vec<Predicted> {
        let target = |(row, _): &(&TrainingRow, &Ad)| row.target;
        let targets = self.rows.iter().map(target);
        targets.map(|target| Predicted { p, target }).collect()
    }
}

/// Totals over many people are nobody's order of ads.
fn by_user(test: &Test<'_>, predicted: &[Predicted]) -> GroupedAuc {
    let of_somebody = test.rows.iter().zip(predicted);
    let of_somebody = of_somebody.filter_map(|((row, _), p)| Some((*p, row.user?.0)));
    let (rows, users): (Vec<_>, Vec<_>) = of_somebody.unzip();
    grouped_auc(&rows, &users, GroupWeight::Impressions)
}

fn by_ad(test: &Test<'_>, predicted: &[Predicted]) -> GroupedAuc {
    let ads: Vec<u64> = test.rows.iter().map(|(row, _)| row.ad_id.0).collect();
    grouped_auc(predicted, &ads, GroupWeight::Impressions)
}

fn totals<'a>(rows: impl Iterator<Item = &'a TrainingRow>) -> ClickTotals {
    rows.map(|row| row.target).collect()
}

/// The rows' own click rate, kept off 0 and 1 so that its log loss is finite.
fn click_rate<'a>(rows: impl Iterator<Item = &'a TrainingRow>) -> f64 {
    let all = totals(rows);
    (all.clicks as f64 / all.impressions.max(1) as f64).clamp(1e-9, 1.0 - 1e-9)
}

#[cfg(test)]
mod tests;
