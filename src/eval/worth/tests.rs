use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::ads::{
    AdsParams, Audiences, ListMember, PolicyParams, SharedFacts, SharedParams, TrainingRow,
    UserProfile,
};
use crate::consent::testing::gate_of;
use crate::consent::{AdRelevance, FriendSuggestions, Gate, Permitted};
use crate::eval::friends::mix;
use crate::graph::{Dealing, Dealings};
use crate::ids::{AdId, AdvertiserId, AudienceId, UserId};
use crate::signals::{Ad, AdCategory, Impression, Surface, Targeting};
use crate::suggest::{Direct, Heuristic, RankerParams, SuggestParams};
use crate::time::Timestamp;

/// As the figures were always made: one friend in common is enough, and own uploads suggest.
fn open() -> SuggestParams {
    SuggestParams::default()
        .min_intermediaries(1)
        .direct(Direct::Own)
}

fn worth_of(known: FriendsKnown<'_>) -> Worth {
    friends_worth(known, &open().check().unwrap(), None).unwrap()
}

/// Circles of eight friends.
fn circles(n: u64) -> Vec<(u64, u64)> {
    let of_circle =
        |c: u64| (0..8).flat_map(move |a| (a + 1..8).map(move |b| (8 * c + a, 8 * c + b)));
    (0..n).flat_map(of_circle).collect()
}

#[test]
fn contacts_that_are_friends_are_worth_something() {
    let friendships = circles(40);
    let hidden = friendships
        .iter()
        .filter(|&&(a, b)| crate::eval::is_held_out(a, b, 10));
    let contacts: Vec<(u64, u64)> = hidden.flat_map(|&(a, b)| [(a, b), (b, a)]).collect();
    let known = FriendsKnown {
        friendships: &friendships,
        contacts: &contacts,
        dealings: &[],
    };
    let found = worth_of(known);
    let [first, mutual, own] = &found.sources[..] else {
        panic!("three sources: {found:?}")
    };
    assert!(mutual.figure.value >= first.figure.value);
    assert_eq!(mutual.figure.value, 1.0, "every hidden friend was saved");
    assert!(mutual.worse == 0);
    assert_eq!(own.gain.unwrap().value, 0.0, "all contacts are mutual");
}

#[test]
fn contacts_of_strangers_are_worth_nothing() {
    let friendships = circles(60);
    let known = FriendsKnown {
        friendships: &friendships,
        contacts: &[],
        dealings: &[],
    };
    let found = worth_of(known);
    for source in &found.sources[1..] {
        let gain = source.gain.unwrap();
        assert_eq!((gain.value, gain.low, gain.high), (0.0, 0.0, 0.0));
        assert_eq!((source.better, source.worse), (0, 0));
    }
}

#[test]
fn those_who_stay_are_the_same_at_every_share() {
    let friendships = circles(200);
    let known = FriendsKnown {
        friendships: &friendships,
        contacts: &[],
        dealings: &[],
    };
    let found = worth_of(known);
    assert_eq!(found.left.len(), 7);
    assert!(found.people_who_stay > 20, "{}", found.people_who_stay);
    let (none, most) = (found.left[0].figure.value, found.left[6].figure.value);
    assert!(none > most, "{none} {most}");
    let cost = found.left[6].change.unwrap();
    assert!(cost.gain.high < 0.0 && cost.worse > cost.better, "{cost:?}");
    assert!((cost.gain.value - (most - none)).abs() < 1e-12);
}

