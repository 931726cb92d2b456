//! Parameters of FTRL-Proximal.

use linfa::ParamGuard;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::params::{ParamError, require};

/// A learning rate below this learns nothing in as many rows as fit in memory.
const ALPHA_MIN: f64 = 1e-6;
/// A learning rate above this forgets at each row what it learned before, or overflows.
const ALPHA_MAX: f64 = 100.0;
/// More of a penalty, or of β, leaves no weight that differs from 0 in print.
const PENALTY_MAX: f64 = 1e6;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FtrlSettings {
    alpha: f64,
    beta: f64,
    l1: f64,
    l2: f64,
    bits: u8,
    epochs: u32,
    seed: u64,
    max_parts: u32,
}

impl Default for FtrlSettings {
    fn default() -> Self {
        Self {
            alpha: 0.1,
            beta: 1.0,
            l1: 1.0,
            l2: 10.0,
            bits: 18,
            epochs: 2,
            seed: 0,
            max_parts: 64,
        }
    }
}

/// Parameters of FTRL-Proximal, not yet checked.
///
/// Defaults: `alpha` 0.1, `beta` 1, `l1` 1, `l2` 10, `bits` 18, `epochs` 2, `seed` 0, `max_parts` 64.
/// Alpha, penalties and epochs were chosen by cross-validation inside the training folds of five public logs and on
/// synthetic worlds of other seeds than those quoted (`docs/scoring.md`). With fewer than a hundred clicks an alpha of 0.02
/// stays nearer to the base rate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FtrlParams(FtrlValidParams);

/// Checked parameters of FTRL-Proximal; [`linfa::traits::Fit`] and [`linfa::traits::FitWith`] are on this.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FtrlValidParams(FtrlSettings);

impl FtrlParams {
    /// Learning rate α: 0.000001 to 100. Above that a single row decides a weight, and what was learned before it is lost.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.0.0.alpha = alpha;
        self
    }

    /// Learning-rate smoothing β: 0 to 1,000,000.
    #[must_use]
    pub fn beta(mut self, beta: f64) -> Self {
        self.0.0.beta = beta;
        self
    }

    /// L1 penalty λ₁: 0 to 1,000,000.
    #[must_use]
    pub fn l1(mut self, l1: f64) -> Self {
        self.0.0.l1 = l1;
        self
    }

    /// L2 penalty λ₂: 0 to 1,000,000.
    #[must_use]
    pub fn l2(mut self, l2: f64) -> Self {
        self.0.0.l2 = l2;
        self
    }

    /// Base-2 logarithm of the number of slots: 10 to 26. Training takes 16 bytes a slot.
    #[must_use]
    pub fn bits(mut self, bits: u8) -> Self {
        self.0.0.bits = bits;
        self
    }

    /// Passes over the rows: 1 to 1,000.
    #[must_use]
    pub fn epochs(mut self, epochs: u32) -> Self {
        self.0.0.epochs = epochs;
        self
    }

    /// Seed of the order in which rows are visited.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.0.0.seed = seed;
        self
    }

    /// Into how many parts a row of many impressions may be cut: 1 to 4,096 (see [`super::FtrlModel`]).
    #[must_use]
    pub fn max_parts(mut self, max_parts: u32) -> Self {
        self.0.0.max_parts = max_parts;
        self
    }
}

impl Serialize for FtrlParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FtrlParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FtrlSettings::deserialize(deserializer).map(|settings| Self(FtrlValidParams(settings)))
    }
}

impl ParamGuard for FtrlParams {
    type Checked = FtrlValidParams;
    type Error = ParamError;

    fn check_ref(&self) -> Result<&FtrlValidParams, ParamError> {
        let s = &self.0.0;
        require(
            (ALPHA_MIN..=ALPHA_MAX).contains(&s.alpha),
            "ads.ftrl.alpha",
            s.alpha,
            "0.000001 to 100",
        )?;
        for (name, value) in [
            ("ads.ftrl.beta", s.beta),
            ("ads.ftrl.l1", s.l1),
            ("ads.ftrl.l2", s.l2),
        ] {
            let holds = (0.0..=PENALTY_MAX).contains(&value);
            require(holds, name, value, "0 to 1,000,000")?;
        }
        require(
            (10..=26).contains(&s.bits),
            "ads.ftrl.bits",
            s.bits,
            "10 to 26",
        )?;
        require(
            (1..=1_000).contains(&s.epochs),
            "ads.ftrl.epochs",
            s.epochs,
            "1 to 1,000",
        )?;
        require(
            (1..=4_096).contains(&s.max_parts),
            "ads.ftrl.max_parts",
            s.max_parts,
            "1 to 4,096",
        )?;
        Ok(&self.0)
    }

