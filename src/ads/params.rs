//! Parameters of training and ranking.

use super::policy::{PolicyParams, ValidPolicyParams};
use linfa::ParamGuard;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::calibration::{CalibrateBy, CalibrationMethod};
use super::factor::{FactorParams, FactorValidParams};
use super::model_kind::ModelKind;
use crate::params::{ParamError, require};

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
    /// Learning rate α: finite, above 0.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.0.0.alpha = alpha;
        self
    }

    /// Learning-rate smoothing β: finite, not negative.
    #[must_use]
    pub fn beta(mut self, beta: f64) -> Self {
        self.0.0.beta = beta;
        self
    }

    /// L1 penalty λ₁: finite, not negative.
    #[must_use]
    pub fn l1(mut self, l1: f64) -> Self {
        self.0.0.l1 = l1;
        self
    }

    /// L2 penalty λ₂: finite, not negative.
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
        let at_least_0 = |x: f64| x.is_finite() && x >= 0.0;
        require(
            s.alpha.is_finite() && s.alpha > 0.0,
            "ads.ftrl.alpha",
            s.alpha,
            "above 0",
        )?;
        require(at_least_0(s.beta), "ads.ftrl.beta", s.beta, "at least 0")?;
        require(at_least_0(s.l1), "ads.ftrl.l1", s.l1, "at least 0")?;
        require(at_least_0(s.l2), "ads.ftrl.l2", s.l2, "at least 0")?;
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

    /// The unchecked twin, for writing and for changing.
    #[must_use]
    pub fn to_unchecked(&self) -> FtrlParams {
        FtrlParams(self.clone())
    }
}

/// Parameters of the room, not yet checked.
///
/// Defaults: `k` 5, `calibration` isotonic, `calibrate_by` nothing, `learning_curve` true, `prior_ctr` 0.001,
/// `prior_impressions` 100, `shards` 4, `negative_share` 1, `ftrl` as [`FtrlParams`],
/// `policy` as [`PolicyParams`], `model` logistic, `factors` as [`FactorParams`], `early_stopping` 10.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdsParams {
    /// Ads per person: 1 to 1,000.
    pub k: u32,
    /// Hold out a fifth of the rows, less of very many, and calibrate on them like this, if there are clicks enough.
    pub calibration: CalibrationMethod,
    /// The field whose values are then shifted apart, as far as their differences are more than luck.
    pub calibrate_by: Option<CalibrateBy>,
    /// Train on an eighth, a quarter and a half of the rows too, to see what more of them are worth: about as much
    /// work again as training. Needs held-out rows.
    pub learning_curve: bool,
    /// The click rate assumed before anything was shown: above 0, below 1.
    pub prior_ctr: f64,
    /// How many impressions that assumption weighs: finite, not negative.
    pub prior_impressions: f64,
    /// Into how many shards rows are put at most: 1 to 4,096. The number is a power of two, and no greater than leaves each
    /// [`MIN_CLICKS_PER_SHARD`](super::MIN_CLICKS_PER_SHARD) clicks. With more of them, fewer rows are learnt anew when
    /// somebody leaves; with fewer, the model is a little better (`docs/scoring.md` has both).
    pub shards: u32,
    /// Which share of the rows without clicks is trained on: above 0, at most 1. Those that are stand for the others.
    pub negative_share: f64,
    /// Which model is trained.
    pub model: ModelKind,
    /// Parameters of the logistic model.
    pub ftrl: FtrlParams,
    /// Parameters of the factor model; `hold_out` stays 0, since `early_stopping` says who is held out.
    pub factors: FactorParams,
    /// One person in so many is kept out of the training of a factor model to know when to stop: 2 to 1,000; 0 for nobody, and
    /// every pass is made.
    pub early_stopping: u32,
    /// Who may get which ad, and what it costs.
    pub policy: PolicyParams,
}

impl Default for AdsParams {
    fn default() -> Self {
        Self {
            k: 5,
            calibration: CalibrationMethod::default(),
            calibrate_by: None,
            learning_curve: true,
            prior_ctr: 0.001,
            prior_impressions: 100.0,
            shards: 4,
            negative_share: 1.0,
            model: ModelKind::default(),
            ftrl: FtrlParams::default(),
            factors: FactorParams::default(),
            early_stopping: 10,
            policy: PolicyParams::default(),
        }
    }
}

/// Checked parameters of the room.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidAdsParams {
    k: usize,
    calibration: CalibrationMethod,
    calibrate_by: Option<CalibrateBy>,
    learning_curve: bool,
    prior_ctr: f64,
    prior_impressions: f64,
    shards: u32,
    negative_share: f64,
    model: ModelKind,
    ftrl: FtrlValidParams,
    factors: FactorValidParams,
    early_stopping: u32,
    policy: ValidPolicyParams,
}

