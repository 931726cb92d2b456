//! Businesses, who wrote to whom first, who asked for marketing; and who reported whom.

use rand::Rng;

use super::accounts::{Account, Accounts, Holder};
use super::calendar::AS_OF;
use super::draw::{
    Stream, Topic, about, between, chance, heavy_tailed, pick, spread_id, stream, within_days,
};
use super::numbers::{Exchange, Number, PLANS};
use super::params::ValidSynthParams;
use super::profiles::region;
use crate::ids::{AccountId, BusinessId};
use crate::signals::{
    AbuseReport, Business, BusinessOptIn, BusinessThread, MessageKind, RawPhone, StartedBy,
};
use crate::time::Timestamp;

const CATEGORIES: [&str; 8] = [
    "airline",
    "bank",
    "clinic",
    "delivery",
    "grocery",
    "hotel",
    "restaurant",
    "telecom",
];

/// The plan and number of each business: countries in proportion to their people.
pub(super) fn business_numbers(
    params: &ValidSynthParams,
    exchange: &mut Exchange,
) -> Vec<(u8, Number)> {
    let n = params.n_businesses();
    let plan_at = |i| plan_at((i as f64 + 0.5) / n as f64);
    (0..n)
        .map(plan_at)
        .map(|plan| (plan, exchange.assign(plan)))
        .collect()
}

/// The plan that covers a place in [0, 1) when plans lie end to end by weight.
fn plan_at(place: f64) -> u8 {
    let ends = PLANS.iter().scan(0.0, |end, plan| {
        *end += plan.weight;
        Some(*end)
    });
    let before = ends.take_while(|&end| end <= place).count();
    u8::try_from(before.min(PLANS.len() - 1)).expect("a handful of plans")
}

/// The businesses, in the order of their numbers.
pub(super) fn businesses(seed: u64, numbers: &[(u8, Number)]) -> Vec<Business> {
    let mut rng = stream(seed, Topic::Businesses);
    let mut one = |(i, &(plan, number)): (usize, &(u8, Number))| Business {
        portfolio_id: None,
        tier: None,
        tier_since: None,
        business_id: BusinessId(spread_id(seed, 3, i)),
        phone: RawPhone::new(number.written(Some(plan), &mut rng)),
        region: region(plan),
        category: (*pick(&mut rng, &CATEGORIES)).to_owned(),
        verified_at: chance(&mut rng, 0.75)
            .then(|| between(&mut rng, AS_OF.plus_days(-500), AS_OF)),
    };
    numbers.iter().enumerate().map(&mut one).collect()
}

/// Conversations: half a thread for each person's account, two in three started by the person.
pub(super) fn threads(
    seed: u64,
    businesses: &[Business],
    accounts: &Accounts,
) -> Vec<BusinessThread> {
    let mut rng = stream(seed, Topic::Threads);
    let mut rows = Vec::new();
    for account in people(accounts) {
        for _ in 0..about(&mut rng, 0.5) {
            rows.push(thread(
                pick(&mut rng, businesses).business_id,
                account,
                &mut rng,
            ));
        }
    }
    rows.sort_unstable();
    rows.dedup_by_key(|row| (row.business_id, row.account_id));
    rows
}

fn thread(business_id: BusinessId, account: &Account, rng: &mut Stream) -> BusinessThread {
    let by_person = chance(rng, 0.66);
    let started_at = between(rng, account.registered_at.max(AS_OF.plus_days(-300)), AS_OF);
    let answered = by_person || chance(rng, 0.4);
    BusinessThread {
        business_id,
        account_id: account.id,
        started_by: if by_person {
            StartedBy::Person
        } else {
            StartedBy::Business
        },
        started_at,
        last_from_person_at: answered.then(|| between(rng, started_at, AS_OF)),
        entry_at: None,
        answered_at: None,
    }
}

/// Who asked which business for its marketing; one in six changed their mind.
pub(super) fn opt_ins(
    seed: u64,
    businesses: &[Business],
    accounts: &Accounts,
) -> Vec<BusinessOptIn> {
    let mut rng = stream(seed, Topic::OptIns);
    let mut rows = Vec::new();
    for account in people(accounts) {
        if chance(&mut rng, 0.3) {
            let business_id = pick(&mut rng, businesses).business_id;
            let from = account.registered_at.max(AS_OF.plus_days(-400));
            let opted_in_at = between(&mut rng, from, AS_OF);
            let changed = chance(&mut rng, 1.0 / 6.0);
            rows.push(BusinessOptIn {
                business_id,
                account_id: account.id,
                opted_in_at,
                opted_out_at: changed.then(|| between(&mut rng, opted_in_at, AS_OF)),
                kind: MessageKind::Marketing,
            });
        }
    }
    rows.sort_unstable();
    rows
}

/// Reports: several people report each spammer, and one account in 200 is reported by somebody without cause.
pub(super) fn reports(seed: u64, accounts: &Accounts) -> Vec<AbuseReport> {
    let mut rng = stream(seed, Topic::Reports);
    let reporters: Vec<AccountId> = people(accounts).map(|account| account.id).collect();
    let mut rows = Vec::new();
    for account in accounts.all.iter().filter(|_| !reporters.is_empty()) {
        let n = match account.holder {
            Holder::Spammer => heavy_tailed(&mut rng, 2.0, 1.2, 40),
            Holder::Person(_) | Holder::Business(_) => usize::from(chance(&mut rng, 0.005)),
        };
        for _ in 0..n {
            rows.extend(report(*pick(&mut rng, &reporters), account, &mut rng));
        }
    }
    rows.sort_unstable();
    rows
}

fn report(reporter: AccountId, account: &Account, rng: &mut Stream) -> Option<AbuseReport> {
    let since: Timestamp = account.registered_at.max(AS_OF.plus_days(-200));
    (reporter != account.id).then(|| AbuseReport {
        reporter,
        reported: account.id,
        reason: ["spam", "spam", "spam", "scam", "harassment"][rng.gen_range(0..5)].to_owned(),
        at: within_days(rng, since, 30).min(AS_OF),
    })
}

fn people(accounts: &Accounts) -> impl Iterator<Item = &Account> {
    let of_person = |account: &&Account| matches!(account.holder, Holder::Person(_));
    accounts.all.iter().filter(of_person)
}
