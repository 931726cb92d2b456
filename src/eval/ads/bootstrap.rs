//! How sure the figures are: rows are drawn again.
//!
//! In each of 200 draws a row counts as often as a Poisson variable of mean 1 says, made from the draw and a hash of the
//! row: the order of rows does not matter, and a row counts equally often for the model and for the base rate, so their
//! ratio is surer than either. The interval is from the 2.5th to the 97.5th percentile of the draws.
//!
//! # References
//! B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979. N. Chamandy et al.,
//! "Estimating uncertainty for massive data streams", Google 2012 (the Poisson bootstrap).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::eval::friends::mix;
use crate::hash::unit;
use crate::learn::Predicted;

/// How often rows are drawn again.
const DRAWS: u64 = 200;

/// A figure, and the interval that holds it in 95 of 100 draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClickInterval {
    /// The 2.5th percentile of the draws.
    pub low: f64,
    /// The 97.5th percentile.
    pub high: f64,
}

/// Intervals of the model's figures; each is none where no draw defines it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClickIntervals {
    /// Of the log loss.
    pub log_loss: Option<ClickInterval>,
    /// Of the log loss over the base rate's on the same rows: below 1 altogether, and the model knows something.
    pub log_loss_over_base: Option<ClickInterval>,
    /// Of the area under the ROC curve.
    pub auc: Option<ClickInterval>,
    /// Of predicted clicks over clicks.
    pub calibration_ratio: Option<ClickInterval>,
}

/// A row as it is drawn.
#[derive(Clone, Copy)]
struct Drawn {
    p: f64,
    hash: u64,
    clicks: u64,
    others: u64,
    log_loss: f64,
    base_loss: f64,
}

/// Intervals for predictions beside those of a base rate; `base_rate[i]` and `hashes[i]` are of the row of `predicted[i]`.
pub(super) fn intervals(
    predicted: &[Predicted],
    base_rate: &[Predicted],
    hashes: &[u64],
) -> ClickIntervals {
    let rows = sorted(predicted, base_rate, hashes);
    let draws: Vec<Draw> = (0..DRAWS)
        .into_par_iter()
        .map(|draw| Draw::of(&rows, draw))
        .collect();
    let of = |figure: fn(&Draw) -> f64| interval(draws.iter().map(figure));
    ClickIntervals {
        log_loss: of(|draw| draw.log_loss / draw.impressions),
        log_loss_over_base: of(|draw| draw.log_loss / draw.base_loss),
        auc: of(|draw| draw.won / (draw.clicks * (draw.impressions - draw.clicks))),
        calibration_ratio: of(|draw| draw.predicted / draw.clicks),
    }
}

/// Ascending by prediction, then by all that could show in a sum.
fn sorted(predicted: &[Predicted], base_rate: &[Predicted], hashes: &[u64]) -> Vec<Drawn> {
    let row = |((row, base), &hash): ((&Predicted, &Predicted), &u64)| {
        let clicks = u64::from(row.target.clicks);
        let others = u64::from(row.target.impressions) - clicks;
        Drawn {
            p: row.p,
            hash,
            clicks,
            others,
            log_loss: row.loss(),
            base_loss: base.loss(),
        }
    };
    let all = predicted.iter().zip(base_rate).zip(hashes);
    let mut rows: Vec<Drawn> = all.map(row).collect();
    rows.sort_unstable_by(|a, b| {
        let counts = |r: &Drawn| (r.hash, r.clicks, r.others);
        a.p.total_cmp(&b.p).then(counts(a).cmp(&counts(b)))
    });
    rows
}

/// The sums of one draw.
#[derive(Clone, Copy, Debug, Default)]
struct Draw {
    impressions: f64,
    clicks: f64,
    predicted: f64,
    log_loss: f64,
    base_loss: f64,
    /// Pairs of a clicked and another impression in the right order.
    won: f64,
}

