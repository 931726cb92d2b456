//! What else stands in a row, as interests: a text a value of a column, and what sparse forms list.

use super::error::BadCell;
use super::numbers::{NearlyNumbers, NumbersAre, labels};
use super::raw::{Raw, Sparse};
use super::roles::Roles;
use crate::signals::{Interest, MAX_LIST_BYTES, MAX_TEXT_BYTES};

/// Features of all rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Features {
    columns: Vec<Column>,
    sparse: Sparse,
    of_sparse: Vec<Option<Interest>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Column {
    codes: Vec<u32>,
    /// Of each text; several where bars divide it.
    of: Vec<Vec<Interest>>,
}

/// What became of the texts.
#[derive(Debug, Default)]
struct Told {
    kept: Vec<String>,
    binned: Vec<String>,
    constant: Vec<String>,
    /// How many values of which column.
    missing: Vec<String>,
    /// Sentences about columns that are nearly numbers.
    nearly: Vec<String>,
    n_sensitive: usize,
    n_long: usize,
}

impl Features {
    /// The features of a table's other columns; `notes` is told which they are.
    pub(super) fn of(raw: Raw, roles: &Roles, notes: &mut Vec<String>) -> Result<Self, BadCell> {
        let mut told = Told::default();
        let of_sparse: Vec<Option<Interest>> = raw
            .sparse
            .labels()
            .into_iter()
            .map(|label| told.interest(label))
            .collect();
        let mut columns = Vec::new();
        for (at, column) in raw.columns.into_iter().enumerate() {
            if !roles.features.contains(&at) {
                continue;
            }
            if column.texts.len() < 2 {
                told.constant.push(column.name);
                continue;
            }
            let are = if roles.codes.contains(&at) {
                NumbersAre::Codes
            } else {
                NumbersAre::Amounts
            };
            let labels = labels(&column, are);
            let list = if labels.is_binned {
                &mut told.binned
            } else {
                &mut told.kept
            };
            list.push(column.name.clone());
            if labels.n_missing > 0 {
                let name = column.name.escape_debug();
                told.missing
                    .push(format!("{} of `{name}`", labels.n_missing));
            }
            let nearly = labels.nearly_numbers.as_ref();
            told.nearly
                .extend(nearly.map(|nearly| nearly_numbers(&column.name, nearly)));
            columns.push(Column {
                codes: column.codes,
                of: labels
                    .of
                    .into_iter()
                    .map(|label| told.interests(label))
                    .collect(),
            });
        }
        let features = Self {
            columns,
            sparse: raw.sparse,
            of_sparse,
        };
        features.refuse_long_rows(raw.n_rows)?;
        told.tell(features.sparse.n_names(), notes);
        Ok(features)
    }

    /// Sorted, each once.
    pub(super) fn of_row(&self, row: usize) -> Vec<Interest> {
        let mut all: Vec<Interest> = self.at(row).cloned().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn at(&self, row: usize) -> impl Iterator<Item = &Interest> {
        let columns = self.columns.iter();
        let dense = columns.flat_map(move |column| &column.of[column.codes[row] as usize]);
        let sparse = self.sparse.row(row).iter();
        dense.chain(sparse.filter_map(|&code| self.of_sparse[code as usize].as_ref()))
    }

    /// A list longer than tables may have would be rejected row by row when it is read.
    fn refuse_long_rows(&self, n_rows: usize) -> Result<(), BadCell> {
        let n_bytes = |row: usize| -> usize { self.at(row).map(|i| i.as_str().len() + 1).sum() };
        match (0..n_rows).find(|&row| n_bytes(row) > MAX_LIST_BYTES) {
            Some(row) => Err(BadCell::new(
                row,
                "all that are kept as features",
                format!(
                    "more than {MAX_LIST_BYTES} bytes of features: leave columns out with --leave-out"
                ),
            )),
            None => Ok(()),
        }
    }
}

impl Told {
    /// `column=a|b` is two interests, as lists are written in tables.
    fn interests(&mut self, label: Option<String>) -> Vec<Interest> {
        let label = label.unwrap_or_default();
        let Some((name, values)) = label.split_once('=') else {
            return self
                .interest(Some(label).filter(|label| !label.is_empty()))
                .into_iter()
                .collect();
        };
        let parts = values
            .split('|')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let labels: Vec<String> = parts.map(|part| format!("{name}={part}")).collect();
        labels
            .into_iter()
            .filter_map(|label| self.interest(Some(label)))
            .collect()
    }

    fn interest(&mut self, label: Option<String>) -> Option<Interest> {
        let label = label?;
        if label.len() > MAX_TEXT_BYTES {
            self.n_long += 1;
            return None;
        }
        // The value alone says what it is about, and so may the name of its column.
        let value = label.split_once('=').map_or("", |(_, value)| value);
        let is_harmless = value.trim().is_empty() || Interest::parse(value).is_ok();
        let label = label.replace('|', "/");
        let interest = Interest::parse(&label).ok().filter(|_| is_harmless);
        self.n_sensitive += usize::from(interest.is_none());
        interest
    }

    fn tell(self, n_sparse: usize, notes: &mut Vec<String>) {
        let mut list = |columns: &[String], what: &str| {
            if !columns.is_empty() {
                notes.push(format!("{what}: {}", named(columns)));
            }
        };
        list(&self.kept, "kept as interests, a text a value");
        list(&self.binned, "kept as interests, in ten bins of the number");
        list(&self.constant, "left out, because all rows have the same");
        if !self.missing.is_empty() {
            let missing = shortened(&self.missing);
            notes.push(format!("missing values, which are no interests: {missing}"));
        }
        notes.extend(self.nearly);
        if n_sparse > 0 {
            notes.push(format!("{n_sparse} features kept as interests"));
        }
        if self.n_sensitive > 0 {
            notes.push(format!(
                "{} values left out: they are about a sensitive topic",
                self.n_sensitive
            ));
        }
        if self.n_long > 0 {
            notes.push(format!(
                "{} values left out: they are longer than {MAX_TEXT_BYTES} bytes",
                self.n_long
            ));
        }
    }
}

fn nearly_numbers(column: &str, found: &NearlyNumbers) -> String {
    format!(
        "`{}` is kept as texts, a value each, because {} of its values are no numbers, the first `{}` in row {}: empty them, and the \
         numbers fall into ten bins",
        column.escape_debug(),
        found.n_others,
        found.text.escape_debug(),
        found.row + 1
    )
}

/// A list for a message, the first of many.
fn shortened(all: &[String]) -> String {
    const SHOWN: usize = 12;
    let first = all[..all.len().min(SHOWN)].join(", ");
    match all.len().checked_sub(SHOWN) {
        None | Some(0) => first,
        Some(n_more) => format!("{first} and those of {n_more} more columns"),
    }
}

fn named(columns: &[String]) -> String {
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    super::roles::listed(&names)
}
