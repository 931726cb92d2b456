//! Parameters of factorisation machines.

use linfa::ParamGuard;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::params::{ParamError, require};

/// How two features' vectors meet; see [the module](super).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interaction {
    /// A vector for every field it meets (Juan et al., 2016).
    #[default]
    FieldAware,
    /// One vector, and a weight for each pair of fields (Pan et al., 2018).
    FieldWeighted,
    /// One vector (Rendle, 2010).
    Plain,
}

/// How many bits a coordinate of a vector takes, and as many its sum of squared gradients; written as a number.
///
/// Linear weights and those of pairs of fields always have 32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum WeightBits {
    /// The upper half of an `f32`, about two and a half digits, rounded by chance when it is stored (Gupta et al., 2015): half
    /// the memory.
    Sixteen,
    /// An `f32`.
    #[default]
    ThirtyTwo,
}

impl From<WeightBits> for u8 {
    fn from(bits: WeightBits) -> Self {
        match bits {
            WeightBits::Sixteen => 16,
            WeightBits::ThirtyTwo => 32,
        }
    }
}

impl TryFrom<u8> for WeightBits {
    type Error = ParamError;

    fn try_from(bits: u8) -> Result<Self, ParamError> {
        match bits {
            16 => Ok(Self::Sixteen),
            32 => Ok(Self::ThirtyTwo),
            _ => Err(ParamError {
                name: "ads.factors.weight_bits",
                value: bits.to_string(),
                expected: "16 or 32",
            }),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FactorSettings {
    interaction: Interaction,
    k: usize,
    bits: u8,
    weight_bits: WeightBits,
    eta: f64,
    l2: f64,
    init: f64,
    epochs: u32,
    hold_out: u32,
    patience: u32,
    seed: u64,
    max_parts: u32,
}

impl Default for FactorSettings {
    fn default() -> Self {
        Self {
            interaction: Interaction::FieldAware,
            k: 8,
            bits: 18,
            weight_bits: WeightBits::ThirtyTwo,
            eta: 0.1,
            l2: 1e-5,
            init: 0.3,
            epochs: 10,
            hold_out: 0,
            patience: 2,
            seed: 0,
            max_parts: 64,
        }
    }
}

/// Parameters of a factorisation machine, not yet checked.
///
/// Defaults: `interaction` field-aware, `k` 8, `bits` 18, `weight_bits` 32, `eta` 0.1, `l2` 0.00001, `init` 0.3, `epochs` 10, `hold_out` 0
/// (nothing is held out), `patience` 2, `seed` 0, `max_parts` 64.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FactorParams(FactorValidParams);

/// Checked parameters of a factorisation machine; [`linfa::traits::Fit`] and [`linfa::traits::FitWith`] are on this.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FactorValidParams(FactorSettings);

impl FactorParams {
    /// How two features' vectors meet.
    #[must_use]
    pub fn interaction(mut self, interaction: Interaction) -> Self {
        self.0.0.interaction = interaction;
        self
    }

    /// Coordinates of a vector: 1 to 64. Memory is taken for 8, 16, 32 or 64.
    #[must_use]
    pub fn k(mut self, k: usize) -> Self {
        self.0.0.k = k;
        self
    }

    /// Base-2 logarithm of the number of slots: 10 to 26. A slot takes 8 bytes and 64 for each field and eight coordinates,
    /// 32 with weights of 16 bits.
    #[must_use]
    pub fn bits(mut self, bits: u8) -> Self {
        self.0.0.bits = bits;
        self
    }

    /// How many bits a coordinate takes.
    #[must_use]
    pub fn weight_bits(mut self, weight_bits: WeightBits) -> Self {
        self.0.0.weight_bits = weight_bits;
        self
    }

    /// Learning rate η: finite, above 0.
    #[must_use]
    pub fn eta(mut self, eta: f64) -> Self {
        self.0.0.eta = eta;
        self
    }

    /// L2 penalty λ, taken at every touch: finite, not negative.
    #[must_use]
    pub fn l2(mut self, l2: f64) -> Self {
        self.0.0.l2 = l2;
        self
    }

    /// Vectors begin with coordinates up to init/√k either way: above 0, at most 10.
    #[must_use]
    pub fn init(mut self, init: f64) -> Self {
        self.0.0.init = init;
        self
    }

    /// Most passes over the rows: 1 to 1,000.
    #[must_use]
    pub fn epochs(mut self, epochs: u32) -> Self {
        self.0.0.epochs = epochs;
        self
    }

    /// One row in this many is held out to know when to stop: 0 (none) or 2 to 1,000.
    #[must_use]
    pub fn hold_out(mut self, hold_out: u32) -> Self {
        self.0.0.hold_out = hold_out;
        self
    }

    /// Training stops after this many passes that did not improve on held-out rows: 1 to 1,000.
    #[must_use]
    pub fn patience(mut self, patience: u32) -> Self {
        self.0.0.patience = patience;
        self
    }

    /// Seed of where vectors begin, of which rows are held out, and of how weights of 16 bits are rounded.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.0.0.seed = seed;
        self
    }

    /// Into how many parts a row of many impressions may be cut: 1 to 4,096.
    #[must_use]
    pub fn max_parts(mut self, max_parts: u32) -> Self {
        self.0.0.max_parts = max_parts;
        self
    }
}

impl Serialize for FactorParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FactorParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FactorSettings::deserialize(deserializer).map(|settings| Self(FactorValidParams(settings)))
    }
}

