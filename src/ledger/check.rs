//! Checking: everything is read and hashed again.

use serde::Serialize;

use super::codec::{Holder, Opened};
use super::entry::{EntryKind, Row, Sealing, read_overlay, read_policy};
use super::error::LedgerError;
use super::log::{Log, is_event};
use super::merkle::NodeHash;
use super::objections;
use super::segment::Segment;
use super::tiles::{Growth, LEAVES, Tree};
use super::writer::Root;

/// Entries hashed at a time.
const STEP: u64 = 1 << 17;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where: an entry, a segment, a table.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Damage is a finding; anything else that goes wrong is an error.
fn found<T>(
    result: Result<T, LedgerError>,
    findings: &mut Vec<Finding>,
) -> Result<Option<T>, LedgerError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(LedgerError::Damaged { place, what }) => {
            findings.push(Finding::new(place, what));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Everything that is wrong with a ledger; see [`Reader::check`](super::Reader::check).
pub(in crate::ledger) fn check(
    log: &mut Log,
    since: Option<&Root>,
) -> Result<Vec<Finding>, LedgerError> {
    let mut findings = Vec::new();
    check_leaves(log, &mut findings)?;
    check_rows(log, &mut findings)?;
    check_segments(log, &mut findings)?;
    let list = objections::is_as_logged(log)?;
    if !list {
        findings.push(Finding::new(
            "the objection list",
            "not what the log says it is",
        ));
    }
    if let Some(since) = since {
        check_since(log, since, &mut findings)?;
    }
    Ok(findings)
}

/// Every leaf, hashed again, against the tiles; the tiles against the root.
fn check_leaves(log: &mut Log, findings: &mut Vec<Finding>) -> Result<(), LedgerError> {
    let Some(tiles) = found(log.tables.tiles(), findings)? else {
        return Ok(());
    };
    let size = log.head.size;
    if tiles.len() as u64 != size / LEAVES {
        findings.push(Finding::new("tiles", "not as many as the log is long"));
    }
    let mut growth = Growth::default();
    for from in (0..size).step_by(usize::try_from(STEP).unwrap_or(1)) {
        let to = (from + STEP).min(size);
        let Some(leaves) = found(log.leaves(from, to), findings)? else {
            return Ok(());
        };
        growth.extend(&leaves);
        for (tile, hash) in growth.take_completed() {
            let held = usize::try_from(tile).ok().and_then(|tile| tiles.get(tile));
            if held.is_some_and(|held| *held != hash) {
                let first = tile * LEAVES;
                findings.push(Finding::new(
                    format!("entries {first} to {}", first + LEAVES - 1),
                    "not what was written",
                ));
            }
        }
    }
    if growth.root() != log.head.root {
        findings.push(Finding::new("the root", "does not stand for the entries"));
    }
    Ok(())
}

/// Every row: within the log, of a known kind, and readable if its key is there.
fn check_rows(log: &mut Log, findings: &mut Vec<Finding>) -> Result<(), LedgerError> {
    let mut from = 0;
    loop {
        let rows = log.tables.rows(from, super::log::ROWS)?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        from = last.entry + 1;
        for row in &rows {
            let place = || format!("entry {}", row.entry);
            if row.entry >= log.head.size {
                findings.push(Finding::new(place(), "behind the end of the log"));
            }
            if log
                .segments
                .iter()
                .any(|s| s.row.entries().contains(&row.entry))
            {
                findings.push(Finding::new(
                    place(),
                    "a segment has an entry of that number",
                ));
            }
            if let Some(what) = fault(log, row)? {
                findings.push(Finding::new(place(), what));
            }
        }
    }
}

fn fault(log: &mut Log, row: &Row) -> Result<Option<&'static str>, LedgerError> {
    let Some(kind) = EntryKind::read(row.kind) else {
        return Ok(Some("of a kind that is not known"));
    };
    if is_event(row) {
        return event_fault(log, row);
    }
    let is_right = match kind {
        EntryKind::Policy => read_policy(&row.body).is_some(),
        EntryKind::Overlay => read_overlay(&row.body).is_some(),
        EntryKind::Text => row.body.len() == 32,
        EntryKind::Segment => log.segments.iter().any(|s| sealing(s).bytes() == row.body),
        EntryKind::Erasure => row.body.is_empty() && row.holder().is_some(),
        _ => true,
    };
    Ok((!is_right).then_some("does not say what an entry of its kind says"))
}

