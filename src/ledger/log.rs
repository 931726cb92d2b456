//! The log as it can be read: rows, segments and what opens them, at one moment.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::check::LedgerFault;
use super::codec::{Holder, Opened, SEALED};
use super::entry::{Row, event_leaf};
use super::error::LedgerError;
use super::head::Head;
use super::keys::{Key, KeyTree, Place};
use super::late::Bounds;
use super::merkle::NodeHash;
use super::segment::{Segment, SegmentRow, SubjectAt};
use super::tables::Tables;
use crate::consent::{Event, Subject, TextDigest};
use crate::ids::{AccountId, EventId};

/// Rows read at a time.
pub(in crate::ledger) const ROWS: u64 = 16_384;

/// Everything readable of a ledger.
pub(in crate::ledger) struct Log {
    pub(in crate::ledger) dir: PathBuf,
    pub(in crate::ledger) tables: Box<dyn Tables + Send>,
    pub(in crate::ledger) segments: Vec<Segment>,
    pub(in crate::ledger) texts: Vec<TextDigest>,
    pub(in crate::ledger) bounds: Bounds,
    pub(in crate::ledger) head: Head,
    /// What is wrong with head, schema and list of segments.
    pub(in crate::ledger) faults: Vec<LedgerFault>,
}

/// An event that was found under an id.
#[derive(Clone, Copy, Debug)]
pub(in crate::ledger) struct Found {
    pub(in crate::ledger) holder: Holder,
    /// None if its key was destroyed.
    pub(in crate::ledger) opened: Option<Opened>,
}

/// The events of some consecutive accounts of a segment.
pub(in crate::ledger) struct Block {
    /// The first account's number.
    pub(in crate::ledger) from: u64,
    /// The entry of the first event.
    pub(in crate::ledger) first_entry: u64,
    pub(in crate::ledger) accounts: Vec<u64>,
    /// Where the events of each begin, and where the last of them end.
    bounds: Vec<u32>,
    event_ids: Vec<u64>,
    sealed: Vec<[u8; SEALED]>,
}

/// What opens events, beside their keys.
#[derive(Clone, Copy)]
pub(in crate::ledger) struct Reading<'r> {
    pub(in crate::ledger) texts: &'r [TextDigest],
    pub(in crate::ledger) bounds: &'r Bounds,
}

impl Log {
    /// The log as the database has it; texts and repairs of time are not read yet.
    pub(in crate::ledger) fn new(
        dir: &Path,
        mut tables: Box<dyn Tables + Send>,
    ) -> Result<Self, LedgerError> {
        let mut faults: Vec<LedgerFault> = tables
            .schema_faults()?
            .into_iter()
            .map(|fault| LedgerFault::new("the schema", fault))
            .collect();
        let head = tables.head()?;
        let rows = tables.segments()?;
        let all: Vec<&SegmentRow> = rows.iter().collect();
        if !head.is_whole(&all) {
            faults.push(LedgerFault::new(
                "the head",
                "not what was written with the newest entry",
            ));
        }
        let mut segments = Vec::with_capacity(rows.len());
        for row in rows {
            let segment = Segment::open(dir, row)?;
            faults.extend(segment.range_fault()?);
            segments.push(segment);
        }
        Ok(Self {
            dir: dir.to_owned(),
            tables,
            segments,
            texts: Vec::new(),
            bounds: Bounds::default(),
            head,
            faults,
        })
    }

    /// Stops at the first thing that is wrong.
    pub(in crate::ledger) fn assert_sound(&self) -> Result<(), LedgerError> {
        self.faults
            .first()
            .map_or(Ok(()), |fault| Err(fault.error()))
    }

    /// The list of segments, as the database has it.
    pub(in crate::ledger) fn segment_rows(&self) -> Vec<&SegmentRow> {
        self.segments.iter().map(|segment| &segment.row).collect()
    }

