use proptest::prelude::*;

use super::super::tenure::Binding;
use super::super::{Evidence, Link};
use super::*;
use crate::ids::{AccountId, DeviceId, Region, UserId};
use crate::signals::{DeviceFacts, PhonePurpose};
use crate::time::Timestamp;

const N: u64 = 4_930_123_456;
const DEVICES: [&str; 4] = ["", "phone", "tablet", "watch"];

fn secs(at: i64) -> Timestamp {
    Timestamp::from_secs(at)
}

fn number(digits: u64) -> E164 {
    E164::from_digits(digits).unwrap()
}

/// Devices of one model; the watch runs something else. The empty one has no id.
fn facts(id: &str) -> DeviceFacts {
    let (model, os) = if id == "watch" {
        ("Wear", "tizen")
    } else {
        ("Pixel 5", "android")
    };
    DeviceFacts {
        device_id: DeviceId::of(id),
        device_type: Some(model.into()),
        os: Some(os.into()),
        os_version: Some("11".into()),
    }
}

/// Number, account, since, until, device.
type Account = (u64, u64, i64, i64, &'static str);
/// Number, user, when it was given, device.
type Social = (u64, u64, Given, &'static str);

fn at(time: i64) -> Given {
    Given::At(secs(time))
}

fn since(time: i64) -> Given {
    Given::Since(secs(time))
}

fn model() -> ValidLinkModel {
    LinkModel::default().check().unwrap()
}

fn sides(accounts: &[Account], social: &[Social]) -> (Vec<AccountClaim>, Vec<SocialClaim>) {
    let devices =
        ["", "phone", "tablet", "watch", "old", "new", "a", "b"].map(|id| (id, facts(id)));
    let codes = DeviceCodes::of(devices.iter().map(|(_, facts)| facts));
    let device = |id: &str| {
        let found = devices.iter().find(|(other, _)| *other == id);
        codes.code(&found.unwrap().1)
    };
    let held = accounts
        .iter()
        .map(|&(n, account, since, until, on)| AccountClaim {
            binding: Binding {
                number: number(n),
                account: AccountId(account),
                since: secs(since),
                until: secs(until),
            },
            device: device(on),
            region: Region::parse("DE"),
        });
    let claimed = social.iter().map(|&(n, user, given, on)| SocialClaim {
        key: LinkKey::new(number(n), PhonePurpose::Contact).unwrap(),
        user: UserId(user),
        given,
        device: device(on),
        region: Region::parse("DE"),
    });
    (held.collect(), claimed.collect())
}

fn linking(accounts: &[Account], social: &[Social], business: &[u64]) -> Linking {
    let (held, claimed) = sides(accounts, social);
    let business = business.iter().copied().map(number).collect();
    link(held, claimed, &business, &model(), Probability::of(0.99))
}

fn linking_ever(accounts: &[Account], social: &[Social]) -> Linking {
    let (held, claimed) = sides(accounts, social);
    let business = HashSet::default();
    link_ever(held, claimed, &business, &model(), Probability::of(0.99))
}

fn plain(links: &[Link]) -> Vec<(u64, u64, Timestamp, Timestamp)> {
    let plain = |l: &Link| (l.account.0, l.user.0, l.interval.from, l.interval.until);
    links.iter().map(plain).collect()
}

/// Checks who is linked to whom, from when until when.
#[track_caller]
fn check(accounts: &[Account], social: &[Social], expected: &[(u64, u64, i64, i64)]) -> LinkCounts {
    let found = linking(accounts, social, &[]);
    let expected: Vec<_> = expected
        .iter()
        .map(|&(account, user, from, until)| (account, user, secs(from), secs(until)))
        .collect();
    assert_eq!(plain(&found.links), expected);
    let (back_a, back_s): (Vec<_>, Vec<_>) = (
        accounts.iter().rev().copied().collect(),
        social.iter().rev().copied().collect(),
    );
    assert_eq!(linking(&back_a, &back_s, &[]), found, "in whatever order");
    found.counts
}

#[test]
fn a_link_lasts_while_both_hold_the_number() {
    check(
        &[(N, 1, 10, 90, "")],
        &[(N, 7, at(5), "")],
        &[(1, 7, 10, 90)],
    );
    for given in [at, since] {
        let account = [(N, 1, 10, 90, "")];
        check(&account, &[(N, 7, given(50), "")], &[(1, 7, 50, 90)]);
        let claims = [(N, 7, given(90), ""), (N + 1, 8, given(0), "")];
        let counts = check(&account, &claims, &[]);
        assert_eq!((counts.unclaimed, counts.total()), (1, 1));
    }
}

#[test]
fn an_account_older_than_the_number_needs_more_than_the_number() {
    let claim = |device| [(N, 7, since(5), device)];
    let account = [(N, 1, 10, 90, "phone")];
    for device in ["", "tablet"] {
        assert_eq!(check(&account, &claim(device), &[]).improbable, 1);
    }
    check(&account, &claim("phone"), &[(1, 7, 10, 90)]);
}

#[test]
fn several_accounts_of_one_person() {
    let accounts = [(N, 1, 0, 40, ""), (N, 1, 50, 90, ""), (N + 1, 2, 0, 90, "")];
    let social = [(N, 7, at(0), ""), (N + 1, 8, at(0), "")];
    let expected = [(1, 7, 0, 40), (1, 7, 50, 90), (2, 8, 0, 90)];
    check(&accounts, &social, &expected);
}

#[test]
fn deny_numbers_given_for_security() {
    assert_eq!(LinkKey::new(number(N), PhonePurpose::Security), None);
}

#[test]
fn deny_links_by_device_alone() {
    let counts = check(
        &[(N, 1, 0, 90, "phone"), (N + 1, 2, 0, 90, "phone")],
        &[(N + 2, 7, at(0), "phone")],
        &[],
    );
    assert_eq!(counts.unclaimed, 2);
}

#[test]
fn deny_links_where_several_claim_a_number() {
    for device in ["", "tablet", "phone"] {
        let both = [(N, 7, at(0), device), (N, 8, at(0), device)];
        assert_eq!(check(&[(N, 1, 0, 90, "phone")], &both, &[]).ambiguous, 1);
    }
}

#[test]
fn a_device_decides_between_several() {
    let social = [
        (N, 7, at(0), "tablet"),
        (N, 8, at(0), "phone"),
        (N, 9, at(0), ""),
    ];
    check(&[(N, 1, 0, 90, "phone")], &social, &[(1, 8, 0, 90)]);
}

#[test]
fn a_second_claim_undoes_the_first() {
    let account = [(N, 1, 0, 90, "phone")];
    let claims = |first, second| [(N, 7, at(0), first), (N, 8, at(40), second)];
    assert_eq!(check(&account, &claims("", ""), &[]).ambiguous, 1);
    check(&account, &claims("phone", ""), &[(1, 7, 0, 90)]);
    check(&account, &claims("", "phone"), &[(1, 8, 40, 90)]);
}

#[test]
fn an_opt_out_follows_whoever_was_probable_at_any_time() {
    let account = [(N, 1, 0, 90, "phone")];
    let claims = |first, second| [(N, 7, at(0), first), (N, 8, at(40), second)];
    let ever = |first, second| {
        let found = linking_ever(&account, &claims(first, second));
        assert_eq!(found.counts.linked, 1);
        plain(&found.links)
    };
    let link = |user, from, until| (1, user, secs(from), secs(until));
    assert_eq!(ever("phone", ""), [link(7, 0, 90)]);
    assert_eq!(ever("", "phone"), [link(7, 0, 40), link(8, 40, 90)]);
    // Nobody wins: it follows both.
    assert_eq!(
        ever("", ""),
        [link(7, 0, 40), link(7, 0, 90), link(8, 40, 90)]
    );
    let at_once = [(N, 7, at(0), ""), (N, 8, at(0), "")];
    let found = linking_ever(&account, &at_once);
    assert_eq!(plain(&found.links), [link(7, 0, 90), link(8, 0, 90)]);
    assert_eq!((found.counts.linked, found.counts.ambiguous), (0, 1));
}

/// Who claims a number together with somebody else, and is linked: the odds of all of them count.
#[test]
fn deny_whoever_lost_a_contest() {
    let (first, second) = ((7, 0), (8, 40));
    let account = |from| [(N, 1, from, 90, "phone")];
    let claim = |(user, time): (u64, i64), device| (N, user, at(time), device);
    // Given before the tenure against given during it; both before; both during; in either order; with a third.
    for from in [0, 20, 60] {
        for (a, b) in [(first, second), (second, first)] {
            let two = [claim(a, ""), claim(b, "")];
            assert_eq!(check(&account(from), &two, &[]).ambiguous, 1, "{from}");
            let three = [two[0], two[1], claim((9, 50), "")];
            assert_eq!(check(&account(from), &three, &[]).ambiguous, 1, "{from}");
        }
    }
    // Both on other devices than the account's; one of them on none.
    for (a, b) in [("tablet", "watch"), ("", "tablet"), ("watch", "")] {
        check(&account(20), &[claim(first, a), claim(second, b)], &[]);
    }
}

#[test]
fn deny_the_earlier_holder_s_claim_to_a_recycled_number() {
    let recycled = [(N, 1, 10, 40, "old"), (N, 2, 85, 200, "new")];
    let counts = check(&recycled, &[(N, 7, at(5), "")], &[(1, 7, 10, 40)]);
    assert_eq!((counts.linked, counts.stale), (1, 1));
    check(
        &recycled,
        &[(N, 7, at(5), ""), (N, 8, at(90), "")],
        &[(1, 7, 10, 40), (2, 8, 90, 200)],
    );
    check(&recycled, &[(N, 7, at(60), "")], &[(2, 7, 85, 200)]);
    // Unless it is on the new holder's device: they came back to their number.
    let back = [(1, 7, 10, 40), (2, 7, 85, 200)];
    check(&recycled, &[(N, 7, at(5), "new")], &back);
}

#[test]
fn deny_claims_of_unknown_date_on_a_number_that_changed_hands() {
    let recycled = [(N, 1, 10, 40, "old"), (N, 2, 85, 200, "new")];
    let counts = check(&recycled, &[(N, 7, since(5), "")], &[]);
    assert_eq!(counts.stale, 2, "it may speak of either");
    check(&recycled, &[(N, 7, since(5), "new")], &[(2, 7, 85, 200)]);
    check(&recycled, &[(N, 7, since(5), "old")], &[(1, 7, 10, 40)]);
    check(&recycled, &[(N, 7, since(41), "")], &[]);
    check(&recycled, &[(N, 7, since(85), "")], &[(2, 7, 85, 200)]);
}

#[test]
fn deny_numbers_held_by_several_at_once() {
    let counts = check(
        &[(N, 1, 0, 60, "a"), (N, 2, 40, 90, "b")],
        &[(N, 7, at(0), "a")],
        &[(1, 7, 0, 40)],
    );
    assert_eq!((counts.linked, counts.contested, counts.stale), (1, 1, 1));
}

#[test]
fn deny_numbers_of_businesses() {
    let found = linking(&[(N, 1, 0, 60, "a")], &[(N, 7, at(0), "a")], &[N]);
    assert_eq!(found.links, []);
    assert_eq!((found.counts.business_number, found.counts.total()), (1, 1));
}

#[test]
fn evidence_is_what_both_are_known_to_share() {
    let found = linking(&[(N, 1, 0, 60, "")], &[(N, 7, at(3), "")], &[]);
    let expected = Evidence {
        number: true,
        device_id: false,
        device_type: true,
        os: true,
        region: true,
        given_while_held: true,
    };
    assert_eq!(
        found.links[0].evidence, expected,
        "two unknown ids are no evidence"
    );
    let found = linking(&[(N, 1, 10, 60, "a")], &[(N, 7, at(3), "watch")], &[]);
    let expected = Evidence {
        number: true,
        region: true,
        ..Evidence::default()
    };
    assert_eq!(found.links[0].evidence, expected);
}

/// A run of instants in which one account alone held a number.
#[derive(Clone, Copy)]
struct Run {
    account: u64,
    from: i64,
    until: i64,
}

const END: i64 = 15;

/// Who held a number, instant by instant.
fn runs(accounts: &[Account], n: u64) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for now in 0..END {
        let mut holders: Vec<u64> = accounts
            .iter()
            .filter(|a| a.0 == n && a.2 <= now && now < a.3)
            .map(|a| a.1)
            .collect();
        holders.sort_unstable();
        holders.dedup();
        let account = match holders.as_slice() {
            [] => continue,
            [one] => *one,
            // Nobody's: an account that is none.
            _ => u64::MAX,
        };
        match runs.last_mut() {
            Some(last) if last.account == account && last.until == now => last.until = now + 1,
            _ => runs.push(Run {
                account,
                from: now,
                until: now + 1,
            }),
        }
    }
    runs
}

/// The odds of a claim on a run, from the definitions.
fn naive_odds(model: &LinkModel, runs: &[Run], run: Run, on: &str, social: &Social) -> f64 {
    use TimeLevel as T;
    let given = social.2.earliest().micros() / 1_000_000;
    if given >= run.until || run.account == u64::MAX {
        return 0.0;
    }
    let since = |other: &&Run| other.until > given;
    let others: Vec<&Run> = runs
        .iter()
        .filter(since)
        .filter(|other| other.account != run.account)
        .collect();
    let time = match social.2 {
        Given::At(_) if given >= run.from => T::GivenDuring,
        Given::At(_) if runs.iter().find(since).unwrap().account == run.account => T::GivenBefore,
        Given::At(_) => T::GivenToAnother,
        Given::Since(_) if others.is_empty() && given >= run.from => T::SinceDuring,
        Given::Since(_) if others.is_empty() => T::SinceBefore,
        Given::Since(_) if others.iter().all(|other| other.from < run.from) => T::LastOfSeveral,
        Given::Since(_) => T::EarlierOfSeveral,
    };
    let ratio = |rates: &Rates| rates.m / rates.u;
    let same = &model.device;
    let (known, equal) = (!on.is_empty() && !social.3.is_empty(), on == social.3);
    let device = match (known, equal) {
        (false, _) => 1.0,
        (true, true) => same.m[&time] / same.u,
        (true, false) => (1.0 - same.m[&time]) / (1.0 - same.u),
    };
    let kind = if known && equal {
        1.0
    } else if (on == "watch") == (social.3 == "watch") {
        ratio(&model.model[&ModelLevel::SameBuild])
    } else {
        ratio(&model.model[&ModelLevel::Different])
    };
    model.prior / (1.0 - model.prior)
        * ratio(&model.time[&time])
        * device
        * kind
        * ratio(&model.region[&RegionLevel::SameRegion])
}

/// The term-frequency adjustment of a model, counted.
fn naive_rarity(accounts: &[Account], social: &[Social], on: &str, of: &Social) -> f64 {
    let is_watch = |id: &str| id == "watch";
    let known_equal = !on.is_empty() && on == of.3;
    if known_equal || is_watch(on) != is_watch(of.3) {
        return 1.0;
    }
    let mut claims: Vec<(u64, u64, &str)> = social.iter().map(|s| (s.0, s.1, s.3)).collect();
    claims.dedup();
    let all: Vec<&str> = accounts
        .iter()
        .map(|a| a.4)
        .chain(claims.iter().map(|claim| claim.2))
        .collect();
    let watches = all.iter().filter(|id| is_watch(id)).count() as f64 / all.len() as f64;
    let share = if is_watch(on) { watches } else { 1.0 - watches };
    (watches * watches + (1.0 - watches) * (1.0 - watches)) / share
}

/// Who is behind an account at an instant by all claims that speak of its tenure; or, if `ever`, whoever may be.
fn naive_users(
    accounts: &[Account],
    social: &[Social],
    (n, account, now): (u64, u64, i64),
    ever: bool,
) -> Vec<u64> {
    let model = LinkModel::default();
    let runs = runs(accounts, n);
    let holds = |run: &&Run| run.account == account && (run.from..run.until).contains(&now);
    let Some(&run) = runs.iter().find(holds) else {
        return Vec::new();
    };
    let on = accounts.iter().find(|a| a.1 == account).map_or("", |a| a.4);
    let odds = |claim: &Social| {
        naive_odds(&model, &runs, run, on, claim) * naive_rarity(accounts, social, on, claim)
    };
    let made = |claim: &Social| claim.2.earliest() <= secs(now);
    let all: Vec<&Social> = social.iter().filter(|claim| claim.0 == n).collect();
    let probable = |claim: &Social, others: &[&Social]| {
        let sum: f64 = others.iter().map(|other| odds(other)).sum();
        odds(claim) / (1.0 + sum) >= 0.99
    };
    let is_won = all.iter().any(|claim| probable(claim, &all));
    let by_then: Vec<&Social> = all.iter().copied().filter(|claim| made(claim)).collect();
    let is_linked = |claim: &Social| {
        let suspect = !is_won && probable(claim, &[claim]);
        if ever {
            probable(claim, &by_then) || suspect
        } else {
            probable(claim, &all)
        }
    };
    let mut users: Vec<u64> = by_then
        .iter()
        .filter(|claim| is_linked(claim))
        .map(|claim| claim.1)
        .collect();
    users.sort_unstable();
    users
}

proptest! {
    #[test]
    fn prop_oracle_every_instant(
        accounts in proptest::collection::vec((0_u64..2, 0_u64..4, 0_i64..END, 0_i64..END), 1..6),
        social in proptest::collection::vec((0_u64..2, 0_i64..END, any::<bool>(), 0_usize..4), 0..5),
    ) {
        // An account has one device, whatever its numbers.
        let accounts: Vec<Account> = accounts
            .into_iter()
            .map(|(n, a, since, until)| (N + n, a, since, until, DEVICES[usize::try_from(a).unwrap()]))
            .collect();
        let social: Vec<Social> = (0..)
            .zip(social)
            .map(|(user, (n, time, exact, device))| {
                (N + n, user, if exact { at(time) } else { since(time) }, DEVICES[device])
            })
            .collect();
        for (found, ever) in [(linking(&accounts, &social, &[]), false), (linking_ever(&accounts, &social), true)] {
        for (n, account, now) in (0..2).flat_map(|n| (0..4).flat_map(move |a| (0..END).map(move |now| (N + n, a, now)))) {
            let naive = naive_users(&accounts, &social, (n, account, now), ever);
            let keys: Vec<_> = social.iter().filter(|s| s.0 == n).map(|s| s.1).collect();
            let mut linked: Vec<_> = found
                .links
                .iter()
                .filter(|l| l.account.0 == account && keys.contains(&l.user.0) && l.interval.contains(secs(now)))
                .map(|l| l.user.0)
                .collect();
            linked.sort_unstable();
            linked.dedup();
            prop_assert_eq!(linked, naive);
        }
        }
    }
}

/// Many numbers, holders and claims, with everything that can be between them.
fn crowd() -> (Vec<Account>, Vec<Social>) {
    let accounts = (0..4_000_u32).map(|i| {
        (
            N + u64::from(i % 3_000),
            u64::from(i),
            i64::from(i % 40),
            i64::from(i % 60),
            DEVICES[i as usize % 3],
        )
    });
    let social = (0..4_000_u32).map(|i| {
        let time = i64::from(i % 50);
        let given = if i % 3 == 0 { since(time) } else { at(time) };
        let n = N + u64::from(i * 11 % 3_500);
        (n, u64::from(i), given, DEVICES[i as usize % 2])
    });
    (accounts.collect(), social.collect())
}

fn in_pool<T: Send>(n_threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads)
        .build()
        .unwrap();
    pool.install(work)
}

