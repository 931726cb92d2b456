//! The learned order: candidates by the probability of a model.

use std::sync::Arc;

use super::super::counts::SuggestCounts;
use super::super::exclusions::Exclusions;
use super::super::exposure::POOL_PER_K;
use super::super::params::ValidSuggestParams;
use super::super::person::ForOne;
use super::super::rank::{Scorer, Scratch};
use super::super::suggestion::{List, Listed, Suggestion};
use super::super::view::View;
use super::RankerError;
use super::alike::Alike;
use super::extract::{Around, Extractor, Workspace, communities};
use super::features::Features;
use super::model::{FeatureWeight, FriendModel};
use crate::consent::FriendSuggestions;
use crate::graph::{Communities, Graph};
use crate::time::Timestamp;

/// Ranks people by a model: what all threads share.
///
/// The kernel's best, a pool, are ordered by the model, and with them people near, if they are asked for and the pool is
/// not full; and those whose ties are most like the person's, if there are factors. Equal ones stay in the kernel's order. Whoever was demoted for spam comes after everybody who was not.
#[derive(Clone, Debug)]
pub struct Ranker<'a> {
    scorer: Scorer<'a>,
    extractor: Extractor<'a>,
    model: &'a FriendModel,
}

/// What is computed once for a graph and a model, and borrows nothing of them.
#[derive(Clone, Debug)]
pub(in crate::suggest) struct Shared {
    around: Arc<Around>,
    alike: Option<Arc<Alike>>,
    communities: Option<Arc<Communities>>,
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
    suggestions: Vec<Suggestion>,
    probabilities: Vec<f64>,
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
        Ok(Self::of(scorer, graph.tie_times(), model))
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
        Self::of(scorer, times, model)
    }

    /// A ranker whose candidates a scorer finds.
    pub(in crate::suggest) fn of(
        scorer: Scorer<'a>,
        times: &'a [Timestamp],
        model: &'a FriendModel,
    ) -> Self {
        let alike = Alike::of(&scorer, model.params());
        let communities = communities(&scorer, model.params());
        let extractor = Extractor::new(scorer.view(), times).with(alike, communities);
        Self {
            scorer,
            extractor,
            model,
        }
    }

    /// As the ranker that `shared` is from, over the same graph.
    pub(in crate::suggest) fn of_tables(
        scorer: Scorer<'a>,
        times: &'a [Timestamp],
        shared: &Shared,
        model: &'a FriendModel,
    ) -> Self {
        let extractor = Extractor::of_around(scorer.view(), times, &shared.around)
            .with(shared.alike.clone(), shared.communities.clone());
        Self {
            scorer,
            extractor,
            model,
        }
    }

    /// What does not borrow from the graph.
    pub(in crate::suggest) fn shared(&self) -> Shared {
        Shared {
            around: self.extractor.around(),
            alike: self.extractor.alike().cloned(),
            communities: self.extractor.communities().cloned(),
        }
    }

    /// Ranks the pool of a person; leaves in the scratch the features of `others` too, after those of the pool.
    fn rank(&self, scratch: &mut RankerScratch, u: u32, k: usize, others: &[u32]) -> SuggestCounts {
        let counts = pool_of(
            &self.scorer,
            self.extractor.alike().map(Arc::as_ref),
            &mut scratch.scorer,
            (u, self.n_pool()),
            &mut scratch.pool,
        );
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
        scratch.split();
        counts_of(counts, &scratch.suggestions)
    }

    /// How many of the kernel's best are ranked: the same whoever asks for how many, since features compare a candidate with
    /// the others and another pool would be another order. Those that factors add come on top.
    fn n_pool(&self) -> usize {
        let k = self.params().k();
        let asked = self.params().shown_max().map_or(k, |_| k * POOL_PER_K);
        let n_alike = self.model.params().n_alike();
        let pool = self.model.candidates().pool;
        asked.saturating_sub(n_alike).max(pool)
    }

    /// The log-odds of pairs of one person, candidates or not.
    pub(crate) fn log_odds(&self, scratch: &mut RankerScratch, u: u32, others: &[u32]) -> Vec<f64> {
        self.rank(scratch, u, self.params().k(), others);
        let first = scratch.features.len() - others.len();
        let features = &scratch.features[first..];
        features.iter().map(|x| self.model.log_odds(x)).collect()
    }
}