impl AdsParams {
    /// These parameters, but training as others say.
    #[must_use]
    pub fn trained_as(mut self, other: &Self) -> Self {
        self.calibration = other.calibration;
        self.calibrate_by = other.calibrate_by;
        self.learning_curve = other.learning_curve;
        self.prior_ctr = other.prior_ctr;
        self.prior_impressions = other.prior_impressions;
        self.shards = other.shards;
        self.negative_share = other.negative_share;
        self.model = other.model;
        self.ftrl = other.ftrl.clone();
        self.factors = other.factors.clone();
        self.early_stopping = other.early_stopping;
        self
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn check(self) -> Result<ValidAdsParams, ParamError> {
        require((1..=1_000).contains(&self.k), "ads.k", self.k, "1 to 1,000")?;
        require(
            self.prior_ctr > 0.0 && self.prior_ctr < 1.0,
            "ads.prior_ctr",
            self.prior_ctr,
            "above 0 and below 1",
        )?;
        require(
            self.prior_impressions.is_finite() && self.prior_impressions >= 0.0,
            "ads.prior_impressions",
            self.prior_impressions,
            "at least 0",
        )?;
        require(
            (1..=4_096).contains(&self.shards),
            "ads.shards",
            self.shards,
            "1 to 4,096",
        )?;
        require(
            self.negative_share > 0.0 && self.negative_share <= 1.0,
            "ads.negative_share",
            self.negative_share,
            "above 0, at most 1",
        )?;
        require(
            self.early_stopping == 0 || (2..=1_000).contains(&self.early_stopping),
            "ads.early_stopping",
            self.early_stopping,
            "0 or 2 to 1,000",
        )?;
        let factors = self.factors.check()?;
        require(
            factors.hold_out() == 0,
            "ads.factors.hold_out",
            factors.hold_out(),
            "0: people are held out, see ads.early_stopping",
        )?;
        Ok(ValidAdsParams {
            k: self.k as usize,
            calibration: self.calibration,
            calibrate_by: self.calibrate_by,
            learning_curve: self.learning_curve,
            prior_ctr: self.prior_ctr,
            prior_impressions: self.prior_impressions,
            shards: self.shards,
            negative_share: self.negative_share,
            model: self.model,
            ftrl: self.ftrl.check()?,
            factors,
            early_stopping: self.early_stopping,
            policy: self.policy.check()?,
        })
    }
}

impl ValidAdsParams {
    /// Ads per person.
    #[must_use]
    pub const fn k(&self) -> usize {
        self.k
    }

    /// The same for so many ads a person.
    #[must_use]
    pub(crate) fn with_k(mut self, k: usize) -> Self {
        self.k = k.max(1);
        self
    }

    /// How the model is calibrated on held-out rows.
    #[must_use]
    pub const fn calibration(&self) -> CalibrationMethod {
        self.calibration
    }

    /// The field whose values are shifted apart.
    #[must_use]
    pub const fn calibrate_by(&self) -> Option<CalibrateBy> {
        self.calibrate_by
    }

    /// Is the model trained on parts of the rows too, to see what more of them are worth?
    #[must_use]
    pub const fn learning_curve(&self) -> bool {
        self.learning_curve
    }

    /// The same for another kind of model.
    #[must_use]
    pub const fn with_model(mut self, model: ModelKind) -> Self {
        self.model = model;
        self
    }

    /// The same, with or without a learning curve.
    #[must_use]
    pub const fn with_learning_curve(mut self, learning_curve: bool) -> Self {
        self.learning_curve = learning_curve;
        self
    }

    /// The same with another number of passes over the rows.
    ///
    /// # Errors
    /// If it is out of range.
    pub fn with_epochs(mut self, epochs: u32) -> Result<Self, ParamError> {
        self.ftrl = self.ftrl.to_unchecked().epochs(epochs).check()?;
        self.factors = self.factors.to_unchecked().epochs(epochs).check()?;
        Ok(self)
    }

    /// The click rate assumed before anything was shown.
    #[must_use]
    pub const fn prior_ctr(&self) -> f64 {
        self.prior_ctr
    }

    /// How many impressions that assumption weighs.
    #[must_use]
    pub const fn prior_impressions(&self) -> f64 {
        self.prior_impressions
    }

    /// Into how many shards rows are put at most.
    #[must_use]
    pub const fn shards(&self) -> u32 {
        self.shards
    }

    /// Which share of the rows without clicks is trained on.
    #[must_use]
    pub const fn negative_share(&self) -> f64 {
        self.negative_share
    }

    /// Which model is trained.
    #[must_use]
    pub const fn model(&self) -> ModelKind {
        self.model
    }

    /// Parameters of the logistic model.
    #[must_use]
    pub const fn ftrl(&self) -> &FtrlValidParams {
        &self.ftrl
    }

    /// Parameters of the factor model.
    #[must_use]
    pub const fn factors(&self) -> &FactorValidParams {
        &self.factors
    }

    /// One person in how many is kept out of the training of a factor model to know when to stop; 0: nobody.
    #[must_use]
    pub const fn early_stopping(&self) -> u32 {
        self.early_stopping
    }

    /// Who may get which ad, and what it costs.
    #[must_use]
    pub const fn policy(&self) -> &ValidPolicyParams {
        &self.policy
    }

