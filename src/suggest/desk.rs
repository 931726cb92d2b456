//! The desk: every list of one run, for whoever asks.
//!
//! It owns the graph and what is computed of it, so that a backend can keep it. A run asks it for everybody, a backend for one
//! person, an explanation for one pair; all get the same lists.

use std::sync::{Arc, OnceLock};

use super::everybody::{Pool, everybody};
use super::explain::{Explanation, WhyNot, explain};
use super::exposure::POOL_PER_K;
use super::person::ForOne;
use super::rank::{Scorer, Scratch, Tables};
use super::ranker::{FeatureWeight, FriendModel, Ranker, RankerError, RankerScratch, Shared};
use super::suggestion::{Everybody, List, Listed, Suggestions};
use super::view::View;
use super::{Exclusions, ValidSuggestParams};
use crate::consent::FriendSuggestions;
use crate::graph::Graph;
use crate::time::Timestamp;

/// Makes every list of one run.
#[derive(Debug)]
pub struct Desk {
    graph: Graph<FriendSuggestions>,
    exclusions: Exclusions,
    tables: Arc<Tables>,
    learned: Option<Learned>,
    scratches: Pool<DeskScratch>,
    /// Everybody's lists where there is a limit to how often one is shown, for it settles all of them at once.
    settled: OnceLock<Suggestions>,
}

#[derive(Debug)]
pub(super) struct Learned {
    model: FriendModel,
    shared: Shared,
}

impl Learned {
    /// What a model needs of the graph whose candidates a scorer finds.
    pub(super) fn of(
        scorer: Scorer<'_>,
        times: &[Timestamp],
        model: FriendModel,
    ) -> Result<Self, RankerError> {
        model.check_candidates(scorer.params())?;
        let shared = Ranker::of(scorer, times, &model).shared();
        Ok(Self { model, shared })
    }
}

/// What one thread needs, used for one person after another.
#[derive(Debug)]
pub(super) enum DeskScratch {
    Scored(Box<Scratch>),
    Learned(Box<RankerScratch>),
}

impl Desk {
    /// A desk over a permitted graph: lists by the heuristic's score or, if there is a model, in its order.
    ///
    /// `spam` holds everybody's spam score by node, in [0, 1], or is empty if there are none.
    ///
    /// # Errors
    /// If `spam` is neither empty nor one score per person, or holds a number outside its range; and if the model was trained
    /// on candidates found in another way.
    ///
    /// # Complexity
    /// O(n + m) time for n people and m ties; with a model O(Σ over ties of the smaller degree), and with factors theirs.
    pub fn new(
        graph: Graph<FriendSuggestions>,
        exclusions: Exclusions,
        spam: &[f32],
        params: &ValidSuggestParams,
        model: Option<FriendModel>,
    ) -> Result<Self, RankerError> {
        let scorer = Scorer::new(&graph, &exclusions, spam, params)?;
        let tables = scorer.tables();
        let learned = model.map(|model| Learned::of(scorer, graph.tie_times(), model));
        let learned = learned.transpose()?;
        Ok(Self {
            graph,
            exclusions,
            tables,
            learned,
            scratches: Pool::default(),
            settled: OnceLock::new(),
        })
    }

    /// Permitted people and their ties.
    #[must_use]
    pub const fn graph(&self) -> &Graph<FriendSuggestions> {
        &self.graph
    }

    /// What orders the lists; none where it is the score.
    #[must_use]
    pub fn model(&self) -> Option<&FriendModel> {
        self.learned.as_ref().map(|learned| &learned.model)
    }

    /// Everybody's suggestions, as many as the parameters say. `progress` hears, in no particular order, how many people are
    /// done.
    ///
    /// # Complexity
    /// O(two-paths of the graph) time, K suggestions a person and one scratch a thread.
    pub fn everybody(&self, progress: &(dyn Fn(usize) + Sync)) -> Everybody {
        everybody(&self.order(), progress)
    }

    /// Asks for the first `k` suggestions of one person, best first; never more than are published where there is a limit
    /// to how often one is shown.
    ///
    /// Scratches are kept: after the first calls nothing is allocated, but for people near. Under a limit to how often one is
    /// shown, the first call settles everybody's lists.
    ///
    /// # Panics
    /// If there is no such node.
    ///
    /// # Complexity
    /// O(two-paths from the person + K log K); in a learned order also O(Σ over the pool of the candidate's degree).
    pub fn list<T>(&self, node_idx: u32, k: usize, read: impl FnOnce(List<'_>) -> T) -> T {
        if let Some(settled) = self.settled() {
            return read(settled.list(node_idx).first(k));
        }
        let order = self.order();
        // There are no more than everybody, and room is made for as many as are asked for.
        let k = k.min(self.graph.n_users());
        (self.scratches).with(&order, |scratch| {
            read(order.list(scratch, node_idx, k).list)
        })
    }

    /// Why `candidate` is suggested to `node_idx`, or why not.
    ///
    /// # Panics
    /// If one of the nodes is not there.
    ///
    /// # Complexity
    /// That of [`list`](Self::list) with every candidate kept.
    pub fn explain(&self, node_idx: u32, candidate: u32) -> Explanation {
        let order = self.order();
        let k = order.params().k();
        // A scratch of its own: one that has held every candidate would keep that room in the pool.
        let scratch = &mut order.scratch();
        let found = explain(&order, scratch, node_idx, candidate, k);
        let Some(settled) = self.settled() else {
            return found;
        };
        let asks = Asks {
            all: order.list(scratch, node_idx, k * POOL_PER_K).list,
            got: settled.list(node_idx),
            k,
        };
        asks.limit(found, candidate)
    }

    /// The first `k` of the candidates that a caller scored for a person, best first, under every rule but the one that asks for
    /// people in common.
    ///
    /// # Panics
    /// If there is no such node.
    ///
    /// # Complexity
    /// O(n log n) for n candidates.
    pub fn rank_own(
        &self,
        node_idx: u32,
        candidates: impl Iterator<Item = (u32, f64)>,
        k: usize,
    ) -> Vec<(u32, f64)> {
        let order = self.order();
        order.scorer().rank_own(node_idx, candidates, k)
    }

    fn settled(&self) -> Option<&Suggestions> {
        self.tables.params().shown_max()?;
        Some((self.settled).get_or_init(|| self.everybody(&|_| ()).suggestions))
    }

    pub(super) fn order(&self) -> Order<'_> {
        let view = View::of(&self.graph);
        let scorer = Scorer::of_tables(view, &self.exclusions, &self.tables);
        Order::of(scorer, self.graph.tie_times(), self.learned.as_ref())
    }

