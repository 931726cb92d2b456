//! Rows that cannot be used, put together by what is wrong with them, the first of each kind as they stand in their file.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::EngineError;
use crate::signals::{Rejection, SignalsDir, SignalsError};

/// So many rows of a kind are shown.
const SHOWN: usize = 3;

/// Rows of a file with the same fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedRows {
    /// The file, relative to the signals directory.
    pub file: String,
    /// The column that was wrong, or the column that identifies a row.
    pub column: &'static str,
    /// The name under which they are counted.
    pub reason: &'static str,
    /// What is wrong with the column, in words that follow its name.
    pub what: &'static str,
    /// What to do about it, in one sentence without a full stop.
    pub cure: &'static str,
    /// How many rows are listed of this kind.
    pub rows: u64,
    /// The first of them.
    pub first: Vec<BadRow>,
}

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadRow {
    /// The row: the first after the header is 1.
    pub row: u64,
    /// As it stands in the file; digits of phone numbers are shown as 0.
    pub text: String,
}

/// By file, column and reason; most rows first.
pub(super) fn grouped(
    dir: &SignalsDir,
    rejections: &[Rejection],
) -> Result<Vec<RejectedRows>, EngineError> {
    let mut kinds: BTreeMap<(&str, &str, _), Vec<&Rejection>> = BTreeMap::new();
    for one in rejections {
        let kind = (one.file.as_str(), one.column, one.reason);
        kinds.entry(kind).or_default().push(one);
    }
    let kinds = kinds.into_values().map(|rows| of_a_kind(dir, &rows));
    let mut kinds: Vec<RejectedRows> = kinds.collect::<Result<_, SignalsError>>()?;
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.rows));
    Ok(kinds)
}

/// At least one row, all of the same kind.
fn of_a_kind(dir: &SignalsDir, rows: &[&Rejection]) -> Result<RejectedRows, SignalsError> {
    let one = rows[0];
    let first: Vec<u64> = rows.iter().take(SHOWN).map(|row| row.row).collect();
    let mappings = dir.mappings();
    let table = mappings.table_of(&one.file);
    let excerpts = table.map(|table| dir.excerpt(table, &one.file, &first));
    let excerpts = excerpts.transpose()?.unwrap_or_default();
    let shown = excerpts.into_iter().map(|excerpt| BadRow {
        row: excerpt.row,
        text: excerpt.text,
    });
    Ok(RejectedRows {
        file: one.file.clone(),
        column: mappings.column_in(&one.file, one.column),
        reason: one.reason.as_str(),
        what: one.reason.phrase(),
        cure: mappings.cure(one),
        rows: rows.len() as u64,
        first: shown.collect(),
    })
}
