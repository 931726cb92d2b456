//! Compressed sparse rows: every node's neighbours in one array, ascending, each once.

use rayon::prelude::*;

use super::GraphError;
use crate::ahead::ask_for;

/// How many neighbours a line of the cache holds.
const NEIGHBOURS_PER_LINE: usize = 16;

/// How many lines of a row are asked for ahead: the processor foresees what follows in a longer one.
const LINES: usize = 8;

/// Adjacency lists in compressed sparse row form.
///
/// Row `u` is `neighbours[offsets[u]..offsets[u + 1]]`, strictly ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Csr {
    pub(in crate::graph) offsets: Vec<u64>,
    pub(in crate::graph) neighbours: Vec<u32>,
}

impl Csr {
    /// Adjacency lists from arrays made elsewhere: `offsets`, shape `(n_nodes + 1,)`, and `neighbours`, shape
    /// `(n_entries,)`.
    ///
    /// # Errors
    /// If there are too many nodes, an offset falls or points past the end, a row is not strictly ascending, or a
    /// neighbour is not a node or is the row's own.
    ///
    /// # Complexity
    /// O(n + m) in parallel.
    pub fn from_parts(offsets: Vec<u64>, neighbours: Vec<u32>) -> Result<Self, GraphError> {
        check_n_nodes(offsets.len().saturating_sub(1))?;
        check_offsets(&offsets, neighbours.len())?;
        let csr = Self {
            offsets,
            neighbours,
        };
        csr.check_neighbours()?;
        csr.check_rows()?;
        Ok(csr)
    }

    /// Adjacency lists from directed pairs in any order; a repeated pair counts once.
    ///
    /// # Errors
    /// If there are too many nodes, or a pair names a node that is not there or one node twice.
    ///
    /// # Complexity
    /// O(m log m) in parallel, in place; 12 bytes a pair at its peak.
    pub fn from_pairs(n_nodes: usize, mut pairs: Vec<(u32, u32)>) -> Result<Self, GraphError> {
        check_n_nodes(n_nodes)?;
        check_pairs(n_nodes, &pairs)?;
        pairs.par_sort_unstable();
        pairs.dedup();
        Ok(Self::from_sorted(n_nodes, &pairs, |pair| *pair))
    }

    /// Adjacency lists from undirected pairs in any order: each stands in both rows, and counts once whichever way
    /// round it is given.
    ///
    /// # Errors
    /// As [`Csr::from_pairs`]; entries are counted in `pairs`.
    ///
    /// # Complexity
    /// O(m log m) in parallel; 24 bytes a pair at its peak.
    pub fn from_undirected(n_nodes: usize, mut pairs: Vec<(u32, u32)>) -> Result<Self, GraphError> {
        check_n_nodes(n_nodes)?;
        check_pairs(n_nodes, &pairs)?;
        let n_pairs = pairs.len();
        pairs.reserve_exact(n_pairs);
        for pair_idx in 0..n_pairs {
            let (u, v) = pairs[pair_idx];
            pairs.push((v, u));
        }
        pairs.par_sort_unstable();
        pairs.dedup();
        Ok(Self::from_sorted(n_nodes, &pairs, |pair| *pair))
    }

    /// From entries whose pairs are strictly ascending and lie in range.
    pub(in crate::graph) fn from_sorted<T: Sync>(
        n_nodes: usize,
        entries: &[T],
        pair: impl Fn(&T) -> (u32, u32) + Sync,
    ) -> Self {
        Self {
            offsets: offsets(n_nodes, entries.iter().map(|entry| pair(entry).0)),
            neighbours: entries.par_iter().map(|entry| pair(entry).1).collect(),
        }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn n_nodes(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// How many entries there are; an undirected edge has two.
    #[must_use]
    pub fn n_entries(&self) -> usize {
        self.neighbours.len()
    }

    /// Where rows begin, shape `(n_nodes + 1,)`; empty or `[0]` without nodes.
    #[must_use]
    pub fn offsets(&self) -> &[u64] {
        &self.offsets
    }

    /// All rows, one after the other, shape `(n_entries,)`.
    #[must_use]
    pub fn neighbours(&self) -> &[u32] {
        &self.neighbours
    }

    /// The neighbours of a node, strictly ascending.
    #[must_use]
    pub fn row(&self, node_idx: u32) -> &[u32] {
        &self.neighbours[self.range(node_idx)]
    }

    /// Asks the processor to bring the first 128 neighbours of a node near.
    #[inline]
    pub(crate) fn ask_for_row(&self, node_idx: u32) {
        let range = self.range(node_idx);
        let n = range.len().min(LINES * NEIGHBOURS_PER_LINE);
        for at in (0..n).step_by(NEIGHBOURS_PER_LINE) {
            ask_for(&self.neighbours, range.start + at);
        }
    }

    /// Where a node's neighbours stand in arrays parallel to them.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "offsets index an array that is in memory"
    )]
    pub fn range(&self, node_idx: u32) -> std::ops::Range<usize> {
        let u = node_idx as usize;
        self.offsets[u] as usize..self.offsets[u + 1] as usize
    }

