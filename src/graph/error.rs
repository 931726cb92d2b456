//! What makes a graph impossible. An edge that cannot be used is counted, not an error.

/// Why no graph could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// Nodes are numbered in 32 bits, and the last number is kept free.
    #[error("a graph holds at most {max} nodes, not {n_nodes}", max = u32::MAX - 1)]
    TooManyNodes {
        /// How many there would have been.
        n_nodes: usize,
    },
    /// An entry names a node that is not there.
    #[error("entry {entry} names node {node}, but there are {n_nodes} nodes")]
    NodeOutOfRange {
        /// The entry's place in what was given.
        entry: usize,
        /// The node it names.
        node: u32,
        /// How many nodes there are.
        n_nodes: usize,
    },
    /// A node cannot neighbour itself.
    #[error("entry {entry} ties node {node} to itself")]
    SelfPair {
        /// The entry's place in what was given.
        entry: usize,
        /// The node.
        node: u32,
    },
    /// Offsets must begin at 0, never fall and end at the number of entries.
    #[error("offset {offset_idx} does not continue the rows before it")]
    BadOffset {
        /// The offset's place.
        offset_idx: usize,
    },
    /// A row must be strictly ascending.
    #[error("the row of node {node} is not strictly ascending")]
    UnsortedRow {
        /// The row's node.
        node: u32,
    },
}
