//! What was allowed at one moment, for everybody: the ledger replayed and the table applied.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::account_places::AccountPlaces;
use super::decide::{Terms, decide};
use super::digest;
use super::event::{AccountFacts, Event, EventKind, PolicyId, Subject as Whom};
use super::gate::{Decision, DenialReason, Gate};
use super::history::History;
use super::ledger::{self, Entry, Ledger, What};
use super::orders::{ByPurpose, Ordered, Orders};
use super::params::{AsOf, ValidConsentParams};
use super::people;
use super::purpose::{For, Purpose};
use super::state::{Context, Levels, Record, Stance, State};
use crate::ids::{AccountId, NumberToken, Owned, UserId};
use crate::time::Timestamp;

/// Everybody's state and what it allows, at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    as_of: AsOf,
    params: ValidConsentParams,
    /// By ascending account, each once.
    statuses: Vec<AccountStatus>,
    places: AccountPlaces,
    /// Ascending, each once.
    objected: Vec<NumberToken>,
}

/// One account's state and what it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountStatus {
    account: AccountId,
    record: Record,
    underneath: State,
    suspended: bool,
    decisions: ByPurpose,
}

impl AccountStatus {
    /// The account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// Its state; [`State::Suspended`] while a regulator's order reaches it.
    #[must_use]
    pub const fn state(&self) -> State {
        if self.suspended && !self.underneath.is_ended() {
            State::Suspended
        } else {
            self.underneath
        }
    }

    /// Its state, regulators' orders aside.
    #[must_use]
    pub const fn underneath(&self) -> State {
        self.underneath
    }

    /// A newer version of the terms that was shown and not yet answered.
    ///
    /// Everything is decided under the version that was accepted; whoever builds a use that only the
    /// newer text allows has to ask for this to be none.
    #[must_use]
    pub const fn pending(&self) -> Option<PolicyId> {
        self.record.pending()
    }

    /// Has this account ever refused anything, by either door, a late objection or a signal?
    #[must_use]
    pub const fn opted_out_ever(&self) -> bool {
        !self.record.ever_refused().is_empty()
    }

    /// Did an opt-out come after the window and was only recorded?
    #[must_use]
    pub const fn is_flagged_late(&self) -> bool {
        self.record.is_flagged_late()
    }

    /// What is allowed for a purpose.
    #[must_use]
    pub const fn decision(&self, purpose: Purpose) -> Decision {
        self.decisions[purpose as usize]
    }

    /// What is allowed, by purpose in the order of [`Purpose::ALL`].
    #[must_use]
    pub const fn decisions(&self) -> &[Decision; Purpose::ALL.len()] {
        &self.decisions
    }

    pub(in crate::consent) const fn stance(&self, purpose: Purpose) -> Stance {
        self.record.stance(purpose)
    }

    pub(in crate::consent) const fn levels(&self) -> Levels {
        self.record.levels()
    }
}

impl Ledger {
    /// What was allowed at one moment, as known at another, for every account in the ledger or in `facts`.
    ///
    /// Several rows of facts about one account, as after a change of number, count together: it was
    /// registered at the earliest and last seen at the latest, and every region and device counts.
    ///
    /// # Complexity
    /// O(e + a log a) time for e events and a rows of facts, O(a) extra space; parallel over accounts.
    #[must_use]
    pub fn snapshot(
        &self,
        as_of: AsOf,
        facts: &[AccountFacts],
        params: &ValidConsentParams,
    ) -> Snapshot {
        self.snapshot_seen_until(as_of, as_of.valid, facts, params)
    }

    /// As [`snapshot`](Self::snapshot), of accounts about which nothing is known after `seen_until`: that nobody saw
    /// them since is no sign that they are gone.
    ///
    /// # Complexity
    /// As [`snapshot`](Self::snapshot).
    #[must_use]
    pub fn snapshot_seen_until(
        &self,
        as_of: AsOf,
        seen_until: Timestamp,
        facts: &[AccountFacts],
        params: &ValidConsentParams,
    ) -> Snapshot {
        let facts = sorted(facts);
        let replay = Replay {
            ledger: self,
            as_of,
            seen_until: seen_until.min(as_of.valid),
            params,
            orders: Orders::at(self.overlays(), as_of.valid),
        };
        let statuses = replay.statuses(subjects(self.accounts(), &facts));
        Snapshot {
            as_of,
            params: *params,
            places: AccountPlaces::of(&statuses),
            statuses,
            objected: objected(self, as_of),
        }
    }
}

