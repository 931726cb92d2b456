//! Isotonic regression: any ascending curve.
//!
//! Held-out predictions are sorted and cut into bins of at least 20 clicks, so that no bin's
//! click rate is 0; the bins' rates are made non-decreasing by the pool-adjacent-violators algorithm,
//! weighted by impressions. A pooled block becomes one knot, its mean prediction against its click rate; between
//! knots the curve is linear, and it ends in (0, 0) and (1, 1). So it ascends strictly: unlike the step
//! function of plain isotonic regression it makes no ties between ads the model tells apart.
//!
//! linfa-linear 0.8.1 has an isotonic regression, but it compares with a block it has already merged and so
//! merges one block too many: 1, 2, 3, 0, 9 begins with four times 1.5 rather than 1 and three times 5/3 (a test
//! here shows it), and it takes block ends from unsorted input. We pool ourselves.
//!
//! # References
//! M. Best, N. Chakravarti, "Active set algorithms for isotonic regression", Mathematical Programming 47,
//! 1990. B. Zadrozny, C. Elkan, "Transforming classifier scores into accurate multiclass probability
//! estimates", KDD 2002.

use crate::learn::metrics::Predicted;

/// Held-out clicks in one bin, at least.
const CLICKS_PER_BIN: u64 = 20;

/// A piecewise linear, non-decreasing map of [0, 1] onto itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Isotonic {
    /// Both numbers ascend; the ends are left out.
    knots: Vec<Knot>,
}

/// A point of an [`Isotonic`] curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knot {
    /// The predicted probability.
    pub predicted: f64,
    /// What it becomes.
    pub calibrated: f64,
}

impl Knot {
    const fn at_both(p: f64) -> Self {
        Self {
            predicted: p,
            calibrated: p,
        }
    }
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

impl Isotonic {
    /// The curve of held-out predictions; none if they give it no knot.
    pub(super) fn fit(held_out: &[Predicted]) -> Option<Self> {
        let blocks = pooled(&bins(held_out));
        let knot = |pooled: &Pooled| Knot {
            predicted: pooled.block.mean_prediction(),
            calibrated: pooled.block.rate(),
        };
        let fitted = Self::from_knots(blocks.iter().map(knot).collect());
        (!fitted.knots.is_empty()).then_some(fitted)
    }

    /// The curve of stored knots; none if they do not ascend inside the unit square.
    pub(super) fn of_knots(knots: Vec<Knot>) -> Option<Self> {
        let n_knots = knots.len();
        let read = Self::from_knots(knots);
        let ascends = read.knots.is_sorted_by(|a, b| a.calibrated <= b.calibrated);
        (n_knots > 0 && read.knots.len() == n_knots && ascends).then_some(read)
    }

    /// The knots, ascending in both numbers, without the ends (0, 0) and (1, 1).
    #[must_use]
    pub fn knots(&self) -> &[Knot] {
        &self.knots
    }

    /// Keeps knots inside the open unit square whose first coordinates ascend strictly.
    fn from_knots(mut knots: Vec<Knot>) -> Self {
        let is_inside = |p: f64| p > 0.0 && p < 1.0;
        knots.retain(|knot| is_inside(knot.predicted) && is_inside(knot.calibrated));
        knots.dedup_by(|next, kept| next.predicted <= kept.predicted);
        Self { knots }
    }

