//! From permitted rows to a calibrated model of clicks.

use serde::{Deserialize, Serialize};

use super::AdsError;
use super::batch::{ClickDataset, ClickTargets, Clicks, SparseBatch, totals};
use super::calibration::{Calibration, MIN_CLICKS_TO_CALIBRATE};
use super::features::{AdHashes, Feature, HashedValue, context_features, mix, user_values};
use super::ftrl::{FtrlModel, MODEL_SCHEMA, sigmoid};
use super::metrics::{ClickMetrics, Predicted};
use super::params::ValidAdsParams;
use super::profile::{Attributes, TrainingRow};
use crate::consent::{AdRelevance, Permitted};
use crate::hash::HashMap;
use crate::ids::AdId;
use crate::signals::Ad;
use linfa::traits::FitWith;

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
    /// The digest of the consent ledger that permitted the rows, if the caller named it.
    pub ledger_digest: Option<String>,
}

/// What went into a training and how well it fits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainReport {
    /// Rows given.
    pub rows_in: u64,
    /// Rows trained on.
    pub rows_fitted: u64,
    /// Rows held out for calibration.
    pub rows_held_out: u64,
    /// Rows left out because no table describes their ad.
    pub unknown_ad: u64,
    /// Rows left out because they have no impressions, or more clicks than impressions.
    pub impossible_counts: u64,
    /// Weights that are not 0.
    pub n_weights: u64,
    /// The fit on the rows trained on: optimistic.
    pub fitted: ClickMetrics,
    /// The fit on held-out rows before calibration: honest.
    pub held_out: ClickMetrics,
}

impl TrainReport {
    /// Checks that every row given was used or counted under a reason.
    ///
    /// # Errors
    /// If not.
    pub fn check_sums(&self) -> Result<(), AdsError> {
        let out = self.rows_fitted + self.rows_held_out + self.unknown_ad + self.impossible_counts;
        if self.rows_in == out {
            return Ok(());
        }
        Err(AdsError::Counts {
            what: "training rows",
            left: self.rows_in,
            right: out,
        })
    }
}

/// Trains on permitted rows; the order in which they come does not matter.
///
/// One row in five, by a hash of everything but its counts, is held out for calibration, provided all rows
/// have at least five times [`MIN_CLICKS_TO_CALIBRATE`] clicks. Without any row the model answers the prior.
///
/// # Complexity
/// O(epochs · Σ parts · d) for d features a row, plus sorting; 16 bytes a slot and 8 bytes a feature.
///
/// # Errors
/// None that data can cause: rows that cannot be used are counted in the report.
pub fn train(
    rows: &[Permitted<TrainingRow, AdRelevance>],
    ads: &[Ad],
    params: &ValidAdsParams,
) -> Result<(ClickModel, TrainReport), AdsError> {
    let mut report = TrainReport {
        rows_in: rows.len() as u64,
        ..TrainReport::default()
    };
    let rows = usable(rows, &ad_hashes(ads), &mut report);
    let targets: Vec<Clicks> = rows.iter().map(|row| row.row.target).collect();
    let (held_out, fitted) = split(rows, params, totals(&targets).0);
    let mut model = ClickModel::fitted(&fitted, params)?;
    report.rows_fitted = fitted.len() as u64;
    report.rows_held_out = held_out.len() as u64;
    report.fitted = ClickMetrics::of(&model.predictions(&fitted));
    let predictions = model.predictions(&held_out);
    report.held_out = ClickMetrics::of(&predictions);
    model.calibrate(&predictions, params);
    report.n_weights = model.ftrl.n_weights() as u64;
    Ok((model, report))
}

/// A row with the hashes of its ad and of its values.
struct Encoded<'a> {
    row: &'a TrainingRow,
    ad: AdHashes,
    values: Vec<HashedValue>,
}

impl Encoded<'_> {
    fn features(&self) -> impl Iterator<Item = Feature> {
        let crossed = self.values.iter().flat_map(|&v| self.ad.features_with(v));
        self.ad.features().chain(crossed).chain(self.context())
    }

    fn context(&self) -> impl Iterator<Item = Feature> + use<> {
        context_features(self.row.surface, self.row.position)
    }
}

fn ad_hashes(ads: &[Ad]) -> HashMap<AdId, AdHashes> {
    ads.iter().map(|ad| (ad.ad_id, AdHashes::of(ad))).collect()
}

/// The rows that can be used, in the order of what they say rather than of how they came.
fn usable<'a>(
    rows: &'a [Permitted<TrainingRow, AdRelevance>],
    ads: &HashMap<AdId, AdHashes>,
    report: &mut TrainReport,
) -> Vec<Encoded<'a>> {
    let mut sorted: Vec<&TrainingRow> = rows.iter().map(Permitted::get).collect();
    sorted.sort_unstable();
    let mut encoded = Vec::with_capacity(rows.len());
    for row in sorted {
        let Clicks {
            clicks,
            impressions,
        } = row.target;
        match ads.get(&row.ad_id) {
            None => report.unknown_ad += 1,
            Some(_) if impressions == 0 || clicks > impressions => report.impossible_counts += 1,
            Some(&ad) => encoded.push(Encoded {
                row,
                ad,
                values: hashed_values(&row.attributes),
            }),
        }
    }
    encoded
}

