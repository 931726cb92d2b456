//! Tables that were not written for acquaint: which file is which table, what its columns are called, and how it writes times.
//!
//! A mapping only says how a file is to be read. Every check of a row, and every denial that follows from a row that cannot be
//! read, is the same as for a file of the table's own columns.

mod cells;
mod read;
mod times;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

pub(super) use self::cells::Reading;
pub use self::times::TimeForm;
use self::times::Times;
use super::column::{Column, Kind};
use super::error::SignalsError;
use super::forms::{Form, Layout};
use super::header::shown;
use super::names::visible;
use super::own::interned;
use super::rejection::{Rejection, RejectionReason};
use super::table::Table;
use crate::ids::Region;
use crate::near::nearest;

/// How tables are read, by table: `[tables.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableMappings(BTreeMap<Table, TableMapping>);

/// How one table is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableMapping {
    /// The file or folder in the signals directory; by default it has the table's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// How rows stand in it; by default what its ending says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<TableFormat>,
    /// What stands between values of lines; by default what the format says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The region of a row that names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// How times are written.
    #[serde(skip_serializing_if = "TimeForm::is_default")]
    pub time: TimeForm,
    /// The zone of times without an offset: `UTC`, `+05:30` or a name of the IANA database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The file's name of a column, by the table's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<&'static str, String>,
}

/// How rows stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TableFormat {
    /// Comma-separated values with a header.
    Csv,
    /// The same with tabs.
    Tsv,
    /// Apache Parquet.
    Parquet,
    /// An object on each line.
    Jsonl,
}

impl Serialize for TableMappings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.0
                .iter()
                .map(|(table, mapping)| (table.name(), mapping)),
        )
    }
}

impl TableMappings {
    /// Is every table read as it stands?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How a table is read, if not as it stands.
    #[must_use]
    pub fn of(&self, table: Table) -> Option<&TableMapping> {
        self.0.get(&table)
    }

    /// The tables that a name in the directory is mapped to.
    pub(super) fn mapped_to(&self, name: &str) -> Vec<Table> {
        let is_named = |mapping: &TableMapping| mapping.file.as_deref() == Some(name);
        let mapped = self.0.iter().filter(|(_, mapping)| is_named(mapping));
        mapped.map(|(table, _)| *table).collect()
    }

    /// Refuses a file that is mapped and not there.
    pub(super) fn refuse_absent(&self, names: &[String]) -> Result<(), SignalsError> {
        let absent = self.0.iter().find_map(|(table, mapping)| {
            let file = mapping.file.as_ref()?;
            (!names.contains(file)).then_some((*table, file))
        });
        let Some((table, file)) = absent else {
            return Ok(());
        };
        Err(SignalsError::MappedFile {
            table,
            file: visible(file),
            nearest: nearest(file, names.iter().map(String::as_str)).map(visible),
        })
    }

    /// What a file calls a column of its table; files are named as in a [`Rejection`].
    #[must_use]
    pub fn column_in(&self, file: &str, column: &'static str) -> &'static str {
        let theirs = self.of_file(file).and_then(|m| m.columns.get(column));
        theirs.map_or(column, |theirs| interned(&shown(theirs)))
    }

    /// The table of a file, named as in a [`Rejection`].
    #[must_use]
    pub fn table_of(&self, file: &str) -> Option<Table> {
        let first = file.split('/').next().unwrap_or(file);
        let mapped = self.mapped_to(first);
        let own = file.split(['/', '.']).next().and_then(Table::parse);
        mapped.first().copied().or(own)
    }

    /// What to do about a row that cannot be used, in the words of the mapping where it says how times are written.
    #[must_use]
    pub fn cure(&self, rejection: &Rejection) -> &'static str {
        let mapping = self.of_file(&rejection.file);
        let is_instant = |table: Table| {
            let mut columns = table.columns().iter();
            columns.any(|column| column.name == rejection.column && column.kind == Kind::Instant)
        };
        let of_times = mapping.filter(|mapping| !mapping.time.is_default());
        let table = self.table_of(&rejection.file);
        let is_unread = matches!(
            rejection.reason,
            RejectionReason::WrongType | RejectionReason::OutOfRange
        );
        match of_times {
            Some(mapping) if is_unread && table.is_some_and(is_instant) => mapping.time.expected(),
            _ => rejection.cure(),
        }
    }

    fn of_file(&self, file: &str) -> Option<&TableMapping> {
        self.of(self.table_of(file)?)
    }
}

impl TableMapping {
    /// The form of a file under this mapping; none if neither it nor the file's ending says.
    pub(super) fn form(&self, name: &str) -> Option<Form> {
        let by_ending = Form::of(name).map(|(form, _)| form);
        let mut form = match self.format {
            None => by_ending?,
            Some(format) => Form::packed_as(name, format.layout()),
        };
        if let (Layout::Lines(by), Some(delimiter)) = (&mut form.layout, self.delimiter) {
            *by = u8::try_from(delimiter).unwrap_or(*by);
        }
        Some(form)
    }

    /// The names of a file's columns with those of the table where they are mapped.
    ///
    /// # Errors
    /// If a column that is mapped is not there.
    pub(super) fn ours(
        &self,
        table_file: &str,
        found: &[String],
    ) -> Result<Vec<String>, SignalsError> {
        let mut names = found.to_vec();
        for (ours, theirs) in &self.columns {
            let Some(at) = found.iter().position(|name| name == theirs) else {
                return Err(SignalsError::MappedColumn {
                    file: table_file.to_owned(),
                    column: ours,
                    theirs: shown(theirs),
                    nearest: nearest(theirs, found.iter().map(String::as_str)).map(shown),
                });
            };
            (*ours).clone_into(&mut names[at]);
        }
        Ok(names)
    }

    /// The name of the table's column that a column of the file is.
    pub(super) fn our_name<'n>(&self, theirs: &'n str) -> &'n str {
        let mut mapped = self.columns.iter();
        let ours = mapped.find(|(_, name)| name.as_str() == theirs);
        ours.map_or(theirs, |(ours, _)| ours)
    }

    /// Whether times are counts, which a column of whole numbers can hold.
    pub(super) fn counts_times(&self) -> bool {
        self.times().are_counts()
    }

    /// Reads times as this mapping says.
    fn times(&self) -> Times {
        Times::new(self.time, self.zone.as_deref())
    }
}

impl TableFormat {
    const fn layout(self) -> Layout {
        match self {
            Self::Csv => Layout::Lines(b','),
            Self::Tsv => Layout::Lines(b'\t'),
            Self::Parquet => Layout::Parquet,
            Self::Jsonl => Layout::Json,
        }
    }
}

/// The column of a table by its name.
fn column_of(table: Table, name: &str) -> Option<&'static Column> {
    table.columns().iter().find(|column| column.name == name)
}

#[cfg(test)]
mod tests;
