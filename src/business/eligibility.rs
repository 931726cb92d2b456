//! The verdicts on every kind of message for every pair of a business and an account that know each other.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::book::RuleBook;
use super::history::Counts;
use super::params::ValidBusinessParams;
use super::rules::Permission;
use super::verdict::{BusinessAt, Entry, Judge, Message, PairAt, PersonAt, Verdict, asked_place};
use crate::consent::{About, BusinessMarketing, BusinessService, DenialReason, For, Gate};
use crate::hash::HashMap;
use crate::ids::{AccountId, BusinessId, Region, TemplateId};
use crate::signals::{
    Business, BusinessEvent, BusinessEventKind, BusinessOptIn, BusinessThread, MessageKind,
    PersonsWord, StartedBy,
};
use crate::time::Timestamp;

/// What is known about businesses and who wrote to whom.
#[derive(Clone, Copy, Debug)]
pub struct Signals<'a> {
    /// The businesses.
    pub businesses: &'a [Business],
    /// Who wrote first, and when.
    pub threads: &'a [BusinessThread],
    /// Who asked for what.
    pub opt_ins: &'a [BusinessOptIn],
    /// What was sent, and what people said about it.
    pub events: &'a [BusinessEvent],
    /// Spam scores of businesses that have an account, in [0, 1], from what may be used for service,
    pub service_spam: &'a HashMap<BusinessId, f64>,
    /// and from what may be used for marketing.
    pub marketing_spam: &'a HashMap<BusinessId, f64>,
    /// The region of each account's number,
    pub regions: &'a HashMap<AccountId, Region>,
    /// and of each business's.
    pub business_regions: &'a HashMap<BusinessId, Region>,
}

/// May this business write to this account?
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reach {
    /// The business.
    pub business: BusinessId,
    /// The account.
    pub account: AccountId,
    /// To answer.
    pub service: Permission,
    /// About something the person ordered or asked for.
    pub utility: Permission,
    /// With a code to sign in with.
    pub authentication: Permission,
    /// To advertise.
    pub marketing: Permission,
}

/// All verdicts, and what has none: the three counts and `rows` add up to the pairs there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Eligibility {
    /// One row for each pair, ascending by business and account.
    pub rows: Vec<Reach>,
    /// Pairs without a row because the account allows neither purpose, by the strictest reason.
    pub denied: BTreeMap<DenialReason, u64>,
    /// Pairs without a row because no table knows the business.
    pub n_unknown_business: u64,
    /// Pairs without a row because everything about them is later than the moment asked about.
    pub n_not_yet: u64,
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

/// An account as the gate is asked about it, with the time of the act that would justify a message.
pub(super) struct Contacted {
    pub(super) account: AccountId,
    pub(super) at: Timestamp,
}

impl About for Contacted {
    type Id = AccountId;
    type Ids = [AccountId; 1];

    fn about(&self) -> [AccountId; 1] {
        [self.account]
    }

    fn collected_at(&self) -> Timestamp {
        self.at
    }
}

/// The gates of both purposes.
#[derive(Clone, Copy, Debug)]
pub struct BusinessGates<'a> {
    /// For answers, news of orders, and codes.
    pub service: &'a Gate<BusinessService, AccountId>,
    /// For advertising.
    pub marketing: &'a Gate<BusinessMarketing, AccountId>,
}

/// How verdicts are made, and for when.
#[derive(Clone, Copy, Debug)]
pub struct Ruling<'a> {
    /// The rules of the messenger.
    pub book: &'a RuleBook,
    /// What was never published, and what is ours.
    pub params: &'a ValidBusinessParams,
    /// The moment. What happened later has not happened.
    pub as_of: Timestamp,
}

