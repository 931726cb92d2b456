//! How good the first k suggestions are, ten unless said: heuristics and the learned ranker on the same hidden friendships.
//!
//! Friendships are hidden ([`SplitBy`]); everything known, saved numbers included, is what suggestions are made from, one
//! person in common being enough. For a person `u` with hidden friendships `H(u)`, and suggestions 1 to k:
//!
//! - **MAP@k**: the mean over people with hidden friendships, and over seeds, of
//!   `AP(u) = Σ_i [i is hidden] · (hits among 1..i) / i / min(k, |H(u)|)`. A person who gets no suggestion counts as 0.
//! - **recall@k**: hits summed over people, divided by the sum of `min(k, |H(u)|)`.
//! - **hit@k**: share of people with a hit.
//! - **NDCG@k**: hits discounted by `1 / log₂(place + 1)`, divided by that of the best order (Järvelin and Kekäläinen,
//!   "Cumulated gain-based evaluation of IR techniques", 2002).
//! - **AUC**: as in [`evaluate_edges`](super::evaluate_edges); **hard AUC**: the same against pairs that have somebody in
//!   common and are no friends, drawn by a walk of two steps from an end of each hidden friendship.
//! - [`Exposure`]: over everybody, with hidden friendships or without.
//!
//! The ranker is trained anew for every seed, on what is known alone: of that it hides a tenth to learn from, and what the
//! evaluation hid it never sees. Intervals are the 2.5th and 97.5th percentiles of 1000 draws of people.

mod bootstrap;
pub(in crate::eval) mod metrics;
mod negatives;
mod split;

pub use crate::suggest::Exposure;
pub use bootstrap::ConfidenceInterval;
pub use split::{SplitBy, TimedEdge, simple_edges};

use rayon::prelude::*;
use serde::Serialize;

use super::friends::{self, Method, SIMPLE, by_rank, ids};
use crate::graph::Csr;
use crate::suggest::{
    Direct, Exclusions, ForOne as _, FriendModel, FriendTraining, Heuristic, MAX_K, PRACTICE_FROM,
    Plain, Provenance, Ranker, RankerError, Scorer, Source, SuggestParams, ValidRankerParams,
    ValidSuggestParams, View, everybody, train_on,
};
use crate::time::Timestamp;
use bootstrap::draws;
use metrics::{Worth, mean_exposure};
use split::Split;

/// How to evaluate.
#[derive(Clone, Debug)]
pub struct RankingParams {
    /// How friendships are hidden.
    pub split: SplitBy,
    /// How many suggestions count: at least 1, and at most as many as a run may make.
    pub k: usize,
    /// How many times, with seeds 0, 1, 2, …; at least 1, and 1 if by time.
    pub seeds: u32,
    /// How to train the ranker; without it, heuristics alone are evaluated.
    pub ranker: Option<ValidRankerParams>,
    /// Give the ranker people near where two-paths lead to too few.
    pub near: bool,
    /// By which rules of a run people are suggested.
    pub rules: SuggestionRules,
}

/// The rules of a run that decide whom saved numbers and people in common suggest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuggestionRules {
    /// How many people two must have in common; 1 by default, as published figures have it.
    pub min_intermediaries: u32,
    /// Whom a saved number suggests by itself; everybody by default, to say what saved numbers are worth.
    pub direct: Direct,
    /// From how many patients a number is a practice's; as in a run by default.
    pub practice_from: u32,
}

impl Default for SuggestionRules {
    fn default() -> Self {
        Self {
            min_intermediaries: 1,
            direct: Direct::Own,
            practice_from: PRACTICE_FROM,
        }
    }
}

/// How good every method is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankingEvaluation {
    /// How friendships were hidden.
    pub split: SplitBy,
    /// How many suggestions count.
    pub k: usize,
    /// How many times.
    pub seeds: u32,
    /// How many ids have a friendship or a contact.
    pub nodes: usize,
    /// How many friendships there are.
    pub friendships: usize,
    /// How many saved numbers there are, directed.
    pub contacts: usize,
    /// How many friendships were hidden, by seed.
    pub hidden: Vec<usize>,
    /// The methods; the ranker last, if it was asked for.
    pub methods: Vec<MethodRanking>,
    /// The ranker beside the best heuristic.
    pub gain: Option<Gain>,
    /// What the ranker was trained on, by seed.
    pub training: Vec<FriendTraining>,
}

