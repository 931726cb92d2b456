//! CSV out: a header, then a row each; quotes only where needed, lines end in LF.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use flate2::{Compression, GzBuilder, write::GzEncoder};

use super::column::Column;
use super::values::{Value, Values};
use super::writer::unbuffered;

/// A CSV file being written.
pub(super) struct CsvOut {
    rows: csv::Writer<Bytes>,
}

enum Bytes {
    Plain(BufWriter<File>),
    Gz(Box<GzEncoder<BufWriter<File>>>),
}

impl CsvOut {
    pub(super) fn plain(file: BufWriter<File>, columns: &[Column]) -> io::Result<Self> {
        Self::begin(Bytes::Plain(file), columns)
    }

    /// The gzip header has neither a time nor a name, so that the same rows give the same bytes.
    pub(super) fn gz(file: BufWriter<File>, columns: &[Column]) -> io::Result<Self> {
        let encoder = GzBuilder::new()
            .mtime(0)
            .operating_system(255)
            .write(file, Compression::default());
        Self::begin(Bytes::Gz(Box::new(encoder)), columns)
    }

    fn begin(bytes: Bytes, columns: &[Column]) -> io::Result<Self> {
        let mut rows = csv::Writer::from_writer(bytes);
        rows.write_record(columns.iter().map(|column| column.name))?;
        Ok(Self { rows })
    }

    pub(super) fn write(&mut self, rows: &[Values<'_>]) -> io::Result<()> {
        for row in rows {
            self.rows.write_record(
                row.cells
                    .iter()
                    .map(|value| field(value).into_owned().into_bytes()),
            )?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> io::Result<File> {
        let bytes = self
            .rows
            .into_inner()
            .map_err(|error| io::Error::other(error.to_string()))?;
        match bytes {
            Bytes::Plain(file) => unbuffered(file),
            Bytes::Gz(encoder) => unbuffered(encoder.finish()?),
        }
    }
}

impl Write for Bytes {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(buffer),
            Self::Gz(encoder) => encoder.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gz(encoder) => encoder.flush(),
        }
    }
}

/// A value as CSV says it. A float is written with the fewest digits that read back as the same float.
fn field<'v>(value: &'v Value<'_>) -> Cow<'v, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Whole(whole) => whole.to_string().into(),
        Value::Number(number) => number.to_string().into(),
        Value::Truth(truth) => truth.to_string().into(),
        Value::Instant(at) => at.to_string().into(),
        Value::Text(text) => Cow::Borrowed(text.as_ref()),
        Value::List(items) => items.join("|").into(),
    }
}
