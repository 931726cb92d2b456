//! Several people claim the number of one account: who is behind it, and what the loser and whoever opted out change.

use std::collections::BTreeSet;

use acquaint::consent::{EventKind, Purpose};
use acquaint::engine::{self, Claims, RunParams, Silent, Times, VerifyRequest};
use acquaint::identity::{DeviceLevel, LinkModel, Probability, TimeLevel};
use acquaint::ids::{AccountId, UserId};

use crate::cases::{CONFIG, OUTPUTS, Told, Village, at, device, number, social};
use crate::support::{Run, u64s};

/// Who claims the number of account 4, which has had it since 1 March: when they gave it, if that is known, and where
/// they were seen.
type Claim = (u64, Option<&'static str>, &'static str);

fn contested(claims: &[Claim]) -> Village {
    let mut village = Village::new();
    village.account(4).registered_at = at("2016-03-01");
    village.account(4).number_since = at("2016-03-01");
    village
        .world
        .social_accounts
        .retain(|row| row.user_id != UserId(4));
    // Saved when account 4 had its number.
    for entry in &mut village.world.address_book {
        entry.saved_at = at("2016-07-01");
    }
    for &(user, given, on) in claims {
        let mut row = social(user, Some(number(4)));
        row.phone_since = given.map(at);
        row.device = device(on);
        village.world.social_accounts.push(row);
    }
    village
}

fn told(village: &Village) -> Told {
    let dir = tempfile::tempdir().unwrap();
    let run = Run::of_world(dir.path(), &village.world, CONFIG, village.world.as_of);
    Told { run, dir }
}

fn is_verified(told: &Told) -> bool {
    let request = VerifyRequest {
        out: &told.run.out,
        signals: &told.dir.path().join("signals"),
        ledger: None,
        audience_key: None,
        keep: None,
        max_reruns: 0,
    };
    let verdict = engine::verify(&request, &|_| Ok("page".to_owned()), &Silent).unwrap();
    verdict.is_clean()
}

/// Which of several is behind account 4, if anybody; for every purpose the same.
fn behind_four(told: &Told) -> Option<u64> {
    let links = told.links().into_iter();
    let users: BTreeSet<u64> = links
        .filter(|(account, _)| *account == 4)
        .map(|(_, user)| user)
        .collect();
    assert!(users.len() < 2, "{users:?}");
    users.first().copied()
}

const BEFORE: Option<&str> = Some("2016-02-01");
const DURING: Option<&str> = Some("2016-04-01");
const LATER: Option<&str> = Some("2016-06-01");

#[test]
fn deny_links_in_a_contest_nobody_wins() {
    let cases: [&[Claim]; 10] = [
        &[(4, DURING, ""), (20, LATER, "")],
        &[(4, LATER, ""), (20, DURING, "")],
        &[(4, DURING, ""), (20, DURING, "")],
        &[(4, DURING, ""), (20, BEFORE, "")],
        &[(4, BEFORE, ""), (20, DURING, "")],
        &[(4, BEFORE, ""), (20, BEFORE, "")],
        &[(4, None, ""), (20, None, "")],
        &[(4, DURING, ""), (20, BEFORE, ""), (21, LATER, "")],
        &[(4, DURING, "phone 4"), (20, LATER, "phone 4")],
        &[(4, DURING, "another"), (20, LATER, "a third")],
    ];
    for claims in cases {
        let found = told(&contested(claims));
        assert_eq!(behind_four(&found), None, "{claims:?}");
        for (user, ..) in claims {
            assert!(found.is_without(*user), "{user} of {claims:?}");
        }
        assert!(is_verified(&found), "{claims:?}");
    }
}

