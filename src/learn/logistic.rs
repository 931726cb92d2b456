//! Logistic regression on dense columns: linfa's solver, on columns of mean 0 and variance 1.
//!
//! A penalty means the same for all columns only if they are alike in size, so each is shifted and scaled before the fit and the
//! weights that come back are those of the columns as they were. A column that never varies says nothing: its weight is 0.

use linfa::traits::Fit;
use linfa::{Dataset, ParamGuard};
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2, ShapeBuilder};

use super::LearnError;

/// The mean gradient, of one row, at which fitting ends.
const TOLERANCE: f64 = 2e-5;
/// Steps after which fitting ends at the latest.
const MAX_STEPS: u64 = 200;

/// Log-odds as a weighted sum, `intercept + Σ wᵢ·xᵢ`.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    /// Log-odds a unit, by column.
    pub weights: Vec<f64>,
    /// Log-odds of a row of zeros.
    pub intercept: f64,
}

impl Logistic {
    /// Fits columns, each with a value for every row, to what happened, with a penalty of `l2` on squared weights.
    ///
    /// # Errors
    /// If the solver gives up, or only one outcome happened.
    ///
    /// # Complexity
    /// At most 200 steps of O(rows × columns).
    pub fn fit(columns: &[Vec<f64>], happened: &[bool], l2: f64) -> Result<Self, LearnError> {
        let scales: Vec<Scale> = columns.iter().map(|column| Scale::of(column)).collect();
        let pairs = columns.iter().zip(&scales);
        let values = pairs.flat_map(|(column, scale)| column.iter().map(|&x| scale.apply(x)));
        let fitted = Self::fit_scaled(values.collect(), columns.len(), happened, l2)?;
        let weights = fitted.weights.iter().zip(&scales);
        let weights: Vec<f64> = weights.map(|(w, scale)| w / scale.deviation).collect();
        let shifts = weights.iter().zip(&scales).map(|(w, scale)| w * scale.mean);
        Ok(Self {
            intercept: fitted.intercept - shifts.sum::<f64>(),
            weights,
        })
    }

    /// Fits values as they are, column after column: a step multiplies by the columns as well as by the rows, and only whole
    /// columns are read quickly both ways.
    pub(crate) fn fit_scaled(
        values: Vec<f64>,
        n_columns: usize,
        happened: &[bool],
        l2: f64,
    ) -> Result<Self, linfa_logistic::error::Error> {
        let records = Array2::from_shape_vec((happened.len(), n_columns).f(), values)
            .expect("every row has as many columns");
        let dataset = Dataset::new(records, Array1::from(happened.to_vec()));
        let params = LogisticRegression::default()
            .alpha(l2)
            .max_iterations(MAX_STEPS)
            .gradient_tolerance(TOLERANCE * happened.len() as f64)
            .check()?;
        let fitted = params.fit(&dataset)?;
        // The library chooses which label is the positive one.
        let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
        Ok(Self {
            weights: fitted.params().iter().map(|w| sign * w).collect(),
            intercept: sign * fitted.intercept(),
        })
    }

    /// The log-odds of a row.
    #[must_use]
    pub fn log_odds(&self, row: &[f64]) -> f64 {
        let terms = self.weights.iter().zip(row);
        terms.fold(self.intercept, |sum, (w, x)| sum + w * x)
    }
}

struct Scale {
    mean: f64,
    deviation: f64,
}

impl Scale {
    fn of(column: &[f64]) -> Self {
        let n = column.len().max(1) as f64;
        let mean = column.iter().sum::<f64>() / n;
        let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let deviation = if variance > 1e-18 {
            variance.sqrt()
        } else {
            f64::INFINITY
        };
        Self { mean, deviation }
    }

    fn apply(&self, x: f64) -> f64 {
        (x - self.mean) / self.deviation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{mix, unit};
    use crate::learn::sigmoid;

    #[test]
    fn planted_weights_are_found_again() {
        let draw = |i: u64| unit(mix(i));
        let columns: Vec<Vec<f64>> = vec![
            (0..4_000).map(|i| 4.0 * draw(3 * i) - 2.0).collect(),
            (0..4_000).map(|i| 100.0 + 10.0 * draw(3 * i + 1)).collect(),
            vec![3.0; 4_000],
        ];
        let odds = |i: usize| 1.5 * columns[0][i] - 0.3 * (columns[1][i] - 105.0) - 0.5;
        let happened: Vec<bool> = (0..4_000)
            .map(|i| draw(3 * i as u64 + 2) < sigmoid(odds(i)))
            .collect();
        let found = Logistic::fit(&columns, &happened, 0.01).unwrap();
        assert!((found.weights[0] - 1.5).abs() < 0.2, "{found:?}");
        assert!((found.weights[1] + 0.3).abs() < 0.05, "{found:?}");
        assert_eq!(found.weights[2], 0.0);
        let row = [columns[0][7], columns[1][7], 3.0];
        assert!((found.log_odds(&row) - odds(7)).abs() < 0.3);
    }

    #[test]
    fn deny_one_outcome() {
        assert!(Logistic::fit(&[vec![1.0, 2.0]], &[true, true], 0.1).is_err());
    }
}
