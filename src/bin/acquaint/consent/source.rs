//! What the ledger is given: rows become events, numbers become points, and keys come from the system.

use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use acquaint::identity::{E164, ObjectionKey};
use acquaint::ledger::{Entropy, LedgerError, NewEvent, NewSubject, Writer};
use acquaint::signals::ConsentEventRow;
use acquaint::time::Timestamp;

use super::args::ObjectionKeyArgs;
use crate::exit::Failure;

/// Why a row is no event for the ledger. Says nothing of the number.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    /// There is no key to make a point with.
    #[error(
        "an event is about the number of somebody without an account: --objection-key is needed"
    )]
    NoKey,
    /// The number is none.
    #[error("`phone` is not a phone number")]
    NotANumber,
}

/// Makes events of rows.
pub(crate) struct Source {
    key: Option<ObjectionKey>,
}

impl Source {
    pub(crate) fn new(args: &ObjectionKeyArgs) -> Result<Self, Failure> {
        let key = args.objection_key.as_deref().map(ObjectionKey::read);
        Ok(Self {
            key: key.transpose()?,
        })
    }

    pub(crate) fn event(&self, row: &ConsentEventRow) -> Result<NewEvent, RowError> {
        match row {
            ConsentEventRow::Known(event) => NewEvent::of(event).ok_or(RowError::NotANumber),
            ConsentEventRow::NonUser {
                phone,
                region,
                event_id,
                kind,
                valid_time,
                known_time,
            } => {
                let key = self.key.as_ref().ok_or(RowError::NoKey)?;
                let number = E164::canonical(phone, *region).map_err(|_| RowError::NotANumber)?;
                Ok(NewEvent {
                    event_id: *event_id,
                    subject: NewSubject::NonUser(key.objection(number)),
                    kind: *kind,
                    valid_time: *valid_time,
                    known_time: *known_time,
                })
            }
        }
    }
}

/// Opens a ledger for writing, with the system's random numbers for keys.
pub(crate) fn writer(dir: &Path) -> Result<Writer, LedgerError> {
    Writer::open(dir, entropy())
}

fn entropy() -> Entropy {
    Box::new(|bytes| getrandom::fill(bytes).map_err(io::Error::other))
}

/// What time it is.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line is where the time comes from"
)]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// A file to read, by name in messages.
pub(crate) fn cannot(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> Failure + use<> {
    let doing = format!("{doing} {}", path.display());
    move |error| Failure::new(doing, error)
}
