//! From permitted rows to a calibrated model of clicks.

use serde::{Deserialize, Serialize};

use super::AdsError;
use super::batch::{ClickDataset, ClickTargets, Clicks, SparseBatch, totals};
use super::calibration::{
    CalibrateBy, Calibration, CalibrationMethod, FieldShifts, MIN_CLICKS_TO_CALIBRATE, bits,
};
use super::features::{
    AdHashes, Feature, HashedValue, context_features, mix, surface_name, user_values,
};
use super::ftrl::{FtrlModel, MODEL_SCHEMA, sigmoid};
use super::metrics::{ClickMetrics, Predicted, ReliabilityBin, reliability};
use super::params::ValidAdsParams;
use super::profile::{Attributes, TrainingRow};
use crate::consent::{AdRelevance, Permitted};
use crate::hash::HashMap;
use crate::ids::AdId;
use crate::signals::{Ad, Surface};
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
    /// The held-out rows in bins of prediction, before calibration.
    #[serde(default)]
    pub reliability: Vec<ReliabilityBin>,
    /// The fit of models trained on parts of the rows, in order of size; the last is this model.
    #[serde(default)]
    pub curve: Vec<CurvePoint>,
}

/// A model trained on a part of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Share of the rows it was trained on; those of a smaller share are among those of a larger one.
    pub share: f64,
    /// Rows it was trained on.
    pub rows: u64,
    /// The fit on the rows held out from all, before calibration.
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
    let rows = usable(rows, &ads_by_id(ads), &mut report);
    let targets: Vec<Clicks> = rows.iter().map(|row| row.row.target).collect();
    let (held_out, fitted) = split(rows, params, totals(&targets).0);
    let mut model = ClickModel::fitted(&fitted, params)?;
    report.rows_fitted = fitted.len() as u64;
    report.rows_held_out = held_out.len() as u64;
    report.fitted = ClickMetrics::of(&model.predictions(&fitted));
    let predictions = model.predictions(&held_out);
    report.held_out = ClickMetrics::of(&predictions);
    report.reliability = reliability(&predictions, BINS);
    report.curve = curve(&fitted, &held_out, report.held_out, params)?;
    model.calibrate(&held_out, &predictions, params);
    report.n_weights = model.ftrl.n_weights() as u64;
    Ok((model, report))
}

/// Shares of the rows that a learning curve trains on besides all of them.
const CURVE_SHARES: [f64; 3] = [0.125, 0.25, 0.5];
/// Salt of the choice of these rows.
const CURVE_SALT: u64 = 0xC0DE;
/// Bins of the reliability table.
const BINS: u32 = 10;

