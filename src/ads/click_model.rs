//! The model of clicks: a regression or a factorisation machine over features, and a calibration on top.

use serde::{Deserialize, Serialize};

use super::factor_clicks::FactorClicks;
use super::features::{AdHashes, HashedAd, HashedValue, Showing, hashed_values, surface_name};
use super::logistic::Logistic;
use super::model_kind::ModelKind;
use super::own::OwnBins;
use super::params::ValidAdsParams;
use super::profile::{TrainingRow, UserProfile};
use super::shared::{History, Shared, SharedParams};
use crate::learn::{
    CalibrateBy, Calibration, CalibrationMethod, ClickTotals, FieldShifts, FtrlModel, LearnError,
    MODEL_SCHEMA, Predicted, sigmoid,
};
use crate::signals::{Ad, Surface};

/// The probability of a click on an ad of a person, per impression.
///
/// A predictor says the log-odds, which are then calibrated. Ranking sums the same numbers in the same order as this, so both
/// give the same bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickModel {
    metadata: Metadata,
    predictor: Predictor,
    calibration: Calibration,
    /// Where bins of numbers in own columns begin.
    #[serde(default, skip_serializing_if = "OwnBins::is_empty")]
    own: OwnBins,
}

/// What says the log-odds of a click.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::ads) enum Predictor {
    Logistic(Logistic),
    Factors(FactorClicks),
}

impl Predictor {
    /// Log-odds of an ad for somebody with these values, where it stood or averaged over where ads stood.
    fn logit(&self, ad: &AdHashes, values: &[HashedValue], showing: Option<Showing<'_>>) -> f64 {
        match (self, showing) {
            (Self::Logistic(model), showing) => model.logit(ad, values, showing),
            (Self::Factors(model), None) => model.logit(ad, values),
            (Self::Factors(model), Some(showing)) => model.logit_shown(ad, values, showing),
        }
    }

    const fn kind(&self) -> ModelKind {
        match self {
            Self::Logistic(_) => ModelKind::Logistic,
            Self::Factors(_) => ModelKind::Factors,
        }
    }

    /// Weights that training gave it.
    fn n_weights(&self) -> usize {
        match self {
            Self::Logistic(model) => model.ftrl().n_weights(),
            Self::Factors(model) => model.machine().n_weights(),
        }
    }
}

/// What a model was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The version of hashing and features.
    pub schema: u32,
    /// What says the log-odds.
    pub kind: ModelKind,
    /// Rows trained on.
    pub n_rows: u64,
    /// Their impressions.
    pub impressions: u64,
    /// Their clicks.
    pub clicks: u64,
    /// Rows held out for calibration, from this model or from others.
    pub n_held_out: u64,
    /// How it was calibrated, or why not, in words.
    pub calibration: String,
    /// Which shared signals it looks at.
    pub looks_at: SharedParams,
}

/// An ad, and where it was shown.
#[derive(Clone, Copy, Debug)]
pub(in crate::ads) struct AdOn<'a> {
    pub(in crate::ads) ad: &'a Ad,
    pub(in crate::ads) surface: Surface,
}

/// The value of the field by which calibration tells ads apart.
fn value_of(by: CalibrateBy, ad: &Ad, surface: Surface) -> String {
    match by {
        CalibrateBy::Surface => surface_name(surface).to_owned(),
        CalibrateBy::Category => ad.category.to_string(),
        CalibrateBy::Advertiser => ad.advertiser_id.0.to_string(),
    }
}

/// How it was calibrated and on what, or why not, in words.
fn how_calibrated(calibration: &Calibration, params: &ValidAdsParams, on: &str) -> String {
    let curve = calibration.curve().as_str();
    match (calibration.is_identity(), calibration.shifts()) {
        (true, _) if params.calibration() == CalibrationMethod::None => {
            "none: switched off".to_owned()
        }
        (true, _) => "none: too few clicks to hold rows out".to_owned(),
        (false, None) => format!("{curve} on {on}"),
        (false, Some(shifts)) => format!("{curve} on {on}, shifted by {}", shifts.by().as_str()),
    }
}

impl ClickModel {
    /// A model that is not calibrated yet.
    pub(in crate::ads) fn new(
        predictor: Predictor,
        n_rows: u64,
        totals: ClickTotals,
        looks_at: SharedParams,
    ) -> Self {
        Self {
            metadata: Metadata {
                schema: MODEL_SCHEMA,
                kind: predictor.kind(),
                n_rows,
                impressions: totals.impressions,
                clicks: totals.clicks,
                looks_at,
                ..Metadata::default()
            },
            predictor,
            calibration: Calibration::identity(),
            own: OwnBins::default(),
        }
    }

