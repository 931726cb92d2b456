//! Frames in: batches of columns that are in memory already, read as those of a Parquet file.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BinaryViewArray, ListArray, RecordBatch, RecordBatchOptions, StringViewArray,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use arrow_select::take::take;

use super::arrow_types::{refuse_inexact, refuse_types, retyped};
use super::batch::{Batch, Batcher, InputFile};
use super::column::Column;
use super::error::SignalsError;
use super::frame::Frame;
use super::frame_digest::FrameDigest;
use super::header::{Header, Place, is_known, refuse_message_content};
use super::limits::ValidReadLimits;
use super::mapping::TableMapping;
use super::parquet_cells::ParquetCells;
use super::parquet_in::taken;
use super::record::Record;

/// Reads a frame that is called `label`; returns what it was.
pub(super) fn read_frame<R, F, E>(
    frame: &Frame,
    label: &str,
    limits: &ValidReadLimits,
    mut batcher: Batcher<'_, R, F>,
) -> Result<InputFile, E>
where
    R: Record,
    F: FnMut(Batch<R>) -> Result<(), E>,
    E: From<SignalsError>,
{
    let columns = batcher.columns();
    let read = Columns::locate(frame, label, (columns.all(), columns.mapping()), limits)?;
    batcher.ignore(read.header.ignored.clone());
    let mut digest = FrameDigest::new(&read.fields, &frame.schema);
    for rows in slices(frame, limits.batch_rows()) {
        let rows = read.batch(&rows)?;
        digest.add(&rows);
        refuse_inexact(
            label,
            columns.all(),
            |column| read.column(column, &rows),
            batcher.n_rows(),
        )?;
        let cells = ParquetCells::new(&read.header.places, &read.fields, &rows);
        for row in taken::<R>(&cells, columns, rows.num_rows()) {
            batcher.take(row)?;
        }
    }
    let rows = batcher.finish()?;
    let (blake3, bytes) = digest.finish();
    Ok(InputFile {
        path: label.to_owned(),
        bytes,
        blake3: blake3.to_hex().to_string(),
        rows,
        is_proved: false,
    })
}

/// The rows of a frame, in pieces of at most so many.
fn slices(frame: &Frame, n_rows: usize) -> impl Iterator<Item = RecordBatch> + '_ {
    frame.batches.iter().flat_map(move |batch| {
        let starts = (0..batch.num_rows()).step_by(n_rows);
        starts.map(move |start| batch.slice(start, n_rows.min(batch.num_rows() - start)))
    })
}

/// Which columns of a frame are read.
struct Columns<'f> {
    file: &'f str,
    header: Header,
    /// The places in the frame of the columns that are read, ascending.
    fields: Vec<usize>,
}

impl<'f> Columns<'f> {
    fn locate(
        frame: &Frame,
        file: &'f str,
        (columns, mapping): (&[Column], &TableMapping),
        limits: &ValidReadLimits,
    ) -> Result<Self, SignalsError> {
        let found = frame.schema.fields().iter();
        let theirs: Vec<String> = found.map(|field| field.name().clone()).collect();
        let names = mapping.ours(file, &theirs)?;
        let header =
            Header::locate(file, columns, &names, limits).map_err(|error| error.naming(&theirs))?;
        for field in frame.schema.fields() {
            if !is_known(columns, mapping.our_name(field.name())) {
                refuse_nested_content(file, field)?;
            }
        }
        let are_counts = mapping.counts_times();
        refuse_types(file, columns, &header.places, &frame.schema, are_counts)?;
        let fields = header.fields();
        Ok(Self {
            file,
            header,
            fields,
        })
    }

    /// The columns of a batch that are read, of the types they are read in.
    fn batch(&self, rows: &RecordBatch) -> Result<RecordBatch, SignalsError> {
        let damaged = |detail: String| SignalsError::Damaged {
            file: self.file.to_owned(),
            detail,
        };
        let columns = self.fields.iter().map(|&field| viewed(rows.column(field)));
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(damaged)?;
        let schema = rows.schema();
        // Whether a value is there is asked of every row, whatever the frame says of its columns.
        let read = self.fields.iter().zip(&columns).map(|(&field, array)| {
            Field::new(schema.field(field).name(), array.data_type().clone(), true)
        });
        let schema = Arc::new(Schema::new(read.collect::<Vec<_>>()));
        let n_rows = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        RecordBatch::try_new_with_options(schema, columns, &n_rows)
            .map_err(|error| damaged(error.to_string()))
    }

    /// The column of such a batch that is a column of the table, if the frame has it.
    fn column<'b>(&self, column: &Column, batch: &'b RecordBatch) -> Option<&'b ArrayRef> {
        let Place::Field(field) = &self.header.places[column.index] else {
            return None;
        };
        let place = self.fields.binary_search(field).ok()?;
        batch.columns().get(place)
    }
}

/// A column within a column of no table can hold message content as well.
fn refuse_nested_content(file: &str, field: &Field) -> Result<(), SignalsError> {
    refuse_message_content(file, [field.name().as_str()])?;
    match field.data_type() {
        DataType::Struct(fields) => fields
            .iter()
            .try_for_each(|field| refuse_nested_content(file, field)),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::Map(item, _) => refuse_nested_content(file, item),
        _ => Ok(()),
    }
}

/// An array in the type that [`retyped`] says. Text is not copied: views point into its bytes.
fn viewed(array: &ArrayRef) -> Result<ArrayRef, String> {
    Ok(match array.data_type() {
        DataType::Utf8 => Arc::new(StringViewArray::from(array.as_string::<i32>())),
        DataType::LargeUtf8 => Arc::new(StringViewArray::from(array.as_string::<i64>())),
        DataType::Binary => Arc::new(BinaryViewArray::from(array.as_binary::<i32>())),
        DataType::LargeBinary => Arc::new(BinaryViewArray::from(array.as_binary::<i64>())),
        DataType::Dictionary(_, _) => {
            let words = array.as_any_dictionary();
            let values = viewed(words.values())?;
            take(&values, words.keys(), None).map_err(|error| error.to_string())?
        }
        DataType::List(field) => {
            let lists = array.as_list::<i32>();
            let offsets = lists.offsets().iter().map(|&at| i64::from(at));
            listed(field, offsets.collect(), lists.values(), lists)?
        }
        DataType::LargeList(field) => {
            let lists = array.as_list::<i64>();
            listed(field, lists.offsets().to_vec(), lists.values(), lists)?
        }
        _ => Arc::clone(array),
    })
}

/// Lists whose offsets begin at 0, so that those of a piece of a long column are small.
fn listed(
    item: &FieldRef,
    offsets: Vec<i64>,
    values: &ArrayRef,
    lists: &dyn Array,
) -> Result<ArrayRef, String> {
    const LONG: &str = "a batch of lists has more than 2³¹ items: cut it into smaller ones";
    let first = offsets.first().copied().unwrap_or(0);
    let last = offsets.last().copied().unwrap_or(0);
    let place = |at: i64| usize::try_from(at).map_err(|_| "a list begins before its items");
    let (start, n_items) = (place(first)?, place(last - first)?);
    let items = viewed(&values.slice(start, n_items))?;
    let offsets = offsets
        .into_iter()
        .map(|at| i32::try_from(at - first).map_err(|_| LONG.to_owned()));
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets.collect::<Result<Vec<_>, _>>()?));
    let item = Arc::new(retyped(item).as_ref().clone().with_nullable(true));
    let lists = ListArray::try_new(item, offsets, items, lists.nulls().cloned());
    Ok(Arc::new(lists.map_err(|error| error.to_string())?))
}