    /// How many neighbours a node has.
    #[must_use]
    pub fn degree(&self, node_idx: u32) -> u32 {
        u32::try_from(self.range(node_idx).len()).expect("a row holds distinct u32 values")
    }

    /// Where the entry `u → v` stands, if it is there.
    ///
    /// # Complexity
    /// O(log d) for degree d.
    #[must_use]
    pub fn find(&self, u: u32, v: u32) -> Option<usize> {
        let within = self.row(u).binary_search(&v).ok()?;
        Some(self.range(u).start + within)
    }

    /// Every node, ascending.
    #[must_use]
    pub fn nodes(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.n_nodes()).expect("no more nodes than u32 counts")
    }

    fn check_neighbours(&self) -> Result<(), GraphError> {
        let n_nodes = self.n_nodes();
        let bad = |node: &u32| *node as usize >= n_nodes;
        match self.neighbours.par_iter().position_first(bad) {
            None => Ok(()),
            Some(entry) => Err(GraphError::NodeOutOfRange {
                entry,
                node: self.neighbours[entry],
                n_nodes,
            }),
        }
    }

    fn check_rows(&self) -> Result<(), GraphError> {
        let unsorted = |node: &u32| !self.row(*node).is_sorted_by(|a, b| a < b);
        if let Some(node) = self.nodes().into_par_iter().find_first(unsorted) {
            return Err(GraphError::UnsortedRow { node });
        }
        match self
            .nodes()
            .into_par_iter()
            .find_map_first(|node| Some((node, self.find(node, node)?)))
        {
            Some((node, entry)) => Err(GraphError::SelfPair { entry, node }),
            None => Ok(()),
        }
    }
}

/// Where each row begins, from the row of every entry in ascending order.
fn offsets(n_nodes: usize, rows: impl Iterator<Item = u32>) -> Vec<u64> {
    let mut offsets = vec![0_u64; n_nodes + 1];
    for row in rows {
        offsets[row as usize + 1] += 1;
    }
    let mut so_far = 0;
    // Each offset has the entries of the row before it; `so_far` those of all rows before that.
    for offset in &mut offsets {
        so_far += *offset;
        *offset = so_far;
    }
    offsets
}

/// One number stays free, so that it can mean "no node".
pub(in crate::graph) fn check_n_nodes(n_nodes: usize) -> Result<(), GraphError> {
    if u32::try_from(n_nodes).is_ok_and(|n| n < u32::MAX) {
        Ok(())
    } else {
        Err(GraphError::TooManyNodes { n_nodes })
    }
}

fn check_offsets(offsets: &[u64], n_entries: usize) -> Result<(), GraphError> {
    let bad = |offset_idx| Err(GraphError::BadOffset { offset_idx });
    if let Some(below) = offsets
        .par_windows(2)
        .position_first(|pair| pair[0] > pair[1])
    {
        return bad(below + 1);
    }
    match (offsets.first(), offsets.last()) {
        (Some(0), Some(&last)) if last == n_entries as u64 => Ok(()),
        (None, None) if n_entries == 0 => Ok(()),
        (Some(0) | None, _) => bad(offsets.len().saturating_sub(1)),
        (Some(_), _) => bad(0),
    }
}

fn check_pairs(n_nodes: usize, pairs: &[(u32, u32)]) -> Result<(), GraphError> {
    let bad = |&(u, v): &(u32, u32)| u == v || u.max(v) as usize >= n_nodes;
    match pairs.par_iter().position_first(bad) {
        None => Ok(()),
        Some(entry) => Err(pair_error(n_nodes, pairs[entry], entry)),
    }
}