    /// Calibrates on predictions of rows that were held out; `shown` has their ads and surfaces, in the same order, and `on`
    /// says in words which they are.
    pub(in crate::ads) fn calibrate<'a>(
        &mut self,
        predictions: &[Predicted],
        shown: impl Iterator<Item = AdOn<'a>>,
        params: &ValidAdsParams,
        on: &str,
    ) {
        self.calibration = Calibration::fit(params.calibration(), predictions);
        if let Some(by) = params.calibrate_by() {
            let values: Vec<String> = shown
                .map(|AdOn { ad, surface }| value_of(by, ad, surface))
                .collect();
            let curve = std::mem::take(&mut self.calibration);
            self.calibration = curve.with_shifts(by, predictions, &values);
        }
        self.metadata.n_held_out = predictions.len() as u64;
        self.metadata.calibration = how_calibrated(&self.calibration, params, on);
    }

    /// The same with another calibration, for tests of what calibration may do.
    #[cfg(test)]
    pub(in crate::ads) fn calibrated_by(self, calibration: Calibration) -> Self {
        Self {
            calibration,
            ..self
        }
    }

    /// The same, with the bins its rows were told with.
    pub(in crate::ads) fn with_own(self, own: OwnBins) -> Self {
        Self { own, ..self }
    }

    /// Where bins of numbers in own columns begin.
    pub(in crate::ads) const fn own(&self) -> &OwnBins {
        &self.own
    }

    /// What it was made from.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// What says the log-odds.
    #[must_use]
    pub const fn kind(&self) -> ModelKind {
        self.predictor.kind()
    }

    pub(in crate::ads) const fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    /// The logistic regression inside, if there is one.
    #[must_use]
    pub const fn ftrl(&self) -> Option<&FtrlModel> {
        match &self.predictor {
            Predictor::Logistic(model) => Some(model.ftrl()),
            Predictor::Factors(_) => None,
        }
    }

    /// The factorisation machine inside, if there is one.
    #[must_use]
    pub const fn factors(&self) -> Option<&crate::learn::factor::FactorModel> {
        match &self.predictor {
            Predictor::Logistic(_) => None,
            Predictor::Factors(model) => Some(model.machine()),
        }
    }

    /// How many weights training gave it: of the regression those that are not 0, of the machine those that a row has moved.
    #[must_use]
    pub fn n_weights(&self) -> usize {
        self.predictor.n_weights()
    }

    /// The calibration on top.
    #[must_use]
    pub const fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// Has it seen nothing, so that all it knows is the prior?
    #[must_use]
    pub const fn is_prior_only(&self) -> bool {
        self.metadata.impressions == 0
    }

    /// The calibrated probability of a click per impression, averaged over where ads stood in training.
    #[must_use]
    pub fn p_click(&self, profile: &UserProfile, ad: &Ad) -> f64 {
        let values = profile.hashed_for(ad);
        let logit = self.predictor.logit(&self.hashes(ad), &values, None);
        self.probability(logit, self.shift(ad, None))
    }

    /// The calibrated probability of a click per impression where this row's showing stood; `before` is what is shared about the
    /// person by then ([`History::before`](super::History::before)).
    #[must_use]
    pub fn p_click_shown(&self, row: &TrainingRow, before: &Shared, ad: &Ad) -> f64 {
        let mut values = hashed_values(&row.attributes);
        values.extend(before.hashed());
        let place = row.placement(self.metadata.looks_at);
        let ad = self.hashed(ad);
        let showing = Showing::of(place, &before.showing, &ad.hashes);
        self.p_hashed_shown(showing, &ad, &values)
    }

    /// As [`p_click_shown`](Self::p_click_shown) of a row that names nobody, so that there is nothing before it, with each of many
    /// ads in the place of its own: its values are hashed once.
    #[must_use]
    pub fn p_clicks_shown(&self, row: &TrainingRow, ads: &[Ad]) -> Vec<f64> {
        let values = hashed_values(&row.attributes);
        let own = self.own.of_showing(&row.own.showing);
        let place = row.placement(self.metadata.looks_at);
        let p = |ad: &Ad| {
            let ad = self.hashed(ad);
            let showing = Showing::of(place, &own, &ad.hashes);
            self.p_hashed_shown(showing, &ad, &values)
        };
        ads.iter().map(p).collect()
    }

    /// An ad's hashes, with its numbers in the model's bins.
    pub(in crate::ads) fn hashes(&self, ad: &Ad) -> AdHashes {
        AdHashes::of(ad, self.own.of_ad(ad))
    }

    fn hashed<'a>(&self, ad: &'a Ad) -> HashedAd<'a> {
        HashedAd::of(ad, self.own.of_ad(ad))
    }

    /// The past told with this model's bins of numbers, where it was trained on other rows.
    #[must_use]
    pub fn tells<'a>(&self, history: History<'a>) -> History<'a> {
        history.with_own(self.own.clone())
    }

    /// As [`p_click_shown`](Self::p_click_shown), with the ad and the row's values hashed already.
    pub(in crate::ads) fn p_hashed_shown(
        &self,
        showing: Showing<'_>,
        ad: &HashedAd<'_>,
        values: &[HashedValue],
    ) -> f64 {
        let logit = self.predictor.logit(&ad.hashes, values, Some(showing));
        self.probability(logit, self.shift(ad.ad, Some(showing.place.surface)))
    }

    /// The calibrated probability of log-odds, for an ad with this [shift](Self::shift).
    pub(crate) fn probability(&self, logit: f64, shift: f64) -> f64 {
        self.calibration.apply_shifted(sigmoid(logit), shift)
    }

    /// What calibration adds to the log-odds of an ad; one by surface adds nothing where the surface is not known.
    pub(crate) fn shift(&self, ad: &Ad, surface: Option<Surface>) -> f64 {
        match (self.calibration.shifts().map(FieldShifts::by), surface) {
            (None, _) | (Some(CalibrateBy::Surface), None) => 0.0,
            (Some(by), surface) => {
                let value = value_of(by, ad, surface.unwrap_or(Surface::Feed));
                self.calibration.shift(by, &value)
            }
        }
    }

    /// The model as JSON.
    ///
    /// # Errors
    /// None in practice: nothing in it can fail to be written.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Reads a model from JSON.
    ///
    /// # Errors
    /// If it is not a model of this version, or holds a number that is not finite.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let model: Self = serde_json::from_str(text)?;
        if model.metadata.schema == MODEL_SCHEMA {
            return Ok(model);
        }
        Err(serde::de::Error::custom(LearnError::ModelSchema {
            found: model.metadata.schema,
            expected: MODEL_SCHEMA,
        }))
    }
}
