//! Repair: what is derived from the entries is made again from them, and times that cannot be are put right.
//!
//! Nothing that the root stands for is touched. If the entries themselves are damaged there is nothing to make anything
//! from, and nothing is done.

use std::path::Path;

use serde::Serialize;

use super::check::latest_known;
use super::entry::EntryKind;
use super::error::LedgerError;
use super::held::{KeySum, destroy_again};
use super::late::repair_body;
use super::log::Log;
use super::proven::{Depth, prove};
use super::writer::{self, IfAbsent, LockedLog, Writer};
use crate::consent::latest_believable;
use crate::time::Timestamp;

/// What was made again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// What was wrong before.
    pub faults: Vec<String>,
}

/// Makes indexes, the head's counts and the ranges of segments again from the entries, after these were found to be what
/// the root stands for. Indexes, views and triggers that were added to the schema are removed; a table is not. A key that
/// opens what was erased is destroyed.
///
/// # Errors
/// If there is no ledger, another process writes, or the entries, a segment, the keys or the objection list are damaged.
///
/// # Complexity
/// O(n log n) time for n rows.
pub fn repair(dir: &Path) -> Result<Repaired, LedgerError> {
    if !dir.join(writer::LOCK).is_file() {
        return Err(LedgerError::Absent { path: dir.into() });
    }
    let LockedLog { mut log, lock } = writer::open(dir, IfAbsent::Refuse)?;
    let mut faults: Vec<String> = log.faults.iter().map(ToString::to_string).collect();
    faults.extend(log.tables.page_faults()?);
    log.tables.begin_write()?;
    let done = rebuild(&mut log, &mut faults).and_then(|()| log.tables.commit());
    if done.is_err() {
        log.tables.roll_back();
    }
    done?;
    // A key may have been destroyed.
    log.tables.wipe_deleted()?;
    drop(lock);
    Ok(Repaired { faults })
}

fn rebuild(log: &mut Log, faults: &mut Vec<String>) -> Result<(), LedgerError> {
    if log.head.is_older() {
        log.tables.upgrade()?;
    }
    log.tables.rebuild()?;
    if let Some(fault) = log.tables.schema_faults()?.first() {
        let what =
            format!("{fault}: it cannot be made again, and may hold what is not ours to remove");
        return Err(LedgerError::damaged("the schema", what));
    }
    log.faults.clear();
    let is_whole = log.head.is_whole(&log.segment_rows());
    for segment in &mut log.segments {
        let ids = segment.id_range()?;
        (segment.row.min_id, segment.row.max_id) = (ids.min, ids.max);
        log.tables.set_id_range(&segment.row)?;
    }
    // What only the head says is made again here; everything else must be right.
    let seal = log.head.seal.take();
    let proven = prove(log, Depth::Leaves)?;
    let n_back = proven.held.of_erased.len();
    if n_back > 0 {
        faults.push(format!("the keys: {n_back} opened what was erased"));
    }
    let proven = destroy_again(log, proven, Depth::Leaves)?;
    proven.assert_sound()?;
    match seal.and_then(|seal| seal.keys) {
        Some(keys) => assert_held(keys, proven.held.sum)?,
        // Nothing says which keys there were, so each is tried.
        None => drop(latest_known(log, &proven)?),
    }
    if !is_whole {
        log.head.newest_known = latest_known(log, &proven)?;
    }
    let counts = proven.counts();
    if seal.is_some_and(|seal| seal.counts != counts) {
        faults.push("the head: does not count what the entries are".to_owned());
    }
    log.head = log
        .head
        .sealed(counts, proven.held.sum, &log.segment_rows());
    log.tables.set_head(&log.head)?;
    match log.tables.page_faults()?.into_iter().next() {
        None => Ok(()),
        Some(fault) => Err(LedgerError::damaged(log.tables.place(), fault)),
    }
}

/// A key that is lost, or was edited, cannot be made again.
fn assert_held(keys: KeySum, held: KeySum) -> Result<(), LedgerError> {
    if keys == held {
        return Ok(());
    }
    let what = "not those that were made and not destroyed: bring them back from a copy";
    Err(LedgerError::damaged("the keys", what))
}

impl Writer {
    /// Records that nothing recorded so far became known later than `now`, which is what the caller's clock says, and goes
    /// on from there. Returns false if the newest time is not later, and nothing was to be done.
    ///
    /// From then on what claims to have been known later is read like this: what takes something away as known since it
    /// happened, everything else as known since this repair.
    ///
    /// # Errors
    /// If something cannot be read, or the disk refuses.
    pub fn repair_time(&mut self, now: Timestamp) -> Result<bool, LedgerError> {
        if self.newest_known <= latest_believable(now) && !self.holds_late(now)? {
            return Ok(false);
        }
        self.transaction(|writer| {
            let entry = writer.growth.size();
            writer.push(EntryKind::TimeRepair, repair_body(now))?;
            writer.log.bounds.push(entry, now);
            writer.newest_known = writer.newest_known.min(now);
            Ok(true)
        })
    }

    /// Is any event recorded as known later than now? All are read.
    fn holds_late(&mut self, now: Timestamp) -> Result<bool, LedgerError> {
        let proven = prove(&mut self.log, Depth::Digests)?;
        proven.assert_sound()?;
        let newest = latest_known(&mut self.log, &proven)?;
        Ok(newest > latest_believable(now))
    }
}