impl ParamGuard for FactorParams {
    type Checked = FactorValidParams;
    type Error = ParamError;

    fn check_ref(&self) -> Result<&FactorValidParams, ParamError> {
        let s = &self.0.0;
        let eta = s.eta.is_finite() && s.eta > 0.0;
        let l2 = s.l2.is_finite() && s.l2 >= 0.0;
        let init = s.init > 0.0 && s.init <= 10.0;
        let hold_out = s.hold_out == 0 || (2..=1_000).contains(&s.hold_out);
        let thousand = 1..=1_000;
        require((1..=64).contains(&s.k), "ads.factors.k", s.k, "1 to 64")?;
        require(
            (10..=26).contains(&s.bits),
            "ads.factors.bits",
            s.bits,
            "10 to 26",
        )?;
        require(eta, "ads.factors.eta", s.eta, "above 0")?;
        require(l2, "ads.factors.l2", s.l2, "at least 0")?;
        require(init, "ads.factors.init", s.init, "above 0 and at most 10")?;
        require(
            thousand.contains(&s.epochs),
            "ads.factors.epochs",
            s.epochs,
            "1 to 1,000",
        )?;
        require(
            hold_out,
            "ads.factors.hold_out",
            s.hold_out,
            "0 or 2 to 1,000",
        )?;
        require(
            thousand.contains(&s.patience),
            "ads.factors.patience",
            s.patience,
            "1 to 1,000",
        )?;
        let parts = (1..=4_096).contains(&s.max_parts);
        require(parts, "ads.factors.max_parts", s.max_parts, "1 to 4,096")?;
        Ok(&self.0)
    }