/// What parts of the rows would have taught; `held_out_of_all` is what all of them did. Empty without held-out rows.
fn curve(
    fitted: &[Encoded<'_>],
    held_out: &[Encoded<'_>],
    held_out_of_all: ClickMetrics,
    params: &ValidAdsParams,
) -> Result<Vec<CurvePoint>, AdsError> {
    if held_out.is_empty() || !params.learning_curve() {
        return Ok(Vec::new());
    }
    let mut points = Vec::with_capacity(CURVE_SHARES.len() + 1);
    for share in CURVE_SHARES {
        let part = |row: &&Encoded<'_>| row.row.is_in_share(CURVE_SALT, share);
        let part: Vec<Encoded<'_>> = fitted.iter().filter(part).cloned().collect();
        let model = ClickModel::fitted(&part, params)?;
        points.push(CurvePoint {
            share,
            rows: part.len() as u64,
            held_out: ClickMetrics::of(&model.predictions(held_out)),
        });
    }
    points.push(CurvePoint {
        share: 1.0,
        rows: fitted.len() as u64,
        held_out: held_out_of_all,
    });
    Ok(points)
}

/// A row with the hashes of its ad and of its values.
#[derive(Clone)]
struct Encoded<'a> {
    row: &'a TrainingRow,
    described: &'a Ad,
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

fn ads_by_id(ads: &[Ad]) -> HashMap<AdId, (&Ad, AdHashes)> {
    ads.iter()
        .map(|ad| (ad.ad_id, (ad, AdHashes::of(ad))))
        .collect()
}

/// The rows that can be used, in the order of what they say rather than of how they came.
fn usable<'a>(
    rows: &'a [Permitted<TrainingRow, AdRelevance>],
    ads: &HashMap<AdId, (&'a Ad, AdHashes)>,
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
            Some(&(described, ad)) => encoded.push(Encoded {
                row,
                described,
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
    let wanted = params.calibration() != CalibrationMethod::None;
    if !wanted || clicks < 5 * MIN_CLICKS_TO_CALIBRATE {
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

    fn calibrate(
        &mut self,
        held_out: &[Encoded<'_>],
        predictions: &[Predicted],
        params: &ValidAdsParams,
    ) {
        self.calibration = Calibration::fit(params.calibration(), predictions);
        if let Some(by) = params.calibrate_by() {
            let value = |row: &Encoded<'_>| value_of(by, row.described, row.row.surface);
            let values: Vec<String> = held_out.iter().map(value).collect();
            let curve = std::mem::take(&mut self.calibration);
            self.calibration = curve.with_shifts(by, predictions, &values);
        }
        self.metadata.n_held_out = held_out.len() as u64;
        self.metadata.calibration = how_calibrated(&self.calibration, params);
    }

    /// Predictions for showings, surface and position known.
    fn predictions(&self, rows: &[Encoded<'_>]) -> Vec<Predicted> {
        let p = |row: &Encoded<'_>| Predicted {
            p: self.probability_at(
                (&row.ad, self.shift(row.described, Some(row.row.surface))),
                &row.values,
                self.sum(row.context()),
            ),
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
    fn probability_at(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::testing::{ad, impression, permit_all};
    use crate::ads::{AdsParams, FtrlParams};
    use crate::signals::Impression;

    fn params() -> AdsParams {
        let ftrl = FtrlParams::default().bits(12).alpha(0.1).epochs(10);
        AdsParams {
            ftrl,
            ..AdsParams::default()
        }
    }

    fn trained(shown: &[Impression], ads: &[Ad]) -> (ClickModel, TrainReport) {
        trained_with(params(), shown, ads)
    }

    fn trained_with(
        params: AdsParams,
        shown: &[Impression],
        ads: &[Ad],
    ) -> (ClickModel, TrainReport) {
        let rows = shown.iter().map(|shown| TrainingRow::new(shown, None));
        train(&permit_all(rows), ads, &params.check().unwrap()).unwrap()
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
        assert!(changed(|json| json["metadata"]["schema"] = (MODEL_SCHEMA - 1).into()).is_err());
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
    fn calibration_is_as_asked_for() {
        let shown = showings(400);
        let with = |calibration, calibrate_by| {
            let params = AdsParams {
                calibration,
                calibrate_by,
                ..params()
            };
            trained_with(params, &shown, &ads()).0
        };
        let platt = with(CalibrationMethod::Platt, Some(CalibrateBy::Advertiser));
        assert_eq!(
            platt.metadata().calibration,
            "platt on held-out rows, shifted by advertiser"
        );
        assert_eq!(platt.calibration().shifts().unwrap().shifts().len(), 5);
        let none = with(CalibrationMethod::None, Some(CalibrateBy::Surface));
        assert!(none.calibration().is_identity());
        assert_eq!(none.metadata().n_held_out, 0);
        assert_eq!(none.metadata().calibration, "none: switched off");
        let read = ClickModel::from_json(&platt.to_json().unwrap()).unwrap();
        assert_eq!(read, platt);
    }

    /// A shift by surface says nothing of an ad that has not been placed yet.
    #[test]
    fn shifts_are_of_the_ad_that_is_asked_for() {
        let mut shown = showings(400);
        for (i, row) in shown.iter_mut().enumerate() {
            row.surface = [Surface::Feed, Surface::Stories][i % 2];
        }
        let by = |calibrate_by| {
            let params = AdsParams {
                calibrate_by,
                ..params()
            };
            trained_with(params, &shown, &ads()).0
        };
        let (ads, surface) = (ads(), by(Some(CalibrateBy::Surface)));
        assert_eq!(surface.shift(&ads[0], None), 0.0);
        let advertiser = by(Some(CalibrateBy::Advertiser));
        let expected = advertiser.calibration().shift(CalibrateBy::Advertiser, "0");
        assert_eq!(advertiser.shift(&ads[0], None), expected);
        assert_eq!(advertiser.shift(&ads[0], Some(Surface::Stories)), expected);
    }

    #[test]
    fn too_few_clicks_are_all_trained_on() {
        let (model, report) = trained(&showings(10), &ads());
        assert_eq!((report.rows_fitted, report.rows_held_out), (10, 0));
        assert!(model.calibration().is_identity());
        assert!(model.metadata().calibration.starts_with("none"));
    }
}
