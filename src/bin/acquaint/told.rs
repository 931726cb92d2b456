//! What every verb that reads tables says of rows it could not use.

use acquaint::engine::{Reading, RunFinding};
use serde::Serialize;

use crate::exit::Outcome;

/// Findings shown, the first of many.
const SHOWN: usize = 20;

/// Something printed as JSON, with what became of the rows it was made from beside it.
#[derive(Serialize)]
pub(crate) struct Told<'a, T> {
    #[serde(flatten)]
    pub(crate) what: &'a T,
    #[serde(flatten)]
    pub(crate) reading: &'a Reading,
}

/// Says on standard error what a table of figures could hide, and ends with findings if there are any.
pub(crate) fn tell(reading: &Reading, ended: Outcome) -> Outcome {
    for line in reading.lines().into_iter().chain(reading.column_lines()) {
        eprintln!("acquaint: {line}");
    }
    tell_findings(&reading.findings, "--json lists them all");
    if reading.findings.is_empty() {
        ended
    } else {
        Outcome::Findings
    }
}

/// The same of a verb whose figures rest on tables, and how many of these are proved.
pub(crate) fn tell_with_proof(reading: &Reading, ended: Outcome) -> Outcome {
    if let Some(line) = reading.proved_line() {
        eprintln!("acquaint: {line}");
    }
    tell(reading, ended)
}

/// Says on standard error what was found; `all` says where all of it stands.
pub(crate) fn tell_findings(findings: &[RunFinding], all: &str) {
    for finding in findings.iter().take(SHOWN) {
        eprintln!("acquaint: {finding}");
    }
    if findings.len() > SHOWN {
        let n_more = findings.len() - SHOWN;
        eprintln!("acquaint: and {n_more} more findings; {all}");
    }
}
