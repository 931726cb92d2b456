//! Reading: the ledger at one moment, whatever is appended meanwhile.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::check::{self, Finding};
use super::codec::{Holder, ObjectionPoint};
use super::database;
use super::entry::{EntryKind, Row};
use super::error::LedgerError;
use super::keys::KeyTree;
use super::log::{Block, Log, ROWS};
use super::objections;
use super::proof::{Consistency, Proof};
use super::segment::Segment;
use super::writer::Root;
use crate::consent::{Event, Flaw, History, Overlay, PolicyVersion, Subject, TextDigest};
use crate::ids::{AccountId, EventId};
use crate::time::Timestamp;

/// Events handed over at a time, roughly.
const BATCH: u64 = 1 << 18;

/// A ledger, open for reading: it stays as it was when it was opened.
pub struct Reader {
    log: Mutex<Log>,
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
        let mut tables = database::open(dir, false)?;
        tables.begin_read()?;
        Ok(Self {
            log: Mutex::new(Log::new(dir, tables)?),
        })
    }

    /// What fails says so; a panic while reading leaves nothing half-read.
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log at the moment it was opened.
    #[must_use]
    pub fn root(&self) -> Root {
        let head = self.log().head;
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
    pub fn check(&self, since: Option<&Root>) -> Result<Vec<Finding>, LedgerError> {
        check::check(&mut self.log(), since)
    }

    /// Everything about an account, with the paths that show where it stands in the log.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn prove(&self, account: AccountId) -> Result<Proof, LedgerError> {
        super::proof::prove(&mut self.log(), account)
    }

    /// The path that shows that the log continues its first `old_size` entries.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn consistency(&self, old_size: u64) -> Result<Consistency, LedgerError> {
        super::proof::consistency(&mut self.log(), old_size)
    }

    /// Every event about an account, in the order in which they were recorded; none after it was erased.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn history(&self, account: AccountId) -> Result<Vec<Event>, LedgerError> {
        let mut log = self.log();
        let mut events = Vec::new();
        for at in 0..log.segments.len() {
            let Ok(subject) = log.segments[at].subject(account.0)? else {
                continue;
            };
            let row = log.segments[at].row.clone();
            let keys = log.keys(&row)?;
            let block = log.segments[at].block(subject, subject + 1)?;
            let found = block.events(&keys, &log.texts)?;
            events.extend((row.first_entry..).zip(found));
        }
        let rows = log
            .tables
            .rows_of_subject(&Holder::Account(account).bytes())?;
        let found = log.events_of(&rows)?;
        let places = rows.iter().filter(|row| super::log::is_event(row));
        events.extend(places.map(|row| row.entry).zip(found));
        events.sort_by_key(|(entry, _)| *entry);
        Ok(events.into_iter().map(|(_, event)| event).collect())
    }

    /// Was the account's past erased?
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn is_erased(&self, account: AccountId) -> Result<bool, LedgerError> {
        let subject = Holder::Account(account).bytes();
        let rows = self.log().tables.rows_of_subject(&subject)?;
        Ok(rows.iter().any(|row| row.kind == EntryKind::Erasure as u8))
    }

    /// Every point of the objection list.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn objections(&self) -> Result<Vec<ObjectionPoint>, LedgerError> {
        objections::points(&mut self.log())
    }

    /// How many events there are about accounts, devices and numbers without an account, and how many segments most of
    /// them are in.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn n_segments(&self) -> usize {
        self.log().segments.len()
    }
}

impl History for Reader {
    type Error = LedgerError;

    fn policies(&self) -> Result<Vec<PolicyVersion>, LedgerError> {
        self.log().policies()
    }

    fn overlays(&self) -> Result<Vec<Overlay>, LedgerError> {
        self.log().overlays()
    }

    fn others(&self) -> Result<Vec<Event>, LedgerError> {
        let mut log = self.log();
        let rows = log.tables.rows_of_others()?;
        log.events_of(&rows)
    }

    /// A ledger that does not check can vouch for nobody.
    fn flaws(&self) -> Result<Vec<Flaw>, LedgerError> {
        let mut log = self.log();
        if !check::check(&mut log, None)?.is_empty() {
            return Ok(vec![Flaw::Everybody]);
        }
        let mut flaws = erased(&mut log)?;
        flaws.extend(contradicted(&mut log)?);
        flaws.sort_unstable();
        flaws.dedup();
        Ok(flaws)
    }

    fn accounts(&self, visit: &mut dyn FnMut(&[Event])) -> Result<(), LedgerError> {
        Merge::new(&mut self.log())?.run(visit)
    }
}

/// Whoever was erased: nobody can say any more what they allowed, at no moment.
fn erased(log: &mut Log) -> Result<Vec<Flaw>, LedgerError> {
    let rows = log.tables.rows_of_kind(EntryKind::Erasure as u8)?;
    let mut flaws = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(holder) = row.holder() {
            flaws.push(Flaw::About {
                subject: log.subject(holder)?,
                known_time: Timestamp::MIN,
            });
        }
    }
    Ok(flaws)
}

