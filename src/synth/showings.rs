//! Who was shown what, when and where, and who clicked.

use std::cmp::Ordering;
use std::sync::Arc;

use rand::Rng;
use rayon::prelude::*;

use super::blocks::BLOCK;
use super::calendar::AS_OF;
use super::clicks::{Place, Profile, SURFACES, TrueClickModel, YEAR, probability};
use super::draw::{Stream, Topic, about, between, chance, index, pick, stream, unit};
use super::effects::{Earlier, Moment, Pull};
use super::params::ValidSynthParams;
use super::people::{INTERESTS, Person, Society, names};
use super::profiles::region;
use crate::hash::HashMap;
use crate::ids::{AdvertiserId, Region, UserId};
use crate::signals::{Ad, AdTruth, Attributes, Impression, Interest, Targeting};
use crate::time::Timestamp;

/// Share of rows that are a group of showings.
const GROUP_SHARE: f64 = 0.15;

/// What the rows are made from.
pub(super) struct Audience<'a> {
    pub(super) society: &'a Society,
    /// By person.
    pub(super) users: &'a [Option<UserId>],
    /// Ascending by id.
    pub(super) ads: &'a [Ad],
}

/// A row before anybody clicks: small, because there are many.
struct Drawn {
    /// To whom, or for a total somebody like whom.
    person: u32,
    /// None for a total.
    user: Option<UserId>,
    /// A position among the ads.
    ad: u32,
    place: Place,
    at: Timestamp,
    n: u32,
    /// Where the stream of random numbers is when people begin to click.
    luck: Stream,
}

/// A row, and the truth behind it.
struct Row {
    person: u32,
    user: Option<UserId>,
    ad: u32,
    place: Place,
    at: Timestamp,
    n: u32,
    clicks: u32,
    p: f64,
    /// Its position when it was drawn: rows that look the same stay in this order.
    drawn: u32,
}

/// All rows of `impressions`, in order; they take a fifth of the memory of the table.
pub(super) struct Seen(Vec<Row>);

/// Who saw what and clicked, and the true probability behind each row.
///
/// A row is one showing, or with probability 0.15 a group of up to twelve. For each ad there are also three
/// totals without a person, for everybody like somebody of the world.
pub(super) fn seen(
    params: &ValidSynthParams,
    audience: &Audience<'_>,
    model: &mut TrueClickModel,
) -> Seen {
    let drawn = audience.draw(params);
    let effects = audience.effects(&drawn, model);
    let click = |(i, (drawn, effect)): (usize, (Drawn, f64))| {
        let p = probability(audience.base(&drawn, model) + effect);
        drawn.clicked(p, index(i))
    };
    let drawn = drawn.into_par_iter().zip(effects).enumerate();
    let mut rows: Vec<Row> = drawn.map(click).collect();
    rows.par_sort_unstable_by(|a, b| audience.order(a, b));
    Seen(rows)
}

impl Drawn {
    /// The row when people have clicked with this probability.
    fn clicked(self, p: f64, drawn: u32) -> Row {
        Row {
            person: self.person,
            user: self.user,
            ad: self.ad,
            place: self.place,
            at: self.at,
            n: self.n,
            clicks: clicks(self.n, p, self.luck),
            p,
            drawn,
        }
    }
}

impl Seen {
    /// The rows of `impressions`, a block at a time.
    pub(super) fn impressions(
        &self,
        audience: &Audience<'_>,
    ) -> impl Iterator<Item = Vec<Impression>> {
        let block = |rows: &[Row]| {
            rows.par_iter()
                .map(|row| audience.impression(row))
                .collect()
        };
        self.0.chunks(BLOCK).map(block)
    }

