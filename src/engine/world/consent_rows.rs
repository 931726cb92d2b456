//! The rules that every row of `consent_events` is held to: in the tables of a run, in `consent import` and, a line at
//! a time, in `consent append`. They are these and no others.

use crate::consent::{Event, EventKind, Flaw, Subject, check_times};
use crate::identity::{E164, NotANumber, ObjectionKey};
use crate::ids::{AccountId, DeviceId, EventId};
use crate::ledger::{NewEvent, NewSubject};
use crate::signals::{ConsentEventRow, Fault, Rejection, RejectionReason};
use crate::time::Timestamp;

/// What consent events are held to besides what a table says of its columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConsentRules {
    /// The moment after which nothing can have become known yet; none if the caller has no clock.
    pub latest: Option<Timestamp>,
}

/// An event that keeps the rules, whoever it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedEvent {
    /// Unique; a repeated id is a no-op.
    pub event_id: EventId,
    /// Whom it is about.
    pub subject: NamedSubject,
    /// What happened.
    pub kind: EventKind,
    /// When the act happened.
    pub valid_time: Timestamp,
    /// When the ledger learned of it.
    pub known_time: Timestamp,
}

/// Whom an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedSubject {
    /// An account.
    Account(AccountId),
    /// Every account seen on a device.
    Device(DeviceId),
    /// The holder of a number that is nobody's account.
    Number(E164),
}

impl NamedEvent {
    /// What a ledger records of it: a number becomes its point under the key of the objection list. None if it is about a number
    /// and there is no key.
    #[must_use]
    pub fn recorded(&self, key: Option<&ObjectionKey>) -> Option<NewEvent> {
        let subject = match self.subject {
            NamedSubject::Account(account) => NewSubject::Account(account),
            NamedSubject::Device(device) => NewSubject::Device(device),
            NamedSubject::Number(number) => NewSubject::NonUser(key?.objection(number)),
        };
        Some(NewEvent {
            event_id: self.event_id,
            subject,
            kind: self.kind,
            valid_time: self.valid_time,
            known_time: self.known_time,
        })
    }
}

impl ConsentRules {
    /// The event of a row, its number read.
    ///
    /// # Errors
    /// The first column that breaks a rule: the number is none or may be either of two, or a time cannot be.
    pub fn event(&self, row: &ConsentEventRow) -> Result<NamedEvent, Fault> {
        let event = named(row)?;
        one_reading(row)?;
        self.check(event.valid_time, event.known_time)?;
        Ok(event)
    }

    fn check(self, valid: Timestamp, known: Timestamp) -> Result<(), Fault> {
        check_times(valid, known, self.latest).map_err(|broken| {
            let reason = RejectionReason::from(broken);
            let column = match reason {
                RejectionReason::FromTheFuture => "known_time",
                _ => "valid_time",
            };
            Fault { column, reason }
        })
    }
}

/// Events of a ledger, held to the bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldEvents {
    /// Those that can be used.
    pub events: Vec<Event>,
    /// Those that are said to be known later than the bound.
    pub future: Vec<Event>,
}

impl HeldEvents {
    /// Whoever an event from the future takes something away from: nobody can say what they allow.
    pub fn flaws(&self) -> impl Iterator<Item = Flaw> {
        let takes_away = self.future.iter().filter(|event| event.kind.takes_away());
        takes_away.map(|event| Flaw::About {
            subject: event.subject,
            known_time: Timestamp::MIN,
        })
    }
}

impl ConsentRules {
    /// Holds the events of a ledger to the bound: what it recorded before there was one may be from after it.
    #[must_use]
    pub fn hold(&self, events: Vec<Event>) -> HeldEvents {
        let is_future = |event: &Event| self.latest.is_some_and(|latest| event.known_time > latest);
        let (future, events) = events.into_iter().partition(is_future);
        HeldEvents { events, future }
    }
}

/// The event of a row, whatever its times.
pub(in crate::engine) fn named(row: &ConsentEventRow) -> Result<NamedEvent, Fault> {
    match row {
        ConsentEventRow::Known(event) => known(event),
        ConsentEventRow::NonUser {
            phone,
            region,
            event_id,
            kind,
            valid_time,
            known_time,
        } => Ok(NamedEvent {
            event_id: *event_id,
            subject: NamedSubject::Number(E164::canonical(phone, *region).map_err(not_a_number)?),
            kind: *kind,
            valid_time: *valid_time,
            known_time: *known_time,
        }),
    }
}

/// The numbers that a row about somebody without an account may be about, if they can be read.
pub(in crate::engine) fn numbers(row: &ConsentEventRow) -> Vec<E164> {
    match row {
        ConsentEventRow::Known(_) => Vec::new(),
        ConsentEventRow::NonUser { phone, region, .. } => E164::readings(phone, *region).collect(),
    }
}

/// An event is about one number: whoever takes one of two readings takes nothing from the holder of the other.
fn one_reading(row: &ConsentEventRow) -> Result<(), Fault> {
    if numbers(row).len() < 2 {
        return Ok(());
    }
    Err(Fault {
        column: "phone",
        reason: RejectionReason::AmbiguousNumber,
    })
}

fn not_a_number(why: NotANumber) -> Fault {
    Fault {
        column: "phone",
        reason: why.into(),
    }
}

fn known(event: &Event) -> Result<NamedEvent, Fault> {
    let subject = match event.subject {
        Subject::Account(account) => NamedSubject::Account(account),
        Subject::Device(device) => NamedSubject::Device(device),
        // A token does not lead back to a number.
        Subject::NonUser(_) => return Err(not_a_number(NotANumber::Unreadable)),
    };
    Ok(NamedEvent {
        event_id: event.event_id,
        subject,
        kind: event.kind,
        valid_time: event.valid_time,
        known_time: event.known_time,
    })
}

/// A row that cannot be used and may take something away, from nobody who could be denied instead: whoever reads it
/// has to stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}, row {}: `{}` {}, and what is not read may take something away: {}",
    .0.file, .0.row, .0.column, .0.reason.phrase(), .0.cure())]
pub struct LostRow(pub Rejection);
