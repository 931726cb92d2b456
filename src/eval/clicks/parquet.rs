//! Tables of clicks in Parquet: columns of plain values, each read as the text it would be in CSV.

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::ClickOptions;
use super::coded::Coder;
use super::error::{ClicksError, Reason};
use super::raw::Raw;
use crate::eval::EdgeLimits;
use crate::signals::{FREE_BYTES, by_size, caught};
use crate::time::Timestamp;

/// Reads a file. The reader behind is known to panic on some damaged files: a panic is an error that names the file.
pub(super) fn read(path: &Path, file: File, options: &ClickOptions) -> Result<Raw, ClicksError> {
    caught(|| columns(file, options)).map_err(|reason| ClicksError::file(path, reason))
}

fn columns(file: File, options: &ClickOptions) -> Result<Raw, String> {
    let n_bytes = file.metadata().map_err(|error| error.to_string())?.len();
    // Without the schema of Arrow, text comes as text and not as places in dictionaries.
    let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, plain);
    let builder = builder.map_err(|error| error.to_string())?;
    refuse_bombs(&builder, n_bytes, options.limits)?;
    let fields = builder.schema().fields().clone();
    let mut columns: Vec<Coder> = fields
        .iter()
        .map(|field| Coder::new(field.name()))
        .collect();
    for batch in builder.build().map_err(|error| error.to_string())? {
        let batch = batch.map_err(|error| error.to_string())?;
        take(&mut columns, &batch, &options.columns.leave_out).map_err(Reason::into_owned)?;
    }
    Ok(Raw::of_columns(columns))
}

fn refuse_bombs(
    builder: &ParquetRecordBatchReaderBuilder<File>,
    n_bytes: u64,
    limits: EdgeLimits,
) -> Result<(), String> {
    let metadata = builder.metadata();
    let groups = metadata.row_groups().iter();
    let unpacked: u64 = groups
        .map(|group| group.total_byte_size().cast_unsigned())
        .sum();
    let n_rows = metadata.file_metadata().num_rows().cast_unsigned();
    if n_rows > limits.max_rows {
        return Err(format!(
            "it has {n_rows} rows: raise --max-rows if so many are meant"
        ));
    }
    let allowed = limits
        .max_bytes
        .min(by_size(FREE_BYTES, n_bytes, limits.max_expansion));
    if unpacked > allowed {
        return Err(format!(
            "it has {unpacked} bytes when unpacked: raise --max-bytes or --max-expansion if so many are meant"
        ));
    }
    Ok(())
}

/// Columns that the caller leaves out may be of any type.
fn take(columns: &mut [Coder], batch: &RecordBatch, leave_out: &[String]) -> Result<(), Reason> {
    for (column, array) in columns.iter_mut().zip(batch.columns()) {
        let is_left_out = leave_out.contains(&column.column.name);
        for row in 0..batch.num_rows() {
            if array.is_null(row) || is_left_out {
                column.push("");
            } else {
                let text = text(array.as_ref(), row).ok_or_else(|| {
                    let found = array.data_type();
                    format!("column `{}` is of type {found}, which is not read; leave it out with --leave-out", column.column.name)
                })?;
                column.push(text.trim());
            }
        }
    }
    Ok(())
}

/// A cell as text; none if its type has none.
fn text(array: &dyn Array, row: usize) -> Option<String> {
    macro_rules! number {
        ($type:ty) => {
            array.as_primitive::<$type>().value(row).to_string()
        };
    }
    Some(match array.data_type() {
        DataType::Int8 => number!(Int8Type),
        DataType::Int16 => number!(Int16Type),
        DataType::Int32 => number!(Int32Type),
        DataType::Int64 => number!(Int64Type),
        DataType::UInt8 => number!(UInt8Type),
        DataType::UInt16 => number!(UInt16Type),
        DataType::UInt32 => number!(UInt32Type),
        DataType::UInt64 => number!(UInt64Type),
        DataType::Float32 => number!(Float32Type),
        DataType::Float64 => number!(Float64Type),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).to_owned(),
        DataType::Utf8View => array.as_string_view().value(row).to_owned(),
        DataType::Binary => std::str::from_utf8(array.as_binary::<i32>().value(row))
            .ok()?
            .to_owned(),
        DataType::Date32 => {
            let days = i64::from(array.as_primitive::<Date32Type>().value(row));
            Timestamp::from_micros(0).plus_days(days).to_string()
        }
        DataType::Timestamp(unit, _) => {
            Timestamp::from_micros(micros(array, *unit, row)).to_string()
        }
        _ => return None,
    })
}

fn micros(array: &dyn Array, unit: TimeUnit, row: usize) -> i64 {
    match unit {
        TimeUnit::Second => {
            let seconds = array.as_primitive::<TimestampSecondType>().value(row);
            seconds.saturating_mul(1_000_000)
        }
        TimeUnit::Millisecond => {
            let millis = array.as_primitive::<TimestampMillisecondType>().value(row);
            millis.saturating_mul(1_000)
        }
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().value(row),
        TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().value(row) / 1_000,
    }
}
