//! The trained model: a logistic regression on the [columns](super::columns), calibrated.
//!
//! Two regressions are fitted, one on all columns and one without those that count numbers which are nobody's account: that may be
//! counted for abuse alone, and a purpose that may not is scored by the second. Columns whose weight would be negative are
//! taken out one after the other and the rest is fitted again, so that no account scores lower for being reported, or for saving
//! more strangers. Accounts are then dealt into five parts by a hash of their id; each part is predicted by a regression on the
//! other four, and these predictions are set against the labels by [isotonic regression](crate::learn::Calibration). The
//! figures of [`AbuseTraining`] are theirs, so they are of accounts that were not fitted.
//!
//! # Examples
//! ```
//! use acquaint::abuse::{AbuseTrainParams, EvidenceTable};
//! use linfa::ParamGuard;
//!
//! assert!(AbuseTrainParams::default().l2(0.0).check_ref().is_err());
//! assert_eq!(EvidenceTable::default().rows().len(), 0);
//! ```

use linfa::ParamGuard;
use linfa::dataset::{DatasetBase, Records};
use linfa::traits::{Fit, PredictInplace};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::columns::{COLUMNS, N_COLUMNS, row};
use super::error::AbuseError;
use super::evidence::Evidence;
use super::outcome::{BORNE_OUT_MIN, Basis};
use super::spam::{ScorePart, SpamReason, SpamScore};
use crate::hash::mix;
use crate::learn::{
    Calibration, CalibrationMethod, ClickMetrics, Clicks, Logistic, Predicted, sigmoid,
};
use crate::params::{ParamError, require};
use crate::publish::{seal_json, unseal_json};

/// The form of model files that this version writes and reads; it changes when a column's meaning does.
pub const ABUSE_MODEL_SCHEMA: &str = "acquaint-abuse-model/2";
/// Parts that are predicted by the others.
const PARTS: u64 = 5;
/// Accounts of both kinds that training takes.
const LEAST: usize = 20;

/// Evidence of many accounts: what models of abuse are fitted on and predict.
#[derive(Clone, Debug, Default)]
pub struct EvidenceTable(Vec<Evidence>);

impl EvidenceTable {
    /// Of rows, one an account.
    #[must_use]
    pub const fn new(rows: Vec<Evidence>) -> Self {
        Self(rows)
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[Evidence] {
        &self.0
    }
}

impl Records for EvidenceTable {
    type Elem = f64;

    fn nsamples(&self) -> usize {
        self.0.len()
    }

    fn nfeatures(&self) -> usize {
        N_COLUMNS
    }
}

/// Parameters of training, not yet checked.
#[derive(Clone, Debug, PartialEq)]
pub struct AbuseTrainParams(AbuseTrainValidParams);

/// Checked parameters of training; [`linfa::traits::Fit`] is on this.
#[derive(Clone, Debug, PartialEq)]
pub struct AbuseTrainValidParams {
    l2: f64,
}

impl Default for AbuseTrainParams {
    fn default() -> Self {
        Self(AbuseTrainValidParams { l2: 1.0 })
    }
}

impl AbuseTrainParams {
    /// The penalty on squared weights of scaled columns: 10⁻⁶ to 10⁶; default 1.
    #[must_use]
    pub const fn l2(mut self, l2: f64) -> Self {
        self.0.l2 = l2;
        self
    }
}

impl ParamGuard for AbuseTrainParams {
    type Checked = AbuseTrainValidParams;
    type Error = ParamError;

    fn check_ref(&self) -> Result<&AbuseTrainValidParams, ParamError> {
        let l2 = self.0.l2;
        require(
            (1e-6..=1e6).contains(&l2),
            "abuse.training.l2",
            l2,
            "1e-6 to 1e6",
        )?;
        Ok(&self.0)
    }

