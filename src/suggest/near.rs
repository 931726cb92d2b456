//! People near somebody who has few candidates: personalised `PageRank`, approximately.
//!
//! A walk from `u` goes on to a tie of where it is, drawn evenly, and before each step returns to `u` with probability α = 0.15.
//! How often it is at `v` is the personalised `PageRank` π(v) (Page, Brin, Motwani and Winograd, "The `PageRank` citation ranking",
//! 1999). Pushing finds an approximation p without walking (Andersen, Chung and Lang, "Local graph partitioning using `PageRank`
//! vectors", 2006; here not the lazy walk): all of `u`'s mass waits at `u`; a push at `v` keeps α of what waits there in p(v)
//! and sends the rest to wait in equal parts at the ties of `v`, until less than ε · d(v) waits anywhere. Ties being
//! undirected, `0 ≤ π(v) − p(v) ≤ ε · d(v)`, with ε = 10⁻⁵.
//!
//! It takes at most `1 / (α ε)` steps whatever the size of the graph. Pushes come in the order in which mass began to wait, so
//! the sums are the same for any number of threads.

use std::collections::VecDeque;

use super::candidates::{Filters, Standing};
use super::reasons::Tier;
use super::select::{Key, TopK};
use super::suggestion::Suggestion;
use crate::graph::Csr;
use crate::score::Score;

/// α: how often a walk returns.
const RETURN: f64 = 0.15;

/// ε: what may wait for each tie.
const WAITS: f64 = 1e-5;

/// What one thread needs, used again for person after person.
///
/// # Complexity
/// 16 bytes a person, and what a walk touches.
#[derive(Clone, Debug)]
pub(super) struct NearScratch {
    rank: Vec<f64>,
    waiting: Vec<f64>,
    queue: VecDeque<u32>,
    touched: Vec<u32>,
    best: TopK,
    found: Vec<Suggestion>,
}

impl NearScratch {
    pub(super) fn new(n_nodes: usize) -> Self {
        Self {
            rank: vec![0.0; n_nodes],
            waiting: vec![0.0; n_nodes],
            queue: VecDeque::new(),
            touched: Vec::new(),
            best: TopK::default(),
            found: Vec::new(),
        }
    }

    /// The `k` people nearest to somebody, best first, except `already`: by approximate `PageRank`, whatever they have in common.
    ///
    /// Every rule holds but the one that asks for people in common: friends, whoever is excluded or of another age band, and
    /// everybody demoted or removed for spam are left out. After the first calls little is allocated.
    ///
    /// # Panics
    /// If there is no such node, or the scratch is another graph's.
    ///
    /// # Complexity
    /// O(1 / (α ε)), at most 670,000 steps.
    pub(super) fn nearest(
        &mut self,
        filters: Filters<'_>,
        u: u32,
        k: usize,
        already: &[Suggestion],
    ) -> &[Suggestion] {
        let ties = filters.view.ties;
        self.push_from(ties, u);
        self.best.reset(k);
        for &v in &self.touched {
            let rank = self.rank[v as usize];
            let is_new = || already.iter().all(|s| s.candidate != v);
            if rank > 0.0 && may_be_near(filters, u, v) && is_new() {
                let bits = Score::from_f64(rank).bits();
                self.best.offer(Key::new(bits, v, 0));
            }
        }
        let suggestion = |key: &Key| {
            let candidate = key.node();
            Suggestion {
                candidate,
                mutual_count: common(ties, u, candidate),
                score: Score::from_bits(key.bits()),
                tier: Tier::Near,
            }
        };
        self.found.clear();
        self.found.extend(self.best.finish().iter().map(suggestion));
        &self.found
    }

    /// Leaves p in `rank`, and whoever it is above 0 for, or was waited at, in `touched`.
    fn push_from(&mut self, ties: &Csr, u: u32) {
        self.forget();
        self.wait(ties, u, 1.0);
        // What is kept in `rank` and what waits always add up to 1, and queued is whoever has enough waiting, each once.
        while let Some(v) = self.queue.pop_front() {
            let mass = std::mem::take(&mut self.waiting[v as usize]);
            self.rank[v as usize] += RETURN * mass;
            let part = (1.0 - RETURN) * mass / f64::from(ties.degree(v));
            for &w in ties.row(v) {
                self.wait(ties, w, part);
            }
        }
    }

    /// Queues `v` when it has enough to be pushed, which it has once while it is queued.
    fn wait(&mut self, ties: &Csr, v: u32, mass: f64) {
        let at = v as usize;
        let before = self.waiting[at];
        if before == 0.0 && self.rank[at] == 0.0 {
            self.touched.push(v);
        }
        self.waiting[at] = before + mass;
        let enough = WAITS * f64::from(ties.degree(v));
        if before < enough && self.waiting[at] >= enough && ties.degree(v) > 0 {
            self.queue.push_back(v);
        }
    }

    fn forget(&mut self) {
        for v in self.touched.drain(..) {
            (self.rank[v as usize], self.waiting[v as usize]) = (0.0, 0.0);
        }
    }
}

