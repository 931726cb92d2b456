//! The weights of the spam score.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::outcome::{Outcome, OutcomeThresholds};
use super::spam::SpamScore;
use super::trained::AbuseModel;

use crate::params::{ParamError, require};

/// Unchecked parameters of the spam score.
///
/// With `s(x, cap) = min(ln(1 + x) / ln(1 + cap), 1)`, the log-odds are
///
/// ```text
/// bias + book_weight      · s(book size, book_cap)
///      + one_sided_weight · (matched − reciprocated) / (matched + one_sided_prior)
///      + device_weight    · s(other accounts on the device, device_cap)
///      + report_weight    · s(reporters, report_cap)
///      + budget_weight    · (1 if over the budget for address books, else 0)
/// ```
///
/// and the score is `1 / (1 + exp(−log-odds))`. Logarithms, because the tenth report says less than the first;
/// caps, because beyond them more of the same changes nothing. The prior keeps a handful of unanswered
/// contacts from weighing as much as a thousand. The weights are fixed by judgement, not trained: with the
/// defaults an ordinary account (25 contacts, half of them mutual, a device of its own) scores below 0.02, and
/// no single one of the first four reaches 0.5. The fifth is no indication but an attempt: with the book it takes to be
/// over budget it passes 0.5.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AbuseParams {
    /// Log-odds of an account about which nothing speaks, −20 to 0; default −6.
    pub bias: f64,
    /// Weight of the address book's size, 0 to 20; default 3.
    pub book_weight: f64,
    /// Size from which an address book weighs in full, 1 to 1,000,000,000; default 20,000.
    pub book_cap: u32,
    /// Weight of contacts that do not reciprocate, 0 to 20; default 2.
    pub one_sided_weight: f64,
    /// How many imagined mutual contacts everybody starts with, 0.001 to 1,000,000; default 20.
    pub one_sided_prior: f64,
    /// Weight of other accounts on the device, 0 to 20; default 2.5.
    pub device_weight: f64,
    /// How many other accounts on the device weigh in full, 1 to 1,000,000,000; default 10.
    pub device_cap: u32,
    /// Weight of reports, 0 to 20; default 4.
    pub report_weight: f64,
    /// How many reporters weigh in full, 1 to 1,000,000,000; default 10.
    pub report_cap: u32,
    /// Weight of an address book over budget, 0 to 20; default 4.
    pub budget_weight: f64,
    /// What a part must add to the log-odds to be given as a reason, 0 to 20; default 1.
    pub reason_min: f64,
    /// `[abuse.outcomes]`: from which score on each outcome follows.
    pub outcomes: OutcomeThresholds,
    /// A trained model in the place of the formula above; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<GivenAbuseModel>,
}

/// A trained model, or the file it is in. A configuration names the file; whoever runs it reads the file first, and the manifest
/// of the run holds the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum GivenAbuseModel {
    /// Not read yet.
    File(PathBuf),
    /// The model.
    Trained(Box<AbuseModel>),
}

impl Default for AbuseParams {
    fn default() -> Self {
        Self {
            bias: -6.0,
            book_weight: 3.0,
            book_cap: 20_000,
            one_sided_weight: 2.0,
            one_sided_prior: 20.0,
            device_weight: 2.5,
            device_cap: 10,
            report_weight: 4.0,
            report_cap: 10,
            budget_weight: 4.0,
            reason_min: 1.0,
            outcomes: OutcomeThresholds::default(),
            model: None,
        }
    }
}

impl AbuseParams {
    /// Checks every range.
    ///
    /// # Errors
    /// The first parameter outside its range; a model that is named and was not read.
    pub fn check(self) -> Result<ValidAbuseParams, ParamError> {
        let bias = (-20.0..=0.0).contains(&self.bias);
        require(bias, "abuse.bias", self.bias, "-20 to 0")?;
        weight(self.book_weight, "abuse.book_weight")?;
        cap(self.book_cap, "abuse.book_cap")?;
        weight(self.one_sided_weight, "abuse.one_sided_weight")?;
        let prior = (0.001..=1e6).contains(&self.one_sided_prior);
        require(
            prior,
            "abuse.one_sided_prior",
            self.one_sided_prior,
            "0.001 to 1,000,000",
        )?;
        weight(self.device_weight, "abuse.device_weight")?;
        cap(self.device_cap, "abuse.device_cap")?;
        weight(self.report_weight, "abuse.report_weight")?;
        cap(self.report_cap, "abuse.report_cap")?;
        weight(self.budget_weight, "abuse.budget_weight")?;
        weight(self.reason_min, "abuse.reason_min")?;
        self.outcomes.check()?;
        if let Some(GivenAbuseModel::File(path)) = &self.model {
            let read = "the file of a model, read before the parameters are checked";
            require(false, "abuse.model", path.display(), read)?;
        }
        Ok(ValidAbuseParams(self))
    }
}

