//! A graph of public data, for evaluation and measuring.

use super::friends::{by_rank, ids};
use crate::graph::Csr;
use crate::suggest::{Exclusions, Plain, Scorer, ValidSuggestParams};

/// A published edge list as a graph of friendships, with nobody excluded.
///
/// It did not pass the gate, and says nothing about any user: its nodes are the ranks of the ids of a file.
/// People's own data go through [`Graph`](crate::graph::Graph).
#[derive(Clone, Debug)]
pub struct PublicGraph {
    ids: Vec<u64>,
    plain: Plain,
    exclusions: Exclusions,
}

impl PublicGraph {
    /// The graph of undirected edges; loops are dropped and repeats count once.
    ///
    /// # Complexity
    /// O(edges log edges) time, O(edges) space.
    #[must_use]
    pub fn new(edges: &[(u64, u64)]) -> Self {
        let ids = ids(edges);
        Self {
            plain: Plain::new(ids.len(), &by_rank(&ids, edges), &[]),
            exclusions: Exclusions::none(),
            ids,
        }
    }

    /// The ids of the file, ascending: node `i` is `ids()[i]`.
    #[must_use]
    pub fn ids(&self) -> &[u64] {
        &self.ids
    }

    /// The friendships, undirected.
    #[must_use]
    pub fn ties(&self) -> &Csr {
        self.plain.view().ties
    }

    /// How many ordered two-paths there are, those that lead back included: the work of scoring everybody.
    #[must_use]
    pub fn n_two_paths(&self) -> u64 {
        let ties = self.ties();
        (0..)
            .zip(0..ties.n_nodes())
            .map(|(z, _)| u64::from(ties.degree(z)).pow(2))
            .sum()
    }

    /// A scorer for this graph.
    #[must_use]
    pub fn scorer(&self, params: &ValidSuggestParams) -> Scorer<'_> {
        Scorer::without_spam(self.plain.view(), &self.exclusions, params)
    }
}
