//! Candidates by factors: those whose ties are like a person's, whoever the two have in common.
//!
//! Factors ([`learn::als`](crate::learn::als)) are made of the permitted ties alone, so whoever is not permitted leaves no trace
//! in them. The inner product of two people is high where their ties are of one kind; it is what the ties would be if there
//! were as many kinds as coordinates. The K best products of everybody are found exactly ([`retrieve`](crate::retrieve)).
//!
//! Every rule holds but the one that asks for people in common: friends, whoever is excluded or of another age band and
//! everybody demoted, hidden or removed is masked before the search, not after it. So is everybody with whom there is a tie of
//! any kind, counted or set aside: that tie would speak for itself. And a path of three has to lead to a candidate, who is
//! then somebody that friends of friends know: a product alone is no reason.

use std::sync::{Arc, OnceLock};

use linfa::ParamGuard;
use ndarray::{Array2, ArrayView2, Axis};

use super::super::candidates::{Filters, Standing};
use super::super::near::common;
use super::super::rank::Scorer;
use super::super::reasons::Tier;
use super::super::suggestion::Suggestion;
use super::params::{RankerFactors, RankerParams};
use crate::graph::Csr;
use crate::learn::als::{LinkFactors, Links};
use crate::retrieve::{AdSet, Catalogue, People, Reached, dot};
use crate::score::Score;

/// Vectors of everybody, and their search.
///
/// # Complexity
/// 18 bytes a person and coordinate, and 4 a candidate once everybody's are settled.
#[derive(Debug)]
pub(crate) struct Alike {
    /// Left and right vector of a person side by side, shape (people, 2 · coordinates).
    own: Array2<f32>,
    /// The length of each of these.
    lengths: Vec<f64>,
    /// The same the other way round: right and left.
    catalogue: Catalogue,
    /// Whoever may be found at all: by those who are no minors, and by minors.
    open: [AdSet; 2],
    n_candidates: usize,
    settled: OnceLock<Settled>,
}

/// The best of many people, found together.
#[derive(Debug)]
struct Settled {
    /// Ascending.
    people: Vec<u32>,
    best: Vec<Vec<u32>>,
}

/// How many people are searched for at a time.
const TOGETHER: usize = 8192;

/// Why the search takes what it is given.
const USABLE: &str = "factors of at most 256 coordinates are finite, and nodes are theirs";

impl Alike {
    /// Factors of a scorer's ties, if the parameters ask for any.
    ///
    /// # Complexity
    /// That of [`learn::als`](crate::learn::als).
    pub(super) fn of(scorer: &Scorer<'_>, params: &RankerParams) -> Option<Arc<Self>> {
        let given = params.factors()?;
        Some(Arc::new(Self::new(scorer, given, params.seed_given())))
    }

    fn new(scorer: &Scorer<'_>, given: &RankerFactors, seed: u64) -> Self {
        let ties = scorer.view().ties;
        let links = Links::new(ties.offsets(), ties.neighbours(), &[]);
        let params = given.als(seed).check().expect("checked with the ranker's");
        let found = params.factorise(links.expect("ties are symmetric"));
        let width = found.width();
        let side_by_side = |parts: [fn(&_, usize) -> &[f32]; 2]| {
            let mut rows = Vec::with_capacity(2 * width * ties.n_nodes());
            for u in 0..ties.n_nodes() {
                for part in parts {
                    rows.extend_from_slice(part(&found, u));
                }
            }
            Array2::from_shape_vec((ties.n_nodes(), 2 * width), rows).expect(USABLE)
        };
        let own = side_by_side([LinkFactors::left, LinkFactors::right]);
        let others = side_by_side([LinkFactors::right, LinkFactors::left]);
        let catalogue = Catalogue::new(others.view(), &vec![0.0; ties.n_nodes()]).expect(USABLE);
        let open = [false, true].map(|band| {
            catalogue.ad_set(|v| {
                let v = u32::try_from(v).expect("no more than u32 counts");
                let filters = scorer.filters(v);
                filters.standing(v) == Standing::Good && filters.bands.own == band
            })
        });
        Self {
            lengths: own
                .axis_iter(Axis(0))
                .map(|x| length(&x.to_vec()))
                .collect(),
            own,
            catalogue,
            open,
            n_candidates: given.n_candidates(),
            settled: OnceLock::new(),
        }
    }

    fn row(&self, u: u32) -> &[f32] {
        let row = self.own.row(u as usize).to_slice();
        row.expect("rows of a matrix made row by row")
    }

