//! How large tables are, before any row is read.

use std::collections::BTreeMap;
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

/// How much text of a table is looked at to know how long its lines are, for each way it is packed.
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
    /// Whether that is what the files say. Long files of lines are estimated from the first ones, and so are those behind many others.
    pub is_exact: bool,
}

impl SignalsDir {
    /// How large each table is that is there, in the order of tables.
    ///
    /// # Errors
    /// If a file cannot be opened, or is no Parquet file although its name says so.
    ///
    /// # Complexity
    /// A footer for each file, and 8 MiB of text for each table, or three times that if it is packed in three ways.
    pub fn sizes(&self) -> Result<Vec<TableSize>, SignalsError> {
        let tables = self.parts().iter();
        let files = tables.map(|(table, parts)| self.size(*table, parts, SAMPLE_BYTES));
        let mut sizes = files.collect::<Result<Vec<_>, _>>()?;
        sizes.extend(self.frames().tables().map(|(table, frame)| TableSize {
            table,
            n_files: 1,
            bytes: frame.bytes(),
            rows: frame.n_rows(),
            is_exact: true,
        }));
        sizes.sort_by_key(|size| size.table);
        Ok(sizes)
    }

    /// How large a table is, by so many bytes of its text at most.
    fn size(
        &self,
        table: Table,
        parts: &[Part],
        sample_bytes: u64,
    ) -> Result<TableSize, SignalsError> {
        let mut looked_at: BTreeMap<Packing, LookedAt> = BTreeMap::new();
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
                Layout::Lines(_) | Layout::Json => {
                    let packing = part.form.packing;
                    let looked_at = looked_at.entry(packing).or_default();
                    let lines = looked_at.lines_of(&source, packing, sample_bytes)?;
                    size.is_exact &= lines.is_exact;
                    // The first line is the header, where there is one.
                    let n_heads = u64::from(part.form.layout != Layout::Json);
                    lines.n.saturating_sub(n_heads)
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

/// What was looked at of files that are packed alike.
#[derive(Clone, Copy, Debug, Default)]
struct LookedAt {
    text: u64,
    lines: u64,
    /// How much of the files that was, packed as they are.
    packed: u64,
}

impl LookedAt {
    /// How many lines a file has: about so if it is longer than what is left to look at, or has quotes, which may hold line breaks.
    /// Once so much text was looked at, it is
    /// not read, and has as many lines as others of its size.
    fn lines_of(
        &mut self,
        source: &Source,
        packing: Packing,
        sample_bytes: u64,
    ) -> Result<Lines, SignalsError> {
        let left = sample_bytes.saturating_sub(self.text);
        if left == 0 {
            return Ok(self.estimate(source.bytes));
        }
        let failed = |error| source.unreadable(error);
        let all = Grown {
            allowed: u64::MAX,
            limit: "a sample",
        };
        let mut unpacked = Unpacked::new(source, packing, all).map_err(failed)?;
        let sampled = Sample::of(&mut unpacked, left).map_err(failed)?;
        let mut file = &source.file;
        let n_read = match packing {
            _ if sampled.is_all => source.bytes,
            Packing::Plain => sampled.text,
            // A little more was read than what was unpacked.
            Packing::Gzip | Packing::Zstd => file.stream_position().map_err(failed)?,
        };
        self.text += sampled.text;
        self.lines += sampled.lines;
        self.packed += n_read;
        if sampled.is_all {
            return Ok(Lines {
                n: sampled.lines,
                is_exact: !sampled.has_quotes,
            });
        }
        // The last bytes that are looked at may be few: others of the table tell as much.
        Ok(self.estimate(source.bytes))
    }

    /// As many lines as what was looked at has in so many bytes.
    fn estimate(&self, bytes: u64) -> Lines {
        let lines = u128::from(self.lines) * u128::from(bytes) / u128::from(self.packed.max(1));
        Lines {
            n: u64::try_from(lines).unwrap_or(u64::MAX),
            is_exact: false,
        }
    }
}

struct Sample {
    text: u64,
    lines: u64,
    has_quotes: bool,
    /// There is no more than what was looked at.
    is_all: bool,
}

impl Sample {
    /// Of the first bytes of a file.
    fn of(file: &mut impl Read, bytes: u64) -> io::Result<Self> {
        let mut text = Vec::new();
        file.take(bytes).read_to_end(&mut text)?;
        let ends = memchr::memchr_iter(b'\n', &text).count() as u64;
        let is_open = text.last().is_some_and(|&last| last != b'\n');
        let is_all = (text.len() as u64) < bytes;
        Ok(Self {
            text: text.len() as u64,
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

    /// Four files whose lines get longer and longer: whoever looks at each knows how many there are.
    #[test]
    fn only_so_much_of_a_table_is_looked_at() {
        let file = |len: usize| {
            let row = format!("1,+49{},2016-01-01T00:00:00Z\n", "0".repeat(len));
            format!("account_id,phone,saved_at\n{}", row.repeat(100))
        };
        let [a, b, c, d] = [8, 8, 80, 800].map(file);
        let dir = dir_of(&[
            ("address_book/a.csv", a.as_bytes()),
            ("address_book/b.csv", b.as_bytes()),
            ("address_book/c.csv", c.as_bytes()),
            ("address_book/d.csv", d.as_bytes()),
        ]);
        let limits = ReadLimits::default().check().unwrap();
        let dir = SignalsDir::open(dir.path(), &limits).unwrap();
        let parts = &dir.parts()[&Table::AddressBook];
        let size = |bytes| dir.size(Table::AddressBook, parts, bytes).unwrap();
        let whole = size(1 << 20);
        assert_eq!((whole.rows, whole.is_exact), (400, true));
        let a_line = |text: &str| text.len() / 101;
        // The first is whole, of the second a half is looked at, and nothing of the others.
        let some = size((a.len() + b.len() / 2) as u64);
        let expected = 2 * 100 + (c.len() + d.len()) / a_line(&a);
        assert!(!some.is_exact);
        assert!(
            some.rows.abs_diff(expected as u64) < expected as u64 / 20,
            "{} rows, not {expected}",
            some.rows
        );
        let few = size(a.len() as u64 / 2);
        assert!(few.rows > 1_000 && !few.is_exact, "{few:?}");
    }
}
