//! Why nothing was published.

use std::io;
use std::path::{Path, PathBuf};

use super::shown::shown;

/// Why an output cannot be written where it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// A file or directory could not be made, written, synced, renamed or removed.
    #[error("cannot write {}", shown(path))]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The output stands where none may stand.
    #[error("{} {why}; choose another place for the output", shown(path))]
    Place {
        /// Which output.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The directory holds what is not ours to replace.
    #[error(
        "{} holds {foreign}; choose another output directory, or move them away",
        shown(path)
    )]
    Foreign {
        /// Which directory.
        path: PathBuf,
        /// What it holds, the first few by name.
        foreign: String,
    },
    /// The file that stands there is not ours to replace.
    #[error(
        "{} is there, and is not {what} as acquaint wrote it, so it is not replaced; choose another name, or move it away",
        shown(path)
    )]
    Theirs {
        /// Which file.
        path: PathBuf,
        /// What may be replaced there.
        what: &'static str,
    },
    /// Somebody else is writing the same output.
    #[error("{}; wait until it is done, or choose another place for the output", busy(path, *process))]
    Busy {
        /// Which output.
        path: PathBuf,
        /// The process that writes it, if it said so.
        process: Option<u32>,
    },
}

fn busy(path: &Path, process: Option<u32>) -> String {
    let process = process.map_or_else(String::new, |id| format!(" (process {id})"));
    format!("another acquaint{process} is writing {}", shown(path))
}

/// An I/O error of a path.
pub(super) fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> PublishError + use<> {
    let path = path.to_owned();
    move |source| PublishError::Write { path, source }
}
