//! Logistic regression on described candidates, and how well it says what it says.

use super::RankerError;
use super::features::{Features, N_FEATURES};
use crate::learn::Logistic;

/// Log-odds as a weighted sum, `intercept + Σ wᵢ·xᵢ`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Linear {
    pub(super) weights: Vec<f64>,
    pub(super) intercept: f64,
}

impl Linear {
    pub(super) fn log_odds(&self, x: &[f64]) -> f64 {
        let terms = self.weights.iter().zip(x);
        self.intercept + terms.map(|(w, x)| w * x).sum::<f64>()
    }
}

/// Fits rows of features, each scaled to mean 0 and variance 1 for the penalty to mean the same for all; the weights
/// that come back are those of the features as they were. Only `columns` count; the others' weights are 0.
pub(super) fn fit(
    rows: &[Features],
    is_friend: &[bool],
    l2: f64,
    columns: &[usize],
) -> Result<Linear, RankerError> {
    let scale = Scale::of(rows);
    let scale_of = &scale;
    let column = |i| rows.iter().map(move |row| scale_of.apply(i, row));
    let values = columns.iter().copied().flat_map(column).collect();
    let fitted = fit_scaled(values, columns.len(), is_friend, l2)?;
    let mut scaled = Linear {
        weights: vec![0.0; N_FEATURES],
        ..fitted
    };
    for (&column, weight) in columns.iter().zip(fitted.weights) {
        scaled.weights[column] = weight;
    }
    Ok(scale.undo(&scaled))
}

/// Two numbers that carry log-odds to calibrated ones, `slope · x + intercept` (Platt, "Probabilistic outputs for support
/// vector machines", 1999), from rows that were not fitted. Those of the identity, if they would turn the order around.
pub(super) fn calibrate(log_odds: &[f64], is_friend: &[bool]) -> (f64, f64) {
    let n_friends = is_friend.iter().filter(|&&y| y).count();
    if n_friends < 20 || is_friend.len() - n_friends < 20 {
        return (1.0, 0.0);
    }
    match fit_scaled(log_odds.to_vec(), 1, is_friend, 0.0) {
        Ok(line) if line.weights[0] > 0.0 => (line.weights[0], line.intercept),
        _ => (1.0, 0.0),
    }
}

/// Fits values as they are, column after column.
fn fit_scaled(
    values: Vec<f64>,
    n_columns: usize,
    is_friend: &[bool],
    l2: f64,
) -> Result<Linear, RankerError> {
    let Logistic { weights, intercept } = Logistic::fit_scaled(values, n_columns, is_friend, l2)?;
    Ok(Linear { weights, intercept })
}

struct Scale {
    mean: Features,
    deviation: Features,
}

impl Scale {
    fn of(rows: &[Features]) -> Self {
        let n = rows.len().max(1) as f64;
        let mut mean = [0.0; N_FEATURES];
        for row in rows {
            (0..N_FEATURES).for_each(|i| mean[i] += row[i] / n);
        }
        let mut variance = [0.0; N_FEATURES];
        for row in rows {
            (0..N_FEATURES).for_each(|i| variance[i] += (row[i] - mean[i]).powi(2) / n);
        }
        // A feature that never varies says nothing; its weight stays 0.
        let deviation = variance.map(|v| if v > 1e-18 { v.sqrt() } else { f64::INFINITY });
        Self { mean, deviation }
    }

    fn apply(&self, i: usize, row: &Features) -> f64 {
        (row[i] - self.mean[i]) / self.deviation[i]
    }

    fn undo(&self, scaled: &Linear) -> Linear {
        let weights = scaled.weights.iter().zip(self.deviation);
        let weights: Vec<f64> = weights.map(|(w, d)| w / d).collect();
        let shift: f64 = weights.iter().zip(self.mean).map(|(w, m)| w * m).sum();
        Linear {
            intercept: scaled.intercept - shift,
            weights,
        }
    }
}

/// How well log-odds say what happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fitness {
    pub(super) log_loss: f64,
    pub(super) base_log_loss: f64,
    pub(super) auc: f64,
    pub(super) calibration_error: f64,
}

/// Bins of equally many rows for the calibration error.
const BINS: usize = 10;

