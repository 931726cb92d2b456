//! Checking: everything is read and hashed again.

use serde::Serialize;

use super::codec::{Holder, Opened};
use super::entry::{EntryKind, Row};
use super::error::LedgerError;
use super::log::Log;
use super::merge;
use super::merkle::NodeHash;
use super::objections::Keys;
use super::proven::Proven;
use super::root::Root;
use super::tiles::{LEAVES, Tree};
use crate::ids::AccountId;
use crate::time::Timestamp;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerFault {
    /// Where: an entry, a segment, a table.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

impl LedgerFault {
    pub(in crate::ledger) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }

    /// As what stops whoever cannot go on.
    pub(in crate::ledger) fn error(&self) -> LedgerError {
        LedgerError::damaged(self.place.clone(), self.what.clone())
    }
}

impl std::fmt::Display for LedgerFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Damage is a finding; anything else that goes wrong is an error.
pub(in crate::ledger) fn found<T>(
    result: Result<T, LedgerError>,
    findings: &mut Vec<LedgerFault>,
) -> Result<Option<T>, LedgerError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(LedgerError::Damaged { place, what }) => {
            findings.push(LedgerFault::new(place, what));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Everything that is wrong with a ledger; see [`Reader::check`](super::Reader::check).
pub(in crate::ledger) fn check(
    log: &mut Log,
    proven: &Proven,
    since: Option<&Root>,
) -> Result<Vec<LedgerFault>, LedgerError> {
    let mut findings = proven.findings.clone();
    for fault in log.tables.page_faults()? {
        findings.push(LedgerFault::new("the database", fault));
    }
    if Keys::read(proven.of_kind(EntryKind::KeyCheck)).is_none() {
        findings.push(LedgerFault::new("the keys", "do not follow each other"));
    }
    let latest = check_events(log, proven, &mut findings)?;
    check_times(log, latest, &mut findings);
    if let Some(since) = since {
        check_since(log, since, &mut findings)?;
    }
    Ok(findings)
}

/// Every event; returns the latest known time.
fn check_events(
    log: &mut Log,
    proven: &Proven,
    findings: &mut Vec<LedgerFault>,
) -> Result<Timestamp, LedgerError> {
    let latest = check_others(log, proven, findings)?;
    let latest = latest.max(check_accounts(log, proven, findings)?);
    Ok(latest.max(check_segments(log, proven, findings)?))
}

/// The latest time at which anything became known.
pub(in crate::ledger) fn latest_known(
    log: &mut Log,
    proven: &Proven,
) -> Result<Timestamp, LedgerError> {
    let mut findings = Vec::new();
    let latest = check_events(log, proven, &mut findings)?;
    let first = findings.first();
    first.map_or(Ok(latest), |finding| Err(finding.error()))
}

/// What is wrong with an event that was opened, or could not be.
fn fault(
    log: &Log,
    proven: &Proven,
    holder: Option<Holder>,
    opened: Option<&Opened>,
) -> Option<&'static str> {
    if let Some(opened) = opened {
        let is_known = opened.act.event_kind(&log.texts).is_some();
        (!is_known).then_some("its key does not open it")
    } else {
        let is_erased = holder.is_some_and(|holder| proven.is_erased(holder));
        (!is_erased).then_some("its key is gone, and nobody erased it")
    }
}

/// Every event about a device or a number; returns the latest known time.
fn check_others(
    log: &mut Log,
    proven: &Proven,
    findings: &mut Vec<LedgerFault>,
) -> Result<Timestamp, LedgerError> {
    let mut latest = Timestamp::MIN;
    for row in proven.plain.iter().filter(|row| row.is_event()) {
        let opened = log.open_row(row)?;
        let fault = fault(log, proven, row.holder(), opened.as_ref());
        findings.extend(fault.map(|what| LedgerFault::new(place(row), what)));
        latest = latest.max(known(opened.as_ref()));
    }
    Ok(latest)
}

fn place(row: &Row) -> String {
    format!("entry {}", row.entry)
}

fn known(opened: Option<&Opened>) -> Timestamp {
    opened.map_or(Timestamp::MIN, |opened| opened.known_time)
}

/// Every event about an account among the rows; returns the latest known time.
fn check_accounts(
    log: &mut Log,
    proven: &Proven,
    findings: &mut Vec<LedgerFault>,
) -> Result<Timestamp, LedgerError> {
    let mut latest = Timestamp::MIN;
    let mut walk = proven.accounts.walk();
    loop {
        let bound = walk.fill()?;
        let records = walk.take(bound);
        let opened = merge::opened(log, &records)?;
        for (record, opened) in records.iter().zip(opened) {
            let opened = opened.map(|opened| log.bounds.settle(record.entry, opened));
            let holder = Holder::Account(AccountId(record.account));
            if let Some(what) = fault(log, proven, Some(holder), opened.as_ref()) {
                findings.push(LedgerFault::new(format!("entry {}", record.entry), what));
            }
            latest = latest.max(known(opened.as_ref()));
        }
        if bound.is_none() {
            return Ok(latest);
        }
    }
}

/// Every event of a segment, readable but for whom was erased; returns the latest known time.
fn check_segments(
    log: &mut Log,
    proven: &Proven,
    findings: &mut Vec<LedgerFault>,
) -> Result<Timestamp, LedgerError> {
    let mut latest = Timestamp::MIN;
    for at in 0..log.segments.len() {
        let row = log.segments[at].row.clone();
        let Some(keys) = found(log.keys(&row), findings)? else {
            continue;
        };
        let place = format!("segment {}", row.segment);
        for from in (0..row.n_subjects).step_by(1 << 16) {
            let to = (from + (1 << 16)).min(row.n_subjects);
            let block = log.segments[at].block(from, to);
            let Some(block) = found(block, findings)? else {
                break;
            };
            let events = block.events(&keys, log.reading());
            for event in found(events, findings)?.unwrap_or_default() {
                latest = latest.max(event.known_time);
            }
            if keys.n_left(from, to) == to - from {
                continue;
            }
            for (key, account) in keys.keys(from, to).iter().zip(&block.accounts) {
                if key.is_none() && !proven.is_erased(Holder::Account(AccountId(*account))) {
                    findings.push(LedgerFault::new(
                        place.clone(),
                        format!("the key of account {account} is gone, and nobody erased it"),
                    ));
                }
            }
        }
    }
    Ok(latest)
}

/// Nothing may be known later than the clock, if the reader was told what it says.
fn check_times(log: &Log, latest: Timestamp, findings: &mut Vec<LedgerFault>) {
    let newest = log.head.newest_known.max(latest);
    if log.bounds.is_late(newest) {
        findings.push(LedgerFault::new(
            "known times",
            format!("an entry is recorded as known at {newest}, which is later than this machine's clock; `acquaint consent repair --time` mends that"),
        ));
    }
}

/// The log must begin with what an earlier root stood for.
fn check_since(
    log: &mut Log,
    since: &Root,
    findings: &mut Vec<LedgerFault>,
) -> Result<(), LedgerError> {
    let size = log.head.size;
    if since.size > size {
        findings.push(LedgerFault::new(
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
        findings.push(LedgerFault::new(
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