/// The verdicts for every pair that has a thread or an opt-in by the moment asked about.
///
/// # Complexity
/// O(n log n) time and O(n) space for n threads, opt-ins and events, in the caller's rayon pool.
#[must_use]
pub fn reach(signals: &Signals<'_>, gates: BusinessGates<'_>, ruling: Ruling<'_>) -> Eligibility {
    let desk = Desk::new(signals, gates, ruling);
    let pairs = pairs(signals, ruling.as_of);
    let judged: Vec<Result<Reach, Dropped>> = pairs.par_iter().map(|pair| desk.of(pair)).collect();
    let mut found = Eligibility::default();
    for outcome in judged {
        found.add(outcome);
    }
    found
}

/// One message that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedMessage {
    /// Who wants to send it.
    pub business: BusinessId,
    /// To whom.
    pub account: AccountId,
    /// What for.
    pub kind: MessageKind,
    /// Made from which template, if from one.
    pub template: Option<TemplateId>,
}

/// The verdict on one message; none if there is nothing between the two, or the account allows neither purpose.
///
/// # Complexity
/// As [`reach`], but for the verdicts.
#[must_use]
pub fn verdict(
    signals: &Signals<'_>,
    gates: BusinessGates<'_>,
    ruling: Ruling<'_>,
    asked: AskedMessage,
) -> Option<Verdict> {
    let [verdict] = verdicts(signals, gates, ruling, [asked]);
    verdict
}

/// The verdicts on several messages, as of [`verdict`] on each; pairs are counted once.
#[must_use]
pub fn verdicts<const N: usize>(
    signals: &Signals<'_>,
    gates: BusinessGates<'_>,
    ruling: Ruling<'_>,
    asked: [AskedMessage; N],
) -> [Option<Verdict>; N] {
    let pairs = pairs(signals, ruling.as_of);
    let desk = Desk::new(signals, gates, ruling);
    asked.map(|asked| desk.asked(&pairs, asked))
}

/// When a template was paused, ascending.
fn paused(events: &[BusinessEvent], template: TemplateId) -> Vec<Timestamp> {
    let of_it = BusinessEventKind::TemplatePaused { template };
    let rows = events.iter().filter(|row| row.what == of_it);
    let mut paused: Vec<Timestamp> = rows.map(|row| row.at).collect();
    paused.sort_unstable();
    paused.dedup();
    paused
}

/// Why a pair has no row.
enum Dropped {
    Denied(DenialReason),
    UnknownBusiness,
    NotYet,
}

impl Eligibility {
    fn add(&mut self, outcome: Result<Reach, Dropped>) {
        match outcome {
            Ok(row) => self.rows.push(row),
            Err(Dropped::Denied(reason)) => *self.denied.entry(reason).or_default() += 1,
            Err(Dropped::UnknownBusiness) => self.n_unknown_business += 1,
            Err(Dropped::NotYet) => self.n_not_yet += 1,
        }
    }
}

/// Why the two purposes deny an account, if they do.
struct Consents {
    service: Option<DenialReason>,
    marketing: Option<DenialReason>,
}

/// Everything a verdict depends on besides the pair.
struct Desk<'a> {
    signals: &'a Signals<'a>,
    gates: BusinessGates<'a>,
    judge: Judge<'a>,
    businesses: HashMap<BusinessId, &'a Business>,
    service: Counts,
    marketing: Counts,
    as_of: Timestamp,
}

impl<'a> Desk<'a> {
    fn new(signals: &'a Signals<'a>, gates: BusinessGates<'a>, ruling: Ruling<'a>) -> Self {
        let rules = ruling.book.at(ruling.as_of);
        let businesses = by_id(signals.businesses);
        let params = ruling.params;
        Self {
            service: Counts::new(signals, &businesses, gates.service, &rules, params),
            marketing: Counts::new(signals, &businesses, gates.marketing, &rules, params),
            judge: Judge::new(rules, params),
            as_of: ruling.as_of,
            businesses,
            signals,
            gates,
        }
    }

