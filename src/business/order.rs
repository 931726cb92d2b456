//! Businesses that matter: in which order a person would want to hear from them.
//!
//! **The formula.** For a person and a business between whom there is anything, with times in days before the moment asked about,
//!
//! > personal = (4 · 30 / (30 + days since the person wrote) + 2 · 180 / (180 + days since the opt-in) + [saved]) / 7
//! >
//! > answered = (1 + people who wrote to it) / (2 + people who met it + people who blocked or reported it)
//! >
//! > relevance = personal · answered
//!
//! A part that there is not is 0. What a person does counts by how recently they did it, halved after 30 and 180 days; what a
//! person says of a business by saving its number does not age. The second factor is the share of those who met a business
//! (a thread, an opt-in, a saved number, a block or a report) who wrote to it, by Laplace's rule of succession (*Essai philosophique
//! sur les probabilités*, 1814), so that one who wrote of one is less than 90 of 100; a no counts as one more who did not. So a business
//! that writes to many and is answered by few comes after one that is answered. The weights are ours: there is no data to
//! learn them from.
//!
//! **For one purpose.** Each purpose has an order of its own, made from what may be used for it: acts that the gate lets through,
//! opt-ins for messages of that purpose. Whoever is out of a purpose is nobody's neighbour in it: their threads, opt-ins, saved
//! numbers, blocks and reports count in no share.
//!
//! **A no.** A business that the person blocks is in neither order; one whose marketing the person stopped, or whose
//! opt-in they took back, is not in that of marketing. The order says who matters, [the verdict](super::reach) who may write.
//!
//! All is counted in whole numbers, so the order does not depend on threads or machines.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use rayon::prelude::*;
use serde::Serialize;

use super::desk::by_id;
use super::eligibility::Signals;
use super::pairs::{Pair, of_opt_in, of_thread};
use super::rules::{self, ReachReason};
use super::span::Span;
use super::verdict::{PairAt, asked_place, is_no};
use crate::consent::{About, DenialReason, For, Gate, Permitted, Purpose};
use crate::hash::{HashMap, HashSet};
use crate::ids::{AccountId, BusinessId};
use crate::signals::{BusinessEvent, BusinessEventKind, MessageKind, PersonsWord};
use crate::time::Timestamp;

/// What one part counts at most, and what all have to be divided by.
const WROTE: u64 = 4;
const ASKED: u64 = 2;
const SAVED: u64 = 1;
const ALL: u64 = WROTE + ASKED + SAVED;
/// After so long a part is half.
const WROTE_HALF: Span = Span::days(30);
const ASKED_HALF: Span = Span::days(180);

/// An account that saved the number of a business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Saved {
    /// The business.
    pub business: BusinessId,
    /// Who saved it.
    pub account: AccountId,
    /// When.
    pub saved_at: Timestamp,
}

impl About for Saved {
    type Id = AccountId;
    type Ids = [AccountId; 1];

    fn about(&self) -> [AccountId; 1] {
        [self.account]
    }

    fn collected_at(&self) -> Timestamp {
        self.saved_at
    }
}

/// A share in [0, 1], in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Relevance(u32);

impl Relevance {
    const ONE: u64 = 1_000_000;

    fn of(millionths: u64) -> Self {
        Self(u32::try_from(millionths.min(Self::ONE)).unwrap_or(u32::MAX))
    }

    /// In millionths.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// As a share in [0, 1].
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.0) / Self::ONE as f64
    }
}

impl fmt::Display for Relevance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.share())
    }
}

/// What a person did about a business, as far as it may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ties {
    /// The person wrote last.
    pub wrote_at: Option<Timestamp>,
    /// The person asked for messages last, and did not take it back.
    pub asked_at: Option<Timestamp>,
    /// The person saved its number.
    pub saved_at: Option<Timestamp>,
}

impl Ties {
    /// What there is, in words: `person_wrote`, `opted_in`, `saved_number`.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        let words = [
            (self.wrote_at, "person_wrote"),
            (self.asked_at, "opted_in"),
            (self.saved_at, "saved_number"),
        ];
        words.into_iter().filter_map(|(at, word)| at.map(|_| word))
    }
}

/// How people took a business, of those whose acts may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Crowd {
    /// They met it.
    pub n_met: u64,
    /// They wrote to it.
    pub n_wrote: u64,
    /// They blocked or reported it.
    pub n_against: u64,
}

/// A business in a person's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mattering {
    /// Whose order.
    pub account: AccountId,
    /// From 1.
    pub rank: u32,
    /// The business.
    pub business: BusinessId,
    /// How much it matters.
    pub relevance: Relevance,
    /// What the person did.
    pub ties: Ties,
    /// What others did.
    pub crowd: Crowd,
}

/// Everybody's order for one purpose, and what is in none: the counts and `rows` add up to the pairs there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Ascending by account and rank.
    pub rows: Vec<Mattering>,
    /// Pairs of accounts that do not allow the purpose, by reason.
    pub denied: BTreeMap<DenialReason, u64>,
    /// Pairs with a business that no table knows.
    pub n_unknown_business: u64,
    /// Pairs of which everything is later than the moment asked about.
    pub n_not_yet: u64,
    /// Pairs in which the person said no.
    pub n_refused: u64,
    /// Pairs in which the person did nothing.
    pub n_idle: u64,
}

