//! CSV, a record for each row: an empty line is a row too, and a quote that is not closed takes no rows with it.
//!
//! The reader of the crate csv skips empty lines, and reads on to the next quote where one is open. Whoever puts the output
//! beside the input would then have every number in the wrong row.

use acquaint::publish::{open_stream, shown};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use csv::StringRecord;

use crate::exit::Failure;

/// A row, and the line it begins in, from 1. An empty line has no fields.
pub(super) struct Record {
    pub(super) fields: StringRecord,
    pub(super) line: u64,
}

/// The longest row: what has no line end has no end.
const MAX_ROW: usize = 1 << 20;

/// Why a row cannot be read. Says nothing of what stands in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("line {line}: a row longer than {MAX_ROW} bytes")]
    TooLong { line: u64 },
    #[error("line {line}: unclosed quote")]
    OpenQuote { line: u64 },
    #[error("line {line}: text after a closing quote: is a quote in an earlier row unclosed?")]
    BehindQuote { line: u64 },
    #[error("line {line} is not UTF-8; save the file as UTF-8")]
    NotText { line: u64 },
    #[error("line {line} has {found} fields, but the header has {expected}")]
    Ragged {
        line: u64,
        found: usize,
        expected: usize,
    },
    #[error("line {line}: the value of `{column}` spans several lines: is a quote unclosed?")]
    ManyLines { line: u64, column: &'static str },
    #[error("there is no header")]
    NoHeader,
    #[error("there is no column `{column}`")]
    NoColumn { column: &'static str },
}

/// The rows of a file, or of standard input for `-`.
pub(super) struct Records {
    name: String,
    input: Box<dyn BufRead>,
    parser: Parser,
    n_columns: usize,
}

impl Records {
    /// Opens a file and reads its header, which the first line is that is not empty.
    pub(super) fn open(file: &Path) -> Result<(Self, StringRecord), Failure> {
        let name = shown(file);
        let input: Box<dyn BufRead> = if name == "-" {
            Box::new(BufReader::new(io::stdin()))
        } else {
            let opened = open_stream(file);
            let opened = opened.map_err(|error| Failure::new(format!("opening {name}"), error))?;
            Box::new(BufReader::with_capacity(1 << 16, opened))
        };
        let mut records = Self {
            name,
            input,
            parser: Parser::new(),
            n_columns: 0,
        };
        let header = records.header();
        let header = header.map_err(|error| records.failure(error))?;
        records.n_columns = header.len();
        Ok((records, header))
    }

    /// What a failure to read this file is.
    pub(super) fn failure(
        &self,
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Failure {
        Failure::new(format!("reading {}", self.name), error)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The next row, with as many fields as the header has, or none for an empty line.
    pub(super) fn read(&mut self) -> Result<Option<Record>, RecordError> {
        let Some(record) = self.parser.read(&mut self.input)? else {
            return Ok(None);
        };
        let (found, expected) = (record.fields.len(), self.n_columns);
        if found > 0 && found != expected {
            let line = record.line;
            return Err(RecordError::Ragged {
                line,
                found,
                expected,
            });
        }
        Ok(Some(record))
    }

    fn header(&mut self) -> Result<StringRecord, RecordError> {
        loop {
            match self.parser.read(&mut self.input)? {
                Some(record) if record.fields.is_empty() => {}
                Some(record) => return Ok(record.fields),
                None => return Err(RecordError::NoHeader),
            }
        }
    }
}

/// Where columns stand in a header.
pub(super) fn places<const N: usize>(
    header: &StringRecord,
    columns: [&'static str; N],
) -> Result<[usize; N], RecordError> {
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        *place = header
            .iter()
            .position(|name| name.trim() == column)
            .ok_or(RecordError::NoColumn { column })?;
    }
    Ok(places)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the start of a field: a quote opens one here and nowhere else.
    Start,
    Plain,
    Quoted,
    /// After a quote inside quotes: the end of the field, or the first half of a doubled one.
    MaybeClosed,
}

/// RFC 4180, byte by byte.
struct Parser {
    state: State,
    field: Vec<u8>,
    fields: csv::ByteRecord,
    /// The line being read, from 1.
    line: u64,
    /// The line the row began in.
    begun: u64,
    /// The line the last quote was opened in.
    quoted: u64,
    /// Bytes of the row so far.
    len: usize,
    after_return: bool,
}

impl Parser {
    fn new() -> Self {
        Self {
            state: State::Start,
            field: Vec::new(),
            fields: csv::ByteRecord::new(),
            line: 1,
            begun: 1,
            quoted: 1,
            len: 0,
            after_return: false,
        }
    }

    fn read(&mut self, input: &mut dyn BufRead) -> Result<Option<Record>, RecordError> {
        loop {
            let chunk = input.fill_buf()?;
            if chunk.is_empty() {
                return self.end();
            }
            let mut n_read = 0;
            let mut ended = false;
            for &byte in chunk {
                n_read += 1;
                ended = self.step(byte)?;
                if ended {
                    break;
                }
            }
            input.consume(n_read);
            if ended {
                return self.record().map(Some);
            }
        }
    }

    /// Takes a byte; true if it ends a row.
    fn step(&mut self, byte: u8) -> Result<bool, RecordError> {
        if std::mem::take(&mut self.after_return) && byte == b'\n' {
            if self.state == State::Quoted {
                self.field.push(byte);
            }
            return Ok(false);
        }
        let ends_line = matches!(byte, b'\r' | b'\n');
        self.after_return = byte == b'\r';
        self.line += u64::from(ends_line);
        if ends_line && self.state != State::Quoted {
            return Ok(true);
        }
        self.len += 1;
        if self.len > MAX_ROW {
            return Err(RecordError::TooLong { line: self.begun });
        }
        match (self.state, byte) {
            (State::Start, b'"') => {
                self.quoted = self.line;
                self.state = State::Quoted;
            }
            (State::Quoted, b'"') => self.state = State::MaybeClosed,
            (State::MaybeClosed, b'"') => self.take(byte, State::Quoted),
            (State::Quoted, _) => self.field.push(byte),
            (_, b',') => self.end_field(),
            (State::MaybeClosed, b' ' | b'\t') => {}
            (State::MaybeClosed, _) => return Err(RecordError::BehindQuote { line: self.line }),
            (State::Start | State::Plain, _) => self.take(byte, State::Plain),
        }
        Ok(false)
    }

    fn take(&mut self, byte: u8, state: State) {
        self.field.push(byte);
        self.state = state;
    }

    fn end_field(&mut self) {
        self.fields.push_field(&self.field);
        self.field.clear();
        self.state = State::Start;
    }

    /// The row that ends here.
    fn record(&mut self) -> Result<Record, RecordError> {
        if std::mem::take(&mut self.len) > 0 {
            self.end_field();
        }
        let bytes = std::mem::take(&mut self.fields);
        let line = std::mem::replace(&mut self.begun, self.line);
        let fields = StringRecord::from_byte_record(bytes);
        let mut fields = fields.map_err(|_| RecordError::NotText { line })?;
        if line == 1
            && let Some(first) = fields
                .get(0)
                .and_then(|first| first.strip_prefix('\u{feff}'))
        {
            fields = std::iter::once(first)
                .chain(fields.iter().skip(1))
                .collect();
        }
        Ok(Record { fields, line })
    }

    fn end(&mut self) -> Result<Option<Record>, RecordError> {
        match self.state {
            State::Quoted => Err(RecordError::OpenQuote { line: self.quoted }),
            _ if self.len > 0 => self.record().map(Some),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<(u64, Vec<String>)>, RecordError> {
        let mut parser = Parser::new();
        let mut input = text.as_bytes();
        let mut rows = Vec::new();
        while let Some(record) = parser.read(&mut input)? {
            rows.push((
                record.line,
                record.fields.iter().map(str::to_owned).collect(),
            ));
        }
        Ok(rows)
    }

    #[test]
    fn every_line_is_a_row() {
        for text in [
            "a,b\n\n1,2\n",
            "a,b\r\n\r\n1,2\r\n",
            "a,b\r\r1,2",
            "\u{feff}a,b\n\n\"1\",\"2\"",
            "\"a\" ,\"b\"\n\n1,2",
        ] {
            let rows = rows(text).unwrap();
            let fields: Vec<Vec<&str>> = rows
                .iter()
                .map(|(_, row)| row.iter().map(String::as_str).collect())
                .collect();
            assert_eq!(fields, [vec!["a", "b"], vec![], vec!["1", "2"]], "{text:?}");
            assert_eq!(
                rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
                [1, 2, 3],
                "{text:?}"
            );
        }
        assert_eq!(rows("\n\n\n").unwrap().len(), 3);
        assert_eq!(
            rows("\"\"\n").unwrap()[0].1,
            [""],
            "an empty field is no empty line"
        );
    }

    #[test]
    fn quotes_hold_what_is_in_them() {
        let rows = rows("\"a \"\"b\"\"\",\"c,\nd\"\ne\"f,g\n").unwrap();
        assert_eq!(rows[0].1, ["a \"b\"", "c,\nd"]);
        assert_eq!(rows[1], (3, vec!["e\"f".to_owned(), "g".to_owned()]));
    }

    #[test]
    fn deny_quotes_that_are_not_closed() {
        for (text, line) in [
            ("a\n\"1\n2\n", 2),
            ("a,b\nDE,\"1\nDE,2\nDE,3\n", 2),
            ("\"a", 1),
            ("a\n1\n\n\"2", 4),
            ("a\r\"1\r2\r", 2),
        ] {
            let error = rows(text).unwrap_err();
            assert!(
                matches!(error, RecordError::OpenQuote { line: at } if at == line),
                "{text:?}: {error}"
            );
        }
        for text in ["a,b\nDE,\"1\nDE,\"2\"\n", "\"1\"2\n", "\"1\" x\n"] {
            assert!(
                matches!(rows(text), Err(RecordError::BehindQuote { .. })),
                "{text:?}"
            );
        }
    }
}
