//! Which businesses matter: cases by hand, and random worlds against a recomputation in floating point that walks every table
//! from end to end.

use proptest::prelude::*;

use super::tests::{World, at, later, world};
use super::*;
use crate::consent::testing::gate_of;
use crate::consent::{BusinessMarketing, BusinessService, For, Gate, Permitted, Purpose};
use crate::hash::HashMap;
use crate::ids::{AccountId, BusinessId};
use crate::signals::{BusinessEventKind, MessageKind, PersonsWord, StartedBy};
use crate::time::Timestamp;

const ONE: BusinessId = BusinessId(1);
const TWO: BusinessId = BusinessId(2);
const ME: AccountId = AccountId(7);
const DAY: i64 = 86_400;
const NOW: &str = "2026-11-30T12:00:00Z";

fn permitted<P: For>(gate: &Gate<P, AccountId>, saved: &[Saved]) -> Vec<Permitted<Saved, P>> {
    let saved = saved.iter().filter_map(|one| gate.permit(*one).ok());
    saved.collect()
}

/// The order for a purpose of accounts below 100, of whom some are out.
fn order_without<P: For>(world: &World, saved: &[Saved], now: Timestamp, out: &[u64]) -> Order {
    let inside = (0..100).filter(|id| !out.contains(id)).map(AccountId);
    let gate: Gate<P, AccountId> = gate_of(inside);
    let none = HashMap::default();
    order(&world.signals(&none), &permitted(&gate, saved), &gate, now)
}

fn mine<P: For>(world: &World, saved: &[Saved]) -> Vec<(u64, u32)> {
    let order = order_without::<P>(world, saved, at(NOW), &[]);
    let own = order.of_account(ME).iter();
    own.map(|row| (row.business.0, row.relevance.millionths()))
        .collect()
}

fn ago(days: i64) -> Timestamp {
    later(at(NOW), -days * DAY)
}

fn two_businesses() -> World {
    let mut world = World::new();
    world.add_business(2, None);
    world
}

fn saved(business: BusinessId, account: AccountId, days: i64) -> Saved {
    Saved {
        business,
        account,
        saved_at: ago(days),
    }
}

#[test]
fn each_part_counts_by_its_weight_and_age() {
    // Nobody else met it: 4/7 · 2/3, and half of that after 30 days. An opt-in is halved after 180; nobody wrote then: 1/3.
    for (days, relevance) in [(0, 380_952), (30, 190_476), (60, 126_984)] {
        let mut world = World::new();
        world.write(ONE, ME, ago(days));
        assert_eq!(mine::<BusinessService>(&world, &[]), [(1, relevance)]);
    }
    for (days, relevance) in [(0, 95_238), (180, 47_619)] {
        let mut world = World::new();
        world.ask_for(ONE, ME, MessageKind::Marketing, ago(days));
        assert_eq!(mine::<BusinessMarketing>(&world, &[]), [(1, relevance)]);
    }
    for days in [0, 3_650] {
        let saved = [saved(ONE, ME, days)];
        assert_eq!(
            mine::<BusinessService>(&World::new(), &saved),
            [(1, 47_619)]
        );
    }
}

#[test]
fn opt_ins_count_for_their_own_purpose() {
    let mut world = two_businesses();
    world.ask_for(ONE, ME, MessageKind::Marketing, ago(1));
    world.ask_for(TWO, ME, MessageKind::Utility, ago(1));
    let ids = |rows: Vec<(u64, u32)>| rows.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(ids(mine::<BusinessMarketing>(&world, &[])), [1]);
    assert_eq!(ids(mine::<BusinessService>(&world, &[])), [2]);
}

#[test]
fn a_business_that_few_answer_comes_later() {
    let mut world = two_businesses();
    for business in [ONE, TWO] {
        world.write(business, ME, ago(1));
    }
    for other in 10..20 {
        world.write(ONE, AccountId(other), ago(9));
        world.write(TWO, AccountId(other), ago(9));
        world.threads.last_mut().unwrap().started_by = StartedBy::Business;
    }
    let ids = |rows: Vec<(u64, u32)>| rows.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(ids(mine::<BusinessService>(&world, &[])), [1, 2]);
    // People who are out are in no share: without the ten both are alike, and the smaller id comes first.
    let out: Vec<u64> = (10..20).collect();
    let order = order_without::<BusinessService>(&world, &[], at(NOW), &out);
    let [one, two] = order.of_account(ME) else {
        panic!("{order:?}")
    };
    assert_eq!(one.relevance, two.relevance);
    assert_eq!((one.business, two.business), (ONE, TWO));
    assert_eq!((one.rank, two.rank, one.crowd.n_met), (1, 2, 1));
}

