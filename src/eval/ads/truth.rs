//! The probabilities a synthetic world drew its clicks from, beside the model's.

use serde::{Deserialize, Serialize};

use crate::ads::TrainingRow;
use crate::hash::HashMap;
use crate::ids::{AdId, UserId};
use crate::learn::{ClickMetrics, Predicted};
use crate::signals::{Ad, AdTruth, Surface};
use crate::time::Timestamp;

/// How far the model is from the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NextToTruth {
    /// The mean of |p − true p| over impressions.
    pub mean_distance: f64,
    /// The model's log loss over the truth's. The truth's own is luck, which nothing can know; 1 is as good as can be.
    pub log_loss_ratio: Option<f64>,
    /// The squared correlation of the model's log-odds with the true ones, weighted by impressions: 1 if all orders and
    /// distances are right.
    pub log_odds_r2: Option<f64>,
}

impl NextToTruth {
    /// Of predictions and true probabilities of the same rows.
    pub(super) fn of(predicted: &[Predicted], truth: &[Predicted]) -> Self {
        let (model, best) = (ClickMetrics::of(predicted), ClickMetrics::of(truth));
        Self {
            mean_distance: mean_distance(predicted, truth),
            log_loss_ratio: model.log_loss.zip(best.log_loss).map(|(m, b)| m / b),
            log_odds_r2: r2(predicted, truth),
        }
    }
}

fn weight(row: &Predicted) -> f64 {
    f64::from(row.target.impressions)
}

fn mean_distance(predicted: &[Predicted], truth: &[Predicted]) -> f64 {
    let pairs = predicted.iter().zip(truth);
    let sum: f64 = pairs.map(|(a, b)| weight(a) * (a.p - b.p).abs()).sum();
    let all: f64 = predicted.iter().map(weight).sum();
    if all > 0.0 { sum / all } else { 0.0 }
}

/// The squared correlation of log-odds, weighted by impressions; none if either does not vary.
fn r2(predicted: &[Predicted], truth: &[Predicted]) -> Option<f64> {
    let logit = |row: &Predicted| {
        let p = row.p.clamp(1e-12, 1.0 - 1e-12);
        (p / (1.0 - p)).ln()
    };
    let all: f64 = predicted.iter().map(weight).sum();
    let mean = |rows: &[Predicted]| rows.iter().map(|r| weight(r) * logit(r)).sum::<f64>() / all;
    let (mean_a, mean_b) = (mean(predicted), mean(truth));
    let (mut aa, mut ab, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in predicted.iter().zip(truth) {
        let (w, x, y) = (weight(a), logit(a) - mean_a, logit(b) - mean_b);
        (aa, ab, bb) = (aa + w * x * x, ab + w * x * y, bb + w * y * y);
    }
    (aa > 0.0 && bb > 0.0).then(|| ab * ab / (aa * bb))
}

/// What a row of `impressions` and one of `ad_truth` have in common.
type Key = (Option<UserId>, AdId, Surface, Option<u8>, Timestamp);

/// What was predicted of some rows, and what is true of the same.
pub(super) struct Beside {
    pub(super) predicted: Vec<Predicted>,
    pub(super) truth: Vec<Predicted>,
}

/// Predictions beside the true probabilities of the same rows, those without exactly one left out; none if that leaves
/// nothing.
pub(super) fn beside(
    rows: &[(&TrainingRow, &Ad)],
    predicted: &[Predicted],
    truth: &[AdTruth],
) -> Option<Beside> {
    let known = known(truth);
    let one = |((row, _), &model): (&(&TrainingRow, &Ad), &Predicted)| {
        let key = (row.user, row.ad_id, row.surface, row.position, row.at);
        let p = (*known.get(&key)?)?;
        Some((model, Predicted { p, ..model }))
    };
    let (predicted, truth): (Vec<_>, Vec<_>) = rows.iter().zip(predicted).filter_map(one).unzip();
    (!predicted.is_empty()).then_some(Beside { predicted, truth })
}

/// One probability a key; none where rows of one key differ.
fn known(truth: &[AdTruth]) -> HashMap<Key, Option<f64>> {
    let mut known: HashMap<Key, Option<f64>> = HashMap::default();
    for row in truth {
        let key = (row.user_id, row.ad_id, row.surface, row.position, row.at);
        let entry = known.entry(key).or_insert(Some(row.p_click));
        *entry = entry.filter(|p| *p == row.p_click);
    }
    known
}
