//! Calibration: what the model says, set against what happened on rows it was not trained on.
//!
//! A [`Curve`] over all rows, by [isotonic regression](isotonic) or [Platt's sigmoid](platt), and if asked for a
//! [shift for each value of one field](by_field), drawn towards none as far as the values' differences may be luck.
//! All are fitted on held-out predictions only. The curve ascends, so it never changes the order of two ads of one
//! shift.
//!
//! Defined for every input: with fewer than [`MIN_CLICKS_TO_CALIBRATE`] clicks, with none or nothing but clicks, or
//! with a prediction that is no probability among the held-out ones, nothing is changed; NaN stays NaN; a value of the
//! field that was not held out has no shift.

mod by_field;
mod isotonic;
mod platt;
mod stored;

use serde::{Deserialize, Serialize};

pub use by_field::{FieldShifts, Shift};
pub use isotonic::{Isotonic, Knot};
pub use platt::Platt;
use stored::CalibrationFile;
pub(crate) use stored::bits;

use super::batch::ClickTotals;
use super::metrics::Predicted;

/// Held-out clicks below which a model is left as it is.
pub const MIN_CLICKS_TO_CALIBRATE: u64 = 100;

/// How a model is calibrated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationMethod {
    /// Isotonic regression: any ascending curve.
    #[default]
    Isotonic,
    /// Platt's sigmoid: two numbers.
    Platt,
    /// Not at all; every row is trained on.
    None,
}

/// The field whose values are shifted apart. Fields of people are not offered: a shift by age or gender would bring
/// back what ads of special categories must not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalibrateBy {
    /// Where the ad stood. It is averaged out when ads are ranked, so this shift shows in evaluation only.
    Surface,
    /// The ad's category.
    Category,
    /// The ad's advertiser.
    Advertiser,
}

impl CalibrateBy {
    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Surface => "surface",
            Self::Category => "category",
            Self::Advertiser => "advertiser",
        }
    }
}

/// An ascending map of [0, 1] onto itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Curve {
    /// Changes nothing.
    #[default]
    Identity,
    /// Piecewise linear.
    Isotonic(Isotonic),
    /// A sigmoid of the log-odds.
    Platt(Platt),
}

/// A map from a model's probability to a calibrated one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "CalibrationFile", into = "CalibrationFile")]
pub struct Calibration {
    curve: Curve,
    shifts: Option<FieldShifts>,
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
        self.curve == Curve::Identity && self.shifts.is_none()
    }

    /// Fits held-out predictions, all together.
    ///
    /// # Complexity
    /// O(n log n) time, O(n) space.
    #[must_use]
    pub fn fit(method: CalibrationMethod, held_out: &[Predicted]) -> Self {
        let curve = if says_enough(held_out) {
            Curve::fit(method, held_out)
        } else {
            Curve::Identity
        };
        Self {
            curve,
            shifts: None,
        }
    }

    /// The same curve with a shift for each value of a field; `values[i]` is the value of `held_out[i]`. Without a
    /// curve nothing is shifted either.
    ///
    /// # Panics
    /// If there are not as many values as predictions.
    ///
    /// # Complexity
    /// O(n log n) time, O(n) space.
    #[must_use]
    pub fn with_shifts(
        mut self,
        by: CalibrateBy,
        held_out: &[Predicted],
        values: &[String],
    ) -> Self {
        assert_eq!(held_out.len(), values.len(), "one value a prediction");
        if self.curve != Curve::Identity {
            let calibrated = |row: &Predicted| Predicted {
                p: self.curve.apply(row.p),
                ..*row
            };
            let calibrated: Vec<Predicted> = held_out.iter().map(calibrated).collect();
            self.shifts = Some(FieldShifts::fit(by, &calibrated, values));
        }
        self
    }

    /// The curve for all rows.
    #[must_use]
    pub const fn curve(&self) -> &Curve {
        &self.curve
    }

    /// The shifts of single values, if there are any.
    #[must_use]
    pub const fn shifts(&self) -> Option<&FieldShifts> {
        self.shifts.as_ref()
    }

    /// What a value of the field adds to the log-odds; 0 for one that was not held out.
    #[must_use]
    pub fn shift(&self, by: CalibrateBy, value: &str) -> f64 {
        let shifts = self.shifts.as_ref().filter(|shifts| shifts.by() == by);
        shifts.map_or(0.0, |shifts| shifts.of(value))
    }

    /// The calibrated probability, whatever the field's value.
    ///
    /// # Complexity
    /// O(log b) for b knots.
    #[must_use]
    pub fn apply(&self, p: f64) -> f64 {
        self.curve.apply(p)
    }

    /// The calibrated probability with a [shift](Self::shift).
    #[must_use]
    pub fn apply_shifted(&self, p: f64, shift: f64) -> f64 {
        by_field::shifted(self.curve.apply(p), shift)
    }
}

