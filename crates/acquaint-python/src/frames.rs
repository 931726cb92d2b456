//! Frames in: anything that has `__arrow_c_stream__`, without a copy.

use acquaint::signals::Frames;
use arrow_array::ffi_stream::RecordBatchStreamReader;
use arrow_array::{Array, RecordBatch, RecordBatchReader};
use arrow_pyarrow::FromPyArrow;
use arrow_schema::SchemaRef;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyMapping;

use crate::errors::{failed, of_signals};

/// The batches of a frame, as they lie in the memory of whoever made it.
pub(crate) fn batches(frame: &Bound<'_, PyAny>) -> PyResult<(SchemaRef, Vec<RecordBatch>)> {
    if !frame.hasattr("__arrow_c_stream__")? {
        return Err(PyTypeError::new_err(format!(
            "a {} is no frame: give one with __arrow_c_stream__, as of polars, pandas 2.2, pyarrow or duckdb",
            frame.get_type().name()?
        )));
    }
    let reader = RecordBatchStreamReader::from_pyarrow_bound(frame)?;
    let schema = reader.schema();
    let batches = reader.collect::<Result<Vec<_>, _>>();
    Ok((schema, batches.map_err(|error| failed(&error))?))
}

/// Tables by name.
pub(crate) fn tables(given: &Bound<'_, PyMapping>) -> PyResult<Frames> {
    let mut frames = Frames::default();
    for item in given.items()? {
        let (name, frame): (String, Bound<'_, PyAny>) = item.extract()?;
        let (schema, batches) = batches(&frame)?;
        frames
            .insert(&name, schema, batches)
            .map_err(|error| of_signals(&error))?;
    }
    Ok(frames)
}

/// Where the buffers of a frame's columns lie as the readers see them, by column: the addresses of whoever made the frame, if nothing
/// was copied. For tests.
#[pyfunction]
pub(crate) fn buffer_addresses(frame: &Bound<'_, PyAny>) -> PyResult<Vec<(String, Vec<usize>)>> {
    let (schema, batches) = batches(frame)?;
    let column = |(index, field): (usize, &std::sync::Arc<arrow_schema::Field>)| {
        let of_batch = |batch: &RecordBatch| {
            let data = batch.column(index).to_data();
            let buffers = data.buffers().iter();
            buffers
                .map(|buffer| buffer.as_ptr() as usize)
                .collect::<Vec<_>>()
        };
        (
            field.name().clone(),
            batches.iter().flat_map(of_batch).collect(),
        )
    };
    Ok(schema.fields().iter().enumerate().map(column).collect())
}