impl Snapshot {
    /// As [`Ledger::snapshot`], of a store whose events do not fit into memory: they pass by in batches, and only
    /// the answers stay.
    ///
    /// # Errors
    /// If the store cannot be read.
    ///
    /// # Complexity
    /// As [`Ledger::snapshot`] in time; space for the answers, the facts and one batch.
    pub fn compile<H: History>(
        history: &H,
        as_of: AsOf,
        facts: &[AccountFacts],
        params: &ValidConsentParams,
    ) -> Result<Self, H::Error> {
        let ledger = Ledger::new(history.policies()?, history.overlays()?, history.others()?)
            .with_flaws(history.flaws()?);
        let facts = sorted(facts);
        let mut compilation = Compilation {
            replay: Replay {
                ledger: &ledger,
                as_of,
                seen_until: as_of.valid,
                params,
                orders: Orders::at(ledger.overlays(), as_of.valid),
            },
            facts: &facts,
            flaws: ledger.account_entries(),
            statuses: Vec::new(),
        };
        history.accounts(&mut |batch| compilation.add(batch))?;
        compilation.finish();
        let statuses = compilation.statuses;
        Ok(Self {
            as_of,
            params: *params,
            places: AccountPlaces::of(&statuses),
            statuses,
            objected: objected(&ledger, as_of),
        })
    }

    /// The moment this is about.
    #[must_use]
    pub const fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// How the rules were applied.
    #[must_use]
    pub const fn params(&self) -> &ValidConsentParams {
        &self.params
    }

    /// The gate that decides account by account, for use before matching.
    #[must_use]
    pub fn accounts<P: For>(&self) -> Gate<P, AccountId> {
        Gate::new(
            self.statuses
                .iter()
                .map(|status| (status.account, P::decision(status.decision(P::PURPOSE)))),
        )
    }

    /// The gate that decides person by person, for use before edges and rows.
    ///
    /// `links` says which accounts are whose, in any order, repeated or not. The stricter wins over a
    /// person's living accounts. An account that ended neither allows nor denies, except that an
    /// opt-out in effect when it ended goes on denying until a later grant on a living account; somebody
    /// with no living account is denied for the reason the accounts ended.
    ///
    /// # Complexity
    /// O(l log l) time for l links.
    #[must_use]
    pub fn people<P: For>(&self, links: &[Owned]) -> Gate<P, UserId> {
        // Any other reason is stricter than the level, so what holds of the whole is what would hold of each account.
        let decisions = people::decisions(self, P::PURPOSE, links).into_iter();
        Gate::new(decisions.map(|(user, decided)| (user, P::decision(decided))))
    }

    /// What is known of an account; none if neither the ledger nor the facts mention it.
    #[must_use]
    pub fn status(&self, account: AccountId) -> Option<&AccountStatus> {
        self.statuses.get(self.places.find(account)?)
    }

    /// Every account, ascending.
    #[must_use]
    pub fn statuses(&self) -> &[AccountStatus] {
        &self.statuses
    }

    /// Every account's state, by ascending account.
    pub fn states(&self) -> impl ExactSizeIterator<Item = (AccountId, State)> {
        self.statuses
            .iter()
            .map(|status| (status.account, status.state()))
    }

    /// How many accounts are in each state that occurs, by the state's name.
    #[must_use]
    pub fn state_counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for (_, state) in self.states() {
            *counts.entry(state.as_str()).or_default() += 1;
        }
        counts
    }

    /// The numbers of people without an account who objected, and have not joined since: ascending.
    #[must_use]
    pub fn objected_tokens(&self) -> &[NumberToken] {
        &self.objected
    }

    /// Is this the number of somebody without an account who objected, and has not joined since?
    #[must_use]
    pub fn objected(&self, token: &NumberToken) -> bool {
        self.objected.binary_search(token).is_ok()
    }

    /// The state of a number that belongs to nobody's account.
    #[must_use]
    pub fn non_user_state(&self, token: &NumberToken) -> State {
        if self.objected(token) {
            State::NonUserObjected
        } else {
            State::NonUser
        }
    }

    /// The accounts whose rows must be recalled: an earlier snapshot allowed them, this one does not,
    /// or only for newer data. Ascending.
    #[must_use]
    pub fn recalled_since(&self, published: &Self, purpose: Purpose) -> Vec<AccountId> {
        published
            .statuses
            .iter()
            .filter(|before| {
                let now = self.decision(before.account, purpose);
                let before = before.decision(purpose);
                matches!(before, Decision::Allowed { .. }) && before.stricter(now) != before
            })
            .map(AccountStatus::account)
            .collect()
    }

    /// The digest of what was asked and of every answer.
    ///
    /// # Complexity
    /// O(a) time for a accounts.
    #[must_use]
    pub fn digest(&self) -> blake3::Hash {
        digest::of_snapshot(self.as_of, self.params, &self.statuses, &self.objected)
    }

    fn decision(&self, account: AccountId, purpose: Purpose) -> Decision {
        self.status(account)
            .map_or(Decision::Denied(DenialReason::NoRecord), |status| {
                status.decision(purpose)
            })
    }
}

