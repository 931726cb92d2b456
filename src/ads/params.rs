//! Parameters of training and ranking.

use linfa::ParamGuard;
use serde::{Deserialize, Serialize};

use super::model_kind::ModelKind;
use super::own::OwnFeatures;
use super::policy::{PolicyParams, ValidPolicyParams};
use super::shared::SharedParams;
use crate::learn::factor::{FactorParams, FactorValidParams};
use crate::learn::{CalibrateBy, CalibrationMethod, FtrlParams, FtrlValidParams};
use crate::params::{ParamError, require};
use crate::signals::OwnColumns;

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
    /// Into how many shards rows are put at most: any number from 1 to 4,096. So many are made as the greatest power of two that is
    /// no greater and leaves each [`MIN_CLICKS_PER_SHARD`](super::MIN_CLICKS_PER_SHARD) clicks: of 3 allowed, 2. With more of them, fewer rows are learnt anew when
    /// somebody leaves; with fewer, the model is a little better (`docs/scoring.md` has both).
    pub shards: u32,
    /// Which share of the rows without clicks is trained on: 0.001 to 1. Those that are stand for the others, and with fewer than one
    /// in a thousand left hardly any would.
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
    /// Which shared signals the model looks at besides profiles.
    pub signals: SharedParams,
    /// Columns of the configuration's own that the model looks at; none by default.
    #[serde(skip_serializing_if = "OwnFeatures::is_empty")]
    pub features: OwnFeatures,
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
            signals: SharedParams::default(),
            features: OwnFeatures::default(),
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
    signals: SharedParams,
    features: OwnFeatures,
    own_columns: OwnColumns,
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
        self.signals = other.signals;
        self.features = other.features.clone();
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
            (0.001..=1.0).contains(&self.negative_share),
            "ads.negative_share",
            self.negative_share,
            "0.001 to 1",
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
            signals: self.signals.check()?,
            own_columns: self.features.columns()?,
            features: self.features,
        })
    }
}

impl ValidAdsParams {
    /// Ads per person.
    #[must_use]
    pub const fn k(&self) -> usize {
        self.k
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

    /// Which shared signals the model looks at.
    #[must_use]
    pub const fn signals(&self) -> SharedParams {
        self.signals
    }

    /// The same looking at other shared signals.
    #[must_use]
    pub const fn with_signals(mut self, signals: SharedParams) -> Self {
        self.signals = signals;
        self
    }

    /// Columns of the configuration's own that the model looks at.
    #[must_use]
    pub const fn features(&self) -> &OwnFeatures {
        &self.features
    }

    /// The same, as tables are read with them.
    #[must_use]
    pub const fn own_columns(&self) -> &OwnColumns {
        &self.own_columns
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
        assert!(with(|p| p.negative_share = 0.001).is_ok());
        for share in [0.0, 1e-9, 0.000_9, -0.1, 1.000_1, f64::NAN] {
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
