//! What rows and profiles are told, beside an oracle that looks at all rows again for each.

use proptest::prelude::*;

use super::*;
use crate::ads::features::UserField;
use crate::ads::shared::{AdKey, Hid, SharedParams, Tie, Usage};
use crate::ads::testing::{account, ad, impression, permit_all};
use crate::ads::{AdsParams, Audiences, ListMember, PolicyParams};
use crate::ids::{AdId, AdvertiserId, AudienceId};
use crate::signals::Hidden;

const HOUR: i64 = 3_600;

/// Seven advertisers, two categories.
fn ads() -> Vec<Ad> {
    let category = |id: u64| if id.is_multiple_of(2) { "food" } else { "cars" };
    (0..9).map(|id| ad(id, category(id), 1.0)).collect()
}

fn shown(user: u64, ad: u64, hours: i64, impressions: u32, clicks: u32) -> TrainingRow {
    let mut shown = impression(Some(user), ad, impressions, clicks);
    shown.at = Timestamp::from_secs(hours * HOUR);
    TrainingRow::new(&shown, None)
}

fn params(signals: SharedParams) -> ValidAdsParams {
    let params = AdsParams {
        signals,
        ..AdsParams::default()
    };
    params.check().unwrap()
}

fn friends_of(pairs: &[(u64, u64)]) -> SharedFacts {
    let tie = |&(a, b): &(u64, u64)| Tie {
        a: UserId(a),
        b: UserId(b),
        since: Timestamp::from_secs(0),
    };
    SharedFacts::new(&[], &permit_all(pairs.iter().map(tie)))
}

fn level(shared: &Shared, field: UserField) -> Option<String> {
    let found = shared.levels.iter().find(|level| level.field == field);
    found.map(|level| level.words())
}

fn told(rows: Vec<TrainingRow>, facts: &SharedFacts, row: &TrainingRow) -> Shared {
    let history = History::of(
        &permit_all(rows),
        &ads(),
        facts,
        &params(SharedParams::default()),
    );
    history.before(&[row]).pop().unwrap()
}

#[test]
fn a_row_sees_what_was_before_and_not_its_own_moment() {
    let rows = vec![
        shown(1, 0, 1, 3, 1),
        shown(1, 2, 30, 1, 0),
        shown(1, 0, 50, 1, 1),
    ];
    let nobody = SharedFacts::default();
    let of = |hours| told(rows.clone(), &nobody, &shown(1, 0, hours, 1, 0));
    let (first, second, third) = (of(1), of(30), of(51));
    assert_eq!(level(&first, UserField::Showings).unwrap(), "none");
    assert_eq!(level(&first, UserField::LastShown), None);
    assert_eq!(level(&second, UserField::Showings).unwrap(), "2 to 3");
    assert_eq!(level(&second, UserField::OwnAd).unwrap(), "2 to 3, clicked");
    assert_eq!(level(&third, UserField::OwnAd).unwrap(), "4 to 7, clicked");
    let last = level(&third, UserField::LastClicked).unwrap();
    assert_eq!(last, "less than 6 hours");
}

#[test]
fn a_click_says_more_for_its_category_than_for_another() {
    let mut rows: Vec<_> = (0..20).map(|i| shown(1, 0, i, 1, 1)).collect();
    rows.extend((0..20).map(|i| shown(1, 1, i, 1, 0)));
    let nobody = SharedFacts::default();
    let food = told(rows.clone(), &nobody, &shown(1, 8, 100, 1, 0));
    let cars = told(rows, &nobody, &shown(1, 3, 100, 1, 0));
    let ratio = |shared: &Shared| {
        let levels = shared.levels.iter();
        let mut of = levels.filter(|level| level.field == UserField::OwnCategory);
        of.next().unwrap().level
    };
    assert!(ratio(&food) > ratio(&cars));
    let own = |shared| level(shared, UserField::OwnRate);
    assert_eq!(own(&food), own(&cars), "one person has one rate");
}

#[test]
fn deny_friends_of_whom_there_are_too_few() {
    let pairs: Vec<(u64, u64)> = (2..=6).map(|friend| (1, friend)).collect();
    let rows = |n: u64| -> Vec<_> { (2..2 + n).map(|friend| shown(friend, 0, 1, 1, 1)).collect() };
    let facts = friends_of(&pairs);
    let asked = shown(1, 4, 60, 1, 0);
    let category = |n| level(&told(rows(n), &facts, &asked), UserField::FriendsCategory);
    assert_eq!(category(4), None, "four stand behind it");
    assert!(category(5).is_some());
    let strangers = friends_of(&pairs[1..]);
    let found = told(rows(5), &strangers, &asked);
    assert_eq!(level(&found, UserField::FriendsCategory), None);
}

