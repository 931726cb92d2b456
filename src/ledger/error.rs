//! Why the ledger could not do what it was asked.

use std::io;
use std::path::{Path, PathBuf};

use crate::ids::EventId;
use crate::time::Timestamp;

/// Why the ledger could not do what it was asked. Nothing is recorded by a call that fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is no ledger in a directory.
    #[error("there is no ledger in {}", path.display())]
    Absent {
        /// The directory, or the schema on the server.
        path: PathBuf,
    },
    /// A file of the ledger cannot be read or written.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The database refused.
    #[error("cannot {doing} {place}")]
    Database {
        /// What was tried.
        doing: &'static str,
        /// Which database, without passwords.
        place: String,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process writes.
    #[error("another process is writing to this ledger: it holds {}", path.display())]
    Locked {
        /// The lock file, or the schema on the server.
        path: PathBuf,
    },
    /// `database.toml` cannot be used.
    #[error("{}, line {line}: {what}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// Which line of it.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The ledger is on a server, and this program cannot speak to it.
    #[error(
        "{} names a PostgreSQL server, and this program was built without the feature `postgres`",
        path.display()
    )]
    Unsupported {
        /// The file that names it.
        path: PathBuf,
    },
    /// A database that is not a ledger's.
    #[error("{place} is a database, but not a ledger's")]
    Foreign {
        /// Which.
        place: String,
    },
    /// A ledger of a later version of this program.
    #[error("{place} has format {found}; this program knows format {known}: a newer one is needed")]
    Newer {
        /// Which ledger.
        place: String,
        /// Its format.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// An event that has not happened yet.
    #[error(
        "event {event_id} is said to happen at {valid_time}, more than five minutes after it became known ({known_time})"
    )]
    NotYet {
        /// Which event.
        event_id: EventId,
        /// When it is said to happen.
        valid_time: Timestamp,
        /// When it became known.
        known_time: Timestamp,
    },
    /// What is on the disk is not what was written.
    #[error("the ledger is damaged: {place}: {what}")]
    Damaged {
        /// Where.
        place: String,
        /// What is wrong.
        what: &'static str,
    },
    /// A commit failed, so it is unknown what the disk holds: the ledger has to be opened again.
    #[error("an earlier commit failed: open the ledger again")]
    Poisoned,
    /// No random bytes for a key.
    #[error("no random bytes for a key")]
    Entropy {
        /// Why not.
        source: io::Error,
    },
}

impl LedgerError {
    pub(in crate::ledger) fn file(
        doing: &'static str,
        path: &Path,
    ) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            doing,
            path: path.to_owned(),
            source,
        }
    }

    pub(in crate::ledger) fn damaged(place: impl Into<String>, what: &'static str) -> Self {
        Self::Damaged {
            place: place.into(),
            what,
        }
    }
}