fn hashed_values(attributes: &Attributes) -> Vec<HashedValue> {
    let values = user_values(attributes);
    values
        .iter()
        .map(super::features::UserValue::hashed)
        .collect()
}

/// Salt of the calibration split, so that it is independent of an evaluation's.
const CALIBRATION_SALT: u64 = 0xCA11;

fn split<'a>(
    rows: Vec<Encoded<'a>>,
    params: &ValidAdsParams,
    clicks: u64,
) -> (Vec<Encoded<'a>>, Vec<Encoded<'a>>) {
    if !params.calibrate() || clicks < 5 * MIN_CLICKS_TO_CALIBRATE {
        return (Vec::new(), rows);
    }
    rows.into_iter()
        .partition(|row| mix(CALIBRATION_SALT, row.row.split_hash()).is_multiple_of(5))
}

fn dataset(rows: &[Encoded<'_>], params: &ValidAdsParams) -> Result<ClickDataset, AdsError> {
    let bits = params.ftrl().bits();
    let mut batch = SparseBatch::new(params.ftrl().n_slots());
    let mut pairs = Vec::new();
    for row in rows {
        pairs.clear();
        pairs.extend(row.features().map(|feature| (feature.slot(bits), 1.0)));
        batch.push_row(&pairs)?;
    }
    let targets = rows.iter().map(|row| row.row.target).collect();
    Ok(ClickDataset::new(batch, ClickTargets::new(targets)?))
}

impl ClickModel {
    fn fitted(rows: &[Encoded<'_>], params: &ValidAdsParams) -> Result<Self, AdsError> {
        let dataset = dataset(rows, params)?;
        let (clicks, impressions) = dataset.targets().totals();
        let start = FtrlModel::at_rate(params.ftrl(), params.rate(clicks, impressions))?;
        let mut model = Self {
            metadata: Metadata {
                schema: MODEL_SCHEMA,
                n_rows: rows.len() as u64,
                impressions,
                clicks,
                ..Metadata::default()
            },
            ftrl: params.ftrl().fit_with(Some(start), &dataset)?,
            calibration: Calibration::identity(),
            context: 0.0,
        };
        model.context = model.mean_context(rows);
        Ok(model)
    }

    fn mean_context(&self, rows: &[Encoded<'_>]) -> f64 {
        let impressions = |row: &Encoded<'_>| f64::from(row.row.target.impressions);
        let all: f64 = rows.iter().map(impressions).sum();
        let sum = |row| impressions(row) * self.sum(row.context());
        let sum: f64 = rows.iter().map(sum).sum();
        if all > 0.0 { sum / all } else { 0.0 }
    }

    fn calibrate(&mut self, held_out: &[Predicted], params: &ValidAdsParams) {
        self.calibration = Calibration::fit(held_out);
        self.metadata.n_held_out = held_out.len() as u64;
        let how = if !self.calibration.is_identity() {
            "isotonic on held-out rows"
        } else if params.calibrate() {
            "none: too few clicks to hold rows out"
        } else {
            "none: switched off"
        };
        how.clone_into(&mut self.metadata.calibration);
    }

    /// Predictions for showings, surface and position known.
    fn predictions(&self, rows: &[Encoded<'_>]) -> Vec<Predicted> {
        let p = |row: &Encoded<'_>| Predicted {
            p: self.probability_at(&row.ad, &row.values, self.sum(row.context())),
            target: row.row.target,
        };
        rows.iter().map(p).collect()
    }

    /// Names the consent ledger whose gate permitted the rows.
    #[must_use]
    pub fn with_ledger_digest(mut self, digest: impl Into<String>) -> Self {
        self.metadata.ledger_digest = Some(digest.into());
        self
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
        self.probability_at(&AdHashes::of(ad), &values, self.context)
    }

    /// The calibrated probability of a click per impression where this row's showing stood.
    #[must_use]
    pub fn p_click_shown(&self, row: &TrainingRow, ad: &Ad) -> f64 {
        let values = hashed_values(&row.attributes);
        let context = self.sum(context_features(row.surface, row.position));
        self.probability_at(&AdHashes::of(ad), &values, context)
    }

    fn probability_at(&self, ad: &AdHashes, values: &[HashedValue], context: f64) -> f64 {
        let own = self.ftrl.offset() + self.ad_part(ad) + context;
        let logit = values
            .iter()
            .fold(own, |sum, &v| sum + self.value_part(ad, v));
        self.probability(logit)
    }

    pub(crate) fn probability(&self, logit: f64) -> f64 {
        self.calibration.apply(sigmoid(logit))
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

    fn sum(&self, features: impl Iterator<Item = Feature>) -> f64 {
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

/// A finite number as its bit pattern.
mod bits {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(value.to_bits())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        let value = f64::from_bits(u64::deserialize(from)?);
        let finite = value.is_finite().then_some(value);
        finite.ok_or_else(|| D::Error::custom("a number that is not finite"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::testing::{ad, impression, permit_all};
    use crate::ads::{AdsParams, FtrlParams};
    use crate::signals::Impression;

    fn params(calibrate: bool) -> ValidAdsParams {
        let ftrl = FtrlParams::default().bits(12).alpha(0.1).epochs(10);
        let params = AdsParams {
            calibrate,
            ftrl,
            ..AdsParams::default()
        };
        params.check().unwrap()
    }

    fn trained(shown: &[Impression], ads: &[Ad]) -> (ClickModel, TrainReport) {
        let rows = shown.iter().map(|shown| TrainingRow::new(shown, None));
        train(&permit_all(rows), ads, &params(true)).unwrap()
    }

    fn showings(n: u64) -> Vec<Impression> {
        (0..n)
            .map(|i| {
                let mut shown = impression(Some(i), i % 5, 100, if i % 5 == 0 { 9 } else { 3 });
                shown.position = Some(u8::try_from(i % 3).unwrap());
                shown
            })
            .collect()
    }

    fn ads() -> Vec<Ad> {
        (0..5).map(|id| ad(id, "food", 1.0)).collect()
    }

    #[test]
    fn every_row_is_used_or_counted() {
        let mut shown = showings(400);
        shown[0].ad_id = AdId(99);
        shown[1].impressions = 0;
        shown[2].clicks = shown[2].impressions + 1;
        let (model, report) = trained(&shown, &ads());
        report.check_sums().unwrap();
        assert_eq!((report.unknown_ad, report.impossible_counts), (1, 2));
        assert!(report.rows_held_out > 50 && !model.calibration().is_identity());
        let metadata = model.metadata();
        assert_eq!(metadata.n_rows + metadata.n_held_out, 397);
        assert_eq!(metadata.calibration, "isotonic on held-out rows");
    }

    #[test]
    fn same_model_whatever_the_order_of_rows_and_ads() {
        let (mut shown, mut ads) = (showings(400), ads());
        let expected = trained(&shown, &ads);
        shown.reverse();
        ads.reverse();
        assert_eq!(trained(&shown, &ads), expected);
    }

    #[test]
    fn same_model_after_writing_and_reading() {
        let model = trained(&showings(400), &ads()).0.with_ledger_digest("d1");
        let read = ClickModel::from_json(&model.to_json().unwrap()).unwrap();
        assert_eq!(read, model);
        assert_eq!(read.metadata().ledger_digest.as_deref(), Some("d1"));
    }

    #[test]
    fn deny_models_of_other_versions_and_numbers_that_are_not_finite() {
        let written = trained(&showings(10), &ads()).0.to_json().unwrap();
        let changed = |change: fn(&mut serde_json::Value)| {
            let mut json: serde_json::Value = serde_json::from_str(&written).unwrap();
            change(&mut json);
            ClickModel::from_json(&json.to_string())
        };
        assert!(changed(|_| ()).is_ok());
        assert!(changed(|json| json["metadata"]["schema"] = 1.into()).is_err());
        assert!(changed(|json| json["context"] = f64::NAN.to_bits().into()).is_err());
        assert!(changed(|json| json["more"] = 1.into()).is_err());
        assert!(ClickModel::from_json(&written[..written.len() / 2]).is_err());
    }

    /// Ad 1 always stood at the top and ad 2 at the bottom; ad 3 shows that places alone decide.
    #[test]
    fn a_good_place_is_not_taken_for_a_good_ad() {
        let shown = |ad, position, clicks| {
            (0..100).map(move |i| {
                let mut shown = impression(Some(i), ad, 100, clicks);
                shown.position = Some(position);
                shown
            })
        };
        let all: Vec<_> = shown(1, 0, 20)
            .chain(shown(2, 1, 5))
            .chain(shown(3, 0, 20))
            .chain(shown(3, 1, 5))
            .collect();
        let ads: Vec<Ad> = (1..4).map(|id| ad(id, "food", 1.0)).collect();
        let (model, _) = trained(&all, &ads);
        let p = |ad: &Ad| model.p_click(&Attributes::default(), ad);
        // Clicks differ fourfold; what is left of it once places are known is far less.
        assert!(
            p(&ads[0]) / p(&ads[1]) < 2.0,
            "{} {}",
            p(&ads[0]),
            p(&ads[1])
        );
        let top = TrainingRow::new(&all[0], None);
        assert!(model.p_click_shown(&top, &ads[2]) > p(&ads[2]));
    }

    #[test]
    fn too_few_clicks_are_all_trained_on() {
        let (model, report) = trained(&showings(10), &ads());
        assert_eq!((report.rows_fitted, report.rows_held_out), (10, 0));
        assert!(model.calibration().is_identity());
        assert!(model.metadata().calibration.starts_with("none"));
    }
}