    fn check(self) -> Result<AbuseTrainValidParams, ParamError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// Whose consent a model rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbuseProvenance {
    /// The version of acquaint that trained it.
    pub acquaint: String,
    /// BLAKE3 of the consent ledger, as in a run's manifest.
    pub ledger: String,
    /// BLAKE3 of what the ledger allowed, as in a run's manifest.
    pub snapshot: String,
}

/// What a model was trained on, and how well it does on accounts that were not fitted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbuseTraining {
    /// Accounts with a label and evidence.
    pub accounts: u64,
    /// Of these, abusive ones.
    pub abusive: u64,
    /// By all columns, before calibration.
    pub whole: ClickMetrics,
    /// By the columns that every purpose may count, likewise.
    pub without_strangers: ClickMetrics,
}

/// The weight of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnWeight {
    /// Its name.
    pub name: String,
    /// Log-odds from 0 to 1, not negative.
    pub weight: f64,
}

/// One of the two regressions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighed {
    /// Log-odds of an account of which nothing is known.
    pub intercept: f64,
    /// Of every column, in their order.
    pub weights: Vec<ColumnWeight>,
    /// From its probability to a calibrated one.
    pub calibration: Calibration,
}

/// How probable it is that an account is abusive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ModelFile", into = "ModelFile")]
pub struct AbuseModel {
    provenance: AbuseProvenance,
    training: AbuseTraining,
    whole: Weighed,
    without_strangers: Weighed,
}

/// A model as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    schema: String,
    provenance: AbuseProvenance,
    training: AbuseTraining,
    whole: Weighed,
    without_strangers: Weighed,
}

impl From<AbuseModel> for ModelFile {
    fn from(model: AbuseModel) -> Self {
        Self {
            schema: ABUSE_MODEL_SCHEMA.to_owned(),
            provenance: model.provenance,
            training: model.training,
            whole: model.whole,
            without_strangers: model.without_strangers,
        }
    }
}

impl TryFrom<ModelFile> for AbuseModel {
    type Error = String;

    fn try_from(file: ModelFile) -> Result<Self, String> {
        if file.schema != ABUSE_MODEL_SCHEMA {
            return Err(format!(
                "its schema is {}; this build reads {ABUSE_MODEL_SCHEMA}",
                file.schema
            ));
        }
        file.whole.check()?;
        file.without_strangers.check()?;
        Ok(Self {
            provenance: file.provenance,
            training: file.training,
            whole: file.whole,
            without_strangers: file.without_strangers,
        })
    }
}

impl Weighed {
    fn check(&self) -> Result<(), String> {
        let names = self.weights.iter().map(|column| column.name.as_str());
        if !names.eq(COLUMNS.iter().map(|column| column.name)) {
            return Err("its columns are not those of this build".to_owned());
        }
        let is_sound = |column: &ColumnWeight| column.weight.is_finite() && column.weight >= 0.0;
        if !self.intercept.is_finite() || !self.weights.iter().all(is_sound) {
            return Err("a weight is negative or not finite".to_owned());
        }
        Ok(())
    }

    /// What each column adds to the log-odds.
    fn parts(&self, row: &[f64; N_COLUMNS]) -> [f64; N_COLUMNS] {
        std::array::from_fn(|i| self.weights[i].weight * row[i])
    }

    fn log_odds(&self, parts: &[f64; N_COLUMNS]) -> f64 {
        parts.iter().fold(self.intercept, |sum, part| sum + part)
    }

    fn score(&self, parts: &[f64; N_COLUMNS]) -> f64 {
        self.calibration.apply(sigmoid(self.log_odds(parts)))
    }
}

impl AbuseModel {
    /// Whose consent it rests on.
    #[must_use]
    pub const fn provenance(&self) -> &AbuseProvenance {
        &self.provenance
    }

    /// The same, resting on this consent.
    #[must_use]
    pub fn resting_on(mut self, provenance: AbuseProvenance) -> Self {
        self.provenance = provenance;
        self
    }

    /// What it was trained on.
    #[must_use]
    pub const fn training(&self) -> &AbuseTraining {
        &self.training
    }

