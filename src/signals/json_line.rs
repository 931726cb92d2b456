//! A record from one line of JSON: an object whose keys are the columns of its table.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::content::looks_like_message_content;
use super::record::Record;
use super::rejection::RejectionReason;
use super::row::{Cells, Fault, Row};
use super::spelled::{parse_end, parse_whole};
use crate::publish::shown;
use crate::time::Timestamp;

/// Why a line of JSON is no record. Says nothing of what stood in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonLineError {
    /// Not a JSON object.
    #[error("not a JSON object (column {column})")]
    NotAnObject {
        /// Where in the line it stops being one, from 1.
        column: usize,
    },
    /// A key that is there twice: which of the two is meant?
    #[error("`{}` is there twice: which of the two is meant? Keep one", shown(key))]
    RepeatedKey {
        /// The key.
        key: String,
    },
    /// A key that is no column of the table.
    #[error(
        "`{}` is no column of {table}: leave it out, or use a name that docs/formats.md lists",
        shown(key)
    )]
    UnknownKey {
        /// The key.
        key: String,
        /// The table.
        table: &'static str,
    },
    /// A key that seems to hold message content.
    #[error("`{}` seems to hold message content, which is never read", shown(key))]
    Content {
        /// The key.
        key: String,
    },
    /// A value that cannot be used.
    #[error("`{column}` {}; {}", reason.phrase(), Fault { column, reason: *reason }.cure())]
    Value {
        /// The key.
        column: &'static str,
        /// What is wrong with it.
        reason: RejectionReason,
    },
}

/// The object on a line. A key that is there twice, at any depth, leaves open which of the two is meant.
///
/// # Errors
/// If the line is not a JSON object, or a key of it is there twice.
pub fn json_object(line: &str) -> Result<Map<String, Value>, JsonLineError> {
    let repeated = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_str(line);
    let read = Once(&repeated).deserialize(&mut reader);
    let read = read.and_then(|value| reader.end().map(|()| value));
    if let Some(key) = repeated.take() {
        return Err(JsonLineError::RepeatedKey { key });
    }
    match read {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(JsonLineError::NotAnObject { column: 1 }),
        Err(error) => Err(JsonLineError::NotAnObject {
            column: error.column(),
        }),
    }
}

/// Reads a value of which no object has a key twice; the first such key is left in the cell.
#[derive(Clone, Copy)]
struct Once<'a>(&'a RefCell<Option<String>>);

impl<'de> DeserializeSeed<'de> for Once<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                self.0.replace(Some(key));
                return Err(de::Error::custom("a key is there twice"));
            }
            object.insert(key, entries.next_value_seed(self)?);
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
}

/// The record of an object; null is as good as no key.
///
/// # Errors
/// If a key is no column of the table, or a value cannot be used.
pub fn record_from_json<R: Record>(object: &Map<String, Value>) -> Result<R, JsonLineError> {
    for key in object.keys() {
        let is_known = R::COLUMNS.iter().any(|column| column.name == key);
        if !is_known && looks_like_message_content(key) {
            return Err(JsonLineError::Content { key: key.clone() });
        }
        if !is_known {
            return Err(JsonLineError::UnknownKey {
                key: key.clone(),
                table: R::TABLE.name(),
            });
        }
    }
    let values = R::COLUMNS
        .iter()
        .map(|column| object.get(column.name).filter(|value| !value.is_null()))
        .collect();
    R::read(&Row::new(&JsonCells(values)))
        .map_err(|Fault { column, reason }| JsonLineError::Value { column, reason })
}

/// The values of an object, by column.
struct JsonCells<'a>(Vec<Option<&'a Value>>);

impl JsonCells<'_> {
    fn as_if<T>(
        &self,
        index: usize,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, RejectionReason> {
        let Some(value) = self.0.get(index).copied().flatten() else {
            return Ok(None);
        };
        read(value).map(Some).ok_or(RejectionReason::WrongType)
    }
}