impl Order {
    /// The businesses that matter to an account, best first.
    ///
    /// # Complexity
    /// O(log n) for n rows.
    #[must_use]
    pub fn of_account(&self, account: AccountId) -> &[Mattering] {
        let from = self.rows.partition_point(|row| row.account < account);
        let own = &self.rows[from..];
        &own[..own.partition_point(|row| row.account == account)]
    }
}

/// The order for a purpose: [`BusinessMarketing`](crate::consent::BusinessMarketing) or
/// [`BusinessService`](crate::consent::BusinessService).
///
/// `saved` is who saved the number of a business, in any order; what was saved later than `as_of` is not there yet.
///
/// # Complexity
/// O(n log n) time and O(n) space for n threads, opt-ins, events and saved numbers, in the caller's rayon pool.
#[must_use]
pub fn order<P: For>(
    signals: &Signals<'_>,
    saved: &[Permitted<Saved, P>],
    gate: &Gate<P, AccountId>,
    as_of: Timestamp,
) -> Order {
    let businesses = by_id(signals.businesses);
    let all = acquainted(signals, saved, as_of);
    let mut order = Order::default();
    let mut passed: Vec<Passed> = Vec::new();
    for one in &all {
        match Passed::of(one, gate) {
            Err(Out::NotYet) => order.n_not_yet += 1,
            Err(Out::Denied(reason)) => *order.denied.entry(reason).or_default() += 1,
            Ok(_) if !businesses.contains_key(&one.pair.business) => order.n_unknown_business += 1,
            Ok(one) => passed.push(one),
        }
    }
    let crowds = crowds(&passed);
    let mut rows = Vec::new();
    for one in passed {
        if one.is_refused {
            order.n_refused += 1;
        } else if one.ties == Ties::default() {
            order.n_idle += 1;
        } else {
            rows.push(one.matters(crowds[&one.business], as_of));
        }
    }
    rank(&mut rows);
    order.rows = rows;
    order
}

/// Who said no to whom, whatever they allow: these pairs are in no order for a purpose.
///
/// # Complexity
/// As [`order`].
#[must_use]
pub fn refusals<P: For>(
    signals: &Signals<'_>,
    as_of: Timestamp,
) -> HashSet<(AccountId, BusinessId)> {
    let is_marketing = P::PURPOSE == Purpose::BusinessMarketing;
    let all = acquainted::<P>(signals, &[], as_of).into_iter();
    all.filter(|one| is_refused(&one.pair.at, is_marketing))
        .map(|one| (one.pair.account, one.pair.business))
        .collect()
}

/// A person and a business, and all there is between them.
struct Acquainted {
    pair: Pair,
    saved_at: Option<Timestamp>,
    /// The person blocked or reported it, if only once.
    against_at: Option<Timestamp>,
}

impl Acquainted {
    const fn of(pair: Pair) -> Self {
        Self {
            pair,
            saved_at: None,
            against_at: None,
        }
    }

    const fn key(&self) -> (BusinessId, AccountId) {
        (self.pair.business, self.pair.account)
    }

    fn merge(&mut self, other: &Self) {
        self.pair.merge(&other.pair);
        self.saved_at = self.saved_at.max(other.saved_at);
        self.against_at = self.against_at.max(other.against_at);
    }
}

/// One value for each pair, ascending by business and account.
fn acquainted<P: For>(
    signals: &Signals<'_>,
    saved: &[Permitted<Saved, P>],
    as_of: Timestamp,
) -> Vec<Acquainted> {
    let threads = signals.threads.par_iter().map(|row| of_thread(row, as_of));
    let opt_ins = signals.opt_ins.par_iter().map(|row| of_opt_in(row, as_of));
    let said = signals.events.par_iter();
    let said = said.filter_map(|row| of_event(row, as_of));
    let saved = saved.par_iter().map(|saved| of_saved(*saved.get(), as_of));
    let pairs = threads.chain(opt_ins).map(Acquainted::of);
    let mut all: Vec<Acquainted> = pairs.chain(said).chain(saved).collect();
    all.par_sort_unstable_by_key(Acquainted::key);
    all.dedup_by(|next, held| {
        let same = next.key() == held.key();
        if same {
            held.merge(next);
        }
        same
    });
    all
}

fn of_saved(saved: Saved, as_of: Timestamp) -> Acquainted {
    let saved_at = Some(saved.saved_at).filter(|at| *at <= as_of);
    Acquainted {
        saved_at,
        ..Acquainted::of(Pair::new(saved.business, saved.account, saved_at))
    }
}

/// What a person said; what was sent to them is no act of theirs.
fn of_event(row: &BusinessEvent, as_of: Timestamp) -> Option<Acquainted> {
    let BusinessEventKind::Said { account, word } = row.what else {
        return None;
    };
    let said_at = Some(row.at).filter(|at| *at <= as_of);
    let mut one = Acquainted::of(Pair::new(row.business_id, account, said_at));
    if let Some(at) = said_at {
        one.pair.at.hear(word, at);
    }
    one.against_at = said_at.filter(|_| matches!(word, PersonsWord::Block | PersonsWord::Report));
    Some(one)
}

