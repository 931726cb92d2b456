//! The rows as they were read, and that they are what the root stands for.
//!
//! Every row is read once, by its number, hashed, and kept by what it is for. Tiles and root show that these are the rows
//! that were written, all of them, and in their order; whoever asks gets what was hashed, not what another statement
//! would find. Of a segment the file's digest is compared with the entry that sealed it, which is such a row.
//!
//! # Complexity
//! O(n) time for n rows and for the bytes of the segments. Of events about accounts one run is in memory, of every
//! other row all.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;

use super::check::{LedgerFault, found};
use super::codec::Holder;
use super::entry::{EntryKind, Row, Sealing, read_overlay, read_policy};
use super::error::LedgerError;
use super::head::Counts;
use super::held::{self, Held};
use super::log::{Log, damaged_entry};
use super::merkle::NodeHash;
use super::objections;
use super::segment::Segment;
use super::spool::{Record, Spool};
use super::tables::Objection;
use super::tiles::{Growth, LEAVES};
use crate::consent::{Overlay, PolicyVersion, Subject};
use crate::ids::AccountId;

/// Entries of a segment hashed at a time.
const STEP: u64 = 1 << 17;

/// How much of a segment is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ledger) enum Depth {
    /// Its file, as one.
    Digests,
    /// Each of its entries too.
    Leaves,
}

/// What the rows are, and what is wrong.
#[derive(Debug)]
pub(in crate::ledger) struct Proven {
    pub(in crate::ledger) findings: Vec<LedgerFault>,
    /// Every row but events about accounts, ascending.
    pub(in crate::ledger) plain: Vec<Row>,
    /// Events about accounts.
    pub(in crate::ledger) accounts: Spool,
    /// The ids of all events among the rows, ascending.
    pub(in crate::ledger) ids: Vec<u64>,
    /// The objection list, ascending.
    pub(in crate::ledger) objections: Vec<Objection>,
    pub(in crate::ledger) held: Held,
    erased: BTreeSet<Holder>,
    depth: Depth,
}

impl Proven {
    fn new(dir: &Path, findings: Vec<LedgerFault>, depth: Depth) -> Self {
        Self {
            findings,
            plain: Vec::new(),
            accounts: Spool::new(dir),
            ids: Vec::new(),
            objections: Vec::new(),
            held: Held::default(),
            erased: BTreeSet::new(),
            depth,
        }
    }

    /// Was as much hashed as this?
    pub(in crate::ledger) fn is_as_deep_as(&self, depth: Depth) -> bool {
        self.depth >= depth
    }

    /// Stops at the first thing that is wrong.
    pub(in crate::ledger) fn assert_sound(&self) -> Result<(), LedgerError> {
        self.findings
            .first()
            .map_or(Ok(()), |finding| Err(finding.error()))
    }

    /// The rows of a kind.
    pub(in crate::ledger) fn of_kind(&self, kind: EntryKind) -> impl Iterator<Item = &Row> {
        self.plain.iter().filter(move |row| row.is(kind))
    }

    pub(in crate::ledger) fn is_erased(&self, holder: Holder) -> bool {
        self.erased.contains(&holder)
    }

    /// Everybody who was erased.
    pub(in crate::ledger) fn erased(&self) -> impl Iterator<Item = Holder> {
        self.erased.iter().copied()
    }

    pub(in crate::ledger) fn policies(&self) -> Result<Vec<PolicyVersion>, LedgerError> {
        let read = |row: &Row| {
            read_policy(&row.body).ok_or_else(|| damaged_entry(row, "not a version of the terms"))
        };
        self.of_kind(EntryKind::Policy).map(read).collect()
    }

    pub(in crate::ledger) fn overlays(&self) -> Result<Vec<Overlay>, LedgerError> {
        let read = |row: &Row| {
            read_overlay(&row.body).ok_or_else(|| damaged_entry(row, "not a regulator's order"))
        };
        self.of_kind(EntryKind::Overlay).map(read).collect()
    }

    /// How many entries there are of the kinds that a writer counts.
    pub(in crate::ledger) fn counts(&self) -> Counts {
        let count = |kind| self.of_kind(kind).count() as u64;
        Counts {
            texts: count(EntryKind::Text),
            objections: count(EntryKind::Objection),
            keys: count(EntryKind::KeyCheck),
        }
    }

