//! What a run found that somebody has to look at, although it finished: exit code 1 for a script.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::signals::Rejection;

/// So many rows of a kind have a finding of their own.
const MAX_ROWS: usize = 1000;

/// Something a finished run found that somebody has to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFinding {
    /// What kind of finding it is, such as `lost_restriction`: a script can rely on it.
    pub code: String,
    /// What was found, in one sentence without a full stop.
    pub what: String,
    /// What to do about it, in one sentence without a full stop.
    pub cure: String,
    /// The row it was found in, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<RowPlace>,
}

/// A row of an input file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowPlace {
    /// The file, relative to the signals directory.
    pub file: String,
    /// The row in that file: the first row after the header is 1.
    pub row: u64,
    /// The column that was wrong, or the column that identifies the row.
    pub column: String,
}

impl RunFinding {
    /// A finding about the run as a whole.
    #[must_use]
    pub fn new(code: &str, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            what: what.into(),
            cure: cure.into(),
            place: None,
        }
    }

    /// A finding for each of some rows; of more than a thousand the others are one.
    #[must_use]
    pub fn of_rows(code: &str, what: &str, rows: &[Rejection]) -> Vec<Self> {
        let of = |row: &Rejection| Self::new(code, what, row.cure()).at(row);
        let mut findings: Vec<Self> = rows.iter().take(MAX_ROWS).map(of).collect();
        if let Some(next) = rows.get(MAX_ROWS) {
            let n_more = rows.len() - MAX_ROWS;
            let what = format!("the same is true of {n_more} more rows");
            findings.push(Self::new(code, what, next.cure()).at(next));
        }
        findings
    }

    /// The same, about the row that was rejected.
    #[must_use]
    pub fn at(mut self, rejection: &Rejection) -> Self {
        self.place = Some(RowPlace {
            file: rejection.file.clone(),
            row: rejection.row,
            column: rejection.column.to_owned(),
        });
        self
    }
}

impl fmt::Display for RunFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            let RowPlace { file, row, column } = place;
            write!(f, "{file}, row {row}, column {column}: ")?;
        }
        write!(f, "{}; {}", self.what, self.cure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::RejectionReason;

    #[test]
    fn a_finding_names_its_row_and_the_cure() {
        let rejection = Rejection {
            file: "feedback.csv".to_owned(),
            row: 3,
            column: "kind",
            reason: RejectionReason::OutOfRange,
        };
        let finding = RunFinding::new("lost_restriction", "a block cannot be read", "mend the row");
        assert_eq!(
            finding.at(&rejection).to_string(),
            "feedback.csv, row 3, column kind: a block cannot be read; mend the row"
        );
    }
}
