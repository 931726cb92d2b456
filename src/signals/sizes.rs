//! How large tables are, before any row is read.

use std::io::{self, Read, Seek};

use serde::{Serialize, Serializer};

use super::dir::SignalsDir;
use super::error::SignalsError;
use super::forms::{Layout, Packing};
use super::listing::Part;
use super::parquet_in::rows_by_footer;
use super::source::Source;
use super::table::Table;
use super::unpack::{Grown, Unpacked};

/// How much text is looked at to know how long its lines are.
const SAMPLE_BYTES: u64 = 8 << 20;
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
    /// Whether that is what the files say. Long files of lines are estimated from the first ones.
    pub is_exact: bool,
}

impl SignalsDir {
    /// How large each table is that is there, in the order of tables.
    ///
    /// # Errors
    /// If a file cannot be opened, or is no Parquet file although its name says so.
    ///
    /// # Complexity
    /// A footer, or at most 8 MiB of text, for each file.
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
                    let lines = lines(&source, part.form.packing)?;
                    size.is_exact &= lines.is_exact;
                    // The first line is the header.
                    lines.n.saturating_sub(1)
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

struct Lines {
    n: u64,
    is_exact: bool,
}

/// How many lines a file has, about so if it is longer than what is looked at or has quotes, which may hold line breaks.
fn lines(source: &Source, packing: Packing) -> Result<Lines, SignalsError> {
    let failed = |error| source.unreadable(error);
    let all = Grown {
        allowed: u64::MAX,
        limit: "a sample",
    };
    let mut unpacked = Unpacked::new(source, packing, all).map_err(failed)?;
    let sampled = Sample::of(&mut unpacked).map_err(failed)?;
    if sampled.is_all {
        return Ok(Lines {
            n: sampled.lines,
            is_exact: !sampled.has_quotes,
        });
    }
    let mut file = &source.file;
    let n_read = file.stream_position().map_err(failed)?;
    Ok(Lines {
        n: sampled.lines * source.bytes / n_read.max(1),
        is_exact: false,
    })
}

struct Sample {
    lines: u64,
    has_quotes: bool,
    /// There is no more than what was looked at.
    is_all: bool,
}

impl Sample {
    fn of(file: &mut impl Read) -> io::Result<Self> {
        let mut text = Vec::new();
        file.take(SAMPLE_BYTES).read_to_end(&mut text)?;
        let ends = memchr::memchr_iter(b'\n', &text).count() as u64;
        let is_open = text.last().is_some_and(|&last| last != b'\n');
        let is_all = (text.len() as u64) < SAMPLE_BYTES;
        Ok(Self {
            lines: ends + u64::from(is_open && is_all),
            has_quotes: memchr::memchr(b'"', &text).is_some(),
            is_all,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

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
            is_exact: true,
        };
        assert_eq!(sizes.unwrap(), [expected]);
    }

    #[test]
    fn long_files_are_estimated_within_a_tenth() {
        let row = |i: u64| format!("{i},+4930{:07},2016-01-01T00:00:00Z\n", i % 10_000_000);
        let mut text = "account_id,phone,saved_at\n".to_owned();
        text.extend((0..300_000).map(row));
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(text.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        for (name, bytes) in [
            ("address_book.csv", text.as_bytes()),
            ("address_book.csv.gz", &packed),
        ] {
            let dir = dir_of(&[(name, bytes)]);
            let limits = ReadLimits::default().check().unwrap();
            let sizes = SignalsDir::open(dir.path(), &limits)
                .unwrap()
                .sizes()
                .unwrap();
            let rows = sizes[0].rows;
            assert!(rows.abs_diff(300_000) < 30_000, "{name}: {rows}");
        }
    }
}