/// Leaves in `pool` the kernel's best `n` of somebody, people near if they are asked for, and those factors add.
pub(super) fn pool_of(
    scorer: &Scorer<'_>,
    alike: Option<&Alike>,
    scratch: &mut Scratch,
    (u, n): (u32, usize),
    pool: &mut Vec<Suggestion>,
) -> SuggestCounts {
    let Listed { list, counts } = scorer.filled(scratch, u, n, n);
    pool.clear();
    pool.extend_from_slice(list.suggestions);
    if let Some(alike) = alike {
        alike.add(scorer, u, pool);
    }
    counts
}

/// What became of all candidates of the pool once only some of it is listed.
fn counts_of(mut counts: SuggestCounts, listed: &[Suggestion]) -> SuggestCounts {
    let near = listed.iter().filter(|s| s.tier.is_beside());
    counts.near = near.count() as u64;
    let n_emitted = listed.len() as u64 - counts.near;
    counts.beyond_k += counts.emitted - n_emitted;
    counts.emitted = n_emitted;
    counts
}

impl RankerScratch {
    /// From pairs of suggestion and log-odds to the two columns of a list.
    fn split(&mut self) {
        self.suggestions.clear();
        self.suggestions.extend(self.ranked.iter().map(|(s, _)| *s));
        let probabilities = self
            .ranked
            .iter()
            .map(|(_, x)| FriendModel::probability(*x));
        self.probabilities.clear();
        self.probabilities.extend(probabilities);
    }
}

impl ForOne for Ranker<'_> {
    type Scratch = RankerScratch;

    fn scorer(&self) -> &Scorer<'_> {
        &self.scorer
    }

    fn scratch(&self) -> RankerScratch {
        RankerScratch {
            scorer: self.scorer.scratch(),
            workspace: self.extractor.workspace(),
            pool: Vec::new(),
            candidates: Vec::new(),
            features: Vec::new(),
            ranked: Vec::new(),
            suggestions: Vec::new(),
            probabilities: Vec::new(),
        }
    }

    fn of_scorer(scratch: &mut RankerScratch) -> &mut Scratch {
        &mut scratch.scorer
    }

    /// # Complexity
    /// That of the scorer, and O(Σ over the pool of the candidate's degree and of the ties of the people between, at most).
    fn list<'s>(&self, scratch: &'s mut RankerScratch, node_idx: u32, k: usize) -> Listed<'s> {
        let counts = self.rank(scratch, node_idx, k, &[]);
        let list = List {
            suggestions: &scratch.suggestions,
            probabilities: &scratch.probabilities,
        };
        Listed { list, counts }
    }

    /// The pool and who joins it; whoever the kernel puts behind it is not ranked by the model at all.
    fn k_max(&self) -> usize {
        self.n_pool() + self.model.params().n_alike()
    }

    fn n_found_max(&self) -> usize {
        self.n_pool()
    }

    /// Those whose ties are like somebody's are found together, much quicker than one by one.
    fn prepare_all(&self) {
        if let Some(alike) = self.extractor.alike() {
            let people: Vec<u32> = self.scorer.view().ties.nodes().collect();
            alike.settle(&self.scorer, &people);
        }
    }

    fn parts(&self, scratch: &RankerScratch, candidate: u32) -> Vec<FeatureWeight> {
        let at = scratch.candidates.iter().position(|&v| v == candidate);
        at.map_or_else(Vec::new, |at| self.model.parts(&scratch.features[at]))
    }
}

#[cfg(test)]
mod tests;
