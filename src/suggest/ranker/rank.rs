//! Candidates in the order of a model.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::super::counts::SuggestCounts;
use super::super::exclusions::Exclusions;
use super::super::exposure::{self, POOL_PER_K};
use super::super::params::ValidSuggestParams;
use super::super::rank::{CHUNK, Scorer, Scratch, Suggestion, Suggestions};
use super::super::reasons::Tier;
use super::super::view::View;
use super::RankerError;
use super::extract::{Extractor, Workspace};
use super::features::Features;
use super::model::{FeatureWeight, FriendModel};
use crate::consent::FriendSuggestions;
use crate::graph::Graph;
use crate::time::Timestamp;

/// Ranks people by a model: what all threads share.
///
/// The kernel's best, a pool, are ordered by the model, and with them people near, if they are asked for and the pool is
/// not full; equal ones stay in the kernel's order. Whoever was demoted for spam comes after everybody who was not.
#[derive(Clone, Debug)]
pub struct Ranker<'a> {
    scorer: Scorer<'a>,
    extractor: Extractor<'a>,
    model: &'a FriendModel,
    k: usize,
}

/// What one thread needs, used again for person after person.
#[derive(Clone, Debug)]
pub struct RankerScratch {
    scorer: Scratch,
    workspace: Workspace,
    pool: Vec<Suggestion>,
    candidates: Vec<u32>,
    features: Vec<Features>,
    ranked: Vec<(Suggestion, f64)>,
}

/// Where the model puts somebody, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// From 1.
    pub place: usize,
    /// That the two are friends.
    pub probability: f64,
    /// What every feature adds to the log-odds; with the intercept they are the log-odds.
    pub parts: Vec<FeatureWeight>,
}

impl<'a> Ranker<'a> {
    /// A ranker for a permitted graph; `spam` as for [`Scorer::new`].
    ///
    /// # Errors
    /// As [`Scorer::new`]; and if the model was trained on candidates found in another way.
    ///
    /// # Complexity
    /// O(Σ over ties of the smaller degree) time; 4 bytes an entry of the ties and 8 a person.
    pub fn new(
        graph: &'a Graph<FriendSuggestions>,
        exclusions: &'a Exclusions,
        spam: &[f32],
        params: &ValidSuggestParams,
        model: &'a FriendModel,
    ) -> Result<Self, RankerError> {
        model.check_candidates(params)?;
        let scorer = Scorer::new(graph, exclusions, spam, params)?;
        Ok(Self::of(scorer, graph.tie_times(), model, params.k()))
    }

    /// A ranker over any graph, with nobody's spam score.
    pub(crate) fn over(
        view: View<'a>,
        times: &'a [Timestamp],
        exclusions: &'a Exclusions,
        params: &ValidSuggestParams,
        model: &'a FriendModel,
    ) -> Self {
        let scorer = Scorer::without_spam(view, exclusions, params);
        Self::of(scorer, times, model, params.k())
    }

    fn of(scorer: Scorer<'a>, times: &'a [Timestamp], model: &'a FriendModel, k: usize) -> Self {
        let extractor = Extractor::new(scorer.view(), times);
        Self {
            scorer,
            extractor,
            model,
            k,
        }
    }

    /// Everything one thread needs.
    #[must_use]
    pub fn scratch(&self) -> RankerScratch {
        RankerScratch {
            scorer: self.scorer.scratch(),
            workspace: self.extractor.workspace(),
            pool: Vec::new(),
            candidates: Vec::new(),
            features: Vec::new(),
            ranked: Vec::new(),
        }
    }