    fn check(self) -> Result<FactorValidParams, ParamError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl FactorValidParams {
    /// How two features' vectors meet.
    #[must_use]
    pub const fn interaction(&self) -> Interaction {
        self.0.interaction
    }

    /// Coordinates of a vector.
    #[must_use]
    pub const fn k(&self) -> usize {
        self.0.k
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

    /// How many bits a coordinate takes.
    #[must_use]
    pub const fn weight_bits(&self) -> WeightBits {
        self.0.weight_bits
    }

    /// Learning rate η.
    #[must_use]
    pub const fn eta(&self) -> f64 {
        self.0.eta
    }

    /// L2 penalty λ.
    #[must_use]
    pub const fn l2(&self) -> f64 {
        self.0.l2
    }

    /// How large vectors begin.
    #[must_use]
    pub const fn init(&self) -> f64 {
        self.0.init
    }

    /// Most passes over the rows.
    #[must_use]
    pub const fn epochs(&self) -> u32 {
        self.0.epochs
    }

    /// One row in how many is held out; 0: none.
    #[must_use]
    pub const fn hold_out(&self) -> u32 {
        self.0.hold_out
    }

    /// After how many passes without improvement training stops.
    #[must_use]
    pub const fn patience(&self) -> u32 {
        self.0.patience
    }

    /// Seed of where vectors begin, of which rows are held out, and of how weights of 16 bits are rounded.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.0.seed
    }

    /// Into how many parts a row of many impressions may be cut.
    #[must_use]
    pub const fn max_parts(&self) -> u32 {
        self.0.max_parts
    }

    /// The unchecked twin, for writing and for changing.
    #[must_use]
    pub fn to_unchecked(&self) -> FactorParams {
        FactorParams(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        good: impl IntoIterator<Item = FactorParams>,
        bad: impl IntoIterator<Item = FactorParams>,
    ) {
        for params in good {
            assert!(params.check_ref().is_ok(), "{params:?}");
        }
        for params in bad {
            assert!(params.check_ref().is_err(), "{params:?}");
        }
    }

    fn p() -> FactorParams {
        FactorParams::default()
    }

    #[test]
    fn deny_k_outside() {
        check([p().k(1), p().k(64)], [p().k(0), p().k(65)]);
    }

    #[test]
    fn deny_bits_outside() {
        check([p().bits(10), p().bits(26)], [p().bits(9), p().bits(27)]);
    }

    #[test]
    fn deny_eta_zero() {
        let bad = [0.0, -1.0, f64::NAN, f64::INFINITY];
        check([p().eta(f64::MIN_POSITIVE)], bad.map(|eta| p().eta(eta)));
    }

    #[test]
    fn deny_negative_l2() {
        let bad = [-1e-9, f64::NAN, f64::INFINITY];
        check([p().l2(0.0)], bad.map(|l2| p().l2(l2)));
    }

    #[test]
    fn deny_init_outside() {
        let bad = [0.0, -0.1, 10.1, f64::NAN];
        check(
            [p().init(1e-9), p().init(10.0)],
            bad.map(|init| p().init(init)),
        );
    }

    #[test]
    fn deny_epochs_outside() {
        check(
            [p().epochs(1), p().epochs(1_000)],
            [p().epochs(0), p().epochs(1_001)],
        );
    }

    #[test]
    fn deny_held_out_rows_outside() {
        let good = [0, 2, 1_000].map(|n| p().hold_out(n));
        check(good, [1, 1_001].map(|n| p().hold_out(n)));
    }

    #[test]
    fn deny_patience_outside() {
        check(
            [p().patience(1), p().patience(1_000)],
            [p().patience(0), p().patience(1_001)],
        );
    }

    #[test]
    fn deny_parts_outside() {
        check(
            [p().max_parts(1), p().max_parts(4_096)],
            [p().max_parts(0), p().max_parts(4_097)],
        );
    }

    #[test]
    fn deny_unknown_fields() {
        let read = |text| serde_json::from_str::<FactorParams>(text);
        let params = read(r#"{"interaction": "field-weighted", "k": 4}"#).unwrap();
        assert_eq!(params, p().interaction(Interaction::FieldWeighted).k(4));
        assert!(read(r#"{"factors": 4}"#).is_err());
    }

    #[test]
    fn deny_widths_that_no_storage_has() {
        let read = |text: &str| serde_json::from_str::<FactorParams>(text);
        for bits in [WeightBits::Sixteen, WeightBits::ThirtyTwo] {
            let params = p().weight_bits(bits);
            let written = serde_json::to_string(&params).unwrap();
            assert!(written.contains(&format!("\"weight_bits\":{}", u8::from(bits))));
            assert_eq!(read(&written).unwrap(), params);
        }
        assert_eq!(read("{}").unwrap(), p().weight_bits(WeightBits::ThirtyTwo));
        let error = read(r#"{"weight_bits": 8}"#).unwrap_err().to_string();
        assert!(
            error.contains("ads.factors.weight_bits is 8, but must be 16 or 32"),
            "{error}"
        );
    }
}