/// Some people hide something, an hour each after the other.
fn hid(people: impl Iterator<Item = u64>, hidden: Hidden) -> Vec<Hid> {
    let hid = |user: u64| Hid {
        user: UserId(user),
        hidden,
        at: Timestamp::from_secs(user.cast_signed() * HOUR),
    };
    people.map(hid).collect()
}

#[test]
fn friends_who_hid_are_a_number_of_people_and_never_too_few() {
    let pairs: Vec<(u64, u64)> = (2..=9).map(|friend| (1, friend)).collect();
    let asked = |hours| shown(1, 4, hours, 1, 0);
    // Twice the same person is one.
    let found = |people: &[u64], hidden, hours, field| {
        let facts = friends_of(&pairs);
        let facts = facts.with_hid(&permit_all(hid(people.iter().copied(), hidden)));
        level(&told(Vec::new(), &facts, &asked(hours)), field)
    };
    let (category, advertiser) = (
        UserField::FriendsHidCategory,
        UserField::FriendsHidAdvertiser,
    );
    let food = Hidden::Ad(AdId(8));
    assert_eq!(
        found(&[2, 3, 4, 5, 5], food, 60, category),
        None,
        "four people"
    );
    let five = found(&[2, 3, 4, 5, 6], food, 60, category);
    assert_eq!(five.as_deref(), Some("4 to 7"));
    assert_eq!(found(&[2, 3, 4, 5, 6], food, 6, category), None, "not yet");
    assert_eq!(
        found(&[2, 3, 4, 5, 17], food, 60, category),
        None,
        "a stranger"
    );
    assert_eq!(found(&[2, 3, 4, 5, 6], food, 60, advertiser), None);
    let whole = Hidden::Advertiser(ads()[4].advertiser_id);
    assert!(found(&[2, 3, 4, 5, 6], whole, 60, advertiser).is_some());
    assert_eq!(found(&[2, 3, 4, 5, 6], whole, 60, category), None);
    let nobodys = Hidden::Ad(AdId(999));
    assert_eq!(found(&[2, 3, 4, 5, 6], nobodys, 60, category), None);
}

/// Five adults and somebody else on a list for an ad, and who may use it.
fn listed(ads: &[Ad]) -> SharedFacts {
    let member = |user: u64| ListMember {
        audience: AudienceId(1),
        added_at: Timestamp::from_secs(10 * HOUR),
        user: UserId(user),
    };
    let members = permit_all((1..=6).map(member));
    let adult = |user: u64| {
        let mut account = account(user);
        account.birth_year = (user < 6).then_some(1980);
        UserProfile::new(&account, 2016)
    };
    let everybody = permit_all((1..=9).map(adult));
    let policy = PolicyParams {
        synthetic: true,
        audience_min: 5,
        ..PolicyParams::default()
    };
    let known = [AudienceId(1)].into();
    let policy = policy.check().unwrap();
    let audiences = Audiences::judge(&known, &members, &everybody, ads, &policy);
    SharedFacts::default().with_lists(&members, &audiences)
}

#[test]
fn a_list_counts_for_its_advertiser_from_when_on_one_is_on_it() {
    let mut ads = ads();
    ads[0].audience_id = Some(AudienceId(1));
    let facts = listed(&ads);
    let signals = SharedParams {
        lists: true,
        ..SharedParams::none()
    };
    let of = |user, ad, hours, signals| {
        let params = params(signals);
        let history = History::of(&[], &ads, &facts, &params);
        let found = history.before(&[&shown(user, ad, hours, 1, 0)]).pop();
        level(&found.unwrap(), UserField::OnList)
    };
    assert_eq!(of(1, 0, 11, signals).as_deref(), Some("1"));
    assert_eq!(of(1, 7, 11, signals).as_deref(), Some("1"), "its other ad");
    assert_eq!(of(1, 1, 11, signals), None, "another advertiser's");
    assert_eq!(of(1, 0, 10, signals), None, "not yet");
    assert_eq!(of(6, 0, 11, signals), None, "not known to be an adult");
    assert_eq!(of(9, 0, 11, signals), None, "on no list");
    assert_eq!(
        of(1, 0, 11, SharedParams::default()),
        None,
        "off by default"
    );
}

#[test]
fn deny_a_list_its_advertiser_may_not_use() {
    let mut all = ads();
    all[0].audience_id = Some(AudienceId(2));
    assert!(!listed(&all).has_lists(), "nobody uses the list");
    all[0].audience_id = Some(AudienceId(1));
    assert!(listed(&all).has_lists());
}

