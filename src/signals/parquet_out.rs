//! Parquet out: Zstandard, row groups of a million rows, no embedded Arrow schema.

use std::fs::File;
use std::io::{self, BufWriter};
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt64Array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::column::{Column, Kind};
use super::values::{Value, Values};
use super::writer::unbuffered;

const ROW_GROUP_ROWS: usize = 1 << 20;

/// A Parquet file being written.
pub(super) struct ParquetOut {
    columns: Vec<Column>,
    schema: SchemaRef,
    writer: ArrowWriter<BufWriter<File>>,
}

impl ParquetOut {
    pub(super) fn new(file: BufWriter<File>, columns: &[Column]) -> io::Result<Self> {
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_created_by("acquaint".to_owned())
            .build();
        let options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)
            .map_err(io_error)?;
        Ok(Self {
            columns: columns.to_vec(),
            schema,
            writer,
        })
    }

    pub(super) fn write(&mut self, rows: &[Values<'_>]) -> io::Result<()> {
        let arrays = self
            .columns
            .iter()
            .map(|column| array(column, rows))
            .collect();
        let batch =
            RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(io::Error::other)?;
        self.writer.write(&batch).map_err(io_error)
    }

    pub(super) fn finish(self) -> io::Result<File> {
        unbuffered(self.writer.into_inner().map_err(io_error)?)
    }
}

/// A full disk stays recognisable as one.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => inner
            .downcast::<io::Error>()
            .map_or_else(io::Error::other, |error| *error),
        other => io::Error::other(other),
    }
}

fn field(column: &Column) -> Field {
    Field::new(column.name, data_type(column.kind), column.may_be_empty)
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Whole => DataType::UInt64,
        Kind::Number => DataType::Float64,
        Kind::Truth => DataType::Boolean,
        Kind::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Text => DataType::Utf8,
        Kind::TextList => DataType::List(item()),
    }
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Utf8, false))
}

fn array(column: &Column, rows: &[Values<'_>]) -> ArrayRef {
    let cells = rows.iter().map(|row| &row.cells[column.index]);
    match column.kind {
        Kind::Whole => Arc::new(cells.map(whole).collect::<UInt64Array>()),
        Kind::Number => Arc::new(cells.map(number).collect::<Float64Array>()),
        Kind::Truth => Arc::new(cells.map(truth).collect::<BooleanArray>()),
        Kind::Instant => Arc::new(
            cells
                .map(micros)
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        ),
        Kind::Text => Arc::new(cells.map(text).collect::<StringArray>()),
        Kind::TextList => lists(cells),
    }
}

fn lists<'v>(cells: impl Iterator<Item = &'v Value<'v>>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new()).with_field(item());
    for cell in cells {
        if let Value::List(items) = cell {
            for text in items {
                lists.values().append_value(text);
            }
        }
        lists.append(true);
    }
    Arc::new(lists.finish())
}

const fn whole(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Whole(whole) => Some(*whole),
        _ => None,
    }
}

const fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

const fn truth(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Truth(truth) => Some(*truth),
        _ => None,
    }
}

const fn micros(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Instant(at) => Some(at.micros()),
        _ => None,
    }
}

fn text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
