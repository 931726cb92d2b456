//! A calibration as it is written in a model's file: numbers as bit patterns, so that they read back the same.

use serde::{Deserialize, Serialize};

use super::{CalibrateBy, Calibration, Curve, FieldShifts, Isotonic, Knot, Platt, Shift};
use crate::learn::LearnError;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalibrationFile {
    curve: CurveFile,
    shifts: Option<ShiftsFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CurveFile {
    Identity,
    /// Bits of predicted and calibrated probability of each knot.
    Isotonic(Vec<(u64, u64)>),
    /// Bits of slope and intercept.
    Platt(u64, u64),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShiftsFile {
    by: CalibrateBy,
    clicks_of_doubt_bits: u64,
    values: Vec<Shift>,
}

impl From<Calibration> for CalibrationFile {
    fn from(calibration: Calibration) -> Self {
        let curve = match calibration.curve {
            Curve::Identity => CurveFile::Identity,
            Curve::Isotonic(isotonic) => {
                let knots = isotonic.knots().iter();
                let bits = |knot: &Knot| (knot.predicted.to_bits(), knot.calibrated.to_bits());
                CurveFile::Isotonic(knots.map(bits).collect())
            }
            Curve::Platt(platt) => {
                CurveFile::Platt(platt.slope().to_bits(), platt.intercept().to_bits())
            }
        };
        let shifts = calibration.shifts.map(|shifts| ShiftsFile {
            by: shifts.by(),
            clicks_of_doubt_bits: shifts.clicks_of_doubt().to_bits(),
            values: shifts.shifts().to_vec(),
        });
        Self { curve, shifts }
    }
}

impl TryFrom<CalibrationFile> for Calibration {
    type Error = LearnError;

    fn try_from(file: CalibrationFile) -> Result<Self, LearnError> {
        let curve = file.curve.read().ok_or(LearnError::Model {
            what: "a calibration that is not an ascending map of (0, 1)",
        })?;
        let shifts = file.shifts.map(|shifts| {
            let doubt = f64::from_bits(shifts.clicks_of_doubt_bits);
            let read = FieldShifts::of_parts(shifts.by, doubt, shifts.values);
            read.ok_or(LearnError::Model {
                what: "shifts of a field that are not finite and in order",
            })
        });
        Ok(Self {
            curve,
            shifts: shifts.transpose()?,
        })
    }
}

impl CurveFile {
    fn read(self) -> Option<Curve> {
        Some(match self {
            Self::Identity => Curve::Identity,
            Self::Isotonic(bits) => {
                let knot = |(predicted, calibrated)| Knot {
                    predicted: f64::from_bits(predicted),
                    calibrated: f64::from_bits(calibrated),
                };
                let knots = bits.into_iter().map(knot).collect();
                Curve::Isotonic(Isotonic::of_knots(knots)?)
            }
            Self::Platt(slope, intercept) => Curve::Platt(Platt::of_numbers(
                f64::from_bits(slope),
                f64::from_bits(intercept),
            )?),
        })
    }
}

/// A finite number as its bit pattern.
pub(crate) mod bits {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(crate) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(value.to_bits())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        let value = f64::from_bits(u64::deserialize(from)?);
        let finite = value.is_finite().then_some(value);
        finite.ok_or_else(|| D::Error::custom("a number that is not finite"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::learn::calibration::CalibrationMethod;
    use crate::learn::calibration::tests::row;
    use crate::learn::metrics::Predicted;

    fn fitted(method: CalibrationMethod, rows: &[Predicted]) -> Calibration {
        let values: Vec<String> = (0..rows.len()).map(|i| format!("v{}", i % 3)).collect();
        Calibration::fit(method, rows).with_shifts(CalibrateBy::Category, rows, &values)
    }

    proptest! {
        #[test]
        fn same_after_writing_and_reading(
            cells in prop::collection::vec((1_u32..1_000, 1_u32..500, 0_u32..60), 0..40),
        ) {
            let rows: Vec<_> = cells.iter().map(|&(p, m, c)| row(f64::from(p) / 1e3, c.min(m), m)).collect();
            for method in [CalibrationMethod::Isotonic, CalibrationMethod::Platt, CalibrationMethod::None] {
                let calibration = fitted(method, &rows);
                let text = serde_json::to_string(&calibration).unwrap();
                prop_assert_eq!(serde_json::from_str::<Calibration>(&text).unwrap(), calibration);
            }
        }
    }

    #[test]
    fn deny_damaged_calibrations() {
        let rows: Vec<_> = (1..9)
            .map(|i| row(f64::from(i) / 10.0, i * 9, 100))
            .collect();
        for method in [CalibrationMethod::Isotonic, CalibrationMethod::Platt] {
            let json = serde_json::to_value(fitted(method, &rows)).unwrap();
            let read =
                |json: &serde_json::Value| serde_json::from_value::<Calibration>(json.clone());
            assert!(read(&json).is_ok());
            let name = fitted(method, &rows).curve().as_str();
            let nan = serde_json::json!(f64::NAN.to_bits());
            let mut damaged = json.clone();
            let first = &mut damaged["curve"][name][0];
            if first.is_array() {
                first[0] = nan.clone();
            } else {
                *first = nan.clone();
            }
            assert!(read(&damaged).is_err());
            let mut damaged = json.clone();
            damaged["shifts"]["values"][0]["log_odds"] = nan;
            assert!(read(&damaged).is_err());
            let mut damaged = json.clone();
            damaged["more"] = 1.into();
            assert!(read(&damaged).is_err());
        }
    }
}