/// Every rule but the one that asks for people in common.
pub(super) fn may_be_near(filters: Filters<'_>, u: u32, v: u32) -> bool {
    u != v
        && !filters.view.are_friends(u, v)
        && filters.exclusions.between(u, v).is_none()
        && filters.standing(v) == Standing::Good
}

/// How many are tied to both.
pub(super) fn common(ties: &Csr, u: u32, v: u32) -> u32 {
    let far = ties.row(v);
    let both = ties.row(u).iter().filter(|z| far.binary_search(z).is_ok());
    u32::try_from(both.count()).expect("no more than there are people")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Exclusions, Plain, Scorer, SuggestParams};
    use super::*;
    use crate::hash::mix;
    use crate::signals::FeedbackKind;

    /// π by repeating the walk until nothing moves.
    fn exact(ties: &Csr, u: u32) -> Vec<f64> {
        let n = ties.n_nodes();
        let mut at = vec![0.0; n];
        at[u as usize] = 1.0;
        let mut rank = vec![0.0; n];
        for _ in 0..400 {
            let mut next = vec![0.0; n];
            for v in ties.nodes() {
                rank[v as usize] += RETURN * at[v as usize];
                for &w in ties.row(v) {
                    next[w as usize] += (1.0 - RETURN) * at[v as usize] / f64::from(ties.degree(v));
                }
            }
            at = next;
        }
        rank
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn oracle_the_error_is_within_its_bound(
            pairs in prop::collection::vec((0_u32..30, 0_u32..30), 1..90), u in 0_u32..30,
        ) {
            let plain = Plain::new(30, &pairs, &[]);
            let ties = plain.view().ties;
            let mut scratch = NearScratch::new(30);
            // A second use must not see the first.
            scratch.push_from(ties, (u + 1) % 30);
            scratch.push_from(ties, u);
            for (v, pi) in (0_u32..).zip(exact(ties, u)) {
                if ties.degree(u) == 0 {
                    continue;
                }
                let p = scratch.rank[v as usize];
                prop_assert!(p <= pi + 1e-12, "{} is above {}", p, pi);
                prop_assert!(pi - p <= WAITS * f64::from(ties.degree(v)) + 1e-12);
            }
        }
    }

    #[test]
    fn nearly_all_of_the_nearest_ten_are_found() {
        // A circle of people who know the next six, and one in four somebody far away.
        let n = 3_000_u32;
        let far = |u: u32| u32::try_from(mix(u64::from(u)) % u64::from(n)).unwrap();
        let near = (0..n).flat_map(|u| (1..7).map(move |step| (u, (u + step) % n)));
        let pairs: Vec<(u32, u32)> = near.chain((0..n).step_by(4).map(|u| (u, far(u)))).collect();
        let plain = Plain::new(n as usize, &pairs, &[]);
        let (ties, exclusions) = (plain.view().ties, Exclusions::none());
        let params = SuggestParams::default().check().unwrap();
        let scorer = Scorer::without_spam(plain.view(), &exclusions, &params);
        let mut scratch = NearScratch::new(scorer.n_users());
        let (mut found, mut wanted) = (0, 0);
        for u in (0..n).step_by(150) {
            let pi = exact(ties, u);
            let mut best: Vec<u32> = ties
                .nodes()
                .filter(|&v| may_be_near(scorer.filters(u), u, v))
                .collect();
            best.sort_by(|&a, &b| pi[b as usize].total_cmp(&pi[a as usize]).then(a.cmp(&b)));
            let near = scratch.nearest(scorer.filters(u), u, 10, &[]);
            found += near
                .iter()
                .filter(|s| best[..10].contains(&s.candidate))
                .count();
            wanted += 10;
        }
        assert!(found * 100 >= wanted * 97, "{found} of {wanted}");
    }

    #[test]
    fn deny_friends_the_excluded_and_whoever_is_there_already() {
        // A path: 0 - 1 - 2 - 3 - 4 - 5.
        let path: Vec<(u32, u32)> = (0..5).map(|u| (u, u + 1)).collect();
        let plain = Plain::new(6, &path, &[]);
        let said = [(0, 3, FeedbackKind::Dismiss), (5, 5, FeedbackKind::Hide)];
        let exclusions = Exclusions::from_nodes(6, said);
        let params = SuggestParams::default().check().unwrap();
        let scorer = Scorer::without_spam(plain.view(), &exclusions, &params);
        let mut scratch = NearScratch::new(scorer.n_users());
        let found = scratch.nearest(scorer.filters(0), 0, 10, &[]).to_vec();
        let nodes = |found: &[Suggestion]| found.iter().map(|s| s.candidate).collect::<Vec<_>>();
        assert_eq!(nodes(&found), [2, 4]);
        assert_eq!((found[0].mutual_count, found[1].mutual_count), (1, 0));
        let rest = scratch.nearest(scorer.filters(0), 0, 10, &found[..1]);
        assert_eq!(nodes(rest), [4]);
    }
}
