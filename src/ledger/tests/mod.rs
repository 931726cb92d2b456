//! What must hold of a ledger, whatever happened to it.

mod cost;
mod damage;
mod hidden;
mod keys;
mod made;
mod model;
mod older;
mod place;
mod store;
mod times;
mod tree;

use std::path::Path;

use place::Place;

use super::{Entropy, NewEvent, Reader, Writer};
use crate::consent::{Event, EventKind, History, PolicyId, Purpose, Subject, TextDigest};
use crate::ids::{AccountId, DeviceId, EventId};
use crate::time::Timestamp;

/// Bytes that are not random: the same every time.
pub(super) fn entropy(seed: u64) -> Entropy {
    let mut reader = blake3::Hasher::new()
        .update(&seed.to_le_bytes())
        .finalize_xof();
    Box::new(move |bytes| {
        reader.fill(bytes);
        Ok(())
    })
}

pub(super) fn writer(dir: &Path) -> Writer {
    Writer::open(dir, entropy(1)).unwrap()
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(1_472_688_000 + second)
}

/// An event whose contents follow from its numbers.
pub(super) fn event(id: u64, account: u64, kind: u8, second: i64) -> Event {
    let kind = match kind % 8 {
        0 => EventKind::NoticeServed {
            policy: PolicyId(2),
            digest: TextDigest::of(if account.is_multiple_of(2) {
                "even"
            } else {
                "odd"
            }),
        },
        1 => EventKind::Accept { share: true },
        2 => EventKind::Accept { share: false },
        3 => EventKind::OptOut,
        4 => EventKind::Grant {
            purpose: Purpose::AdRelevance,
            asked: account.is_multiple_of(2),
        },
        5 => EventKind::Defer,
        6 => EventKind::Delete,
        _ => EventKind::Signal,
    };
    let subject = if kind == EventKind::Signal {
        Subject::Device(DeviceId::of(&format!("device {account}")).unwrap())
    } else {
        Subject::Account(AccountId(account))
    };
    Event {
        event_id: EventId(id),
        subject,
        kind,
        valid_time: at(second),
        known_time: at(second + 1),
    }
}

pub(super) fn new(event: &Event) -> NewEvent {
    NewEvent::of(event).unwrap()
}

pub(super) fn append(writer: &mut Writer, events: &[Event]) -> super::Appended {
    let events: Vec<NewEvent> = events.iter().map(new).collect();
    writer.append(&events, Timestamp::MAX).unwrap()
}

pub(super) fn import(writer: &mut Writer, events: &[Event], segment: usize) -> super::Imported {
    let mut import = writer.import(segment, Timestamp::MAX);
    for event in events {
        import.push(&new(event)).unwrap();
    }
    import.finish().unwrap().imported
}

/// Every event a reader hands over.
pub(super) fn events(reader: &Reader) -> Vec<Event> {
    let mut events = reader.others().unwrap();
    let mut last = None;
    reader
        .accounts(&mut |batch| {
            assert!(batch.is_sorted_by_key(|event| event.subject));
            assert!(
                last < batch.first().map(|event| event.subject),
                "an account came twice"
            );
            last = batch.last().map(|event| event.subject);
            events.extend(batch);
        })
        .unwrap();
    events
}

/// In an order that does not depend on how they were recorded.
pub(super) fn sorted(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|e| (e.event_id, e.subject, e.kind, e.valid_time, e.known_time));
    events
}
