//! One record on its way out: the values of a row, the same for every file form.

use std::borrow::Cow;

use super::column::{Column, Kind};
use super::own::{Columns, OwnValue, OwnValues};
use super::row::{is_civil, is_storable};
use super::terms::Interest;
use crate::ids::Region;
use crate::time::Timestamp;

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Whole(u64),
    Number(f64),
    Truth(bool),
    Instant(Timestamp),
    Text(Cow<'a, str>),
    List(Vec<Cow<'a, str>>),
}

/// The values of a row being written: null until set.
pub struct Values<'a> {
    pub(super) cells: Vec<Value<'a>>,
    columns: &'a Columns,
    pub(super) unwritable: Option<&'static str>,
}

impl<'a> Values<'a> {
    pub(super) fn new(columns: &'a Columns) -> Self {
        Self {
            cells: vec![Value::Null; columns.all().len()],
            columns,
            unwritable: None,
        }
    }

    /// Sets the value of a column; one that could not be read back makes the row unwritable.
    pub(super) fn set(&mut self, column: &Column, value: impl Into<Value<'a>>) {
        let value = value.into();
        if !reads_back(&value, column) {
            self.refuse(column);
        }
        self.cells[column.index] = value;
    }

    /// Sets the values of own columns; one of a column that is not written makes the row unwritable.
    pub(super) fn set_own(&mut self, own: &'a OwnValues) {
        for value in own {
            let mut columns = self.columns.own().iter();
            match columns.find(|column| column.name == value.column()) {
                Some(column) => self.add_own(column, value),
                None => _ = self.unwritable.get_or_insert(value.column()),
            }
        }
    }

    fn add_own(&mut self, column: &Column, value: &'a OwnValue) {
        let word = value.as_word();
        if let (Value::List(words), Some(word)) = (&mut self.cells[column.index], word) {
            words.push(word.into());
            return;
        }
        match (column.kind, word) {
            (Kind::TextList, Some(word)) => self.set(column, Value::List(vec![word.into()])),
            (_, Some(word)) => self.set(column, word),
            (_, None) => self.set(column, value.as_number()),
        }
    }

    /// Says that the row has a value which the column cannot hold.
    pub(super) fn refuse(&mut self, column: &Column) {
        self.unwritable.get_or_insert(column.name);
    }
}

fn reads_back(value: &Value<'_>, column: &Column) -> bool {
    match value {
        Value::Null => !column.required,
        Value::Whole(_) | Value::Number(_) | Value::Truth(_) => true,
        Value::Instant(at) => is_civil(*at),
        Value::Text(text) => is_storable(text) && !(column.required && text.trim().is_empty()),
        Value::List(items) => items
            .iter()
            .all(|item| is_storable(item) && !item.contains('|')),
    }
}

macro_rules! into_value {
    ($($from:ty => $to:expr;)*) => {$(
        impl<'a> From<$from> for Value<'a> {
            fn from(value: $from) -> Self {
                $to(value.into())
            }
        }
    )*};
}

into_value! {
    u64 => Value::Whole;
    u32 => Value::Whole;
    u16 => Value::Whole;
    u8 => Value::Whole;
    f64 => Value::Number;
    bool => Value::Truth;
    Timestamp => Value::Instant;
    &'a str => Value::Text;
    String => Value::Text;
    Cow<'a, str> => Value::Text;
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        text.as_str().into()
    }
}

impl From<Region> for Value<'_> {
    fn from(region: Region) -> Self {
        region.to_string().into()
    }
}

impl<'a> From<&'a [String]> for Value<'a> {
    fn from(items: &'a [String]) -> Self {
        Self::List(items.iter().map(|item| Cow::from(item.as_str())).collect())
    }
}

impl<'a> From<&'a [Interest]> for Value<'a> {
    fn from(items: &'a [Interest]) -> Self {
        Self::List(items.iter().map(|item| Cow::from(item.as_str())).collect())
    }
}

impl From<&[Region]> for Value<'_> {
    fn from(regions: &[Region]) -> Self {
        Self::List(
            regions
                .iter()
                .map(|region| Cow::from(region.to_string()))
                .collect(),
        )
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
