use super::*;
use crate::hash::HashMap;
use crate::ids::{AccountId, Owned, UserId};
use crate::signals::Impression;
use crate::synth::draw::{Topic, normal, stream_of};
use crate::synth::people::{Closeness, society};
use crate::synth::{Showing, SynthParams, World, world};

const SINGLE: [(&str, Effects); 7] = {
    const NONE: Effects = Effects::NONE;
    [
        (
            "device",
            Effects {
                device: 1.0,
                ..NONE
            },
        ),
        ("usage", Effects { usage: 1.0, ..NONE }),
        (
            "history",
            Effects {
                history: 1.0,
                ..NONE
            },
        ),
        (
            "friends",
            Effects {
                friends: 1.0,
                ..NONE
            },
        ),
        (
            "fatigue",
            Effects {
                fatigue: 1.0,
                ..NONE
            },
        ),
        ("time", Effects { time: 1.0, ..NONE }),
        (
            "recency",
            Effects {
                recency: 1.0,
                ..NONE
            },
        ),
    ]
};

fn params(effects: Effects) -> SynthParams {
    SynthParams::default()
        .users(1_000)
        .seed(7)
        .ads(Some(40))
        .effects(effects)
}

fn world_with(effects: Effects) -> World {
    world(&params(effects).check().unwrap())
}

fn single(name: &str) -> World {
    let (_, effects) = SINGLE.iter().find(|(known, _)| *known == name).unwrap();
    world_with(*effects)
}

fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

/// What the effects add to the log-odds of each row of a person, without the intercept.
fn added(world: &World) -> Vec<(&Impression, f64)> {
    let plain = world_with(Effects::NONE);
    let rows = world
        .impressions
        .iter()
        .zip(&world.truth.click_probabilities);
    let rows = rows.zip(&plain.truth.click_probabilities);
    let of_person = rows.filter(|((row, _), _)| row.user_id.is_some());
    let intercept = world.truth.clicks.intercept();
    of_person
        .map(|((row, p), base)| (row, logit(*p) - logit(*base) - intercept))
        .collect()
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} {expected}");
}

/// Categories of ads, by position among all categories.
fn category(world: &World, row: &Impression) -> usize {
    let ad = world.ads.iter().find(|ad| ad.ad_id == row.ad_id).unwrap();
    INTERESTS
        .iter()
        .position(|name| ad.category == *name)
        .unwrap()
}

/// The rows of messenger accounts of people who have a single one.
fn only_accounts(world: &World) -> HashMap<UserId, &MessengerAccount> {
    let rows: HashMap<AccountId, &MessengerAccount> = world
        .messenger_accounts
        .iter()
        .map(|row| (row.account_id, row))
        .collect();
    let mut of: HashMap<UserId, Vec<&MessengerAccount>> = HashMap::default();
    for Owned { user, account } in &world.truth.owners {
        of.entry(*user).or_default().push(rows[account]);
    }
    let alone = |(user, rows): (UserId, Vec<_>)| (rows.len() == 1).then(|| (user, rows[0]));
    of.into_iter().filter_map(alone).collect()
}

/// Everything but clicks.
fn without_clicks(rows: &[Impression]) -> Vec<Impression> {
    let mut rows = rows.to_vec();
    for row in &mut rows {
        row.clicks = 0;
    }
    rows
}

#[test]
fn effects_change_nothing_but_clicks() {
    let plain = world_with(Effects::NONE);
    for (name, effects) in SINGLE.into_iter().chain([("all", Effects::ALL)]) {
        let mut world = world_with(effects);
        assert_ne!(world.impressions, plain.impressions, "{name}");
        assert_eq!(
            without_clicks(&world.impressions),
            without_clicks(&plain.impressions)
        );
        let totals = plain
            .impressions
            .iter()
            .take_while(|row| row.user_id.is_none());
        let n_totals = totals.count();
        assert!(n_totals > 50);
        assert_eq!(world.impressions[..n_totals], plain.impressions[..n_totals]);
        world.impressions.clone_from(&plain.impressions);
        world
            .truth
            .click_probabilities
            .clone_from(&plain.truth.click_probabilities);
        world.truth.clicks.clone_from(&plain.truth.clicks);
        assert!(world == plain, "{name}");
    }
}

