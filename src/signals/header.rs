//! Which column of a file is which column of its table.

use super::column::Column;
use super::content::looks_like_message_content;
use super::error::{NOT_A_NAME, SignalsError};
use super::limits::ValidReadLimits;
use super::names::{fold, is_lookalike, is_slip, seen, visible};
use super::near_names::{is_second, meant};
use super::partition::{Said, said};
use super::spelled::refuse_misspelt;

/// Where the values of a column come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The file has no such column.
    Absent,
    /// A column of the file, from 0.
    Field(usize),
    /// The same text for every row: a folder above the file says it.
    Said(String),
}

/// Where a file has the columns of its table.
#[derive(Debug)]
pub(super) struct Header {
    /// For each column of the table where its values come from.
    pub(super) places: Vec<Place>,
    /// The file's other columns, by names that may be shown.
    pub(super) ignored: Vec<String>,
}

impl Header {
    /// Finds the columns of a table among those of a file, and among those that the folders above it name.
    ///
    /// Capitals, blanks, dashes and what cannot be seen make no other name: `Number Until` is `number_until`.
    ///
    /// # Errors
    /// If there are too many, two of one name, one that seems to hold message content, one that only looks like a
    /// column of the table, or a required one is not there.
    pub(super) fn locate(
        file: &str,
        columns: &[Column],
        found: &[String],
        limits: &ValidReadLimits,
    ) -> Result<Self, SignalsError> {
        refuse_too_many(file, found.len() as u64, limits)?;
        refuse_duplicates(file, found)?;
        let said = said(file);
        let named = || found.iter().chain(said.iter().map(|said| &said.column));
        let ignored: Vec<&String> = named().filter(|name| !is_known(columns, name)).collect();
        refuse_message_content(file, ignored.iter().map(|name| name.as_str()))?;
        refuse_lookalikes(file, columns, &ignored, |column| {
            !named().any(|name| is_name_of(column, name))
        })?;
        let places = columns
            .iter()
            .map(|column| place(file, column, found, &said));
        let places = places.collect::<Result<_, _>>()?;
        refuse_missing(file, columns, found, &said)?;
        Ok(Self {
            places,
            ignored: ignored.iter().map(|name| shown(name)).collect(),
        })
    }

    /// The places in the file of the columns it has, ascending.
    pub(super) fn fields(&self) -> Vec<usize> {
        let field = |place: &Place| match place {
            Place::Field(field) => Some(*field),
            Place::Absent | Place::Said(_) => None,
        };
        let mut fields: Vec<usize> = self.places.iter().filter_map(field).collect();
        fields.sort_unstable();
        fields
    }
}

/// Refuses names that seem to hold message content.
pub(super) fn refuse_message_content<'a>(
    file: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), SignalsError> {
    match names
        .into_iter()
        .find(|name| looks_like_message_content(&seen(name)))
    {
        None => Ok(()),
        Some(column) => Err(SignalsError::MessageContent {
            file: file.to_owned(),
            column: shown(column),
        }),
    }
}

/// Is this the name of a column of the table, however it is written?
pub(super) fn is_known(columns: &[Column], name: &str) -> bool {
    columns.iter().any(|column| is_name_of(column, name))
}

fn is_name_of(column: &Column, name: &str) -> bool {
    column.name == name || fold(column.name) == fold(name)
}

fn refuse_too_many(
    file: &str,
    n_columns: u64,
    limits: &ValidReadLimits,
) -> Result<(), SignalsError> {
    let allowed = limits.given().max_columns;
    if n_columns <= allowed {
        return Ok(());
    }
    Err(SignalsError::Limit {
        file: file.to_owned(),
        what: "columns",
        found: n_columns,
        limit: "max_columns",
        allowed,
    })
}

fn refuse_duplicates(file: &str, found: &[String]) -> Result<(), SignalsError> {
    let mut sorted: Vec<&String> = found.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => Err(SignalsError::DuplicateColumn {
            file: file.to_owned(),
            column: shown(pair[0]),
        }),
    }
}

/// A letter of another script or a slip of the pen in the name of a column that may be absent would let it be absent
/// without a word.
fn refuse_lookalikes(
    file: &str,
    columns: &[Column],
    ignored: &[&String],
    is_absent: impl Fn(&Column) -> bool,
) -> Result<(), SignalsError> {
    for name in ignored {
        let folded = fold(name);
        let is_meant = |column: &&Column| {
            let of = fold(column.name);
            is_lookalike(&folded, &of)
                || is_second(name, column.name)
                || is_absent(column) && is_slip(&folded, &of)
        };
        if let Some(column) = columns.iter().find(is_meant) {
            return Err(SignalsError::Lookalike {
                file: file.to_owned(),
                column: name.escape_default().to_string(),
                like: column.name,
            });
        }
        let absent = columns.iter().filter(|column| is_absent(column));
        if let Some(like) = meant(name, absent.map(|column| column.name)) {
            return Err(SignalsError::Lookalike {
                file: file.to_owned(),
                column: shown(name),
                like,
            });
        }
    }
    Ok(())
}

fn place(
    file: &str,
    column: &Column,
    found: &[String],
    said: &[Said],
) -> Result<Place, SignalsError> {
    let fields = || (0..found.len()).filter(|&field| is_name_of(column, &found[field]));
    let said: Vec<&Said> = said
        .iter()
        .filter(|said| is_name_of(column, &said.column))
        .collect();
    let names = fields().map(|field| shown(&found[field]));
    let names = names.chain(
        said.iter()
            .map(|said| format!("the folder {}", visible(&said.folder))),
    );
    let names: Vec<String> = names.collect();
    if let [first, second, ..] = names.as_slice() {
        return Err(SignalsError::SameColumn {
            file: file.to_owned(),
            column: column.name,
            first: first.clone(),
            second: second.clone(),
        });
    }
    match (fields().next(), said.first()) {
        (Some(field), _) => Ok(Place::Field(field)),
        (None, Some(said)) => place_said(file, column, said),
        (None, None) => Ok(Place::Absent),
    }
}

/// Names every required column that is nowhere: one reading of the message is enough to mend a file.
fn refuse_missing(
    file: &str,
    columns: &[Column],
    found: &[String],
    said: &[Said],
) -> Result<(), SignalsError> {
    let named = || found.iter().chain(said.iter().map(|said| &said.column));
    let is_missing =
        |column: &&Column| column.required && !named().any(|name| is_name_of(column, name));
    let missing: Vec<&'static str> = columns
        .iter()
        .filter(is_missing)
        .map(|column| column.name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(SignalsError::MissingColumns {
        file: file.to_owned(),
        columns: missing,
        found: found.iter().map(|name| shown(name)).collect(),
    })
}

fn place_said(file: &str, column: &Column, said: &Said) -> Result<Place, SignalsError> {
    let Some(value) = &said.value else {
        return Ok(Place::Absent);
    };
    match refuse_misspelt(column.kind, value) {
        Ok(()) => Ok(Place::Said(value.clone())),
        Err(_) => Err(SignalsError::FolderValue {
            file: file.to_owned(),
            column: column.name,
            expected: column.kind.expected_as_text(),
        }),
    }
}

/// A column's name as a message or a manifest may show it: a file without a header has numbers where names should
/// be, in the digits of any script.
pub(super) fn shown(name: &str) -> String {
    let n_digits = name.chars().filter(|c| c.is_numeric()).count();
    if n_digits < 5 && name.len() <= 64 {
        visible(name)
    } else {
        NOT_A_NAME.to_owned()
    }
}