#[test]
fn deny_a_business_that_the_person_said_no_to() {
    let written = |word: Option<PersonsWord>, then: Option<PersonsWord>| {
        let mut world = World::new();
        world.write(ONE, ME, ago(5));
        world.ask_for(ONE, ME, MessageKind::Marketing, ago(5));
        for (word, days) in [(word, 2), (then, 1)] {
            if let Some(word) = word {
                world.say(ONE, ME, word, ago(days));
            }
        }
        let service = !mine::<BusinessService>(&world, &[]).is_empty();
        let marketing = !mine::<BusinessMarketing>(&world, &[]).is_empty();
        (service, marketing)
    };
    let cases = [
        (None, None, (true, true)),
        (Some(PersonsWord::Block), None, (false, false)),
        (
            Some(PersonsWord::Block),
            Some(PersonsWord::Unblock),
            (true, true),
        ),
        (Some(PersonsWord::Stop), None, (true, false)),
        (
            Some(PersonsWord::Stop),
            Some(PersonsWord::Resume),
            (true, true),
        ),
        (Some(PersonsWord::Report), None, (true, true)),
    ];
    for (word, then, expected) in cases {
        assert_eq!(written(word, then), expected, "{word:?} {then:?}");
    }
    let mut world = World::new();
    world.write(ONE, ME, ago(5));
    world.ask_for(ONE, ME, MessageKind::Marketing, ago(5));
    world.opt_ins[0].opted_out_at = Some(ago(1));
    assert_eq!(mine::<BusinessService>(&world, &[]).len(), 1);
    assert!(mine::<BusinessMarketing>(&world, &[]).is_empty());
    let none = HashMap::default();
    let refusals = refusals::<BusinessMarketing>(&world.signals(&none), at(NOW));
    assert!(refusals.contains(&(ME, ONE)));
}

#[test]
fn what_is_in_no_order_is_counted() {
    let mut world = World::new();
    world.write(BusinessId(9), ME, ago(1));
    world.write(ONE, AccountId(1), ago(-1));
    world.write(ONE, AccountId(2), ago(1));
    world.write(ONE, AccountId(3), ago(1));
    world.threads.last_mut().unwrap().started_by = StartedBy::Business;
    world.write(ONE, AccountId(4), ago(1));
    world.say(ONE, AccountId(4), PersonsWord::Block, ago(1));
    let order = order_without::<BusinessService>(&world, &[], at(NOW), &[2]);
    assert!(order.rows.is_empty());
    let counts = [
        order.denied.values().sum::<u64>(),
        order.n_unknown_business,
        order.n_not_yet,
        order.n_refused,
        order.n_idle,
    ];
    assert_eq!(counts, [1, 1, 1, 1, 1]);
}

/// The formula again, in floating point: relevance of a pair, none if it is in no order.
#[expect(
    clippy::too_many_lines,
    reason = "one formula, in the order in which it is told"
)]
fn naive(
    world: &World,
    all_saved: &[Saved],
    purpose: Purpose,
    pair: (BusinessId, AccountId),
    now: Timestamp,
) -> Option<f64> {
    let (business, account) = pair;
    let is_marketing = purpose == Purpose::BusinessMarketing;
    let days = |since: Timestamp| (now.micros() - since.micros()) as f64 / 86_400e6;
    let said = |of: AccountId, word: PersonsWord| {
        let what = BusinessEventKind::Said { account: of, word };
        let rows = world.events.iter();
        let rows = rows.filter(|row| row.business_id == business && row.what == what);
        rows.map(|row| row.at).filter(|at| *at <= now).max()
    };
    let wrote = |of: AccountId| {
        let rows = world.threads.iter();
        let rows = rows.filter(|row| (row.business_id, row.account_id) == (business, of));
        let times = rows.flat_map(|row| {
            let first = (row.started_by == StartedBy::Person).then_some(row.started_at);
            [first, row.last_from_person_at]
        });
        times.flatten().filter(|at| *at <= now).max()
    };
    let asked = |kind: MessageKind| {
        let rows = || {
            let rows = world.opt_ins.iter();
            rows.filter(|row| {
                (row.business_id, row.account_id, row.kind) == (business, account, kind)
            })
        };
        let yes = rows()
            .map(|row| row.opted_in_at)
            .filter(|at| *at <= now)
            .max();
        let no = rows()
            .filter_map(|row| row.opted_out_at)
            .filter(|at| *at <= now)
            .max();
        (yes, no)
    };
    let stands = |kind| {
        let (yes, no) = asked(kind);
        yes.filter(|yes| no.is_none_or(|no| no < *yes))
    };
    let is_saved = |of: AccountId| {
        let mut rows = all_saved.iter();
        rows.any(|one| (one.business, one.account) == (business, of) && one.saved_at <= now)
    };
    let met = |of: AccountId| {
        let thread = world.threads.iter().any(|row| {
            let times = [Some(row.started_at), row.last_from_person_at, row.entry_at];
            let mut times = times.into_iter().flatten();
            (row.business_id, row.account_id) == (business, of) && times.any(|at| at <= now)
        });
        let opt_in = world.opt_ins.iter().any(|row| {
            let times = [Some(row.opted_in_at), row.opted_out_at];
            let mut times = times.into_iter().flatten();
            (row.business_id, row.account_id) == (business, of) && times.any(|at| at <= now)
        });
        let words = [
            PersonsWord::Stop,
            PersonsWord::Resume,
            PersonsWord::Block,
            PersonsWord::Unblock,
            PersonsWord::Report,
        ];
        thread || opt_in || is_saved(of) || words.iter().any(|word| said(of, *word).is_some())
    };
    let no = |no: Option<Timestamp>, yes: Option<Timestamp>| match (no, yes) {
        (Some(no), Some(yes)) => no >= yes,
        (no, None) => no.is_some(),
        (None, Some(_)) => false,
    };
    let blocked = no(
        said(account, PersonsWord::Block),
        said(account, PersonsWord::Unblock),
    );
    let stopped = no(
        said(account, PersonsWord::Stop),
        said(account, PersonsWord::Resume),
    );
    let (yes, taken_back) = asked(MessageKind::Marketing);
    let withdrawn = no(taken_back, yes);
    if blocked || (is_marketing && (stopped || withdrawn)) {
        return None;
    }
    let opt_in = if is_marketing {
        stands(MessageKind::Marketing)
    } else {
        stands(MessageKind::Utility).max(stands(MessageKind::Authentication))
    };
    let mut personal = 0.0;
    if let Some(wrote) = wrote(account) {
        personal += 4.0 * 30.0 / (30.0 + days(wrote));
    }
    if let Some(asked) = opt_in {
        personal += 2.0 * 180.0 / (180.0 + days(asked));
    }
    if is_saved(account) {
        personal += 1.0;
    }
    if personal == 0.0 {
        return None;
    }
    let everybody = || (0..10).map(AccountId);
    let n_met = everybody().filter(|of| met(*of)).count() as f64;
    let n_wrote = everybody().filter(|of| wrote(*of).is_some()).count() as f64;
    let against = |of: &AccountId| {
        said(*of, PersonsWord::Block).is_some() || said(*of, PersonsWord::Report).is_some()
    };
    let n_against = everybody().filter(against).count() as f64;
    Some(personal / 7.0 * (1.0 + n_wrote) / (2.0 + n_met + n_against))
}