#[test]
fn the_share_of_clicks_stays_where_it_was() {
    let expected = |world: &World| -> f64 {
        let rows = world
            .impressions
            .iter()
            .zip(&world.truth.click_probabilities);
        rows.map(|(row, p)| f64::from(row.impressions) * p).sum()
    };
    let plain = expected(&world_with(Effects::NONE));
    for (name, effects) in SINGLE.into_iter().chain([("all", Effects::ALL)]) {
        let world = world_with(effects);
        assert!((expected(&world) / plain - 1.0).abs() < 1e-9, "{name}");
        let clicks: u32 = world.impressions.iter().map(|row| row.clicks).sum();
        assert!(
            (f64::from(clicks) / plain - 1.0).abs() < 0.05,
            "{name}: {clicks} {plain}"
        );
    }
}

#[test]
fn the_truth_explains_clicks_better_with_its_effects() {
    let plain = world_with(Effects::NONE);
    for (name, effects) in SINGLE.into_iter().chain([("all", Effects::ALL)]) {
        let world = world_with(effects);
        let loss = |truth: &World| -> f64 {
            let rows = world
                .impressions
                .iter()
                .zip(&truth.truth.click_probabilities);
            let row = |(row, p): (&Impression, &f64)| {
                let clicks = f64::from(row.clicks);
                -(clicks * p.ln() + (f64::from(row.impressions) - clicks) * (1.0 - p).ln())
            };
            rows.filter(|(row, _)| row.user_id.is_some()).map(row).sum()
        };
        let (with, without) = (loss(&world), loss(&plain));
        // Twice the gain is the likelihood ratio: 20 is beyond all luck.
        assert!(with < without - 10.0, "{name}: {with} {without}");
    }
}

#[test]
fn effects_add_up() {
    let all = world_with(Effects::ALL);
    let mut sum = vec![0.0; added(&all).len()];
    let strengths = [0.3, 0.3, 0.6, 0.5, 0.2, 0.3, 0.3];
    for ((_, effects), strength) in SINGLE.into_iter().zip(strengths) {
        let world = world_with(effects);
        for (sum, (_, term)) in sum.iter_mut().zip(added(&world)) {
            *sum += strength * term;
        }
    }
    for (sum, (_, found)) in sum.into_iter().zip(added(&all)) {
        close(found, sum);
    }
}

#[test]
fn oracle_usage_and_recency_are_what_the_account_says() {
    let (usage, recency) = (single("usage"), single("recency"));
    let mut n = 0;
    let accounts = only_accounts(&usage);
    for ((row, found), (_, seen)) in added(&usage).into_iter().zip(added(&recency)) {
        let Some(account) = accounts.get(&row.user_id.unwrap()) else {
            continue;
        };
        let micros = usage.as_of.micros() - account.last_seen_at.micros();
        let days = micros as f64 / 86_400e6;
        close(seen, 2.0 * 0.5f64.powf(days) - 1.0);
        if let (Some(sessions), Some(groups)) = (account.sessions_30d, account.groups) {
            let version = account.app_version.as_ref().unwrap();
            let build: f64 = version.strip_prefix("2.16.").unwrap().parse().unwrap();
            let (sessions, groups) = (f64::from(sessions), f64::from(groups));
            let of = 0.7 * ((sessions - 60.0) / 17.3)
                + 0.5 * ((groups - 6.0) / 1.75)
                + 0.5 * ((build - 269.5) / 40.4);
            close(found, of);
            n += 1;
        }
    }
    assert!(n > 3_000, "{n}");
}

#[test]
fn device_depends_on_type_and_system_by_category_alone() {
    let world = single("device");
    let accounts = only_accounts(&world);
    let mut terms: HashMap<(String, usize), f64> = HashMap::default();
    for (row, found) in added(&world) {
        if let Some(account) = accounts.get(&row.user_id.unwrap()) {
            let phone = account.device.device_type.clone().unwrap();
            close(
                *terms.entry((phone, category(&world, row))).or_insert(found),
                found,
            );
        }
    }
    // Two types of one system differ by the same in every category; systems do not.
    let differences = |a: &str, b: &str| -> Vec<f64> {
        let of = |phone: &str, c| terms.get(&(phone.to_owned(), c)).copied();
        (0..N_CATEGORIES)
            .filter_map(|c| Some(of(a, c)? - of(b, c)?))
            .collect()
    };
    let within = differences("android-a5", "android-g4");
    assert!(within.len() > 5);
    for &difference in &within {
        close(difference, within[0]);
    }
    assert!(within[0].abs() > 1e-3);
    let between = differences("android-a5", "iphone-6");
    assert!(between.iter().any(|d| (d - between[0]).abs() > 0.1));
}