#[test]
fn the_loser_keeps_their_place_in_the_formula() {
    use DeviceLevel::{OtherDevice, SameDevice, Unknown};
    use TimeLevel::{GivenBefore, GivenDuring};
    let model = LinkModel::default();
    let odds = |time, device| {
        let rates = |rates: &acquaint::identity::Rates| rates.m / rates.u;
        let same = &model.device;
        let device = match device {
            DeviceLevel::SameDevice => same.m[&time] / same.u,
            DeviceLevel::OtherDevice => (1.0 - same.m[&time]) / (1.0 - same.u),
            DeviceLevel::Unknown => 1.0,
        };
        let region = rates(&model.region[&acquaint::identity::RegionLevel::SameRegion]);
        model.prior / (1.0 - model.prior) * rates(&model.time[&time]) * device * region
    };
    let cases: [(&[Claim], u64, f64, f64); 5] = [
        (
            &[(4, DURING, "phone 4"), (20, DURING, "")],
            4,
            odds(GivenDuring, SameDevice),
            odds(GivenDuring, Unknown),
        ),
        (
            &[(4, DURING, ""), (20, DURING, "phone 4")],
            20,
            odds(GivenDuring, SameDevice),
            odds(GivenDuring, Unknown),
        ),
        (
            &[(4, BEFORE, "phone 4"), (20, LATER, "another")],
            4,
            odds(GivenBefore, SameDevice),
            odds(GivenDuring, OtherDevice),
        ),
        (
            &[(4, LATER, "phone 4"), (20, BEFORE, "")],
            4,
            odds(GivenDuring, SameDevice),
            odds(GivenBefore, Unknown),
        ),
        (
            &[
                (4, DURING, "phone 4"),
                (20, BEFORE, ""),
                (21, BEFORE, "another"),
            ],
            4,
            odds(GivenDuring, SameDevice),
            odds(GivenBefore, Unknown) + odds(GivenBefore, OtherDevice),
        ),
    ];
    for (claims, winner, won, lost) in cases {
        let found = told(&contested(claims));
        assert_eq!(behind_four(&found), Some(winner), "{claims:?}");
        let expected = Probability::of(won / (1.0 + won + lost));
        let linked = probability(&found, winner);
        assert!(
            (linked - expected.to_f64()).abs() < 2e-6,
            "{claims:?}: {linked}"
        );
        assert!(is_verified(&found), "{claims:?}");
    }
}

/// How probable it is that somebody is behind account 4, as `identity link` says and the run published.
fn probability(told: &Told, user: u64) -> f64 {
    let params = RunParams::from_toml(CONFIG).unwrap().check().unwrap();
    let signals = told.dir.path().join("signals");
    let times = Times::at(told.run.manifest.as_of.valid);
    let purpose = Purpose::FriendSuggestions;
    let claims = Claims::read(&signals, None, &params, times, purpose, &Silent).unwrap();
    let linking = claims.link(&params, params.identity().threshold(purpose));
    let pairs = linking
        .links
        .iter()
        .map(|link| (link.account.0, link.user.0));
    assert_eq!(pairs.collect::<BTreeSet<_>>(), told.links());
    let mut links = linking.links.iter();
    let link = links.find(|link| (link.account, link.user) == (AccountId(4), UserId(user)));
    link.unwrap().probability.to_f64()
}