    /// The regression on all columns, or the one without those that count numbers which are nobody's account.
    #[must_use]
    pub const fn weighed(&self, counts_strangers: bool) -> &Weighed {
        if counts_strangers {
            &self.whole
        } else {
            &self.without_strangers
        }
    }

    /// The score of an account, with its reasons: whatever adds `reason_min` to the log-odds.
    #[must_use]
    pub fn scored(
        &self,
        evidence: &Evidence,
        counts_strangers: bool,
        reason_min: f64,
    ) -> SpamScore {
        let weighed = self.weighed(counts_strangers);
        let parts = weighed.parts(&row(evidence));
        let mut told = self.parts(evidence, counts_strangers);
        let basis = basis(&told);
        told.retain(|part| part.log_odds >= reason_min);
        SpamScore {
            account: evidence.account(),
            score: weighed.score(&parts),
            basis,
            reasons: told.into_iter().map(|part| part.reason).collect(),
        }
    }

    /// What adds to an account's log-odds, the weightiest first. Columns that say the same are added up.
    #[must_use]
    pub fn parts(&self, evidence: &Evidence, counts_strangers: bool) -> Vec<ScorePart> {
        let parts = self.weighed(counts_strangers).parts(&row(evidence));
        let mut told: Vec<ScorePart> = Vec::new();
        for (column, log_odds) in COLUMNS.iter().zip(parts).filter(|(_, part)| *part > 0.0) {
            let reason = (column.reason)(evidence);
            match told.iter_mut().find(|part| part.reason == reason) {
                Some(part) => part.log_odds += log_odds,
                None => told.push(ScorePart { reason, log_odds }),
            }
        }
        // A stable sort: of two that weigh the same the first of the columns comes first.
        told.sort_by(|a, b| b.log_odds.total_cmp(&a.log_odds));
        told
    }

    /// The file's text; the same model gives the same bytes.
    ///
    /// # Errors
    /// None that a model can cause.
    pub fn to_json(&self) -> Result<String, AbuseError> {
        Ok(seal_json(&(serde_json::to_string_pretty(self)? + "\n")))
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// If it is no JSON, a model of another form or of other columns, was edited, or has weights that are negative or no numbers.
    pub fn from_json(text: &str) -> Result<Self, AbuseError> {
        Ok(serde_json::from_str(&unseal_json(text)?)?)
    }
}

impl Fit<EvidenceTable, Vec<bool>, AbuseError> for AbuseTrainValidParams {
    type Object = AbuseModel;

    fn fit(
        &self,
        dataset: &DatasetBase<EvidenceTable, Vec<bool>>,
    ) -> Result<AbuseModel, AbuseError> {
        let (evidence, labels) = (dataset.records.rows(), &dataset.targets);
        let n_abusive = labels.iter().filter(|&&label| label).count();
        if n_abusive < LEAST || labels.len().saturating_sub(n_abusive) < LEAST {
            return Err(AbuseError::TooLittle {
                n_accounts: labels.len(),
                n_abusive,
                least: LEAST,
            });
        }
        let training = Training {
            rows: evidence.iter().map(row).collect(),
            parts: evidence
                .iter()
                .map(|one| mix(one.account().0) % PARTS)
                .collect(),
            labels,
            l2: self.l2,
        };
        let (whole, metrics) = training.weighed(|_| true)?;
        let (without_strangers, metrics_without) =
            training.weighed(|i| !COLUMNS[i].of_strangers)?;
        Ok(AbuseModel {
            provenance: AbuseProvenance::default(),
            training: AbuseTraining {
                accounts: labels.len() as u64,
                abusive: n_abusive as u64,
                whole: metrics,
                without_strangers: metrics_without,
            },
            whole,
            without_strangers,
        })
    }
}

/// Whether anything bears missing trust out.
fn basis(parts: &[ScorePart]) -> Basis {
    let bears_out =
        |part: &ScorePart| part.reason != SpamReason::Untrusted && part.log_odds >= BORNE_OUT_MIN;
    if parts.iter().any(bears_out) {
        Basis::BorneOut
    } else {
        Basis::TrustAlone
    }
}

/// Rows to train on.
struct Training<'a> {
    rows: Vec<[f64; N_COLUMNS]>,
    /// The part of each row.
    parts: Vec<u64>,
    labels: &'a [bool],
    l2: f64,
}

