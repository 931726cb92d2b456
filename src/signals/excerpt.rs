//! Rows as they stand in a file, for whoever has to mend it.
//!
//! Nothing here is written to an output: numbers people gave stay in their file. Digits of phone columns are shown as `0`, which
//! leaves the shape that was wrong; columns no table has are left out.

use std::fs::File;
use std::io::Read;

use csv::ByteRecord;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::caught::caught;
use super::column::Column;
use super::dir::SignalsDir;
use super::error::SignalsError;
use super::forms::{Layout, Packing};
use super::header::is_known;
use super::mapping::TableMapping;
use super::source::Source;
use super::table::Table;

/// A row as it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The row: the first after the header is 1.
    pub row: u64,
    /// The values of the table's columns, `column=value`, with blanks between; cut where it is longer than 160 characters.
    pub text: String,
}

/// So much of a row is shown, in characters.
const SHOWN: usize = 160;

impl SignalsDir {
    /// Some rows of a table's file as they stand in it; `file` is named as in a [`Rejection`](super::Rejection). Rows that are not
    /// there are left out.
    ///
    /// # Errors
    /// If the file cannot be read.
    ///
    /// # Complexity
    /// O(bytes of the file up to the last of the rows), and O(1) memory for text; for Parquet those of a row group.
    pub fn excerpt(
        &self,
        table: Table,
        file: &str,
        rows: &[u64],
    ) -> Result<Vec<Excerpt>, SignalsError> {
        let Some(part) = self.part_named(table, file) else {
            return Ok(Vec::new());
        };
        let source = Source::open(self.path(), &part.name)?;
        let wanted = Wanted {
            rows,
            columns: table.columns(),
            mapping: self.mappings().of(table),
        };
        match (part.form.layout, part.form.packing) {
            (Layout::Parquet, _) => {
                caught(|| wanted.of_parquet(&source.file)).map_err(|detail| source.damaged(detail))
            }
            (Layout::Json, packing) => {
                wanted.of_lines(&source, self.json_lines(&source, packing)?, b',')
            }
            (Layout::Lines(by), Packing::Plain) => wanted.of_lines(&source, &source.file, by),
            (Layout::Lines(by), packing) => {
                wanted.of_lines(&source, self.unpacked(&source, packing)?, by)
            }
        }
    }
}

/// Which rows, and what their table calls its columns.
struct Wanted<'a> {
    rows: &'a [u64],
    columns: &'static [Column],
    mapping: Option<&'a TableMapping>,
}

impl Wanted<'_> {
    fn last(&self) -> u64 {
        self.rows.iter().copied().max().unwrap_or(0)
    }

    fn of_lines(
        &self,
        source: &Source,
        bytes: impl Read,
        delimiter: u8,
    ) -> Result<Vec<Excerpt>, SignalsError> {
        let mut lines = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(bytes);
        let unreadable = |error: csv::Error| source.unreadable(error.into());
        let mut line = ByteRecord::new();
        lines.read_byte_record(&mut line).map_err(unreadable)?;
        let names = texts(&line);
        let mut found = Vec::new();
        for row in 1..=self.last() {
            if !lines.read_byte_record(&mut line).map_err(unreadable)? {
                break;
            }
            if self.rows.contains(&row) {
                let text = self.text(&names, &texts(&line));
                found.push(Excerpt { row, text });
            }
        }
        Ok(found)
    }

    fn of_parquet(&self, file: &File) -> Result<Vec<Excerpt>, String> {
        let file = file.try_clone().map_err(|error| error.to_string())?;
        let damaged = |error: ParquetError| error.to_string();
        let reader = SerializedFileReader::new(file).map_err(damaged)?;
        let rows = reader.get_row_iter(None).map_err(damaged)?;
        let last = usize::try_from(self.last()).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        for (row, cells) in (1..).zip(rows).take(last) {
            if self.rows.contains(&row) {
                let cells = cells.map_err(damaged)?;
                let (names, values): (Vec<String>, Vec<String>) = cells
                    .get_column_iter()
                    .map(|(name, value)| (name.clone(), value.to_string()))
                    .unzip();
                let text = self.text(&names, &values);
                found.push(Excerpt { row, text });
            }
        }
        Ok(found)
    }

    fn text(&self, names: &[String], values: &[String]) -> String {
        // Where a row has too many or too few values, nobody can say which of them is a number.
        let is_shifted = names.len() != values.len();
        let ours = |name: &'_ str| -> String {
            let mapped = self.mapping.map(|mapping| mapping.our_name(name));
            mapped.unwrap_or(name).to_owned()
        };
        let known = names
            .iter()
            .zip(values)
            .filter(|(name, _)| is_known(self.columns, &ours(name)));
        let cells: Vec<String> = known
            .map(|(name, value)| format!("{name}={}", cell(&ours(name), value, is_shifted)))
            .collect();
        cut(&cells.join(" "))
    }
}

fn texts(line: &ByteRecord) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    line.iter().map(text).collect()
}

/// A value as it may be shown; what cannot be seen is an escape.
fn cell(column: &str, value: &str, is_shifted: bool) -> String {
    let is_dialled = |text: &str| text.starts_with('+') || text.starts_with("00");
    let hides = is_shifted || column == "phone" || is_dialled(value.trim_matches(['"', ' ', '\'']));
    let shown = |c: char| match c {
        c if hides && c.is_numeric() => "0".to_owned(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    let text: String = value.chars().map(shown).collect();
    if text.contains(char::is_whitespace) && !text.starts_with('"') {
        format!("{text:?}")
    } else {
        text
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
