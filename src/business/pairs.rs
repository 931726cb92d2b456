//! What lies between a business and an account, merged from every row that names both.
//!
//! Rows are put in order by where they stand in their table, 24 bytes each, and merged as a pair is judged: what is known about a
//! pair takes ten times as much and is never held for all.

use rayon::prelude::*;

use super::eligibility::Signals;
use super::verdict::{Entry, PairAt, asked_place};
use crate::ids::{AccountId, BusinessId};
use crate::signals::{BusinessEventKind, BusinessOptIn, BusinessThread, PersonsWord, StartedBy};
use crate::time::Timestamp;

/// A row that names a business and an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pair: (BusinessId, AccountId),
    /// Its position among threads, opt-ins and events, counted on from table to table.
    at: usize,
}

impl Named {
    pub(super) fn is_of_one_pair(&self, other: &Self) -> bool {
        self.pair == other.pair
    }
}

/// Every row that says something of a pair, ascending by pair.
///
/// # Complexity
/// O(n log n) time and 24 bytes for each of n threads, opt-ins and events, in the caller's rayon pool.
pub(super) fn named(signals: &Signals<'_>, as_of: Timestamp) -> Vec<Named> {
    let mut named: Vec<Named> = all(signals, as_of).collect();
    named.par_sort_unstable();
    named
}

/// The rows of one pair.
pub(super) fn named_of(
    signals: &Signals<'_>,
    pair: (BusinessId, AccountId),
    as_of: Timestamp,
) -> Vec<Named> {
    all(signals, as_of).filter(|row| row.pair == pair).collect()
}

fn all<'a>(
    signals: &Signals<'a>,
    as_of: Timestamp,
) -> impl ParallelIterator<Item = Named> + use<'a> {
    let (threads, opt_ins) = (signals.threads, signals.opt_ins);
    let named = |business, account, at| Named {
        pair: (business, account),
        at,
    };
    let of_threads = threads.par_iter().enumerate();
    let of_threads = of_threads.map(move |(at, row)| named(row.business_id, row.account_id, at));
    let from = threads.len();
    let of_opt_ins = opt_ins.par_iter().enumerate();
    let of_opt_ins =
        of_opt_ins.map(move |(at, row)| named(row.business_id, row.account_id, from + at));
    let from = from + opt_ins.len();
    let of_events = signals.events.par_iter().enumerate();
    let of_events = of_events.filter_map(move |(at, row)| match row.what {
        BusinessEventKind::Said { account, word } if word != PersonsWord::Report => {
            (row.at <= as_of).then(|| named(row.business_id, account, from + at))
        }
        _ => None,
    });
    of_threads.chain(of_opt_ins).chain(of_events)
}

/// What all rows of a pair say; none if the two have neither a thread nor an opt-in.
pub(super) fn merged(signals: &Signals<'_>, rows: &[Named], as_of: Timestamp) -> Option<Pair> {
    let (n_threads, n_opt_ins) = (signals.threads.len(), signals.opt_ins.len());
    let mut met: Option<Pair> = None;
    let (business, account) = rows.first()?.pair;
    let mut said = PairAt::default();
    for row in rows {
        let next = if row.at < n_threads {
            of_thread(&signals.threads[row.at], as_of)
        } else if row.at < n_threads + n_opt_ins {
            of_opt_in(&signals.opt_ins[row.at - n_threads], as_of)
        } else {
            let event = &signals.events[row.at - n_threads - n_opt_ins];
            if let BusinessEventKind::Said { word, .. } = event.what {
                said.hear(word, event.at);
            }
            continue;
        };
        match &mut met {
            Some(held) => held.merge(&next),
            None => met = Some(next),
        }
    }
    let mut pair = met?;
    pair.merge(&Pair {
        at: said,
        ..Pair::new(business, account, None)
    });
    Some(pair)
}

/// What is known about one pair by the moment asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    pub(super) business: BusinessId,
    pub(super) account: AccountId,
    /// When anything of it was collected; none if all of it lies in the future.
    pub(super) seen_at: Option<Timestamp>,
    pub(super) at: PairAt,
}

impl Pair {
    pub(super) fn new(
        business: BusinessId,
        account: AccountId,
        seen_at: Option<Timestamp>,
    ) -> Self {
        Self {
            business,
            account,
            seen_at,
            at: PairAt::default(),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        // None sorts before every instant, so the greater of two is the later of those there are.
        self.seen_at = self.seen_at.max(other.seen_at);
        self.at.wrote_at = self.at.wrote_at.max(other.at.wrote_at);
        self.at.entry = self.at.entry.max(other.at.entry);
        for kind in 0..3 {
            let (held, next) = (&mut self.at, &other.at);
            held.asked_at[kind] = held.asked_at[kind].max(next.asked_at[kind]);
            held.withdrawn_at[kind] = held.withdrawn_at[kind].max(next.withdrawn_at[kind]);
        }
        let (held, next) = (&mut self.at, &other.at);
        held.stopped_at = held.stopped_at.max(next.stopped_at);
        held.resumed_at = held.resumed_at.max(next.resumed_at);
        held.blocked_at = held.blocked_at.max(next.blocked_at);
        held.unblocked_at = held.unblocked_at.max(next.unblocked_at);
    }
}

impl PairAt {
    pub(super) fn hear(&mut self, word: PersonsWord, at: Timestamp) {
        let last = match word {
            PersonsWord::Stop => &mut self.stopped_at,
            PersonsWord::Resume => &mut self.resumed_at,
            PersonsWord::Block => &mut self.blocked_at,
            PersonsWord::Unblock => &mut self.unblocked_at,
            PersonsWord::Report => return,
        };
        *last = (*last).max(Some(at));
    }
}

pub(super) fn of_thread(row: &BusinessThread, as_of: Timestamp) -> Pair {
    let by = |at: &Timestamp| *at <= as_of;
    let started_at = Some(row.started_at).filter(by);
    let first = started_at.filter(|_| row.started_by == StartedBy::Person);
    let last = row.last_from_person_at.filter(by);
    let entry = row.entry_at.filter(by).map(|came_at| Entry {
        came_at,
        answered_at: row.answered_at.filter(by).filter(|at| *at >= came_at),
    });
    let came_at = entry.map(|entry| entry.came_at);
    let mut pair = Pair::new(
        row.business_id,
        row.account_id,
        started_at.max(last).max(came_at),
    );
    pair.at.wrote_at = first.max(last);
    pair.at.entry = entry;
    pair
}

pub(super) fn of_opt_in(row: &BusinessOptIn, as_of: Timestamp) -> Pair {
    let by = |at: &Timestamp| *at <= as_of;
    let asked_at = Some(row.opted_in_at).filter(by);
    let withdrawn_at = row.opted_out_at.filter(by);
    let mut pair = Pair::new(row.business_id, row.account_id, asked_at.max(withdrawn_at));
    let kind = asked_place(row.kind);
    pair.at.asked_at[kind] = asked_at;
    pair.at.withdrawn_at[kind] = withdrawn_at;
    pair
}
