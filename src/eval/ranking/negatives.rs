//! Pairs that are no friends, to tell hidden friends from.

use rayon::prelude::*;

use crate::eval::friends::{auc, is_edge, mix, non_edges, pair_scores};
use crate::graph::Csr;
use crate::suggest::{ForOne as _, Ranker, View};

/// Draws for one hard pair after which the next hidden friendship has its turn.
const TRIES: u64 = 100;

/// Hidden friendships, and as many pairs that are none.
pub(super) struct Negatives<'a> {
    positive: &'a [(u32, u32)],
    /// Drawn from all pairs, as the published protocol does.
    random: Vec<(u32, u32)>,
    /// Drawn from pairs with somebody in common.
    hard: Vec<(u32, u32)>,
}

impl<'a> Negatives<'a> {
    pub(super) fn draw(
        view: &View<'_>,
        hidden: &Csr,
        positive: &'a [(u32, u32)],
        seed: u64,
    ) -> Self {
        Self {
            random: non_edges(view.ties, hidden, positive.len()),
            hard: hard(view.ties, hidden, positive, seed),
            positive,
        }
    }

    /// Against random and against hard pairs, by heuristic; none if there is nothing to compare.
    pub(super) fn aucs(&self, ties: &Csr) -> [Option<[f64; 5]>; 2] {
        let positive = pair_scores(ties, self.positive);
        [&self.random, &self.hard].map(|pairs| {
            let negative = pair_scores(ties, pairs);
            let is_there = !self.positive.is_empty() && !pairs.is_empty();
            is_there.then(|| std::array::from_fn(|m| auc(&positive[m], &negative[m])))
        })
    }

    /// The same of the ranker.
    pub(super) fn aucs_of(&self, ranker: &Ranker<'_>) -> [Option<f64>; 2] {
        let positive = scores(ranker, self.positive);
        [&self.random, &self.hard].map(|pairs| {
            let is_there = !self.positive.is_empty() && !pairs.is_empty();
            is_there.then(|| auc(&positive, &scores(ranker, pairs)))
        })
    }
}

/// The log-odds of every pair as seen by its first person, in no particular order.
fn scores(ranker: &Ranker<'_>, pairs: &[(u32, u32)]) -> Vec<f64> {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    let people: Vec<&[(u32, u32)]> = pairs.chunk_by(|a, b| a.0 == b.0).collect();
    let of_person = |scratch: &mut _, pairs: &&[(u32, u32)]| {
        let others: Vec<u32> = pairs.iter().map(|&(_, v)| v).collect();
        ranker.log_odds(scratch, pairs[0].0, &others)
    };
    let scores: Vec<Vec<f64>> = people
        .par_iter()
        .map_init(|| ranker.scratch(), of_person)
        .collect();
    scores.into_iter().flatten().collect()
}

/// For each hidden friendship, in turn from either end, the end of a walk of two steps that is no friend; no pair if a
/// hundred walks find none.
fn hard(ties: &Csr, hidden: &Csr, positive: &[(u32, u32)], seed: u64) -> Vec<(u32, u32)> {
    let is_stranger = |u, v| u != v && !is_edge(ties, u, v) && !is_edge(hidden, u, v);
    let walk = |(i, &(a, b)): (u64, &(u32, u32))| {
        let u = if i.is_multiple_of(2) { a } else { b };
        (0..TRIES).find_map(|n| {
            let r = mix(mix(mix(!seed) ^ i) ^ n);
            let z = nth(ties.row(u), r >> 32)?;
            let v = nth(ties.row(z), r & u64::from(u32::MAX))?;
            is_stranger(u, v).then_some((u, v))
        })
    };
    (0..).zip(positive).filter_map(walk).collect()
}

fn nth(row: &[u32], r: u64) -> Option<u32> {
    let place = r.checked_rem(row.len() as u64)?;
    row.get(usize::try_from(place).ok()?).copied()
}
