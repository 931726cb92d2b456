//! How far a person's two-paths can lead, before any is walked.

use std::ops::Range;

use crate::graph::Csr;

/// What can be known of a person's two-paths from the ends of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// How many there are, the ways back included.
    pub(crate) n_two_paths: u64,
    /// All of them end here.
    pub(crate) nodes: Range<usize>,
    /// The tie with the most ties of its own; of several the first.
    pub(crate) widest: Option<Widest>,
}

/// A person with many ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Widest {
    pub(crate) node: u32,
    /// How many.
    pub(crate) degree: u32,
}

/// From how many cells a two-path on, listing cells costs less than reading all of them.
const CELLS_PER_TWO_PATH: u64 = 4;

impl Reach {
    /// # Complexity
    /// O(d) for d ties.
    pub(crate) fn of(ties: &Csr, u: u32) -> Self {
        let (mut n_two_paths, mut first, mut end) = (0, u32::MAX, 0);
        let (mut widest, mut most) = (None, 0);
        // Rows ascend, so their ends bound all that they hold: `first..end` are the ends of the rows so far.
        for &z in ties.row(u) {
            let row = ties.row(z);
            n_two_paths += row.len() as u64;
            if row.len() > most {
                (widest, most) = (Some(z), row.len());
            }
            if let (Some(&low), Some(&high)) = (row.first(), row.last()) {
                first = first.min(low);
                end = end.max(high + 1);
            }
        }
        Self {
            n_two_paths,
            nodes: (first.min(end) as usize)..end as usize,
            widest: widest.map(|node| Widest {
                node,
                degree: ties.degree(node),
            }),
        }
    }

    /// Is it worth reading every cell in reach after so many two-paths?
    pub(crate) fn is_dense(&self, n_two_paths: u64) -> bool {
        self.nodes.len() as u64 <= n_two_paths.saturating_mul(CELLS_PER_TWO_PATH)
    }
}