#[test]
fn same_for_any_number_of_threads() {
    let (accounts, social) = crowd();
    let run = |n_threads| in_pool(n_threads, || linking(&accounts, &social, &[N, N + 1]));
    let one = run(1);
    assert!(one.links.len() > 100 && one.counts.ambiguous > 0);
    assert_eq!(one, run(3));
}

#[test]
fn same_fit_for_any_number_of_threads_and_order() {
    let (accounts, social) = crowd();
    let (held, claimed) = sides(&accounts, &social);
    let run = |n_threads, held: Vec<AccountClaim>, claimed: Vec<SocialClaim>| {
        in_pool(n_threads, || {
            fit(held, claimed, &HashSet::default(), LinkModel::default()).unwrap()
        })
    };
    let one = run(1, held.clone(), claimed.clone());
    assert!(one.pairs > 300 && one.steps > 1, "{one:?}");
    let back = |n| {
        run(
            n,
            held.iter().rev().copied().collect(),
            claimed.iter().rev().copied().collect(),
        )
    };
    assert_eq!(one, back(3));
    assert!(one.model.check().is_ok());
}

#[test]
fn fitting_nothing_changes_no_rate_of_time() {
    let start = LinkModel::default();
    let found = fit([], [], &HashSet::default(), start.clone()).unwrap();
    assert_eq!((found.model.time, found.pairs), (start.time, 0));
    assert!(found.converged);
}
