//! The log as it can be read: rows, segments and what opens them, at one moment.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::codec::{Holder, Opened, SEALED};
use super::entry::{EntryKind, Row, event_leaf, read_overlay, read_policy};
use super::error::LedgerError;
use super::keys::{Key, KeyTree};
use super::merkle::NodeHash;
use super::segment::{Segment, SegmentRow};
use super::tables::{Head, Tables};
use crate::consent::{Event, Overlay, PolicyVersion, Subject, TextDigest};
use crate::ids::{AccountId, EventId};

/// Rows read at a time.
pub(in crate::ledger) const ROWS: u64 = 16_384;

/// Everything readable of a ledger.
pub(in crate::ledger) struct Log {
    pub(in crate::ledger) dir: PathBuf,
    pub(in crate::ledger) tables: Box<dyn Tables + Send>,
    pub(in crate::ledger) segments: Vec<Segment>,
    pub(in crate::ledger) texts: Vec<TextDigest>,
    pub(in crate::ledger) head: Head,
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
    pub(in crate::ledger) accounts: Vec<u64>,
    /// Where the events of each begin, and where the last of them end.
    bounds: Vec<u32>,
    event_ids: Vec<u64>,
    sealed: Vec<[u8; SEALED]>,
}

impl Log {
    pub(in crate::ledger) fn new(
        dir: &Path,
        mut tables: Box<dyn Tables + Send>,
    ) -> Result<Self, LedgerError> {
        let head = tables.head()?;
        let rows = tables.segments()?;
        let segments: Result<Vec<Segment>, LedgerError> = rows
            .into_iter()
            .map(|row| Segment::open(dir, row))
            .collect();
        let mut log = Self {
            dir: dir.to_owned(),
            tables,
            segments: segments?,
            texts: Vec::new(),
            head,
        };
        log.texts = log.read_texts()?;
        Ok(log)
    }

    fn read_texts(&mut self) -> Result<Vec<TextDigest>, LedgerError> {
        let rows = self.tables.rows_of_kind(EntryKind::Text as u8)?;
        let digest = |row: &Row| {
            <[u8; 32]>::try_from(row.body.as_slice())
                .ok()
                .map(TextDigest)
        };
        let texts = rows
            .iter()
            .map(|row| digest(row).ok_or_else(|| damaged_entry(row, "not a digest")));
        texts.collect()
    }

    pub(in crate::ledger) fn policies(&mut self) -> Result<Vec<PolicyVersion>, LedgerError> {
        let rows = self.tables.rows_of_kind(EntryKind::Policy as u8)?;
        let read = |row: &Row| {
            read_policy(&row.body).ok_or_else(|| damaged_entry(row, "not a version of the terms"))
        };
        rows.iter().map(read).collect()
    }

