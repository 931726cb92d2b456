//! JSON lines in: an object on each line, handed on as the lines of CSV that say the same.
//!
//! The header is the names of all keys, in the order in which they first appear, so that a key that no table has is told and one
//! that seems to hold message content stops the run, as in CSV. A line that is no object, has a key twice or a value that is
//! neither text, a number, a truth nor a list of texts becomes a row of the wrong shape: it is rejected, and from whom it may have
//! taken something nobody can tell.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read};

use serde_json::{Map, Value};

use super::csv_guard::Trip;
use super::json_line::json_object;

/// The names of the keys of all lines.
///
/// # Errors
/// If the bytes cannot be read, or a line is longer than allowed.
///
/// # Complexity
/// O(bytes) time; space for one line and the names.
pub(super) fn keys(bytes: impl Read, max_line: u64) -> io::Result<Vec<String>> {
    let mut lines = Lines::new(bytes, max_line);
    let (mut keys, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some(object) = lines.next()? {
        for key in object.unwrap_or_default().keys() {
            if seen.insert(key.clone()) {
                keys.push(key.clone());
            }
        }
    }
    Ok(keys)
}

/// The same lines as CSV.
pub(super) struct JsonAsCsv<R> {
    lines: Lines<R>,
    keys: Vec<String>,
    /// What was written and not handed on yet.
    ready: io::Cursor<Vec<u8>>,
}

impl<R: Read> JsonAsCsv<R> {
    pub(super) fn new(bytes: R, keys: Vec<String>, max_line: u64) -> io::Result<Self> {
        let header = as_line(keys.iter().map(String::as_str))?;
        Ok(Self {
            lines: Lines::new(bytes, max_line),
            keys,
            ready: io::Cursor::new(header),
        })
    }

    fn line(&self, object: Option<Map<String, Value>>) -> io::Result<Vec<u8>> {
        let cells = object.and_then(|object| {
            let cells = self.keys.iter().map(|key| cell(object.get(key)));
            cells.collect::<Option<Vec<String>>>()
        });
        match cells {
            Some(cells) => as_line(cells.iter().map(String::as_str)),
            None => as_line(std::iter::repeat_n("", self.keys.len() + 1)),
        }
    }
}

impl<R: Read> Read for JsonAsCsv<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.ready.read(into)?;
            if n > 0 || into.is_empty() {
                return Ok(n);
            }
            let Some(object) = self.lines.next()? else {
                return Ok(0);
            };
            self.ready = io::Cursor::new(self.line(object)?);
        }
    }
}

fn as_line<'a>(cells: impl Iterator<Item = &'a str>) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// A value as CSV spells it; none if a cell cannot hold it.
fn cell(value: Option<&Value>) -> Option<String> {
    match value {
        None | Some(Value::Null) => Some(String::new()),
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Bool(truth)) => Some(truth.to_string()),
        Some(Value::Array(items)) => {
            let texts = items.iter().map(Value::as_str);
            Some(texts.collect::<Option<Vec<_>>>()?.join("|"))
        }
        Some(Value::Object(_)) => None,
    }
}

/// Objects line by line; blank lines are none.
struct Lines<R> {
    bytes: BufReader<R>,
    max_line: u64,
    n: u64,
    line: Vec<u8>,
}

impl<R: Read> Lines<R> {
    fn new(bytes: R, max_line: u64) -> Self {
        Self {
            bytes: BufReader::new(bytes),
            max_line,
            n: 0,
            line: Vec::new(),
        }
    }

    /// The next line: its object, or none if it is no object.
    #[expect(
        clippy::option_option,
        reason = "the outer says whether there is a line, the inner whether it is an object"
    )]
    fn next(&mut self) -> io::Result<Option<Option<Map<String, Value>>>> {
        loop {
            self.line.clear();
            let mut bounded = (&mut self.bytes).take(self.max_line + 1);
            if bounded.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            if self.line.len() as u64 > self.max_line {
                let row = self.n + 1;
                return Err(io::Error::other(Trip::LongRow { row }));
            }
            let text = std::str::from_utf8(&self.line);
            let text = text.map(|text| text.trim_start_matches('\u{feff}').trim());
            if text == Ok("") {
                continue;
            }
            self.n += 1;
            return Ok(Some(text.ok().and_then(|text| json_object(text).ok())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str) -> String {
        let keys = keys(text.as_bytes(), 1_000).unwrap();
        let mut told = String::new();
        let mut lines = JsonAsCsv::new(text.as_bytes(), keys, 1_000).unwrap();
        lines.read_to_string(&mut told).unwrap();
        told
    }

    #[test]
    fn lines_say_the_same_as_csv() {
        let text = "{\"id\": 1, \"word\": \"a \\\"b\\\", c\"}\n\n{\"word\": null, \"list\": [\"x\", \"y\"], \"id\": 18446744073709551615}";
        assert_eq!(
            csv(text),
            "\"id\",\"word\",\"list\"\n\"1\",\"a \"\"b\"\", c\",\"\"\n\"18446744073709551615\",\"\",\"x|y\"\n"
        );
    }

    #[test]
    fn deny_lines_that_are_no_objects() {
        for line in [
            "[1]",
            "{\"id\": 2",
            "{\"id\": 2, \"id\": 3}",
            "{\"id\": {}}",
            "nothing",
        ] {
            let told = csv(&format!("{{\"id\": 1}}\n{line}\n"));
            assert_eq!(told.lines().last(), Some("\"\",\"\""), "{line}: {told}");
        }
    }

    #[test]
    fn deny_lines_without_an_end() {
        let long = format!("{{\"id\": \"{}\"}}", "x".repeat(2_000));
        assert!(keys(long.as_bytes(), 1_000).is_err());
    }
}
