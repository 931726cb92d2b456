//! How large tables are, before any row is read.

use std::io::{self, Read};

use serde::{Serialize, Serializer};

use super::dir::SignalsDir;
use super::error::SignalsError;
use super::forms::{Layout, Packing};
use super::listing::Part;
use super::parquet_in::rows_by_footer;
use super::source::Source;
use super::table::Table;

/// How much text is looked at to know how long its lines are.
const SAMPLE_BYTES: u64 = 1 << 20;
/// How much larger text is than what it is packed in, about: tables of ids and times pack so.
const UNPACKED: u64 = 5;
/// The length of a line where none can be looked at, about.
const LINE_BYTES: u64 = 64;

/// How large a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TableSize {
    /// The table.
    #[serde(serialize_with = "named")]
    pub table: Table,
    /// Its files.
    pub n_files: usize,
    /// Their bytes, packed as they are.
    pub bytes: u64,
    /// Their rows.
    pub rows: u64,
    /// Whether the rows are as many as the files say. Lines of text are estimated from the length of the first ones.
    pub is_exact: bool,
}

impl SignalsDir {
    /// How large each table is that is there, in the order of tables.
    ///
    /// # Errors
    /// If a file cannot be opened, or is no Parquet file although its name says so.
    ///
    /// # Complexity
    /// A footer, or at most 1 MiB of text, for each file.
    pub fn sizes(&self) -> Result<Vec<TableSize>, SignalsError> {
        let tables = self.parts().iter();
        tables
            .map(|(table, parts)| self.size(*table, parts))
            .collect()
    }

    fn size(&self, table: Table, parts: &[Part]) -> Result<TableSize, SignalsError> {
        let mut size = TableSize {
            table,
            n_files: parts.len(),
            bytes: 0,
            rows: 0,
            is_exact: true,
        };
        for part in parts {
            let source = Source::open(self.path(), &part.name)?;
            size.bytes += source.bytes;
            size.rows += match part.form.layout {
                Layout::Parquet => rows_by_footer(&source)?,
                Layout::Lines(_) => {
                    size.is_exact = false;
                    about(&source, part.form.packing)?
                }
            };
        }
        Ok(size)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "so serde calls it")]
fn named<S: Serializer>(table: &Table, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(table)
}

/// About how many rows a file of lines has.
fn about(source: &Source, packing: Packing) -> Result<u64, SignalsError> {
    if packing != Packing::Plain {
        return Ok(source.bytes * UNPACKED / LINE_BYTES);
    }
    let sampled = sample(&source.file).map_err(|error| source.unreadable(error))?;
    let lines = sampled.lines * source.bytes / sampled.bytes.max(1);
    // The first line is the header.
    Ok(lines.saturating_sub(1))
}

struct Sample {
    bytes: u64,
    lines: u64,
}

fn sample(file: impl Read) -> io::Result<Sample> {
    let mut text = Vec::new();
    file.take(SAMPLE_BYTES).read_to_end(&mut text)?;
    let ends = memchr::memchr_iter(b'\n', &text).count() as u64;
    let is_open = text.last().is_some_and(|&last| last != b'\n');
    Ok(Sample {
        bytes: text.len() as u64,
        lines: ends + u64::from(is_open),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::signals::ReadLimits;
    use crate::signals::testing::dir_of;

    #[test]
    fn lines_are_counted_where_the_sample_holds_them_all() {
        let text =
            "account_id,phone,saved_at\n1,+1,2016-01-01T00:00:00Z\n2,+1,2016-01-01T00:00:00Z";
        let dir = dir_of(&[("address_book.csv", text.as_bytes())]);
        let limits = ReadLimits::default().check().unwrap();
        let sizes = SignalsDir::open(dir.path(), &limits).unwrap().sizes();
        let bytes = fs::metadata(dir.path().join("address_book.csv"))
            .unwrap()
            .len();
        let expected = TableSize {
            table: Table::AddressBook,
            n_files: 1,
            bytes,
            rows: 2,
            is_exact: false,
        };
        assert_eq!(sizes.unwrap(), [expected]);
    }

    #[test]
    fn long_files_are_estimated_within_a_tenth() {
        let row = |i: u64| format!("{i},+4930{:07},2016-01-01T00:00:00Z\n", i % 10_000_000);
        let mut text = "account_id,phone,saved_at\n".to_owned();
        text.extend((0..100_000).map(row));
        let dir = dir_of(&[("address_book.csv", text.as_bytes())]);
        let limits = ReadLimits::default().check().unwrap();
        let sizes = SignalsDir::open(dir.path(), &limits)
            .unwrap()
            .sizes()
            .unwrap();
        assert!(
            sizes[0].rows.abs_diff(100_000) < 10_000,
            "{}",
            sizes[0].rows
        );
    }
}
