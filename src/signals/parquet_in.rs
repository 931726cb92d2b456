//! Parquet in: batches of columns, with limits that are checked before anything large is allocated.
//!
//! The reader behind is known to panic on some damaged files, so every call of it runs under
//! [`caught`]; a panic is an error that names the file, like any other damage.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, FieldRef, Fields, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Type};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::schema::types::{SchemaDescriptor, TypePtr};
use rayon::prelude::*;

use super::arrow_types::{column_type, is_text, refuse_inexact, refuse_types, retyped};
use super::batch::{Batch, Batcher, ROWS_A_JOB, Taken};
use super::caught::caught;
use super::column::Column;
use super::error::SignalsError;
use super::header::{Header, Place, is_known, refuse_message_content};
use super::limits::{FREE_BYTES, ValidReadLimits};
use super::mapping::TableMapping;
use super::own::Columns;
use super::pages::refuse_page_bombs;
use super::parquet_cells::ParquetCells;
use super::record::Record;
use super::source::Source;

/// Reads a Parquet file; returns how many rows it has.
pub(super) fn read_parquet<R, F, E>(
    source: &Source,
    limits: &ValidReadLimits,
    mut batcher: Batcher<'_, R, F>,
) -> Result<u64, E>
where
    R: Record,
    F: FnMut(Batch<R>) -> Result<(), E>,
    E: From<SignalsError>,
{
    let columns = batcher.columns();
    let footer = Footer::read(source, (columns.all(), columns.mapping()), limits)?;
    let mut reader = guarded(source, || build(source, &footer, None))?;
    batcher.ignore(footer.header.ignored.clone());
    let mut rows = footer.next(source, &mut reader)?;
    while let Some(these) = rows {
        footer.refuse_inexact(source, &these, batcher.n_rows())?;
        // The next rows are unpacked while these are read.
        let (next, taken) = rayon::join(
            || footer.next(source, &mut reader),
            || taken::<R>(&footer.cells(&these), columns, these.num_rows()),
        );
        for row in taken {
            batcher.take(row)?;
        }
        rows = next?;
    }
    if batcher.n_rows() != footer.n_rows {
        let told = format!(
            "it has {} rows, but its footer says {}",
            batcher.n_rows(),
            footer.n_rows
        );
        return Err(source.damaged(told).into());
    }
    batcher.finish()
}

/// How many rows a Parquet file says it has.
pub(super) fn rows_by_footer(source: &Source) -> Result<u64, SignalsError> {
    source.refuse_other_than_parquet()?;
    let found = guarded(source, || load(source))?;
    let n_rows = found.metadata().file_metadata().num_rows();
    u64::try_from(n_rows).map_err(|_| source.damaged("its footer counts rows below zero"))
}

/// What each row of a batch became, on every core.
pub(super) fn taken<R: Record>(
    cells: &ParquetCells<'_>,
    columns: &Columns,
    n_rows: usize,
) -> Vec<Taken<R>> {
    let rows = (0..n_rows).into_par_iter().with_min_len(ROWS_A_JOB);
    rows.map(|row| Taken::of(&cells.at(row), columns)).collect()
}

/// What a file's footer says, once it is known to be harmless.
#[derive(Debug)]
pub(super) struct Footer {
    found: ArrowReaderMetadata,
    columns: Vec<Column>,
    /// The names of the file's columns, as the table calls those that are mapped.
    names: Vec<String>,
    header: Header,
    /// The places in the file of the columns that are read, ascending.
    fields: Vec<usize>,
    batch_rows: usize,
    n_rows: u64,
}

