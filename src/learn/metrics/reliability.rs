//! What was predicted beside what happened, bin by bin.

use serde::{Deserialize, Serialize};

use super::ties::{Tie, chunked, ties};
use super::{Predicted, Sum, ratio};

/// Bins of the expected calibration error.
pub(super) const N_BINS: u32 = 10;

/// The 97.5th percentile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Impressions of about one prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// The smallest prediction in it.
    pub from: f64,
    /// The largest.
    pub to: f64,
    /// Impressions in it.
    pub impressions: u64,
    /// Their clicks.
    pub clicks: u64,
    /// Their mean prediction.
    pub mean_p: f64,
    /// Their click rate.
    pub rate: f64,
    /// Where the 95 % interval of the rate begins, see [`wilson_interval`].
    pub rate_low: f64,
    /// Where it ends.
    pub rate_high: f64,
}

/// The rows in bins of about equal impressions, by ascending prediction. Equal predictions share a bin, so there may
/// be fewer bins than asked for. Empty if there is no impression or a row is not sound.
///
/// # Complexity
/// O(n log n) time, O(n) space.
#[must_use]
pub fn reliability(rows: &[Predicted], n_bins: u32) -> Vec<ReliabilityBin> {
    ties(rows).map_or_else(Vec::new, |ties| tables_of(&ties, n_bins))
}

/// A bin closes as soon as it holds its share of all impressions.
pub(super) fn tables_of(ties: &[Tie], n_bins: u32) -> Vec<ReliabilityBin> {
    let all: u64 = ties.iter().map(|tie| tie.impressions).sum();
    let (mut bins, mut start, mut held) = (Vec::new(), 0, 0);
    for (i, tie) in ties.iter().enumerate() {
        held += tie.impressions;
        if u128::from(held) * u128::from(n_bins) >= u128::from(all) {
            bins.push(bin(&ties[start..=i]));
            (start, held) = (i + 1, 0);
        }
    }
    if start < ties.len() {
        bins.push(bin(&ties[start..]));
    }
    bins
}

fn bin(ties: &[Tie]) -> ReliabilityBin {
    let impressions = ties.iter().map(|tie| tie.impressions).sum();
    let clicks = ties.iter().map(|tie| tie.clicks).sum();
    let interval = wilson_interval(clicks, impressions);
    ReliabilityBin {
        from: ties.first().map_or(0.0, |tie| tie.p),
        to: ties.last().map_or(0.0, |tie| tie.p),
        impressions,
        clicks,
        mean_p: predicted(ties) / impressions as f64,
        rate: clicks as f64 / impressions as f64,
        rate_low: interval.low,
        rate_high: interval.high,
    }
}

fn predicted(ties: &[Tie]) -> f64 {
    let sums = chunked(ties, |chunk| chunk.iter().map(Tie::predicted).collect());
    sums.iter().collect::<Sum>().value()
}

/// The mean distance between rate and prediction, weighted by impressions.
pub(super) fn error_of(bins: &[ReliabilityBin]) -> Option<f64> {
    let all: u64 = bins.iter().map(|bin| bin.impressions).sum();
    let gap = |bin: &ReliabilityBin| bin.impressions as f64 * (bin.rate - bin.mean_p).abs();
    ratio(bins.iter().map(gap).sum(), all as f64)
}

/// Where a rate may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateInterval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The 95 % interval of a rate: all rates whose own standard error puts the observed one within 1.96 of them. Unlike
/// the textbook's ± it stays inside [0, 1] and says something about 0 clicks. (0, 1) without impressions.
///
/// # References
/// E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
#[must_use]
pub fn wilson_interval(clicks: u64, impressions: u64) -> RateInterval {
    if impressions == 0 {
        return RateInterval {
            low: 0.0,
            high: 1.0,
        };
    }
    let n = impressions as f64;
    let rate = clicks as f64 / n;
    let square = Z * Z / n;
    let middle = (rate + square / 2.0) / (1.0 + square);
    let half = Z * (rate * (1.0 - rate) / n + square / (4.0 * n)).sqrt() / (1.0 + square);
    // Rounding must not leave the observed rate outside.
    RateInterval {
        low: (middle - half).max(0.0).min(rate),
        high: (middle + half).min(1.0).max(rate),
    }
}