/// Person 20 had the number of account 4 before, under account 9, and what account 9 says keeps them out: the outputs are,
/// byte for byte, those of a village without them, and person 4 is behind account 4.
#[test]
fn a_claim_of_somebody_who_is_out_is_no_claim() {
    let granted = EventKind::Accept { share: true };
    let refusals = [
        EventKind::OptOut,
        EventKind::Accept { share: false },
        EventKind::Defer,
        EventKind::Delete,
        EventKind::Recycled,
        EventKind::Withdraw {
            purpose: Purpose::FriendSuggestions,
        },
    ];
    for refusal in refusals {
        let mut village = contested(&[(4, DURING, ""), (20, Some("2016-01-20"), "")]);
        let without = contested(&[(4, DURING, "")]);
        let mut former = village.account(4).clone();
        former.account_id = AccountId(9);
        former.registered_at = at("2016-01-01");
        former.number_since = at("2016-01-01");
        former.number_until = Some(at("2016-02-20"));
        village.world.messenger_accounts.push(former);
        village.notified(9);
        if !matches!(refusal, EventKind::Accept { .. } | EventKind::Defer) {
            village.says(9, "2016-09-01", granted);
        }
        village.says(9, "2016-09-02", refusal);
        let found = told(&village);
        let deleted = told(&without);
        assert_eq!(behind_four(&deleted), Some(4));
        for table in ["suggestions.parquet", "ad_scores.parquet"] {
            assert!(
                found.run.bytes(table) == deleted.run.bytes(table),
                "{table} {refusal:?}"
            );
        }
        assert_eq!(friends(&found.run), friends(&deleted.run), "{refusal:?}");
        assert!(is_verified(&found), "{refusal:?}");
    }
}

/// The links made for friend suggestions: account, person, and the row as text.
fn friends(run: &Run) -> Vec<(u64, u64, String)> {
    let table = run.table("links.parquet");
    let pairs = u64s(&table, "account_id").into_iter();
    let pairs = pairs.zip(u64s(&table, "user_id"));
    let rows = pairs.zip(run.lines("links.parquet"));
    let rows = rows.filter(|(_, line)| line.contains("friend_suggestions"));
    rows.map(|((account, user), line)| (account, user, line))
        .collect()
}

/// Of a loser nothing is used but that they claim the number.
#[test]
fn whoever_came_to_no_link_has_no_other_influence() {
    let claims: [Claim; 2] = [(4, DURING, "phone 4"), (20, LATER, "")];
    let plain = told(&contested(&claims));
    let mut village = contested(&claims);
    let changed = &mut village.world;
    changed
        .friendships
        .extend((1..=8).map(|other| acquaint::signals::Friendship {
            user_a: UserId(other),
            user_b: UserId(20),
            since: at("2016-02-01"),
        }));
    let loser = changed.social_accounts.last_mut().unwrap();
    loser.birth_year = Some(1980);
    loser.language = Some("de".to_owned());
    let found = told(&village);
    for table in OUTPUTS {
        assert!(found.run.bytes(table) == plain.run.bytes(table), "{table}");
    }
    assert!(found.is_without(20) && is_verified(&found));
}

/// Account 9 had the number before account 4, on the same phone, and opted out. Whoever may have been behind it is out, whoever
/// else claims the number.
#[test]
fn another_claim_takes_no_opt_out_away() {
    let village = |first: Claim, others: &[Claim]| {
        let mut village = contested(&[&[first], others].concat());
        let mut held = village.account(4).clone();
        held.account_id = AccountId(9);
        held.registered_at = at("2016-01-01");
        held.number_since = at("2016-01-01");
        held.number_until = Some(at("2016-02-20"));
        village.world.messenger_accounts.push(held);
        village.notified(9);
        village.says(9, "2016-09-01", EventKind::Accept { share: false });
        village
    };
    let first: Claim = (4, Some("2016-01-20"), "phone 4");
    let [before, after, at_once] = ["2016-01-10", "2016-01-25", "2016-01-20"].map(Some);
    let cases: [&[Claim]; 7] = [
        &[],
        &[(20, before, "")],
        &[(20, after, "")],
        &[(20, at_once, "")],
        &[(20, after, "phone 4")],
        &[(20, before, ""), (21, after, "phone 4")],
        &[(20, Some("2016-05-01"), "phone 4")],
    ];
    for others in cases {
        let found = told(&village(first, others));
        assert!(found.is_without(4), "{others:?}");
        let linked = friends(&found.run);
        assert!(linked.iter().all(|(_, user, _)| *user != 4), "{linked:?}");
        assert!(is_verified(&found), "{others:?}");
    }
}
