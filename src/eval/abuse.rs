//! Scores of accounts set against labels: who was found, of which kind, and who was found wrongly.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::abuse::Outcome;
use crate::hash::HashMap;
use crate::ids::AccountId;
use crate::learn::{ClickMetrics, Clicks, Predicted};

/// Kinds that are not abuse: nobody in particular, people, businesses, people who use it a great deal, and people who
/// reported abuse together.
pub const HONEST_KINDS: [&str; 5] = ["none", "person", "business", "heavy", "witness"];

/// What an account really is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AbuseLabel {
    /// The account.
    pub account: AccountId,
    /// Its kind: one of [`HONEST_KINDS`], or a kind of abuse.
    pub kind: String,
}

impl AbuseLabel {
    /// Is it a kind of abuse?
    #[must_use]
    pub fn is_abusive(&self) -> bool {
        !HONEST_KINDS.contains(&self.kind.as_str())
    }
}

/// Why labels could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelsError {
    /// Not CSV, without the two columns, or with a number that is none.
    #[error("labels must be CSV with the columns account_id and kind: {0}")]
    Csv(#[from] csv::Error),
    /// An account that has two kinds.
    #[error("account {account} has two kinds")]
    Twice {
        /// The account.
        account: AccountId,
    },
    /// A row without a kind.
    #[error("account {account} has an empty kind")]
    Empty {
        /// The account.
        account: AccountId,
    },
}

#[derive(serde::Deserialize)]
struct LabelRow {
    account_id: u64,
    kind: String,
}

/// Reads labels: CSV with the columns `account_id` and `kind`, ascending by account.
///
/// # Errors
/// If it is no such file, a kind is empty, or an account has two.
pub fn read_labels(path: &Path) -> Result<Vec<AbuseLabel>, LabelsError> {
    let mut labels = Vec::new();
    for row in csv::Reader::from_path(path)?.into_deserialize() {
        let LabelRow { account_id, kind } = row?;
        let account = AccountId(account_id);
        if kind.trim().is_empty() {
            return Err(LabelsError::Empty { account });
        }
        let kind = kind.trim().to_owned();
        labels.push(AbuseLabel { account, kind });
    }
    labels.sort_unstable();
    labels.dedup();
    match labels
        .windows(2)
        .find(|two| two[0].account == two[1].account)
    {
        Some(two) => Err(LabelsError::Twice {
            account: two[0].account,
        }),
        None => Ok(labels),
    }
}

/// An outcome, and the score from which on it may follow.
pub type Threshold = (Outcome, f64);

/// What was made of an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The account.
    pub account: AccountId,
    /// Its score, in [0, 1].
    pub score: f64,
    /// What follows from it.
    pub outcome: Outcome,
}

/// How well scores tell abusive accounts from others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AbuseEvaluation {
    /// Accounts with a label and a score.
    pub accounts: u64,
    /// Of these, abusive ones.
    pub abusive: u64,
    /// Labels of accounts without a score: they may not be looked at, or are unknown.
    pub unscored: u64,
    /// Of all kinds together.
    pub metrics: ClickMetrics,
    /// At each threshold.
    pub at: Vec<AtOutcome>,
    /// Each kind of abuse, beside everybody who is honest.
    pub kinds: Vec<KindFound>,
    /// Each kind that is not abuse.
    pub honest: Vec<HonestTouched>,
}

/// Who reaches a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AtOutcome {
    /// What follows.
    pub outcome: &'static str,
    /// From which score on.
    pub threshold: f64,
    /// Abusive accounts for which it follows, or worse.
    pub found: u64,
    /// Honest accounts for which it does.
    pub wrongly: u64,
    /// The share of those who reach it that is abusive; none if nobody does.
    pub precision: Option<f64>,
    /// The share of abusive accounts that reaches it; none without any.
    pub recall: Option<f64>,
}

/// How well one kind of abuse is told from everybody who is honest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KindFound {
    /// Its name.
    pub kind: String,
    /// Accounts of this kind.
    pub accounts: u64,
    /// Of this kind and the honest.
    pub metrics: ClickMetrics,
    /// At each threshold, likewise.
    pub at: Vec<AtOutcome>,
}

/// How many of one honest kind reach each threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HonestTouched {
    /// Its name.
    pub kind: String,
    /// Accounts of this kind.
    pub accounts: u64,
    /// How many reach each threshold, in their order.
    pub touched: Vec<u64>,
}