    fn of(&self, pair: &Pair) -> Result<Reach, Dropped> {
        let consents = self.consents(pair)?;
        let business = self
            .businesses
            .get(&pair.business)
            .ok_or(Dropped::UnknownBusiness)?;
        let permission =
            |kind| Permission::of(&self.verdict(pair, business, &consents, kind, None));
        Ok(Reach {
            business: pair.business,
            account: pair.account,
            service: permission(MessageKind::Service),
            utility: permission(MessageKind::Utility),
            authentication: permission(MessageKind::Authentication),
            marketing: permission(MessageKind::Marketing),
        })
    }

    /// The verdict on one message.
    fn asked(&self, pairs: &[Pair], asked: AskedMessage) -> Option<Verdict> {
        let key = |pair: &Pair| (pair.business, pair.account);
        let at = pairs.binary_search_by_key(&(asked.business, asked.account), key);
        let pair = &pairs[at.ok()?];
        let consents = self.consents(pair).ok()?;
        let business = self.businesses.get(&pair.business)?;
        let paused = asked.template.map(|one| paused(self.signals.events, one));
        Some(self.verdict(pair, business, &consents, asked.kind, paused.as_deref()))
    }

    /// Consent comes first: nothing else is said about somebody who allows neither.
    fn consents(&self, pair: &Pair) -> Result<Consents, Dropped> {
        let seen_at = pair.seen_at.ok_or(Dropped::NotYet)?;
        let marketing = asked_place(MessageKind::Marketing);
        let (wrote_at, asked_at) = (pair.at.wrote_at, pair.at.asked_at[marketing]);
        let consents = Consents {
            service: denial(
                self.gates.service,
                pair.account,
                wrote_at.unwrap_or(seen_at),
            ),
            marketing: denial(
                self.gates.marketing,
                pair.account,
                asked_at.unwrap_or(seen_at),
            ),
        };
        match (consents.service, consents.marketing) {
            (Some(a), Some(b)) => Err(Dropped::Denied(a.min(b))),
            _ => Ok(consents),
        }
    }

    /// The verdict on a message, from what may be counted for its purpose.
    fn verdict(
        &self,
        pair: &Pair,
        business: &Business,
        consents: &Consents,
        kind: MessageKind,
        template: Option<&[Timestamp]>,
    ) -> Verdict {
        let (counts, spam, denial) = match kind {
            MessageKind::Marketing => (
                &self.marketing,
                self.signals.marketing_spam,
                consents.marketing,
            ),
            MessageKind::Service | MessageKind::Utility | MessageKind::Authentication => {
                (&self.service, self.signals.service_spam, consents.service)
            }
        };
        let standing = counts.standing(pair.business);
        let business = BusinessAt {
            is_verified: business.verified_at.is_some_and(|at| at <= self.as_of),
            region: self.signals.business_regions.get(&pair.business).copied(),
            started: standing.started,
            limit: standing.limit,
        };
        let person = PersonAt {
            region: self.signals.regions.get(&pair.account).copied(),
            marketing: counts.marketing(pair.account),
        };
        let between = PairAt {
            reply_until: counts.reply_until(pair.business, pair.account),
            is_started: counts.is_started(pair.business, pair.account),
            ..pair.at
        };
        let message = Message {
            kind,
            denial,
            spam: spam.get(&pair.business).copied(),
            template,
        };
        self.judge.verdict(message, &business, &person, &between)
    }
}

fn denial<P: For>(
    gate: &Gate<P, AccountId>,
    account: AccountId,
    at: Timestamp,
) -> Option<DenialReason> {
    gate.permit(Contacted { account, at }).err()
}

/// Of several rows for one business the first in their order counts, whatever order they came in.
pub(super) fn by_id(businesses: &[Business]) -> HashMap<BusinessId, &Business> {
    let mut by_id: HashMap<BusinessId, &Business> = HashMap::default();
    for business in businesses {
        let held = by_id.entry(business.business_id).or_insert(business);
        *held = (*held).min(business);
    }
    by_id
}

