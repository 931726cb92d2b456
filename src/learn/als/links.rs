//! Who is linked to whom, as compressed sparse rows.

use linfa::dataset::Records;
use rayon::prelude::*;

use crate::learn::LearnError;

/// A symmetric matrix of weights in compressed sparse rows: row `u` is `ends[starts[u]..starts[u + 1]]`, strictly ascending.
#[derive(Clone, Copy, Debug)]
pub struct Links<'a> {
    starts: &'a [u64],
    ends: &'a [u32],
    weights: &'a [f32],
}

/// The links of one node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    ends: &'a [u32],
    /// Parallel to the ends, or empty where all are 1.
    weights: &'a [f32],
}

impl Row<'_> {
    pub(super) const fn is_empty(self) -> bool {
        self.ends.is_empty()
    }

    /// Each end and the weight of the link.
    pub(super) fn iter(self) -> impl Iterator<Item = (usize, f32)> {
        let weight = move |at: usize| self.weights.get(at).copied().unwrap_or(1.0);
        let ends = self.ends.iter().enumerate();
        ends.map(move |(at, &end)| (end as usize, weight(at)))
    }
}

impl<'a> Links<'a> {
    /// Links from arrays made elsewhere: `starts`, shape `(n_nodes + 1,)`, `ends`, shape `(n_entries,)`, and `weights`, as
    /// many, or none if all are 1.
    ///
    /// # Errors
    /// If rows are not strictly ascending or point to no node, if a link does not go both ways with one weight, or if a
    /// weight is not finite and above 0.
    ///
    /// # Complexity
    /// O(m log d) in parallel.
    pub fn new(starts: &'a [u64], ends: &'a [u32], weights: &'a [f32]) -> Result<Self, LearnError> {
        let links = Self {
            starts,
            ends,
            weights,
        };
        let wrong = |what| Err(LearnError::Links { what });
        if !links.has_rows() {
            return wrong("rows that do not ascend, or that point to no node");
        }
        let are_weights_fine = weights.iter().all(|w| w.is_finite() && *w > 0.0);
        if !(weights.is_empty() || weights.len() == ends.len()) || !are_weights_fine {
            return wrong("a weight that is missing, not finite or not above 0");
        }
        if !links.is_symmetric() {
            return wrong("a link that goes one way");
        }
        Ok(links)
    }

    fn has_rows(self) -> bool {
        let is_bounded = self.starts.first().is_none_or(|&first| first == 0)
            && self.starts.last().copied().unwrap_or(0) == self.ends.len() as u64;
        let n = self.n_nodes();
        is_bounded
            && self.starts.is_sorted()
            && self.ends.par_iter().all(|&end| (end as usize) < n)
            && (0..n).into_par_iter().all(|node| {
                let ends = self.of(node).ends;
                ends.is_sorted_by(|a, b| a < b)
            })
    }

    fn is_symmetric(self) -> bool {
        let goes_back = |node: usize| {
            self.of(node)
                .iter()
                .all(|(end, weight)| self.weight(end, node).is_some_and(|back| back == weight))
        };
        (0..self.n_nodes()).into_par_iter().all(goes_back)
    }

    fn weight(self, from: usize, to: usize) -> Option<f32> {
        let row = self.of(from);
        let to = u32::try_from(to).ok()?;
        let at = row.ends.binary_search(&to).ok()?;
        Some(row.weights.get(at).copied().unwrap_or(1.0))
    }

    /// How many nodes there are.
    #[must_use]
    pub const fn n_nodes(self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(super) fn is_linked(self, node: usize) -> bool {
        self.starts[node] < self.starts[node + 1]
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "starts index an array that is in memory"
    )]
    pub(super) fn of(self, node: usize) -> Row<'a> {
        let range = self.starts[node] as usize..self.starts[node + 1] as usize;
        Row {
            weights: self.weights.get(range.clone()).unwrap_or(&[]),
            ends: &self.ends[range],
        }
    }
}

impl Records for Links<'_> {
    type Elem = f32;

    fn nsamples(&self) -> usize {
        self.n_nodes()
    }

    fn nfeatures(&self) -> usize {
        self.n_nodes()
    }
}
