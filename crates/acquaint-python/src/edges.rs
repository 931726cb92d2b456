//! Edge lists as frames: two columns of ids and, if there is a third, one of times.

use acquaint::eval::EdgeRow;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::frames::batches;

/// The rows of an edge list.
pub(crate) fn edges(frame: &Bound<'_, PyAny>) -> PyResult<Vec<EdgeRow>> {
    let (schema, batches) = batches(frame)?;
    if schema.fields().len() < 2 {
        return Err(PyValueError::new_err(
            "an edge list has two columns of ids and, if friendships have times, a third of times",
        ));
    }
    let mut rows = Vec::new();
    for batch in &batches {
        add(batch, &mut rows)?;
    }
    Ok(rows)
}

fn add(batch: &RecordBatch, rows: &mut Vec<EdgeRow>) -> PyResult<()> {
    let (src, dst) = (
        ids(batch.column(0).as_ref())?,
        ids(batch.column(1).as_ref())?,
    );
    let times = match batch.num_columns() {
        2 => vec![None; batch.num_rows()],
        _ => whole(batch.column(2).as_ref())?,
    };
    for ((src, dst), timestamp) in src.into_iter().zip(dst).zip(times) {
        rows.push(EdgeRow {
            src,
            dst,
            timestamp,
        });
    }
    Ok(())
}

/// The ids of a column.
pub(crate) fn ids(column: &dyn Array) -> PyResult<Vec<u64>> {
    let id = |number: Option<i64>| {
        number
            .and_then(|number| u64::try_from(number).ok())
            .ok_or_else(|| PyValueError::new_err("an id is missing or below zero"))
    };
    whole(column)?.into_iter().map(id).collect()
}

/// The whole numbers of a column, timestamps as seconds.
fn whole(column: &dyn Array) -> PyResult<Vec<Option<i64>>> {
    match column.data_type() {
        DataType::Int64 => counted::<Int64Type>(column),
        DataType::Int32 => counted::<Int32Type>(column),
        DataType::UInt64 => counted::<UInt64Type>(column),
        DataType::UInt32 => counted::<UInt32Type>(column),
        DataType::Timestamp(TimeUnit::Second, _) => seconds::<TimestampSecondType>(column, 1),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            seconds::<TimestampMillisecondType>(column, 1_000)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            seconds::<TimestampMicrosecondType>(column, 1_000_000)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            seconds::<TimestampNanosecondType>(column, 1_000_000_000)
        }
        other => Err(PyTypeError::new_err(format!(
            "a column of an edge list is {other}: ids are whole numbers, times are timestamps or whole numbers"
        ))),
    }
}

/// The unit in which learning counts time.
fn seconds<T: ArrowPrimitiveType<Native = i64>>(
    column: &dyn Array,
    a_second: i64,
) -> PyResult<Vec<Option<i64>>> {
    let counts = counted::<T>(column)?.into_iter();
    Ok(counts
        .map(|count| count.map(|count| count.div_euclid(a_second)))
        .collect())
}

fn counted<T: ArrowPrimitiveType>(column: &dyn Array) -> PyResult<Vec<Option<i64>>>
where
    i64: TryFrom<T::Native>,
{
    let count = |value: Option<T::Native>| {
        let count = value.map(i64::try_from).transpose();
        count.map_err(|_| PyValueError::new_err("a number of an edge list is larger than 2⁶³"))
    };
    column.as_primitive::<T>().iter().map(count).collect()
}