    /// The point of the curve above a probability.
    ///
    /// # Complexity
    /// O(log b) for b knots.
    #[must_use]
    pub fn apply(&self, p: f64) -> f64 {
        let above = self.knots.partition_point(|knot| knot.predicted <= p);
        let before = above.checked_sub(1).map(|i| self.knots[i]);
        let before = before.unwrap_or(Knot::at_both(0.0));
        let after = self.knots.get(above).copied();
        let after = after.unwrap_or(Knot::at_both(1.0));
        let rise = after.calibrated - before.calibrated;
        let slope = rise / (after.predicted - before.predicted);
        // Rounding must not carry a value past the next knot, or the map would not be monotone.
        (before.calibrated + (p - before.predicted) * slope)
            .clamp(before.calibrated, after.calibrated)
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

/// Bins put together.
#[derive(Clone, Copy)]
struct Pooled {
    block: Block,
    n_bins: usize,
}

/// Pool adjacent violators: blocks whose rates ascend strictly.
fn pooled(bins: &[Block]) -> Vec<Pooled> {
    let mut all: Vec<Pooled> = Vec::new();
    // `all` has strictly ascending rates before and after each bin.
    for &block in bins {
        let mut last = Pooled { block, n_bins: 1 };
        while let Some(&before) = all.last()
            && before.block.rate() >= last.block.rate()
        {
            all.pop();
            last = Pooled {
                block: before.block.merged(last.block),
                n_bins: last.n_bins + before.n_bins,
            };
        }
        all.push(last);
    }
    all
}

#[cfg(test)]
mod tests {
    use linfa::prelude::*;
    use ndarray::{Array1, Array2};
    use proptest::prelude::*;

    use super::*;
    use crate::learn::calibration::tests::row;

    #[test]
    fn predictions_twice_too_high_are_halved() {
        let rows: Vec<_> = (1..=9)
            .map(|i| row(f64::from(i) / 50.0, i * 10, 1_000))
            .collect();
        let fitted = Isotonic::fit(&rows).unwrap();
        for row in rows {
            assert!((fitted.apply(row.p) - row.p / 2.0).abs() < 1e-12);
        }
        assert_eq!(fitted.apply(0.0), 0.0);
        assert!((fitted.apply(1.0) - 1.0).abs() < 1e-12);
    }

    fn rates(bins: &[Block]) -> Vec<f64> {
        let blocks = pooled(bins);
        let rates = blocks
            .iter()
            .map(|one| std::iter::repeat_n(one.block.rate(), one.n_bins));
        rates.flatten().collect()
    }

    #[test]
    fn linfa_pools_one_block_too_many() {
        let y = [1.0, 2.0, 3.0, 0.0, 9.0];
        let x = Array2::from_shape_fn((5, 1), |(i, _)| i as f64);
        let dataset = DatasetBase::new(x, Array1::from(y.to_vec()));
        let theirs = linfa_linear::IsotonicRegression::new()
            .fit(&dataset)
            .unwrap();
        let theirs = theirs.predict(dataset.records());
        assert!(
            (theirs[0] - 1.5).abs() < 1e-12,
            "once linfa is right, use it: {theirs}"
        );
        let bins = y.map(|clicks| Block {
            impressions: 1.0,
            clicks,
            predicted: 0.0,
        });
        assert_eq!(rates(&bins)[0], 1.0);
        assert!(
            rates(&bins)[1..4]
                .iter()
                .all(|y| (y - 5.0 / 3.0).abs() < 1e-12)
        );
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
            for (ours, theirs) in rates(&bins).iter().zip(min_max(&bins)) {
                prop_assert!((ours - theirs).abs() < 1e-12);
            }
        }

        #[test]
        fn prop_the_map_is_monotone_and_stays_inside(rows in predictions()) {
            let fitted = Isotonic::fit(&rows).unwrap_or_default();
            let mapped: Vec<f64> = (0..=1_000).map(|i| fitted.apply(f64::from(i) / 1e3)).collect();
            prop_assert!(mapped.is_sorted());
            prop_assert!(mapped.iter().all(|p| (0.0..=1.0).contains(p)));
        }
    }

    #[test]
    fn deny_curves_that_fall_or_leave_the_square() {
        let of_knots = |knots: &[(f64, f64)]| {
            let knot = |&(predicted, calibrated): &(f64, f64)| Knot {
                predicted,
                calibrated,
            };
            Isotonic::of_knots(knots.iter().map(knot).collect())
        };
        assert!(of_knots(&[(0.1, 0.2), (0.2, 0.2)]).is_some());
        for bad in [
            vec![],
            vec![(0.1, 0.2), (0.2, 0.1)],
            vec![(0.2, 0.1), (0.1, 0.2)],
            vec![(0.1, f64::NAN), (0.2, 0.5)],
            vec![(0.1, 0.1), (f64::INFINITY, 0.5)],
        ] {
            assert!(of_knots(&bad).is_none(), "{bad:?}");
        }
    }
}