#[test]
fn a_profile_is_told_what_friends_hid_as_a_row_is() {
    let pairs: Vec<(u64, u64)> = (2..=7).map(|friend| (1, friend)).collect();
    let hidden = hid(2..=7, Hidden::Ad(AdId(8)));
    let facts = friends_of(&pairs).with_hid(&permit_all(hidden.clone()));
    let all = ads();
    let params = params(SharedParams::default());
    let history = History::of(&[], &all, &facts, &params);
    let profile = UserProfile::new(&account(1), 2016);
    let told = history.tell(profile, Timestamp::from_secs(100 * HOUR));
    let is_hidden = |told: &&Told| told.level.field == UserField::FriendsHidCategory;
    let about: Vec<_> = told.about.iter().filter(is_hidden).collect();
    assert_eq!(about.len(), 1);
    assert!(about[0].key.is_of(&all[8]) && !about[0].key.is_of(&all[1]));
    let gone = facts.of_those(&|user| user != UserId(4) && user != UserId(5));
    let history = History::of(&[], &all, &gone, &params);
    let profile = UserProfile::new(&account(1), 2016);
    let told = history.tell(profile, Timestamp::from_secs(100 * HOUR));
    assert!(
        !told.about.iter().any(|told| is_hidden(&told)),
        "four are left"
    );
}

#[test]
fn friends_count_from_when_on_they_are_friends() {
    let tie = |friend: u64| Tie {
        a: UserId(1),
        b: UserId(friend),
        since: Timestamp::from_secs(10 * HOUR),
    };
    let facts = SharedFacts::new(&[], &permit_all((2..=6).map(tie)));
    let rows: Vec<_> = (2..=6).map(|friend| shown(friend, 0, 1, 1, 1)).collect();
    let at = |hours| {
        let found = told(rows.clone(), &facts, &shown(1, 4, hours, 1, 0));
        level(&found, UserField::FriendsCategory)
    };
    assert_eq!(at(10), None);
    assert!(at(11).is_some());
}

#[test]
fn what_is_switched_off_is_not_told() {
    let usage = Usage {
        user: UserId(1),
        device_type: Some("pixel".into()),
        os: None,
        os_version: None,
        app_version: None,
        sessions_30d: Some(3),
        groups: None,
    };
    let facts = SharedFacts::new(&permit_all([usage]), &[]);
    let rows = permit_all([shown(1, 0, 1, 1, 1)]);
    let asked = shown(1, 0, 5, 1, 0);
    let fields = |signals| -> Vec<UserField> {
        let history = History::of(&rows, &ads(), &facts, &params(signals));
        let told = history.before(&[&asked]).pop().unwrap();
        told.values().map(|value| value.field).collect()
    };
    assert!(fields(SharedParams::none()).is_empty());
    let device = SharedParams {
        device: true,
        ..SharedParams::none()
    };
    assert_eq!(fields(device), [UserField::DeviceType]);
    let person = SharedParams {
        person: true,
        ..SharedParams::none()
    };
    assert_eq!(fields(person), [UserField::Person]);
    let history = SharedParams {
        history: true,
        ..SharedParams::none()
    };
    assert_eq!(
        fields(history)[..2],
        [UserField::Showings, UserField::OwnRate]
    );
    assert!(fields(SharedParams::default()).len() > 8);
}

#[test]
fn a_profile_is_told_what_a_row_of_that_moment_is() {
    let rows: Vec<_> = (0..40_u64)
        .map(|i| shown(i % 7, i % 9, i.cast_signed(), 1, u32::from(i % 3 == 0)))
        .collect();
    let pairs: Vec<(u64, u64)> = (0..7).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
    let facts = friends_of(&pairs);
    let signals = SharedParams {
        friends_min: 2,
        ..SharedParams::default()
    };
    let (rows, ads) = (permit_all(rows), ads());
    let history = History::of(&rows, &ads, &facts, &params(signals));
    let now = Timestamp::from_secs(500 * HOUR);
    for user in 0..7 {
        let profile = history.tell(UserProfile::new(&account(user), 2016), now);
        assert!(profile.about.is_sorted());
        for ad in &ads {
            let mut row = shown(user, ad.ad_id.0, 500, 1, 0);
            row.attributes = profile.attributes.clone();
            let before = history.before(&[&row]).pop().unwrap();
            let of_row: Vec<_> = before.hashed().collect();
            let mut of_profile: Vec<_> = profile.shared.hashed().collect();
            let about = profile.about.iter().filter(|told| told.key.is_of(ad));
            of_profile.extend(about.map(|told| told.level.hashed()));
            assert_eq!(of_row, of_profile, "person {user}, {:?}", ad.ad_id);
        }
    }
}