/// How good one method is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MethodRanking {
    /// CN, Jaccard, PA, AA, RA or ranker.
    pub method: &'static str,
    /// Against pairs drawn from all, mean over seeds; none if there is nothing to measure on.
    pub auc: Option<f64>,
    /// Against pairs with somebody in common.
    pub hard_auc: Option<f64>,
    /// Mean average precision of the first k.
    pub map_at_k: ConfidenceInterval,
    /// The same, by seed.
    pub map_at_k_by_seed: Vec<f64>,
    /// Share of what could be found that was.
    pub recall_at_k: ConfidenceInterval,
    /// Share of people with a hit.
    pub hit_at_k: ConfidenceInterval,
    /// Normalised discounted cumulative gain.
    pub ndcg_at_k: ConfidenceInterval,
    /// Who is shown how often, mean over seeds.
    pub exposure: Exposure,
    /// By the number of ties that are known.
    pub by_degree: Vec<AtDegree>,
}

/// People with about as many known ties.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AtDegree {
    /// The fewest ties.
    pub from: u32,
    /// People with hidden friendships, summed over seeds.
    pub people: u64,
    /// Their mean average precision of the first k.
    pub map_at_k: f64,
}

/// The ranker beside the best heuristic.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gain {
    /// The heuristic with the highest MAP@10.
    pub best_heuristic: &'static str,
    /// MAP@10 of the ranker less that of the heuristic.
    pub map_at_k: ConfidenceInterval,
}

const N_DRAWS: u64 = 1000;
/// The fewest ties of each group of people.
const DEGREES: [u32; 6] = [0, 1, 4, 16, 64, 256];
/// More than this many are not kept by the product of degrees, which is then left out.
const BY_DEGREE: usize = 10;
const RANKER: &str = "ranker";

/// Evaluates heuristics, and the ranker if asked for, on hidden friendships.
///
/// `friendships` are a simple graph, the smaller id first; `contacts` are directed pairs, from who saved to whose number it
/// is, all of which are known. The product of degrees is left out if there are contacts.
///
/// # Errors
/// If the ranker cannot be trained.
///
/// # Complexity
/// For each seed, a pass over the two-paths for every method, and the training of the ranker.
pub fn evaluate_ranking(
    friendships: &[TimedEdge],
    contacts: &[(u64, u64)],
    params: &RankingParams,
) -> Result<RankingEvaluation, RankerError> {
    let seeds = match params.split {
        SplitBy::Random => params.seeds.max(1),
        SplitBy::Time => 1,
    };
    let pairs: Vec<(u64, u64)> = friendships.iter().map(TimedEdge::pair).collect();
    let ids = ids(&[contacts, &pairs].concat());
    let world = World {
        friendships,
        contacts,
        ids: &ids,
        params,
    };
    let mut tally = Tally::new(ids.len(), params.k);
    for seed in 0..seeds {
        world.evaluate(u64::from(seed), &mut tally)?;
    }
    Ok(RankingEvaluation {
        split: params.split,
        k: params.k,
        seeds,
        nodes: ids.len(),
        friendships: friendships.len(),
        contacts: contacts.len(),
        hidden: tally.hidden.clone(),
        gain: tally.gain(),
        methods: tally.methods(),
        training: tally.training,
    })
}

/// Trains a ranker on a public edge list; nobody's consent is asked, and the model says so by naming no ledger.
///
/// # Errors
/// As [`train_friends`](crate::suggest::train_friends).
///
/// # Complexity
/// As [`train_friends`](crate::suggest::train_friends).
pub fn train_public(
    friendships: &[TimedEdge],
    contacts: &[(u64, u64)],
    suggest: &ValidSuggestParams,
    params: &ValidRankerParams,
) -> Result<FriendModel, RankerError> {
    let pairs: Vec<(u64, u64)> = friendships.iter().map(TimedEdge::pair).collect();
    let ids = ids(&[contacts, &pairs].concat());
    let known = Known::new(&ids, friendships, contacts, suggest);
    known.train(&ids, suggest, params)
}

