//! How vectors lie in memory: eight coordinates and their sums of squares at a place, in one of two widths.

#![expect(
    clippy::inline_always,
    reason = "compiled for the caller's instructions"
)]

use super::half::HalfLine;
use super::params::WeightBits;
use crate::ahead::{ask_early_for, ask_for};

/// Coordinates of a line.
pub(super) const LANES: usize = 8;

/// Eight coordinates.
pub(super) type Lanes = [f32; LANES];

/// Eight weights and what their squared gradients add up to, which are always used together. Stored like this they fill one
/// cache line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Line {
    pub(super) weights: Lanes,
    pub(super) squares: Lanes,
}

impl Line {
    /// Has any row moved it?
    #[inline(always)]
    pub(super) fn is_touched(&self) -> bool {
        let bits = self.squares.iter().fold(0, |bits, x| bits | x.to_bits());
        bits != 0
    }
}

/// Weights by place, whatever they are stored as.
pub(super) trait Weights {
    /// The weights of a place.
    fn weights(&self, place: usize) -> Lanes;
}

/// Where a row's vectors come from.
pub(super) trait Source {
    /// The weights of a place, which is the vector's line `chunk`.
    fn weights(&mut self, place: usize, chunk: usize) -> Lanes;
}

impl<L: Weights + ?Sized> Source for &L {
    #[inline(always)]
    fn weights(&mut self, place: usize, _: usize) -> Lanes {
        (**self).weights(place)
    }
}

/// Lines by place, as training needs them.
pub(super) trait Storage: Weights {
    /// Weights and sums of squares of a place.
    fn line(&self, place: usize) -> Line;

    /// Stores the first weights of a place that no row has touched.
    fn begin(&mut self, place: usize, weights: Lanes);

    /// Stores a line; `key` is a hash of seed and step, for what has to be drawn.
    fn put(&mut self, place: usize, line: Line, key: u64);

    /// Tells the processor that a place will be needed soon.
    fn ask_for(&self, place: usize);

    /// The same, somewhat later.
    fn ask_early_for(&self, place: usize);
}

impl Weights for [Line] {
    #[inline(always)]
    fn weights(&self, place: usize) -> Lanes {
        self[place].weights
    }
}

impl Storage for [Line] {
    #[inline(always)]
    fn line(&self, place: usize) -> Line {
        self[place]
    }

    fn begin(&mut self, place: usize, weights: Lanes) {
        self[place].weights = weights;
    }

    #[inline(always)]
    fn put(&mut self, place: usize, line: Line, _: u64) {
        self[place] = line;
    }

    #[inline(always)]
    fn ask_for(&self, place: usize) {
        ask_for(self, place);
    }

    #[inline(always)]
    fn ask_early_for(&self, place: usize) {
        ask_early_for(self, place);
    }
}

/// All lines of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lines {
    /// 32 bits a number.
    Full(Vec<Line>),
    /// 16 bits a number.
    Half(Vec<HalfLine>),
}

/// Evaluates an expression for lines of whatever storage, and the lines of a vector as a constant.
macro_rules! with_shape {
    ($lines:expr, $n_chunks:expr, |$slice:ident, $n:ident| $body:expr) => {
        match $lines {
            $crate::learn::factor::storage::Lines::Full($slice) => {
                $crate::learn::factor::storage::with_chunks!($n_chunks, |$n| $body)
            }
            $crate::learn::factor::storage::Lines::Half($slice) => {
                $crate::learn::factor::storage::with_chunks!($n_chunks, |$n| $body)
            }
        }
    };
}

/// Evaluates an expression with the lines of a vector as a constant.
macro_rules! with_chunks {
    ($n_chunks:expr, |$n:ident| $body:expr) => {
        match $n_chunks {
            1 => {
                const $n: usize = 1;
                $body
            }
            2 => {
                const $n: usize = 2;
                $body
            }
            4 => {
                const $n: usize = 4;
                $body
            }
            _ => {
                const $n: usize = 8;
                $body
            }
        }
    };
}

pub(super) use {with_chunks, with_shape};

impl Lines {
    /// Nothing but zeros.
    pub(super) fn new(bits: WeightBits, n: usize) -> Self {
        match bits {
            WeightBits::ThirtyTwo => Self::Full(vec![Line::default(); n]),
            WeightBits::Sixteen => Self::Half(HalfLine::zeros(n)),
        }
    }

    /// Weights and sums of squares of a place.
    pub(super) fn get(&self, place: usize) -> Line {
        match self {
            Self::Full(lines) => lines.line(place),
            Self::Half(lines) => lines.line(place),
        }
    }

    /// Stores a line, each number as the nearest that the storage holds.
    pub(super) fn set(&mut self, place: usize, line: Line) {
        match self {
            Self::Full(lines) => lines[place] = line,
            Self::Half(lines) => HalfLine::set(lines, place, line),
        }
    }
}

/// For questions that are asked seldom: the storage is looked up for every place.
impl Weights for Lines {
    #[inline]
    fn weights(&self, place: usize) -> Lanes {
        match self {
            Self::Full(lines) => lines.weights(place),
            Self::Half(lines) => lines.weights(place),
        }
    }
}