impl Training<'_> {
    /// The regression on some columns, calibrated by predictions of each part from the others, and how good those are.
    fn weighed(
        &self,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<(Weighed, ClickMetrics), AbuseError> {
        let columns: Vec<usize> = (0..N_COLUMNS).filter(|&i| wanted(i)).collect();
        let mut held_out = Vec::with_capacity(self.rows.len());
        for part in 0..PARTS {
            let fitted = self.fit(&columns, |i| self.parts[i] != part)?;
            let theirs = (0..self.rows.len()).filter(|&i| self.parts[i] == part);
            held_out.extend(theirs.map(|i| Predicted {
                p: sigmoid(fitted.log_odds(&self.rows[i])),
                target: Clicks {
                    clicks: u32::from(self.labels[i]),
                    impressions: 1,
                },
            }));
        }
        let fitted = self.fit(&columns, |_| true)?;
        let column = |(column, weight): (&super::columns::Column, &f64)| ColumnWeight {
            name: column.name.to_owned(),
            weight: nine_digits(*weight),
        };
        let weighed = Weighed {
            intercept: nine_digits(fitted.intercept),
            weights: COLUMNS.iter().zip(&fitted.weights).map(column).collect(),
            calibration: Calibration::fit(CalibrationMethod::Isotonic, &held_out),
        };
        Ok((weighed, ClickMetrics::of(&held_out)))
    }

    /// Weights of all columns from some rows; 0 for columns that are not wanted or would speak for an account.
    fn fit(&self, wanted: &[usize], on: impl Fn(usize) -> bool) -> Result<Logistic, AbuseError> {
        let rows: Vec<usize> = (0..self.rows.len()).filter(|&i| on(i)).collect();
        let labels: Vec<bool> = rows.iter().map(|&i| self.labels[i]).collect();
        let mut columns = wanted.to_vec();
        loop {
            let of = |&column: &usize| rows.iter().map(|&i| self.rows[i][column]).collect();
            let values: Vec<Vec<f64>> = columns.iter().map(of).collect();
            let fitted = Logistic::fit(&values, &labels, self.l2)?;
            let lowest =
                (0..columns.len()).min_by(|&a, &b| fitted.weights[a].total_cmp(&fitted.weights[b]));
            match lowest.filter(|&i| fitted.weights[i] < 0.0) {
                Some(i) => {
                    columns.remove(i);
                }
                None => return Ok(spread_out(&columns, &fitted)),
            }
        }
    }
}

/// The weights of some columns as weights of all.
fn spread_out(columns: &[usize], fitted: &Logistic) -> Logistic {
    let mut weights = vec![0.0; N_COLUMNS];
    for (&column, &weight) in columns.iter().zip(&fitted.weights) {
        weights[column] = weight;
    }
    Logistic {
        weights,
        intercept: fitted.intercept,
    }
}

/// The nearest number of nine digits: short in a file, and read back as exactly what was written.
fn nine_digits(x: f64) -> f64 {
    format!("{x:.8e}").parse().unwrap_or(x)
}

impl PredictInplace<EvidenceTable, Array1<f64>> for AbuseModel {
    /// The score of every account by all columns, in [0, 1].
    fn predict_inplace(&self, table: &EvidenceTable, scores: &mut Array1<f64>) {
        for (score, evidence) in scores.iter_mut().zip(table.rows()) {
            *score = self.whole.score(&self.whole.parts(&row(evidence)));
        }
    }

    fn default_target(&self, table: &EvidenceTable) -> Array1<f64> {
        Array1::zeros(table.nsamples())
    }
}

#[cfg(test)]
mod tests;