    /// Whom the snapshot knows a holder as.
    pub(in crate::ledger) fn subject(&self, holder: Holder) -> Result<Subject, LedgerError> {
        Ok(match holder {
            Holder::Account(account) => Subject::Account(account),
            Holder::Device(device) => Subject::Device(device),
            Holder::Objection(number) => {
                let at = self
                    .objections
                    .binary_search_by_key(&number, |(number, _)| *number);
                let at = at.map_err(|_| {
                    LedgerError::damaged(format!("objection {number}"), "its point is missing")
                })?;
                Subject::NonUser(self.objections[at].1.token())
            }
        })
    }

    fn take(&mut self, row: Row) -> Result<(), LedgerError> {
        if let Some(fault) = row.fault() {
            self.findings
                .push(LedgerFault::new(format!("entry {}", row.entry), fault));
            return Ok(());
        }
        self.ids.extend(row.event_id);
        if let Some(record) = record(&row) {
            return self.accounts.push(record);
        }
        if row.is(EntryKind::Erasure) {
            self.erased.extend(row.holder());
        }
        self.plain.push(row);
        Ok(())
    }
}

/// An event about an account, if the row is one.
fn record(row: &Row) -> Option<Record> {
    match (row.is_event(), row.holder()?) {
        (true, Holder::Account(AccountId(account))) => Some(Record {
            account,
            entry: row.entry,
            event_id: row.event_id?,
            sealed: row.body.as_slice().try_into().ok()?,
        }),
        _ => None,
    }
}

/// Reads every row and hashes what the depth asks for. What is wrong is a finding, and no error; texts and repairs of
/// time are set in the log.
pub(in crate::ledger) fn prove(log: &mut Log, depth: Depth) -> Result<Proven, LedgerError> {
    let mut proven = Proven::new(&log.dir, log.faults.clone(), depth);
    let tiles = found(log.tables.tiles(), &mut proven.findings)?.unwrap_or_default();
    if tiles.len() as u64 != log.head.size / LEAVES {
        let finding = LedgerFault::new("tiles", "not as many as the log is long");
        proven.findings.push(finding);
    }
    let mut pass = Pass {
        tiles,
        growth: Growth::default(),
        proven,
    };
    let walked = pass.walk(log);
    let is_walked = found(walked, &mut pass.proven.findings)?.is_some();
    let mut proven = pass.proven;
    if is_walked && pass.growth.root() != log.head.root {
        let finding = LedgerFault::new("the root", "does not stand for the entries");
        proven.findings.push(finding);
    }
    proven.accounts.finish();
    proven.ids.par_sort_unstable();
    compare(log, &mut proven)?;
    log.bounds
        .set_repairs(proven.of_kind(EntryKind::TimeRepair));
    let texts = log.set_texts(proven.of_kind(EntryKind::Text));
    found(texts, &mut proven.findings)?;
    Ok(proven)
}

struct Pass {
    tiles: Vec<NodeHash>,
    growth: Growth,
    proven: Proven,
}

impl Pass {
    fn walk(&mut self, log: &mut Log) -> Result<(), LedgerError> {
        let mut at = 0;
        while at < log.head.size {
            let mut segments = log.segments.iter();
            let segment = segments.position(|s| s.row.entries().contains(&at));
            at = match segment {
                Some(number) => self.segment(log, number, at)?,
                None => self.rows(log, at)?,
            };
            self.compare_tiles();
        }
        Ok(())
    }

    /// Takes some rows; returns the entry behind them.
    fn rows(&mut self, log: &mut Log, at: u64) -> Result<u64, LedgerError> {
        let end = log.next_segment(at).min(log.head.size);
        let rows = log.rows(at, end)?;
        let leaves: Vec<NodeHash> = rows.par_iter().map(Row::leaf).collect();
        self.growth.extend(&leaves);
        for row in rows {
            self.proven.take(row)?;
        }
        Ok(at + leaves.len() as u64)
    }

