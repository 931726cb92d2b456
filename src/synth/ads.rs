//! Ads, who saw them, and who clicked: drawn from click probabilities that are known.

use rand::Rng;

use super::calendar::AS_OF;
use super::draw::{Stream, Topic, about, between, chance, normal, pick, spread_id, stream};
use super::params::ValidSynthParams;
use super::people::{INTERESTS, Person, Society, names};
use super::profiles::region;
use crate::ids::{AdId, AdvertiserId, AudienceId, Region, UserId};
use crate::signals::{Ad, AdCategory, Impression, Interest, SpecialCategory, Surface, Targeting};

/// Surfaces with how often an ad stands there and what that adds to the log-odds of a click.
const SURFACES: [(Surface, f64); 4] = [
    (Surface::Feed, 0.0),
    (Surface::RightColumn, -0.9),
    (Surface::Stories, 0.2),
    (Surface::Marketplace, 0.4),
];

/// The year in which ages are counted.
const YEAR: u16 = 2016;

/// The true probability of a click, for any person and any ad.
///
/// The log-odds are
///
/// ```text
/// −3.6 + 1.2·[category is an interest] + 0.5·quality + 0.5·max(1 − |age − peak| / 15, −1)
///      + surface − 0.15·min(position, 10)
/// ```
///
/// with a standard normal quality and a peak age between 18 and 60 for each ad, and 0, −0.9, 0.2, 0.4 for feed,
/// right column, stories and marketplace. Region, gender and language have no effect of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct TrueClickModel {
    /// Ascending by id: birth year and interests as bits.
    users: Vec<(UserId, u16, u16)>,
    /// Ascending by id.
    ads: Vec<(AdId, AdTraits)>,
}

/// What of an ad decides whether it is clicked.
#[derive(Clone, Copy, Debug, PartialEq)]
struct AdTraits {
    category: u8,
    quality: f64,
    peak_age: f64,
}

impl TrueClickModel {
    /// The probability of a click when this person sees this ad there; none if either is unknown.
    ///
    /// # Complexity
    /// O(log users + log ads).
    #[must_use]
    pub fn probability(
        &self,
        user: UserId,
        ad: AdId,
        surface: Surface,
        position: Option<u8>,
    ) -> Option<f64> {
        let user = self.users.binary_search_by_key(&user, |u| u.0).ok()?;
        let ad = self.ads.binary_search_by_key(&ad, |a| a.0).ok()?;
        let (_, birth_year, interests) = self.users[user];
        Some(click_probability(
            birth_year,
            interests,
            &self.ads[ad].1,
            (surface, position),
        ))
    }
}

fn click_probability(
    birth_year: u16,
    interests: u16,
    ad: &AdTraits,
    (surface, position): (Surface, Option<u8>),
) -> f64 {
    let interested = f64::from(interests >> ad.category & 1);
    let age = f64::from(YEAR - birth_year);
    let fit = (1.0 - (age - ad.peak_age).abs() / 15.0).max(-1.0);
    let known = SURFACES.iter().find(|(s, _)| *s == surface);
    let surface = known.map_or(0.0, |(_, log_odds)| *log_odds);
    let rank = f64::from(position.unwrap_or(0).min(10));
    let log_odds = -3.6 + 1.2 * interested + 0.5 * ad.quality + 0.5 * fit + surface - 0.15 * rank;
    1.0 / (1.0 + (-log_odds).exp())
}

fn bits(interests: &[u8]) -> u16 {
    interests.iter().fold(0, |bits, &i| bits | 1 << i)
}

/// The ads, ascending, and what decides whether people click.
pub(super) fn ads(
    params: &ValidSynthParams,
    society: &Society,
    users: &[Option<UserId>],
) -> (Vec<Ad>, TrueClickModel) {
    let mut rng = stream(params.seed(), Topic::Ads);
    let mut made: Vec<(Ad, AdTraits)> = (0..params.n_ads())
        .map(|i| ad(params.seed(), i, &mut rng))
        .collect();
    made.sort_by_key(|(ad, _)| ad.ad_id);
    let of = |(person, user): (&Person, &Option<UserId>)| {
        user.map(|user| (user, person.birth_year, bits(&person.interests)))
    };
    let mut people: Vec<(UserId, u16, u16)> =
        society.people.iter().zip(users).filter_map(of).collect();
    people.sort_unstable();
    let model = TrueClickModel {
        users: people,
        ads: made
            .iter()
            .map(|(ad, traits)| (ad.ad_id, *traits))
            .collect(),
    };
    (made.into_iter().map(|(ad, _)| ad).collect(), model)
}

fn ad(seed: u64, i: usize, rng: &mut Stream) -> (Ad, AdTraits) {
    let category = rng.gen_range(0..16u8);
    let special = chance(rng, 0.08).then(|| *pick(rng, &SpecialCategory::ALL));
    let starts_at = between(rng, AS_OF.plus_days(-90), AS_OF.plus_days(-5));
    let ad = Ad {
        ad_id: AdId(spread_id(seed, 4, i)),
        advertiser_id: AdvertiserId(spread_id(seed, 5, i / 3)),
        category: AdCategory::parse(INTERESTS[usize::from(category)])
            .expect("interests are harmless"),
        bid: (normal(rng).mul_add(0.6, -1.0).exp() * 100.0)
            .round()
            .max(1.0)
            / 100.0,
        starts_at,
        ends_at: between(rng, starts_at.plus_days(20), AS_OF.plus_days(60)),
        // Ads for homes, jobs and loans may not choose their people.
        targeting: if special.is_some() {
            Targeting::default()
        } else {
            targeting(category, rng)
        },
        special_category: special,
        audience_id: chance(rng, 0.1).then(|| AudienceId(spread_id(seed, 7, i))),
        lookalike_of: None,
        quality: 0.0,
    };
    let traits = AdTraits {
        category,
        quality: normal(rng),
        peak_age: rng.gen_range(18.0..60.0),
    };
    (ad, traits)
}

