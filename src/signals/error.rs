//! Why a signals directory, or a table of it, cannot be read or written at all.

use std::io;
use std::path::PathBuf;

use super::header::shown as column_shown;
use super::table::Table;
use crate::publish::{ProofError, shown};

/// Why a signals directory, or a table of it, cannot be read or written at all.
///
/// A bad row is none of these: it is a [`Rejection`](super::Rejection). Files are named relative to the
/// directory. No variant holds the contents of a cell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignalsError {
    /// The directory cannot be listed.
    #[error("the directory {} cannot be listed", shown(dir))]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The directory is not what its sums say.
    #[error(transparent)]
    Proof(ProofError),
    /// A table that is needed is not there.
    #[error(
        "there is no table {table} in {}: expected {table}.parquet, {table}.csv, {table}.csv.gz, {table}.csv.zst, the same with .tsv, or a folder {table} of such files",
        shown(dir)
    )]
    MissingTable {
        /// The table.
        table: Table,
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// A table is there twice, in two forms.
    #[error("table {table} exists twice, as {first} and {second}: keep one", first = shown(first), second = shown(second))]
    TwoForms {
        /// The table.
        table: Table,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// A mapping names a file that is not there.
    #[error("the configuration maps table {table} to {file} ([tables.{table}]), which is not there{}", near(nearest.as_ref()), file = shown(file))]
    MappedFile {
        /// The table.
        table: Table,
        /// The file.
        file: String,
        /// What is there under a name that is near.
        nearest: Option<String>,
    },
    /// A mapping names a column that a file has not.
    #[error(
        "the configuration maps {column} to {theirs}, and {file} has no such column{}", near(nearest.as_ref()), file = shown(file))]
    MappedColumn {
        /// The file.
        file: String,
        /// The table's column.
        column: &'static str,
        /// The file's name of it.
        theirs: String,
        /// The file's column of a name that is near.
        nearest: Option<String>,
    },
    /// A mapping does not say how rows stand in a file, nor does its ending.
    #[error("the configuration maps table {table} to {file}, whose ending says no format: name one ([tables.{table}] format)", file = shown(file))]
    MappedFormat {
        /// The table.
        table: Table,
        /// The file.
        file: String,
    },
    /// A file or folder that looks like a table has a name no table has.
    #[error("{file} looks like a table, but no table has that name{}", hinted(*hint), file = shown(file))]
    UnknownTable {
        /// The file or folder.
        file: String,
        /// The table whose name is near, if there is one.
        hint: Option<Table>,
    },
    /// Something under the name of a table, or in its folder, is not read and is nothing that is known to hold no rows.
    #[error("{file} looks like a part of table {table}, but {why}: {cure}", file = shown(file))]
    Unread {
        /// The file or folder.
        file: String,
        /// The table.
        table: Table,
        /// Why it is not read.
        why: &'static str,
        /// What to do about it.
        cure: &'static str,
    },
    /// A table has the same part twice.
    #[error("{first} and {second} are the same part of table {table} ({why}): keep one", first = shown(first), second = shown(second))]
    SamePart {
        /// The table.
        table: Table,
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// How that is known.
        why: &'static str,
    },
    /// Something with the name of a table is a link, a pipe, a device or in another way not a plain file.
    #[error("{file} is not a plain file: links, pipes and devices are not read", file = shown(file))]
    NotAFile {
        /// The name.
        file: String,
    },
    /// A folder with the name of a table holds no file of one.
    #[error(
        "the folder {file} holds no .parquet, .csv or .tsv file (the last two also with .gz or .zst behind)", file = shown(file))]
    EmptyFolder {
        /// The folder.
        file: String,
    },
    /// A file cannot be opened or read.
    #[error("{file} cannot be read", file = shown(file))]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A file is not what its name says, was cut off, or changed while it was read.
    #[error("{file} is damaged: {detail}", file = shown(file))]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A file is whole, as far as anybody can tell, but something else than its name says.
    #[error("{file} is not {expected}: it seems to be {kind}", file = shown(file))]
    OtherKind {
        /// The file.
        file: String,
        /// What its name says.
        expected: &'static str,
        /// What it seems to be, and what to do about it.
        kind: &'static str,
    },
    /// Values stand with something else between them than the file's name says.
    #[error("{file} seems to have values separated by {seems}", file = shown(file))]
    Delimiter {
        /// The file.
        file: String,
        /// By what, and what to do about it.
        seems: &'static str,
    },
    /// A Parquet file is compressed in a way that this build cannot read.
    #[error(
        "{file} is compressed with {codec}, which this build cannot read: rewrite it with zstd or snappy", file = shown(file))]
    Codec {
        /// The file.
        file: String,
        /// The codec.
        codec: &'static str,
    },
    /// A CSV file has nothing in it, not even a header.
    #[error("{file} is empty: the first line of a CSV file names its columns", file = shown(file))]
    NoHeader {
        /// The file.
        file: String,
    },
    /// A quote was opened and never closed.
    #[error("{file} ends inside a quoted value that began in row {row} (row 0 is the header)", file = shown(file))]
    OpenQuote {
        /// The file.
        file: String,
        /// The row in which the quote was opened.
        row: u64,
    },
    /// A row is too long.
    #[error(
        "row {row} of {file} (row 0 is the header) is longer than signals.max_row_bytes = {allowed} allows", file = shown(file))]
    LongRow {
        /// The file.
        file: String,
        /// The row.
        row: u64,
        /// How many bytes are allowed.
        allowed: u64,
    },
    /// Required columns are not there.
    #[error(
        "{file} has no column{} {}; it has {}{}", if columns.len() == 1 { "" } else { "s" }, columns.join(", "), found.join(", "),
        no_header(found), file = shown(file))]
    MissingColumns {
        /// The file.
        file: String,
        /// All of them, in the table's order.
        columns: Vec<&'static str>,
        /// The columns that are there.
        found: Vec<String>,
    },
    /// Two columns have the same name.
    #[error(
        "{file} has two columns named {column}{}",
        no_header(std::slice::from_ref(column)), file = shown(file))]
    DuplicateColumn {
        /// The file.
        file: String,
        /// Their name.
        column: String,
    },
    /// Two columns of a file are the same column of the table, or a column and a folder above the file.
    #[error("{file} says column {column} twice, in {first} and in {second}: keep one", file = shown(file), first = shown(first), second = shown(second))]
    SameColumn {
        /// The file.
        file: String,
        /// The column.
        column: &'static str,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// A column's name differs from one of the table only by letters of another script or by a slip of the pen.
    #[error("column {column} of {file} looks like {like} and is not: rename it, or leave it out", file = shown(file))]
    Lookalike {
        /// The file.
        file: String,
        /// Its name, those letters as escapes.
        column: String,
        /// The column it looks like.
        like: &'static str,
    },
    /// A folder says a value that its column cannot have.
    #[error("a folder above {file} says what column {column} is, but not as {expected}", file = shown(file))]
    FolderValue {
        /// The file.
        file: String,
        /// The column.
        column: &'static str,
        /// What can be read.
        expected: &'static str,
    },
    /// A column of floats holds whole numbers too large for a float to tell apart.
    #[error(
        "row {row} of {file}: column {column} is a float, which cannot hold this whole number exactly: {cure}", file = shown(file))]
    Inexact {
        /// The file.
        file: String,
        /// The first such row, from 1.
        row: u64,
        /// The column.
        column: &'static str,
        /// What to do about it.
        cure: &'static str,
    },
    /// A column is of a type its values cannot be read from.
    #[error("column {column} of {file} is {found}, but must be {expected}: {cure}", file = shown(file))]
    ColumnType {
        /// The file.
        file: String,
        /// The column.
        column: &'static str,
        /// Its type.
        found: String,
        /// What can be read.
        expected: &'static str,
        /// What to do about it.
        cure: &'static str,
    },
    /// A column seems to hold what people wrote to each other.
    #[error(
        "column {column} of {file} looks like message content, which is never read: remove it from the export", file = shown(file))]
    MessageContent {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// A file is larger, in one way or another, than the limits allow.
    #[error("{file} has {found} {what}, more than signals.{limit} = {allowed} allows", file = shown(file))]
    Limit {
        /// The file.
        file: String,
        /// What was counted.
        what: &'static str,
        /// How much of it there is.
        found: u64,
        /// The limit's name.
        limit: &'static str,
        /// How much of it is allowed.
        allowed: u64,
    },
    /// A file would grow too much when read.
    #[error(
        "{file} has {found} {what} in a file of {bytes} bytes, more than signals.{limit} = {allowed} allows", file = shown(file))]
    Expansion {
        /// The file.
        file: String,
        /// What was counted.
        what: &'static str,
        /// How much of it there is.
        found: u64,
        /// The file's size.
        bytes: u64,
        /// The limit's name.
        limit: &'static str,
        /// How much of it is allowed for every byte.
        allowed: u64,
    },
    /// A packed file would grow too much when read.
    #[error(
        "{file} of {bytes} bytes unpacks to more than {allowed} bytes: raise signals.{limit} if this is intended", file = shown(file))]
    Grown {
        /// The file.
        file: String,
        /// The file's size.
        bytes: u64,
        /// How many bytes are allowed.
        allowed: u64,
        /// What raises that.
        limit: &'static str,
    },
    /// A file cannot be written.
    #[error("{file} cannot be written", file = shown(file))]
    Write {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A record holds a value that the table has no way to say.
    #[error("row {row} of {table} cannot be written: column {column} cannot hold its value")]
    Unwritable {
        /// The table.
        table: Table,
        /// The row, from 1.
        row: u64,
        /// The column.
        column: &'static str,
    },
}

fn hinted(hint: Option<Table>) -> String {
    hint.map_or_else(
        || ": docs/formats.md lists the tables".to_owned(),
        |table| {
            format!("; did you mean {table}? The parts of a table go into a folder with its name")
        },
    )
}

/// What is shown of a column's name that is none.
pub(super) const NOT_A_NAME: &str = "(not a name)";

/// What to say of a first line that has values where names should be.
fn no_header(found: &[String]) -> &'static str {
    if found.iter().any(|name| name == NOT_A_NAME) {
        ". The first line has values in it: if the header is missing, write one"
    } else {
        ""
    }
}

/// A name that is near one that is not there.
fn near(nearest: Option<&String>) -> String {
    nearest.map_or_else(String::new, |near| format!("; the nearest is {near}"))
}

impl SignalsError {
    /// The same, with the columns of the file by its own names.
    pub(super) fn naming(mut self, names: &[String]) -> Self {
        if let Self::MissingColumns { found, .. } = &mut self {
            found.clear();
            found.extend(names.iter().map(|name| column_shown(name)));
        }
        self
    }
}