    pub(in crate::ledger) fn reading(&self) -> Reading<'_> {
        Reading {
            texts: &self.texts,
            bounds: &self.bounds,
        }
    }

    /// Takes the texts of a log, in the order of their numbers.
    pub(in crate::ledger) fn set_texts<'r>(
        &mut self,
        rows: impl Iterator<Item = &'r Row>,
    ) -> Result<(), LedgerError> {
        let digest = |row: &Row| <[u8; 32]>::try_from(row.body.as_slice()).ok();
        let texts = rows.map(|row| {
            let digest = digest(row).ok_or_else(|| damaged_entry(row, "not a digest"));
            digest.map(TextDigest)
        });
        self.texts = texts.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// The leaves of entries `from..to`.
    pub(in crate::ledger) fn leaves(
        &mut self,
        from: u64,
        to: u64,
    ) -> Result<Vec<NodeHash>, LedgerError> {
        let mut leaves = Vec::with_capacity(usize::try_from(to - from).unwrap_or(0));
        let mut at = from;
        while at < to {
            if let Some(segment) = self.segments.iter().find(|s| s.row.entries().contains(&at)) {
                let end = to.min(segment.row.entries().end);
                leaves.extend(segment.leaves(at, end)?);
                at = end;
                continue;
            }
            let end = self.next_segment(at).min(to);
            for row in self.rows(at, end)? {
                leaves.push(row.leaf());
                at += 1;
            }
        }
        Ok(leaves)
    }

    /// Where the first segment behind an entry begins.
    pub(in crate::ledger) fn next_segment(&self, at: u64) -> u64 {
        let firsts = self.segments.iter().map(|s| s.row.first_entry);
        firsts
            .filter(|&first| first > at)
            .min()
            .unwrap_or(self.head.size)
    }

    /// Some rows from an entry on, at least one and none from `end` on; an error if the first or one between is missing.
    pub(in crate::ledger) fn rows(&mut self, at: u64, end: u64) -> Result<Vec<Row>, LedgerError> {
        let mut rows = self.tables.rows(at, (end - at).min(ROWS))?;
        rows.truncate(rows.partition_point(|row| row.entry < end));
        let is_next = |(row, entry): (&Row, u64)| row.entry == entry;
        let n_whole = rows.iter().zip(at..).take_while(|pair| is_next(*pair));
        let n_whole = n_whole.count();
        if n_whole < rows.len() || rows.is_empty() {
            return Err(missing(at + n_whole as u64));
        }
        Ok(rows)
    }

    /// The events that were recorded under an id, as a writer finds them: through the index of ids.
    pub(in crate::ledger) fn find(&mut self, id: EventId) -> Result<Vec<Found>, LedgerError> {
        let mut found = Vec::new();
        for entry in self.tables.entries_of_event(id.0)? {
            let row = self.tables.row(entry)?.filter(|row| row.fault().is_none());
            let row = row.filter(|row| row.event_id == Some(id.0));
            let row = row.ok_or_else(|| unlike_index("ids"))?;
            found.push(self.found(&row)?);
        }
        found.extend(self.find_in_segments(id)?);
        Ok(found)
    }

    /// What a row says, as a thing that was found.
    pub(in crate::ledger) fn found(&mut self, row: &Row) -> Result<Found, LedgerError> {
        let holder = row
            .holder()
            .ok_or_else(|| damaged_entry(row, "about nobody"))?;
        Ok(Found {
            holder,
            opened: self.open_row(row)?,
        })
    }

    pub(in crate::ledger) fn find_in_segments(
        &mut self,
        id: EventId,
    ) -> Result<Vec<Found>, LedgerError> {
        let mut found = Vec::new();
        for at in 0..self.segments.len() {
            let Some(place) = self.segments[at].find(id.0)? else {
                continue;
            };
            let segment = &self.segments[at];
            let SubjectAt { subject, start } = segment.subject_at(place)?;
            let account = segment.accounts(subject, subject + 1)?[0];
            let mut sealed = segment.sealed(place, place + 1)?[0];
            let row = segment.row.clone();
            let key = self.keys(&row)?.key(subject);
            let opened = key.map(|key| {
                key.apply(place - start, id.0, &mut sealed);
                let entry = row.first_entry + place;
                self.bounds.settle(entry, Opened::read(&sealed))
            });
            found.push(Found {
                holder: Holder::Account(AccountId(account)),
                opened,
            });
        }
        Ok(found)
    }

    /// The keys of a segment's accounts.
    pub(in crate::ledger) fn keys(&mut self, row: &SegmentRow) -> Result<KeyTree, LedgerError> {
        let seeds = self.tables.seeds(row.segment)?;
        let are_here = |(place, _): &(Place, Key)| KeyTree::has(row.n_subjects, *place);
        if !seeds.iter().all(are_here) {
            return Err(LedgerError::damaged(
                format!("the keys of segment {}", row.segment),
                "one is of no subject of it",
            ));
        }
        Ok(KeyTree::of_seeds(row.n_subjects, seeds))
    }

    /// Opens a row that holds an event; none if the key was destroyed.
    pub(in crate::ledger) fn open_row(&mut self, row: &Row) -> Result<Option<Opened>, LedgerError> {
        let subject = row.subject.as_deref().unwrap_or_default();
        let Some(key) = self.tables.key(subject)? else {
            return Ok(None);
        };
        let sealed = <[u8; SEALED]>::try_from(row.body.as_slice())
            .map_err(|_| damaged_entry(row, "not an event"))?;
        let event_id = row.event_id.unwrap_or(0);
        let opened = open(row.entry, event_id, sealed, &key);
        Ok(Some(self.bounds.settle(row.entry, opened)))
    }
}