/// Whoever is named under an id that says two things, from when the second became known.
fn contradicted(log: &mut Log) -> Result<Vec<Flaw>, LedgerError> {
    let rows = log.tables.rows_of_kind(EntryKind::Contradiction as u8)?;
    let mut ids: Vec<u64> = rows.iter().filter_map(|row| row.event_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut flaws = Vec::new();
    for id in ids {
        let found = log.find(EventId(id))?;
        // An event that was erased may have been known from the start.
        let known = |one: &super::log::Found| {
            one.opened
                .map_or(Timestamp::MIN, |opened| opened.known_time)
        };
        let mut acts: Vec<(Holder, Option<_>, Timestamp)> = found
            .iter()
            .map(|one| {
                let act = one.opened.map(|opened| (opened.valid_time, opened.act));
                (one.holder, act, known(one))
            })
            .collect();
        // Of one act the earliest known stays.
        acts.sort_unstable();
        acts.dedup_by_key(|(holder, act, _)| (*holder, *act));
        let mut times: Vec<Timestamp> = acts.iter().map(|(_, _, known)| *known).collect();
        times.sort_unstable();
        let Some(&second) = times.get(1) else {
            continue;
        };
        for (holder, _, known) in acts {
            flaws.push(Flaw::About {
                subject: log.subject(holder)?,
                known_time: second.max(known),
            });
        }
    }
    Ok(flaws)
}

/// The events of all segments and rows, by account.
struct Merge<'l> {
    log: &'l mut Log,
    runs: Vec<Run>,
    rows: Rows,
}

/// A segment that is read from its first account to its last.
struct Run {
    keys: KeyTree,
    next: u64,
    /// Events that were read and not handed over, by account.
    waiting: Vec<Event>,
    /// Accounts read at a time.
    step: u64,
}

/// The rows, read from the first account's to the last.
#[derive(Default)]
struct Rows {
    last: Option<(Vec<u8>, u64)>,
    is_done: bool,
    waiting: Vec<Event>,
}

impl<'l> Merge<'l> {
    fn new(log: &'l mut Log) -> Result<Self, LedgerError> {
        let n = log.segments.len() as u64 + 1;
        let mut runs = Vec::new();
        for at in 0..log.segments.len() {
            let row = log.segments[at].row.clone();
            let step = BATCH / n * row.n_subjects / row.n_events.max(1);
            runs.push(Run {
                keys: log.keys(&row)?,
                next: 0,
                waiting: Vec::new(),
                step: step.max(256),
            });
        }
        Ok(Self {
            log,
            runs,
            rows: Rows::default(),
        })
    }

    fn run(mut self, visit: &mut dyn FnMut(&[Event])) -> Result<(), LedgerError> {
        loop {
            let bound = self.fill()?;
            let mut batch = Vec::new();
            for run in &mut self.runs {
                take(&mut run.waiting, bound, &mut batch);
            }
            take(&mut self.rows.waiting, bound, &mut batch);
            if !batch.is_empty() {
                batch.par_sort_by_key(|event: &Event| event.subject);
                visit(&batch);
            }
            if bound.is_none() {
                return Ok(());
            }
        }
    }

    /// Reads on wherever nothing waits; returns the last account of which everything waits, or none if that is all.
    fn fill(&mut self) -> Result<Option<AccountId>, LedgerError> {
        let mut bound: Option<AccountId> = None;
        let Log {
            segments, texts, ..
        } = &*self.log;
        for (segment, run) in segments.iter().zip(&mut self.runs) {
            run.fill(segment, texts)?;
            if run.next < segment.row.n_subjects {
                let last = segment.accounts(run.next - 1, run.next)?[0];
                bound = Some(bound.map_or(AccountId(last), |bound| bound.min(AccountId(last))));
            }
        }
        if let Some(last) = self.rows.fill(self.log)? {
            bound = Some(bound.map_or(last, |bound| bound.min(last)));
        }
        Ok(bound)
    }
}

impl Run {
    fn fill(&mut self, segment: &Segment, texts: &[TextDigest]) -> Result<(), LedgerError> {
        while self.waiting.is_empty() && self.next < segment.row.n_subjects {
            let to = (self.next + self.step).min(segment.row.n_subjects);
            let block: Block = segment.block(self.next, to)?;
            self.waiting = block.events(&self.keys, texts)?;
            self.next = to;
        }
        Ok(())
    }
}

impl Rows {
    /// The last account of which every row waits; none if no rows are left to read.
    fn fill(&mut self, log: &mut Log) -> Result<Option<AccountId>, LedgerError> {
        if self.waiting.is_empty() && !self.is_done {
            self.read(log)?;
        }
        if self.is_done {
            return Ok(None);
        }
        let last = self.waiting.last().map(|event| event.subject);
        Ok(match last {
            Some(Subject::Account(account)) => Some(account),
            _ => None,
        })
    }

    /// Reads whole accounts: pages, until one ends with another account than it began with, but for its last.
    fn read(&mut self, log: &mut Log) -> Result<(), LedgerError> {
        let mut rows: Vec<Row> = Vec::new();
        loop {
            let after = rows
                .last()
                .and_then(|row| Some((row.subject.clone()?, row.entry)))
                .or_else(|| self.last.clone());
            let after = after
                .as_ref()
                .map(|(subject, entry)| (subject.as_slice(), *entry));
            let page = log.tables.rows_of_accounts(after, ROWS)?;
            self.is_done = (page.len() as u64) < ROWS;
            rows.extend(page);
            if self.is_done {
                break;
            }
            let last = rows.last().and_then(|row| row.subject.clone());
            let whole = rows.partition_point(|row| row.subject < last);
            if whole > 0 {
                rows.truncate(whole);
            }
            let events = log.events_of(&rows)?;
            if whole > 0 && !events.is_empty() {
                self.last = rows
                    .last()
                    .and_then(|row| Some((row.subject.clone()?, row.entry)));
                self.waiting = events;
                return Ok(());
            }
        }
        self.waiting = log.events_of(&rows)?;
        Ok(())
    }
}

/// Moves events of accounts up to a bound; all of them if there is none.
fn take(waiting: &mut Vec<Event>, bound: Option<AccountId>, batch: &mut Vec<Event>) {
    let n = bound.map_or(waiting.len(), |bound| {
        waiting.partition_point(|event| event.subject <= Subject::Account(bound))
    });
    batch.extend(waiting.drain(..n));
}