/// One figure of a share, worked out naively: who opts out when, the number of friends in common, equal ones by the smaller id.
fn naive(
    friendships: &[(u64, u64)],
    share: f64,
    counts: impl Fn(u64) -> bool,
) -> BTreeMap<u64, f64> {
    let turn = |person: u64| crate::hash::unit(mix(person ^ 0x0077_0FF5));
    let is_hidden = |&&(a, b): &&(u64, u64)| crate::eval::is_held_out(a, b, 10);
    let mut friends: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    let mut hidden = friends.clone();
    for &(a, b) in friendships {
        let of = if is_hidden(&&(a, b)) {
            &mut hidden
        } else {
            &mut friends
        };
        if turn(a).min(turn(b)) >= share || is_hidden(&&(a, b)) {
            of.entry(a).or_default().insert(b);
            of.entry(b).or_default().insert(a);
        }
    }
    let nobody = BTreeSet::new();
    let of = |person: &u64| friends.get(person).unwrap_or(&nobody);
    let precision = |person: &u64, wanted: &BTreeSet<u64>| {
        let common = |other: &u64| of(person).intersection(of(other)).count();
        let strangers = friends
            .keys()
            .filter(|&other| other != person && !of(person).contains(other));
        let mut list: Vec<u64> = strangers
            .filter(|other| common(other) > 0)
            .copied()
            .collect();
        list.sort_by_key(|other| (std::cmp::Reverse(common(other)), *other));
        let (mut hits, mut sum) = (0.0, 0.0);
        for (place, other) in (1..=10).zip(list) {
            if wanted.contains(&other) {
                hits += 1.0;
                sum += hits / f64::from(place);
            }
        }
        sum / wanted.len().min(10) as f64
    };
    let wanted = |all: &BTreeSet<u64>| {
        all.iter()
            .copied()
            .filter(|&friend| counts(friend))
            .collect::<BTreeSet<u64>>()
    };
    let asked = hidden.iter().filter(|(person, _)| turn(**person) >= 0.9);
    let asked = asked.map(|(person, all)| (person, wanted(all)));
    let asked = asked.filter(|(_, wanted)| !wanted.is_empty());
    asked
        .map(|(person, wanted)| (*person, precision(person, &wanted)))
        .collect()
}

#[test]
fn oracle_the_cost_of_opt_outs_is_a_naive_recount() {
    // Circles that overlap, so that whoever leaves was a friend in common and a rival.
    let overlap = |i: u64| {
        let c = 5 * (i % 100);
        let (a, b) = (c + mix(i) % 12, c + mix(i ^ 0xBEEF) % 12);
        (a.min(b), a.max(b))
    };
    let pairs: BTreeSet<(u64, u64)> = (0..6_000).map(overlap).filter(|(a, b)| a != b).collect();
    let friendships: Vec<(u64, u64)> = pairs.into_iter().collect();
    let known = FriendsKnown {
        friendships: &friendships,
        contacts: &[],
        dealings: &[],
    };
    let params = open().score(Heuristic::CommonNeighbours).check().unwrap();
    let found = friends_worth(known, &params, None).unwrap();
    let turn = |person: u64| crate::hash::unit(mix(person ^ 0x0077_0FF5));
    let mean = |of: &BTreeMap<u64, f64>| of.values().sum::<f64>() / of.len() as f64;
    let mut rose = false;
    for left in &found.left {
        let (none, now) = (
            naive(&friendships, 0.0, |_| true),
            naive(&friendships, left.opted_out, |_| true),
        );
        assert_eq!(now.len() as u64, found.people_who_stay);
        assert!((left.figure.value - mean(&now)).abs() < 1e-9, "{left:?}");
        let Some((change, there)) = left.change.zip(left.still_there) else {
            assert_eq!(left.opted_out, 0.0);
            continue;
        };
        let better = none
            .iter()
            .filter(|(person, before)| now[*person] > **before + 1e-4);
        let worse = none
            .iter()
            .filter(|(person, before)| now[*person] < **before - 1e-4);
        assert_eq!(
            (change.better, change.worse),
            (better.count() as u64, worse.count() as u64)
        );
        assert!((change.gain.value - (mean(&now) - mean(&none))).abs() < 1e-9);
        let is_there = |friend: u64| turn(friend) >= left.opted_out;
        let (none, now) = (
            naive(&friendships, 0.0, is_there),
            naive(&friendships, left.opted_out, is_there),
        );
        assert_eq!(there.people, now.len() as u64);
        assert!((there.before.value - mean(&none)).abs() < 1e-9, "{there:?}");
        assert!((there.figure.value - mean(&now)).abs() < 1e-9, "{there:?}");
        assert!(
            there.figure.value >= left.figure.value,
            "lost friends are not counted"
        );
        rose |= there.change.gain.value > 0.0;
    }
    assert!(
        rose,
        "at some share fewer rivals help more than lost friends in common cost"
    );
}

