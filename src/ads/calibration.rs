//! Calibration: what the model says, set against what happened on rows it was not trained on.
//!
//! Held-out predictions are sorted and cut into bins of at least 20 clicks, so that no bin's
//! click rate is 0; the bins' rates are made non-decreasing by the pool-adjacent-violators algorithm,
//! weighted by impressions; between the bins' mean predictions the curve is linear, and it ends in (0, 0) and
//! (1, 1). It is therefore continuous and strictly increasing wherever the bins are.
//!
//! linfa-linear 0.8.1 has an isotonic regression, but it compares with a block it has already merged and so
//! merges one block too many: 1, 2, 3, 0 becomes four times 1.5 rather than 1 and three times 5/3 (a test
//! here shows it), and it takes block ends from unsorted input. We pool ourselves.
//!
//! # References
//! M. Best, N. Chakravarti, "Active set algorithms for isotonic regression", Mathematical Programming 47,
//! 1990. B. Zadrozny, C. Elkan, "Transforming classifier scores into accurate multiclass probability
//! estimates", KDD 2002.

use serde::{Deserialize, Serialize};

use super::AdsError;
use super::batch::{Clicks, totals};
use super::metrics::Predicted;

/// Held-out clicks below which a model is left as it is.
pub const MIN_CLICKS_TO_CALIBRATE: u64 = 100;

/// Held-out clicks in one bin, at least.
const CLICKS_PER_BIN: u64 = 20;

/// A non-decreasing map from a model's probability to a calibrated one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct Calibration {
    /// (predicted, calibrated), both ascending, without the ends; empty for the identity.
    knots: Vec<(f64, f64)>,
}

/// Impressions, clicks and predicted clicks of a run of predictions.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    impressions: f64,
    clicks: f64,
    predicted: f64,
}

impl Block {
    fn of(rows: &[Predicted]) -> Self {
        rows.iter().fold(Self::default(), |sum, row| {
            sum.merged(Self {
                impressions: f64::from(row.target.impressions),
                clicks: f64::from(row.target.clicks),
                predicted: row.p * f64::from(row.target.impressions),
            })
        })
    }

    fn merged(self, other: Self) -> Self {
        Self {
            impressions: self.impressions + other.impressions,
            clicks: self.clicks + other.clicks,
            predicted: self.predicted + other.predicted,
        }
    }

    fn rate(&self) -> f64 {
        self.clicks / self.impressions
    }

    fn mean_prediction(&self) -> f64 {
        self.predicted / self.impressions
    }
}

impl Calibration {
    /// The map that changes nothing.
    #[must_use]
    pub fn identity() -> Self {
        Self::default()
    }

    /// Does it change nothing?
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.knots.is_empty()
    }

    /// Fits held-out predictions; the identity below [`MIN_CLICKS_TO_CALIBRATE`] clicks.
    ///
    /// # Complexity
    /// O(n log n) time, O(n) space.
    #[must_use]
    pub fn fit(held_out: &[Predicted]) -> Self {
        let targets: Vec<Clicks> = held_out.iter().map(|row| row.target).collect();
        if totals(&targets).0 < MIN_CLICKS_TO_CALIBRATE {
            return Self::identity();
        }
        let bins = bins(held_out);
        let knot = |(bin, rate): (&Block, f64)| (bin.mean_prediction(), rate);
        let rates = pooled(&bins);
        Self::from_knots(bins.iter().zip(rates).map(knot).collect())
    }

    /// Keeps knots inside the open unit square whose first coordinates ascend strictly.
    fn from_knots(mut knots: Vec<(f64, f64)>) -> Self {
        knots.retain(|&(x, y)| x > 0.0 && x < 1.0 && y > 0.0 && y < 1.0);
        knots.dedup_by(|next, kept| next.0 <= kept.0);
        Self { knots }
    }

    /// The calibrated probability.
    ///
    /// # Complexity
    /// O(log b) for b bins.
    #[must_use]
    pub fn apply(&self, p: f64) -> f64 {
        if self.knots.is_empty() {
            return p;
        }
        let above = self.knots.partition_point(|&(x, _)| x <= p);
        let (x0, y0) = above.checked_sub(1).map_or((0.0, 0.0), |i| self.knots[i]);
        let (x1, y1) = self.knots.get(above).copied().unwrap_or((1.0, 1.0));
        // Rounding must not carry a value past the next knot, or the map would not be monotone.
        (y0 + (p - x0) * ((y1 - y0) / (x1 - x0))).clamp(y0, y1)
    }
}