impl Footer {
    pub(super) fn read(
        source: &Source,
        (columns, mapping): (&[Column], &TableMapping),
        limits: &ValidReadLimits,
    ) -> Result<Self, SignalsError> {
        source.refuse_other_than_parquet()?;
        let found = guarded(source, || load(source))?;
        let metadata = Arc::clone(found.metadata());
        let n_rows = refuse_bombs(source, &metadata, limits)?;
        let theirs: Vec<String> = field_names(found.schema());
        let names = mapping.ours(&source.name, &theirs)?;
        let header = Header::locate(&source.name, columns, &names, limits)
            .map_err(|error| error.naming(&theirs))?;
        refuse_nested_content(source, (columns, mapping), &metadata)?;
        let are_counts = mapping.counts_times();
        refuse_types(
            &source.name,
            columns,
            &header.places,
            found.schema(),
            are_counts,
        )?;
        let fields = header.fields();
        refuse_codecs(source, &metadata, &fields)?;
        refuse_page_bombs(source, &metadata, &fields, limits)?;
        Ok(Self {
            found,
            columns: columns.to_vec(),
            names,
            header,
            fields,
            batch_rows: limits.batch_rows(),
            n_rows,
        })
    }

    pub(super) const fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Into how many groups the rows are cut; each can be read on its own.
    pub(super) fn n_groups(&self) -> usize {
        self.found.metadata().num_row_groups()
    }

    /// How many rows stand before those of a group.
    pub(super) fn first_row(&self, group: usize) -> u64 {
        let before = &self.found.metadata().row_groups()[..group];
        before
            .iter()
            .map(|group| group.num_rows().cast_unsigned())
            .sum()
    }

    /// The file's other columns, by names that may be shown.
    pub(super) fn ignored(&self) -> &[String] {
        &self.header.ignored
    }

    /// Refuses text in a column of whole numbers: written as text, a phone number is more than its digits.
    pub(super) fn refuse_text(&self, source: &Source, column: &Column) -> Result<(), SignalsError> {
        let Place::Field(field) = self.header.places[column.index] else {
            return Ok(());
        };
        let field = self.found.schema().field(field);
        if is_text(retyped(&Arc::new(field.clone())).data_type()) {
            return Err(column_type(&source.name, column, field));
        }
        Ok(())
    }

    /// The column of a batch that is a column of the table, if the file has it.
    pub(super) fn column<'b>(
        &self,
        column: &Column,
        batch: &'b RecordBatch,
    ) -> Option<&'b ArrayRef> {
        let Place::Field(field) = &self.header.places[column.index] else {
            return None;
        };
        let place = self.fields.binary_search(field).ok()?;
        batch.columns().get(place)
    }

    /// The cells of a batch.
    pub(super) fn cells<'b>(&'b self, batch: &'b RecordBatch) -> ParquetCells<'b> {
        ParquetCells::new(&self.header.places, &self.fields, batch)
    }

    /// Refuses floats that stand for whole numbers and cannot hold them.
    fn refuse_inexact(
        &self,
        source: &Source,
        batch: &RecordBatch,
        n_before: u64,
    ) -> Result<(), SignalsError> {
        let array = |column: &Column| self.column(column, batch);
        refuse_inexact(&source.name, &self.columns, array, n_before)
    }

    /// The next rows. LZ4 has an old form that writers understood in three ways; what cannot be read in it may be whole.
    fn next(
        &self,
        source: &Source,
        reader: &mut ParquetRecordBatchReader,
    ) -> Result<Option<RecordBatch>, SignalsError> {
        next(source, reader).map_err(|error| match error {
            SignalsError::Damaged { .. } if self.is_in_old_lz4() => SignalsError::Codec {
                file: source.name.clone(),
                codec: "LZ4 in its old form",
            },
            error => error,
        })
    }

    fn is_in_old_lz4(&self) -> bool {
        let metadata = self.found.metadata();
        let groups = metadata.row_groups().iter();
        groups
            .flat_map(RowGroupMetaData::columns)
            .any(|chunk| chunk.compression() == Compression::LZ4)
    }

    /// Reads the rows of one group, batch by batch; returns how many there were.
    pub(super) fn read_group<E: From<SignalsError>>(
        &self,
        source: &Source,
        group: usize,
        mut on_batch: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut reader = guarded(source, || build(source, self, Some(group)))?;
        let mut n_rows = 0;
        while let Some(rows) = self.next(source, &mut reader)? {
            self.refuse_inexact(source, &rows, self.first_row(group) + n_rows)?;
            n_rows += rows.num_rows() as u64;
            on_batch(&rows)?;
        }
        Ok(n_rows)
    }
}

