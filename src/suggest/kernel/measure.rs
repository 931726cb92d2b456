//! How two-paths add up in one cell, and what the sum says.

use std::marker::PhantomData;

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

/// A number of intermediaries in as few bytes as it needs: the fewer, the more cells the cache holds.
pub(crate) trait Count: Copy + Default + PartialEq + PartialOrd {
    /// The most ties of a person whose candidates are counted so: one less than what fits, so that more can be asked for.
    const DEGREE_MAX: u32;

    /// One.
    const ONE: Self;

    /// The sum, which nobody with at most [`DEGREE_MAX`](Self::DEGREE_MAX) ties makes too great.
    fn plus(self, other: Self) -> Self;

    fn get(self) -> u32;

    /// The count itself, or one that nobody reaches.
    fn at_most(n: u32) -> Self;
}

macro_rules! count {
    ($($number:ty)*) => {$(
        impl Count for $number {
            const DEGREE_MAX: u32 = <$number>::MAX as u32 - 1;
            const ONE: Self = 1;

            #[inline]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline]
            fn get(self) -> u32 {
                u32::from(self)
            }

            fn at_most(n: u32) -> Self {
                Self::try_from(n).unwrap_or(Self::MAX)
            }
        }
    )*};
}

count!(u8 u16 u32);

/// Common neighbours: the count is the score.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counting<C>(PhantomData<C>);

impl<C: Count> Measure for Counting<C> {
    type Cell = C;

    #[inline]
    fn add(&self, cell: C, step: C) -> C {
        cell.plus(step)
    }

    fn step(&self, _: u32) -> C {
        C::ONE
    }

    #[inline]
    fn count(&self, cell: C) -> u32 {
        cell.get()
    }

    fn bits(&self, _: u32, cell: C) -> u64 {
        Score::from_count(cell.get()).bits()
    }
}

/// Counted like common neighbours, divided at the end by a function of both degrees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share<'a, C, By> {
    /// Everybody's degree.
    pub(crate) degrees: &'a [u32],
    pub(crate) degree: u32,
    pub(crate) kind: PhantomData<(C, By)>,
}

impl<'a, C, By> Share<'a, C, By> {
    pub(crate) fn new(degrees: &'a [u32], degree: u32) -> Self {
        Self {
            degrees,
            degree,
            kind: PhantomData,
        }
    }
}

/// Which share a count is made into.
pub(crate) trait Divide {
    /// As the bits of a [`Score`], of a count and the degrees of both.
    fn bits(n: u32, degree_u: u32, degree_v: u32) -> u64;
}

/// Jaccard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByUnion;

/// Cosine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByLengths;

impl Divide for ByUnion {
    fn bits(n: u32, degree_u: u32, degree_v: u32) -> u64 {
        jaccard_bits(n, degree_u, degree_v)
    }
}

impl Divide for ByLengths {
    fn bits(n: u32, degree_u: u32, degree_v: u32) -> u64 {
        cosine_bits(n, degree_u, degree_v)
    }
}

impl<C: Count, By: Divide> Measure for Share<'_, C, By> {
    type Cell = C;

    #[inline]
    fn add(&self, cell: C, step: C) -> C {
        cell.plus(step)
    }

    fn step(&self, _: u32) -> C {
        C::ONE
    }

    #[inline]
    fn count(&self, cell: C) -> u32 {
        cell.get()
    }

    fn bits(&self, v: u32, cell: C) -> u64 {
        By::bits(cell.get(), self.degree, self.degrees[v as usize])
    }
}

/// `⌊n / (d(u) + d(v) − n) · 2³²⌋`; nothing in common is 0.
pub(crate) fn jaccard_bits(n: u32, degree_u: u32, degree_v: u32) -> u64 {
    let union = u64::from(degree_u) + u64::from(degree_v) - u64::from(n);
    (u64::from(n) << 32).checked_div(union).unwrap_or(0)
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

/// A weighted sum and a count side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct WideCell {
    pub(crate) weight: u64,
    pub(crate) count: u32,
}

/// Cells of any weight and count, for people with more ties than [`PACKED_DEGREE_MAX`].
pub(crate) struct Wide<'a> {
    pub(crate) weights: &'a [u64],
}

impl Measure for Wide<'_> {
    type Cell = WideCell;

    fn add(&self, cell: Self::Cell, step: Self::Cell) -> Self::Cell {
        // 2^31 weights of at most 1/ln 2 fit into 64 bits; more ties would saturate, not wrap.
        WideCell {
            weight: cell.weight.saturating_add(step.weight),
            count: cell.count.wrapping_add(step.count),
        }
    }

    fn step(&self, z: u32) -> Self::Cell {
        WideCell {
            weight: self.weights[z as usize],
            count: 1,
        }
    }

    fn count(&self, cell: Self::Cell) -> u32 {
        cell.count
    }

    fn bits(&self, _: u32, cell: Self::Cell) -> u64 {
        cell.weight
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
