//! A number book: an address book whose numbers were read already, to be matched again and again.
//!
//! A Parquet file with the columns `account_id` (who saved), `number` (the digits of ITU-T E.164 as an integer, without
//! the plus sign, in their newest form) and `saved_at`. Its row groups are read on their own, by as many threads as
//! there are; a file of one row group is read by one.

use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};

use super::column::columns;
use super::error::SignalsError;
use super::limits::ValidReadLimits;
use super::mapping::TableMapping;
use super::parquet_in::Footer;
use super::rejection::Rejection;
use super::row::{Fault, Row, is_civil};
use super::source::Source;
use crate::time::Timestamp;

columns! {
    mod col {
        ACCOUNT_ID = "account_id" Whole required;
        NUMBER = "number" Whole required;
        SAVED_AT = "saved_at" Instant required;
    }
}

/// A row of a number book.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BookRow {
    /// Who saved the number.
    pub account_id: u64,
    /// The digits after the plus sign.
    pub number: u64,
    /// When.
    pub saved_at: Timestamp,
}

/// A number book that was opened.
#[derive(Debug)]
pub struct NumberBook {
    dir: PathBuf,
    source: Source,
    footer: Footer,
}

impl NumberBook {
    /// Opens a number book; its rows are not read yet.
    ///
    /// # Errors
    /// If it is no plain Parquet file, a column is missing or of another kind, or it would grow beyond `limits`.
    pub fn open(path: &Path, limits: &ValidReadLimits) -> Result<Self, SignalsError> {
        let dir = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let source = Source::open(&dir, &name)?;
        let footer = Footer::read(&source, (col::ALL, &TableMapping::default()), limits)?;
        footer.refuse_text(&source, col::NUMBER)?;
        Ok(Self {
            dir,
            source,
            footer,
        })
    }

    /// How many rows it says it has.
    #[must_use]
    pub const fn n_rows(&self) -> u64 {
        self.footer.n_rows()
    }

    /// Into how many groups its rows are cut.
    #[must_use]
    pub fn n_groups(&self) -> usize {
        self.footer.n_groups()
    }

    /// Its other columns, which are not read, by names that may be shown.
    #[must_use]
    pub fn ignored(&self) -> &[String] {
        self.footer.ignored()
    }

    /// Reads a group's rows in their order; those with a value missing or out of range are left out.
    ///
    /// # Errors
    /// If the file cannot be read or has changed since it was opened.
    ///
    /// # Panics
    /// If there is no such group.
    pub fn read_group(
        &self,
        group: usize,
        mut on_row: impl FnMut(BookRow),
    ) -> Result<BookRejections, SignalsError> {
        let source = self.source.reopen(&self.dir)?;
        let mut rejected = BookRejections::default();
        let mut row = self.footer.first_row(group);
        self.footer.read_group(&source, group, |rows| {
            read_batch(&self.footer, rows, |read| {
                row += 1;
                match read {
                    Ok(row) => on_row(row),
                    Err(fault) => rejected.add(|| Rejection {
                        file: source.name.clone(),
                        row,
                        column: fault.column,
                        reason: fault.reason,
                    }),
                }
            });
            Ok::<(), SignalsError>(())
        })?;
        source.refuse_changes()?;
        Ok(rejected)
    }
}

/// Rows that could not be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookRejections {
    /// How many.
    pub n: u64,
    /// The first of them.
    pub first: Option<Rejection>,
}

impl BookRejections {
    fn add(&mut self, rejection: impl FnOnce() -> Rejection) {
        self.n += 1;
        self.first.get_or_insert_with(rejection);
    }

    /// Those of two parts of a book.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            first: [self.first, other.first]
                .into_iter()
                .flatten()
                .min_by_key(|first| first.row),
        }
    }
}

/// The values of the three columns.
type Plain<'b> = (&'b [u64], &'b [u64], &'b [i64]);

/// The values, if they are of the types nearly every file has, none is missing and all are in range.
fn plain<'b>(footer: &Footer, rows: &'b RecordBatch) -> Option<Plain<'b>> {
    let saved_at = footer.column(col::SAVED_AT, rows)?;
    let saved_at = saved_at.as_primitive_opt::<TimestampMicrosecondType>()?;
    let is_plain = saved_at.null_count() == 0 && are_civil(saved_at.values());
    is_plain.then_some(())?;
    Some((
        wholes(footer.column(col::ACCOUNT_ID, rows)?)?,
        wholes(footer.column(col::NUMBER, rows)?)?,
        saved_at.values(),
    ))
}

fn are_civil(micros: &[i64]) -> bool {
    let ends = |(min, max): (i64, i64), &micros: &i64| (min.min(micros), max.max(micros));
    let (min, max) = micros.iter().fold((i64::MAX, i64::MIN), ends);
    [min, max]
        .iter()
        .all(|&micros| is_civil(Timestamp::from_micros(micros)))
        || micros.is_empty()
}

