//! What a ledger last heard about somebody: who has said a thing already need not be heard to say it again.

use std::path::Path;

use acquaint::consent::{Event, EventKind, History, Subject};
use acquaint::hash::HashMap;
use acquaint::ledger::{LedgerError, NewEvent, NewSubject, Reader};
use acquaint::time::Timestamp;

use super::source::reader;

/// The last words of a ledger's subjects.
pub(crate) struct LastWords {
    ledger: Reader,
    /// Of devices and numbers.
    others: HashMap<Subject, LastWord>,
}

/// What somebody said last.
#[derive(Clone, Copy)]
struct LastWord {
    at: Timestamp,
    /// None if it was more than one thing at that instant.
    kind: Option<EventKind>,
}

impl LastWords {
    /// Reads a ledger that is there.
    ///
    /// # Complexity
    /// O(n) for n events about devices and numbers; accounts are read as they are asked about.
    pub(crate) fn of(dir: &Path) -> Result<Self, LedgerError> {
        let ledger = reader(dir)?;
        let mut others = HashMap::default();
        for event in ledger.others()? {
            let last = others.entry(event.subject).or_insert(LastWord::of(&event));
            last.hear(&event);
        }
        Ok(Self { ledger, others })
    }

    /// Is an event what its subject said last? Then it would change nothing.
    pub(crate) fn are(&self, event: &NewEvent) -> Result<bool, LedgerError> {
        let last = match event.subject {
            NewSubject::Account(account) => last(&self.ledger.history(account)?),
            NewSubject::Device(device) => self.others.get(&Subject::Device(device)).copied(),
            NewSubject::NonUser(point) => {
                self.others.get(&Subject::NonUser(point.token())).copied()
            }
        };
        Ok(last.is_some_and(|last| last.kind == Some(event.kind) && last.at <= event.valid_time))
    }
}

fn last(events: &[Event]) -> Option<LastWord> {
    let (first, rest) = events.split_first()?;
    let mut last = LastWord::of(first);
    for event in rest {
        last.hear(event);
    }
    Some(last)
}

impl LastWord {
    const fn of(event: &Event) -> Self {
        Self {
            at: event.valid_time,
            kind: Some(event.kind),
        }
    }

    fn hear(&mut self, event: &Event) {
        if event.valid_time > self.at {
            *self = Self::of(event);
        } else if event.valid_time == self.at && self.kind != Some(event.kind) {
            self.kind = None;
        }
    }
}
