//! Verdicts on every pair: who gets a row, what it says, and what is counted instead.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::consent::DenialReason;
use crate::consent::testing::gate_of;
use crate::hash::HashMap;
use crate::ids::{AccountId, BusinessId};
use crate::signals::{Business, BusinessOptIn, BusinessThread, MessageKind, RawPhone, StartedBy};
use crate::time::Timestamp;

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

fn reasons(verdict: &Verdict) -> Vec<ReachReason> {
    verdict.reasons().collect()
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
        reasons(&row.service),
        [
            ReachReason::Verified,
            ReachReason::SpamScoreLow,
            ReachReason::ConsentAllows,
            ReachReason::PersonWrote
        ]
    );
    assert_eq!(
        reasons(&row.marketing),
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
    assert_eq!(reasons(&row.service)[3], ReachReason::PersonNeverWrote);
}

#[test]
fn deny_a_business_that_wrote_first_until_it_is_answered() {
    let cold = only(answers(
        &[thread(1, 5, StartedBy::Business, 995, None)],
        &[],
    ));
    assert_eq!(reasons(&cold.service)[3], ReachReason::PersonNeverWrote);
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
    assert_eq!(reasons(&row.service)[3], ReachReason::WindowOver);
    let row = only(answers(
        &[thread(1, 5, StartedBy::Person, 900, Some(971))],
        &[],
    ));
    assert_eq!(reasons(&row.service)[3], ReachReason::PersonWrote);
}

#[test]
fn deny_marketing_after_withdrawal_whatever_row_says_it() {
    let row = only(answers(
        &[],
        &[opt_in(1, 5, 10, Some(20)), opt_in(1, 5, 15, None)],
    ));
    assert_eq!(reasons(&row.marketing)[3], ReachReason::OptInWithdrawn);
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
        assert!(reasons(&row.service).contains(&reason) && !row.service.allowed);
        assert!(reasons(&row.marketing).contains(&reason) && !row.marketing.allowed);
    }
}

#[test]
fn deny_one_purpose_and_still_answer_for_the_other() {
    let threads = [15, 25].map(|a| thread(4, a, StartedBy::Person, 999, None));
    let opt_ins = [15, 25].map(|a| opt_in(4, a, 10, None));
    let found = answers(&threads, &opt_ins);
    let denied = ReachReason::ConsentDenies(DenialReason::NoRecord);
    assert!(found.rows[0].service.allowed && reasons(&found.rows[0].marketing)[2] == denied);
    assert!(found.rows[1].marketing.allowed && reasons(&found.rows[1].service)[2] == denied);
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
