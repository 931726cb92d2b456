//! Everything against scoring every pair and sorting.

use std::collections::BTreeSet;

use ndarray::Array2;
use proptest::prelude::*;

use super::sieve::Sieve;
use super::*;
use crate::hash::mix;

/// A curve of probabilities.
pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

type Make = fn(usize, &[f32], &[f32]) -> Sieve;
const SIEVES: [Make; 2] = [Sieve::bytes, Sieve::floats];

/// What a case is made of.
#[derive(Clone, Debug)]
struct Case {
    people: Array2<f32>,
    own: Vec<f64>,
    ads: Array2<f32>,
    biases: Vec<f32>,
    offers: Vec<Offer>,
    /// For each set the ads in it.
    sets: Vec<BTreeSet<u32>>,
    set_of: Vec<usize>,
    blocked: Vec<Vec<u32>>,
    k: usize,
}

/// Numbers of a few levels make ties; numbers of 24 bits make none.
fn case(seed: u64, n_people: usize, n_ads: usize, width: usize, levels: u64, k: usize) -> Case {
    let mut state = seed;
    let mut draw = move |sides: u64| {
        state = mix(state);
        (state >> 11) % sides
    };
    #[expect(clippy::cast_possible_truncation, reason = "any number will do")]
    let mut number = |size: f64| ((draw(levels) as f64 / levels as f64 - 0.5) * size) as f32;
    let people = Array2::from_shape_fn((n_people, width), |_| number(2.0));
    let ads = Array2::from_shape_fn((n_ads, width), |_| number(2.0));
    let biases = (0..n_ads).map(|_| number(3.0)).collect();
    let mut draw = |sides: u64| {
        state = mix(state ^ 0x5A);
        usize::try_from((state >> 11) % sides).unwrap()
    };
    let offers = (0..n_ads)
        .map(|_| Offer {
            bid: [0.0, 0.5, 0.5, 1.0, 3.25][draw(5)],
            quality: [0.0, 0.0, -0.05, 0.01][draw(4)],
        })
        .collect();
    let n = u32::try_from(n_ads).unwrap();
    let sets = (0..3_usize)
        .map(|set| (0..n).filter(|_| draw(4) >= set * 2).collect())
        .collect();
    Case {
        people,
        own: (0..n_people).map(|i| [0.0, 1.5, -2.25e6][i % 3]).collect(),
        ads,
        biases,
        offers,
        sets,
        set_of: (0..n_people).map(|_| draw(3)).collect(),
        blocked: (0..n_people)
            .map(|_| (0..n).filter(|_| draw(9) == 0).collect())
            .collect(),
        k,
    }
}

impl Case {
    fn catalogue(&self, make: Make) -> Catalogue {
        Catalogue::packed(self.ads.view(), &self.biases, &self.offers, make).unwrap()
    }

    fn reach(&self, catalogue: &Catalogue) -> Reached {
        let sets = self.sets.iter();
        let sets = sets.map(|set| catalogue.ad_set(|ad| set.contains(&u32::try_from(ad).unwrap())));
        let mut reach = Reached::new(catalogue, sets.collect()).unwrap();
        for (set, blocked) in self.set_of.iter().zip(&self.blocked) {
            reach.push(*set, blocked).unwrap();
        }
        reach
    }

    /// Scores every pair, sorts, and takes the first.
    fn naive(&self, value: impl Fn(Offer, f64) -> f64) -> Vec<Vec<(u32, u64, u64)>> {
        (0..self.people.nrows())
            .map(|person| {
                let is_open = |ad: &u32| {
                    self.sets[self.set_of[person]].contains(ad)
                        && !self.blocked[person].contains(ad)
                };
                let mut all: Vec<(f64, u32, f64)> = (0..u32::try_from(self.ads.nrows()).unwrap())
                    .filter(is_open)
                    .map(|ad| {
                        let score = self.score(person, ad as usize);
                        (value(self.offers[ad as usize], score), ad, score)
                    })
                    .collect();
                all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
                all.truncate(self.k);
                all.iter()
                    .map(|(v, ad, s)| (*ad, s.to_bits(), v.to_bits()))
                    .collect()
            })
            .collect()
    }

