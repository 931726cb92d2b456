//! Why a table of clicks could not be read.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::eval::EdgesError;
use crate::publish::shown;

/// What is wrong, and what to do about it.
pub(super) type Reason = Cow<'static, str>;

/// Why a table of clicks could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClicksError {
    /// The file, or a line of it, is none that can be read.
    #[error(transparent)]
    Text(#[from] EdgesError),
    /// The file as a whole is no table of clicks.
    #[error("{path}: {reason}", path = shown(path))]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// A cell holds what its column may not hold.
    #[error("{path}, row {row}, column `{column}`: {reason}", path = shown(path), column = column.escape_debug())]
    Cell {
        /// Which file.
        path: PathBuf,
        /// Which row, the first behind the header is 1.
        row: u64,
        /// Which column.
        column: String,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
}

impl ClicksError {
    pub(super) fn file(path: &Path, reason: impl Into<Reason>) -> Self {
        Self::File {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

/// A cell that its column may not hold.
#[derive(Debug)]
pub(super) struct BadCell {
    /// From 0.
    pub(super) row: usize,
    pub(super) column: String,
    pub(super) reason: Reason,
}

impl BadCell {
    pub(super) fn new(row: usize, column: &str, reason: impl Into<Reason>) -> Self {
        Self {
            row,
            column: column.to_owned(),
            reason: reason.into(),
        }
    }

    pub(super) fn of(self, path: &Path) -> ClicksError {
        ClicksError::Cell {
            path: path.to_owned(),
            row: self.row as u64 + 1,
            column: self.column,
            reason: self.reason,
        }
    }
}