impl Fitness {
    /// Not a number where there is nothing to measure on.
    pub(super) fn of(log_odds: &[f64], is_friend: &[bool]) -> Self {
        let n = is_friend.len() as f64;
        let mut rows: Vec<(f64, bool)> = (log_odds.iter().copied())
            .zip(is_friend.iter().copied())
            .collect();
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let n_friends = rows.iter().filter(|(_, y)| *y).count() as f64;
        let rate = n_friends / n;
        // ln(1 + e^−x), without overflow.
        let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        let loss = |&(x, y): &(f64, bool)| softplus(if y { -x } else { x });
        Self {
            log_loss: rows.iter().map(loss).sum::<f64>() / n,
            base_log_loss: -(rate * rate.ln() + (1.0 - rate) * (1.0 - rate).ln()),
            auc: auc(&rows, n_friends),
            calibration_error: calibration_error(&rows),
        }
    }
}

/// The probability that a friend is above somebody who is none, ties counting half; rows ascend.
fn auc(rows: &[(f64, bool)], n_friends: f64) -> f64 {
    let (mut below, mut wins) = (0.0, 0.0);
    for same in rows.chunk_by(|a, b| a.0 == b.0) {
        let friends = same.iter().filter(|(_, y)| *y).count() as f64;
        let others = same.len() as f64 - friends;
        wins += friends * (below + others / 2.0);
        below += others;
    }
    wins / (n_friends * (rows.len() as f64 - n_friends))
}

fn calibration_error(rows: &[(f64, bool)]) -> f64 {
    let width = rows.len().div_ceil(BINS).max(1);
    let gap = |bin: &[(f64, bool)]| {
        let expected: f64 = bin.iter().map(|&(x, _)| sigmoid(x)).sum();
        let found = bin.iter().filter(|(_, y)| *y).count() as f64;
        (expected - found).abs()
    };
    rows.chunks(width).map(gap).sum::<f64>() / rows.len() as f64
}

/// The probability of log-odds.
pub(super) fn sigmoid(log_odds: f64) -> f64 {
    if log_odds >= 0.0 {
        1.0 / (1.0 + (-log_odds).exp())
    } else {
        let e = log_odds.exp();
        e / (1.0 + e)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{mix, unit};

    /// A number in [0, 1).
    fn uniform(x: u64) -> f64 {
        unit(mix(x))
    }

    #[test]
    fn planted_weights_are_found_again() {
        let (mut rows, mut labels) = (Vec::new(), Vec::new());
        for i in 0..4_000_u64 {
            let mut row = [3.0; N_FEATURES];
            row[0] = 4.0 * uniform(3 * i) - 2.0;
            row[5] = 100.0 + 10.0 * uniform(3 * i + 1);
            let log_odds = 1.5 * row[0] - 0.3 * (row[5] - 105.0) - 0.5;
            labels.push(uniform(3 * i + 2) < sigmoid(log_odds));
            rows.push(row);
        }
        let found = fit(
            &rows,
            &labels,
            0.01,
            &std::array::from_fn::<_, N_FEATURES, _>(|i| i),
        )
        .unwrap();
        assert!((found.weights[0] - 1.5).abs() < 0.2, "{found:?}");
        assert!((found.weights[5] + 0.3).abs() < 0.05, "{found:?}");
        assert!((found.intercept - 31.0).abs() < 5.0, "{found:?}");
        assert!((1..5).all(|i| found.weights[i] == 0.0));
        let log_odds: Vec<f64> = rows.iter().map(|row| found.log_odds(row)).collect();
        let fitness = Fitness::of(&log_odds, &labels);
        assert!(fitness.calibration_error < 0.02 && fitness.log_loss < fitness.base_log_loss);
        // Log-odds that are twice too sure are halved.
        let sure: Vec<f64> = log_odds.iter().map(|x| 2.0 * x + 1.0).collect();
        let (slope, intercept) = calibrate(&sure, &labels);
        assert!((slope - 0.5).abs() < 0.04 && (intercept + 0.5).abs() < 0.1);
        // And never turned around.
        let wrong: Vec<f64> = log_odds.iter().map(|x| -x).collect();
        assert_eq!(calibrate(&wrong, &labels), (1.0, 0.0));
    }

    #[test]
    fn auc_counts_ties_half() {
        assert_eq!(
            Fitness::of(&[1.0, 2.0, 0.0, 1.0], &[true, true, false, false]).auc,
            3.5 / 4.0
        );
        assert_eq!(Fitness::of(&[0.0; 3], &[true, false, false]).auc, 0.5);
    }
}