impl Draw {
    fn of(sorted: &[Drawn], draw: u64) -> Self {
        let salt = mix(draw);
        let (mut sums, mut below) = (Self::default(), 0.0);
        for same in sorted.chunk_by(|a, b| a.p == b.p) {
            let (mut clicks, mut others) = (0.0, 0.0);
            for row in same {
                let times = poisson(mix(salt ^ row.hash));
                clicks += times * row.clicks as f64;
                others += times * row.others as f64;
                sums.log_loss += times * row.log_loss;
                sums.base_loss += times * row.base_loss;
            }
            sums.won += clicks * (below + others / 2.0);
            sums.predicted += same[0].p * (clicks + others);
            sums.clicks += clicks;
            sums.impressions += clicks + others;
            below += others;
        }
        sums
    }
}

/// A Poisson variable of mean 1 from 64 random bits, at most 12: beyond that there is less than one row in 10¹⁰.
pub(in crate::eval) fn poisson(bits: u64) -> f64 {
    let u = unit(bits);
    let (mut n, mut here, mut below) = (0.0, (-1.0_f64).exp(), (-1.0_f64).exp());
    while u >= below && n < 12.0 {
        n += 1.0;
        here /= n;
        below += here;
    }
    n
}

/// Draws that define nothing are left out.
fn interval(draws: impl Iterator<Item = f64>) -> Option<ClickInterval> {
    let mut found: Vec<f64> = draws.filter(|x| x.is_finite()).collect();
    found.sort_unstable_by(f64::total_cmp);
    let last = found.len().checked_sub(1)?;
    Some(ClickInterval {
        low: found[last * 25 / 1000],
        high: found[last * 975 / 1000],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::{ClickMetrics, Clicks};

    fn rows(n: u64) -> (Vec<Predicted>, Vec<u64>) {
        let row = |i: u64| {
            let p = [0.1, 0.2, 0.4][(i % 3) as usize];
            let clicks = u32::from(unit(mix(i)) < p);
            let target = Clicks {
                clicks,
                impressions: 1,
            };
            (Predicted { p, target }, mix(i ^ 0xABCD))
        };
        (0..n).map(row).unzip()
    }

    fn answered(p: f64, rows: &[Predicted]) -> Vec<Predicted> {
        rows.iter().map(|row| Predicted { p, ..*row }).collect()
    }

    #[test]
    fn poisson_has_mean_and_variance_1() {
        let drawn: Vec<f64> = (0..100_000).map(|i| poisson(mix(i))).collect();
        let mean = drawn.iter().sum::<f64>() / 1e5;
        let variance = drawn.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / 1e5;
        assert!(
            (mean - 1.0).abs() < 0.01 && (variance - 1.0).abs() < 0.03,
            "{mean} {variance}"
        );
    }

    #[test]
    fn intervals_hold_the_figure_and_shrink_with_more_rows() {
        let width = |n| {
            let (rows, hashes) = rows(n);
            let metrics = ClickMetrics::of(&rows);
            let found = intervals(&rows, &answered(0.23, &rows), &hashes);
            for (value, interval) in [
                (metrics.log_loss, found.log_loss),
                (metrics.auc, found.auc),
                (metrics.calibration_ratio, found.calibration_ratio),
            ] {
                let (value, interval) = (value.unwrap(), interval.unwrap());
                assert!(
                    interval.low < value && value < interval.high,
                    "{value} {interval:?}"
                );
            }
            let interval = found.calibration_ratio.unwrap();
            interval.high - interval.low
        };
        let (few, many) = (width(1_000), width(16_000));
        // The standard error of clicks is √(Σ p(1 − p)) out of Σ p, and an interval is 3.92 of them.
        assert!((many / few - 0.25).abs() < 0.08, "{few} {many}");
        assert!(
            (few - 3.92 * (0.163_f64 * 1e3).sqrt() / 233.0).abs() < 0.05,
            "{few}"
        );
    }

    #[test]
    fn same_whatever_the_order() {
        let (mut rows, mut hashes) = rows(500);
        let expected = intervals(&rows, &answered(0.2, &rows), &hashes);
        rows.reverse();
        hashes.reverse();
        let found = intervals(&rows, &answered(0.2, &rows), &hashes);
        assert_eq!(found, expected);
    }

    #[test]
    fn nothing_is_claimed_of_nothing() {
        assert_eq!(intervals(&[], &[], &[]), ClickIntervals::default());
    }
}