/// What suggestions are made from.
struct Known {
    plain: Plain,
    times: Vec<Timestamp>,
    exclusions: Exclusions,
}

impl Known {
    fn new(
        ids: &[u64],
        friendships: &[TimedEdge],
        contacts: &[(u64, u64)],
        suggest: &ValidSuggestParams,
    ) -> Self {
        let pairs: Vec<(u64, u64)> = friendships.iter().map(TimedEdge::pair).collect();
        let plain = Plain::new(ids.len(), &by_rank(ids, &pairs), &by_rank(ids, contacts))
            .without_practices(suggest);
        Self {
            times: times(ids, plain.view(), friendships),
            plain,
            exclusions: Exclusions::none(),
        }
    }

    fn view(&self) -> View<'_> {
        self.plain.view()
    }

    fn train(
        &self,
        ids: &[u64],
        suggest: &ValidSuggestParams,
        params: &ValidRankerParams,
    ) -> Result<FriendModel, RankerError> {
        let source = Source {
            view: self.view(),
            times: &self.times,
            id: &|node| ids[node as usize],
            exclusions: &self.exclusions,
        };
        let provenance = Provenance {
            acquaint: env!("CARGO_PKG_VERSION").to_owned(),
            ..Provenance::default()
        };
        train_on(source, suggest, params, provenance)
    }
}

/// The time of every entry of the ties, seconds taken as the file's unit; empty if no friendship has one. Saved numbers have
/// none, and count as old.
fn times(ids: &[u64], view: View<'_>, friendships: &[TimedEdge]) -> Vec<Timestamp> {
    if friendships.iter().all(|edge| edge.at.is_none()) {
        return Vec::new();
    }
    let first = friendships.iter().filter_map(|e| e.at).min().unwrap_or(0);
    let mut edges = friendships.to_vec();
    edges.sort_unstable();
    let at = |u: u32, v: u32| {
        let (a, b) = (ids[u as usize], ids[v as usize]);
        let found = edges.binary_search_by_key(&(a.min(b), a.max(b)), TimedEdge::pair);
        let seconds = found.ok().and_then(|i| edges[i].at).unwrap_or(first);
        Timestamp::from_micros(seconds.saturating_mul(1_000_000))
    };
    let rows = view.ties.nodes();
    rows.flat_map(|u| view.ties.row(u).iter().map(move |&v| (u, v)))
        .map(|(u, v)| at(u, v))
        .collect()
}

/// One graph to evaluate on.
struct World<'a> {
    friendships: &'a [TimedEdge],
    contacts: &'a [(u64, u64)],
    ids: &'a [u64],
    params: &'a RankingParams,
}

/// The first k of everybody.
struct Firsts {
    method: &'static str,
    best: Vec<Vec<u32>>,
    auc: Option<f64>,
    hard_auc: Option<f64>,
}

impl World<'_> {
    fn evaluate(&self, seed: u64, tally: &mut Tally) -> Result<(), RankerError> {
        let split = Split::of(self.friendships, self.params.split, seed);
        let RankingParams { rules, near, k, .. } = *self.params;
        let suggest = pool_params(rules, near, k);
        let known = Known::new(self.ids, &split.known, self.contacts, &suggest);
        let pairs = by_rank(self.ids, &split.hidden);
        let hidden = Csr::from_undirected(self.ids.len(), pairs.clone()).expect(SIMPLE);
        let negatives = negatives::Negatives::draw(&known.view(), &hidden, &pairs, seed);
        let aucs = negatives.aucs(known.view().ties);
        let mut firsts: Vec<Firsts> = heuristics(&known, self.params, self.contacts.is_empty())
            .into_iter()
            .map(|(method, best)| {
                let place = Method::ALL.iter().position(|&m| m == method);
                let of = |aucs: Option<[f64; 5]>| aucs.zip(place).map(|(all, i)| all[i]);
                Firsts {
                    method: method.as_str(),
                    best,
                    auc: of(aucs[0]),
                    hard_auc: of(aucs[1]),
                }
            })
            .collect();
        if let Some(params) = &self.params.ranker {
            let model = known.train(self.ids, &suggest, params)?;
            let view = known.view();
            let ranker = Ranker::over(view, &known.times, &known.exclusions, &suggest, &model);
            ranker.prepare_all();
            let [auc, hard_auc] = negatives.aucs_of(&ranker);
            firsts.push(Firsts {
                method: RANKER,
                best: rows(&everybody(&ranker, &|_| ()).suggestions),
                auc,
                hard_auc,
            });
            tally.training.push(model.training().clone());
        }
        tally.add(&firsts, &hidden, known.view().ties, pairs.len());
        Ok(())
    }
}