/// How often a person was shown what passes a test before a moment, and clicked.
fn sums(
    rows: &[TrainingRow],
    user: u64,
    at: Timestamp,
    is_it: impl Fn(AdId) -> bool,
) -> (u64, u64) {
    let own = rows.iter().filter(|row| row.user == Some(UserId(user)));
    let past = own.filter(|row| row.at < at && is_it(row.ad_id));
    past.fold((0, 0), |(impressions, clicks), row| {
        let target = row.target;
        (
            impressions + u64::from(target.impressions),
            clicks + u64::from(target.clicks),
        )
    })
}

proptest! {
    /// Counts and moments, from all rows anew.
    #[test]
    fn levels_are_what_an_oracle_finds(
        log in prop::collection::vec((0_u64..4, 0_u64..9, 0_i64..200, 1_u32..4, 0_u32..2), 0..60),
        user in 0_u64..4,
        about in 0_u64..9,
        hours in 0_i64..220,
    ) {
        let rows: Vec<_> = log
            .iter()
            .map(|&(user, ad, at, n, clicks)| shown(user, ad, at, n, clicks.min(n)))
            .collect();
        let asked = shown(user, about, hours, 1, 0);
        let found = told(rows.clone(), &SharedFacts::default(), &asked);
        let all = sums(&rows, user, asked.at, |_| true);
        let expected = Level::count(UserField::Showings, all.0).words();
        prop_assert_eq!(level(&found, UserField::Showings), Some(expected));
        let of_ad = sums(&rows, user, asked.at, |ad| ad == asked.ad_id);
        let expected = Level::shown(UserField::OwnAd, of_ad.0, of_ad.1 > 0).words();
        prop_assert_eq!(level(&found, UserField::OwnAd), (of_ad.0 > 0).then_some(expected));
        let advertiser = |ad: AdId| ad.0 % 7 == about % 7;
        let of_advertiser = sums(&rows, user, asked.at, advertiser);
        let told = level(&found, UserField::OwnAdvertiser).is_some();
        prop_assert_eq!(told, of_advertiser.0 > 0);
    }

    /// Neither the order of rows and ads nor somebody who is nobody's friend decides anything.
    #[test]
    fn order_and_strangers_decide_nothing_about_a_person(
        log in prop::collection::vec((0_u64..4, 0_u64..9, 0_i64..200, 1_u32..4, 0_u32..2), 1..60),
        turn in 0_usize..60,
    ) {
        let mut rows: Vec<_> = log
            .iter()
            .map(|&(user, ad, at, n, clicks)| shown(user, ad, at, n, clicks.min(n)))
            .collect();
        let asked: Vec<TrainingRow> = rows.clone();
        let asked: Vec<&TrainingRow> = asked.iter().collect();
        let facts = friends_of(&[(0, 1), (1, 2), (0, 2), (2, 3)]);
        let params = params(SharedParams { friends_min: 2, ..SharedParams::default() });
        let before = History::of(&permit_all(rows.clone()), &ads(), &facts, &params).before(&asked);
        let by = turn % rows.len();
        rows.rotate_left(by);
        let mut turned = ads();
        turned.reverse();
        let after = History::of(&permit_all(rows), &turned, &facts, &params).before(&asked);
        prop_assert_eq!(before, after);
    }
}

#[test]
fn a_new_ad_has_the_rate_of_its_advertiser() {
    use super::events::Catalogue;
    let rows: Vec<_> = (0..100).map(|i| shown(i, 0, 1, 10, 5)).collect();
    let ads: Vec<Ad> = (0..16)
        .map(|id| {
            let mut ad = ad(id, "food", 1.0);
            ad.advertiser_id = AdvertiserId(id % 2);
            ad
        })
        .collect();
    let catalogue = Catalogue::of(&ads);
    let prior = Prior {
        rate: 0.001,
        impressions: 100.0,
    };
    let rates = Rates::of(rows.iter(), &catalogue, prior);
    let rate = |id: u64, day| {
        let place = catalogue.place(AdId(id)).unwrap();
        rates.rate(place, catalogue.advertised(place), day)
    };
    assert!(
        (rate(0, 0) - 0.001).abs() < 1e-12,
        "nothing of the same day"
    );
    assert!((rate(0, 1) - 0.5).abs() < 0.01);
    assert!((rate(2, 1) - 0.5).abs() < 0.01, "its advertiser's");
    assert!(rate(1, 1) < rate(2, 1) + 1e-9);
    let key = AdKey::Ad(AdId(3));
    assert!(key.is_of(&ads[3]) && !key.is_of(&ads[4]));
}