fn event_fault(log: &mut Log, row: &Row) -> Result<Option<&'static str>, LedgerError> {
    let Some(holder) = row.holder() else {
        return Ok(Some("about nobody"));
    };
    let opened: Option<Opened> = match log.open_row(row) {
        Ok(opened) => opened,
        Err(LedgerError::Damaged { what, .. }) => return Ok(Some(what)),
        Err(error) => return Err(error),
    };
    let Some(opened) = opened else {
        return Ok((!is_erased(log, holder)?).then_some("its key is gone, and nobody erased it"));
    };
    let is_known = opened.act.event_kind(&log.texts).is_some();
    Ok((!is_known).then_some("its key does not open it"))
}

fn is_erased(log: &mut Log, holder: Holder) -> Result<bool, LedgerError> {
    let rows = log.tables.rows_of_subject(&holder.bytes())?;
    Ok(rows.iter().any(|row| row.kind == EntryKind::Erasure as u8))
}

/// Every segment: as the log sealed it, in order, and readable but for whom was erased.
fn check_segments(log: &mut Log, findings: &mut Vec<Finding>) -> Result<(), LedgerError> {
    let sealed = log.tables.rows_of_kind(EntryKind::Segment as u8)?;
    if sealed.len() != log.segments.len() {
        findings.push(Finding::new("segments", "not as many as the log sealed"));
    }
    for at in 0..log.segments.len() {
        let segment = &log.segments[at];
        let place = format!("segment {}", segment.row.segment);
        if segment.digest()? != segment.row.digest {
            findings.push(Finding::new(place.clone(), "not the file that was sealed"));
        }
        if sealed
            .iter()
            .all(|row| row.body != sealing(segment).bytes())
        {
            findings.push(Finding::new(place.clone(), "the log does not list it"));
        }
        let row = segment.row.clone();
        let keys = log.keys(&row)?;
        let mut n_erased = Vec::new();
        let segment = &log.segments[at];
        for from in (0..row.n_subjects).step_by(1 << 16) {
            let to = (from + (1 << 16)).min(row.n_subjects);
            let Some(block) = found(segment.block(from, to), findings)? else {
                break;
            };
            found(block.events(&keys, &log.texts).map(drop), findings)?;
            let left = keys.keys(from, to);
            let gone = left
                .iter()
                .zip(&block.accounts)
                .filter(|(key, _)| key.is_none());
            n_erased.extend(gone.map(|(_, account)| *account));
        }
        for account in n_erased {
            let holder = Holder::Account(crate::ids::AccountId(account));
            if !is_erased(log, holder)? {
                findings.push(Finding::new(
                    place.clone(),
                    format!("the key of account {account} is gone, and nobody erased it"),
                ));
            }
        }
    }
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

/// The log must begin with what an earlier root stood for.
fn check_since(
    log: &mut Log,
    since: &Root,
    findings: &mut Vec<Finding>,
) -> Result<(), LedgerError> {
    let size = log.head.size;
    if since.size > size {
        findings.push(Finding::new(
            "the log",
            format!("has {size} entries, and had {}", since.size),
        ));
        return Ok(());
    }
    let Some(tiles) = found(log.tables.tiles(), findings)? else {
        return Ok(());
    };
    let root = if since.size == 0 {
        Some(super::merkle::empty())
    } else {
        found(root_of_first(log, &tiles, since.size), findings)?
    };
    if root.is_some_and(|root| root != since.root) {
        findings.push(Finding::new(
            "the log",
            format!("its first {} entries are not what they were", since.size),
        ));
    }
    Ok(())
}

/// The root of the first entries.
fn root_of_first(log: &mut Log, tiles: &[NodeHash], size: u64) -> Result<NodeHash, LedgerError> {
    let n = usize::try_from(size / LEAVES)
        .unwrap_or(usize::MAX)
        .min(tiles.len());
    let mut tree = Tree::new(size, tiles[..n].to_vec(), |from, to| log.leaves(from, to));
    tree.subtree(0, size)
}