fn targeting(category: u8, rng: &mut Stream) -> Targeting {
    let age_min = chance(rng, 0.3).then(|| rng.gen_range(18..40));
    let some_region = |rng: &mut Stream| region(rng.gen_range(0..6));
    Targeting {
        regions: if chance(rng, 0.25) {
            some_region(rng).into_iter().collect()
        } else {
            Vec::new()
        },
        languages: if chance(rng, 0.1) {
            vec!["en".to_owned()]
        } else {
            Vec::new()
        },
        genders: if chance(rng, 0.08) {
            vec!["female".to_owned()]
        } else {
            Vec::new()
        },
        age_min,
        age_max: age_min.map(|min| min + rng.gen_range(10..40)),
        interests: if chance(rng, 0.2) {
            names(&[category])
        } else {
            Vec::new()
        },
    }
}

/// Who saw what and clicked, and the true probability behind each row, in the same order.
///
/// A row is one showing, or with probability 0.15 a group of up to twelve. For each ad there are also three
/// totals without a person, for everybody like somebody of the world.
pub(super) fn impressions(
    params: &ValidSynthParams,
    society: &Society,
    users: &[Option<UserId>],
    ads: &[Ad],
    model: &TrueClickModel,
) -> (Vec<Impression>, Vec<f64>) {
    let mut rng = stream(params.seed(), Topic::Impressions);
    let mut rows = Vec::new();
    for (person, user) in society.people.iter().zip(users) {
        if let Some(user) = *user {
            for _ in 0..about(&mut rng, params.impressions_per_user()) {
                let n = if chance(&mut rng, 0.15) {
                    rng.gen_range(2..=12)
                } else {
                    1
                };
                rows.extend(seen(person, Some(user), n, (ads, model), &mut rng));
            }
        }
    }
    for _ in 0..totals(params, ads) {
        let person = pick(&mut rng, &society.people);
        let n = rng.gen_range(100..1_000);
        rows.extend(seen(person, None, n, (ads, model), &mut rng));
    }
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    rows.into_iter().unzip()
}

fn totals(params: &ValidSynthParams, ads: &[Ad]) -> usize {
    if params.impressions_per_user() > 0.0 {
        ads.len() * 3
    } else {
        0
    }
}

/// A row for an ad that may be shown to the person, if one is found in a few attempts.
fn seen(
    person: &Person,
    user: Option<UserId>,
    n: u32,
    (ads, model): (&[Ad], &TrueClickModel),
    rng: &mut Stream,
) -> Option<(Impression, f64)> {
    let i = (0..4)
        .map(|_| rng.gen_range(0..ads.len()))
        .find(|&i| is_for(&ads[i].targeting, person))?;
    let ad = &ads[i];
    let (surface, _) = *pick(rng, &SURFACES);
    let position = chance(rng, 0.9).then(|| rng.gen_range(0..8u8).min(rng.gen_range(0..8)));
    let traits = &model.ads[i].1;
    let p = click_probability(
        person.birth_year,
        bits(&person.interests),
        traits,
        (surface, position),
    );
    let row = Impression {
        user_id: user,
        ad_id: ad.ad_id,
        surface,
        position,
        at: between(
            rng,
            ad.starts_at.max(AS_OF.plus_days(-60)),
            ad.ends_at.min(AS_OF),
        ),
        impressions: n,
        clicks: clicks(n, p, rng),
        region: region(person.lives_in),
        age_band: Some(age_band(person.birth_year)),
        gender: Some(person.gender.to_owned()),
        language: Some(person.language.to_owned()),
        interests: names(&person.interests),
    };
    Some((row, p))
}

/// A binomial count, one trial after another: groups are small.
fn clicks(n: u32, p: f64, rng: &mut Stream) -> u32 {
    (0..n).map(|_| u32::from(chance(rng, p))).sum()
}

/// Five years, such as `30-34`.
fn age_band(birth_year: u16) -> String {
    let from = (YEAR - birth_year) / 5 * 5;
    format!("{from}-{}", from + 4)
}

fn is_for(target: &Targeting, person: &Person) -> bool {
    let age = YEAR - person.birth_year;
    let any = |list: &[String], value: &str| list.is_empty() || list.iter().any(|x| x == value);
    let lives_in: Option<Region> = region(person.lives_in);
    let interest = |name: &Interest| {
        let of_person = |&i: &u8| *name == INTERESTS[usize::from(i)];
        person.interests.iter().any(of_person)
    };
    (target.regions.is_empty() || lives_in.is_some_and(|r| target.regions.contains(&r)))
        && any(&target.languages, person.language)
        && any(&target.genders, person.gender)
        && target.age_min.is_none_or(|min| min <= age)
        && target.age_max.is_none_or(|max| age <= max)
        && (target.interests.is_empty() || target.interests.iter().any(interest))
}
