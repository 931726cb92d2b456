//! Events as lines of JSON: what `consent append` reads.

use std::io::{self, BufRead, BufReader, Read};

use acquaint::engine::{ConsentRules, NamedEvent};
use acquaint::signals::{
    ConsentEventRow, Fault, JsonLineError, complete_event, json_object, record_from_json,
};
use acquaint::time::Timestamp;
use serde_json::Value;

/// The longest line that is read, in bytes.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// Why a line is no event.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    /// It cannot be read at all.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is too long.
    #[error("line {line} is longer than {MAX_LINE_BYTES} bytes")]
    TooLong {
        /// From 1.
        line: u64,
    },
    /// It is not UTF-8.
    #[error("line {line} is not UTF-8")]
    NotText {
        /// From 1.
        line: u64,
    },
    /// It is no event.
    #[error("line {line}: {why}")]
    NoEvent {
        /// From 1.
        line: u64,
        /// Why.
        why: JsonLineError,
    },
}

/// An event of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) named: NamedEvent,
    /// Did it come with an `event_id`?
    pub(crate) has_id: bool,
}

/// Events from lines of JSON; empty lines are skipped.
///
/// An event without `known_time` is known now; without `valid_time` it happened when it became known; without
/// `event_id` it gets one from its contents, so that the same line twice is one event.
pub(crate) struct Lines<R> {
    input: R,
    line: u64,
    clock: fn() -> Timestamp,
    /// Made anew for each line: whoever sends one a day is held to today's clock.
    rules: fn() -> ConsentRules,
}

impl<R: BufRead> Lines<R> {
    pub(crate) const fn new(
        input: R,
        clock: fn() -> Timestamp,
        rules: fn() -> ConsentRules,
    ) -> Self {
        Self {
            input,
            line: 0,
            clock,
            rules,
        }
    }

    /// The line that was read last, from 1.
    pub(crate) const fn line(&self) -> u64 {
        self.line
    }

    fn next_line(&mut self) -> Result<Option<String>, LineError> {
        let mut bytes = Vec::new();
        let mut limited = Read::take(&mut self.input, MAX_LINE_BYTES as u64 + 1);
        if limited.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        self.line += 1;
        let line = self.line;
        if bytes.len() > MAX_LINE_BYTES {
            return Err(LineError::TooLong { line });
        }
        let text = String::from_utf8(bytes).map_err(|_| LineError::NotText { line })?;
        Ok(Some(text))
    }

    fn event(&self, text: &str) -> Result<Line, LineError> {
        let no_event = |why| LineError::NoEvent {
            line: self.line,
            why,
        };
        let mut object = json_object(text).map_err(no_event)?;
        let has_id = !object.get("event_id").is_none_or(Value::is_null);
        complete_event(&mut object, (self.clock)());
        let row: ConsentEventRow = record_from_json(&object).map_err(no_event)?;
        let value = |Fault { column, reason }| JsonLineError::Value { column, reason };
        let named = (self.rules)().event(&row);
        let named = named.map_err(|fault| no_event(value(fault)))?;
        Ok(Line { named, has_id })
    }
}

impl<R: Read> Lines<BufReader<R>> {
    /// Has a further line been received already?
    pub(crate) fn is_more_waiting(&self) -> bool {
        self.input.buffer().contains(&b'\n')
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Line, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_line() {
                Ok(None) => return None,
                Ok(Some(text)) if text.trim().is_empty() => {}
                Ok(Some(text)) => return Some(self.event(&text)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use acquaint::engine::NamedSubject;
    use acquaint::ids::AccountId;

    fn noon() -> Timestamp {
        Timestamp::parse("2016-09-01T12:00:00Z").unwrap()
    }

    fn until_noon() -> ConsentRules {
        ConsentRules {
            latest: Some(noon()),
        }
    }

    fn read(text: &str) -> Vec<Result<NamedEvent, String>> {
        Lines::new(text.as_bytes(), noon, until_noon)
            .map(|line| {
                line.map(|line| line.named)
                    .map_err(|error| error.to_string())
            })
            .collect()
    }

    #[test]
    fn what_is_left_out_is_filled_in() {
        let rows = read(
            "{\"account_id\":7,\"kind\":\"opt_out\"}\n\n{\"kind\":\"opt_out\",\"account_id\":7}\n{\"account_id\":8,\"kind\":\"opt_out\"}",
        );
        let events: Vec<NamedEvent> = rows.into_iter().map(Result::unwrap).collect();
        assert_eq!(events[0].subject, NamedSubject::Account(AccountId(7)));
        assert_eq!(
            (events[0].valid_time, events[0].known_time),
            (noon(), noon())
        );
        assert_eq!(
            events[0].event_id, events[1].event_id,
            "the same line twice is one event"
        );
        assert_ne!(events[0].event_id, events[2].event_id);
    }

    #[test]
    fn a_bad_line_is_named() {
        let rows = read("{\"account_id\":7,\"kind\":\"opt_out\"}\nopt out please\n");
        assert_eq!(
            rows[1],
            Err("line 2: not a JSON object (column 1)".to_owned())
        );
        let long = read(&"x".repeat(MAX_LINE_BYTES + 1));
        assert!(
            long[0]
                .as_ref()
                .is_err_and(|error| error.contains("longer than"))
        );
    }
}
