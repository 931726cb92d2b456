//! Two outputs, compared byte for byte; and row by row where they differ.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use serde::Serialize;

use crate::consent::Purpose;
use crate::engine::EngineError;
use crate::engine::outputs::{LinkRow, OutputRow};
use crate::engine::recall::batches;
use crate::time::Timestamp;

/// At most so many rows are named.
const NAMED: usize = 5;

/// A published table beside that of the world without those who are out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Which.
    pub file: String,
    /// How many rows were published.
    pub n_rows: u64,
    /// How many rows are in one of them only.
    pub n_different: u64,
    /// Some of those.
    pub rows: Vec<RowDifference>,
}

/// A row that is in one of two tables only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowDifference {
    /// Was it published? Otherwise it is in the other world.
    pub is_published: bool,
    /// Its ids by column.
    pub ids: BTreeMap<String, u64>,
    /// The whole row.
    pub row: String,
}

impl Compared {
    /// Are they the same, byte for byte?
    #[must_use]
    pub const fn is_identical(&self) -> bool {
        self.n_different == 0
    }
}

/// Compares two tables. Of links, which several purposes share, only the rows of the purpose count.
pub(in crate::engine) fn compare(
    file: &str,
    published: &Path,
    other: &Path,
    purposes: &[Purpose],
) -> Result<Compared, EngineError> {
    let is_shared = file == LinkRow::FILE;
    let is_same = !is_shared && bytes(published)? == bytes(other)?;
    let rows = lines(published, is_shared.then_some(purposes))?;
    let mut compared = Compared {
        file: file.to_owned(),
        n_rows: rows.len() as u64,
        n_different: 0,
        rows: Vec::new(),
    };
    if is_same {
        return Ok(compared);
    }
    let others = lines(other, is_shared.then_some(purposes))?;
    for (line, n) in difference(&rows, &others) {
        compared.n_different += n.unsigned_abs();
        if compared.rows.len() < NAMED {
            compared.rows.push(RowDifference {
                is_published: n > 0,
                ids: line.ids.clone(),
                row: line.text.clone(),
            });
        }
    }
    if compared.n_different == 0 && (!is_shared || rows != others) {
        // The same rows in other bytes: another order, or another encoding.
        compared.n_different = 1;
        compared.rows.push(RowDifference {
            is_published: true,
            ids: BTreeMap::new(),
            row: "the same rows, in another order or form".to_owned(),
        });
    }
    Ok(compared)
}

/// A row as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    text: String,
    ids: BTreeMap<String, u64>,
}

/// Which rows one table has more often than the other: above 0 the first, below 0 the second.
fn difference<'a>(one: &'a [Line], other: &'a [Line]) -> Vec<(&'a Line, i64)> {
    let mut counts: BTreeMap<&Line, i64> = BTreeMap::new();
    for line in one {
        *counts.entry(line).or_default() += 1;
    }
    for line in other {
        *counts.entry(line).or_default() -= 1;
    }
    counts.into_iter().filter(|(_, n)| *n != 0).collect()
}

fn bytes(path: &Path) -> Result<Vec<u8>, EngineError> {
    fs::read(path).map_err(|source| EngineError::Published {
        path: path.to_owned(),
        source: source.into(),
    })
}

fn lines(path: &Path, purposes: Option<&[Purpose]>) -> Result<Vec<Line>, EngineError> {
    let mut lines = Vec::new();
    for batch in batches(path, None)? {
        lines.extend((0..batch.num_rows()).map(|row| line(&batch, row)));
    }
    if let Some(purposes) = purposes {
        let names: Vec<&str> = purposes.iter().map(|purpose| purpose.as_str()).collect();
        lines.retain(|line| {
            names
                .iter()
                .any(|name| line.text.contains(&format!("purpose {name},")))
        });
    }
    Ok(lines)
}

fn line(batch: &RecordBatch, row: usize) -> Line {
    let schema = batch.schema();
    let mut ids = BTreeMap::new();
    let mut cells = Vec::new();
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let name = field.name();
        if let Some(array) = column.as_primitive_opt::<UInt64Type>()
            && name.ends_with("_id")
        {
            ids.insert(name.clone(), array.value(row));
        }
        cells.push(format!("{name} {}", cell(column.as_ref(), row)));
    }
    Line {
        text: cells.join(", "),
        ids,
    }
}

fn cell(column: &dyn Array, row: usize) -> String {
    if column.is_null(row) {
        return "null".to_owned();
    }
    if let Some(array) = column.as_primitive_opt::<UInt64Type>() {
        return array.value(row).to_string();
    }
    if let Some(array) = column.as_primitive_opt::<UInt32Type>() {
        return array.value(row).to_string();
    }
    if let Some(array) = column.as_primitive_opt::<Float64Type>() {
        return array.value(row).to_string();
    }
    if let Some(array) = column.as_primitive_opt::<TimestampMicrosecondType>() {
        return Timestamp::from_micros(array.value(row)).to_string();
    }
    if let Some(array) = column.as_boolean_opt() {
        return array.value(row).to_string();
    }
    if let Some(array) = column.as_string_opt::<i32>() {
        return array.value(row).to_owned();
    }
    if let Some(array) = column.as_list_opt::<i32>() {
        let items = array.value(row);
        let items: Vec<String> = (0..items.len()).map(|i| cell(items.as_ref(), i)).collect();
        return format!("[{}]", items.join("; "));
    }
    format!("{:?}", column.slice(row, 1))
}