fn next(
    source: &Source,
    reader: &mut ParquetRecordBatchReader,
) -> Result<Option<RecordBatch>, SignalsError> {
    guarded(source, || {
        let rows = reader.next().transpose();
        rows.map_err(|error| error.to_string())
    })
}

/// Calls the reader; its errors and panics become the file's damage.
fn guarded<T>(
    source: &Source,
    call: impl FnOnce() -> Result<T, String>,
) -> Result<T, SignalsError> {
    caught(call).map_err(|detail| source.damaged(detail))
}

fn load(source: &Source) -> Result<ArrowReaderMetadata, String> {
    ArrowReaderMetadata::load(&source.file, ArrowReaderOptions::new())
        .map_err(|error| error.to_string())
}

/// A reader of one row group, or of all of them.
fn build(
    source: &Source,
    footer: &Footer,
    group: Option<usize>,
) -> Result<ParquetRecordBatchReader, String> {
    let file = source.file.try_clone().map_err(|error| error.to_string())?;
    let found = &footer.found;
    let schema = found.metadata().file_metadata().schema_descr();
    let wanted = wanted(footer, found.schema(), schema);
    let options = ArrowReaderOptions::new().with_schema(Arc::new(wanted));
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(found.metadata()), options);
    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
        file,
        metadata.map_err(|error| error.to_string())?,
    );
    if let Some(group) = group {
        builder = builder.with_row_groups(vec![group]);
    }
    let mask = ProjectionMask::roots(builder.parquet_schema(), footer.fields.iter().copied());
    let reader = builder
        .with_projection(mask)
        .with_batch_size(footer.batch_rows)
        .build();
    reader.map_err(|error| error.to_string())
}

fn field_names(schema: &Schema) -> Vec<String> {
    schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect()
}

/// The schema to read with: text as views into its pages, so that a long text repeated on every row of a
/// dictionary page is held once, and no dictionary arrays. Old timestamps are read in microseconds, which count
/// further than the nanoseconds they are made of.
fn wanted(footer: &Footer, found: &Schema, parquet: &SchemaDescriptor) -> Schema {
    let roots = parquet.root_schema().get_fields();
    let wanted = |((field, root), name): ((&FieldRef, &TypePtr), &String)| {
        if !is_known(&footer.columns, name) {
            return Arc::clone(field);
        }
        let field = retyped(field);
        if !root.is_primitive() || root.get_physical_type() != Type::INT96 {
            return field;
        }
        let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
        Arc::new(field.as_ref().clone().with_data_type(micros))
    };
    let fields = found.fields().iter().zip(roots).zip(&footer.names);
    let fields: Fields = fields.map(wanted).collect();
    Schema::new_with_metadata(fields, found.metadata().clone())
}

/// Refuses columns that are compressed in a way this build cannot read.
fn refuse_codecs(
    source: &Source,
    metadata: &ParquetMetaData,
    fields: &[usize],
) -> Result<(), SignalsError> {
    let schema = metadata.file_metadata().schema_descr();
    let is_read = |leaf: &usize| fields.contains(&schema.get_column_root_idx(*leaf));
    let leaves = (0..schema.num_columns()).filter(is_read);
    for leaf in leaves {
        for group in metadata.row_groups() {
            let codec = match group.column(leaf).compression() {
                Compression::BROTLI(_) => "BROTLI",
                Compression::LZO => "LZO",
                _ => continue,
            };
            return Err(SignalsError::Codec {
                file: source.name.clone(),
                codec,
            });
        }
    }
    Ok(())
}