    /// The rows of `ad_truth`, a block at a time.
    pub(super) fn truth(&self, audience: &Audience<'_>) -> impl Iterator<Item = Vec<AdTruth>> {
        let truth = |row: &Row| AdTruth {
            user_id: row.user,
            ad_id: audience.ads[row.ad as usize].ad_id,
            surface: row.place.surface,
            position: row.place.position,
            at: row.at,
            p_click: row.p,
        };
        self.0
            .chunks(BLOCK)
            .map(move |rows| rows.iter().map(truth).collect())
    }

    /// The true probability behind each row.
    pub(super) fn probabilities(&self) -> Vec<f64> {
        self.0.iter().map(|row| row.p).collect()
    }

    /// What each person saw.
    pub(super) fn by_people(&self) -> impl Iterator<Item = SeenBy> {
        let by = |row: &Row| {
            Some(SeenBy {
                user: row.user?,
                ad: row.ad as usize,
                at: row.at,
            })
        };
        self.0.iter().filter_map(by)
    }
}

/// What a person saw.
pub(super) struct SeenBy {
    pub(super) user: UserId,
    /// A position among the ads.
    pub(super) ad: usize,
    pub(super) at: Timestamp,
}

impl Audience<'_> {
    /// All rows: those of each person one after another, then the totals.
    fn draw(&self, params: &ValidSynthParams) -> Vec<Drawn> {
        let mut rng = stream(params.seed(), Topic::Impressions);
        let mut rows = Vec::new();
        for (person, user) in (0u32..).zip(self.users) {
            if user.is_some() {
                for _ in 0..about(&mut rng, params.impressions_per_user()) {
                    let n = if chance(&mut rng, GROUP_SHARE) {
                        rng.gen_range(2..=12)
                    } else {
                        1
                    };
                    rows.extend(self.seen(person, *user, n, &mut rng));
                }
            }
        }
        for _ in 0..totals(params, self.ads) {
            let person = index(rng.gen_range(0..self.society.people.len()));
            let n = rng.gen_range(100..1_000);
            rows.extend(self.seen(person, None, n, &mut rng));
        }
        rows
    }

    /// A row for an ad that may be shown to the person, if one is found in a few attempts.
    fn seen(&self, person: u32, user: Option<UserId>, n: u32, rng: &mut Stream) -> Option<Drawn> {
        let shown_to = &self.society.people[person as usize];
        let i = (0..4)
            .map(|_| rng.gen_range(0..self.ads.len()))
            .find(|&i| is_for(&self.ads[i].targeting, shown_to))?;
        let (surface, _) = *pick(rng, &SURFACES);
        let position = chance(rng, 0.9).then(|| rng.gen_range(0..8u8).min(rng.gen_range(0..8)));
        let (starts_at, ends_at) = (self.ads[i].starts_at, self.ads[i].ends_at);
        let at = between(rng, starts_at.max(AS_OF.plus_days(-60)), ends_at.min(AS_OF));
        let luck = rng.clone();
        // One draw for each showing, as `clicks` takes them from the copy.
        for _ in 0..n {
            unit(rng);
        }
        Some(Drawn {
            person,
            user,
            ad: index(i),
            place: Place { surface, position },
            at,
            n,
            luck,
        })
    }

    /// What is added to the log-odds of each row; nothing to those of totals, which are over people of all sorts.
    fn effects(&self, drawn: &[Drawn], model: &mut TrueClickModel) -> Vec<f64> {
        let mut effects = vec![0.0; drawn.len()];
        if !model.has_effects() {
            return effects;
        }
        let of_people = drawn.partition_point(|row| row.user.is_some());
        let earlier = self.earlier(&drawn[..of_people]);
        let pull = |(row, &earlier): (&Drawn, &Earlier)| Pull {
            showings: f64::from(row.n),
            base: self.base(row, model),
            effect: model.of_person(row.person, row.ad as usize, &self.moment(row, earlier)),
        };
        let rows = drawn[..of_people].par_iter().zip(&earlier);
        let pulls: Vec<Pull> = rows.map(pull).collect();
        model.settle(&pulls);
        let intercept = model.intercept();
        for (effect, pull) in effects.iter_mut().zip(&pulls) {
            *effect = pull.effect + intercept;
        }
        effects
    }

    fn moment(&self, row: &Drawn, earlier: Earlier) -> Moment {
        Moment {
            lives_in: self.society.people[row.person as usize].lives_in,
            at: row.at,
            earlier,
        }
    }

    /// How often each person had seen the ad and the advertiser of each row before; rows of a person are together.
    fn earlier(&self, drawn: &[Drawn]) -> Vec<Earlier> {
        let people: Vec<&[Drawn]> = drawn.chunk_by(|a, b| a.person == b.person).collect();
        let of_people = people.par_iter().map(|rows| self.earlier_of(rows));
        of_people.collect::<Vec<_>>().concat()
    }

    fn earlier_of(&self, rows: &[Drawn]) -> Vec<Earlier> {
        let advertiser = |row: &Drawn| self.ads[row.ad as usize].advertiser_id;
        let mut in_time: Vec<usize> = (0..rows.len()).collect();
        in_time.sort_by_key(|&i| rows[i].at);
        let mut of_ad: HashMap<u32, u32> = HashMap::default();
        let mut of_advertiser: HashMap<AdvertiserId, u32> = HashMap::default();
        let mut earlier = vec![Earlier::default(); rows.len()];
        // What is shown in the same second is not earlier.
        for at_once in in_time.chunk_by(|&a, &b| rows[a].at == rows[b].at) {
            for &i in at_once {
                earlier[i] = Earlier {
                    ad: of_ad.get(&rows[i].ad).copied().unwrap_or(0),
                    advertiser: of_advertiser
                        .get(&advertiser(&rows[i]))
                        .copied()
                        .unwrap_or(0),
                };
            }
            for &i in at_once {
                *of_ad.entry(rows[i].ad).or_default() += rows[i].n;
                *of_advertiser.entry(advertiser(&rows[i])).or_default() += rows[i].n;
            }
        }
        earlier
    }

    fn base(&self, row: &Drawn, model: &TrueClickModel) -> f64 {
        let person = &self.society.people[row.person as usize];
        model.of_anybody(Profile::of(person), row.ad as usize, row.place)
    }

    /// The order of the table. Ads ascend by id, so that their positions are in the same order.
    fn order(&self, a: &Row, b: &Row) -> Ordering {
        let who = |row: &Row| (row.user, row.ad, row.place.surface, row.place.position);
        let what = |row: &Row| (row.at, row.n, row.clicks);
        who(a)
            .cmp(&who(b))
            .then_with(|| what(a).cmp(&what(b)))
            .then_with(|| self.impression(a).cmp(&self.impression(b)))
            .then(a.drawn.cmp(&b.drawn))
    }

    fn impression(&self, row: &Row) -> Impression {
        let person = &self.society.people[row.person as usize];
        Impression {
            user_id: row.user,
            ad_id: self.ads[row.ad as usize].ad_id,
            surface: row.place.surface,
            position: row.place.position,
            at: row.at,
            impressions: row.n,
            clicks: row.clicks,
            attributes: Arc::new(Attributes {
                region: region(person.lives_in),
                age_band: Some(age_band(person.birth_year)),
                gender: Some(person.gender.to_owned()),
                language: Some(person.language.to_owned()),
                interests: names(&person.interests),
            }),
            own: crate::signals::OwnValues::default(),
        }
    }
}

fn totals(params: &ValidSynthParams, ads: &[Ad]) -> usize {
    if params.impressions_per_user() > 0.0 {
        ads.len() * 3
    } else {
        0
    }
}

/// A binomial count, one trial after another: groups are small.
fn clicks(n: u32, p: f64, mut luck: Stream) -> u32 {
    (0..n).map(|_| u32::from(chance(&mut luck, p))).sum()
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
