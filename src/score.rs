//! Scores that rank: fixed-point numbers whose sum does not depend on the order of summing.

use serde::{Deserialize, Serialize};

/// A non-negative score with 32 integer and 32 fractional bits.
///
/// Adding fixed-point numbers is associative, so a score is the same for any thread count. The largest
/// sum a graph can produce, 2^20 intermediaries of weight 1/ln 2, uses 53 of the 64 bits.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Score(u64);

/// 1.0 as a fixed-point number.
pub const ONE: u64 = 1 << 32;

impl Score {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A score from its 32.32 bits.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The 32.32 bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// A whole number as a score.
    #[must_use]
    pub const fn from_count(count: u32) -> Self {
        Self((count as u64) << 32)
    }

    /// The nearest score to a real number; negative numbers and NaN become zero, large ones saturate.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float casts saturate, NaN becomes 0"
    )]
    pub fn from_f64(value: f64) -> Self {
        Self((value * ONE as f64).round() as u64)
    }

    /// The score as a real number, exact to 2⁻³² below 2²¹.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / ONE as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_exact() {
        assert_eq!(Score::from_count(7), Score::from_f64(7.0));
        assert_eq!(Score::from_count(7).to_f64(), 7.0);
    }

    #[test]
    fn odd_floats_do_not_wrap() {
        assert_eq!(Score::from_f64(-1.0), Score::ZERO);
        assert_eq!(Score::from_f64(f64::NAN), Score::ZERO);
        assert_eq!(Score::from_f64(f64::INFINITY).bits(), u64::MAX);
    }
}
