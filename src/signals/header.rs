//! Which column of a file is which column of its table.

use super::column::Column;
use super::content::looks_like_message_content;
use super::error::SignalsError;
use super::limits::ValidReadLimits;

/// Where a file has the columns of its table.
#[derive(Debug)]
pub(super) struct Header {
    /// For each column of the table its place in the file, if the file has it.
    pub(super) places: Vec<Option<usize>>,
    /// The file's other columns, by names that may be shown.
    pub(super) ignored: Vec<String>,
}

impl Header {
    /// Finds the columns of a table among those of a file.
    ///
    /// # Errors
    /// If there are too many, two of one name, one that seems to hold message content, or a required one is
    /// not there.
    pub(super) fn locate(
        file: &str,
        columns: &'static [Column],
        found: &[String],
        limits: &ValidReadLimits,
    ) -> Result<Self, SignalsError> {
        refuse_too_many(file, found.len() as u64, limits)?;
        refuse_duplicates(file, found)?;
        let ignored: Vec<String> = found
            .iter()
            .filter(|name| !is_known(columns, name))
            .cloned()
            .collect();
        refuse_message_content(file, ignored.iter().map(String::as_str))?;
        let places = columns.iter().map(|column| place(file, column, found));
        Ok(Self {
            places: places.collect::<Result<_, _>>()?,
            ignored: ignored.iter().map(|name| shown(name)).collect(),
        })
    }
}

/// Refuses names that seem to hold message content.
pub(super) fn refuse_message_content<'a>(
    file: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), SignalsError> {
    match names
        .into_iter()
        .find(|name| looks_like_message_content(name))
    {
        None => Ok(()),
        Some(column) => Err(SignalsError::MessageContent {
            file: file.to_owned(),
            column: shown(column),
        }),
    }
}

/// Is this the name of a column of the table?
pub(super) fn is_known(columns: &[Column], name: &str) -> bool {
    columns.iter().any(|column| column.name == name)
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

fn place(file: &str, column: &Column, found: &[String]) -> Result<Option<usize>, SignalsError> {
    let place = found.iter().position(|name| name == column.name);
    if place.is_none() && column.required {
        return Err(SignalsError::MissingColumn {
            file: file.to_owned(),
            column: column.name,
            found: found.iter().map(|name| shown(name)).collect(),
        });
    }
    Ok(place)
}

/// A column's name as a message or a manifest may show it: a file without a header has numbers where names should
/// be, in the digits of any script.
fn shown(name: &str) -> String {
    let n_digits = name.chars().filter(|c| c.is_numeric()).count();
    if n_digits < 5 && name.len() <= 64 {
        name.to_owned()
    } else {
        "(not a name)".to_owned()
    }
}
