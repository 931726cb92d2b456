//! Why an edge list could not be read.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use crate::publish::shown;

/// What is wrong with a line, and what to do about it.
pub(in crate::eval) type Reason = Cow<'static, str>;

/// Why an edge list could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EdgesError {
    /// The file could not be opened or read to its end.
    #[error("cannot read {path}: {source}", path = shown(path))]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no file.
    #[error("{path} is {kind}, and what is read is a plain file; `-` reads standard input", path = shown(path))]
    NotAFile {
        /// Which it is.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The file as a whole is none that can be read.
    #[error("{path}: {reason}", path = shown(path))]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// A line that is not an edge.
    #[error("{path}, line {line}: {reason}", path = shown(path))]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1, comments and header included.
        line: u64,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
}
