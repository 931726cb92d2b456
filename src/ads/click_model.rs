//! The model of clicks: features, a logistic regression over them, and a calibration on top.

use serde::{Deserialize, Serialize};

use super::AdsError;
use super::calibration::{CalibrateBy, Calibration, CalibrationMethod, FieldShifts, bits};
use super::features::{
    AdHashes, Feature, HashedValue, context_features, hashed_values, surface_name,
};
use super::ftrl::{FtrlModel, MODEL_SCHEMA, sigmoid};
use super::metrics::Predicted;
use super::params::ValidAdsParams;
use super::profile::{Attributes, TrainingRow};
use crate::signals::{Ad, Surface};

/// The probability of a click on an ad of a person, per impression.
///
/// The log-odds are summed as `base(ad) + Σ part(value, ad)` over the person's values, then calibrated.
/// Ranking sums the same numbers in the same order, so both give the same bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickModel {
    metadata: Metadata,
    ftrl: FtrlModel,
    calibration: Calibration,
    /// What surface and position added to the log-odds on average over the impressions trained on.
    #[serde(with = "bits")]
    context: f64,
}

/// What a model was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The version of hashing and features.
    pub schema: u32,
    /// Rows trained on.
    pub n_rows: u64,
    /// Their impressions.
    pub impressions: u64,
    /// Their clicks.
    pub clicks: u64,
    /// Rows held out for calibration.
    pub n_held_out: u64,
    /// How it was calibrated, or why not, in words.
    pub calibration: String,
}

/// The value of the field by which calibration tells ads apart.
fn value_of(by: CalibrateBy, ad: &Ad, surface: Surface) -> String {
    match by {
        CalibrateBy::Surface => surface_name(surface).to_owned(),
        CalibrateBy::Category => ad.category.to_string(),
        CalibrateBy::Advertiser => ad.advertiser_id.0.to_string(),
    }
}

/// How it was calibrated, or why not, in words.
fn how_calibrated(calibration: &Calibration, params: &ValidAdsParams) -> String {
    let curve = calibration.curve().as_str();
    match (calibration.is_identity(), calibration.shifts()) {
        (true, _) if params.calibration() == CalibrationMethod::None => {
            "none: switched off".to_owned()
        }
        (true, _) => "none: too few clicks to hold rows out".to_owned(),
        (false, None) => format!("{curve} on held-out rows"),
        (false, Some(shifts)) => format!(
            "{curve} on held-out rows, shifted by {}",
            shifts.by().as_str()
        ),
    }
}

impl ClickModel {
    /// A model that is not calibrated yet.
    pub(in crate::ads) fn new(ftrl: FtrlModel, n_rows: u64, clicks: u64, impressions: u64) -> Self {
        Self {
            metadata: Metadata {
                schema: MODEL_SCHEMA,
                n_rows,
                impressions,
                clicks,
                ..Metadata::default()
            },
            ftrl,
            calibration: Calibration::identity(),
            context: 0.0,
        }
    }

    /// Sets what surface and position add on average.
    pub(in crate::ads) const fn set_context(&mut self, context: f64) {
        self.context = context;
    }

    /// Calibrates on predictions of rows that were held out; `shown` has their ads and surfaces, in the same order.
    pub(in crate::ads) fn calibrate<'a>(
        &mut self,
        predictions: &[Predicted],
        shown: impl Iterator<Item = (&'a Ad, Surface)>,
        params: &ValidAdsParams,
    ) {
        self.calibration = Calibration::fit(params.calibration(), predictions);
        if let Some(by) = params.calibrate_by() {
            let values: Vec<String> = shown
                .map(|(ad, surface)| value_of(by, ad, surface))
                .collect();
            let curve = std::mem::take(&mut self.calibration);
            self.calibration = curve.with_shifts(by, predictions, &values);
        }
        self.metadata.n_held_out = predictions.len() as u64;
        self.metadata.calibration = how_calibrated(&self.calibration, params);
    }

    /// What it was made from.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The logistic regression inside.
    #[must_use]
    pub const fn ftrl(&self) -> &FtrlModel {
        &self.ftrl
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
    pub fn p_click(&self, attributes: &Attributes, ad: &Ad) -> f64 {
        let values = hashed_values(attributes);
        let ad = (&AdHashes::of(ad), self.shift(ad, None));
        self.probability_at(ad, &values, self.context)
    }

    /// The calibrated probability of a click per impression where this row's showing stood.
    #[must_use]
    pub fn p_click_shown(&self, row: &TrainingRow, ad: &Ad) -> f64 {
        let values = hashed_values(&row.attributes);
        let context = self.sum(context_features(row.surface, row.position));
        let ad = (&AdHashes::of(ad), self.shift(ad, Some(row.surface)));
        self.probability_at(ad, &values, context)
    }

    /// An ad's hashes come with its shift.
    pub(in crate::ads) fn probability_at(
        &self,
        (ad, shift): (&AdHashes, f64),
        values: &[HashedValue],
        context: f64,
    ) -> f64 {
        let own = self.ftrl.offset() + self.ad_part(ad) + context;
        let logit = values
            .iter()
            .fold(own, |sum, &v| sum + self.value_part(ad, v));
        self.probability(logit, shift)
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

    /// Log-odds of an ad before anything is known of a person.
    pub(crate) fn base(&self, ad: &AdHashes) -> f64 {
        self.ftrl.offset() + self.ad_part(ad) + self.context
    }

    /// What an ad's own features add.
    pub(crate) fn ad_part(&self, ad: &AdHashes) -> f64 {
        self.sum(ad.features())
    }

    /// What one value of a person's adds for an ad.
    pub(crate) fn value_part(&self, ad: &AdHashes, value: HashedValue) -> f64 {
        self.sum(ad.features_with(value))
    }

    pub(in crate::ads) fn sum(&self, features: impl Iterator<Item = Feature>) -> f64 {
        let bits = self.ftrl.params().bits();
        features.map(|f| self.ftrl.weight(f.slot(bits))).sum()
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
        Err(serde::de::Error::custom(AdsError::ModelSchema {
            found: model.metadata.schema,
            expected: MODEL_SCHEMA,
        }))
    }
}
