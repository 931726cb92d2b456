//! What the ledger is given: rows become events, numbers become points, and keys come from the system.

use std::io;
use std::path::Path;

use acquaint::engine::{ConsentRules, NamedEvent};
use acquaint::identity::ObjectionKey;
use acquaint::ids::EventId;
use acquaint::ledger::{Entropy, LedgerError, NewEvent, NewSubject, Reader, Writer};
use acquaint::publish::shown;

use super::args::ObjectionKeyArgs;
use crate::clock::{latest, now};
use crate::exit::Failure;

/// There is no key to make a point with.
#[derive(Debug, thiserror::Error)]
#[error("an event about a number without an account needs --objection-key")]
pub(crate) struct NoKey;

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

    /// Opens a ledger to record what this makes of rows: its objection list must be under the same key.
    pub(crate) fn writer(&self, dir: &Path) -> Result<Writer, LedgerError> {
        let mut writer = writer(dir)?;
        if let Some(key) = &self.key {
            writer.use_key(key.check())?;
        }
        Ok(writer)
    }

    /// The event for the ledger: a number becomes its point.
    pub(crate) fn event(&self, named: &NamedEvent) -> Result<NewEvent, NoKey> {
        named.recorded(self.key.as_ref()).ok_or(NoKey)
    }
}

/// An id for an event that came without one, from what it says. Of a number only its point goes into it: without the key nobody
/// can find the number by trying all there are.
pub(crate) fn id_of(event: &NewEvent) -> EventId {
    let mut hasher = blake3::Hasher::new_derive_key("acquaint consent event id 2");
    hasher.update(event.kind.as_str().as_bytes());
    hasher.update(&event.valid_time.micros().to_le_bytes());
    match event.subject {
        NewSubject::Account(account) => hasher.update(b"a").update(&account.0.to_le_bytes()),
        NewSubject::Device(device) => hasher.update(b"d").update(&device.bits().to_le_bytes()),
        NewSubject::NonUser(point) => hasher.update(b"n").update(&point.point),
    };
    let mut head = [0; 8];
    hasher.finalize_xof().fill(&mut head);
    EventId(u64::from_le_bytes(head))
}

/// The rules that every event is held to.
pub(crate) fn rules() -> ConsentRules {
    ConsentRules {
        latest: Some(latest()),
    }
}

/// Opens a ledger for reading, at the time that it is.
pub(crate) fn reader(dir: &Path) -> Result<Reader, LedgerError> {
    Ok(Reader::open(dir)?.with_clock(now()))
}

/// Opens a ledger for writing, with the system's random numbers for keys.
pub(crate) fn writer(dir: &Path) -> Result<Writer, LedgerError> {
    Writer::open(dir, entropy())
}

fn entropy() -> Entropy {
    Box::new(|bytes| getrandom::fill(bytes).map_err(io::Error::other))
}

/// A file to read, by name in messages.
pub(crate) fn cannot(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> Failure + use<> {
    let doing = format!("{doing} {}", shown(path));
    move |error| Failure::new(doing, error)
}

#[cfg(test)]
mod tests {
    use acquaint::consent::EventKind;
    use acquaint::identity::{E164, ObjectionKey};
    use acquaint::signals::RawPhone;
    use acquaint::time::Timestamp;

    use super::*;

    #[test]
    fn an_id_of_a_number_takes_the_key() {
        let number = E164::canonical(&RawPhone::new("+4917155501234"), None).unwrap();
        let id = |secret: u8, secs: i64| {
            let key = ObjectionKey::from_keys(&[secret; 32], &[0; 32]);
            let at = Timestamp::from_secs(secs);
            id_of(&NewEvent {
                event_id: EventId(0),
                subject: NewSubject::NonUser(key.objection(number)),
                kind: EventKind::NonUserObjects,
                valid_time: at,
                known_time: at,
            })
        };
        assert_eq!(id(1, 5), id(1, 5));
        assert_ne!(id(1, 5), id(2, 5), "who has no key cannot try numbers");
        assert_ne!(id(1, 5), id(1, 6));
    }
}