    pub(in crate::ledger) fn overlays(&mut self) -> Result<Vec<Overlay>, LedgerError> {
        let rows = self.tables.rows_of_kind(EntryKind::Overlay as u8)?;
        let read = |row: &Row| {
            read_overlay(&row.body).ok_or_else(|| damaged_entry(row, "not a regulator's order"))
        };
        rows.iter().map(read).collect()
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
                let first = segment.row.first_entry;
                leaves.extend(leaves_of(segment, at - first, end - first)?);
                at = end;
                continue;
            }
            let next = self.segments.iter().map(|s| s.row.first_entry);
            let end = next.filter(|&first| first > at).min().unwrap_or(to).min(to);
            let rows = self.tables.rows(at, (end - at).min(ROWS))?;
            for row in rows.iter().filter(|row| row.entry < end) {
                if row.entry != at {
                    break;
                }
                leaves.push(row.leaf());
                at += 1;
            }
            if rows.first().is_none_or(|row| row.entry > at) && at < end {
                return Err(missing(at));
            }
        }
        Ok(leaves)
    }

    /// The events recorded under an id.
    pub(in crate::ledger) fn find(&mut self, id: EventId) -> Result<Vec<Found>, LedgerError> {
        let mut found = Vec::new();
        for row in self.tables.rows_of_event(id.0)? {
            let holder = row
                .holder()
                .ok_or_else(|| damaged_entry(&row, "about nobody"))?;
            found.push(Found {
                holder,
                opened: self.open_row(&row)?,
            });
        }
        for at in 0..self.segments.len() {
            let Some(place) = self.segments[at].find(id.0)? else {
                continue;
            };
            let segment = &self.segments[at];
            let (subject, start) = segment.subject_at(place)?;
            let account = segment.accounts(subject, subject + 1)?[0];
            let mut sealed = segment.sealed(place, place + 1)?[0];
            let row = segment.row.clone();
            let key = self.keys(&row)?.key(subject);
            let opened = key.map(|key| {
                key.apply(place - start, id.0, &mut sealed);
                Opened::read(&sealed)
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
        Ok(KeyTree::of_seeds(row.n_subjects, seeds))
    }

    /// Opens a row that holds an event; none if the key was destroyed.
    pub(in crate::ledger) fn open_row(&mut self, row: &Row) -> Result<Option<Opened>, LedgerError> {
        let subject = row.subject.as_deref().unwrap_or_default();
        let Some(key) = self.tables.key(subject)? else {
            return Ok(None);
        };
        open(row, &key).map(Some)
    }

    /// The events of rows, where they can still be opened; erased ones are left out.
    pub(in crate::ledger) fn events_of(&mut self, rows: &[Row]) -> Result<Vec<Event>, LedgerError> {
        let mut events = Vec::with_capacity(rows.len());
        let mut last: Option<(Vec<u8>, Option<Key>)> = None;
        for row in rows.iter().filter(|row| is_event(row)) {
            let subject = row.subject.clone().unwrap_or_default();
            if last.as_ref().is_none_or(|(of, _)| *of != subject) {
                let key = self.tables.key(&subject)?;
                last = Some((subject, key));
            }
            let Some(key) = last.as_ref().and_then(|(_, key)| key.as_ref()) else {
                continue;
            };
            let opened = open(row, key)?;
            let holder = row
                .holder()
                .ok_or_else(|| damaged_entry(row, "about nobody"))?;
            let subject = self.subject(holder)?;
            let id = EventId(row.event_id.unwrap_or(0));
            events.push(opened.event(id, subject, &self.texts)?);
        }
        Ok(events)
    }

    /// Whom the snapshot knows a holder as.
    pub(in crate::ledger) fn subject(&mut self, holder: Holder) -> Result<Subject, LedgerError> {
        Ok(match holder {
            Holder::Account(account) => Subject::Account(account),
            Holder::Device(device) => Subject::Device(device),
            Holder::Objection(number) => {
                let objections = self.tables.objections()?;
                let at = objections.binary_search_by_key(&number, |(number, _)| *number);
                let at = at.map_err(|_| {
                    LedgerError::damaged(format!("objection {number}"), "its point is missing")
                })?;
                Subject::NonUser(objections[at].1.token())
            }
        })
    }
}

impl Segment {
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
        texts: &[TextDigest],
    ) -> Result<Vec<Event>, LedgerError> {
        const RUN: usize = 2048;
        let runs = self.accounts.len().div_ceil(RUN);
        let opened: Result<Vec<Vec<Event>>, LedgerError> = (0..runs)
            .into_par_iter()
            .map(|run| {
                let from = run * RUN;
                self.run(from, (from + RUN).min(self.accounts.len()), keys, texts)
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
        texts: &[TextDigest],
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
                events.push(Opened::read(&sealed).event(id, subject, texts)?);
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

/// The leaves of events `from..to` of a segment.
fn leaves_of(segment: &Segment, from: u64, to: u64) -> Result<Vec<NodeHash>, LedgerError> {
    let (first, start) = segment.subject_at(from)?;
    let last = if to == segment.row.n_events {
        segment.row.n_subjects
    } else {
        segment.subject_at(to - 1)?.0 + 1
    };
    let leaves = segment.block(first, last)?.leaves();
    let skip = usize::try_from(from - start).unwrap_or(usize::MAX);
    let n = usize::try_from(to - from).unwrap_or(usize::MAX);
    let leaves: Vec<NodeHash> = leaves.into_iter().skip(skip).take(n).collect();
    if leaves.len() == n {
        Ok(leaves)
    } else {
        Err(missing(segment.row.first_entry + from))
    }
}

pub(in crate::ledger) fn is_event(row: &Row) -> bool {
    EntryKind::read(row.kind).is_some_and(EntryKind::is_event)
}

/// Opens a row with its key: the number of its entry is the nonce.
fn open(row: &Row, key: &Key) -> Result<Opened, LedgerError> {
    let mut sealed = <[u8; SEALED]>::try_from(row.body.as_slice())
        .map_err(|_| damaged_entry(row, "not an event"))?;
    key.apply(row.entry, row.event_id.unwrap_or(0), &mut sealed);
    Ok(Opened::read(&sealed))
}

pub(in crate::ledger) fn damaged_entry(row: &Row, what: &'static str) -> LedgerError {
    LedgerError::damaged(format!("entry {}", row.entry), what)
}

fn missing(entry: u64) -> LedgerError {
    LedgerError::damaged(format!("entry {entry}"), "it is missing")
}
