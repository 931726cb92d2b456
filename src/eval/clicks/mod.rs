//! Reading public click data: one table of who was shown what and clicked it, in one of many forms.
//!
//! - A table as text, columns divided by commas, tabs, semicolons or bars, plain or packed with gzip or Zstandard;
//! - Parquet with columns of plain values;
//! - LIBSVM, `label index:value …`, and Vowpal Wabbit, `label |namespace feature …`.
//!
//! Names say which column is what, and [`ClickColumns`] overrules them. What else stands in a row is kept as interests:
//! `column=value` for texts and few numbers, ten bins of about as many rows for many numbers, nothing for a missing value, for an
//! infinite one among numbers, and for the number 0, which is absence as in LIBSVM. What is missing is counted and told. The bins look at all rows, those that an evaluation hides among them, but at no
//! label.
//!
//! These are public data about nobody in particular; a wrong row is an error here and not a rejection, because it would be
//! measured as if it were right.

mod coded;
mod error;
mod features;
mod ids;
mod labels;
mod negatives;
mod numbers;
mod parquet;
mod raw;
mod roles;
mod sparse;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod times;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use error::ClicksError;
pub use roles::{ClickColumns, ClickRole};
pub use table::{ClickTable, NumberedTexts};

use raw::Raw;
use roles::{Roles, listed};

use super::EdgeLimits;
use super::edges::Lines;

/// How a table of clicks is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClickForm {
    /// Columns: text, or Parquet.
    Table,
    /// `label index:value …`
    Libsvm,
    /// `label |namespace feature …`
    VowpalWabbit,
}

/// What is said of a table of clicks.
#[derive(Clone, Debug, PartialEq)]
pub struct ClickOptions {
    /// Which column is what.
    pub columns: ClickColumns,
    /// How it is written; by the ending of its name if nothing is said.
    pub form: Option<ClickForm>,
    /// The first line of a table as text names the columns.
    pub has_header: bool,
    /// Numbers from here on are clicks; without, labels are 0 and 1.
    pub clicked_from: Option<f64>,
    /// Rows without a click to be added for each click, of items that the person has no row with.
    pub negatives: u32,
    /// How much is read.
    pub limits: EdgeLimits,
}

impl Default for ClickOptions {
    fn default() -> Self {
        Self {
            columns: ClickColumns::default(),
            form: None,
            has_header: true,
            clicked_from: None,
            negatives: 0,
            limits: EdgeLimits::default(),
        }
    }
}

/// Reads a table of clicks; `-` is stdin.
///
/// # Errors
/// If it cannot be read, no column says what was clicked, or at the first row that is wrong.
///
/// # Complexity
/// O(cells) time; 4 bytes a cell and each different text once.
pub fn read_clicks(path: &Path, options: &ClickOptions) -> Result<ClickTable, ClicksError> {
    let raw = read(path, options)?;
    if raw.n_rows == 0 {
        return Err(ClicksError::file(path, "there is no row in it"));
    }
    let names: Vec<&str> = raw
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let roles = Roles::of(&names, &options.columns).map_err(|why| ClicksError::file(path, why))?;
    if let Some(why) = contradiction(&names, &roles, options) {
        return Err(ClicksError::file(path, why));
    }
    let said = said_of_roles(&names, &roles);
    let table = table::resolve(raw, roles, options).map_err(|bad| bad.of(path));
    table.map(|table| with_notes_first(table, said))
}

fn with_notes_first(mut table: ClickTable, mut first: Vec<String>) -> ClickTable {
    first.append(&mut table.notes);
    table.notes = first;
    table
}

/// What cannot be, in words.
fn contradiction(names: &[&str], roles: &Roles, options: &ClickOptions) -> Option<String> {
    let has = |role| roles.column(role).is_some();
    if !has(ClickRole::Label) {
        return Some(format!(
            "no column says what was clicked: name it with --label; the columns are {}",
            listed(names)
        ));
    }
    if options.negatives > 0 && !(has(ClickRole::Person) && has(ClickRole::Item)) {
        let why =
            "--negatives needs to know who and what: name the columns with --person and --item";
        return Some(why.to_owned());
    }
    if options.clicked_from.is_some_and(|from| !from.is_finite()) {
        let why =
            "--clicked-from takes a finite number: every number is a click, or none is, otherwise";
        return Some(why.to_owned());
    }
    let has_totals = has(ClickRole::Impressions);
    if has_totals && (options.negatives > 0 || options.clicked_from.is_some()) {
        let why =
            "rows of totals (--impressions) go neither with --negatives nor with --clicked-from";
        return Some(why.to_owned());
    }
    None
}

/// Which column is what, then what is left out.
fn said_of_roles(names: &[&str], roles: &Roles) -> Vec<String> {
    let mut said: Vec<String> = ClickRole::ALL
        .into_iter()
        .filter_map(|role| Some((role, roles.column(role)?)))
        .map(|(role, column)| {
            let how = if roles.is_said(role) {
                ""
            } else {
                ", by its name"
            };
            format!(
                "{} is `{}`{how}",
                role.as_str(),
                names[column].escape_debug()
            )
        })
        .collect();
    for left in &roles.left_out {
        let name = match names[left.column] {
            "" => format!("column {}, which has no name,", left.column + 1),
            name => format!("`{}`", name.escape_debug()),
        };
        said.push(format!("{name} is left out: {}", left.why));
    }
    said
}

fn read(path: &Path, options: &ClickOptions) -> Result<Raw, ClicksError> {
    if let Some(file) = as_parquet(path) {
        return parquet::read(path, file, options);
    }
    let lines = Lines::open(path, options.limits)?;
    match options.form.unwrap_or_else(|| form(path)) {
        ClickForm::Table => text::read(lines, options.has_header),
        ClickForm::Libsvm => sparse::libsvm(lines),
        ClickForm::VowpalWabbit => {
            let said = options
                .columns
                .said
                .iter()
                .filter(|(role, _)| *role != ClickRole::Label);
            let named: Vec<&str> = said.map(|(_, name)| name.as_str()).collect();
            sparse::vw(lines, &named)
        }
    }
}

/// The file, if it begins as Parquet does.
fn as_parquet(path: &Path) -> Option<File> {
    if !path.is_file() {
        return None;
    }
    let mut magic = [0; 4];
    let mut file = File::open(path).ok()?;
    file.read_exact(&mut magic).ok()?;
    (&magic == b"PAR1").then_some(file)
}

/// What the ending of a file's name says, packing aside.
fn form(path: &Path) -> ClickForm {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let name = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".zst"))
        .unwrap_or(&name);
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("libsvm" | "svm" | "svmlight") => ClickForm::Libsvm,
        Some("vw") => ClickForm::VowpalWabbit,
        _ => ClickForm::Table,
    }
}

/// Is this how programs write that there is nothing?
fn is_missing(text: &str) -> bool {
    const MISSING: [&str; 10] = [
        "", "nan", "null", "none", "na", "n/a", "<na>", "\\n", "?", "-",
    ];
    MISSING.contains(&text.trim().to_lowercase().as_str())
}