/// A term for each person and category, where there is one.
fn by_person_and_category(world: &World) -> HashMap<(UserId, usize), f64> {
    let mut terms = HashMap::default();
    for (row, found) in added(world) {
        let key = (row.user_id.unwrap(), category(world, row));
        close(*terms.entry(key).or_insert(found), found);
    }
    terms
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean, variance)
}

#[test]
fn history_is_a_persons_own_and_stays() {
    let terms = by_person_and_category(&single("history"));
    let (mean, variance) = moments(&terms.values().copied().collect::<Vec<_>>());
    assert!(
        mean.abs() < 0.1 && (variance - 1.0).abs() < 0.1,
        "{mean} {variance}"
    );
    // Two categories of one person have their readiness to click in common: 0.36 of the variance.
    let mut products = Vec::new();
    for ((user, c), term) in &terms {
        let next = (c + 1..N_CATEGORIES).find_map(|d| terms.get(&(*user, d)));
        products.extend(next.map(|other| term * other));
    }
    let (covariance, _) = moments(&products);
    assert!((covariance - 0.36).abs() < 0.08, "{covariance}");
}

/// The mean product of the terms of two people for the same category.
fn likeness(
    terms: &HashMap<(UserId, usize), f64>,
    pairs: impl Iterator<Item = (UserId, UserId)>,
) -> f64 {
    let mut products = Vec::new();
    for (a, b) in pairs {
        let both = |c| Some(terms.get(&(a, c))? * terms.get(&(b, c))?);
        products.extend((0..N_CATEGORIES).filter_map(both));
    }
    assert!(products.len() > 1_000);
    moments(&products).0
}

#[test]
fn friends_share_their_taste_and_strangers_do_not() {
    let world = single("friends");
    let terms = by_person_and_category(&world);
    let (_, variance) = moments(&terms.values().copied().collect::<Vec<_>>());
    assert!((variance - 1.0).abs() < 0.1, "{variance}");
    let friends = world.friendships.iter().map(|row| (row.user_a, row.user_b));
    let of_friends = likeness(&terms, friends);
    let people: Vec<UserId> = world
        .social_accounts
        .iter()
        .map(|row| row.user_id)
        .collect();
    let far = people
        .iter()
        .zip(people.iter().skip(333))
        .map(|(a, b)| (*a, *b));
    let of_others = likeness(&terms, far);
    assert!(of_friends > 0.3, "{of_friends}");
    assert!(of_others.abs() < 0.1, "{of_others}");
    // A taste of one's own is nobody else's.
    let history = by_person_and_category(&single("history"));
    let friends = world.friendships.iter().map(|row| (row.user_a, row.user_b));
    assert!(likeness(&history, friends).abs() < 0.1);
}

#[test]
fn oracle_friends_mix_three_times_with_those_they_know() {
    let checked = params(Effects {
        friends: 1.0,
        ..Effects::NONE
    })
    .check()
    .unwrap();
    let society = society(&checked);
    let n = society.people.len();
    let mut known = vec![Vec::new(); n];
    for tie in &society.ties {
        let weight = match tie.closeness {
            Closeness::Family => 4.0,
            Closeness::Circle => 2.0,
            Closeness::Acquaintance => 1.0,
        };
        known[tie.a as usize].push((tie.b as usize, weight));
        known[tie.b as usize].push((tie.a as usize, weight));
    }
    let first = |person: usize| {
        let mut rng = stream_of(7, Topic::FriendsEffect, index(person));
        [(); N_CATEGORIES].map(|()| normal(&mut rng))
    };
    let mut tastes: Vec<[f64; N_CATEGORIES]> = (0..n).map(first).collect();
    for _ in 0..3 {
        let old = tastes.clone();
        for (person, taste) in tastes.iter_mut().enumerate() {
            let all: f64 = known[person].iter().map(|(_, weight)| weight).sum();
            for (c, liked) in taste.iter_mut().enumerate().filter(|_| all > 0.0) {
                let others = known[person]
                    .iter()
                    .map(|(other, weight)| old[*other][c] * weight);
                *liked = f64::midpoint(*liked, others.sum::<f64>() / all);
            }
        }
    }
    for (found, taste) in taste::in_common(7, &society).iter().zip(&tastes) {
        let (mean, variance) = moments(taste);
        for (found, liked) in found.iter().zip(taste) {
            let expected = (liked - mean) / variance.sqrt();
            assert!(
                (f64::from(*found) - expected).abs() < 1e-4,
                "{found} {expected}"
            );
        }
    }
}