/// Sets scores against labels.
///
/// # Complexity
/// O(k · n log n) for n accounts of k kinds.
#[must_use]
pub fn evaluate_abuse(
    judged: &[Judged],
    labels: &[AbuseLabel],
    thresholds: &[Threshold],
) -> AbuseEvaluation {
    let judged: HashMap<AccountId, &Judged> = judged.iter().map(|one| (one.account, one)).collect();
    let mut by_kind: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    let mut unscored = 0;
    for label in labels {
        match judged.get(&label.account) {
            None => unscored += 1,
            Some(one) => by_kind
                .entry(&label.kind)
                .or_default()
                .push(row(one, label.is_abusive())),
        }
    }
    let is_honest = |kind: &str| HONEST_KINDS.contains(&kind);
    let of = |honest: bool| -> Vec<Row> {
        let kinds = by_kind.iter().filter(|(kind, _)| is_honest(kind) == honest);
        kinds.flat_map(|(_, rows)| rows).copied().collect()
    };
    let (honest, abusive) = (of(true), of(false));
    let kind_found = |(kind, rows): (&&str, &Vec<Row>)| KindFound {
        kind: (*kind).to_owned(),
        accounts: rows.len() as u64,
        metrics: metrics(rows, &honest),
        at: at(rows, &honest, thresholds),
    };
    let touched = |(kind, rows): (&&str, &Vec<Row>)| HonestTouched {
        kind: (*kind).to_owned(),
        accounts: rows.len() as u64,
        touched: thresholds
            .iter()
            .map(|&(outcome, _)| reaching(rows, outcome))
            .collect(),
    };
    AbuseEvaluation {
        accounts: (honest.len() + abusive.len()) as u64,
        abusive: abusive.len() as u64,
        unscored,
        metrics: metrics(&abusive, &honest),
        at: at(&abusive, &honest, thresholds),
        kinds: by_kind
            .iter()
            .filter(|(kind, _)| !is_honest(kind))
            .map(kind_found)
            .collect(),
        honest: by_kind
            .iter()
            .filter(|(kind, _)| is_honest(kind))
            .map(touched)
            .collect(),
    }
}

/// A score set against a label, and what follows from it.
type Row = (Predicted, Outcome);

fn row(judged: &Judged, is_abusive: bool) -> Row {
    let predicted = Predicted {
        p: judged.score,
        target: Clicks {
            clicks: u32::from(is_abusive),
            impressions: 1,
        },
    };
    (predicted, judged.outcome)
}

fn metrics(abusive: &[Row], honest: &[Row]) -> ClickMetrics {
    let rows = abusive.iter().chain(honest).map(|row| row.0);
    ClickMetrics::of(&rows.collect::<Vec<_>>())
}

fn at(abusive: &[Row], honest: &[Row], thresholds: &[Threshold]) -> Vec<AtOutcome> {
    let ratio = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    let one = |&(outcome, threshold): &Threshold| {
        let (found, wrongly) = (reaching(abusive, outcome), reaching(honest, outcome));
        AtOutcome {
            outcome: outcome.as_str(),
            threshold,
            found,
            wrongly,
            precision: ratio(found, found + wrongly),
            recall: ratio(found, abusive.len() as u64),
        }
    };
    thresholds.iter().map(one).collect()
}

fn reaching(rows: &[Row], least: Outcome) -> u64 {
    rows.iter().filter(|(_, outcome)| *outcome >= least).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(account: u64, kind: &str) -> AbuseLabel {
        AbuseLabel {
            account: AccountId(account),
            kind: kind.to_owned(),
        }
    }

    #[test]
    fn everybody_is_counted_under_their_kind() {
        let labels = [
            label(1, "spread"),
            label(2, "farm"),
            label(3, "person"),
            label(4, "heavy"),
            label(9, "farm"),
        ];
        let judged = [
            (1, 0.9, Outcome::Limit),
            (2, 0.4, Outcome::None),
            (3, 0.1, Outcome::None),
            (4, 0.8, Outcome::Demote),
            (7, 1.0, Outcome::Limit),
        ]
        .map(|(id, score, outcome)| Judged {
            account: AccountId(id),
            score,
            outcome,
        });
        let thresholds = [(Outcome::Demote, 0.5), (Outcome::Limit, 0.9)];
        let found = evaluate_abuse(&judged, &labels, &thresholds);
        assert_eq!((found.accounts, found.abusive, found.unscored), (4, 2, 1));
        let [demote, limit] = [found.at[0], found.at[1]];
        assert_eq!(
            (
                demote.found,
                demote.wrongly,
                demote.precision,
                demote.recall
            ),
            (1, 1, Some(0.5), Some(0.5))
        );
        assert_eq!(
            (limit.found, limit.wrongly, limit.precision),
            (1, 0, Some(1.0))
        );
        assert_eq!(found.metrics.auc, Some(0.75));
        let kinds: Vec<_> = found
            .kinds
            .iter()
            .map(|one| (one.kind.as_str(), one.accounts, one.metrics.auc))
            .collect();
        assert_eq!(kinds, [("farm", 1, Some(0.5)), ("spread", 1, Some(1.0))]);
        let honest: Vec<_> = found
            .honest
            .iter()
            .map(|one| (one.kind.as_str(), one.touched.clone()))
            .collect();
        assert_eq!(honest, [("heavy", vec![1, 0]), ("person", vec![0, 0])]);
    }

    #[test]
    fn deny_labels_that_contradict_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read_labels(&path)
        };
        assert_eq!(
            read("account_id,kind\n2,farm\n1,person\n2,farm\n").unwrap(),
            [label(1, "person"), label(2, "farm")]
        );
        assert!(matches!(
            read("account_id,kind\n2,farm\n2,heavy\n"),
            Err(LabelsError::Twice { .. })
        ));
        assert!(matches!(
            read("account_id,kind\n2, \n"),
            Err(LabelsError::Empty { .. })
        ));
        assert!(read("account_id\n2\n").is_err());
        assert!(read("account_id,kind\nx,farm\n").is_err());
    }
}
