//! Parquet in: batches of columns, with limits that are checked before anything large is allocated.
//!
//! The reader behind is known to panic on some damaged files, so every call of it runs under
//! [`catch_unwind`]; a panic is an error that names the file, like any other damage.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetMetaData;

use super::batch::{Batch, Batcher};
use super::column::{Column, Kind};
use super::error::SignalsError;
use super::header::{Header, is_known, refuse_message_content};
use super::limits::ValidReadLimits;
use super::pages::refuse_large_pages;
use super::parquet_cells::ParquetCells;
use super::record::Record;
use super::source::Source;

/// Small files may have this many rows whatever their size, and grow to this many bytes.
const FREE_ROWS: u64 = 65_536;
const FREE_BYTES: u64 = 16 << 20;

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
    let mut file = ParquetFile::open(source, R::COLUMNS, limits)?;
    batcher.ignore(std::mem::take(&mut file.header.ignored));
    while let Some(rows) = file.next()? {
        let cells = ParquetCells::new(R::COLUMNS, &rows);
        for row in 0..rows.num_rows() {
            batcher.take(&cells.at(row))?;
        }
    }
    if batcher.n_rows() != file.n_rows {
        let told = format!(
            "it has {} rows, but its footer says {}",
            batcher.n_rows(),
            file.n_rows
        );
        return Err(source.damaged(told).into());
    }
    batcher.finish()
}

/// What a file's footer says, once it is known to be harmless.
#[derive(Debug)]
pub(super) struct Footer {
    found: ArrowReaderMetadata,
    columns: &'static [Column],
    header: Header,
    roots: Vec<usize>,
    batch_rows: usize,
    n_rows: u64,
}

impl Footer {
    pub(super) fn read(
        source: &Source,
        columns: &'static [Column],
        limits: &ValidReadLimits,
    ) -> Result<Self, SignalsError> {
        let found = guarded(source, || load(source))?;
        let metadata = Arc::clone(found.metadata());
        let n_rows = refuse_bombs(source, &metadata, limits)?;
        let names: Vec<String> = field_names(found.schema());
        let header = Header::locate(&source.name, columns, &names, limits)?;
        refuse_nested_content(source, columns, &metadata)?;
        refuse_types(source, columns, found.schema())?;
        let roots: Vec<usize> = header.places.iter().flatten().copied().collect();
        refuse_large_pages(source, &metadata, &roots, limits)?;
        Ok(Self {
            found,
            columns,
            header,
            roots,
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

    /// Reads the rows of one group, batch by batch; returns how many there were.
    pub(super) fn read_group<E: From<SignalsError>>(
        &self,
        source: &Source,
        group: usize,
        mut on_batch: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut reader = guarded(source, || build(source, self, Some(group)))?;
        let mut n_rows = 0;
        while let Some(rows) = next(source, &mut reader)? {
            n_rows += rows.num_rows() as u64;
            on_batch(&rows)?;
        }
        Ok(n_rows)
    }
}

struct ParquetFile<'s> {
    source: &'s Source,
    header: Header,
    reader: ParquetRecordBatchReader,
    n_rows: u64,
}

impl<'s> ParquetFile<'s> {
    fn open(
        source: &'s Source,
        columns: &'static [Column],
        limits: &ValidReadLimits,
    ) -> Result<Self, SignalsError> {
        let footer = Footer::read(source, columns, limits)?;
        let reader = guarded(source, || build(source, &footer, None))?;
        Ok(Self {
            source,
            header: footer.header,
            reader,
            n_rows: footer.n_rows,
        })
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, SignalsError> {
        next(self.source, &mut self.reader)
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
    // Nothing that a panic could leave half done is used again: the caller gives the file up.
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(detail)) => Err(source.damaged(detail)),
        Err(panic) => Err(source.damaged(told_by(panic.as_ref()))),
    }
}

fn told_by(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("the Parquet reader panicked").to_owned()
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
    let wanted = wanted(footer.columns, found.schema());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(wanted));
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(found.metadata()), options);
    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
        file,
        metadata.map_err(|error| error.to_string())?,
    );
    if let Some(group) = group {
        builder = builder.with_row_groups(vec![group]);
    }
    let mask = ProjectionMask::roots(builder.parquet_schema(), footer.roots.iter().copied());
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
/// dictionary page is held once, and no dictionary arrays.
fn wanted(columns: &[Column], found: &Schema) -> Schema {
    let fields: Fields = found
        .fields()
        .iter()
        .map(|field| {
            if is_known(columns, field.name()) {
                retyped(field)
            } else {
                Arc::clone(field)
            }
        })
        .collect();
    Schema::new_with_metadata(fields, found.metadata().clone())
}

