//! Known times that cannot be: an event is recorded when it becomes known, so none is known later than the clock.
//!
//! Ledgers of the first format may hold such times, for they took what they were given: one event said to be known in
//! 9999 gave that time to every later one. An entry that was recorded before a repair and claims to be known later than
//! it is read like this: what takes something away is known since it happened, everything else since the repair. So a
//! person is never served worse than the truth would have it, whatever the truth was. A reader that is told the time
//! reads what claims to be known later still in the same way, but for what takes nothing away: that is not known yet.

use super::codec::Opened;
use super::entry::Row;
use crate::consent::latest_believable;
use crate::time::Timestamp;

/// Until when the entries of a log can have become known.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Bounds {
    /// Where a repair stands, and when it was made; in their order.
    repairs: Vec<(u64, Timestamp)>,
    now: Timestamp,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            repairs: Vec::new(),
            now: Timestamp::MAX,
        }
    }
}

impl Bounds {
    /// Nothing is known later than now.
    pub(in crate::ledger) const fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// The repairs that a log holds.
    pub(in crate::ledger) fn set_repairs<'r>(&mut self, rows: impl Iterator<Item = &'r Row>) {
        self.repairs = rows
            .filter_map(|row| Some((row.entry, read_repair(&row.body)?)))
            .collect();
    }

    /// A repair more.
    pub(in crate::ledger) fn push(&mut self, entry: u64, at: Timestamp) {
        self.repairs.push((entry, at));
    }

    /// Is a time later than the clock allows?
    pub(in crate::ledger) fn is_late(&self, known_time: Timestamp) -> bool {
        known_time > latest_believable(self.now)
    }

    /// What an entry says, with a known time that can be.
    pub(in crate::ledger) fn settle(&self, entry: u64, mut opened: Opened) -> Opened {
        let takes_away = opened.act.takes_away();
        for &(repair, at) in &self.repairs {
            if entry < repair && opened.known_time > latest_believable(at) {
                opened.known_time = if takes_away {
                    opened.valid_time.min(at)
                } else {
                    at
                };
            }
        }
        if takes_away && self.is_late(opened.known_time) {
            opened.known_time = opened.valid_time.min(self.now);
        }
        opened
    }
}

/// The body of a repair.
pub(in crate::ledger) fn repair_body(at: Timestamp) -> Vec<u8> {
    at.micros().to_le_bytes().to_vec()
}

fn read_repair(body: &[u8]) -> Option<Timestamp> {
    let micros = i64::from_le_bytes(body.try_into().ok()?);
    Some(Timestamp::from_micros(micros))
}