    /// Products one by one, coordinate d into sum d mod 8.
    fn score(&self, person: usize, ad: usize) -> f64 {
        let mut sums = [0.0; 8];
        for d in 0..self.ads.ncols() {
            sums[d % 8] += f64::from(self.people[[person, d]]) * f64::from(self.ads[[ad, d]]);
        }
        let mut dot = 0.0;
        for sum in sums {
            dot += sum;
        }
        f64::from(self.biases[ad]) + self.own[person] + dot + 0.0
    }

    fn n_open(&self) -> usize {
        let open = |person: usize| {
            let blocked: BTreeSet<u32> = self.blocked[person].iter().copied().collect();
            self.sets[self.set_of[person]].difference(&blocked).count()
        };
        (0..self.people.nrows()).map(open).sum()
    }
}

fn lists(ranked: &Ranked) -> Vec<Vec<(u32, u64, u64)>> {
    let bits = |ad: &RankedAd| (ad.ad, ad.score.to_bits(), ad.value.to_bits());
    (0..ranked.n_people())
        .map(|person| ranked.of(person).iter().map(bits).collect())
        .collect()
}

/// Rises, stands still, jumps and rises again.
fn calibrated(score: f64) -> f64 {
    let p = sigmoid(score);
    if p < 0.3 {
        p / 2.0
    } else {
        (p / 3.0).max(0.15)
    }
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let by_score = case.naive(|_, score| score);
    let by_value = case.naive(|offer, score| offer.value(calibrated(score)));
    let curve = Curve::new(calibrated).unwrap();
    for make in SIEVES {
        let catalogue = case.catalogue(make);
        let reach = case.reach(&catalogue);
        let Retrieved { ranked, counts } = catalogue
            .rank_by_score(
                People::new(case.people.view()).with_own(&case.own),
                &reach,
                case.k,
            )
            .unwrap();
        prop_assert_eq!(lists(&ranked), by_score.clone());
        counts.check_sums().unwrap();
        let masked = case.people.nrows() * case.ads.nrows() - case.n_open();
        prop_assert_eq!(counts.masked, masked as u64);
        let Retrieved { ranked, counts } = catalogue
            .rank_by_value(
                People::new(case.people.view()).with_own(&case.own),
                &reach,
                case.k,
                &curve,
            )
            .unwrap();
        prop_assert_eq!(lists(&ranked), by_value.clone());
        counts.check_sums().unwrap();
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn oracle_the_best_are_those_of_scoring_every_pair(
        seed in any::<u64>(), n_people in 0_usize..40, n_ads in 0_usize..150, width in 1_usize..20,
        levels in prop::sample::select(vec![2_u64, 5, 1 << 24]), k in 1_usize..12,
    ) {
        check(&case(seed, n_people, n_ads, width, levels, k))?;
    }

    #[test]
    fn prop_sizes_of_all_orders_are_scored_alike(
        seed in any::<u64>(), powers in prop::collection::vec(-18_i32..12, 80), of_people in -18_i32..12,
    ) {
        let mut case = case(seed, 9, 80, 7, 1 << 24, 4);
        for (mut ad, power) in case.ads.rows_mut().into_iter().zip(powers) {
            ad *= 10.0_f32.powi(power);
        }
        case.people *= 10.0_f32.powi(of_people);
        case.biases[3] = -1e12;
        case.biases[4] = 1e-30;
        check(&case)?;
    }
}

#[test]
fn oracle_a_catalogue_of_many_stretches() {
    check(&case(1, 20, 3_000, 33, 1 << 24, 10)).unwrap();
}

#[test]
fn oracle_more_asked_for_than_there_is() {
    check(&case(2, 5, 40, 3, 4, 1_000)).unwrap();
}

#[test]
fn oracle_negative_scores_only() {
    let mut case = case(3, 20, 200, 5, 1 << 24, 3);
    case.biases.iter_mut().for_each(|bias| *bias -= 1_000.0);
    check(&case).unwrap();
}

#[test]
fn same_lists_for_any_number_of_threads() {
    let case = case(4, 500, 300, 16, 1 << 24, 5);
    for make in SIEVES {
        let catalogue = case.catalogue(make);
        let reach = case.reach(&catalogue);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let rank = || {
                catalogue
                    .rank_by_score(
                        People::new(case.people.view()).with_own(&case.own),
                        &reach,
                        5,
                    )
                    .unwrap()
            };
            pool.build().unwrap().install(rank)
        };
        assert_eq!(run(1), run(3));
    }
}

