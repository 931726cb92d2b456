//! Reading: the ledger at one moment, whatever is appended meanwhile.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::check::{self, LedgerFault};
use super::codec::{Holder, ObjectionPoint};
use super::database;
use super::entry::{EntryKind, Row};
use super::error::LedgerError;
use super::log::Log;
use super::merge::{self, Merge};
use super::objections::{KeyCheck, Keys};
use super::proof::{Consistency, Proof};
use super::proven::{Depth, Proven, prove};
use super::root::Root;
use super::tables::Access;
use super::twice::contradicted;
use crate::consent::{Event, Flaw, History, Overlay, PolicyVersion};
use crate::ids::{AccountId, EventId};
use crate::time::Timestamp;

/// A ledger, open for reading: it stays as it was when it was opened.
///
/// Rows are read once, by their numbers, when something is asked of them for the first time; every answer is made of
/// what was hashed then and found to be what the root stands for, and is an error if it was not.
pub struct Reader {
    state: Mutex<State>,
}

struct State {
    log: Log,
    proven: Option<Proven>,
}

impl State {
    /// The rows, whatever is wrong with them.
    fn read(&mut self, depth: Depth) -> Result<(&mut Log, &Proven), LedgerError> {
        let held = self.proven.take();
        let proven = match held.filter(|held| held.is_as_deep_as(depth)) {
            Some(held) => held,
            None => prove(&mut self.log, depth)?,
        };
        Ok((&mut self.log, self.proven.insert(proven)))
    }

    /// The rows, if nothing is wrong with them.
    fn proven(&mut self) -> Result<(&mut Log, &Proven), LedgerError> {
        let (log, proven) = self.read(Depth::Digests)?;
        proven.assert_sound()?;
        Ok((log, proven))
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens a ledger.
    ///
    /// # Errors
    /// If there is none, or what is there cannot be read, is foreign or newer.
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        let mut tables = database::open(dir, Access::Read)?;
        tables.begin_read()?;
        let log = Log::new(dir, tables)?;
        Ok(Self {
            state: Mutex::new(State { log, proven: None }),
        })
    }

    /// Tells the reader what time it is. What claims to have become known more than five minutes later cannot have: of
    /// it, what takes something away counts from when it happened, and the rest does not count yet.
    #[must_use]
    pub fn with_clock(self, now: Timestamp) -> Self {
        self.state().log.bounds.set_now(now);
        self
    }

    /// What fails says so; a panic while reading leaves nothing half-read.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log at the moment it was opened.
    #[must_use]
    pub fn root(&self) -> Root {
        let head = self.state().log.head;
        Root {
            size: head.size,
            root: head.root,
        }
    }

    /// Looks for anything edited, dropped, moved or put in.
    ///
    /// Everything is read and hashed again. `since` is an earlier root, kept elsewhere: without one a ledger that was
    /// cut back to an earlier state, or written anew from the first entry on, cannot be told from a whole one.
    ///
    /// # Errors
    /// If something cannot be read at all; what is wrong is no error.
    ///
    /// # Complexity
    /// O(n) time for n entries, and space for the tiles and one batch.
    pub fn check(&self, since: Option<&Root>) -> Result<Vec<LedgerFault>, LedgerError> {
        let mut state = self.state();
        let (log, proven) = state.read(Depth::Leaves)?;
        check::check(log, proven, since)
    }