/// Whole numbers without a gap, none below zero.
fn wholes(array: &ArrayRef) -> Option<&[u64]> {
    (array.null_count() == 0).then_some(())?;
    if let Some(unsigned) = array.as_primitive_opt::<UInt64Type>() {
        return Some(unsigned.values());
    }
    let signed = array.as_primitive_opt::<Int64Type>()?.values();
    let is_plain = signed.iter().all(|&value| value >= 0);
    is_plain.then(|| signed.inner().typed_data())
}

fn read_batch(footer: &Footer, rows: &RecordBatch, mut on_row: impl FnMut(Result<BookRow, Fault>)) {
    if let Some((accounts, numbers, saved_at)) = plain(footer, rows) {
        for ((&account_id, &number), &micros) in accounts.iter().zip(numbers).zip(saved_at) {
            on_row(Ok(BookRow {
                account_id,
                number,
                saved_at: Timestamp::from_micros(micros),
            }));
        }
        return;
    }
    let cells = footer.cells(rows);
    for row in 0..rows.num_rows() {
        on_row(row_of(&Row::new(&cells.at(row))));
    }
}

fn row_of(row: &Row<'_>) -> Result<BookRow, Fault> {
    Ok(BookRow {
        account_id: row.whole(col::ACCOUNT_ID)?,
        number: row.whole(col::NUMBER)?,
        saved_at: row.instant(col::SAVED_AT)?,
    })
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int32Array, Int64Array, TimestampMillisecondArray, UInt64Array};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::signals::ReadLimits;

    fn book(columns: [(&str, ArrayRef); 3]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("book.parquet");
        let rows = RecordBatch::try_from_iter(columns).unwrap();
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(2))
            .build();
        let file = File::create(&path).unwrap();
        let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(properties)).unwrap();
        writer.write(&rows).unwrap();
        writer.close().unwrap();
        (dir, path)
    }

    fn read(path: &Path) -> (Vec<(u64, u64, i64)>, BookRejections) {
        let book = NumberBook::open(path, &ReadLimits::default().check().unwrap()).unwrap();
        let mut found = Vec::new();
        let mut rejected = BookRejections::default();
        for group in 0..book.n_groups() {
            let add =
                |row: BookRow| found.push((row.account_id, row.number, row.saved_at.micros()));
            rejected = book.read_group(group, add).unwrap().and(rejected);
        }
        assert_eq!(found.len() as u64 + rejected.n, book.n_rows());
        (found, rejected)
    }

    #[test]
    fn whole_numbers_of_any_width_and_instants_of_any_unit_are_read() {
        let millis = TimestampMillisecondArray::from(vec![1, 2, 3]);
        let (_dir, path) = book([
            ("account_id", Arc::new(Int32Array::from(vec![7, 8, 9]))),
            (
                "number",
                Arc::new(UInt64Array::from(vec![4_930_123_456; 3])),
            ),
            ("saved_at", Arc::new(millis)),
        ]);
        let row = |account, at| (account, 4_930_123_456, at);
        let (rows, rejected) = read(&path);
        assert_eq!(rows, [row(7, 1_000), row(8, 2_000), row(9, 3_000)]);
        assert_eq!(rejected, BookRejections::default());
    }

    #[test]
    fn rows_that_cannot_be_used_are_counted_and_the_first_is_named() {
        let micros = arrow_array::TimestampMicrosecondArray::from(vec![1, 2, i64::MAX, 4]);
        let (_dir, path) = book([
            ("account_id", Arc::new(Int64Array::from(vec![1, 2, 3, -4]))),
            (
                "number",
                Arc::new(Int64Array::from(vec![Some(5), Some(6), Some(7), None])),
            ),
            ("saved_at", Arc::new(micros)),
        ]);
        let (rows, rejected) = read(&path);
        assert_eq!(rows, [(1, 5, 1), (2, 6, 2)]);
        let first = rejected.first.unwrap();
        assert_eq!((rejected.n, first.row, first.column), (2, 3, "saved_at"));
        assert_eq!(first.file, "book.parquet");
    }

    #[test]
    fn a_column_of_text_is_refused() {
        let text = arrow_array::StringArray::from(vec!["+4930123456"]);
        let (_dir, path) = book([
            ("account_id", Arc::new(Int64Array::from(vec![1]))),
            ("number", Arc::new(text)),
            (
                "saved_at",
                Arc::new(TimestampMillisecondArray::from(vec![1])),
            ),
        ]);
        let limits = ReadLimits::default().check().unwrap();
        let error = NumberBook::open(&path, &limits).unwrap_err().to_string();
        assert!(
            error.contains("number") && error.contains("an integer"),
            "{error}"
        );
    }
}
