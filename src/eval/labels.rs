//! What accounts really are: labels to train on and to measure by.

use std::collections::BTreeSet;
use std::path::Path;

use crate::ids::AccountId;

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

/// The kinds of labels, each once: those that count as abuse, and those that do not.
#[must_use]
pub fn kinds(labels: &[AbuseLabel]) -> [BTreeSet<&str>; 2] {
    let of = |abusive: bool| {
        let some = labels.iter().filter(|one| one.is_abusive() == abusive);
        some.map(|one| one.kind.as_str()).collect()
    };
    [of(true), of(false)]
}

/// Why labels could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelsError {
    /// The file or a row of it cannot be read.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// A column is missing.
    #[error("it has no column {0}; labels are CSV with the columns account_id and kind")]
    Column(&'static str),
    /// No rows.
    #[error("it has no rows")]
    NoRows,
    /// An account that is no id.
    #[error("row {0}: the account_id is not a whole number")]
    Account(u64),
    /// A row without a kind.
    #[error("row {0}: the kind is empty")]
    Empty(u64),
    /// A kind that is an honest one but for capitals, and would count as abuse.
    #[error("row {row}: write the kind {honest} in lower case, or it would count as abuse")]
    Capitals {
        /// Counted from 1, after the names of the columns.
        row: u64,
        /// The kind that it probably is.
        honest: &'static str,
    },
    /// An account that has two kinds.
    #[error("account {account} has two kinds")]
    Twice {
        /// The account.
        account: AccountId,
    },
}

/// Reads labels: CSV with the columns `account_id` and `kind`, ascending by account.
///
/// # Errors
/// If it is no such file or has no rows, a kind is empty or an honest one in capitals, or an account has two.
pub fn read_labels(path: &Path) -> Result<Vec<AbuseLabel>, LabelsError> {
    let mut reader = csv::Reader::from_path(path)?;
    let names = reader.headers()?;
    let place = |wanted| {
        let at = names.iter().position(|name| name.trim() == wanted);
        at.ok_or(LabelsError::Column(wanted))
    };
    let places = [place("account_id")?, place("kind")?];
    let rows = (1..).zip(reader.into_records());
    let labels = rows.map(|(row, record)| label(&record?, places, row));
    let mut labels = labels.collect::<Result<Vec<_>, _>>()?;
    if labels.is_empty() {
        return Err(LabelsError::NoRows);
    }
    labels.sort_unstable();
    labels.dedup();
    let twice = labels
        .windows(2)
        .find(|two| two[0].account == two[1].account);
    match twice.map(|two| two[0].account) {
        Some(account) => Err(LabelsError::Twice { account }),
        None => Ok(labels),
    }
}

fn label(
    record: &csv::StringRecord,
    places: [usize; 2],
    row: u64,
) -> Result<AbuseLabel, LabelsError> {
    let [account, kind] = places.map(|at| record.get(at).unwrap_or_default().trim());
    let account = account.parse().map_err(|_| LabelsError::Account(row))?;
    if kind.is_empty() {
        return Err(LabelsError::Empty(row));
    }
    let is_almost = |honest: &&str| kind != *honest && kind.eq_ignore_ascii_case(honest);
    if let Some(honest) = HONEST_KINDS.into_iter().find(is_almost) {
        return Err(LabelsError::Capitals { row, honest });
    }
    Ok(AbuseLabel {
        account: AccountId(account),
        kind: kind.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<AbuseLabel>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("labels.csv");
        std::fs::write(&path, text).unwrap();
        read_labels(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn labels_are_read_by_the_names_of_their_columns() {
        let label = |account, kind: &str| AbuseLabel {
            account: AccountId(account),
            kind: kind.to_owned(),
        };
        let labels = vec![label(1, "person"), label(2, "farm")];
        let text = "account_id,kind\n2,farm\n1,person\n2,farm\n";
        assert_eq!(read(text), Ok(labels.clone()));
        let text = "why, kind ,account_id\nx, farm,2\ny,person , 1\n";
        assert_eq!(read(text), Ok(labels.clone()));
        let [abuse, honest] = kinds(&labels);
        assert_eq!((abuse, honest), (["farm"].into(), ["person"].into()));
    }

    #[test]
    fn deny_labels_that_cannot_be_meant() {
        for (text, told) in [
            (
                "account_id,kind\n2,farm\n2,heavy\n",
                "account 2 has two kinds",
            ),
            ("account_id,kind\n2,farm\n3, \n", "row 2: the kind is empty"),
            (
                "account_id,kind\n2,Person\n",
                "row 1: write the kind person",
            ),
            ("account_id,kind\n-2,farm\n", "row 1: the account_id"),
            ("account_id,kind\n2.0,farm\n", "row 1: the account_id"),
            ("account_id,kind\n", "no rows"),
            ("account_id\n2\n", "no column kind"),
            ("2,farm\n", "no column account_id"),
            ("", "no column account_id"),
            ("account_id,kind\n2\n", "record 1"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