    /// The click rate of these totals, drawn towards the prior; strictly between 0 and 1.
    #[must_use]
    pub fn rate(&self, clicks: u64, impressions: u64) -> f64 {
        let n = impressions as f64 + self.prior_impressions;
        let rate = (clicks as f64 + self.prior_ctr * self.prior_impressions) / n;
        // Without prior weight the totals alone may say never or always.
        let rate = if n > 0.0 { rate } else { self.prior_ctr };
        rate.clamp(1e-9, 1.0 - 1e-9)
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
    fn deny_alpha_zero() {
        ok(&FtrlParams::default().alpha(f64::MIN_POSITIVE));
        for alpha in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            bad(&FtrlParams::default().alpha(alpha));
        }
    }

    #[test]
    fn deny_negative_beta() {
        ok(&FtrlParams::default().beta(0.0));
        bad(&FtrlParams::default().beta(-1e-9));
        bad(&FtrlParams::default().beta(f64::NAN));
    }

    #[test]
    fn deny_negative_penalties() {
        ok(&FtrlParams::default().l1(0.0).l2(0.0));
        bad(&FtrlParams::default().l1(-1e-9));
        bad(&FtrlParams::default().l2(-1e-9));
        bad(&FtrlParams::default().l2(f64::INFINITY));
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

    fn with(change: impl FnOnce(&mut AdsParams)) -> Result<ValidAdsParams, ParamError> {
        let mut params = AdsParams::default();
        change(&mut params);
        params.check()
    }

    #[test]
    fn deny_k_outside() {
        assert!(with(|p| p.k = 1).is_ok());
        assert!(with(|p| p.k = 1_000).is_ok());
        assert_eq!(with(|p| p.k = 0).unwrap_err().name, "ads.k");
        assert!(with(|p| p.k = 1_001).is_err());
    }

    #[test]
    fn deny_priors_outside() {
        for ctr in [0.0, 1.0, f64::NAN] {
            assert!(with(|p| p.prior_ctr = ctr).is_err(), "{ctr}");
        }
        assert!(with(|p| p.prior_impressions = 0.0).is_ok());
        assert!(with(|p| p.prior_impressions = -1.0).is_err());
        assert!(with(|p| p.prior_impressions = f64::INFINITY).is_err());
        assert!(with(|p| p.ftrl = FtrlParams::default().bits(1)).is_err());
    }

    #[test]
    fn deny_shards_outside() {
        assert!(with(|p| p.shards = 1).is_ok());
        assert!(with(|p| p.shards = 4_096).is_ok());
        assert_eq!(with(|p| p.shards = 0).unwrap_err().name, "ads.shards");
        assert!(with(|p| p.shards = 4_097).is_err());
    }

    #[test]
    fn deny_shares_outside() {
        assert!(with(|p| p.negative_share = 1.0).is_ok());
        assert!(with(|p| p.negative_share = f64::MIN_POSITIVE).is_ok());
        for share in [0.0, -0.1, 1.000_1, f64::NAN] {
            assert!(with(|p| p.negative_share = share).is_err(), "{share}");
        }
    }

    #[test]
    fn deny_early_stopping_outside() {
        for good in [0, 2, 1_000] {
            assert!(with(|p| p.early_stopping = good).is_ok(), "{good}");
        }
        for bad in [1, 1_001] {
            let error = with(|p| p.early_stopping = bad).unwrap_err();
            assert_eq!(error.name, "ads.early_stopping");
        }
    }

    #[test]
    fn deny_rows_held_out_besides_people() {
        let error = with(|p| p.factors = FactorParams::default().hold_out(5)).unwrap_err();
        assert_eq!(error.name, "ads.factors.hold_out");
        assert!(with(|p| p.factors = FactorParams::default().k(0)).is_err());
    }

    #[test]
    fn deny_unknown_fields() {
        let read = |text| serde_json::from_str::<AdsParams>(text);
        let params = read(r#"{"k": 3, "ftrl": {"bits": 20}}"#).unwrap();
        assert_eq!(params.ftrl, FtrlParams::default().bits(20));
        let params = read(r#"{"calibration": "platt", "calibrate_by": "category"}"#).unwrap();
        assert_eq!(params.calibration, CalibrationMethod::Platt);
        assert_eq!(params.calibrate_by, Some(CalibrateBy::Category));
        assert!(read(r#"{"calibration": "magic"}"#).is_err());
        assert!(
            read(r#"{"calibrate_by": "gender"}"#).is_err(),
            "people are not told apart"
        );
        assert!(read(r#"{"kk": 3}"#).is_err());
        assert!(read(r#"{"ftrl": {"bit": 20}}"#).is_err());
    }

    #[test]
    fn rate_is_never_certain() {
        let no_prior = with(|p| p.prior_impressions = 0.0).unwrap();
        assert_eq!(no_prior.rate(0, 0), 0.001);
        assert!(no_prior.rate(0, 10) > 0.0 && no_prior.rate(10, 10) < 1.0);
        let default = AdsParams::default().check().unwrap();
        assert!((default.rate(9, 9_000) - 0.001).abs() < 1e-12);
    }
}
