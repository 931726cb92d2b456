//! Both verdicts for every pair of a business and an account that know each other.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::params::ValidBusinessParams;
use super::rules::{self, Permission};
use crate::consent::{About, BusinessMarketing, BusinessService, DenialReason, For, Gate};
use crate::hash::HashMap;
use crate::ids::{AccountId, BusinessId};
use crate::signals::{Business, BusinessOptIn, BusinessThread, StartedBy};
use crate::time::Timestamp;

/// What is known about businesses and who wrote to whom.
#[derive(Clone, Copy, Debug)]
pub struct Signals<'a> {
    /// The businesses.
    pub businesses: &'a [Business],
    /// Who wrote first, and when.
    pub threads: &'a [BusinessThread],
    /// Who asked for marketing.
    pub opt_ins: &'a [BusinessOptIn],
    /// Spam scores of businesses that have an account, in [0, 1], from what may be used for service,
    pub service_spam: &'a HashMap<BusinessId, f64>,
    /// and from what may be used for marketing.
    pub marketing_spam: &'a HashMap<BusinessId, f64>,
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

/// What is known about one pair by the moment asked about; each time is the latest of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    business: BusinessId,
    account: AccountId,
    /// When anything of it was collected; none if all of it lies in the future.
    seen_at: Option<Timestamp>,
    wrote_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
    withdrawn_at: Option<Timestamp>,
}

/// An account as the gate is asked about it, with the time of the act that would justify a message.
struct Contacted {
    account: AccountId,
    at: Timestamp,
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

/// Both verdicts for every pair that has a thread or an opt-in by `as_of`.
///
/// What happened after `as_of` has not happened: later messages, opt-ins and withdrawals are not looked at.
///
/// # Complexity
/// O(n log n) time and O(n) space for n threads and opt-ins, in the caller's rayon pool.
#[must_use]
pub fn reach(
    signals: &Signals<'_>,
    service_gate: &Gate<BusinessService, AccountId>,
    marketing_gate: &Gate<BusinessMarketing, AccountId>,
    as_of: Timestamp,
    params: &ValidBusinessParams,
) -> Eligibility {
    let judge = Judge {
        businesses: by_id(signals.businesses),
        service_spam: signals.service_spam,
        marketing_spam: signals.marketing_spam,
        service_gate,
        marketing_gate,
        as_of,
        params,
    };
    let pairs = pairs(signals, as_of);
    let judged: Vec<Result<Reach, Dropped>> = pairs.par_iter().map(|pair| judge.of(pair)).collect();
    let mut found = Eligibility::default();
    for outcome in judged {
        found.add(outcome);
    }
    found
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

/// Everything a verdict depends on besides the pair.
struct Judge<'a> {
    businesses: HashMap<BusinessId, &'a Business>,
    service_spam: &'a HashMap<BusinessId, f64>,
    marketing_spam: &'a HashMap<BusinessId, f64>,
    service_gate: &'a Gate<BusinessService, AccountId>,
    marketing_gate: &'a Gate<BusinessMarketing, AccountId>,
    as_of: Timestamp,
    params: &'a ValidBusinessParams,
}

impl Judge<'_> {
    fn of(&self, pair: &Pair) -> Result<Reach, Dropped> {
        let seen_at = pair.seen_at.ok_or(Dropped::NotYet)?;
        // Consent comes first: nothing else is said about somebody who allows neither.
        let service = denial(
            self.service_gate,
            pair.account,
            pair.wrote_at.unwrap_or(seen_at),
        );
        let marketing = denial(
            self.marketing_gate,
            pair.account,
            pair.asked_at.unwrap_or(seen_at),
        );
        if let (Some(a), Some(b)) = (service, marketing) {
            return Err(Dropped::Denied(a.min(b)));
        }
        let business = self
            .businesses
            .get(&pair.business)
            .ok_or(Dropped::UnknownBusiness)?;
        let verified = rules::verification(business, self.as_of);
        let spam = |scores: &HashMap<BusinessId, f64>| {
            rules::spam(scores.get(&pair.business).copied(), self.params)
        };
        let wrote = rules::service(pair.wrote_at, self.as_of, self.params);
        let asked = rules::marketing(pair.asked_at, pair.withdrawn_at);
        Ok(Reach {
            business: pair.business,
            account: pair.account,
            service: Permission::of(vec![
                verified,
                spam(self.service_spam),
                rules::consent(service),
                wrote,
            ]),
            marketing: Permission::of(vec![
                verified,
                spam(self.marketing_spam),
                rules::consent(marketing),
                asked,
            ]),
        })
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
fn by_id(businesses: &[Business]) -> HashMap<BusinessId, &Business> {
    let mut by_id: HashMap<BusinessId, &Business> = HashMap::default();
    for business in businesses {
        let held = by_id.entry(business.business_id).or_insert(business);
        *held = (*held).min(business);
    }
    by_id
}

/// One value for each pair, ascending.
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
    pairs
}

impl Pair {
    fn merge(&mut self, other: &Self) {
        // None sorts before every instant, so the greater of two is the later of those there are.
        self.seen_at = self.seen_at.max(other.seen_at);
        self.wrote_at = self.wrote_at.max(other.wrote_at);
        self.asked_at = self.asked_at.max(other.asked_at);
        self.withdrawn_at = self.withdrawn_at.max(other.withdrawn_at);
    }
}

fn of_thread(row: &BusinessThread, as_of: Timestamp) -> Pair {
    let by = |at: &Timestamp| *at <= as_of;
    let started_at = Some(row.started_at).filter(by);
    let first = started_at.filter(|_| row.started_by == StartedBy::Person);
    let last = row.last_from_person_at.filter(by);
    Pair {
        business: row.business_id,
        account: row.account_id,
        seen_at: started_at.max(last),
        wrote_at: first.max(last),
        asked_at: None,
        withdrawn_at: None,
    }
}

fn of_opt_in(row: &BusinessOptIn, as_of: Timestamp) -> Pair {
    let by = |at: &Timestamp| *at <= as_of;
    let asked_at = Some(row.opted_in_at).filter(by);
    let withdrawn_at = row.opted_out_at.filter(by);
    Pair {
        business: row.business_id,
        account: row.account_id,
        seen_at: asked_at.max(withdrawn_at),
        wrote_at: None,
        asked_at,
        withdrawn_at,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BusinessParams, ReachReason};
    use super::*;
    use crate::consent::testing::gate_of;
    use crate::signals::RawPhone;
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
        }
    }

    fn opt_in(business: u64, account: u64, asked: i64, withdrawn: Option<i64>) -> BusinessOptIn {
        BusinessOptIn {
            business_id: BusinessId(business),
            account_id: AccountId(account),
            opted_in_at: day(asked),
            opted_out_at: withdrawn.map(day),
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
            service_spam: &spam_scores,
            marketing_spam: &spam_scores,
        };
        reach(
            &signals,
            &gate_of((0..20).map(AccountId)),
            &gate_of((0..10).chain(20..30).map(AccountId)),
            NOW,
            &BusinessParams::default().check().unwrap(),
        )
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