/// The kernel's best are those of resource allocation.
fn pool_params(rules: SuggestionRules, near: bool, k: usize) -> ValidSuggestParams {
    kernel_params(Heuristic::ResourceAllocation, rules, near, k)
}

fn kernel_params(
    score: Heuristic,
    rules: SuggestionRules,
    near: bool,
    k: usize,
) -> ValidSuggestParams {
    let params = SuggestParams::default()
        .k(k.clamp(1, MAX_K))
        .min_intermediaries(rules.min_intermediaries.max(1))
        .direct(rules.direct)
        .practice_from(rules.practice_from);
    let params = params.score(score).near(near).check();
    params.expect("all are in range")
}

fn rows(suggestions: &crate::suggest::Suggestions) -> Vec<Vec<u32>> {
    let candidates = |row: &[crate::suggest::Suggestion]| row.iter().map(|s| s.candidate).collect();
    suggestions.iter().map(|(_, row)| candidates(row)).collect()
}

fn heuristics(
    known: &Known,
    params: &RankingParams,
    with_degrees: bool,
) -> Vec<(Method, Vec<Vec<u32>>)> {
    let by = |score| {
        let params = kernel_params(score, params.rules, false, params.k);
        let scorer = Scorer::without_spam(known.view(), &known.exclusions, &params);
        rows(&everybody(&scorer, &|_| ()).suggestions)
    };
    let mut all = vec![
        (Method::CommonNeighbours, by(Heuristic::CommonNeighbours)),
        (Method::Jaccard, by(Heuristic::Jaccard)),
    ];
    if with_degrees && params.k <= BY_DEGREE {
        all.push((Method::PreferentialAttachment, by_degree(known.view().ties)));
    }
    all.push((Method::AdamicAdar, by(Heuristic::AdamicAdar)));
    all.push((
        Method::ResourceAllocation,
        by(Heuristic::ResourceAllocation),
    ));
    all
}

/// The first ten people with somebody in common, by the product of degrees.
fn by_degree(ties: &Csr) -> Vec<Vec<u32>> {
    ties.nodes()
        .into_par_iter()
        .map_init(
            || friends::Sums::new(ties.n_nodes()),
            |sums, u| {
                let best = sums.first_10(ties, u)[2].best;
                let found = best.iter().filter(|(score, _)| score.is_finite());
                found.map(|&(_, v)| v).collect()
            },
        )
        .collect()
}

/// What was found so far.
struct Tally {
    n_nodes: usize,
    k: usize,
    hidden: Vec<usize>,
    training: Vec<FriendTraining>,
    methods: Vec<MethodTally>,
}

struct MethodTally {
    method: &'static str,
    k: usize,
    people: Vec<Worth>,
    by_seed: Vec<f64>,
    exposures: Vec<Exposure>,
    by_degree: [Worth; DEGREES.len()],
    aucs: Vec<Option<f64>>,
    hard_aucs: Vec<Option<f64>>,
}

impl Tally {
    const fn new(n_nodes: usize, k: usize) -> Self {
        Self {
            n_nodes,
            k,
            hidden: Vec::new(),
            training: Vec::new(),
            methods: Vec::new(),
        }
    }