/// How often each row's person had been shown its ad and its advertiser, counted row by row.
fn earlier(world: &World, row: &Impression) -> Earlier {
    let advertiser = |row: &Impression| {
        let ad = world.ads.iter().find(|ad| ad.ad_id == row.ad_id).unwrap();
        ad.advertiser_id
    };
    let from = world
        .impressions
        .partition_point(|r| r.user_id < row.user_id);
    let until = world
        .impressions
        .partition_point(|r| r.user_id <= row.user_id);
    let before = || {
        world.impressions[from..until]
            .iter()
            .filter(|r| r.at < row.at)
    };
    let shown = |of_ad: bool| {
        let same = before().filter(|r| {
            if of_ad {
                r.ad_id == row.ad_id
            } else {
                advertiser(r) == advertiser(row)
            }
        });
        same.map(|r| r.impressions).sum()
    };
    Earlier {
        ad: shown(true),
        advertiser: shown(false),
    }
}

#[test]
fn oracle_fatigue_counts_what_was_shown_before() {
    let world = single("fatigue");
    let mut n_again = 0;
    for (row, found) in added(&world) {
        let earlier = earlier(&world, row);
        let doublings = |n: u32| f64::from(n + 1).ln() / 2f64.ln();
        close(
            found,
            -doublings(earlier.ad) - doublings(earlier.advertiser) / 2.0,
        );
        n_again += u32::from(earlier.ad > 0);
        assert!(earlier.ad <= earlier.advertiser);
    }
    assert!(n_again > 1_000, "{n_again}");
}

#[test]
fn oracle_time_is_the_hour_and_the_day_of_the_region() {
    let world = single("time");
    for (row, found) in added(&world) {
        let minutes = match row.attributes.region.unwrap().as_str() {
            "US" => -5 * 60,
            "IN" => 5 * 60 + 30,
            "BR" => -3 * 60,
            "DE" | "IT" => 60,
            "GB" => 0,
            other => panic!("{other}"),
        };
        let zone = jiff::tz::Offset::from_seconds(minutes * 60).unwrap();
        let at = jiff::Timestamp::from_microsecond(row.at.micros()).unwrap();
        let local = at.to_zoned(zone.to_time_zone());
        let hour = f64::from(local.hour());
        let evening = ((hour - 20.0) / 24.0 * 2.0 * std::f64::consts::PI).cos();
        let is_weekend = local.weekday().to_monday_zero_offset() >= 5;
        close(found, if is_weekend { evening + 0.5 } else { evening });
    }
}

#[test]
fn the_model_of_the_truth_says_the_probability_of_each_row() {
    let world = world_with(Effects::ALL);
    let rows = world
        .impressions
        .iter()
        .zip(&world.truth.click_probabilities);
    let mut n = 0;
    for (row, &p) in rows.filter(|(row, _)| row.user_id.is_some()).step_by(7) {
        let showing = Showing {
            user: row.user_id.unwrap(),
            ad: row.ad_id,
            surface: row.surface,
            position: row.position,
            at: row.at,
            earlier: earlier(&world, row),
        };
        close(world.truth.clicks.probability(&showing).unwrap(), p);
        n += 1;
    }
    assert!(n > 500);
}

#[test]
fn worlds_are_the_same_with_any_number_of_threads() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| world_with(Effects::ALL))
    };
    let (one, many) = (with(1), with(5));
    assert!(one == many);
    let intercepts = [&one, &many].map(|world| world.truth.clicks.intercept().to_bits());
    assert_eq!(intercepts[0], intercepts[1]);
}

/// Even of somebody nobody knows anything of: who has no messenger account has habits all the same.
#[test]
fn people_without_an_account_have_effects_too() {
    let world = single("usage");
    let with: Vec<UserId> = world.truth.owners.iter().map(|owned| owned.user).collect();
    let rows = added(&world);
    let without: Vec<f64> = rows
        .iter()
        .filter(|(row, _)| !with.contains(&row.user_id.unwrap()))
        .map(|(_, term)| *term)
        .collect();
    assert!(without.len() > 300);
    assert!(moments(&without).1 > 0.5);
}
