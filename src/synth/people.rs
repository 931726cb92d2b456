//! The people behind the tables: who they are, and who knows whom.
//!
//! People live in *streets*: runs of families in one country. A family has one to six members who all know
//! each other; people of neighbouring families work or study together in *circles* of eight to forty, of whom
//! each knows about eight; and everybody knows a heavy-tailed number of others from anywhere, most of them in
//! the same country. A quarter of those others are acquaintances of acquaintances, which closes triangles.

use std::sync::LazyLock;

use rand::Rng;
use rand::seq::SliceRandom;

use super::draw::{Stream, Topic, chance, heavy_tailed, index, pick, stream, weighted, whole};
use super::numbers::PLANS;
use super::params::ValidSynthParams;
use crate::signals::Interest;

/// Everything people are interested in; ads have the same categories.
pub(super) const INTERESTS: [&str; 16] = [
    "animals",
    "books",
    "cars",
    "cooking",
    "fashion",
    "films",
    "fitness",
    "football",
    "games",
    "gardening",
    "music",
    "news",
    "photography",
    "science",
    "shopping",
    "travel",
];

/// Of the people on either service, how many are on the social network.
const SOCIAL_SHARE: f64 = 0.87;
/// Share of people who live in another country than their number's.
const MOVED_SHARE: f64 = 0.03;

/// Somebody who uses one or both services.
#[derive(Clone)]
pub(super) struct Person {
    /// The country of the number: a position in [`PLANS`].
    pub(super) home: u8,
    /// The country they live in.
    pub(super) lives_in: u8,
    pub(super) birth_year: u16,
    pub(super) gender: &'static str,
    pub(super) language: &'static str,
    /// Positions in [`INTERESTS`], ascending.
    pub(super) interests: Vec<u8>,
    /// Whether they have an account on the social network.
    pub(super) social: bool,
    /// The first of their family.
    pub(super) family: u32,
}

/// Everybody, and the neighbours of each: who knows whom, in both directions.
pub(super) struct Society {
    pub(super) people: Vec<Person>,
    /// Pairs of acquaintances, smaller position first, ascending, each once.
    pub(super) ties: Vec<Tie>,
    /// The first person of each country's run, in the order of [`PLANS`], and the end of the last run.
    pub(super) countries: [u32; PLANS.len() + 1],
}

/// How two people know each other; closer kinds come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closeness {
    Family,
    Circle,
    Acquaintance,
}

/// Two people who know each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tie {
    pub(super) a: u32,
    pub(super) b: u32,
    pub(super) closeness: Closeness,
}

/// Everybody and who knows whom.
pub(super) fn society(params: &ValidSynthParams) -> Society {
    let (people, countries) = people(params);
    let ties = ties(params, &people, &countries);
    Society {
        people,
        ties,
        countries,
    }
}

fn people(params: &ValidSynthParams) -> (Vec<Person>, [u32; PLANS.len() + 1]) {
    let mut rng = stream(params.seed(), Topic::People);
    let n = whole(params.users() as f64 / SOCIAL_SHARE).max(params.users());
    let mut countries = [0; PLANS.len() + 1];
    let mut people: Vec<Person> = Vec::with_capacity(n);
    let mut cumulated = 0.0;
    for (home, plan) in (0u8..).zip(&PLANS) {
        cumulated += plan.weight;
        let end = whole((n as f64 * cumulated).round()).min(n);
        while people.len() < end {
            add_family(&mut people, home, end, &mut rng);
        }
        countries[usize::from(home) + 1] = index(people.len());
    }
    // Weights add up to one only to within rounding; the last country takes whoever is left.
    while people.len() < n {
        add_family(&mut people, index_of_last_plan(), n, &mut rng);
    }
    countries[PLANS.len()] = index(n);
    choose_social(&mut people, params.users(), &mut rng);
    (people, countries)
}

fn index_of_last_plan() -> u8 {
    u8::try_from(PLANS.len() - 1).expect("a handful of plans")
}

fn add_family(people: &mut Vec<Person>, home: u8, end: usize, rng: &mut Stream) {
    let size = weighted(rng, &[0.3, 0.25, 0.18, 0.17, 0.07, 0.03]) + 1;
    let family = index(people.len());
    for member in 0..size.min(end - people.len()) {
        people.push(person(home, family, member, rng));
    }
}

fn person(home: u8, family: u32, member: usize, rng: &mut Stream) -> Person {
    // The first two of a family are its adults.
    let birth_years = if member < 2 { 1945..1995 } else { 1985..2003 };
    let moved = chance(rng, MOVED_SHARE);
    let lives_in = if moved {
        weighted(rng, &PLANS.map(|p| p.weight))
    } else {
        usize::from(home)
    };
    Person {
        home,
        lives_in: u8::try_from(lives_in).expect("a handful of plans"),
        birth_year: rng.gen_range(birth_years),
        gender: ["female", "male", "other"][weighted(rng, &[0.49, 0.49, 0.02])],
        language: language(home, rng),
        interests: interests(rng),
        social: false,
        family,
    }
}

fn language(home: u8, rng: &mut Stream) -> &'static str {
    match PLANS[usize::from(home)].region {
        "IN" => ["hi", "en"][weighted(rng, &[0.6, 0.4])],
        "US" => ["en", "es"][weighted(rng, &[0.85, 0.15])],
        "BR" => "pt",
        "DE" => ["de", "en"][weighted(rng, &[0.93, 0.07])],
        "IT" => "it",
        _ => "en",
    }
}

