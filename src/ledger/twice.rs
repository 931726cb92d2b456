//! Ids that say two things.
//!
//! A writer looks for the id of an event before it records it, and calls it a contradiction if the id says something else.
//! Who reads does not rely on that: it looks for every id that comes twice among the entries themselves. Within a segment,
//! and between two, no id does, for an import reads whole segments before it makes one.

use std::collections::BTreeMap;

use super::codec::Holder;
use super::entry::Row;
use super::error::LedgerError;
use super::log::{Found, Log};
use super::merge::opened;
use super::proven::Proven;
use super::segment::Segment;
use super::spool::Record;
use crate::consent::Flaw;
use crate::ids::{AccountId, EventId};
use crate::time::Timestamp;

/// Whoever is named under an id that says two things, from when the second became known.
pub(in crate::ledger) fn contradicted(
    log: &mut Log,
    proven: &Proven,
) -> Result<Vec<Flaw>, LedgerError> {
    let mut flaws = Vec::new();
    for (_, found) in found_twice(log, proven)? {
        for (holder, known_time) in contradicting(&found) {
            flaws.push(Flaw::About {
                subject: proven.subject(holder)?,
                known_time,
            });
        }
    }
    Ok(flaws)
}

/// Whom the events under one id name, if they are not one event.
fn contradicting(found: &[Found]) -> Vec<(Holder, Timestamp)> {
    // An event that was erased may have been known from the start.
    let known = |one: &Found| {
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
        return Vec::new();
    };
    let acts = acts.into_iter();
    acts.map(|(holder, _, known)| (holder, second.max(known)))
        .collect()
}

/// Every event under each id that comes twice.
fn found_twice(log: &mut Log, proven: &Proven) -> Result<BTreeMap<u64, Vec<Found>>, LedgerError> {
    let mut all: BTreeMap<u64, Vec<Found>> = BTreeMap::new();
    for id in ids_twice(&log.segments, &proven.ids)? {
        all.insert(id, log.find_in_segments(EventId(id))?);
    }
    if all.is_empty() {
        return Ok(all);
    }
    let is_asked = |id: &Option<u64>| id.is_some_and(|id| all.contains_key(&id));
    let others: Vec<Row> = proven
        .plain
        .iter()
        .filter(|row| is_asked(&row.event_id))
        .cloned()
        .collect();
    let mut records: Vec<Record> = Vec::new();
    proven.accounts.each(|record| {
        if is_asked(&Some(record.event_id)) {
            records.push(*record);
        }
    })?;
    records.sort_unstable();
    let acts = opened_of(log, &records)?;
    for (record, found) in records.iter().zip(acts) {
        all.entry(record.event_id).or_default().push(found);
    }
    for row in others {
        let found = log.found(&row)?;
        all.entry(row.event_id.unwrap_or(0))
            .or_default()
            .push(found);
    }
    Ok(all)
}

fn opened_of(log: &mut Log, records: &[Record]) -> Result<Vec<Found>, LedgerError> {
    let opened = opened(log, records)?;
    let found = records.iter().zip(opened).map(|(record, opened)| Found {
        holder: Holder::Account(AccountId(record.account)),
        opened: opened.map(|opened| log.bounds.settle(record.entry, opened)),
    });
    Ok(found.collect())
}

/// The ids that come twice among the rows, or among rows and segments; `ids` are the rows', ascending.
fn ids_twice(segments: &[Segment], ids: &[u64]) -> Result<Vec<u64>, LedgerError> {
    let pairs = ids.windows(2).filter(|pair| pair[0] == pair[1]);
    let mut twice: Vec<u64> = pairs.map(|pair| pair[0]).collect();
    for segment in segments {
        segment.shared_ids(ids, |id| *id, |id, _| twice.push(*id))?;
    }
    twice.sort_unstable();
    twice.dedup();
    Ok(twice)
}