    /// The `k` best suggestions for one person, best first, each with its probability, and what became of all
    /// candidates.
    ///
    /// # Panics
    /// If there is no such node, or `scratch` is another ranker's.
    ///
    /// # Complexity
    /// That of [`Scorer::suggest_one`], and O(Σ over the pool of the candidate's degree and of the ties of the people
    /// between, at most).
    pub fn suggest_one<'s>(
        &self,
        scratch: &'s mut RankerScratch,
        node_idx: u32,
        k: usize,
    ) -> (&'s [(Suggestion, f64)], SuggestCounts) {
        let counts = self.rank(scratch, node_idx, k, &[]);
        (&scratch.ranked, counts)
    }

    /// As [`suggest_one`](Self::suggest_one); leaves in the scratch the features of `others` too, after those of the pool.
    fn rank(&self, scratch: &mut RankerScratch, u: u32, k: usize, others: &[u32]) -> SuggestCounts {
        let n_pool = k.max(self.model.candidates().pool);
        scratch.pool.clear();
        let filled = (n_pool, n_pool);
        let mut counts = (self.scorer).take(&mut scratch.scorer, u, filled, &mut scratch.pool);
        let pool = &scratch.pool;
        scratch.candidates.clear();
        scratch.candidates.extend(pool.iter().map(|s| s.candidate));
        scratch.candidates.extend_from_slice(others);
        scratch.features.clear();
        self.extractor.extract(
            &mut scratch.workspace,
            u,
            &scratch.candidates,
            pool.len(),
            &mut scratch.features,
        );
        let log_odds = scratch.features.iter().map(|x| self.model.log_odds(x));
        scratch.ranked.clear();
        scratch.ranked.extend(pool.iter().copied().zip(log_odds));
        let key = |(s, _): &(Suggestion, f64)| s.tier.is_demoted();
        scratch
            .ranked
            .sort_by(|a, b| key(a).cmp(&key(b)).then(b.1.total_cmp(&a.1)));
        scratch.ranked.truncate(k);
        for (_, x) in &mut scratch.ranked {
            *x = FriendModel::probability(*x);
        }
        let near = scratch.ranked.iter().filter(|(s, _)| s.tier == Tier::Near);
        counts.near = near.count() as u64;
        let n_emitted = scratch.ranked.len() as u64 - counts.near;
        counts.beyond_k += counts.emitted - n_emitted;
        counts.emitted = n_emitted;
        counts
    }

    /// The place and probability of a candidate among the model's first, and each feature's part in the log-odds, in the
    /// order of the columns; none if the kernel does not find them among the pool.
    ///
    /// # Panics
    /// If there is no such node, or `scratch` is another ranker's.
    #[must_use]
    pub fn explain(
        &self,
        scratch: &mut RankerScratch,
        node_idx: u32,
        candidate: u32,
    ) -> Option<Placed> {
        let n_pool = self.k.max(self.model.candidates().pool);
        self.rank(scratch, node_idx, n_pool, &[]);
        let ranked = scratch.ranked.iter();
        let place = ranked.clone().position(|(s, _)| s.candidate == candidate)?;
        let at = scratch.candidates.iter().position(|&v| v == candidate)?;
        Some(Placed {
            place: place + 1,
            probability: scratch.ranked[place].1,
            parts: self.model.parts(&scratch.features[at]),
        })
    }

    /// The log-odds of pairs of one person, candidates or not.
    pub(crate) fn log_odds(&self, scratch: &mut RankerScratch, u: u32, others: &[u32]) -> Vec<f64> {
        self.rank(scratch, u, self.k, others);
        let first = scratch.features.len() - others.len();
        let features = &scratch.features[first..];
        features.iter().map(|x| self.model.log_odds(x)).collect()
    }

    /// Everybody's suggestions and, in the order of their rows, how probable each is. `progress` hears, in no particular
    /// order, how many people are done.
    pub fn suggest_all(
        &self,
        progress: &(dyn Fn(usize) + Sync),
    ) -> (Suggestions, Vec<f64>, SuggestCounts) {
        let Some(shown_max) = self.scorer.shown_max() else {
            return self.suggest_all_k(self.k, progress);
        };
        let (asked, of_asked, mut counts) = self.suggest_all_k(self.k * POOL_PER_K, progress);
        let limited = exposure::limit(&asked, self.k, shown_max);
        counts.limit(&limited);
        let probabilities = limited.places.iter().map(|&at| of_asked[at]).collect();
        (limited.suggestions, probabilities, counts)
    }

    fn suggest_all_k(
        &self,
        k: usize,
        progress: &(dyn Fn(usize) + Sync),
    ) -> (Suggestions, Vec<f64>, SuggestCounts) {
        let n_users = self.scorer.n_users();
        // A scratch is left as clean as it was found, so it does not matter who gets which.
        let scratches = Mutex::new(Vec::new());
        let done = AtomicUsize::new(0);
        let chunks: Vec<Chunk> = (0..n_users.div_ceil(CHUNK))
            .into_par_iter()
            .map(|i| {
                let nodes = i * CHUNK..((i + 1) * CHUNK).min(n_users);
                let n_nodes = nodes.len();
                let free = scratches.lock().expect(NO_PANIC).pop();
                let mut scratch = free.unwrap_or_else(|| self.scratch());
                let chunk = self.chunk(&mut scratch, nodes, k);
                scratches.lock().expect(NO_PANIC).push(scratch);
                progress(done.fetch_add(n_nodes, Ordering::Relaxed) + n_nodes);
                chunk
            })
            .collect();
        let mut counts = SuggestCounts::default();
        let mut probabilities = Vec::new();
        for chunk in &chunks {
            counts += chunk.counts;
            probabilities.extend_from_slice(&chunk.probabilities);
        }
        let rows = chunks.into_iter().map(|chunk| (chunk.ends, chunk.rows));
        (Suggestions::from_chunks(rows), probabilities, counts)
    }

    fn chunk(&self, scratch: &mut RankerScratch, nodes: std::ops::Range<usize>, k: usize) -> Chunk {
        let mut chunk = Chunk::default();
        for u in nodes {
            let u = u32::try_from(u).expect("a graph has no more nodes than u32 counts");
            let (row, counts) = self.suggest_one(scratch, u, k);
            chunk.rows.extend(row.iter().map(|&(s, _)| s));
            chunk.probabilities.extend(row.iter().map(|&(_, p)| p));
            chunk.ends.push(chunk.rows.len());
            chunk.counts += counts;
        }
        chunk
    }
}

const NO_PANIC: &str = "nothing panics while it holds the lock";

#[derive(Default)]
struct Chunk {
    ends: Vec<usize>,
    rows: Vec<Suggestion>,
    probabilities: Vec<f64>,
    counts: SuggestCounts,
}

#[cfg(test)]
mod tests;