fn retyped(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::List(item) | DataType::LargeList(item) => DataType::List(retyped(item)),
        DataType::Dictionary(_, value) => {
            let plain = Field::new(field.name(), value.as_ref().clone(), field.is_nullable());
            retyped(&Arc::new(plain)).data_type().clone()
        }
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        other => other.clone(),
    };
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}

fn refuse_types(
    source: &Source,
    columns: &'static [Column],
    schema: &Schema,
) -> Result<(), SignalsError> {
    for column in columns {
        let Ok(field) = schema.field_with_name(column.name) else {
            continue;
        };
        if !is_readable(column.kind, retyped(&Arc::new(field.clone())).data_type()) {
            return Err(SignalsError::ColumnType {
                file: source.name.clone(),
                column: column.name,
                found: field.data_type().to_string(),
                expected: column.kind.expected(),
            });
        }
    }
    Ok(())
}

/// Can a column of this type, after retyping, be read as this kind? A column of nothing but nulls always can.
fn is_readable(kind: Kind, data_type: &DataType) -> bool {
    let text = |data_type: &DataType| matches!(data_type, DataType::Utf8View);
    match (kind, data_type) {
        (_, DataType::Null)
        | (Kind::Number, DataType::Float32 | DataType::Float64)
        | (Kind::Truth, DataType::Boolean)
        | (Kind::Instant, DataType::Timestamp(_, _)) => true,
        (Kind::Whole | Kind::Number, other) => other.is_integer(),
        (Kind::TextList, DataType::List(item)) => text(item.data_type()),
        (Kind::Text | Kind::TextList, other) => text(other),
        _ => false,
    }
}

/// A column within a column of no table can hold message content as well.
fn refuse_nested_content(
    source: &Source,
    columns: &[Column],
    metadata: &ParquetMetaData,
) -> Result<(), SignalsError> {
    for leaf in metadata.file_metadata().schema_descr().columns() {
        let parts = leaf.path().parts();
        if !is_known(columns, &parts[0]) {
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
    let by_size = FREE_ROWS.saturating_add(source.bytes.saturating_mul(given.max_rows_per_byte));
    refuse_ratio(
        source,
        "rows",
        n_rows,
        by_size,
        "max_rows_per_byte",
        given.max_rows_per_byte,
    )?;
    let by_size = FREE_BYTES.saturating_add(source.bytes.saturating_mul(given.max_expansion));
    for group in metadata.row_groups() {
        let n_bytes = group
            .columns()
            .iter()
            .map(|chunk| counted(source, chunk.uncompressed_size()));
        let n_bytes = n_bytes.sum::<Result<u64, _>>()?;
        let what = "uncompressed bytes in a row group";
        source.refuse_more(
            what,
            n_bytes,
            "max_row_group_bytes",
            given.max_row_group_bytes,
        )?;
        refuse_ratio(
            source,
            what,
            n_bytes,
            by_size,
            "max_expansion",
            given.max_expansion,
        )?;
        refuse_chunks_outside(source, group)?;
    }
    refuse_other_row_sum(source, metadata, n_rows)?;
    Ok(n_rows)
}

fn refuse_ratio(
    source: &Source,
    what: &'static str,
    found: u64,
    by_size: u64,
    limit: &'static str,
    allowed: u64,
) -> Result<(), SignalsError> {
    if found <= by_size {
        return Ok(());
    }
    Err(SignalsError::Expansion {
        file: source.name.clone(),
        what,
        found,
        bytes: source.bytes,
        limit,
        allowed,
    })
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
    fn text_is_read_as_views_and_never_copied_for_every_row() {
        let dictionary = |value| DataType::Dictionary(Box::new(DataType::Int32), Box::new(value));
        for text in [
            DataType::Utf8,
            DataType::LargeUtf8,
            DataType::Utf8View,
            dictionary(DataType::Utf8),
        ] {
            let field = Arc::new(Field::new("x", text.clone(), true));
            assert_eq!(retyped(&field).data_type(), &DataType::Utf8View);
            let list = Arc::new(Field::new("x", DataType::LargeList(field), true));
            let item = Arc::new(Field::new("x", DataType::Utf8View, true));
            assert_eq!(retyped(&list).data_type(), &DataType::List(item));
        }
    }

    #[test]
    fn panics_become_damage() {
        let dir = super::super::testing::dir_of(&[("ads.parquet", b"x")]);
        let source = Source::open(dir.path(), "ads.parquet").unwrap();
        let error = guarded::<()>(&source, || panic!("index {}", 7)).unwrap_err();
        assert_eq!(error.to_string(), "ads.parquet is damaged: index 7");
    }
}
