//! Two-paths from one person, counted or weighed in dense arrays.
//!
//! The simple code this is equal to, for a person `u`:
//!
//! ```text
//! for z in ties(u) { for v in ties(z) { cells[v] += step(z) } }
//! ```
//!
//! A row of the result belongs to one person and is gathered by one task, so no two threads ever add to one
//! cell; and what is added are integers, so the order of adding does not matter either. `touched` remembers
//! which cells to read and to clear, which makes a person cost what their two-paths cost, and not the
//! number of people.
//!
//! # Complexity
//! O(Σ d(z)) for the ties z of a person: one add per two-path. One cell and one `u32` per person and thread.

use super::params::Heuristic;
use crate::graph::Csr;
use crate::score::Score;

/// How two-paths add up, and what the sum says.
pub(crate) trait Measure {
    /// What accumulates. The default is "never touched" and is not reached by adding a step.
    type Cell: Copy + Default + PartialEq;

    /// Adds what the intermediary `z` contributes.
    fn add(&self, cell: Self::Cell, step: Self::Cell) -> Self::Cell;

    /// What the intermediary `z` contributes.
    fn step(&self, z: u32) -> Self::Cell;

    /// How many intermediaries a cell has seen.
    fn count(cell: Self::Cell) -> u32;

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

    fn count(cell: u32) -> u32 {
        cell
    }

    fn bits(&self, _: u32, cell: u32) -> u64 {
        Score::from_count(cell).bits()
    }
}

/// Jaccard: counted like common neighbours, divided at the end.
pub(crate) struct Overlap<'a> {
    pub(crate) ties: &'a Csr,
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

    fn count(cell: u32) -> u32 {
        cell
    }

    fn bits(&self, v: u32, cell: u32) -> u64 {
        jaccard_bits(cell, self.degree, self.ties.degree(v))
    }
}

/// `⌊n / (d(u) + d(v) − n) · 2³²⌋`; nothing in common is 0.
pub(crate) fn jaccard_bits(n: u32, degree_u: u32, degree_v: u32) -> u64 {
    let union = u64::from(degree_u) + u64::from(degree_v) - u64::from(n);
    (u64::from(n) << 32).checked_div(union).unwrap_or(0)
}

/// Where the count begins in a packed cell.
const COUNT_SHIFT: u32 = 44;

/// The most ties a person may have for [`Packed`]: as many weights of at most 1/ln 2 stay below 2⁴⁴.
pub(crate) const PACKED_DEGREE_MAX: u32 = 2_800;

/// Weighted sum and count in one word, so that a two-path costs one add.
pub(crate) struct Packed<'a> {
    pub(crate) weights: &'a [u64],
}

impl Measure for Packed<'_> {
    type Cell = u64;

    fn add(&self, cell: u64, step: u64) -> u64 {
        // Below 2^44 + 2800 · 2^44: see PACKED_DEGREE_MAX.
        cell.wrapping_add(step)
    }

    fn step(&self, z: u32) -> u64 {
        self.weights[z as usize] | 1 << COUNT_SHIFT
    }

    fn count(cell: u64) -> u32 {
        (cell >> COUNT_SHIFT) as u32
    }

    fn bits(&self, _: u32, cell: u64) -> u64 {
        cell & ((1 << COUNT_SHIFT) - 1)
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

    fn count(cell: Self::Cell) -> u32 {
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
        Heuristic::CommonNeighbours | Heuristic::Jaccard => return Vec::new(),
    };
    (0..)
        .zip(0..ties.n_nodes())
        .map(|(z, _)| match ties.degree(z) {
            0 | 1 => 0,
            degree => Score::from_f64(weigh(f64::from(degree))).bits(),
        })
        .collect()
}

/// Adds up every two-path from `u`, its ways back to `u` itself included.
///
/// `cells` are all default on entry, one per person; `touched` has one entry per person. Returns how many
/// entries of `touched` name a cell that is no longer default, each once.
pub(crate) fn accumulate<M: Measure>(
    ties: &Csr,
    u: u32,
    measure: &M,
    cells: &mut [M::Cell],
    touched: &mut [u32],
) -> usize {
    let mut n_touched = 0;
    for &z in ties.row(u) {
        let step = measure.step(z);
        for &v in ties.row(z) {
            let cell = &mut cells[v as usize];
            // Written always and kept only if new: a store is cheaper than a branch that cannot be foreseen.
            if let Some(slot) = touched.get_mut(n_touched) {
                *slot = v;
            }
            n_touched += usize::from(*cell == M::Cell::default());
            *cell = measure.add(*cell, step);
        }
    }
    n_touched
}