/// Sorted predictions in bins of at least [`CLICKS_PER_BIN`] clicks; equal predictions share a bin.
fn bins(held_out: &[Predicted]) -> Vec<Block> {
    let mut sorted: Vec<Predicted> = held_out.to_vec();
    sorted.sort_unstable_by(|a, b| a.p.total_cmp(&b.p).then(a.target.cmp(&b.target)));
    let mut bins: Vec<Block> = Vec::new();
    let mut open = Block::default();
    for same in sorted.chunk_by(|a, b| a.p == b.p) {
        open = open.merged(Block::of(same));
        if open.clicks >= CLICKS_PER_BIN as f64 {
            bins.push(std::mem::take(&mut open));
        }
    }
    if let Some(last) = bins.last_mut() {
        *last = last.merged(open);
    }
    bins
}

/// Pool adjacent violators: the rate of each bin's block, non-decreasing.
fn pooled(bins: &[Block]) -> Vec<f64> {
    let mut blocks: Vec<(Block, usize)> = Vec::new();
    for &bin in bins {
        let mut block = (bin, 1);
        while let Some(&(before, n)) = blocks.last()
            && before.rate() >= block.0.rate()
        {
            blocks.pop();
            block = (before.merged(block.0), block.1 + n);
        }
        blocks.push(block);
    }
    blocks
        .iter()
        .flat_map(|&(block, n)| std::iter::repeat_n(block.rate(), n))
        .collect()
}

impl From<Calibration> for Vec<(u64, u64)> {
    /// Bit patterns, as in the model's file.
    fn from(calibration: Calibration) -> Self {
        let knots = calibration.knots.into_iter();
        knots.map(|(x, y)| (x.to_bits(), y.to_bits())).collect()
    }
}

impl TryFrom<Vec<(u64, u64)>> for Calibration {
    type Error = AdsError;

