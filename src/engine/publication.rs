//! Whether a finished run may take the place of the output it replaces.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::engine::compare::{SHAPES, changes};
use crate::engine::outputs::{MANIFEST, Manifest};
use crate::engine::published::read_output;
use crate::engine::{EngineError, MaxRejects, ValidRunParams};

/// `[publish]`: what a run has to be like for its output to be published.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublishParams {
    /// The share of a table's rows that may differ from the output that is replaced; by default all may. A row differs if it is
    /// new or gone, or its verdict is another; other ranks, figures and reasons are no difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_change: Option<MaxChange>,
}

impl PublishParams {
    pub(in crate::engine) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A share of rows, written `20%` or `0.2`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "MaxRejects", into = "String")]
pub struct MaxChange(f64);

impl MaxChange {
    /// From 0 to 1.
    #[must_use]
    pub const fn share(self) -> f64 {
        self.0
    }
}

impl TryFrom<MaxRejects> for MaxChange {
    type Error = String;

    fn try_from(max: MaxRejects) -> Result<Self, String> {
        match max {
            MaxRejects::Share(share) => Ok(Self(share)),
            MaxRejects::Rows(rows) => Err(format!(
                "`{rows}` is a number of rows; write a share of them, such as 20% or 0.2"
            )),
        }
    }
}

impl From<MaxChange> for String {
    fn from(max: MaxChange) -> Self {
        MaxRejects::Share(max.0).to_string()
    }
}

/// The least number of rows that a run has to publish: of one table, or of all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinRows {
    table: Option<&'static str>,
    rows: u64,
}

/// A text that is no number of rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MinRowsError {
    /// Not a number.
    #[error("`{0}` is no number of rows, such as 1000 or suggestions=1000")]
    Number(String),
    /// No table of that name is published.
    #[error("no table `{name}` is published; there are {tables}")]
    Table {
        /// What was given.
        name: String,
        /// What there is.
        tables: String,
    },
}

impl FromStr for MinRows {
    type Err = MinRowsError;

    fn from_str(text: &str) -> Result<Self, MinRowsError> {
        let (name, rows) = match text.split_once('=') {
            Some((name, rows)) => (Some(name.trim()), rows),
            None => (None, text),
        };
        let number = |_| MinRowsError::Number(text.to_owned());
        Ok(Self {
            rows: rows.trim().parse().map_err(number)?,
            table: name.map(table_named).transpose()?,
        })
    }
}

fn table_named(name: &str) -> Result<&'static str, MinRowsError> {
    let stem = |file: &'static str| file.trim_end_matches(".parquet");
    let files = SHAPES.iter().map(|shape| shape.file);
    let found = files.clone().find(|file| stem(file) == name);
    found.ok_or_else(|| MinRowsError::Table {
        name: name.to_owned(),
        tables: files.map(stem).collect::<Vec<_>>().join(", "),
    })
}

impl MinRows {
    fn check(self, manifest: &Manifest) -> Result<(), EngineError> {
        let tables = SHAPES.iter().map(|shape| shape.file);
        let of = |file: &str| {
            let outputs = manifest.outputs.iter();
            let rows = outputs.filter(|output| output.file == file);
            rows.map(|output| output.rows).sum::<u64>()
        };
        let rows = match self.table {
            Some(file) => of(file),
            None => tables.map(of).sum(),
        };
        if rows >= self.rows {
            return Ok(());
        }
        Err(EngineError::TooFewRows {
            table: self.table.unwrap_or("all tables together"),
            rows,
            least: self.rows,
        })
    }
}

/// What a caller asks of a publication, besides the parameters: none of it changes a byte of the output.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Demands {
    pub(in crate::engine) min_rows: Vec<MinRows>,
    pub(in crate::engine) accepts_any_change: bool,
}

/// Asks whether enough rows were made.
pub(in crate::engine) fn refuse_too_few(
    params: &ValidRunParams,
    manifest: &Manifest,
) -> Result<(), EngineError> {
    let mut demands = params.demands.min_rows.iter();
    demands.try_for_each(|least| least.check(manifest))
}

/// The table that differs by more than may be from the output that is to be replaced, if one does.
///
/// # Errors
/// If the earlier output or a new table cannot be read.
pub(in crate::engine) fn changed_too_much(
    params: &ValidRunParams,
    out: &Path,
    (staged, manifest): (&Path, &Manifest),
) -> Result<Option<EngineError>, EngineError> {
    let demands = &params.demands;
    let max = params.given.publish.max_change;
    let Some(max) = max.filter(|_| !demands.accepts_any_change) else {
        return Ok(None);
    };
    if !out.join(MANIFEST).exists() {
        return Ok(None);
    }
    let published = read_output(out)?;
    let changes = changes((out, &published), (staged, manifest))?;
    let mut over = changes
        .into_iter()
        .filter(|table| table.share > max.share());
    Ok(over.next().map(|table| EngineError::SetAside {
        n: table.n_decisions(),
        share: table.share,
        table: table.table,
        max: max.into(),
        out: out.to_owned(),
        aside: aside(out),
    }))
}

/// Where an output stands that was not published.
pub(in crate::engine) fn aside(out: &Path) -> PathBuf {
    let mut name = OsString::from(out.file_name().unwrap_or(out.as_os_str()));
    name.push(".set-aside");
    out.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_no_number_of_rows() {
        let read = |text: &str| toml::from_str::<PublishParams>(text);
        let share = |text| read(text).unwrap().max_change.unwrap().share();
        assert_eq!(share("max_change = \"20%\""), 0.2);
        assert_eq!(share("max_change = 0.2"), 0.2);
        for wrong in ["max_change = 12", "max_change = \"130%\"", "max = 1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn least_rows_are_of_a_table_or_of_all() {
        let read = |text: &str| text.parse::<MinRows>();
        assert_eq!(read("12").unwrap().table, None);
        assert_eq!(
            read("suggestions=12").unwrap().table,
            Some("suggestions.parquet")
        );
        for wrong in ["", "many", "links=", "rejections=1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