impl Curve {
    fn fit(method: CalibrationMethod, held_out: &[Predicted]) -> Self {
        match method {
            CalibrationMethod::Isotonic => {
                Isotonic::fit(held_out).map_or(Self::Identity, Self::Isotonic)
            }
            CalibrationMethod::Platt => Platt::fit(held_out).map_or(Self::Identity, Self::Platt),
            CalibrationMethod::None => Self::Identity,
        }
    }

    /// The point above a probability.
    #[must_use]
    pub fn apply(&self, p: f64) -> f64 {
        match self {
            Self::Identity => p,
            Self::Isotonic(isotonic) => isotonic.apply(p),
            Self::Platt(platt) => platt.apply(p),
        }
    }

    /// How it was made, in words.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Identity => "none",
            Self::Isotonic(_) => "isotonic",
            Self::Platt(_) => "platt",
        }
    }
}

/// Enough clicks, not all clicks, and nothing but probabilities.
fn says_enough(held_out: &[Predicted]) -> bool {
    let totals: ClickTotals = held_out.iter().map(|row| row.target).collect();
    totals.clicks >= MIN_CLICKS_TO_CALIBRATE
        && totals.clicks < totals.impressions
        && held_out.iter().all(Predicted::is_sound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::Clicks;

    pub(super) fn row(p: f64, clicks: u32, impressions: u32) -> Predicted {
        let target = Clicks {
            clicks,
            impressions,
        };
        Predicted { p, target }
    }

    const METHODS: [CalibrationMethod; 2] = [CalibrationMethod::Isotonic, CalibrationMethod::Platt];

    fn twice_too_high() -> Vec<Predicted> {
        (1..=9)
            .map(|i| row(f64::from(i) / 50.0, i * 10, 1_000))
            .collect()
    }

    #[test]
    fn few_clicks_change_nothing() {
        for method in METHODS {
            let few = Calibration::fit(method, &[row(0.1, 50, 1_000), row(0.2, 49, 1_000)]);
            assert!(few.is_identity());
            assert_eq!(few.apply(0.3), 0.3);
            let enough = Calibration::fit(method, &[row(0.1, 50, 1_000), row(0.2, 50, 1_000)]);
            assert!(!enough.is_identity());
        }
    }

    #[test]
    fn one_outcome_or_a_broken_prediction_changes_nothing() {
        for method in METHODS {
            let fit = |rows: &[Predicted]| Calibration::fit(method, rows);
            assert!(fit(&[]).is_identity());
            assert!(fit(&[row(0.1, 0, 1_000)]).is_identity());
            assert!(fit(&[row(0.1, 1_000, 1_000)]).is_identity());
            for p in [f64::NAN, f64::INFINITY, -0.5, 1.5] {
                let mut rows = twice_too_high();
                rows.push(row(p, 1, 2));
                assert!(fit(&rows).is_identity(), "{p}");
            }
        }
        assert!(Calibration::fit(CalibrationMethod::None, &twice_too_high()).is_identity());
    }

    #[test]
    fn nan_stays_nan_and_probabilities_stay_probabilities() {
        for method in METHODS {
            let fitted = Calibration::fit(method, &twice_too_high());
            assert!(fitted.apply(f64::NAN).is_nan());
            assert!(fitted.apply_shifted(f64::NAN, 0.5).is_nan());
            for p in [0.0, f64::MIN_POSITIVE, 1e-9, 0.5, 1.0 - 1e-16, 1.0] {
                for shift in [-30.0, 0.0, 30.0] {
                    let q = fitted.apply_shifted(p, shift);
                    assert!((0.0..=1.0).contains(&q), "{p} {shift}: {q}");
                }
            }
        }
    }

    #[test]
    fn predictions_as_many_as_clicks_on_the_rows_fitted() {
        let rows = twice_too_high();
        for method in METHODS {
            let fitted = Calibration::fit(method, &rows);
            let after = |r: &Predicted| fitted.apply(r.p) * f64::from(r.target.impressions);
            let clicks: u32 = rows.iter().map(|r| r.target.clicks).sum();
            let ratio = rows.iter().map(after).sum::<f64>() / f64::from(clicks);
            // Platt's targets lie a little inside 0 and 1.
            assert!((ratio - 1.0).abs() < 1e-3, "{method:?}: {ratio}");
        }
    }

    #[test]
    fn without_a_curve_nothing_is_shifted() {
        let rows = [row(0.1, 5, 100)];
        let fitted = Calibration::fit(CalibrationMethod::Isotonic, &rows);
        let fitted = fitted.with_shifts(CalibrateBy::Surface, &rows, &["feed".to_owned()]);
        assert!(fitted.is_identity());
        assert_eq!(fitted.shift(CalibrateBy::Surface, "feed"), 0.0);
    }
}
