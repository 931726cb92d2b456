//! People with so many ties that a bit for everybody takes less room than their row.

use crate::graph::Csr;

/// How many people a tie of a hub stands for at most: a row has 32 bits a tie.
const PEOPLE_PER_TIE: usize = 32;

/// A hub's ties, by bit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hub<'a> {
    pub(crate) node: u32,
    bits: &'a [u64],
}

impl Hub<'_> {
    /// Is the hub tied to `v`?
    #[inline]
    pub(crate) fn has(self, v: u32) -> bool {
        self.bits[(v / u64::BITS) as usize] >> (v % u64::BITS) & 1 == 1
    }
}

/// All hubs of a graph.
///
/// # Complexity
/// A bit a person for each hub, which is less than the hub's row takes; O(n) to make.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hubs {
    /// Ascending.
    nodes: Vec<u32>,
    /// Parallel to `nodes`.
    bits: Vec<Vec<u64>>,
}

impl Hubs {
    /// Whoever has at least `degree_min` ties, and one for every 32 people.
    pub(crate) fn of(ties: &Csr, degree_min: u32) -> Self {
        let is_hub = |&z: &u32| {
            let degree = ties.degree(z);
            degree >= degree_min && degree as usize * PEOPLE_PER_TIE >= ties.n_nodes()
        };
        let nodes: Vec<u32> = ties.nodes().filter(is_hub).collect();
        let bits = nodes.iter().map(|&z| bits(ties.n_nodes(), ties.row(z)));
        Self {
            bits: bits.collect(),
            nodes,
        }
    }

    /// The hub `z`, if it is one.
    pub(crate) fn get(&self, z: u32) -> Option<Hub<'_>> {
        let at = self.nodes.binary_search(&z).ok()?;
        Some(Hub {
            node: z,
            bits: &self.bits[at],
        })
    }
}

fn bits(n_nodes: usize, row: &[u32]) -> Vec<u64> {
    let mut bits = vec![0; n_nodes.div_ceil(u64::BITS as usize)];
    for &v in row {
        bits[(v / u64::BITS) as usize] |= 1 << (v % u64::BITS);
    }
    bits
}