/// A column within a column of no table can hold message content as well.
fn refuse_nested_content(
    source: &Source,
    (columns, mapping): (&[Column], &TableMapping),
    metadata: &ParquetMetaData,
) -> Result<(), SignalsError> {
    for leaf in metadata.file_metadata().schema_descr().columns() {
        let parts = leaf.path().parts();
        if !is_known(columns, mapping.our_name(&parts[0])) {
            refuse_message_content(&source.name, parts.iter().map(String::as_str))?;
        }
    }
    Ok(())
}

/// Refuses what would grow beyond all bounds when read; returns how many rows the footer tells of.
fn refuse_bombs(
    source: &Source,
    metadata: &ParquetMetaData,
    limits: &ValidReadLimits,
) -> Result<u64, SignalsError> {
    let given = limits.given();
    let n_rows = counted(source, metadata.file_metadata().num_rows())?;
    source.refuse_more("rows", n_rows, "max_rows", given.max_rows)?;
    source.refuse_many_rows(n_rows, limits)?;
    let mut n_unpacked = 0_u64;
    for group in metadata.row_groups() {
        let n_bytes = group
            .columns()
            .iter()
            .map(|chunk| counted(source, chunk.uncompressed_size()));
        let n_bytes = n_bytes.sum::<Result<u64, _>>()?;
        n_unpacked = n_unpacked.saturating_add(n_bytes);
        let what = "uncompressed bytes in a row group";
        source.refuse_more(
            what,
            n_bytes,
            "max_row_group_bytes",
            given.max_row_group_bytes,
        )?;
        let times = given.max_expansion;
        source.refuse_by_size(what, n_bytes, FREE_BYTES, "max_expansion", times)?;
        refuse_chunks_outside(source, group)?;
    }
    let allowed = given.max_unpacked_bytes;
    source.refuse_more(
        "uncompressed bytes",
        n_unpacked,
        "max_unpacked_bytes",
        allowed,
    )?;
    refuse_other_row_sum(source, metadata, n_rows)?;
    Ok(n_rows)
}

fn refuse_chunks_outside(
    source: &Source,
    group: &parquet::file::metadata::RowGroupMetaData,
) -> Result<(), SignalsError> {
    for chunk in group.columns() {
        let start = chunk
            .dictionary_page_offset()
            .unwrap_or_else(|| chunk.data_page_offset());
        let start = counted(source, start.min(chunk.data_page_offset()))?;
        let end = start.checked_add(counted(source, chunk.compressed_size())?);
        if end.is_none_or(|end| end > source.bytes) {
            return Err(source.damaged("a column chunk reaches past the end of the file"));
        }
    }
    Ok(())
}

fn refuse_other_row_sum(
    source: &Source,
    metadata: &ParquetMetaData,
    n_rows: u64,
) -> Result<(), SignalsError> {
    let mut in_groups = metadata
        .row_groups()
        .iter()
        .map(|group| counted(source, group.num_rows()));
    let in_groups = in_groups.try_fold(0_u64, |sum, n| n.map(|n| sum.saturating_add(n)))?;
    if in_groups == n_rows {
        return Ok(());
    }
    Err(source.damaged(format!(
        "its row groups have {in_groups} rows, but its footer says {n_rows}"
    )))
}

fn counted(source: &Source, count: i64) -> Result<u64, SignalsError> {
    u64::try_from(count).map_err(|_| source.damaged("a count in its footer is negative"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_become_damage() {
        let dir = super::super::testing::dir_of(&[("ads.parquet", b"x")]);
        let source = Source::open(dir.path(), "ads.parquet").unwrap();
        let error = guarded::<()>(&source, || panic!("index {}", 7)).unwrap_err();
        assert_eq!(error.to_string(), "ads.parquet is damaged: index 7");
    }
}
