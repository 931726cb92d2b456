//! `acquaint consent import --format gpp`: what browsers and apps signalled, as events.

use std::num::ParseIntError;
use std::path::Path;

use acquaint::ledger::NewEvent;
use acquaint::publish::{open_stream, shown};
use acquaint::signals::{Fault, JsonLineError, complete_event, record_from_json};
use acquaint::time::Timestamp;
use csv::StringRecord;
use serde_json::{Map, Value};

use super::gpp::{GppError, opts_out};
use super::source::{NoKey, Source, cannot, rules};
use crate::exit::Failure;

/// What a file of signals came to.
pub(crate) struct Signals {
    /// Opt-outs that say when they are of,
    pub(crate) dated: Vec<NewEvent>,
    /// and those that are of now.
    pub(crate) of_now: Vec<NewEvent>,
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
pub(crate) fn read(path: &Path, source: &Source, now: Timestamp) -> Result<Signals, Failure> {
    let file = open_stream(path).map_err(cannot("opening", path))?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(file);
    let header = reader
        .headers()
        .map_err(|error| failure(path, 0, error))?
        .clone();
    check(&header).map_err(|error| Failure::new(shown(path), error))?;
    let mut signals = Signals {
        dated: Vec::new(),
        of_now: Vec::new(),
        n_others: 0,
    };
    for (row, record) in (1..).zip(reader.records()) {
        let record = record.map_err(|error| failure(path, row, error))?;
        let cell = |name: &str| {
            let at = header.iter().position(|column| column == name)?;
            record.get(at).filter(|text| !text.is_empty())
        };
        if is_opt_out(cell("gpp"), cell("gpc")).map_err(|error| failure(path, row, error))? {
            let is_dated = cell("valid_time").or(cell("known_time")).is_some();
            let into = if is_dated {
                &mut signals.dated
            } else {
                &mut signals.of_now
            };
            let event = event(&cell, source, now);
            into.push(event.map_err(|error| failure(path, row, error))?);
        } else {
            signals.n_others += 1;
        }
    }
    Ok(signals)
}

/// Why the columns of a file cannot be those of signals.
#[derive(Debug, thiserror::Error)]
enum HeaderError {
    #[error("there is no column `{0}`; the columns are {known}", known = COLUMNS.join(", "))]
    Unknown(String),
    #[error("the column `{0}` stands twice, and either may hold an opt-out")]
    Twice(String),
    #[error("it has no column {0}: is its first line there?")]
    Missing(&'static str),
}

/// Every column is known and stands once, and there are those without which a row says nothing of anybody.
fn check(header: &StringRecord) -> Result<(), HeaderError> {
    for (at, name) in header.iter().enumerate() {
        if !COLUMNS.contains(&name) {
            return Err(HeaderError::Unknown(name.to_owned()));
        }
        if header.iter().take(at).any(|earlier| earlier == name) {
            return Err(HeaderError::Twice(name.to_owned()));
        }
    }
    let has = |any: [&str; 2]| header.iter().any(|name| any.contains(&name));
    if !has(["account_id", "device_id"]) {
        return Err(HeaderError::Missing("`account_id` or `device_id`"));
    }
    if !has(["gpp", "gpc"]) {
        return Err(HeaderError::Missing("`gpp` or `gpc`"));
    }
    Ok(())
}

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

/// Why a row is no event.
#[derive(Debug, thiserror::Error)]
enum EventError {
    #[error(transparent)]
    Account(#[from] ParseIntError),
    #[error(transparent)]
    Value(#[from] JsonLineError),
    #[error(transparent)]
    Key(#[from] NoKey),
}

/// The event of a row, held to the rules that every event is held to.
fn event<'a>(
    cell: &impl Fn(&str) -> Option<&'a str>,
    source: &Source,
    now: Timestamp,
) -> Result<NewEvent, EventError> {
    let mut object = Map::new();
    object.insert("kind".to_owned(), Value::from("signal"));
    for name in ["device_id", "valid_time", "known_time"] {
        if let Some(text) = cell(name) {
            object.insert(name.to_owned(), Value::from(text));
        }
    }
    if let Some(text) = cell("account_id") {
        let account: u64 = text.parse()?;
        object.insert("account_id".to_owned(), Value::from(account));
    }
    complete_event(&mut object, now);
    let read = record_from_json(&object)?;
    let value = |Fault { column, reason }| JsonLineError::Value { column, reason };
    let named = rules().event(&read).map_err(value)?;
    Ok(source.event(&named)?)
}

fn failure(
    path: &Path,
    row: u64,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Failure {
    Failure::new(format!("{}, row {row}", shown(path)), error)
}