    fn try_from(bits: Vec<(u64, u64)>) -> Result<Self, AdsError> {
        let knots: Vec<(f64, f64)> = bits
            .into_iter()
            .map(|(x, y)| (f64::from_bits(x), f64::from_bits(y)))
            .collect();
        let read = Self::from_knots(knots.clone());
        if read.knots.len() == knots.len() && read.knots.is_sorted_by(|a, b| a.1 <= b.1) {
            Ok(read)
        } else {
            Err(AdsError::Model {
                what: "a calibration that is not a non-decreasing map of (0, 1)",
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use linfa::prelude::*;
    use ndarray::{Array1, Array2};
    use proptest::prelude::*;

    use super::*;

    fn row(p: f64, clicks: u32, impressions: u32) -> Predicted {
        let target = Clicks {
            clicks,
            impressions,
        };
        Predicted { p, target }
    }

    #[test]
    fn few_clicks_change_nothing() {
        let calibration = Calibration::fit(&[row(0.1, 50, 1_000), row(0.2, 49, 1_000)]);
        assert!(calibration.is_identity());
        assert_eq!(calibration.apply(0.3), 0.3);
        assert!(!Calibration::fit(&[row(0.1, 50, 1_000), row(0.2, 50, 1_000)]).is_identity());
    }

    #[test]
    fn predictions_twice_too_high_are_halved() {
        let rows: Vec<_> = (1..=9)
            .map(|i| row(f64::from(i) / 50.0, i * 10, 1_000))
            .collect();
        let calibration = Calibration::fit(&rows);
        for row in rows {
            assert!((calibration.apply(row.p) - row.p / 2.0).abs() < 1e-12);
        }
        assert_eq!((calibration.apply(0.0), calibration.apply(1.0)), (0.0, 1.0));
    }

    #[test]
    fn linfa_pools_one_block_too_many() {
        let y = Array1::from(vec![1.0, 2.0, 3.0, 0.0]);
        let x = Array2::from_shape_fn((4, 1), |(i, _)| i as f64);
        let dataset = DatasetBase::new(x, y);
        let theirs = linfa_linear::IsotonicRegression::new()
            .fit(&dataset)
            .unwrap();
        let theirs = theirs.predict(dataset.records());
        assert!(
            (theirs[0] - 1.5).abs() < 1e-12,
            "once linfa is right, use it"
        );
        let bin = |clicks: f64| Block {
            impressions: 1.0,
            clicks,
            predicted: 0.0,
        };
        let ours = pooled(&[bin(1.0), bin(2.0), bin(3.0), bin(0.0)]);
        assert_eq!(ours[0], 1.0);
        assert!(ours[1..].iter().all(|y| (y - 5.0 / 3.0).abs() < 1e-12));
    }

    /// min over b ≥ i of max over a ≤ i of the mean of a..=b: the isotonic fit by its min-max formula.
    fn min_max(bins: &[Block]) -> Vec<f64> {
        let mean = |a: usize, b: usize| {
            let sum = bins[a..=b]
                .iter()
                .fold(Block::default(), |s, &bin| s.merged(bin));
            sum.rate()
        };
        let best = |i: usize, b: usize| (0..=i).map(|a| mean(a, b)).fold(f64::MIN, f64::max);
        (0..bins.len())
            .map(|i| (i..bins.len()).map(|b| best(i, b)).fold(f64::MAX, f64::min))
            .collect()
    }

    fn predictions() -> impl Strategy<Value = Vec<Predicted>> {
        let one = (1_u32..1_000, 1_u32..500, 0_u32..60);
        let row = |(p, m, c): (u32, u32, u32)| row(f64::from(p) / 1_000.0, c.min(m), m);
        prop::collection::vec(one.prop_map(row), 0..40)
    }

    proptest! {
        #[test]
        fn oracle_pooling_equals_the_min_max_formula(rows in predictions()) {
            let bins = bins(&rows);
            for (ours, theirs) in pooled(&bins).iter().zip(min_max(&bins)) {
                prop_assert!((ours - theirs).abs() < 1e-12);
            }
        }

        #[test]
        fn prop_the_map_is_monotone_and_stays_inside(rows in predictions()) {
            let calibration = Calibration::fit(&rows);
            let mapped: Vec<f64> = (0..=1_000).map(|i| calibration.apply(f64::from(i) / 1e3)).collect();
            prop_assert!(mapped.is_sorted());
            prop_assert!(mapped.iter().all(|p| (0.0..=1.0).contains(p)));
        }

        #[test]
        fn same_after_writing_and_reading(rows in predictions()) {
            let calibration = Calibration::fit(&rows);
            let text = serde_json::to_string(&calibration).unwrap();
            prop_assert_eq!(serde_json::from_str::<Calibration>(&text).unwrap(), calibration);
        }
    }

    #[test]
    fn deny_curves_that_fall_or_leave_the_square() {
        let read = |knots: &[(f64, f64)]| {
            let bits: Vec<_> = knots
                .iter()
                .map(|(x, y)| (x.to_bits(), y.to_bits()))
                .collect();
            Calibration::try_from(bits)
        };
        assert!(read(&[(0.1, 0.2), (0.2, 0.2)]).is_ok());
        for bad in [
            [(0.1, 0.2), (0.2, 0.1)],
            [(0.2, 0.1), (0.1, 0.2)],
            [(0.1, f64::NAN), (0.2, 0.5)],
            [(0.1, 0.1), (f64::INFINITY, 0.5)],
        ] {
            assert!(read(&bad).is_err(), "{bad:?}");
        }
    }
}