/// What there is about one account.
struct Subject<'a> {
    account: AccountId,
    facts: &'a [AccountFacts],
    entries: &'a [Entry],
}

/// A snapshot in the making: accounts pass by in ascending order.
struct Compilation<'a> {
    replay: Replay<'a>,
    /// About accounts that have not passed yet.
    facts: &'a [AccountFacts],
    /// What the store cannot vouch for, about accounts that have not passed yet.
    flaws: &'a [Entry],
    statuses: Vec<AccountStatus>,
}

impl Compilation<'_> {
    /// Every event about some accounts, and none about others between them.
    fn add(&mut self, events: &[Event]) {
        let Some(last) = events.iter().map(|event| event.subject).max() else {
            return;
        };
        self.pass(events, Some(last));
    }

    /// Whoever is left has no events.
    fn finish(&mut self) {
        self.pass(&[], None);
    }

    /// Answers for every account up to one, or for all that are left.
    fn pass(&mut self, events: &[Event], last: Option<Whom>) {
        let is_up_to = |subject: Whom| last.is_none_or(|last| subject <= last);
        let n_facts = self
            .facts
            .partition_point(|row| is_up_to(Whom::Account(row.account)));
        let n_flaws = self.flaws.partition_point(|entry| is_up_to(entry.subject));
        let (facts, facts_left) = self.facts.split_at(n_facts);
        let (flaws, flaws_left) = self.flaws.split_at(n_flaws);
        (self.facts, self.flaws) = (facts_left, flaws_left);
        let entries = ledger::entries_with(events, flaws);
        let statuses = self
            .replay
            .statuses(subjects(ledger::accounts_of(&entries), facts));
        self.statuses.extend(statuses);
    }
}

/// The numbers of people without an account who objected, ascending.
fn objected(ledger: &Ledger, as_of: AsOf) -> Vec<NumberToken> {
    ledger
        .non_users()
        .filter(|(_, entries)| has_objected(entries, as_of))
        .map(|(token, _)| token)
        .collect()
}

/// Every account of the ledger or the facts, ascending.
fn subjects<'a>(
    in_ledger: impl Iterator<Item = (AccountId, &'a [Entry])>,
    facts: &'a [AccountFacts],
) -> Vec<Subject<'a>> {
    let mut in_ledger = in_ledger.peekable();
    let mut in_facts = facts.chunk_by(|a, b| a.account == b.account).peekable();
    let mut subjects = Vec::new();
    loop {
        let next_in_ledger = in_ledger.peek().map(|&(account, _)| account);
        let next_in_facts = in_facts.peek().and_then(|rows| Some(rows.first()?.account));
        let Some(account) = next_in_ledger.into_iter().chain(next_in_facts).min() else {
            return subjects;
        };
        subjects.push(Subject {
            account,
            facts: in_facts
                .next_if(|_| next_in_facts == Some(account))
                .unwrap_or_default(),
            entries: in_ledger
                .next_if(|_| next_in_ledger == Some(account))
                .map_or(&[], |(_, entries)| entries),
        });
    }
}

/// Facts by account: as they are if they stand so already, for a copy would weigh as much as they do.
fn sorted(facts: &[AccountFacts]) -> Cow<'_, [AccountFacts]> {
    if facts.is_sorted_by_key(|row| row.account) {
        return Cow::Borrowed(facts);
    }
    let mut facts = facts.to_vec();
    facts.sort_unstable_by_key(|row| row.account);
    Cow::Owned(facts)
}