    fn add(&mut self, firsts: &[Firsts], hidden: &Csr, known: &Csr, n_hidden: usize) {
        self.hidden.push(n_hidden);
        if self.methods.is_empty() {
            let of = |f: &Firsts| MethodTally::new(f.method, self.n_nodes, self.k);
            self.methods = firsts.iter().map(of).collect();
        }
        for (method, firsts) in self.methods.iter_mut().zip(firsts) {
            method.add(firsts, hidden, known);
        }
    }

    fn people(&self) -> Vec<Vec<Worth>> {
        self.methods.iter().map(|m| m.people.clone()).collect()
    }

    fn methods(&self) -> Vec<MethodRanking> {
        let draws = draws(&self.people(), N_DRAWS);
        let of = |(i, method): (usize, &MethodTally)| method.ranking(&draws, i);
        self.methods.iter().enumerate().map(of).collect()
    }

    fn gain(&self) -> Option<Gain> {
        let ranker = self.methods.iter().position(|m| m.method == RANKER)?;
        let map = |i: &usize| self.methods[*i].total().map();
        let best = (0..ranker).max_by(|a, b| map(a).total_cmp(&map(b)))?;
        let draws = draws(&self.people(), N_DRAWS);
        let gains = draws
            .iter()
            .map(|sums| sums[ranker].map() - sums[best].map());
        Some(Gain {
            best_heuristic: self.methods[best].method,
            map_at_k: ConfidenceInterval::of(map(&ranker) - map(&best), gains),
        })
    }
}

impl MethodTally {
    fn new(method: &'static str, n_nodes: usize, k: usize) -> Self {
        Self {
            method,
            k,
            people: vec![Worth::default(); n_nodes],
            by_seed: Vec::new(),
            exposures: Vec::new(),
            by_degree: [Worth::default(); DEGREES.len()],
            aucs: Vec::new(),
            hard_aucs: Vec::new(),
        }
    }

    fn add(&mut self, firsts: &Firsts, hidden: &Csr, known: &Csr) {
        let mut total = Worth::default();
        for u in hidden.nodes().filter(|&u| hidden.degree(u) > 0) {
            let worth = Worth::of(&firsts.best[u as usize], hidden.row(u), self.k);
            let group = DEGREES.partition_point(|&from| from <= known.degree(u)) - 1;
            self.by_degree[group].add(&worth);
            self.people[u as usize].add(&worth);
            total.add(&worth);
        }
        self.by_seed.push(total.map());
        let n_got: Vec<usize> = firsts.best.iter().map(Vec::len).collect();
        let mut n_shown = vec![0; firsts.best.len()];
        for &v in firsts.best.iter().flatten() {
            n_shown[v as usize] += 1;
        }
        self.exposures.push(Exposure::of(&n_got, n_shown, self.k));
        self.aucs.push(firsts.auc);
        self.hard_aucs.push(firsts.hard_auc);
    }

    fn total(&self) -> Worth {
        let mut total = Worth::default();
        for worth in &self.people {
            total.add(worth);
        }
        total
    }

    fn ranking(&self, draws: &[Vec<Worth>], place: usize) -> MethodRanking {
        let total = self.total();
        let interval = |of: fn(&Worth) -> f64| {
            ConfidenceInterval::of(of(&total), draws.iter().map(|sums| of(&sums[place])))
        };
        let groups = DEGREES.iter().zip(&self.by_degree);
        let group = |(&from, worth): (&u32, &Worth)| AtDegree {
            from,
            people: worth.people,
            map_at_k: worth.map(),
        };
        MethodRanking {
            method: self.method,
            auc: mean(&self.aucs),
            hard_auc: mean(&self.hard_aucs),
            map_at_k: interval(Worth::map),
            map_at_k_by_seed: self.by_seed.clone(),
            recall_at_k: interval(Worth::recall),
            hit_at_k: interval(Worth::hit_rate),
            ndcg_at_k: interval(Worth::ndcg),
            exposure: mean_exposure(&self.exposures),
            by_degree: groups
                .filter(|(_, worth)| worth.people > 0)
                .map(group)
                .collect(),
        }
    }
}

fn mean(all: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = all.iter().copied().collect::<Option<_>>()?;
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

#[cfg(test)]
mod tests;
