//! Frames out: a table of Arrow batches that any library takes without a copy.

use std::fmt::Write;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use acquaint::engine::outputs::{Nullable, OutputRow};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, RecordBatch, RecordBatchIterator};
use arrow_pyarrow::ToPyArrow;
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use pyo3::BoundObject;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList};

use crate::errors::{failed, of_output};
use crate::json::escaped;

/// Rows that a page shows.
const SHOWN: usize = 10;

/// A table of an output. It has `__arrow_c_stream__`: `polars.DataFrame(table)`, `pyarrow.table(table)`,
/// `pandas.DataFrame.from_arrow(table)` and duckdb take it without a copy.
#[pyclass(frozen, module = "acquaint")]
pub(crate) struct Table {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Table {
    pub(crate) fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches }
    }

    /// Of an output's file.
    pub(crate) fn read(file: &Path) -> PyResult<Self> {
        let opened = File::open(file).map_err(|error| of_output(&error))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(opened);
        let reader = reader.and_then(ParquetRecordBatchReaderBuilder::build);
        let reader = reader.map_err(|error| of_output(&error))?;
        let schema = arrow_array::RecordBatchReader::schema(&reader);
        let batches = reader.collect::<Result<Vec<_>, _>>();
        Ok(Self::new(
            schema,
            batches.map_err(|error| of_output(&error))?,
        ))
    }

    /// Of rows, with the columns of their output file.
    pub(crate) fn of_rows<R: OutputRow>(rows: &[R]) -> PyResult<Self> {
        let columns = R::columns(rows);
        let fields = columns.iter().map(|column| {
            let nullable = column.nullable == Nullable::Yes;
            Field::new(column.name, column.values.data_type().clone(), nullable)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let values = columns.into_iter().map(|column| column.values).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), values);
        let batch = batch.map_err(|error| failed(&error))?;
        Ok(Self::new(schema, vec![batch]))
    }

    fn n_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The first rows, as Python has values.
    fn head(&self, py: Python<'_>) -> PyResult<Vec<Vec<String>>> {
        let mut rows = Vec::new();
        for batch in &self.batches {
            for row in 0..batch.num_rows().min(SHOWN - rows.len()) {
                let cells = batch.columns().iter();
                let cells = cells.map(|column| Ok(value(py, column.as_ref(), row)?.to_string()));
                rows.push(cells.collect::<PyResult<_>>()?);
            }
        }
        Ok(rows)
    }
}

#[pymethods]
impl Table {
    /// The table as a stream of Arrow batches.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface lets a producer answer with its own types.
        let _ = requested_schema;
        let batches = self.batches.clone().into_iter().map(Ok::<_, ArrowError>);
        let reader = RecordBatchIterator::new(batches, Arc::clone(&self.schema));
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    /// The columns and their types.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.schema.as_ref());
        let schema = schema.map_err(|error| failed(&error))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    /// The names of the columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        let fields = self.schema.fields().iter();
        fields.map(|field| field.name().clone()).collect()
    }

    fn __len__(&self) -> usize {
        self.n_rows()
    }

    /// The rows as dictionaries; for a few of them, and where no library for frames is installed.
    fn to_pylist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let rows = PyList::empty(py);
        for batch in &self.batches {
            for row in 0..batch.num_rows() {
                let cells = PyDict::new(py);
                for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
                    cells.set_item(field.name(), value(py, column.as_ref(), row)?)?;
                }
                rows.append(cells)?;
            }
        }
        Ok(rows)
    }

    /// As a `pyarrow.Table`, which has to be installed.
    fn to_pyarrow<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let schema = self.schema.to_pyarrow(py)?;
        let batches: PyResult<Vec<_>> = self
            .batches
            .iter()
            .map(|batch| batch.to_pyarrow(py))
            .collect();
        let table = py.import("pyarrow")?.getattr("Table")?;
        table.call_method1("from_batches", (batches?, schema))
    }

    fn __repr__(&self) -> String {
        format!(
            "<acquaint.Table: {} rows of {}>",
            self.n_rows(),
            self.column_names().join(", ")
        )
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        let cells = |tag: &str, texts: &[String]| {
            let mut row = String::new();
            for text in texts {
                write!(row, "<{tag}>{}</{tag}>", escaped(text)).expect("text takes everything");
            }
            format!("<tr>{row}</tr>")
        };
        let head = cells("th", &self.column_names());
        let rows: String = self.head(py)?.iter().map(|row| cells("td", row)).collect();
        let n = self.n_rows();
        let more = match n.saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!("<p>and {more} more of {n} rows</p>"),
        };
        Ok(format!(
            "<table><thead>{head}</thead><tbody>{rows}</tbody></table>{more}"
        ))
    }
}

/// A value of a column of an output, as Python has it.
fn value<'py>(py: Python<'py>, column: &dyn Array, row: usize) -> PyResult<Bound<'py, PyAny>> {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
    use arrow_schema::{DataType, TimeUnit};

    if column.is_null(row) {
        return Ok(py.None().into_bound(py));
    }
    Ok(match column.data_type() {
        DataType::UInt64 => at(py, column.as_primitive::<UInt64Type>().value(row))?,
        DataType::UInt32 => at(py, column.as_primitive::<UInt32Type>().value(row))?,
        DataType::Float64 => at(py, column.as_primitive::<Float64Type>().value(row))?,
        DataType::Boolean => at(py, column.as_boolean().value(row))?,
        DataType::Utf8 => at(py, column.as_string::<i32>().value(row))?,
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
            at(py, acquaint::Timestamp::from_micros(micros).to_string())?
        }
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(row);
            let values = (0..items.len()).map(|item| value(py, items.as_ref(), item));
            PyList::new(py, values.collect::<PyResult<Vec<_>>>()?)?.into_any()
        }
        other => at(py, format!("a value of type {other}"))?,
    })
}

fn at<'py, T>(py: Python<'py>, value: T) -> PyResult<Bound<'py, PyAny>>
where
    T: IntoPyObject<'py>,
    PyErr: From<T::Error>,
{
    let object = value.into_pyobject(py)?;
    Ok(object.into_any().unbind().into_bound(py))
}