/// Why a pair is in no order.
enum Out {
    NotYet,
    Denied(DenialReason),
}

/// What passed the gate of a pair.
struct Passed {
    business: BusinessId,
    account: AccountId,
    ties: Ties,
    is_against: bool,
    is_refused: bool,
}

impl Passed {
    fn of<P: For>(one: &Acquainted, gate: &Gate<P, AccountId>) -> Result<Self, Out> {
        let (business, account) = one.key();
        let passes = |at: Option<Timestamp>| {
            let act = |saved_at| Saved {
                business,
                account,
                saved_at,
            };
            at.filter(|at| gate.permit(act(*at)).is_ok())
        };
        let seen_at = one.pair.seen_at.ok_or(Out::NotYet)?;
        let met = Saved {
            business,
            account,
            saved_at: seen_at,
        };
        gate.permit(met).map_err(Out::Denied)?;
        let is_marketing = P::PURPOSE == Purpose::BusinessMarketing;
        let at = &one.pair.at;
        Ok(Self {
            business,
            account,
            ties: Ties {
                wrote_at: passes(at.wrote_at),
                asked_at: passes(asked_at(at, is_marketing)),
                saved_at: passes(one.saved_at),
            },
            is_against: passes(one.against_at).is_some(),
            is_refused: is_refused(at, is_marketing),
        })
    }

    fn matters(&self, crowd: Crowd, as_of: Timestamp) -> Mattering {
        Mattering {
            account: self.account,
            rank: 0,
            business: self.business,
            relevance: relevance(&self.ties, crowd, as_of),
            ties: self.ties,
            crowd,
        }
    }
}

/// The last opt-in for messages of a purpose that was not taken back.
fn asked_at(at: &PairAt, is_marketing: bool) -> Option<Timestamp> {
    let kinds: &[MessageKind] = if is_marketing {
        &[MessageKind::Marketing]
    } else {
        &[MessageKind::Utility, MessageKind::Authentication]
    };
    let places = kinds.iter().map(|kind| asked_place(*kind));
    let stand = places.filter(|place| {
        let answer = rules::marketing(at.asked_at[*place], at.withdrawn_at[*place]);
        answer == ReachReason::OptedIn
    });
    stand.filter_map(|place| at.asked_at[place]).max()
}

/// Did the person say no to a business, for messages of a purpose?
fn is_refused(at: &PairAt, is_marketing: bool) -> bool {
    let marketing = asked_place(MessageKind::Marketing);
    let is_withdrawn = || {
        let answer = rules::marketing(at.asked_at[marketing], at.withdrawn_at[marketing]);
        answer == ReachReason::OptInWithdrawn
    };
    let no = || is_no(at.stopped_at, at.resumed_at) || is_withdrawn();
    is_no(at.blocked_at, at.unblocked_at) || (is_marketing && no())
}

fn crowds(passed: &[Passed]) -> HashMap<BusinessId, Crowd> {
    let mut crowds: HashMap<BusinessId, Crowd> = HashMap::default();
    for one in passed {
        let crowd = crowds.entry(one.business).or_default();
        crowd.n_met += 1;
        crowd.n_wrote += u64::from(one.ties.wrote_at.is_some());
        crowd.n_against += u64::from(one.is_against);
    }
    crowds
}

fn relevance(ties: &Ties, crowd: Crowd, as_of: Timestamp) -> Relevance {
    let part = |at: Option<Timestamp>, half| at.map_or(0, |at| recency(at, half, as_of));
    let saved = u64::from(ties.saved_at.is_some()) * Relevance::ONE;
    let personal = WROTE * part(ties.wrote_at, WROTE_HALF)
        + ASKED * part(ties.asked_at, ASKED_HALF)
        + SAVED * saved;
    let of_people = crowd.n_met + crowd.n_against + 2;
    let answered = u128::from(crowd.n_wrote + 1);
    let product = u128::from(personal) * answered / u128::from(ALL * of_people);
    Relevance::of(u64::try_from(product).unwrap_or(u64::MAX))
}

/// half / (half + age), in millionths.
fn recency(at: Timestamp, half: Span, as_of: Timestamp) -> u64 {
    let age = as_of.micros().saturating_sub(at.micros()).max(0);
    let (age, half) = (u128::from(age.unsigned_abs()), u128::from(half.micros()));
    u64::try_from(half * u128::from(Relevance::ONE) / (half + age)).unwrap_or(0)
}

/// By account; the most relevant first, of equals the smaller id.
fn rank(rows: &mut [Mattering]) {
    rows.par_sort_unstable_by_key(|row| (row.account, Reverse(row.relevance), row.business));
    let (mut account, mut rank) = (None, 0);
    for row in rows {
        rank = if account == Some(row.account) {
            rank + 1
        } else {
            1
        };
        account = Some(row.account);
        row.rank = rank;
    }
}