fn pair_error(n_nodes: usize, (u, v): (u32, u32), entry: usize) -> GraphError {
    let node = u.max(v);
    if node as usize >= n_nodes {
        GraphError::NodeOutOfRange {
            entry,
            node,
            n_nodes,
        }
    } else {
        GraphError::SelfPair { entry, node }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_become_ascending_rows() {
        let csr = Csr::from_pairs(4, vec![(2, 1), (0, 3), (2, 0), (2, 1)]).unwrap();
        assert_eq!(csr.offsets(), [0, 1, 1, 3, 3]);
        assert_eq!(csr.neighbours(), [3, 0, 1]);
        assert_eq!(
            (csr.find(2, 1), csr.find(2, 3), csr.find(1, 0)),
            (Some(2), None, None)
        );
    }

    #[test]
    fn graphs_without_nodes_or_edges() {
        assert_eq!(Csr::from_pairs(0, vec![]).unwrap().n_nodes(), 0);
        assert_eq!(Csr::from_parts(vec![], vec![]).unwrap().n_nodes(), 0);
        assert_eq!(
            Csr::from_undirected(3, vec![]).unwrap().offsets(),
            [0, 0, 0, 0]
        );
    }

    #[test]
    fn deny_parts_that_are_no_adjacency_lists() {
        let parts = |offsets: &[u64], neighbours: &[u32]| {
            Csr::from_parts(offsets.into(), neighbours.into())
        };
        assert!(parts(&[0, 1, 2], &[1, 0]).is_ok());
        let bad_offset = |offset_idx| Err(GraphError::BadOffset { offset_idx });
        assert_eq!(parts(&[1, 1, 2], &[1, 0]), bad_offset(0));
        assert_eq!(parts(&[0, 2, 1], &[1, 0]), bad_offset(2));
        assert_eq!(parts(&[0, 1, 3], &[1, 0]), bad_offset(2));
        assert_eq!(parts(&[0, 1, 1], &[1, 0]), bad_offset(2));
        assert_eq!(parts(&[], &[1]), bad_offset(0));
        let out = GraphError::NodeOutOfRange {
            entry: 1,
            node: 2,
            n_nodes: 2,
        };
        assert_eq!(parts(&[0, 1, 2], &[1, 2]), Err(out));
        assert_eq!(
            parts(&[0, 1, 2], &[1, 1]),
            Err(GraphError::SelfPair { entry: 1, node: 1 })
        );
        for row in [[1, 1], [2, 1]] {
            assert_eq!(
                parts(&[0, 2, 2, 2], &row),
                Err(GraphError::UnsortedRow { node: 0 })
            );
        }
    }

    #[test]
    fn deny_pairs_that_are_no_edges() {
        let out = GraphError::NodeOutOfRange {
            entry: 1,
            node: 3,
            n_nodes: 3,
        };
        assert_eq!(Csr::from_pairs(3, vec![(0, 1), (3, 1)]), Err(out));
        assert_eq!(Csr::from_undirected(3, vec![(0, 1), (3, 1)]), Err(out));
        assert_eq!(
            Csr::from_pairs(3, vec![(1, 1)]),
            Err(GraphError::SelfPair { entry: 0, node: 1 })
        );
    }

    #[test]
    fn deny_more_nodes_than_numbers() {
        let most = u32::MAX as usize - 1;
        assert_eq!(check_n_nodes(most), Ok(()));
        assert_eq!(
            check_n_nodes(most + 1),
            Err(GraphError::TooManyNodes { n_nodes: most + 1 })
        );
    }

    proptest! {
        #[test]
        fn prop_oracle_rows_are_sets(pairs in proptest::collection::vec((0_u32..9, 0_u32..9), 0..80)) {
            let pairs: Vec<_> = pairs.into_iter().filter(|(u, v)| u != v).collect();
            let directed = Csr::from_pairs(9, pairs.clone()).unwrap();
            let undirected = Csr::from_undirected(9, pairs.clone()).unwrap();
            for node in directed.nodes() {
                let out: BTreeSet<u32> = pairs.iter().filter(|p| p.0 == node).map(|p| p.1).collect();
                let into = pairs.iter().filter(|p| p.1 == node).map(|p| p.0);
                prop_assert_eq!(directed.row(node), Vec::from_iter(out.clone()));
                let both: BTreeSet<u32> = out.into_iter().chain(into).collect();
                prop_assert_eq!(undirected.row(node), Vec::from_iter(both));
                prop_assert_eq!(undirected.degree(node) as usize, undirected.row(node).len());
            }
        }
    }
}
