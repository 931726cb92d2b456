//! How good the click model is on rows it has not seen, beside knowing nothing but the click rate.

use serde::{Deserialize, Serialize};

use crate::ads::{
    AdsError, ClickMetrics, Predicted, TrainReport, TrainingRow, ValidAdsParams, train,
};
use crate::consent::{AdRelevance, Permitted};
use crate::hash::HashMap;
use crate::ids::AdId;
use crate::signals::Ad;

/// One row in so many is held out.
const FOLDS: u64 = 5;

/// The click model and the base rate on the same held-out rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdsEvaluation {
    /// The model, surface and position known.
    pub model: ClickMetrics,
    /// One answer for every row: the click rate of the rows not held out.
    pub base_rate: ClickMetrics,
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
    /// How the rows were split, in words.
    pub split: String,
    /// How the model was calibrated, in words.
    pub calibration: String,
    /// What training saw.
    pub training: TrainReport,
}

/// Trains on four fifths of the rows and predicts the others.
///
/// The side a row falls on is decided by a hash of everything it says except its counts, so neither order
/// nor other rows matter, and rows that say the same are never on both sides.
///
/// # Complexity
/// That of [`train`], plus O(n log n) for n held-out rows.
///
/// # Errors
/// As [`train`].
pub fn evaluate_ads(
    rows: &[Permitted<TrainingRow, AdRelevance>],
    ads: &[Ad],
    params: &ValidAdsParams,
) -> Result<AdsEvaluation, AdsError> {
    let (test, fit): (Vec<_>, Vec<_>) = rows
        .iter()
        .cloned()
        .partition(|row| row.get().fold(FOLDS) == 0);
    let (model, training) = train(&fit, ads, params)?;
    let known = with_ads(&test, ads);
    let base_rate = click_rate(fit.iter().map(Permitted::get));
    let (clicks, impressions) = totals(known.iter().map(|(row, _)| *row));
    Ok(AdsEvaluation {
        model: metrics(&known, |row, ad| model.p_click_shown(row, ad)),
        base_rate: metrics(&known, |_, _| base_rate),
        n_rows: rows.len() as u64,
        n_test_rows: known.len() as u64,
        impressions,
        clicks,
        test_rows_left_out: (test.len() - known.len()) as u64,
        split: format!("one row in {FOLDS} held out, by a hash of all but its counts"),
        calibration: model.metadata().calibration.clone(),
        training,
    })
}

/// Held-out rows that can be predicted, with their ads.
fn with_ads<'a>(
    rows: &'a [Permitted<TrainingRow, AdRelevance>],
    ads: &'a [Ad],
) -> Vec<(&'a TrainingRow, &'a Ad)> {
    let of_id: HashMap<AdId, &Ad> = ads.iter().map(|ad| (ad.ad_id, ad)).collect();
    rows.iter()
        .map(Permitted::get)
        .filter(|row| row.target.clicks <= row.target.impressions)
        .filter_map(|row| Some((row, *of_id.get(&row.ad_id)?)))
        .collect()
}

fn metrics(rows: &[(&TrainingRow, &Ad)], p: impl Fn(&TrainingRow, &Ad) -> f64) -> ClickMetrics {
    let predicted = |&(row, ad): &(&TrainingRow, &Ad)| Predicted {
        p: p(row, ad),
        target: row.target,
    };
    let predicted: Vec<Predicted> = rows.iter().map(predicted).collect();
    ClickMetrics::of(&predicted)
}

fn totals<'a>(rows: impl Iterator<Item = &'a TrainingRow>) -> (u64, u64) {
    rows.fold((0, 0), |(clicks, impressions), row| {
        (
            clicks + u64::from(row.target.clicks),
            impressions + u64::from(row.target.impressions),
        )
    })
}

/// The rows' own click rate, kept off 0 and 1 so that its log loss is finite.
fn click_rate<'a>(rows: impl Iterator<Item = &'a TrainingRow>) -> f64 {
    let (clicks, impressions) = totals(rows);
    (clicks as f64 / impressions.max(1) as f64).clamp(1e-9, 1.0 - 1e-9)
}

#[cfg(test)]
mod tests;
