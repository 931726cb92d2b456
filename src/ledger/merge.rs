//! Every event about an account, account by account: the segments and the proven rows, merged.

use rayon::prelude::*;

use super::codec::{Holder, Opened};
use super::error::LedgerError;
use super::keys::{Key, KeyTree};
use super::log::{Block, Log, ROWS, open};
use super::proven::Proven;
use super::segment::Segment;
use super::spool::{Record, Walk};
use crate::consent::{Event, Subject};
use crate::ids::{AccountId, EventId};

/// Events handed over at a time, roughly.
const BATCH: u64 = 1 << 18;

/// The events of all segments and rows, by account.
pub(in crate::ledger) struct Merge<'l> {
    log: &'l mut Log,
    proven: &'l Proven,
    runs: Vec<Run>,
    rows: Walk<'l>,
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

impl<'l> Merge<'l> {
    pub(in crate::ledger) fn new(
        log: &'l mut Log,
        proven: &'l Proven,
    ) -> Result<Self, LedgerError> {
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
            proven,
            runs,
            rows: proven.accounts.walk(),
        })
    }

    pub(in crate::ledger) fn run(
        mut self,
        visit: &mut dyn FnMut(&[Event]),
    ) -> Result<(), LedgerError> {
        loop {
            let bound = self.fill()?;
            let mut batch = Vec::new();
            for run in &mut self.runs {
                take(&mut run.waiting, bound, &mut batch);
            }
            let records = self.rows.take(bound.map(|account| account.0));
            batch.extend(events(self.log, self.proven, &records)?);
            if !batch.is_empty() {
                batch.par_sort_by_key(|event: &Event| event.subject);
                visit(&batch);
            }
            if bound.is_none() {
                break;
            }
        }
        // What was read is what was sealed if the files are so before and after.
        self.log.segments.iter().try_for_each(Segment::assert_whole)
    }

    /// Reads on wherever nothing waits; returns the last account of which everything waits, or none if that is all.
    fn fill(&mut self) -> Result<Option<AccountId>, LedgerError> {
        let mut bound = self.rows.fill()?.map(AccountId);
        for at in 0..self.runs.len() {
            let (run, segment) = (&mut self.runs[at], &self.log.segments[at]);
            run.fill(segment, self.log, self.proven)?;
            if run.next < segment.row.n_subjects {
                let last = AccountId(segment.accounts(run.next - 1, run.next)?[0]);
                bound = Some(bound.map_or(last, |bound| bound.min(last)));
            }
        }
        Ok(bound)
    }
}

impl Run {
    fn fill(&mut self, segment: &Segment, log: &Log, proven: &Proven) -> Result<(), LedgerError> {
        while self.waiting.is_empty() && self.next < segment.row.n_subjects {
            let to = (self.next + self.step).min(segment.row.n_subjects);
            let block: Block = segment.block(self.next, to)?;
            self.waiting = block.events(&self.keys, log.reading())?;
            assert_erased(&block, &self.keys, proven)?;
            self.next = to;
        }
        Ok(())
    }
}

/// Where a key is gone, its account must have been erased.
pub(in crate::ledger) fn assert_erased(
    block: &Block,
    keys: &KeyTree,
    proven: &Proven,
) -> Result<(), LedgerError> {
    let to = block.from + block.accounts.len() as u64;
    if keys.n_left(block.from, to) == to - block.from {
        return Ok(());
    }
    let left = keys.keys(block.from, to);
    let mut gone = block
        .accounts
        .iter()
        .zip(left)
        .filter(|(_, key)| key.is_none());
    let lost = gone.find(|(account, _)| !proven.is_erased(Holder::Account(AccountId(**account))));
    lost.map_or(Ok(()), |(account, _)| Err(lost_key(AccountId(*account))))
}

fn lost_key(account: AccountId) -> LedgerError {
    LedgerError::damaged(
        format!("the key of account {account}"),
        "it is gone, and nobody erased it",
    )
}

/// The events of records that are in order; what was erased is left out.
pub(in crate::ledger) fn events(
    log: &mut Log,
    proven: &Proven,
    records: &[Record],
) -> Result<Vec<Event>, LedgerError> {
    let opened = opened(log, records)?;
    let reading = log.reading();
    let event = |(record, opened): (&Record, &Option<Opened>)| {
        let account = AccountId(record.account);
        let Some(opened) = *opened else {
            let is_erased = proven.is_erased(Holder::Account(account));
            return is_erased.then_some(None).ok_or_else(|| lost_key(account));
        };
        let (id, subject) = (EventId(record.event_id), Subject::Account(account));
        let event = reading.event(record.entry, opened, id, subject)?;
        Ok(Some(event))
    };
    let events: Result<Vec<Option<Event>>, LedgerError> =
        records.par_iter().zip(&opened).map(event).collect();
    Ok(events?.into_iter().flatten().collect())
}

/// What records that are in order say, as it was written; none where the key was destroyed.
pub(in crate::ledger) fn opened(
    log: &mut Log,
    records: &[Record],
) -> Result<Vec<Option<Opened>>, LedgerError> {
    let keys = keys_of(log, records)?;
    let of_account = |record: &Record| {
        let at = keys.binary_search_by_key(&record.account, |(account, _)| *account);
        at.ok().map(|at| &keys[at].1)
    };
    let opened = records.par_iter().map(|record| {
        of_account(record).map(|key| open(record.entry, record.event_id, record.sealed, key))
    });
    Ok(opened.collect())
}

/// The keys of all accounts from the first record's to the last's.
fn keys_of(log: &mut Log, records: &[Record]) -> Result<Vec<(u64, Key)>, LedgerError> {
    let (Some(first), Some(last)) = (records.first(), records.last()) else {
        return Ok(Vec::new());
    };
    let bytes = |account| Holder::Account(AccountId(account)).bytes();
    let to = bytes(last.account);
    let mut from = bytes(first.account);
    let mut keys: Vec<(u64, Key)> = Vec::new();
    loop {
        let page = log.tables.keys(&from, &to, ROWS)?;
        let is_last = (page.len() as u64) < ROWS;
        for (subject, key) in page {
            if let Some(Holder::Account(account)) = Holder::read(&subject) {
                keys.push((account.0, key));
            }
        }
        match keys.last().and_then(|(account, _)| account.checked_add(1)) {
            Some(next) if !is_last => from = bytes(next),
            _ => break,
        }
    }
    keys.sort_unstable_by_key(|(account, _)| *account);
    Ok(keys)
}

/// Moves events of accounts up to a bound; all of them if there is none.
fn take(waiting: &mut Vec<Event>, bound: Option<AccountId>, batch: &mut Vec<Event>) {
    let n = bound.map_or(waiting.len(), |bound| {
        waiting.partition_point(|event| event.subject <= Subject::Account(bound))
    });
    batch.extend(waiting.drain(..n));
}