/// One value for each pair that has a thread or an opt-in, ascending.
fn pairs(signals: &Signals<'_>, as_of: Timestamp) -> Vec<Pair> {
    let threads = signals.threads.par_iter().map(|row| of_thread(row, as_of));
    let opt_ins = signals.opt_ins.par_iter().map(|row| of_opt_in(row, as_of));
    let mut pairs: Vec<Pair> = threads.chain(opt_ins).collect();
    pairs.par_sort_unstable();
    pairs.dedup_by(|next, held| {
        let same = (next.business, next.account) == (held.business, held.account);
        if same {
            held.merge(next);
        }
        same
    });
    let key = |pair: &Pair| (pair.business, pair.account);
    for row in signals.events.iter().filter(|row| row.at <= as_of) {
        if let BusinessEventKind::Said { account, word } = row.what
            && let Ok(at) = pairs.binary_search_by_key(&(row.business_id, account), key)
        {
            pairs[at].at.hear(word, row.at);
        }
    }
    pairs
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

#[cfg(test)]
mod tests {
    use super::super::{BusinessParams, ReachReason};
    use super::*;
    use crate::consent::testing::gate_of;
    use crate::signals::{MessageKind, RawPhone};
    use proptest::prelude::*;

    const DAY: i64 = 86_400;
    const NOW: Timestamp = Timestamp::from_secs(1_000 * DAY);

    fn day(days: i64) -> Timestamp {
        Timestamp::from_secs(days * DAY)
    }

    fn business(id: u64, verified: bool) -> Business {
        Business {
            business_id: BusinessId(id),
            phone: RawPhone::default(),
            region: None,
            category: "bank".to_owned(),
            verified_at: verified.then(|| day(0)),
            portfolio_id: None,
            tier: None,
            tier_since: None,
        }
    }

    fn thread(
        business: u64,
        account: u64,
        by: StartedBy,
        days: i64,
        last: Option<i64>,
    ) -> BusinessThread {
        BusinessThread {
            business_id: BusinessId(business),
            account_id: AccountId(account),
            started_by: by,
            started_at: day(days),
            last_from_person_at: last.map(day),
            entry_at: None,
            answered_at: None,
        }
    }

    fn opt_in(business: u64, account: u64, asked: i64, withdrawn: Option<i64>) -> BusinessOptIn {
        BusinessOptIn {
            business_id: BusinessId(business),
            account_id: AccountId(account),
            opted_in_at: day(asked),
            opted_out_at: withdrawn.map(day),
            kind: MessageKind::Marketing,
        }
    }

    /// Accounts below 10 allow both, those below 20 service only, those below 30 marketing only.
    fn answers(threads: &[BusinessThread], opt_ins: &[BusinessOptIn]) -> Eligibility {
        let spam_scores = HashMap::from_iter([(BusinessId(3), 0.9), (BusinessId(1), 0.1)]);
        let businesses = [
            business(1, true),
            business(2, false),
            business(3, true),
            business(4, true),
        ];
        let signals = Signals {
            businesses: &businesses,
            threads,
            opt_ins,
            events: &[],
            regions: &HashMap::default(),
            business_regions: &HashMap::default(),
            service_spam: &spam_scores,
            marketing_spam: &spam_scores,
        };
        let gates = BusinessGates {
            service: &gate_of((0..20).map(AccountId)),
            marketing: &gate_of((0..10).chain(20..30).map(AccountId)),
        };
        let ruling = Ruling {
            book: &RuleBook::shipped(),
            params: &BusinessParams::default().check().unwrap(),
            as_of: NOW,
        };
        reach(&signals, gates, ruling)
    }

    fn only(found: Eligibility) -> Reach {
        let [row] = <[Reach; 1]>::try_from(found.rows).unwrap();
        row
    }

    #[test]
    fn whoever_wrote_is_answered_and_not_advertised_to() {
        let row = only(answers(&[thread(1, 5, StartedBy::Person, 990, None)], &[]));
        assert!(row.service.allowed && !row.marketing.allowed);
        assert_eq!(
            row.service.reasons,
            [
                ReachReason::Verified,
                ReachReason::SpamScoreLow,
                ReachReason::ConsentAllows,
                ReachReason::PersonWrote
            ]
        );
        assert_eq!(
            row.marketing.reasons,
            [
                ReachReason::Verified,
                ReachReason::SpamScoreLow,
                ReachReason::ConsentAllows,
                ReachReason::NotOptedIn
            ]
        );
    }

    #[test]
    fn whoever_asked_is_advertised_to_and_not_written_to_otherwise() {
        let row = only(answers(&[], &[opt_in(1, 5, 10, None)]));
        assert!(row.marketing.allowed && !row.service.allowed);
        assert_eq!(row.service.reasons[3], ReachReason::PersonNeverWrote);
    }

    #[test]
    fn deny_a_business_that_wrote_first_until_it_is_answered() {
        let cold = only(answers(
            &[thread(1, 5, StartedBy::Business, 995, None)],
            &[],
        ));
        assert_eq!(cold.service.reasons[3], ReachReason::PersonNeverWrote);
        let answered = only(answers(
            &[thread(1, 5, StartedBy::Business, 900, Some(995))],
            &[],
        ));
        assert!(answered.service.allowed);
    }

    #[test]
    fn deny_after_the_window() {
        let row = only(answers(
            &[thread(1, 5, StartedBy::Person, 900, Some(970))],
            &[],
        ));
        assert_eq!(row.service.reasons[3], ReachReason::WindowOver);
        let row = only(answers(
            &[thread(1, 5, StartedBy::Person, 900, Some(971))],
            &[],
        ));
        assert_eq!(row.service.reasons[3], ReachReason::PersonWrote);
    }

    #[test]
    fn deny_marketing_after_withdrawal_whatever_row_says_it() {
        let row = only(answers(
            &[],
            &[opt_in(1, 5, 10, Some(20)), opt_in(1, 5, 15, None)],
        ));
        assert_eq!(row.marketing.reasons[3], ReachReason::OptInWithdrawn);
        let again = only(answers(
            &[],
            &[opt_in(1, 5, 10, Some(20)), opt_in(1, 5, 21, None)],
        ));
        assert!(again.marketing.allowed);
    }

    #[test]
    fn an_opt_in_is_for_one_business() {
        let found = answers(
            &[thread(4, 5, StartedBy::Person, 999, None)],
            &[opt_in(1, 5, 10, None)],
        );
        let allowed: Vec<bool> = found.rows.iter().map(|row| row.marketing.allowed).collect();
        assert_eq!(allowed, [true, false]);
    }

    #[test]
    fn deny_unverified_and_spamming_businesses() {
        let threads = [2, 3].map(|b| thread(b, 5, StartedBy::Person, 999, None));
        let opt_ins = [2, 3].map(|b| opt_in(b, 5, 10, None));
        let found = answers(&threads, &opt_ins);
        for (row, reason) in found
            .rows
            .iter()
            .zip([ReachReason::NotVerified, ReachReason::SpamScoreHigh])
        {
            assert!(row.service.reasons.contains(&reason) && !row.service.allowed);
            assert!(row.marketing.reasons.contains(&reason) && !row.marketing.allowed);
        }
    }

    #[test]
    fn deny_one_purpose_and_still_answer_for_the_other() {
        let threads = [15, 25].map(|a| thread(4, a, StartedBy::Person, 999, None));
        let opt_ins = [15, 25].map(|a| opt_in(4, a, 10, None));
        let found = answers(&threads, &opt_ins);
        let denied = ReachReason::ConsentDenies(DenialReason::NoRecord);
        assert!(found.rows[0].service.allowed && found.rows[0].marketing.reasons[2] == denied);
        assert!(found.rows[1].marketing.allowed && found.rows[1].service.reasons[2] == denied);
    }

    #[test]
    fn deny_both_and_there_is_no_row() {
        let found = answers(
            &[thread(1, 40, StartedBy::Person, 999, None)],
            &[opt_in(1, 40, 10, None), opt_in(2, 40, 10, None)],
        );
        assert!(found.rows.is_empty());
        assert_eq!(found.denied, BTreeMap::from([(DenialReason::NoRecord, 2)]));
    }

    #[test]
    fn what_has_not_happened_yet_does_not_count() {
        let found = answers(
            &[thread(1, 5, StartedBy::Person, 1_001, None)],
            &[opt_in(4, 5, 1_001, None)],
        );
        assert_eq!((found.rows.len(), found.n_not_yet), (0, 2));
        let row = only(answers(&[], &[opt_in(1, 5, 10, Some(1_001))]));
        assert!(row.marketing.allowed, "the withdrawal is still to come");
    }

    #[test]
    fn unknown_businesses_are_counted() {
        let found = answers(&[thread(9, 5, StartedBy::Person, 999, None)], &[]);
        assert_eq!((found.rows.len(), found.n_unknown_business), (0, 1));
    }

    fn any_thread() -> impl Strategy<Value = BusinessThread> {
        (
            1..6u64,
            0..40u64,
            any::<bool>(),
            900..1_010i64,
            proptest::option::of(900..1_010i64),
        )
            .prop_map(|(b, a, person, at, last)| {
                thread(
                    b,
                    a,
                    if person {
                        StartedBy::Person
                    } else {
                        StartedBy::Business
                    },
                    at,
                    last,
                )
            })
    }

    fn any_opt_in() -> impl Strategy<Value = BusinessOptIn> {
        (
            1..6u64,
            0..40u64,
            0..1_010i64,
            proptest::option::of(0..1_010i64),
        )
            .prop_map(|(b, a, asked, withdrawn)| opt_in(b, a, asked, withdrawn))
    }

    proptest! {
        #[test]
        fn prop_every_pair_is_answered_or_counted(
            mut threads in proptest::collection::vec(any_thread(), 0..60),
            mut opt_ins in proptest::collection::vec(any_opt_in(), 0..60),
        ) {
            let found = answers(&threads, &opt_ins);
            let mut pairs: Vec<_> = threads.iter().map(|t| (t.business_id, t.account_id)).collect();
            pairs.extend(opt_ins.iter().map(|o| (o.business_id, o.account_id)));
            pairs.sort_unstable();
            pairs.dedup();
            let dropped = found.denied.values().sum::<u64>() + found.n_unknown_business + found.n_not_yet;
            prop_assert_eq!(found.rows.len() as u64 + dropped, pairs.len() as u64);
            prop_assert!(found.rows.windows(2).all(|w| (w[0].business, w[0].account) < (w[1].business, w[1].account)));
            for row in &found.rows {
                prop_assert!(row.account < AccountId(30));
                prop_assert!(!row.marketing.allowed || opt_ins.iter().any(|o| (o.business_id, o.account_id) == (row.business, row.account)));
                prop_assert!(!row.service.allowed || threads.iter().any(|t| (t.business_id, t.account_id) == (row.business, row.account)));
            }
            threads.reverse();
            opt_ins.reverse();
            prop_assert_eq!(answers(&threads, &opt_ins), found);
        }

        #[test]
        fn prop_the_denied_leave_no_trace(
            threads in proptest::collection::vec(any_thread(), 0..60),
            opt_ins in proptest::collection::vec(any_opt_in(), 0..60),
        ) {
            let with = answers(&threads, &opt_ins);
            let stays = |account: AccountId| account < AccountId(30);
            let threads: Vec<_> = threads.into_iter().filter(|t| stays(t.account_id)).collect();
            let opt_ins: Vec<_> = opt_ins.into_iter().filter(|o| stays(o.account_id)).collect();
            prop_assert_eq!(answers(&threads, &opt_ins).rows, with.rows);
        }
    }
}