fn interests(rng: &mut Stream) -> Vec<u8> {
    let n = weighted(rng, &[0.08, 0.22, 0.28, 0.2, 0.12, 0.1]);
    let mut chosen: Vec<u8> = (0..n)
        // The smaller of two draws: some interests are much more common than others.
        .map(|_| rng.gen_range(0..16u8).min(rng.gen_range(0..16u8)))
        .collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// Exactly `n` of the people, each set as likely as any other (Knuth, TAOCP 3.4.2, algorithm S).
fn choose_social(people: &mut [Person], n: usize, rng: &mut Stream) {
    let (mut left, mut wanted) = (people.len(), n);
    for person in people {
        if rng.gen_range(0..left) < wanted {
            person.social = true;
            wanted -= 1;
        }
        left -= 1;
    }
}

fn ties(params: &ValidSynthParams, people: &[Person], countries: &[u32]) -> Vec<Tie> {
    let mut rng = stream(params.seed(), Topic::Ties);
    let mut ties = family_ties(people);
    circle_ties(people.len(), &mut rng, &mut ties);
    in_order(&mut ties);
    let near = Neighbours::of(people.len(), &ties);
    extra_ties(people, countries, &near, &mut rng, &mut ties);
    in_order(&mut ties);
    ties
}

/// Sorts ties; of several reasons to know somebody the closest stays, because closer kinds sort first.
fn in_order(ties: &mut Vec<Tie>) {
    ties.sort_unstable();
    ties.dedup_by_key(|tie| (tie.a, tie.b));
}

fn family_ties(people: &[Person]) -> Vec<Tie> {
    let mut ties = Vec::new();
    for (b, person) in (0u32..).zip(people) {
        ties.extend((person.family..b).filter_map(|a| tie(a, b, Closeness::Family)));
    }
    ties
}

fn circle_ties(n: usize, rng: &mut Stream, ties: &mut Vec<Tie>) {
    // Colleagues live near each other but not next door: shuffle within neighbourhoods, then cut into circles.
    let mut order: Vec<u32> = (0..index(n)).collect();
    order.chunks_mut(600).for_each(|block| block.shuffle(rng));
    let mut rest = order.as_slice();
    while !rest.is_empty() {
        let (circle, tail) = rest.split_at(rng.gen_range(8..=40).min(rest.len()));
        add_circle(circle, rng, ties);
        rest = tail;
    }
}

fn add_circle(circle: &[u32], rng: &mut Stream, ties: &mut Vec<Tie>) {
    let known = (8.0 / circle.len() as f64).min(0.7);
    for (i, &a) in circle.iter().enumerate() {
        for &b in &circle[i + 1..] {
            if chance(rng, known) {
                ties.extend(tie(a, b, Closeness::Circle));
            }
        }
    }
}

fn extra_ties(
    people: &[Person],
    countries: &[u32],
    near: &Neighbours,
    rng: &mut Stream,
    ties: &mut Vec<Tie>,
) {
    let widest = people.len().isqrt().clamp(2, 2_000);
    for (a, person) in (0u32..).zip(people) {
        let home = usize::from(person.home);
        for _ in 0..heavy_tailed(rng, 2.0, 1.35, widest) {
            let b = match weighted(rng, &[0.25, 0.6, 0.15]) {
                0 => near.two_steps(a, rng),
                1 => rng.gen_range(countries[home]..countries[home + 1]),
                _ => rng.gen_range(0..index(people.len())),
            };
            ties.extend(tie(a, b, Closeness::Acquaintance));
        }
    }
}

fn tie(a: u32, b: u32, closeness: Closeness) -> Option<Tie> {
    (a != b).then(|| Tie {
        a: a.min(b),
        b: a.max(b),
        closeness,
    })
}

/// Everything people are interested in, as terms: asking whether a text is harmless takes time.
static TERMS: LazyLock<[Interest; INTERESTS.len()]> =
    LazyLock::new(|| INTERESTS.map(|name| Interest::parse(name).expect("interests are harmless")));

/// What people interest themselves in, by name, sorted.
pub(super) fn names(interests: &[u8]) -> Vec<Interest> {
    let name = |&i: &u8| TERMS[usize::from(i)].clone();
    interests.iter().map(name).collect()
}

/// For each person the positions of a list of pairs, as offsets and values: the rows of both ends.
pub(super) struct Neighbours {
    offsets: Vec<usize>,
    entries: Vec<(u32, Closeness)>,
}

impl Neighbours {
    /// Both directions of ascending ties, in linear time.
    pub(super) fn of(n: usize, ties: &[Tie]) -> Self {
        let mut offsets = vec![0; n + 1];
        for tie in ties {
            offsets[tie.a as usize + 1] += 1;
            offsets[tie.b as usize + 1] += 1;
        }
        for i in 0..n {
            offsets[i + 1] += offsets[i];
        }
        let mut next = offsets.clone();
        let mut entries = vec![(0, Closeness::Acquaintance); ties.len() * 2];
        for tie in ties {
            for (from, to) in [(tie.a, tie.b), (tie.b, tie.a)] {
                let place = &mut next[from as usize];
                entries[*place] = (to, tie.closeness);
                *place += 1;
            }
        }
        Self { offsets, entries }
    }

    /// Somebody known to somebody whom a person knows; the person, if they know nobody.
    fn two_steps(&self, person: u32, rng: &mut Stream) -> u32 {
        let mut step = |from| match self.row(from) {
            [] => from,
            row => pick(rng, row).0,
        };
        let between = step(person);
        step(between)
    }

    /// Whom a person knows.
    pub(super) fn row(&self, person: u32) -> &[(u32, Closeness)] {
        let i = person as usize;
        &self.entries[self.offsets[i]..self.offsets[i + 1]]
    }
}