impl Segment {
    /// The leaves of entries `from..to`, which are this segment's.
    pub(in crate::ledger) fn leaves(
        &self,
        from: u64,
        to: u64,
    ) -> Result<Vec<NodeHash>, LedgerError> {
        let (from, to) = (from - self.row.first_entry, to - self.row.first_entry);
        let SubjectAt {
            subject: first,
            start,
        } = self.subject_at(from)?;
        let last = if to == self.row.n_events {
            self.row.n_subjects
        } else {
            self.subject_at(to - 1)?.subject + 1
        };
        let leaves = self.block(first, last)?.leaves();
        let skip = usize::try_from(from - start).unwrap_or(usize::MAX);
        let n = usize::try_from(to - from).unwrap_or(usize::MAX);
        let leaves: Vec<NodeHash> = leaves.into_iter().skip(skip).take(n).collect();
        if leaves.len() == n {
            Ok(leaves)
        } else {
            Err(missing(self.row.first_entry + from))
        }
    }

    /// Everything about accounts `from..to`.
    pub(in crate::ledger) fn block(&self, from: u64, to: u64) -> Result<Block, LedgerError> {
        let bounds = self.bounds(from, to)?;
        let (Some(&first), Some(&last)) = (bounds.first(), bounds.last()) else {
            return Err(missing(self.row.first_entry));
        };
        if !bounds.is_sorted() || u64::from(last) > self.row.n_events {
            return Err(LedgerError::damaged(
                format!("segment {}", self.row.segment),
                "its accounts do not follow each other",
            ));
        }
        let (first, last) = (u64::from(first), u64::from(last));
        Ok(Block {
            from,
            first_entry: self.row.first_entry + first,
            accounts: self.accounts(from, to)?,
            bounds,
            event_ids: self.event_ids(first, last)?,
            sealed: self.sealed(first, last)?,
        })
    }
}

impl Block {
    /// The events of accounts whose keys are left, opened.
    pub(in crate::ledger) fn events(
        &self,
        keys: &KeyTree,
        reading: Reading<'_>,
    ) -> Result<Vec<Event>, LedgerError> {
        const RUN: usize = 2048;
        let runs = self.accounts.len().div_ceil(RUN);
        let opened: Result<Vec<Vec<Event>>, LedgerError> = (0..runs)
            .into_par_iter()
            .map(|run| {
                let from = run * RUN;
                self.run(from, (from + RUN).min(self.accounts.len()), keys, reading)
            })
            .collect();
        Ok(opened?.concat())
    }