    /// Goes through a segment from an entry on; returns the entry behind it.
    fn segment(&mut self, log: &mut Log, number: usize, at: u64) -> Result<u64, LedgerError> {
        let end = log.segments[number].row.entries().end.min(log.head.size);
        let stray = log.tables.rows(at, 1)?;
        if let Some(row) = stray.first().filter(|row| row.entry < end) {
            self.proven.findings.push(LedgerFault::new(
                format!("entry {}", row.entry),
                "a segment has an entry of that number",
            ));
        }
        let mut at = at;
        while at < end {
            at = match self.known_tiles(at, end) {
                [] => self.hash(&log.segments[number], at, end)?,
                tiles => {
                    let n = tiles.len() as u64 * LEAVES;
                    let tiles = tiles.to_vec();
                    self.growth.extend_tiles(&tiles);
                    at + n
                }
            };
        }
        Ok(end)
    }

    /// The tiles from an entry on that need not be made again.
    fn known_tiles(&self, at: u64, end: u64) -> &[NodeHash] {
        if self.proven.depth == Depth::Leaves || !at.is_multiple_of(LEAVES) {
            return &[];
        }
        let place = |entry: u64| usize::try_from(entry / LEAVES).unwrap_or(usize::MAX);
        let to = place(end).min(self.tiles.len());
        self.tiles.get(place(at)..to).unwrap_or(&[])
    }

    /// Hashes entries of a segment: up to the next tile that is known, or a step.
    fn hash(&mut self, segment: &Segment, at: u64, end: u64) -> Result<u64, LedgerError> {
        let to = match self.proven.depth {
            Depth::Digests => (at / LEAVES + 1) * LEAVES,
            Depth::Leaves => at + STEP,
        };
        let to = to.min(end);
        self.growth.extend(&segment.leaves(at, to)?);
        Ok(to)
    }

    fn compare_tiles(&mut self) {
        for (tile, hash) in self.growth.take_completed() {
            let held = usize::try_from(tile)
                .ok()
                .and_then(|tile| self.tiles.get(tile));
            if held.is_some_and(|held| *held != hash) {
                let first = tile * LEAVES;
                self.proven.findings.push(LedgerFault::new(
                    format!("entries {first} to {}", first + LEAVES - 1),
                    "not what was written",
                ));
            }
        }
    }
}

/// What stands beside the entries must be what they say: the numbers in the head, the segments, the objection list, the
/// keys.
fn compare(log: &mut Log, proven: &mut Proven) -> Result<(), LedgerError> {
    let mut add = |place: &str, what: &str| proven.findings.push(LedgerFault::new(place, what));
    let n_strays = log.tables.n_strays(log.head.size)?;
    if n_strays > 0 {
        add("entries", "there are rows outside the log");
    }
    let counts = proven.counts();
    if log.head.seal.is_some_and(|seal| seal.counts != counts) {
        let what = "does not count what the entries are";
        proven.findings.push(LedgerFault::new("the head", what));
    }
    compare_segments(log, proven)?;
    let list = log.tables.objections()?;
    if !objections::is_as_logged(proven, &list) {
        let what = "not what the log says it is";
        proven
            .findings
            .push(LedgerFault::new("the objection list", what));
    }
    proven.objections = list;
    held::compare(log, proven)
}

fn compare_segments(log: &Log, proven: &mut Proven) -> Result<(), LedgerError> {
    let mut findings = Vec::new();
    let sealed: Vec<&Row> = proven.of_kind(EntryKind::Segment).collect();
    if sealed.len() != log.segments.len() {
        findings.push(LedgerFault::new(
            "segments",
            "not as many as the log sealed",
        ));
    }
    for segment in &log.segments {
        let place = format!("segment {}", segment.row.segment);
        if segment.digest()? != segment.row.digest {
            findings.push(LedgerFault::new(
                place.clone(),
                "not the file that was sealed",
            ));
        }
        let body = sealing(segment).bytes();
        if sealed.iter().all(|row| row.body != body) {
            findings.push(LedgerFault::new(place, "the log does not list it"));
        }
    }
    proven.findings.extend(findings);
    Ok(())
}

const fn sealing(segment: &Segment) -> Sealing {
    Sealing {
        segment: segment.row.segment,
        first_entry: segment.row.first_entry,
        n_events: segment.row.n_events,
        digest: segment.row.digest,
    }
}
