//! Columns: what a table's cells are called and which kind of value they hold.

/// The kind of value a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number, not negative; the record says how large it may be.
    Whole,
    /// A number that may have a fraction.
    Number,
    /// True or false.
    Truth,
    /// An instant.
    Instant,
    /// Text.
    Text,
    /// A list of texts.
    TextList,
}

impl Kind {
    /// What is accepted, in the words of an error message.
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::Whole => "an integer",
            Self::Number => "a float or an integer",
            Self::Truth => "a boolean",
            Self::Instant => "a timestamp",
            Self::Text => "text",
            Self::TextList => "a list of text, or text separated by |",
        }
    }

    /// The same of text that says a value.
    pub(super) const fn expected_as_text(self) -> &'static str {
        match self {
            Self::Whole => "decimal digits",
            Self::Number => "a decimal number",
            Self::Truth => "true or false",
            Self::Instant => "an RFC 3339 time with an offset",
            Self::Text | Self::TextList => "text",
        }
    }

    /// How to write a column of another type as one that is read.
    pub(super) const fn cure(self) -> &'static str {
        match self {
            Self::Whole => "write it as a 64-bit integer, in SQL CAST(… AS BIGINT)",
            Self::Number => "write it as a float, in SQL CAST(… AS DOUBLE)",
            Self::Truth => "write it as a boolean, in SQL CAST(… AS BOOLEAN)",
            Self::Instant => {
                "write it as a timestamp in UTC, in SQL CAST(… AS TIMESTAMP); a date alone names no instant"
            }
            Self::Text => {
                "write it as text, in SQL CAST(… AS VARCHAR), phone numbers with their plus sign"
            }
            Self::TextList => "write it as text with | between items",
        }
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its place among the table's columns, from 0.
    pub index: usize,
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether the table cannot be read without it.
    pub required: bool,
    /// Whether a row may have nothing in it.
    pub(super) may_be_empty: bool,
}

/// Declares the columns of a table as a module: a constant for each, and `ALL` with all of them in order.
macro_rules! columns {
    (mod $module:ident { $($name:ident = $text:literal $kind:ident $need:ident;)* }) => {
        mod $module {
            use $crate::signals::column::{Column, Kind, columns, index_of};

            const NAMES: &[&str] = &[$($text),*];
            $(
                pub(super) const $name: &Column = &Column {
                    index: index_of($text, NAMES),
                    name: $text,
                    kind: Kind::$kind,
                    required: columns!(@ $need),
                    may_be_empty: !columns!(@ $need),
                };
            )*
            pub(super) const ALL: &[Column] = &[$(*$name),*];
        }
    };
    (@ required) => { true };
    (@ optional) => { false };
}
pub(super) use columns;

/// The place of a name among names.
///
/// # Panics
/// If it is not there; this runs when the crate is compiled, and fails that.
pub(super) const fn index_of(name: &str, names: &[&str]) -> usize {
    let mut index = 0;
    while !is_same(name.as_bytes(), names[index].as_bytes()) {
        index += 1;
    }
    index
}

const fn is_same(a: &[u8], b: &[u8]) -> bool {
    match (a, b) {
        ([], []) => true,
        ([first, a @ ..], [other, b @ ..]) => *first == *other && is_same(a, b),
        _ => false,
    }
}
