//! Compressed sparse rows: every node's neighbours in one array, ascending, each once.

/// Adjacency lists in compressed sparse row form.
///
/// Row `u` is `neighbours[offsets[u]..offsets[u + 1]]`, strictly ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Csr {
    pub(in crate::graph) offsets: Vec<u64>,
    pub(in crate::graph) neighbours: Vec<u32>,
}

impl Csr {
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

    /// The neighbours of a node, strictly ascending.
    #[must_use]
    pub fn row(&self, node_idx: u32) -> &[u32] {
        &self.neighbours[self.range(node_idx)]
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
}
