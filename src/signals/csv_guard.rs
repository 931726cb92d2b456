//! Watches CSV bytes on their way to the parser for the two things it would swallow: a row without end, and
//! a quote that is never closed.

use std::io::{self, Read};

/// What the guard stopped at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trip {
    /// A row is longer than allowed.
    #[error("row {row} is too long")]
    LongRow {
        /// The row; the header is row 0.
        row: u64,
    },
    /// The bytes end inside quotes.
    #[error("row {row} ends inside quotes")]
    OpenQuote {
        /// The row in which the quote was opened; the header is row 0.
        row: u64,
    },
}

/// Where in a row the last byte was; the states of the parser behind, without its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the start of a field: a quote opens one here and nowhere else.
    Start,
    /// In a field without quotes.
    Plain,
    /// Inside quotes.
    Quoted,
    /// After a quote inside quotes: its end, or the first half of a doubled one.
    MaybeClosed,
}

/// A reader that hands bytes on unchanged until one of them must not pass.
pub(super) struct Guard<R> {
    inner: R,
    delimiter: u8,
    max_row_bytes: u64,
    state: State,
    row: u64,
    row_bytes: u64,
    quoted_at: u64,
    n_bytes: u64,
}

impl<R: Read> Guard<R> {
    pub(super) const fn new(inner: R, delimiter: u8, max_row_bytes: u64) -> Self {
        Self {
            inner,
            delimiter,
            max_row_bytes,
            state: State::Start,
            row: 0,
            row_bytes: 0,
            quoted_at: 0,
            n_bytes: 0,
        }
    }

    fn pass(&mut self, bytes: &[u8]) -> Result<(), Trip> {
        for &byte in bytes {
            self.step(byte)?;
        }
        Ok(())
    }

    fn step(&mut self, byte: u8) -> Result<(), Trip> {
        self.n_bytes += 1;
        if self.is_in_mark(byte) {
            return Ok(());
        }
        if self.state != State::Quoted && matches!(byte, b'\r' | b'\n') {
            self.end_row();
            return Ok(());
        }
        self.row_bytes += 1;
        if self.row_bytes > self.max_row_bytes {
            return Err(Trip::LongRow { row: self.row });
        }
        self.state = self.after(byte);
        Ok(())
    }

    /// A byte order mark stands before the first field, it is not in it.
    fn is_in_mark(&self, byte: u8) -> bool {
        let mark = [0xEF, 0xBB, 0xBF];
        let place = usize::try_from(self.n_bytes).unwrap_or(usize::MAX);
        self.row_bytes == 0 && self.row == 0 && mark.get(place - 1) == Some(&byte)
    }

    /// The parser skips lines without a byte, so they are no rows here either.
    fn end_row(&mut self) {
        self.row += u64::from(self.row_bytes > 0);
        self.row_bytes = 0;
        self.state = State::Start;
    }

    fn after(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            (State::Quoted, b'"') => State::MaybeClosed,
            (State::Quoted, _) | (State::MaybeClosed, b'"') => State::Quoted,
            (State::Start, b'"') => {
                self.quoted_at = self.row;
                State::Quoted
            }
            (_, byte) if byte == self.delimiter => State::Start,
            _ => State::Plain,
        }
    }

    fn end(&self) -> Result<(), Trip> {
        if self.state == State::Quoted {
            Err(Trip::OpenQuote {
                row: self.quoted_at,
            })
        } else {
            Ok(())
        }
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.inner.read(buffer)?;
        let passed = if n_read == 0 && !buffer.is_empty() {
            self.end()
        } else {
            self.pass(&buffer[..n_read])
        };
        passed.map_err(io::Error::other)?;
        Ok(n_read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str, max_row_bytes: u64) -> Result<String, Trip> {
        let mut out = String::new();
        match Guard::new(text.as_bytes(), b',', max_row_bytes).read_to_string(&mut out) {
            Ok(_) => Ok(out),
            Err(error) => Err(error.downcast::<Trip>().expect("only the guard fails here")),
        }
    }

    #[test]
    fn bytes_pass_unchanged() {
        for text in [
            "",
            "a,b\n1,2\n",
            "\u{feff}\"a\",b\r\n\"x\"\"y\",\"1\n2\"\n",
            "a\"b,c\nd\"",
            "\"a\"b\",c",
        ] {
            assert_eq!(run(text, 100).as_deref(), Ok(text));
        }
    }

    #[test]
    fn deny_a_quote_that_is_never_closed() {
        for (text, row) in [
            ("a,b\n1,2\n\"3,4\n5,6\n", 2),
            ("\u{feff}\"a,b\n", 0),
            ("a\r\n\r\n\"\"\"", 1),
        ] {
            assert_eq!(run(text, 100), Err(Trip::OpenQuote { row }), "{text:?}");
        }
    }

    #[test]
    fn a_quote_opens_behind_the_delimiter_and_nowhere_else() {
        let end = |text: &str| {
            let read = Guard::new(text.as_bytes(), b'\t', 100).read_to_end(&mut Vec::new());
            read.map_err(|error| error.downcast::<Trip>().ok())
        };
        assert!(end("a\tb\n1,\"2\t3\n").is_ok());
        assert_eq!(
            end("a\tb\n1\t\"2,3\n").unwrap_err(),
            Some(Trip::OpenQuote { row: 1 })
        );
    }

    #[test]
    fn deny_a_row_that_is_too_long() {
        assert!(run("a\n1234567\n", 7).is_ok());
        assert_eq!(run("a\n12345678\n", 7), Err(Trip::LongRow { row: 1 }));
        assert_eq!(run("a\n\"123\n567\n", 7), Err(Trip::LongRow { row: 1 }));
    }
}