impl Cells for JsonCells<'_> {
    /// Digits in quotes are accepted, as in a cell of a table: not every language keeps 64 bits in a JSON number.
    fn whole(&self, index: usize) -> Result<Option<u64>, RejectionReason> {
        match self.0.get(index).copied().flatten() {
            None => Ok(None),
            Some(Value::String(digits)) if digits.trim().is_empty() => Ok(None),
            Some(Value::String(digits)) => parse_whole(digits.trim()).map(Some),
            Some(other) => other.as_u64().map(Some).ok_or(RejectionReason::WrongType),
        }
    }

    fn number(&self, index: usize) -> Result<Option<f64>, RejectionReason> {
        self.as_if(index, Value::as_f64)
    }

    fn truth(&self, index: usize) -> Result<Option<bool>, RejectionReason> {
        self.as_if(index, Value::as_bool)
    }

    fn instant(&self, index: usize) -> Result<Option<Timestamp>, RejectionReason> {
        self.as_if(index, |value| Timestamp::parse(value.as_str()?).ok())
    }

    fn end(&self, index: usize) -> Result<Option<Timestamp>, RejectionReason> {
        self.as_if(index, |value| parse_end(value.as_str()?).ok())
    }

    fn text(&self, index: usize) -> Option<&str> {
        match self.0.get(index).copied().flatten()? {
            Value::String(text) => Some(text),
            // A value of another type is no text; as a text that no column can store it is out of range.
            _ => Some("\0"),
        }
    }

    fn each_text<'a>(&'a self, index: usize, visit: &mut dyn FnMut(&'a str)) {
        match self.0.get(index).copied().flatten() {
            Some(Value::String(text)) => visit(text),
            Some(Value::Array(items)) => items
                .iter()
                .for_each(|item| visit(item.as_str().unwrap_or("\0"))),
            Some(_) => visit("\0"),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::{Event, EventKind, Subject};
    use crate::ids::{AccountId, EventId};
    use crate::signals::ConsentEventRow;

    fn read(line: &str) -> Result<ConsentEventRow, JsonLineError> {
        record_from_json(&json_object(line)?)
    }

    #[test]
    fn an_opt_out() {
        let line = r#"{"event_id":"18446744073709551615","account_id":7,"kind":"opt_out","valid_time":"2016-09-01T00:00:00Z","known_time":"2016-09-01T00:00:01Z","phone":null}"#;
        assert_eq!(
            read(line),
            Ok(ConsentEventRow::Known(Event {
                event_id: EventId(u64::MAX),
                subject: Subject::Account(AccountId(7)),
                kind: EventKind::OptOut,
                valid_time: Timestamp::from_secs(1_472_688_000),
                known_time: Timestamp::from_secs(1_472_688_001),
            }))
        );
    }

    /// One rule for lines and for tables: `CsvCells` reads a cell without the blanks around it.
    #[test]
    fn an_id_in_quotes_is_read_as_in_a_table() {
        let line = |id: &str| {
            format!(
                r#"{{"event_id":1,"account_id":"{id}","kind":"opt_out","valid_time":"2016-09-01T00:00:00Z","known_time":"2016-09-01T00:00:00Z"}}"#
            )
        };
        for id in ["7", " 7 ", "007", "\\t7", "7\\n"] {
            let read = read(&line(id)).unwrap();
            let ConsentEventRow::Known(event) = read else {
                panic!("{id} is an account");
            };
            assert_eq!(event.subject, Subject::Account(AccountId(7)), "{id:?}");
        }
        for id in ["+7", "7.0", "0x7", "7 7", "-7", "", " "] {
            assert!(read(&line(id)).is_err(), "{id:?}");
        }
    }

    #[test]
    fn deny_what_is_no_event() {
        let value = |column, reason| JsonLineError::Value { column, reason };
        let head = r#""event_id":1,"valid_time":"2016-09-01T00:00:00Z","known_time":"2016-09-01T00:00:00Z""#;
        for (rest, error) in [
            (
                r#","kind":"opt_out""#,
                value("account_id", RejectionReason::Missing),
            ),
            (
                r#","kind":"opt_out","account_id":-1"#,
                value("account_id", RejectionReason::WrongType),
            ),
            (
                r#","kind":"opt_out","account_id":1.5"#,
                value("account_id", RejectionReason::WrongType),
            ),
            (
                r#","kind":7,"account_id":1"#,
                value("kind", RejectionReason::OutOfRange),
            ),
            (
                r#","kind":"opt_uot","account_id":1"#,
                value("kind", RejectionReason::OutOfRange),
            ),
            (
                r#","kind":"accept","account_id":1,"share":"yes""#,
                value("share", RejectionReason::WrongType),
            ),
        ] {
            assert_eq!(read(&format!("{{{head}{rest}}}")), Err(error), "{rest}");
        }
        assert!(matches!(
            read("[1]"),
            Err(JsonLineError::NotAnObject { .. })
        ));
        assert!(matches!(
            read(r#"{"message":"hello"}"#),
            Err(JsonLineError::Content { .. })
        ));
        assert!(matches!(
            read(r#"{"acount_id":1}"#),
            Err(JsonLineError::UnknownKey { .. })
        ));
    }
}
