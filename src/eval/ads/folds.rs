//! Rows held out, and what a model of the others and their click rate say of them.

use serde::{Deserialize, Serialize};

use super::fitted::Fitted;
use super::seen::{Known, Seen};
use super::split::Holdout;
use super::{AdsEvaluationOptions, FOLDS, Rows, Test, click_rate, totals};
use crate::ads::{AdsError, TrainReport, TrainingRow, ValidAdsParams};
use crate::consent::{AdRelevance, Permitted};
use crate::learn::{ClickMetrics, ClickTotals, Predicted};
use crate::signals::Ad;

/// One fifth of the rows, predicted by a model of the other four.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldQuality {
    /// Impressions of its rows.
    pub impressions: u64,
    /// Their clicks.
    pub clicks: u64,
    /// The model.
    pub model: ClickMetrics,
    /// The click rate of the other four fifths.
    pub base_rate: ClickMetrics,
}

/// One split, predicted by a model of the rows that were not held out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedQuality {
    /// Its seed.
    pub seed: u64,
    /// Clicks held out.
    pub clicks: u64,
    /// The model.
    pub model: ClickMetrics,
    /// The click rate of the other rows.
    pub base_rate: ClickMetrics,
}

/// The same figures on as many splits as there are seeds, the one that was judged already first; none if it is the only one.
pub(super) fn seeds(
    rows: &Rows,
    ads: &[Ad],
    params: &ValidAdsParams,
    options: &AdsEvaluationOptions<'_>,
    first: &Judged<'_>,
) -> Result<Vec<SeedQuality>, AdsError> {
    if options.seeds < 2 {
        return Ok(Vec::new());
    }
    let params = params.clone().with_learning_curve(false);
    let mut all = vec![first.of_seed(options.seed)];
    for next in 1..u64::from(options.seeds) {
        let seed = options.seed.wrapping_add(next);
        let options = AdsEvaluationOptions { seed, ..*options };
        all.push(Judged::of(rows, ads, &params, &options)?.of_seed(seed));
    }
    Ok(all)
}

/// Rows that are held out, and the others.
pub(super) struct Fold<'a> {
    pub(super) test: Test<'a>,
    pub(super) fit: Vec<Permitted<TrainingRow, AdRelevance>>,
}

impl<'a> Fold<'a> {
    pub(super) fn of(rows: &'a Rows, ads: &'a [Ad], holdout: &Holdout, fold: u64) -> Self {
        let is_test =
            |row: &&Permitted<TrainingRow, AdRelevance>| holdout.fold_of(row.get()) == Some(fold);
        let (test, fit): (Vec<_>, Vec<_>) = rows.iter().partition(is_test);
        Self {
            test: Test::new(test.into_iter().map(Permitted::get), ads),
            fit: fit.into_iter().cloned().collect(),
        }
    }
}

/// All rows that were held out, and what was said of each.
#[derive(Default)]
pub(super) struct Judged<'a> {
    pub(super) test: Test<'a>,
    pub(super) predicted: Vec<Predicted>,
    pub(super) base_rate: Vec<Predicted>,
    /// What the model had seen of each row's person and ad.
    pub(super) seen: Vec<Seen>,
    /// What is drawn again as one.
    draw_hashes: Vec<u64>,
    /// Where each fold ends.
    ends: Vec<usize>,
    /// Of the first model.
    pub(super) calibration: String,
    pub(super) training: TrainReport,
}

impl<'a> Judged<'a> {
    /// Holds out the first fold, or one after another.
    pub(super) fn of(
        rows: &'a Rows,
        ads: &'a [Ad],
        params: &ValidAdsParams,
        options: &AdsEvaluationOptions<'_>,
    ) -> Result<Self, AdsError> {
        let holdout = Holdout::of(rows, options.split, options.seed);
        let mut judged = Self::default();
        judged.add(Fold::of(rows, ads, &holdout, 0), ads, params, options)?;
        if options.every_fold {
            let params = params.clone().with_learning_curve(false);
            for fold in 1..FOLDS {
                let fold = Fold::of(rows, ads, &holdout, fold);
                judged.add(fold, ads, &params, options)?;
            }
        }
        let rows = judged.test.rows.iter();
        judged.draw_hashes = rows.map(|(row, _)| holdout.draw_hash(row)).collect();
        Ok(judged)
    }

    fn add(
        &mut self,
        fold: Fold<'a>,
        ads: &[Ad],
        params: &ValidAdsParams,
        options: &AdsEvaluationOptions<'_>,
    ) -> Result<(), AdsError> {
        let Fold { test, fit } = fold;
        let fitted = Fitted::of(&options.set(&fit, ads), params)?;
        let base_rate = click_rate(fit.iter().map(Permitted::get));
        if self.ends.is_empty() {
            let metadata = fitted.model.metadata();
            self.calibration.clone_from(&metadata.calibration);
            self.training.clone_from(&fitted.report);
        }
        let known = Known::of(&fit);
        self.seen
            .extend(test.rows.iter().map(|(row, _)| known.seen(row)));
        self.predicted.extend(fitted.predicted(&test));
        self.base_rate.extend(test.answered(base_rate));
        self.test.rows.extend(test.rows);
        self.test.left_out += test.left_out;
        self.ends.push(self.test.rows.len());
        Ok(())
    }

    pub(super) fn draw_hashes(&self) -> &[u64] {
        &self.draw_hashes
    }

    fn of_seed(&self, seed: u64) -> SeedQuality {
        SeedQuality {
            seed,
            clicks: totals(self.test.rows.iter().map(|(row, _)| *row)).clicks,
            model: ClickMetrics::of(&self.predicted),
            base_rate: ClickMetrics::of(&self.base_rate),
        }
    }

    /// Each fold by itself; none if there is but one.
    pub(super) fn folds(&self) -> Vec<FoldQuality> {
        if self.ends.len() < 2 {
            return Vec::new();
        }
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let quality = |(start, &end): (usize, &usize)| {
            let rows = self.test.rows[start..end].iter().map(|(row, _)| *row);
            let ClickTotals {
                clicks,
                impressions,
            } = totals(rows);
            FoldQuality {
                impressions,
                clicks,
                model: ClickMetrics::of(&self.predicted[start..end]),
                base_rate: ClickMetrics::of(&self.base_rate[start..end]),
            }
        };
        starts.zip(&self.ends).map(quality).collect()
    }
}
