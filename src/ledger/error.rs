//! Why the ledger could not do what it was asked.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::publish::shown;

use crate::ids::EventId;
use crate::time::Timestamp;

/// Why the ledger could not do what it was asked. Nothing is recorded by a call that fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is no ledger in a directory.
    #[error("there is no ledger in {}", shown(path))]
    Absent {
        /// The directory, or the schema on the server.
        path: PathBuf,
    },
    /// A file of the ledger cannot be read or written.
    #[error("cannot {doing} {}", shown(path))]
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
    #[error("another process is writing to this ledger: it holds {}", shown(path))]
    Locked {
        /// The lock file, or the schema on the server.
        path: PathBuf,
    },
    /// `database.toml` cannot be used.
    #[error("{}, line {line}: {what}", shown(path))]
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
        "{} names a PostgreSQL server, but this build lacks the feature `postgres`",
        shown(path)
    )]
    Unsupported {
        /// The file that names it.
        path: PathBuf,
    },
    /// A database that is not a ledger's.
    #[error("{place} is a database, but not a ledger")]
    Foreign {
        /// Which.
        place: String,
    },
    /// A ledger of a later version of this program.
    #[error(
        "{place} was written by a newer acquaint (format {found}; this build reads {known}): upgrade"
    )]
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
        "event {event_id} has valid_time {valid_time}, more than five minutes after its known_time ({known_time})"
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
        what: Cow<'static, str>,
    },
    /// An event that became known later than now.
    #[error(
        "event {event_id} has known_time {known_time}, more than five minutes later than this machine's clock ({now}): \
         `known_time` is when the ledger learns of an event; leave it out, or correct the clock"
    )]
    FromTheFuture {
        /// Which event.
        event_id: EventId,
        /// When it is said to have become known.
        known_time: Timestamp,
        /// What the clock says.
        now: Timestamp,
    },
    /// The newest entry is known later than now: nothing can be recorded behind it at its true time.
    #[error(
        "{place}: the newest event is recorded as known at {newest}, later than this machine's clock ({now}): if the clock is \
         right, run `acquaint consent repair --time` to correct the recorded times"
    )]
    AheadOfTime {
        /// Which ledger.
        place: String,
        /// The newest time in it.
        newest: Timestamp,
        /// What the clock says.
        now: Timestamp,
    },
    /// Not the key of the objection list.
    #[error("wrong key for the ledger's objection list: {which}")]
    OtherKey {
        /// Which key it is, as far as the ledger knows.
        which: OtherKey,
    },
    /// The key that the objection list is to be moved to is the one it is under.
    #[error("the objection list is under this key already")]
    SameKey,
    /// Nothing shows which key the objection list is under.
    #[error(
        "the ledger predates recorded keys, so the key of its {n} objections cannot be checked: append or import one of them \
         again with the right key to prove it, or record the key with `acquaint consent rekey --adopt`"
    )]
    UnknownKey {
        /// How many objections there are.
        n: u64,
    },
    /// An objection was given, and no key was named.
    #[error("recording an objection needs a key: call `Writer::use_key` first")]
    NoKey,
    /// A commit failed, so it is unknown what the disk holds: the ledger has to be opened again.
    #[error("an earlier commit failed: reopen the ledger")]
    Poisoned,
    /// No random bytes for a key.
    #[error("the operating system gave no random bytes for a key")]
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

    pub(in crate::ledger) fn damaged(
        place: impl Into<String>,
        what: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Damaged {
            place: place.into(),
            what: what.into(),
        }
    }
}

/// What a key that is not the list's was, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherKey {
    /// It was the list's until `consent rekey` wrote another.
    Former {
        /// Which of the list's keys it was, from 0.
        number: u64,
        /// Which one the list is under now.
        newest: u64,
    },
    /// It never was.
    Never,
}

impl fmt::Display for OtherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Former { number, newest } => write!(
                f,
                "it was key {number} of the list, which is under key {newest} now; give the file that `consent rekey` wrote last"
            ),
            Self::Never => f.write_str("it never was"),
        }
    }
}