    fn check(self) -> Result<FtrlValidParams, ParamError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl FtrlValidParams {
    /// Learning rate α.
    #[must_use]
    pub const fn alpha(&self) -> f64 {
        self.0.alpha
    }

    /// Learning-rate smoothing β.
    #[must_use]
    pub const fn beta(&self) -> f64 {
        self.0.beta
    }

    /// L1 penalty λ₁.
    #[must_use]
    pub const fn l1(&self) -> f64 {
        self.0.l1
    }

    /// L2 penalty λ₂.
    #[must_use]
    pub const fn l2(&self) -> f64 {
        self.0.l2
    }

    /// Base-2 logarithm of the number of slots.
    #[must_use]
    pub const fn bits(&self) -> u8 {
        self.0.bits
    }

    /// The number of slots.
    #[must_use]
    pub const fn n_slots(&self) -> usize {
        1 << self.0.bits
    }

    /// Passes over the rows.
    #[must_use]
    pub const fn epochs(&self) -> u32 {
        self.0.epochs
    }

    /// Seed of the order in which rows are visited.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.0.seed
    }

    /// Into how many parts a row of many impressions may be cut.
    #[must_use]
    pub const fn max_parts(&self) -> u32 {
        self.0.max_parts
    }

    /// The same with α so many times as great, which may be more than anybody may ask for: that of a part of the rows.
    pub(crate) fn faster(&self, times: f64) -> Self {
        let mut faster = self.clone();
        faster.0.alpha *= times;
        faster
    }

    /// The unchecked twin, for writing and for changing.
    #[must_use]
    pub fn to_unchecked(&self) -> FtrlParams {
        FtrlParams(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(params: &FtrlParams) {
        assert!(params.check_ref().is_ok(), "{params:?}");
    }

    fn bad(params: &FtrlParams) {
        assert!(params.check_ref().is_err(), "{params:?}");
    }

    #[test]
    fn deny_alpha_outside() {
        for alpha in [1e-6, 100.0] {
            ok(&FtrlParams::default().alpha(alpha));
        }
        for alpha in [0.0, 9e-7, 100.1, 1e308, -1.0, f64::NAN, f64::INFINITY] {
            bad(&FtrlParams::default().alpha(alpha));
        }
    }

    #[test]
    fn parts_of_rows_may_learn_faster_than_anybody_may_ask_for() {
        let fastest = FtrlParams::default().alpha(ALPHA_MAX).check().unwrap();
        assert_eq!(fastest.faster(64.0).alpha(), 6_400.0);
    }

    #[test]
    fn deny_penalties_outside() {
        let all = |x| {
            let p = FtrlParams::default;
            [p().beta(x), p().l1(x), p().l2(x)]
        };
        all(0.0).iter().chain(&all(1e6)).for_each(ok);
        for x in [-1e-9, 1.000_001e6, 1e308, f64::NAN, f64::INFINITY] {
            all(x).iter().for_each(bad);
        }
    }

    #[test]
    fn deny_bits_outside() {
        ok(&FtrlParams::default().bits(10));
        ok(&FtrlParams::default().bits(26));
        bad(&FtrlParams::default().bits(9));
        bad(&FtrlParams::default().bits(27));
    }

    #[test]
    fn deny_epochs_outside() {
        ok(&FtrlParams::default().epochs(1));
        ok(&FtrlParams::default().epochs(1_000));
        bad(&FtrlParams::default().epochs(0));
        bad(&FtrlParams::default().epochs(1_001));
    }

    #[test]
    fn deny_parts_outside() {
        ok(&FtrlParams::default().max_parts(1));
        ok(&FtrlParams::default().max_parts(4_096));
        bad(&FtrlParams::default().max_parts(0));
        bad(&FtrlParams::default().max_parts(4_097));
    }
}