/// Everything that replay needs and that is the same for all accounts.
struct Replay<'a> {
    ledger: &'a Ledger,
    as_of: AsOf,
    /// When whoever was there would last have been seen.
    seen_until: Timestamp,
    params: &'a ValidConsentParams,
    orders: Orders,
}

impl Replay<'_> {
    fn statuses(&self, subjects: Vec<Subject<'_>>) -> Vec<AccountStatus> {
        let statuses = subjects
            .into_par_iter()
            .map(|subject| self.status(&subject));
        statuses.collect()
    }

    fn status(&self, subject: &Subject<'_>) -> AccountStatus {
        let orders = self.orders.of(subject.facts);
        let mut record = self.record(subject);
        if let Some(last_seen) = subject.facts.iter().map(|row| row.last_seen_at).max() {
            record = record.with_last_seen(last_seen, self.seen_until);
        }
        AccountStatus {
            account: subject.account,
            record,
            underneath: record.state(self.as_of.valid),
            suspended: orders.is_some(),
            decisions: self.decisions(subject, &record, orders),
        }
    }

    /// Without facts nothing is known of the region, and without events nothing of consent.
    fn decisions(
        &self,
        subject: &Subject<'_>,
        record: &Record,
        orders: Option<Ordered>,
    ) -> ByPurpose {
        if subject.facts.is_empty() || *record == Record::NEW {
            return [Decision::Denied(DenialReason::NoRecord); Purpose::ALL.len()];
        }
        let terms = Terms {
            at: self.as_of.valid,
            params: self.params,
            region_known: subject
                .facts
                .iter()
                .any(|row| row.number_region.is_some() || row.residence.is_some()),
            orders,
        };
        Purpose::ALL.map(|purpose| decide(record, purpose, &terms))
    }

    fn record(&self, subject: &Subject<'_>) -> Record {
        let context = Context {
            policies: self.ledger.policies(),
            late_opt_out: self.params.late_opt_out(),
            registered_at: subject.facts.iter().map(|row| row.registered_at).min(),
        };
        let on_devices = self.said_on_devices(subject.facts);
        if on_devices.is_empty() {
            return self.replay(subject.entries, &context);
        }
        let mut entries = [subject.entries, &on_devices].concat();
        entries.sort_unstable_by_key(Entry::order);
        self.replay(&entries, &context)
    }

    /// What was said on the account's devices: only refusals carry over from a device to whoever uses it.
    fn said_on_devices(&self, facts: &[AccountFacts]) -> Vec<Entry> {
        let mut devices: Vec<_> = facts.iter().filter_map(|row| row.device).collect();
        devices.sort_unstable();
        devices.dedup();
        devices
            .into_iter()
            .flat_map(|device| self.ledger.device(device))
            .filter(|entry| carries_over(&entry.what))
            .copied()
            .collect()
    }

    /// A contradiction is the first and the last word: nothing that happened settles it.
    fn replay(&self, entries: &[Entry], context: &Context<'_>) -> Record {
        let counted = || entries.iter().filter(|entry| counts(entry, self.as_of));
        let record = counted().fold(Record::NEW, |record, entry| match &entry.what {
            What::Conflict => record.invalidate(),
            What::Happened(kind) => record.step(entry.valid_time, kind, context),
        });
        let is_contradicted = counted().any(|entry| entry.what == What::Conflict);
        if is_contradicted || self.ledger.is_broken() {
            record.invalidate()
        } else {
            record
        }
    }
}

const fn carries_over(what: &What) -> bool {
    matches!(
        what,
        What::Conflict | What::Happened(EventKind::Signal | EventKind::OptOut)
    )
}

/// Had it happened, and was it known?
fn counts(entry: &Entry, as_of: AsOf) -> bool {
    entry.valid_time <= as_of.valid && entry.known_time <= as_of.known
}

/// The last word of somebody without an account; a contradiction counts as an objection for good.
fn has_objected(entries: &[Entry], as_of: AsOf) -> bool {
    let mut counted = entries.iter().filter(|entry| counts(entry, as_of));
    let last_word = counted.clone().rev().find_map(|entry| match entry.what {
        What::Happened(EventKind::NonUserObjects) => Some(true),
        What::Happened(EventKind::NonUserJoins) => Some(false),
        _ => None,
    });
    counted.any(|entry| entry.what == What::Conflict) || last_word.unwrap_or(false)
}
