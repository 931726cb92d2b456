use super::*;
use crate::ads::{
    AdsParams, Audiences, ListMember, PolicyParams, SharedFacts, TrainingRow, UserProfile,
};
use crate::consent::testing::gate_of;
use crate::consent::{AdRelevance, FriendSuggestions, Gate, Permitted};
use crate::eval::friends::mix;
use crate::graph::{Dealing, Dealings};
use crate::ids::{AdId, AdvertiserId, AudienceId, UserId};
use crate::signals::{Ad, AdCategory, Impression, Surface, Targeting};
use crate::time::Timestamp;

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
    let found = friends_worth(known);
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
    let found = friends_worth(known);
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
    let found = friends_worth(known);
    assert_eq!(found.left.len(), 7);
    assert!(found.people_who_stay > 20, "{}", found.people_who_stay);
    let (none, most) = (found.left[0].figure.value, found.left[6].figure.value);
    assert!(none > most, "{none} {most}");
}

/// Circles whose members mostly know each other, calls of each pair of friends and of as many strangers if calls say something, else
/// of anybody.
fn with_calls(calls_say_something: bool) -> Worth {
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
    friends_worth(FriendsKnown {
        friendships: &friendships,
        contacts: &[],
        dealings: &dealings,
    })
}

#[test]
fn calls_between_friends_are_worth_something_and_calls_at_random_nothing() {
    for (say_something, is_worth) in [(true, true), (false, false)] {
        let found = with_calls(say_something);
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
    let params = AdsParams::default().check().unwrap();
    let found = ads_worth(known, &params).unwrap();
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
