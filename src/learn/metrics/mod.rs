//! How good probabilities of clicks are, over grouped rows.
//!
//! Rows are sorted by prediction and equal predictions become one [`ties::Tie`] with whole numbers of clicks and
//! impressions. Everything else is a sum over ties: counts are integers and therefore exact, the area under the
//! curve is an exact ratio of two integers rounded once, and the sums of logarithms and predictions run
//! compensated over fixed chunks in fixed order. So neither the order of the rows nor the number of threads can
//! show, and the log loss of two million rows agrees with exact sums to the last digits (linfa 0.8.1's, in f32,
//! is 0.26 % off there).
//!
//! A prediction outside [0, 1], NaN among them, or a row with more clicks than impressions leaves every metric
//! undefined: an average that silently skips the worst rows would look better than the model is.
//!
//! # References
//! X. He et al., "Practical Lessons from Predicting Clicks on Ads at Facebook", ADKDD 2014 (normalized entropy,
//! calibration). T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006 (ties count
//! one half). M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
//! Binning", AAAI 2015 (expected calibration error). A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur
//! Summation endlicher Summen", ZAMM 54, 1974 (compensated sums).

mod grouped;
mod reliability;
mod sum;
#[cfg(test)]
mod tests;
mod ties;

use serde::{Deserialize, Serialize};

use super::batch::Clicks;
pub use grouped::{GroupWeight, GroupedAuc, grouped_auc};
use reliability::{N_BINS, error_of, tables_of};
pub use reliability::{RateInterval, ReliabilityBin, reliability, wilson_interval};
pub(crate) use sum::Sum;
pub(crate) use ties::{Tie, chunked, ties};

/// A prediction and what happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicted {
    /// The predicted probability of a click per impression.
    pub p: f64,
    /// What happened.
    pub target: Clicks,
}

impl Predicted {
    /// Is it a probability, with at most as many clicks as impressions?
    #[must_use]
    pub fn is_sound(&self) -> bool {
        (0.0..=1.0).contains(&self.p) && self.target.clicks <= self.target.impressions
    }

    /// What it cost, in nats: −c·ln p − (m − c)·ln(1 − p). Infinite if what happened had been called impossible.
    pub(crate) fn loss(&self) -> f64 {
        let clicks = u64::from(self.target.clicks);
        let others = u64::from(self.target.impressions) - clicks;
        -times_ln(clicks, self.p) - times_ln_of_rest(others, self.p)
    }
}

/// How good predictions were; each is none where it is not defined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClickMetrics {
    /// Log loss per impression, nats: −Σ c·ln p + (m − c)·ln(1 − p), over Σ m. Lower is better. Infinite, and
    /// null in JSON, if what happened had been called impossible.
    pub log_loss: Option<f64>,
    /// Normalized entropy: log loss over the entropy of these rows' own click rate. Below 1 is better than
    /// knowing nothing but that rate (He et al. 2014). None if all or none of the impressions were clicked.
    pub ne: Option<f64>,
    /// Area under the ROC curve over impressions, equal predictions counting one half. None if all or none of
    /// the impressions were clicked.
    pub auc: Option<f64>,
    /// Expected calibration error: the mean over 10 bins of about equal impressions, in order of
    /// prediction, of |click rate − mean prediction|, weighted by impressions. Equal predictions share a bin.
    pub ece: Option<f64>,
    /// Predicted clicks over clicks; 1 is right, above 1 too many. None without a click.
    pub calibration_ratio: Option<f64>,
}

impl ClickMetrics {
    /// All metrics of some predictions.
    ///
    /// # Complexity
    /// O(n log n) time, O(n) space, in the caller's rayon pool.
    #[must_use]
    pub fn of(rows: &[Predicted]) -> Self {
        ties(rows).map_or_else(Self::default, |ties| Self::of_ties(&ties))
    }

    fn of_ties(ties: &[Tie]) -> Self {
        let totals = Totals::of(ties);
        let n = totals.impressions as f64;
        let log_loss = ratio(totals.log_loss, n);
        let rate = ratio(totals.clicks as f64, n);
        Self {
            log_loss,
            ne: log_loss.and_then(|loss| ratio(loss, entropy(rate?))),
            auc: ties::auc(ties),
            ece: error_of(&tables_of(ties, N_BINS)),
            calibration_ratio: ratio(totals.predicted, totals.clicks as f64),
        }
    }
}

/// Sums over ties.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    impressions: u64,
    clicks: u64,
    predicted: f64,
    log_loss: f64,
}

impl Totals {
    fn of(ties: &[Tie]) -> Self {
        let sums = chunked(ties, |chunk| {
            let mut sums = (0, 0, Sum::default(), Sum::default());
            for tie in chunk {
                sums.0 += tie.impressions;
                sums.1 += tie.clicks;
                sums.2.add(tie.predicted());
                sums.3.add(tie.log_loss());
            }
            sums
        });
        let (mut predicted, mut log_loss) = (Sum::default(), Sum::default());
        for (_, _, of_predicted, of_loss) in &sums {
            predicted.merge(of_predicted);
            log_loss.merge(of_loss);
        }
        Self {
            impressions: sums.iter().map(|s| s.0).sum(),
            clicks: sums.iter().map(|s| s.1).sum(),
            predicted: predicted.value(),
            log_loss: log_loss.value(),
        }
    }
}

fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}

/// `n·ln p`, which is 0 for n = 0 even where ln p is not finite.
fn times_ln(n: u64, p: f64) -> f64 {
    if n == 0 { 0.0 } else { n as f64 * p.ln() }
}

/// `n·ln(1 − p)`, exact for small p too.
fn times_ln_of_rest(n: u64, p: f64) -> f64 {
    if n == 0 { 0.0 } else { n as f64 * (-p).ln_1p() }
}

/// The entropy of a coin, nats.
fn entropy(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return 0.0;
    }
    -p * p.ln() - (1.0 - p) * (-p).ln_1p()
}
