//! Published tables, read back: a few columns of every row.

use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::engine::EngineError;
use crate::publish::open_plain;

/// Whole numbers, row by row; a yes is a one.
pub(super) fn whole_numbers(
    path: &Path,
    batch: &RecordBatch,
    columns: &[&str],
) -> Result<Vec<Vec<u64>>, EngineError> {
    let column = |&name: &&str| {
        let array = batch.column_by_name(name);
        let array = array.filter(|array| array.null_count() == 0);
        array
            .and_then(as_whole_numbers)
            .ok_or_else(|| not_ours(path, name))
    };
    columns.iter().map(column).collect()
}

fn as_whole_numbers(array: &ArrayRef) -> Option<Vec<u64>> {
    if let Some(array) = array.as_primitive_opt::<UInt64Type>() {
        return Some(array.values().to_vec());
    }
    if let Some(array) = array.as_primitive_opt::<UInt32Type>() {
        return Some(array.values().iter().copied().map(u64::from).collect());
    }
    let array = array.as_boolean_opt()?;
    Some(array.values().iter().map(u64::from).collect())
}

/// Some columns of a table, or all, in batches.
pub(in crate::engine) fn batches(
    path: &Path,
    columns: Option<&[&str]>,
) -> Result<Vec<RecordBatch>, EngineError> {
    let fault = |source: Box<dyn std::error::Error + Send + Sync>| EngineError::Published {
        path: path.to_owned(),
        source,
    };
    let file = open_plain(path).map_err(|error| fault(error.into()))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| fault(error.into()))?;
    let mask = match columns {
        Some(columns) => ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied()),
        None => ProjectionMask::all(),
    };
    let reader = builder
        .with_projection(mask)
        .build()
        .map_err(|error| fault(error.into()))?;
    reader
        .collect::<Result<_, _>>()
        .map_err(|error| fault(error.into()))
}

pub(super) fn not_ours(path: &Path, column: &str) -> EngineError {
    EngineError::Published {
        path: PathBuf::from(path),
        source: format!("there is no such column as `{column}` in an output of acquaint").into(),
    }
}