    pub(super) const fn exclusions(&self) -> &Exclusions {
        &self.exclusions
    }

    pub(super) fn tables(&self) -> &Tables {
        &self.tables
    }
}

/// Whom a person asks for, and whom they get, under a limit to how often one is shown.
struct Asks<'s> {
    /// In the order of asking.
    all: List<'s>,
    got: List<'s>,
    k: usize,
}

impl Asks<'_> {
    /// What the limit makes of an explanation without it.
    fn limit(&self, mut found: Explanation, candidate: u32) -> Explanation {
        if let Some(place) = self.got.place_of(candidate) {
            found.rank = Some(place);
            found.why_not = None;
            return found;
        }
        found.rank = None;
        if let Some(place) = self.all.place_of(candidate) {
            found.why_not = Some(if place <= self.n_asked() {
                WhyNot::ShownEnough
            } else {
                WhyNot::BeyondK { place, k: self.k }
            });
        }
        found
    }

    /// How many the person asks for: up to the last they get or, if these are too few, everybody there is.
    fn n_asked(&self) -> usize {
        match self.got.suggestions.last() {
            Some(last) if self.got.suggestions.len() >= self.k => {
                let place = self.all.place_of(last.candidate);
                place.unwrap_or(self.all.suggestions.len())
            }
            _ => self.all.suggestions.len(),
        }
    }
}

/// The order of a desk.
pub(super) enum Order<'a> {
    Scored(Scorer<'a>),
    Learned(Ranker<'a>),
}

impl<'a> Order<'a> {
    /// That of a model, if there is one; `times` are those of the ties of the scorer's graph.
    pub(super) fn of(
        scorer: Scorer<'a>,
        times: &'a [Timestamp],
        learned: Option<&'a Learned>,
    ) -> Self {
        match learned {
            None => Self::Scored(scorer),
            Some(Learned { model, shared }) => {
                Self::Learned(Ranker::of_tables(scorer, times, shared, model))
            }
        }
    }
}

impl ForOne for Order<'_> {
    type Scratch = DeskScratch;

    fn scorer(&self) -> &Scorer<'_> {
        match self {
            Self::Scored(scorer) => scorer,
            Self::Learned(ranker) => ranker.scorer(),
        }
    }

    fn scratch(&self) -> DeskScratch {
        match self {
            Self::Scored(scorer) => DeskScratch::Scored(Box::new(scorer.scratch())),
            Self::Learned(ranker) => DeskScratch::Learned(Box::new(ranker.scratch())),
        }
    }

    fn of_scorer(scratch: &mut DeskScratch) -> &mut Scratch {
        match scratch {
            DeskScratch::Scored(scratch) => scratch,
            DeskScratch::Learned(scratch) => Ranker::of_scorer(scratch),
        }
    }

    fn list<'s>(&self, scratch: &'s mut DeskScratch, node_idx: u32, k: usize) -> Listed<'s> {
        match (self, scratch) {
            (Self::Scored(scorer), DeskScratch::Scored(scratch)) => {
                scorer.list(scratch, node_idx, k)
            }
            (Self::Learned(ranker), DeskScratch::Learned(scratch)) => {
                ranker.list(scratch, node_idx, k)
            }
            _ => unreachable!("{ONE_ORDER}"),
        }
    }

    fn k_max(&self) -> usize {
        match self {
            Self::Scored(scorer) => scorer.k_max(),
            Self::Learned(ranker) => ranker.k_max(),
        }
    }

    fn n_found_max(&self) -> usize {
        match self {
            Self::Scored(scorer) => scorer.n_found_max(),
            Self::Learned(ranker) => ranker.n_found_max(),
        }
    }

    fn prepare_all(&self) {
        match self {
            Self::Scored(scorer) => scorer.prepare_all(),
            Self::Learned(ranker) => ranker.prepare_all(),
        }
    }

    fn parts(&self, scratch: &DeskScratch, candidate: u32) -> Vec<FeatureWeight> {
        match (self, scratch) {
            (Self::Learned(ranker), DeskScratch::Learned(scratch)) => {
                ranker.parts(scratch, candidate)
            }
            _ => Vec::new(),
        }
    }
}

const ONE_ORDER: &str = "a desk has one order, and its scratches are of that order";