    /// Everything about an account, with the paths that show where it stands in the log.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn prove(&self, account: AccountId) -> Result<Proof, LedgerError> {
        let mut state = self.state();
        let (log, proven) = state.proven()?;
        super::proof::prove(log, proven, account)
    }

    /// The path that shows that the log continues its first `old_size` entries.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn consistency(&self, old_size: u64) -> Result<Consistency, LedgerError> {
        let mut state = self.state();
        let (log, _) = state.proven()?;
        super::proof::consistency(log, old_size)
    }

    /// Every event about an account, in the order in which they were recorded; none after it was erased.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn history(&self, account: AccountId) -> Result<Vec<Event>, LedgerError> {
        let mut state = self.state();
        let (log, proven) = state.proven()?;
        let records = proven.accounts.of_account(account.0)?;
        let mut events = Vec::new();
        for at in 0..log.segments.len() {
            events.extend(of_segment(log, proven, at, account)?);
        }
        // Of segments and rows the entries are apart, so that either are in order among themselves.
        for record in &records {
            let found = merge::events(log, proven, std::slice::from_ref(record))?;
            events.extend(found.into_iter().map(|event| (record.entry, event)));
        }
        events.sort_by_key(|(entry, _)| *entry);
        Ok(events.into_iter().map(|(_, event)| event).collect())
    }

    /// Was the account's past erased?
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn is_erased(&self, account: AccountId) -> Result<bool, LedgerError> {
        let mut state = self.state();
        let (_, proven) = state.proven()?;
        Ok(proven.is_erased(Holder::Account(account)))
    }

    /// Every point of the objection list.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn objections(&self) -> Result<Vec<ObjectionPoint>, LedgerError> {
        let mut state = self.state();
        let (_, proven) = state.proven()?;
        Ok(proven.objections.iter().map(|(_, point)| *point).collect())
    }

    /// Is this the key that the objection list is under?
    ///
    /// # Errors
    /// If it is not, if nothing shows which it is, or if something cannot be read.
    pub fn assert_key(&self, key: KeyCheck) -> Result<(), LedgerError> {
        let mut state = self.state();
        let (_, proven) = state.proven()?;
        let keys = Keys::read(proven.of_kind(EntryKind::KeyCheck));
        let keys =
            keys.ok_or_else(|| LedgerError::damaged("the keys", "they do not follow each other"))?;
        keys.assert(key, proven.objections.len() as u64)
    }

    /// How many segments there are.
    pub fn n_segments(&self) -> usize {
        self.state().log.segments.len()
    }
}

/// The events of an account in a segment, with their entries.
fn of_segment(
    log: &mut Log,
    proven: &Proven,
    at: usize,
    account: AccountId,
) -> Result<Vec<(u64, Event)>, LedgerError> {
    let Ok(subject) = log.segments[at].subject(account.0)? else {
        return Ok(Vec::new());
    };
    let row = log.segments[at].row.clone();
    let keys = log.keys(&row)?;
    let block = log.segments[at].block(subject, subject + 1)?;
    let events = block.events(&keys, log.reading())?;
    if events.is_empty() {
        merge::assert_erased(&block, &keys, proven)?;
    }
    Ok((block.first_entry..).zip(events).collect())
}

impl History for Reader {
    type Error = LedgerError;

    fn policies(&self) -> Result<Vec<PolicyVersion>, LedgerError> {
        self.state().proven()?.1.policies()
    }

    fn overlays(&self) -> Result<Vec<Overlay>, LedgerError> {
        self.state().proven()?.1.overlays()
    }

    fn others(&self) -> Result<Vec<Event>, LedgerError> {
        let mut state = self.state();
        let (log, proven) = state.proven()?;
        let rows = proven.plain.iter().filter(|row| row.is_event());
        let mut events = Vec::new();
        for row in rows {
            events.push(other(log, proven, row)?);
        }
        Ok(events)
    }

    /// A ledger that does not check can vouch for nobody.
    ///
    /// What is looked at is what every answer depends on: the rows, the files of the segments, the list of objections, the
    /// schema. Keys are not tried; an event that its key does not open stops whoever reads it.
    fn flaws(&self) -> Result<Vec<Flaw>, LedgerError> {
        let mut state = self.state();
        let (log, proven) = state.read(Depth::Digests)?;
        if !proven.findings.is_empty() {
            return Ok(vec![Flaw::Everybody]);
        }
        let mut flaws = erased(proven)?;
        flaws.extend(contradicted(log, proven)?);
        flaws.sort_unstable();
        flaws.dedup();
        Ok(flaws)
    }

    fn accounts(&self, visit: &mut dyn FnMut(&[Event])) -> Result<(), LedgerError> {
        let mut state = self.state();
        let (log, proven) = state.proven()?;
        Merge::new(log, proven)?.run(visit)
    }
}

/// An event about a device or a number. Only accounts are erased, so the key must be there.
fn other(log: &mut Log, proven: &Proven, row: &Row) -> Result<Event, LedgerError> {
    let found = log.found(row)?;
    let opened = found
        .opened
        .ok_or_else(|| super::log::damaged_entry(row, "its key is gone, and nobody erased it"))?;
    let subject = proven.subject(found.holder)?;
    let id = EventId(row.event_id.unwrap_or(0));
    opened.event(id, subject, &log.texts)
}

/// Whoever was erased: nobody can say any more what they allowed, at no moment.
fn erased(proven: &Proven) -> Result<Vec<Flaw>, LedgerError> {
    let flaw = |holder| {
        Ok(Flaw::About {
            subject: proven.subject(holder)?,
            known_time: Timestamp::MIN,
        })
    };
    proven.erased().map(flaw).collect()
}
