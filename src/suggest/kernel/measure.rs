//! How two-paths add up in one cell, and what the sum says.

use crate::graph::Csr;
use crate::score::Score;
use crate::suggest::params::Heuristic;

/// How two-paths add up, and what the sum says.
pub(crate) trait Measure {
    /// What accumulates. The default is "never touched" and is not reached by adding a step.
    type Cell: Copy + Default + PartialEq;

    /// Adds what the intermediary `z` contributes.
    fn add(&self, cell: Self::Cell, step: Self::Cell) -> Self::Cell;

    /// What the intermediary `z` contributes.
    fn step(&self, z: u32) -> Self::Cell;

    /// How many intermediaries a cell has seen.
    fn count(&self, cell: Self::Cell) -> u32;

    /// The score of candidate `v`, as the bits of a [`Score`].
    fn bits(&self, v: u32, cell: Self::Cell) -> u64;
}

/// Common neighbours: the count is the score.
pub(crate) struct Counting;

impl Measure for Counting {
    type Cell = u32;

    fn add(&self, cell: u32, step: u32) -> u32 {
        // No more intermediaries than people, which a u32 counts.
        cell.wrapping_add(step)
    }

    fn step(&self, _: u32) -> u32 {
        1
    }

    fn count(&self, cell: u32) -> u32 {
        cell
    }

    fn bits(&self, _: u32, cell: u32) -> u64 {
        Score::from_count(cell).bits()
    }
}

/// Jaccard: counted like common neighbours, divided at the end.
pub(crate) struct Overlap<'a> {
    /// Everybody's degree.
    pub(crate) degrees: &'a [u32],
    pub(crate) degree: u32,
}

impl Measure for Overlap<'_> {
    type Cell = u32;

    fn add(&self, cell: u32, step: u32) -> u32 {
        Counting.add(cell, step)
    }

    fn step(&self, z: u32) -> u32 {
        Counting.step(z)
    }

    fn count(&self, cell: u32) -> u32 {
        cell
    }

    fn bits(&self, v: u32, cell: u32) -> u64 {
        jaccard_bits(cell, self.degree, self.degrees[v as usize])
    }
}

/// `⌊n / (d(u) + d(v) − n) · 2³²⌋`; nothing in common is 0.
pub(crate) fn jaccard_bits(n: u32, degree_u: u32, degree_v: u32) -> u64 {
    let union = u64::from(degree_u) + u64::from(degree_v) - u64::from(n);
    (u64::from(n) << 32).checked_div(union).unwrap_or(0)
}

/// Cosine: counted like common neighbours, divided at the end.
pub(crate) struct Angle<'a> {
    /// Everybody's degree.
    pub(crate) degrees: &'a [u32],
    pub(crate) degree: u32,
}

impl Measure for Angle<'_> {
    type Cell = u32;

    fn add(&self, cell: u32, step: u32) -> u32 {
        Counting.add(cell, step)
    }

    fn step(&self, z: u32) -> u32 {
        Counting.step(z)
    }

    fn count(&self, cell: u32) -> u32 {
        cell
    }

    fn bits(&self, v: u32, cell: u32) -> u64 {
        cosine_bits(cell, self.degree, self.degrees[v as usize])
    }
}

/// `⌊n / √(d(u) d(v)) · 2³²⌋`; nothing in common is 0.
pub(crate) fn cosine_bits(n: u32, degree_u: u32, degree_v: u32) -> u64 {
    let product = u128::from(degree_u) * u128::from(degree_v);
    let square = u128::from(n).pow(2) << 64;
    let root = square.checked_div(product).unwrap_or(0).isqrt();
    u64::try_from(root).expect("nobody has more in common than ties, so it is at most 2^32")
}

/// How many bits of a packed cell count; the others weigh.
pub(super) const COUNT_BITS: u32 = 18;

/// The bits of a packed cell that count.
pub(super) const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

/// The most ties a person may have for [`Packed`]: as many weights of at most 1/ln 2 stay below 2⁴⁴.
pub(crate) const PACKED_DEGREE_MAX: u32 = 2_800;

/// Weighted sum and count in one word, so that a two-path costs one add. All cells are below 2⁶².
pub(crate) struct Packed<'a> {
    pub(crate) weights: &'a [u64],
}

impl Measure for Packed<'_> {
    type Cell = u64;

    fn add(&self, cell: u64, step: u64) -> u64 {
        // Weights below 2^44 and counts below 2^18: see PACKED_DEGREE_MAX.
        cell.wrapping_add(step)
    }

    fn step(&self, z: u32) -> u64 {
        self.weights[z as usize] << COUNT_BITS | 1
    }

    fn count(&self, cell: u64) -> u32 {
        (cell & COUNT_MASK) as u32
    }

    fn bits(&self, _: u32, cell: u64) -> u64 {
        cell >> COUNT_BITS
    }
}

/// Weighted sum and count side by side, for people with more ties than [`PACKED_DEGREE_MAX`].
pub(crate) struct Wide<'a> {
    pub(crate) weights: &'a [u64],
}

impl Measure for Wide<'_> {
    type Cell = (u64, u32);

    fn add(&self, cell: Self::Cell, step: Self::Cell) -> Self::Cell {
        // 2^31 weights of at most 1/ln 2 fit into 64 bits; more ties would saturate, not wrap.
        (cell.0.saturating_add(step.0), cell.1.wrapping_add(step.1))
    }

    fn step(&self, z: u32) -> Self::Cell {
        (self.weights[z as usize], 1)
    }

    fn count(&self, cell: Self::Cell) -> u32 {
        cell.1
    }

    fn bits(&self, _: u32, cell: Self::Cell) -> u64 {
        cell.0
    }
}

/// What each person contributes as an intermediary, as the bits of a [`Score`].
///
/// Somebody with fewer than two ties is nobody's intermediary and weighs nothing; from two on, a weight is at most 1/ln 2.
pub(crate) fn weights(ties: &Csr, heuristic: Heuristic) -> Vec<u64> {
    let weigh: fn(f64) -> f64 = match heuristic {
        Heuristic::AdamicAdar => |degree| degree.ln().recip(),
        Heuristic::ResourceAllocation => f64::recip,
        Heuristic::CommonNeighbours | Heuristic::Jaccard | Heuristic::Cosine => {
            return Vec::new();
        }
    };
    (0..)
        .zip(0..ties.n_nodes())
        .map(|(z, _)| match ties.degree(z) {
            0 | 1 => 0,
            degree => Score::from_f64(weigh(f64::from(degree))).bits(),
        })
        .collect()
}