    /// The mean of both products of two people.
    pub(super) fn product(&self, u: u32, v: u32) -> f64 {
        let (a, b) = (self.row(u), self.row(v));
        let width = a.len() / 2;
        let other_way = dot(&a[width..], &b[..width]);
        f64::midpoint(dot(&a[..width], &b[width..]), other_way)
    }

    /// The product over the lengths of both; 0 without ties.
    pub(super) fn cosine(&self, u: u32, v: u32, product: f64) -> f64 {
        let lengths = self.lengths[u as usize] * self.lengths[v as usize];
        if lengths > 0.0 {
            2.0 * product / lengths
        } else {
            0.0
        }
    }

    /// Finds the best of these people together, ascending: much quicker than one by one, and the same. Once.
    ///
    /// # Complexity
    /// O(people · n · D).
    pub(super) fn settle(&self, scorer: &Scorer<'_>, people: &[u32]) {
        // Not within the lock: a search runs on all threads, which may not wait for each other there.
        if self.settled.get().is_some() {
            return;
        }
        let best = people
            .chunks(TOGETHER)
            .flat_map(|people| self.find(scorer, people))
            .collect();
        // Whoever was quicker found the same.
        let _ = self.settled.set(Settled {
            people: people.to_vec(),
            best,
        });
    }

    /// Adds the best of `u` to those found already, but for whoever is among them.
    ///
    /// # Complexity
    /// O(n · D), unless they are settled.
    pub(super) fn add(&self, scorer: &Scorer<'_>, u: u32, found: &mut Vec<Suggestion>) {
        let filters = scorer.filters(u);
        let settled = self.settled.get().and_then(|settled| settled.of(u));
        let searched;
        let best = if let Some(best) = settled {
            best
        } else {
            searched = self.find(scorer, &[u]);
            &searched[0]
        };
        let n_before = found.len();
        for &v in best {
            if found[..n_before].iter().any(|s| s.candidate == v) {
                continue;
            }
            found.push(Suggestion {
                candidate: v,
                mutual_count: common(filters.view.ties, u, v),
                score: Score::from_f64(self.product(u, v)),
                tier: Tier::Alike,
            });
        }
    }

    /// The best of each of these people.
    fn find(&self, scorer: &Scorer<'_>, people: &[u32]) -> Vec<Vec<u32>> {
        let mut reach = Reached::new(&self.catalogue, self.open.to_vec()).expect(USABLE);
        for &u in people {
            let filters = scorer.filters(u);
            let blocked = masked(filters, u);
            reach
                .push(usize::from(filters.bands.own), &blocked)
                .expect(USABLE);
        }
        let at: Vec<usize> = people.iter().map(|&u| u as usize).collect();
        let rows = self.own.select(Axis(0), &at);
        let rows: ArrayView2<'_, f32> = rows.view();
        let ranked = self
            .catalogue
            .rank_by_score(People::new(rows), &reach, self.n_candidates);
        let ranked = ranked.expect(USABLE).ranked;
        let best = |(i, &u): (usize, &u32)| {
            let ties = scorer.view().ties;
            let better = ranked.of(i).iter().take_while(|one| one.score > 0.0);
            let may_be = better.map(|one| one.ad).filter(|&v| leads(ties, u, v));
            may_be.collect()
        };
        people.iter().enumerate().map(best).collect()
    }
}

impl Settled {
    fn of(&self, u: u32) -> Option<&[u32]> {
        let at = self.people.binary_search(&u).ok()?;
        Some(&self.best[at])
    }
}

/// Whom a person is not to be led to by factors, besides those who are not open to anybody.
fn masked(filters: Filters<'_>, u: u32) -> Vec<u32> {
    let view = filters.view;
    let tied = view.ties.row(u).iter().copied();
    let aside = view.aside_of(u).iter().map(|tie| tie.to);
    let excluded = filters.exclusions.of(u).map(|(v, _)| v);
    std::iter::once(u)
        .chain(tied)
        .chain(aside)
        .chain(excluded)
        .collect()
}

/// Does a path of two or three ties lead from one to the other?
fn leads(ties: &Csr, u: u32, v: u32) -> bool {
    let near = ties.row(u);
    let is_near = |z: &u32| near.binary_search(z).is_ok();
    let far = ties.row(v);
    far.iter().any(is_near) || far.iter().any(|&y| ties.row(y).iter().any(is_near))
}

fn length(vector: &[f32]) -> f64 {
    dot(vector, vector).sqrt()
}
