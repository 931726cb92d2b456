//! One person's list: the trait by which every list is made.
//!
//! Whoever asks — a run for everybody, a backend for one person, an explanation for one pair — asks
//! [`list`](ForOne::list). So they cannot disagree.

use super::params::ValidSuggestParams;
use super::rank::{Scorer, Scratch};
use super::ranker::FeatureWeight;
use super::suggestion::Listed;

/// An order of candidates that makes one person's list.
pub trait ForOne: Sync {
    /// What one thread needs, used for one person after another.
    type Scratch: Send;

    /// Who finds the candidates and keeps the rules.
    fn scorer(&self) -> &Scorer<'_>;

    /// Everything one thread needs.
    fn scratch(&self) -> Self::Scratch;

    /// The scratch of [`scorer`](Self::scorer).
    fn of_scorer(scratch: &mut Self::Scratch) -> &mut Scratch;

    /// The first `k` for a person, best first, with people near where the parameters ask for them.
    ///
    /// What is listed for a smaller `k` is the beginning of what is listed for a larger one, up to
    /// [`k_max`](Self::k_max). After the first calls nothing is allocated, but for people near.
    ///
    /// # Panics
    /// If there is no such node, or `scratch` is another graph's.
    fn list<'s>(&self, scratch: &'s mut Self::Scratch, node_idx: u32, k: usize) -> Listed<'s>;

    /// The largest `k` that matters: whoever is not listed for it is listed for none, or is further back.
    fn k_max(&self) -> usize;

    /// How many of the kernel's best are on a list of [`k_max`](Self::k_max); whoever the kernel puts behind them may be on none.
    fn n_found_max(&self) -> usize;

    /// Called once before everybody is listed, for what is quicker found together; what is listed does not depend on it.
    fn prepare_all(&self) {}

    /// What every feature adds to the log-odds of somebody on the list made last; nothing where the order is not learned.
    fn parts(&self, scratch: &Self::Scratch, candidate: u32) -> Vec<FeatureWeight>;

    /// Under which parameters lists are made.
    fn params(&self) -> &ValidSuggestParams {
        self.scorer().params()
    }

    /// How many people there are.
    fn n_users(&self) -> usize {
        self.scorer().n_users()
    }
}

impl ForOne for Scorer<'_> {
    type Scratch = Scratch;

    fn scorer(&self) -> &Scorer<'_> {
        self
    }

    /// # Complexity
    /// 5 to 28 bytes a person.
    fn scratch(&self) -> Scratch {
        Scratch::new(self)
    }

    fn of_scorer(scratch: &mut Scratch) -> &mut Scratch {
        scratch
    }

    /// # Complexity
    /// O(two-paths from the person + K log K).
    fn list<'s>(&self, scratch: &'s mut Scratch, node_idx: u32, k: usize) -> Listed<'s> {
        // People near fill a list up to the length that is published, whoever asks for more.
        self.filled(scratch, node_idx, k, k.min(self.params().k()))
    }

    fn k_max(&self) -> usize {
        self.n_users()
    }

    fn n_found_max(&self) -> usize {
        self.n_users()
    }

    fn parts(&self, _scratch: &Scratch, _candidate: u32) -> Vec<FeatureWeight> {
        Vec::new()
    }
}
