//! `acquaint consent import --format gpp`: what browsers and apps signalled, as events.

use std::path::Path;

use acquaint::ledger::NewEvent;
use acquaint::publish::{open_stream, shown};
use acquaint::signals::record_from_json;
use serde_json::{Map, Value};

use super::gpp::{GppError, opts_out};
use super::lines::complete;
use super::source::{Source, cannot, rules};
use crate::clock::now;
use crate::exit::Failure;

/// What a file of signals came to.
pub(crate) struct Signals {
    /// Opt-outs.
    pub(crate) events: Vec<NewEvent>,
    /// Rows that are none.
    pub(crate) n_others: u64,
}

/// Why a row stops the import.
#[derive(Debug, thiserror::Error)]
enum RowError {
    #[error(
        "`gpp`: {0}; what is not read may be an opt-out: mend the row, or import it as a `signal` with `consent append`"
    )]
    Gpp(#[from] GppError),
    #[error("`gpc` is neither 0, 1, false nor true; what is not read may be an opt-out")]
    Gpc,
    #[error("there is neither `gpp` nor `gpc` in it")]
    Nothing,
}

/// The columns; the first two name whose signal it is.
const COLUMNS: [&str; 6] = [
    "account_id",
    "device_id",
    "gpp",
    "gpc",
    "valid_time",
    "known_time",
];

/// Reads a CSV file of signals. Nothing of it counts if a row cannot be read.
pub(crate) fn read(path: &Path, source: &Source) -> Result<Signals, Failure> {
    let file = open_stream(path).map_err(cannot("opening", path))?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(file);
    let header = reader
        .headers()
        .map_err(|error| failure(path, 0, error))?
        .clone();
    for name in &header {
        if !COLUMNS.contains(&name) {
            let known = COLUMNS.join(", ");
            return Err(Failure::new(
                shown(path).clone(),
                Unknown(name.to_owned(), known),
            ));
        }
    }
    let mut signals = Signals {
        events: Vec::new(),
        n_others: 0,
    };
    for (row, record) in (1..).zip(reader.records()) {
        let record = record.map_err(|error| failure(path, row, error))?;
        let cell = |name: &str| {
            let at = header.iter().position(|column| column == name)?;
            record.get(at).filter(|text| !text.is_empty())
        };
        if is_opt_out(cell("gpp"), cell("gpc")).map_err(|error| failure(path, row, error))? {
            signals.events.push(event(&cell, source, path, row)?);
        } else {
            signals.n_others += 1;
        }
    }
    Ok(signals)
}

#[derive(Debug, thiserror::Error)]
#[error("there is no column `{0}`; the columns are {1}")]
struct Unknown(String, String);

fn is_opt_out(gpp: Option<&str>, gpc: Option<&str>) -> Result<bool, RowError> {
    let control = match gpc {
        None => None,
        Some("1" | "true" | "TRUE" | "True") => Some(true),
        Some("0" | "false" | "FALSE" | "False") => Some(false),
        Some(_) => return Err(RowError::Gpc),
    };
    let string = gpp.map(opts_out).transpose()?;
    match (control, string) {
        (None, None) => Err(RowError::Nothing),
        (control, string) => Ok(control.unwrap_or(false) || string.unwrap_or(false)),
    }
}

/// The event of a row, held to the rules that every event is held to.
fn event<'a>(
    cell: &impl Fn(&str) -> Option<&'a str>,
    source: &Source,
    path: &Path,
    row: u64,
) -> Result<NewEvent, Failure> {
    let mut object = Map::new();
    object.insert("kind".to_owned(), Value::from("signal"));
    for name in ["device_id", "valid_time", "known_time"] {
        if let Some(text) = cell(name) {
            object.insert(name.to_owned(), Value::from(text));
        }
    }
    if let Some(text) = cell("account_id") {
        let account: u64 = text.parse().map_err(|error| failure(path, row, error))?;
        object.insert("account_id".to_owned(), Value::from(account));
    }
    complete(&mut object, now);
    let read = record_from_json(&object).map_err(|error| failure(path, row, error))?;
    let named = rules().event(&read);
    let named = named.map_err(|fault| {
        failure(
            path,
            row,
            FaultOf(fault.column, fault.reason.phrase().to_string()),
        )
    })?;
    source
        .event(&named)
        .map_err(|error| failure(path, row, error))
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` {1}")]
struct FaultOf(&'static str, String);

fn failure(
    path: &Path,
    row: u64,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Failure {
    Failure::new(format!("{}, row {row}", shown(path)), error)
}