fn weight(value: f64, name: &'static str) -> Result<(), ParamError> {
    require((0.0..=20.0).contains(&value), name, value, "0 to 20")
}

fn cap(value: u32, name: &'static str) -> Result<(), ParamError> {
    let holds = (1..=1_000_000_000).contains(&value);
    require(holds, name, value, "1 to 1,000,000,000")
}

/// Checked parameters of the spam score.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidAbuseParams(AbuseParams);

impl ValidAbuseParams {
    /// The values, all of them in range.
    #[must_use]
    pub const fn values(&self) -> &AbuseParams {
        &self.0
    }

    /// The trained model, if one takes the place of the formula.
    #[must_use]
    pub fn model(&self) -> Option<&AbuseModel> {
        match &self.0.model {
            Some(GivenAbuseModel::Trained(model)) => Some(model),
            Some(GivenAbuseModel::File(_)) | None => None,
        }
    }

    /// The same, with a trained model in the place of the formula.
    #[must_use]
    pub fn with_model(mut self, model: AbuseModel) -> Self {
        self.0.model = Some(GivenAbuseModel::Trained(Box::new(model)));
        self
    }

    /// What follows from a score.
    #[must_use]
    pub fn outcome(&self, score: &SpamScore) -> Outcome {
        self.0.outcomes.of(score.score, score.basis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(change: impl FnOnce(&mut AbuseParams)) -> Option<&'static str> {
        let mut params = AbuseParams::default();
        change(&mut params);
        params.check().err().map(|e| e.name)
    }

    #[test]
    fn bounds_of_bias() {
        assert_eq!(name_of(|p| p.bias = -20.0), None);
        assert_eq!(name_of(|p| p.bias = 0.0), None);
        for bad in [-20.1, 0.1, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(name_of(|p| p.bias = bad), Some("abuse.bias"));
        }
    }

    #[test]
    fn bounds_of_weights() {
        type Field = (fn(&mut AbuseParams) -> &mut f64, &'static str);
        let fields: [Field; 6] = [
            (|p| &mut p.book_weight, "abuse.book_weight"),
            (|p| &mut p.one_sided_weight, "abuse.one_sided_weight"),
            (|p| &mut p.device_weight, "abuse.device_weight"),
            (|p| &mut p.report_weight, "abuse.report_weight"),
            (|p| &mut p.budget_weight, "abuse.budget_weight"),
            (|p| &mut p.reason_min, "abuse.reason_min"),
        ];
        for (field, name) in fields {
            assert_eq!(name_of(|p| *field(p) = 0.0), None);
            assert_eq!(name_of(|p| *field(p) = 20.0), None);
            for bad in [-0.1, 20.1, f64::NAN] {
                assert_eq!(name_of(|p| *field(p) = bad), Some(name));
            }
        }
    }

    #[test]
    fn bounds_of_caps() {
        type Field = (fn(&mut AbuseParams) -> &mut u32, &'static str);
        let fields: [Field; 3] = [
            (|p| &mut p.book_cap, "abuse.book_cap"),
            (|p| &mut p.device_cap, "abuse.device_cap"),
            (|p| &mut p.report_cap, "abuse.report_cap"),
        ];
        for (field, name) in fields {
            assert_eq!(name_of(|p| *field(p) = 1), None);
            assert_eq!(name_of(|p| *field(p) = 1_000_000_000), None);
            assert_eq!(name_of(|p| *field(p) = 0), Some(name));
            assert_eq!(name_of(|p| *field(p) = 1_000_000_001), Some(name));
        }
    }

    #[test]
    fn bounds_of_one_sided_prior() {
        assert_eq!(name_of(|p| p.one_sided_prior = 0.001), None);
        assert_eq!(name_of(|p| p.one_sided_prior = 1e6), None);
        for bad in [0.0, 1_000_001.0, f64::NAN] {
            assert_eq!(
                name_of(|p| p.one_sided_prior = bad),
                Some("abuse.one_sided_prior")
            );
        }
    }

    #[test]
    fn deny_a_model_that_was_not_read() {
        let params: AbuseParams = toml::from_str("model = \"abuse.json\"").unwrap();
        assert_eq!(params.check().unwrap_err().name, "abuse.model");
    }

    #[test]
    fn deny_unknown_fields() {
        assert!(toml::from_str::<AbuseParams>("book_wieght = 1.0").is_err());
    }
}