#[test]
fn what_the_configuration_switches_off_is_not_measured_and_told() {
    let friendships = circles(60);
    let contacts = [(0, 9), (9, 0), (1, 17)];
    let known = FriendsKnown {
        friendships: &friendships,
        contacts: &contacts,
        dealings: &[],
    };
    let mutual = open().direct(Direct::Mutual);
    let found = friends_worth(known, &mutual.check().unwrap(), None).unwrap();
    assert_eq!(found.sources.len(), 2);
    let [off] = &found.not_measured[..] else {
        panic!("own uploads: {found:?}")
    };
    assert_eq!(off.source, "own uploads");
    assert!(off.why.contains("\"mutual\""), "{}", off.why);
    assert_eq!(worth_of(known).sources.len(), 3);
    assert!(worth_of(known).not_measured.is_empty());
}

#[test]
fn the_score_and_the_friends_in_common_it_takes_are_as_configured() {
    let friendships = circles(60);
    let known = FriendsKnown {
        friendships: &friendships,
        contacts: &[],
        dealings: &[],
    };
    let first = |params: SuggestParams| {
        let found = friends_worth(known, &params.check().unwrap(), None).unwrap();
        (found.sources[0].figure.value, found.left[0].figure.value)
    };
    assert!(first(open()).0 > 0.5);
    let nobody = first(open().min_intermediaries(8));
    assert_eq!(
        nobody,
        (0.0, 0.0),
        "nobody has eight friends in common with anybody"
    );
}

