//! The verdict: what was compared, what differs, and how it came in.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::consent::Purpose;
use crate::engine::RunFinding;

/// What verifying an output found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Files, sums and digests that are not as the manifest says.
    pub findings: Vec<Finding>,
    /// One for each purpose with an output; none if the files already disagree.
    pub purposes: Vec<PurposeVerdict>,
    /// How many rows of the tables were rejected, by table and reason.
    pub rejected: BTreeMap<String, BTreeMap<String, u64>>,
    /// What somebody has to look at in the tables; whether the output is what it should be is another matter.
    pub input_findings: Vec<RunFinding>,
}

/// Something that is not as the manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which file, stage or digest.
    pub what: String,
    /// What is wrong with it.
    pub fault: String,
}

/// One purpose's output beside that of the world without everybody the purpose denies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PurposeVerdict {
    /// The purpose.
    pub purpose: Purpose,
    /// How many messenger accounts were erased,
    pub n_accounts_erased: u64,
    /// and how many people.
    pub n_people_erased: u64,
    /// How many published rows were compared.
    pub n_rows: u64,
    /// How many rows differ, are missing or are too many.
    pub n_differences: u64,
    /// The first of them.
    pub differences: Vec<Difference>,
    /// Whose data made the difference, if that was looked for.
    pub cause: Option<Cause>,
}

/// A row that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The file.
    pub table: String,
    /// What names the row: its id columns and their values.
    pub key: Vec<(String, String)>,
    /// The published row; none if it is not there.
    pub published: Option<String>,
    /// The row of the erased world; none if it is not there.
    pub erased: Option<String>,
}

/// Whose data made a difference, and by which rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Erasing these accounts
    pub accounts: Vec<u64>,
    /// and these people is enough for the outputs to differ.
    pub people: Vec<u64>,
    /// Whether leaving out any half of them no longer is; no if the search was cut off.
    pub is_minimal: bool,
    /// How many runs the search took.
    pub n_reruns: u32,
    /// Input rows that lead from one of them to the first row that differs, without any number.
    pub path: Vec<String>,
}

impl Finding {
    pub(super) fn new(what: impl Into<String>, fault: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            fault: fault.into(),
        }
    }

    /// May the comparison go on? Only a report page that was drawn by other code says nothing about the data.
    pub(super) fn is_harmless(&self) -> bool {
        self.what == crate::engine::REPORT
    }
}

impl Verdict {
    /// Is everything as it should be?
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let same = |found: &PurposeVerdict| found.n_differences == 0;
        self.findings.is_empty() && !self.purposes.is_empty() && self.purposes.iter().all(same)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{} {}", finding.what, finding.fault)?;
        }
        if self.purposes.is_empty() {
            return writeln!(
                f,
                "the outputs were not compared: the files are not what the manifest says"
            );
        }
        writeln!(
            f,
            "{:20} {:>10} {:>10} {:>10}  without them",
            "purpose", "accounts", "people", "rows"
        )?;
        for found in &self.purposes {
            let (accounts, people) = (found.n_accounts_erased, found.n_people_erased);
            let same = match found.n_differences {
                0 => "identical".to_owned(),
                n => format!("{n} rows differ"),
            };
            writeln!(
                f,
                "{:20} {accounts:>10} {people:>10} {:>10}  {same}",
                found.purpose.as_str(),
                found.n_rows
            )?;
        }
        self.purposes.iter().try_for_each(|found| details(f, found))
    }
}

fn details(f: &mut fmt::Formatter<'_>, found: &PurposeVerdict) -> fmt::Result {
    for difference in &found.differences {
        let none = "none";
        writeln!(f, "{} {}", difference.table, keys(&difference.key))?;
        writeln!(
            f,
            "  published  {}",
            difference.published.as_deref().unwrap_or(none)
        )?;
        writeln!(
            f,
            "  without    {}",
            difference.erased.as_deref().unwrap_or(none)
        )?;
    }
    let Some(cause) = &found.cause else {
        return Ok(());
    };
    let cut = if cause.is_minimal {
        ""
    } else {
        "; the search was cut off"
    };
    writeln!(
        f,
        "erasing accounts {:?} and people {:?} makes the difference ({} runs{cut})",
        cause.accounts, cause.people, cause.n_reruns
    )?;
    cause
        .path
        .iter()
        .try_for_each(|step| writeln!(f, "  {step}"))
}

fn keys(key: &[(String, String)]) -> String {
    let pairs: Vec<String> = key
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    pairs.join(", ")
}