fn against_naive<P: For>(
    world: &World,
    saved: &[Saved],
    now: Timestamp,
) -> Result<(), TestCaseError> {
    let order = order_without::<P>(world, saved, now, &[]);
    for account in (0..4).map(AccountId) {
        let rows = order.of_account(account);
        let of = |business| naive(world, saved, P::PURPOSE, (business, account), now);
        let expected = (1..4).map(BusinessId).filter(|id| of(*id).is_some());
        let mut found: Vec<BusinessId> = rows.iter().map(|row| row.business).collect();
        found.sort_unstable();
        prop_assert_eq!(found, expected.collect::<Vec<_>>());
        for row in rows {
            let expected = of(row.business).unwrap_or_default();
            // Millionths are rounded down, once for each part and once at the end.
            prop_assert!(
                (row.relevance.share() - expected).abs() < 3e-6,
                "{row:?} {expected}"
            );
        }
        for (at, row) in rows.iter().enumerate() {
            prop_assert_eq!(row.rank as usize, at + 1);
        }
        for pair in rows.windows(2) {
            let key = |row: &Mattering| (std::cmp::Reverse(row.relevance), row.business);
            prop_assert!(key(&pair[0]) < key(&pair[1]));
        }
    }
    Ok(())
}

fn saved_numbers() -> impl Strategy<Value = Vec<(u64, u64, i64)>> {
    prop::collection::vec((1..4_u64, 0..4_u64, -40..2_i64), 0..8)
}

fn as_saved(rows: &[(u64, u64, i64)], now: Timestamp) -> Vec<Saved> {
    let rows = rows.iter().map(|&(business, account, days)| Saved {
        business: BusinessId(business),
        account: AccountId(account),
        saved_at: later(now, days * DAY),
    });
    rows.collect()
}

proptest! {
    #[test]
    fn prop_the_naive_formula_says_the_same(
        (mut world, now) in world(),
        saved in saved_numbers(),
        reports in saved_numbers(),
    ) {
        for (business, account, days) in reports {
            let when = later(now, days * DAY);
            world.say(BusinessId(business), AccountId(account), PersonsWord::Report, when);
        }
        let saved = as_saved(&saved, now);
        against_naive::<BusinessService>(&world, &saved, now)?;
        against_naive::<BusinessMarketing>(&world, &saved, now)?;
    }

    /// Their threads, opt-ins, saved numbers, blocks and reports are in nobody's order and in no share.
    #[test]
    fn prop_whoever_is_out_moves_no_business((with, now) in world(), saved in saved_numbers()) {
        let is_in = |account: AccountId| account.0 != 1;
        let (without, saved) = (with.only(is_in), as_saved(&saved, now));
        let mut kept = saved.clone();
        kept.retain(|one| is_in(one.account));
        let rows = |world: &World, saved: &[Saved]| {
            let service = order_without::<BusinessService>(world, saved, now, &[1]).rows;
            (service, order_without::<BusinessMarketing>(world, saved, now, &[1]).rows)
        };
        prop_assert_eq!(rows(&with, &saved), rows(&without, &kept));
    }
}