    /// Each event's account and what it says, by place; none where the key was destroyed.
    pub(in crate::ledger) fn opened(&self, keys: &KeyTree) -> Vec<Option<(u64, Opened)>> {
        const RUN: usize = 2048;
        let runs = self.accounts.len().div_ceil(RUN);
        let opened = (0..runs).into_par_iter().map(|run| {
            let from = run * RUN;
            let to = (from + RUN).min(self.accounts.len());
            let keys = keys.keys(self.from + from as u64, self.from + to as u64);
            let mut opened = Vec::new();
            for (at, key) in (from..to).zip(&keys) {
                for (number, place) in (0..).zip(self.places(at)) {
                    opened.push(key.as_ref().map(|key| {
                        let mut sealed = self.sealed[place];
                        key.apply(number, self.event_ids[place], &mut sealed);
                        (self.accounts[at], Opened::read(&sealed))
                    }));
                }
            }
            opened
        });
        opened.flatten_iter().collect()
    }

    fn run(
        &self,
        from: usize,
        to: usize,
        keys: &KeyTree,
        reading: Reading<'_>,
    ) -> Result<Vec<Event>, LedgerError> {
        let keys = keys.keys(self.from + from as u64, self.from + to as u64);
        let mut events = Vec::with_capacity((to - from) * 4);
        for (at, key) in (from..to).zip(&keys) {
            let Some(key) = key else { continue };
            let subject = Subject::Account(AccountId(self.accounts[at]));
            for (nonce, place) in (0..).zip(self.places(at)) {
                let mut sealed = self.sealed[place];
                let id = EventId(self.event_ids[place]);
                key.apply(nonce, id.0, &mut sealed);
                events.push(reading.event(
                    self.first_entry + place as u64,
                    Opened::read(&sealed),
                    id,
                    subject,
                )?);
            }
        }
        Ok(events)
    }

    /// The leaves of all events.
    pub(in crate::ledger) fn leaves(&self) -> Vec<NodeHash> {
        let leaves = (0..self.accounts.len()).into_par_iter().map(|at| {
            let holder = Holder::Account(AccountId(self.accounts[at]));
            let leaf =
                |place| event_leaf(EventId(self.event_ids[place]), holder, &self.sealed[place]);
            self.places(at).map(leaf).collect::<Vec<_>>()
        });
        leaves.flatten_iter().collect()
    }

    /// Where the events of an account stand in this block.
    fn places(&self, at: usize) -> std::ops::Range<usize> {
        let place = |bound: u32| (bound - self.bounds[0]) as usize;
        place(self.bounds[at])..place(self.bounds[at + 1])
    }
}

impl Reading<'_> {
    /// An event, from what its entry says.
    pub(in crate::ledger) fn event(
        &self,
        entry: u64,
        opened: Opened,
        id: EventId,
        subject: Subject,
    ) -> Result<Event, LedgerError> {
        self.bounds
            .settle(entry, opened)
            .event(id, subject, self.texts)
    }
}

/// Opens the sealed part of a row with its key: the number of its entry is the nonce.
pub(in crate::ledger) fn open(
    entry: u64,
    event_id: u64,
    mut sealed: [u8; SEALED],
    key: &Key,
) -> Opened {
    key.apply(entry, event_id, &mut sealed);
    Opened::read(&sealed)
}

pub(in crate::ledger) fn unlike_index(which: &'static str) -> LedgerError {
    LedgerError::damaged(
        format!("the index of {which}"),
        "not what the entries say; `acquaint consent repair` makes it again from them",
    )
}

pub(in crate::ledger) fn damaged_entry(row: &Row, what: &'static str) -> LedgerError {
    LedgerError::damaged(format!("entry {}", row.entry), what)
}

fn missing(entry: u64) -> LedgerError {
    LedgerError::damaged(format!("entry {entry}"), "it is missing")
}