#[test]
fn nobody_nothing_and_nothing_open() {
    let case = case(5, 3, 40, 4, 9, 2);
    let catalogue = case.catalogue(Sieve::best_for);
    let none = catalogue.ad_set(|_| false);
    let mut reach = Reached::new(&catalogue, vec![none]).unwrap();
    (0..3).for_each(|_| reach.push(0, &[]).unwrap());
    let Retrieved { ranked, counts } = catalogue
        .rank_by_score(
            People::new(case.people.view()).with_own(&case.own),
            &reach,
            2,
        )
        .unwrap();
    assert!((0..3).all(|person| ranked.of(person).is_empty()));
    assert_eq!((counts.masked, counts.pairs), (120, 120));
    let nobody = Reached::everything(&catalogue, 0);
    let people = Array2::<f32>::zeros((0, 4));
    let Retrieved { ranked, .. } = catalogue
        .rank_by_score(People::new(people.view()), &nobody, 2)
        .unwrap();
    assert_eq!(ranked.n_people(), 0);
}

#[test]
fn deny_numbers_that_are_not_finite_and_shapes_that_do_not_fit() {
    let case = case(6, 3, 40, 4, 9, 2);
    let made = |change: fn(&mut Case)| {
        let mut case = case.clone();
        change(&mut case);
        Catalogue::with_offers(case.ads.view(), &case.biases, &case.offers).map(|_| ())
    };
    assert!(made(|_| ()).is_ok());
    let bad: [fn(&mut Case); 9] = [
        |c| c.ads[[1, 1]] = f32::NAN,
        |c| c.ads[[1, 1]] = f32::NEG_INFINITY,
        |c| c.ads[[1, 1]] = 2e12,
        |c| c.biases[0] = f32::NAN,
        |c| c.offers[0].bid = -1.0,
        |c| c.offers[0].quality = f64::INFINITY,
        |c| c.ads = Array2::zeros((40, 0)),
        |c| c.biases.truncate(39),
        |c| c.offers.truncate(39),
    ];
    for change in bad {
        assert!(matches!(made(change), Err(RetrieveError::Catalogue { .. })));
    }

    let catalogue = case.catalogue(Sieve::best_for);
    let reach = Reached::everything(&catalogue, 3);
    let ranked = |change: fn(&mut Array2<f32>), k| {
        let mut people = case.people.clone();
        change(&mut people);
        catalogue
            .rank_by_score(People::new(people.view()), &reach, k)
            .map(|_| ())
    };
    assert!(ranked(|_| (), 1).is_ok());
    let with_own = |own: &[f64]| {
        let people = People::new(case.people.view()).with_own(own);
        catalogue.rank_by_score(people, &reach, 1).map(|_| ())
    };
    assert!(with_own(&[1.0; 3]).is_ok());
    assert!(with_own(&[1.0; 2]).is_err() && with_own(&[1.0, f64::NAN, 1.0]).is_err());
    assert!(ranked(|_| (), 0).is_err());
    assert!(ranked(|p| p[[2, 3]] = f32::NAN, 1).is_err());
    assert!(ranked(|p| *p = Array2::zeros((3, 5)), 1).is_err());
    assert!(ranked(|p| *p = Array2::zeros((2, 4)), 1).is_err());
    let mut reach = reach.clone();
    assert!(reach.push(1, &[]).is_err() && reach.push(0, &[40]).is_err());
    assert!(reach.push(0, &[39]).is_ok());
}