#[test]
fn a_learned_order_is_measured_as_configured_or_said_not_to_be() {
    let named = |found: &Worth| {
        found
            .sources
            .iter()
            .map(|s| s.source.clone())
            .collect::<Vec<_>>()
    };
    let off = with_calls(true, Some(r#"{"signals": {"calls": false}}"#));
    assert_eq!(named(&off)[3..], ["= in a learned order"]);
    assert_eq!(off.not_measured[0].source, "calls and texts");
    assert_eq!(off.not_measured[0].why, "`[ranker.signals] calls` is false");
    let few = circles(1);
    let known = FriendsKnown {
        friendships: &few,
        contacts: &[],
        dealings: &[],
    };
    let failed = with_params(known, Some("{}"));
    assert_eq!(failed.sources.len(), 3);
    let [told] = &failed.not_measured[..] else {
        panic!("it cannot be learned: {failed:?}")
    };
    assert!(told.why.contains("too few to train on"), "{}", told.why);
    assert!(
        with_params(known, None).not_measured.is_empty(),
        "nobody asked"
    );
}

#[test]
fn deny_figures_of_nothing() {
    let of = |friendships: &[(u64, u64)]| {
        let known = FriendsKnown {
            friendships,
            contacts: &[],
            dealings: &[],
        };
        friends_worth(known, &open().check().unwrap(), None).unwrap_err()
    };
    assert!(matches!(of(&[]), WorthError::NoFriendships));
    let kept = circles(1)
        .into_iter()
        .find(|&(a, b)| !crate::eval::is_held_out(a, b, 10));
    assert!(matches!(
        of(&[kept.unwrap()]),
        WorthError::NoneHidden { known: 1 }
    ));
    let (all, ads) = (rows(false), ads());
    let of = |rows: &[Permitted<TrainingRow, AdRelevance>], ads: &[Ad]| {
        let known = AdsKnown {
            rows,
            ads,
            facts: &SharedFacts::default(),
        };
        let error = ads_worth(known, &AdsParams::default().check().unwrap()).unwrap_err();
        assert!(error.is_nothing_to_measure());
        error
    };
    assert!(matches!(of(&[], &ads), WorthError::NoImpressions));
    assert!(matches!(of(&all, &[]), WorthError::NoAds { known: 6_000 }));
    let kept = all.iter().find(|row| row.get().fold(5) != 0).unwrap();
    let none = of(std::slice::from_ref(kept), &ads);
    assert!(
        matches!(
            none,
            WorthError::NoRowHidden {
                known: 1,
                of_somebody: 1
            }
        ),
        "{none}"
    );
}

/// Circles whose members mostly know each other, calls of each pair of friends and of as many strangers if calls say something, else
/// of anybody.
fn with_calls(calls_say_something: bool, ranker: Option<&str>) -> Worth {
    let friendships: Vec<(u64, u64)> = circles(60)
        .into_iter()
        .filter(|&(a, b)| !mix(a << 32 | b).is_multiple_of(4))
        .collect();
    let gate: Gate<FriendSuggestions, UserId> = gate_of((0..480).map(UserId));
    let dealt = |i: u64| {
        let (a, b) = if calls_say_something && i.is_multiple_of(2) {
            friendships[usize::try_from(mix(i) % friendships.len() as u64).unwrap()]
        } else {
            (mix(i) % 480, mix(i ^ 0xCA11) % 480)
        };
        Dealings {
            a: UserId(a),
            b: UserId(b),
            what: Dealing::Calls(3),
            at: Timestamp::MIN,
        }
    };
    let dealt = (0..1_500).map(dealt).filter(|one| one.a != one.b);
    let dealings: Vec<_> = dealt.map(|one| gate.permit(one).unwrap()).collect();
    let known = FriendsKnown {
        friendships: &friendships,
        contacts: &[],
        dealings: &dealings,
    };
    with_params(known, ranker)
}

fn with_params(known: FriendsKnown<'_>, ranker: Option<&str>) -> Worth {
    let ranker = ranker.map(|text| {
        let params: RankerParams = serde_json::from_str(text).unwrap();
        params.check().unwrap()
    });
    friends_worth(known, &open().check().unwrap(), ranker.as_ref()).unwrap()
}

#[test]
fn calls_between_friends_are_worth_something_and_calls_at_random_nothing() {
    for (say_something, is_worth) in [(true, true), (false, false)] {
        let found = with_calls(say_something, None);
        let names: Vec<&str> = found.sources.iter().map(|s| s.source.as_str()).collect();
        assert_eq!(names[3..], ["= in a learned order", "+ calls and texts"]);
        let gain = found.sources[4].gain.unwrap();
        assert_eq!(gain.low > 0.0, is_worth, "{gain:?}");
        assert!(gain.high >= 0.0, "{gain:?}");
    }
}

fn ads() -> Vec<Ad> {
    let ad = |id: u64| Ad {
        ad_id: AdId(id),
        advertiser_id: AdvertiserId(id),
        category: AdCategory::parse(["food", "cars"][usize::from(id.is_multiple_of(2))]).unwrap(),
        special_category: None,
        bid: 1.0,
        starts_at: Timestamp::MIN,
        ends_at: Timestamp::MAX,
        targeting: Targeting::default(),
        audience_id: None,
        lookalike_of: None,
        quality: 0.0,
        own: crate::signals::OwnValues::default(),
    };
    (0..10).map(ad).collect()
}

/// Sixty showings each; half of the people click one category alone, if tastes differ.
fn rows(tastes_differ: bool) -> Vec<Permitted<TrainingRow, AdRelevance>> {
    rows_of(100, tastes_differ)
}

/// 6,000 showings to so many people.
fn rows_of(n_people: u64, tastes_differ: bool) -> Vec<Permitted<TrainingRow, AdRelevance>> {
    let gate: Gate<AdRelevance, UserId> = gate_of((0..n_people).map(UserId));
    let row = |i: u64| {
        let (user, ad) = (i % n_people, mix(i) % 10);
        let likes = !tastes_differ || (user % 4 < 2) == (ad % 2 == 0);
        let odds = if likes { 3 } else { 30 };
        let shown = Impression {
            user_id: Some(UserId(user)),
            ad_id: AdId(ad),
            surface: Surface::Feed,
            position: None,
            at: Timestamp::from_secs(i.cast_signed() * 600),
            impressions: 1,
            clicks: u32::from(mix(i ^ 0xC11C).is_multiple_of(odds)),
            attributes: std::sync::Arc::default(),
            own: crate::signals::OwnValues::default(),
        };
        gate.permit(TrainingRow::new(&shown, None)).unwrap()
    };
    (0..6_000).map(row).collect()
}

fn history(tastes_differ: bool) -> SourceWorth {
    let (rows, ads) = (rows(tastes_differ), ads());
    let known = AdsKnown {
        rows: &rows,
        ads: &ads,
        facts: &SharedFacts::default(),
    };
    let params = AdsParams::default().check().unwrap();
    let found = ads_worth(known, &params).unwrap();
    assert_eq!(found.people, 100);
    assert_eq!(found.sources.len(), 6);
    for nothing_known in [1, 2, 3, 5] {
        let gain = found.sources[nothing_known].gain.unwrap();
        assert_eq!(gain.value, 0.0, "{:?}", found.sources[nothing_known]);
    }
    let people: Vec<u64> = found
        .left
        .iter()
        .filter_map(|left| Some(left.change?.better + left.change?.worse))
        .collect();
    assert_eq!(people.len(), 6, "every share but 0 is beside 0");
    assert!(people.iter().all(|&moved| moved <= found.people_who_stay));
    found.sources[4].clone()
}

/// What a list of each of two advertisers adds, who advertises a category each: of those who like it, or of anybody.
fn lists(say_something: bool) -> SourceWorth {
    let mut ads = ads();
    for ad in &mut ads {
        ad.advertiser_id = AdvertiserId(ad.ad_id.0 % 2);
    }
    for list in [0, 1] {
        ads[list].audience_id = Some(AudienceId(list as u64));
    }
    let is_on = |user: u64, list: u64| {
        if say_something {
            (user % 4 < 2) == (list == 0)
        } else {
            mix(user ^ list << 40).is_multiple_of(2)
        }
    };
    let gate: Gate<AdRelevance, UserId> = gate_of((0..1_000).map(UserId));
    let on = (0..2_000).filter(|i| is_on(i / 2, i % 2));
    let member = |i: u64| ListMember {
        audience: AudienceId(i % 2),
        added_at: Timestamp::MIN,
        user: UserId(i / 2),
    };
    let members: Vec<_> = on.map(|i| gate.permit(member(i)).unwrap()).collect();
    let adult = |user: u64| {
        let mut account = crate::ads::testing::account(user);
        account.birth_year = Some(1980);
        gate.permit(UserProfile::new(&account, 2016)).unwrap()
    };
    let everybody: Vec<_> = (0..1_000).map(adult).collect();
    let policy = PolicyParams {
        synthetic: true,
        audience_min: 5,
        ..PolicyParams::default()
    };
    let known = [AudienceId(0), AudienceId(1)].into();
    let policy = policy.check().unwrap();
    let audiences = Audiences::judge(&known, &members, &everybody, &ads, &policy);
    let facts = SharedFacts::default().with_lists(&members, &audiences);
    let rows = rows_of(1_000, true);
    let known = AdsKnown {
        rows: &rows,
        ads: &ads,
        facts: &facts,
    };
    let params = AdsParams {
        signals: SharedParams {
            lists: true,
            ..SharedParams::default()
        },
        ..AdsParams::default()
    };
    let found = ads_worth(known, &params.check().unwrap()).unwrap();
    assert_eq!(found.sources[6].source, "+ customer lists");
    found.sources[6].clone()
}

#[test]
fn lists_of_those_who_like_something_are_worth_something() {
    let gain = lists(true).gain.unwrap();
    assert!(gain.low > 0.0, "{gain:?}");
}

#[test]
fn lists_of_anybody_are_worth_nothing() {
    let gain = lists(false).gain.unwrap();
    assert!(gain.low < 0.0 && 0.0 < gain.high, "{gain:?}");
    assert!(gain.value.abs() < 0.001, "{gain:?}");
}

#[test]
fn a_past_that_says_something_is_worth_something() {
    let gain = history(true).gain.unwrap();
    assert!(gain.low > 0.0, "{gain:?}");
}

#[test]
fn a_past_that_says_nothing_is_worth_nothing() {
    let gain = history(false).gain.unwrap();
    assert!(gain.low < 0.0 && 0.0 < gain.high, "{gain:?}");
    assert!(gain.value.abs() < 0.001, "{gain:?}");
}
