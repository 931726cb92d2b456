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
    /// Rows from undirected pairs: each pair stands in both rows; loops are dropped, repeats count once.
    ///
    /// # Complexity
    /// O(n + m log d) time, O(n + m) space, for n nodes, m pairs and the largest degree d.
    #[must_use]
    pub fn from_undirected(n_nodes: usize, pairs: &[(u32, u32)]) -> Self {
        let both = pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]);
        Self::from_entries(n_nodes, both)
    }

    /// Rows from directed pairs: `b` stands in row `a`; loops are dropped, repeats count once.
    ///
    /// # Complexity
    /// As [`from_undirected`](Self::from_undirected).
    #[must_use]
    pub fn from_directed(n_nodes: usize, pairs: &[(u32, u32)]) -> Self {
        Self::from_entries(n_nodes, pairs.iter().copied())
    }

    fn from_entries(n_nodes: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let pairs = pairs.filter(|(a, b)| a != b);
        let mut next = vec![0_usize; n_nodes + 1];
        for (a, _) in pairs.clone() {
            next[a as usize + 1] += 1;
        }
        for u in 0..n_nodes {
            next[u + 1] += next[u];
        }
        let bounds = next.clone();
        let mut unsorted = vec![0_u32; bounds[n_nodes]];
        for (a, b) in pairs {
            unsorted[next[a as usize]] = b;
            next[a as usize] += 1;
        }
        Self::from_rows(&bounds, unsorted)
    }

    /// Sorts each row, drops its repeats and closes the gaps.
    fn from_rows(bounds: &[usize], mut neighbours: Vec<u32>) -> Self {
        let mut offsets = vec![0_u64];
        let mut end = 0;
        for row in bounds.windows(2) {
            let (from, to) = (row[0], row[1]);
            let start = end;
            neighbours[from..to].sort_unstable();
            for i in from..to {
                if end == start || neighbours[end - 1] != neighbours[i] {
                    neighbours[end] = neighbours[i];
                    end += 1;
                }
            }
            offsets.push(end as u64);
        }
        neighbours.truncate(end);
        Self {
            offsets,
            neighbours,
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
