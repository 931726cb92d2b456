//! Weights and their sums of squares, as they lie in memory.

use crate::hash::mix;
use crate::learn::LearnError;

use super::params::{FactorValidParams, Interaction};
use super::storage::{LANES, Lanes, Line, Lines};

/// What the sums of squares start from, as in the paper; what is kept is what was added to it.
pub(super) const FIRST_SQUARE: f32 = 1.0;

/// The most lines a table may have: 16 GiB, or 8 of weights of 16 bits.
const MAX_LINES: usize = 1 << 28;

/// One weight and what its squared gradients add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Single {
    pub(super) weight: f32,
    pub(super) square: f32,
}

/// Where vectors lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    /// Vectors a slot has: one for each field, or one.
    pub(super) n_columns: usize,
    /// Lines a vector has: 1, 2, 4 or 8.
    pub(super) n_chunks: usize,
}

impl Shape {
    /// Where a slot's vector for a column begins.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn at(self, slot: u32, column: usize) -> usize {
        (slot as usize * self.n_columns + column) * self.n_chunks
    }
}

/// Weights that are no vector's, always of 32 bits: they are few beside the others.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Singles {
    /// One a slot.
    pub(super) linear: Vec<Single>,
    /// Shape (fields, fields), r(f, g) at f ≤ g as a difference from 1, if it is learnt.
    pub(super) pairs: Vec<Single>,
}

/// All weights of a model but its offset.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    pub(super) shape: Shape,
    /// Shape (slots, columns, chunks).
    pub(super) lines: Lines,
    pub(super) singles: Singles,
    /// Steps made so far, in all passes: chance in storing goes on where it was when training goes on.
    pub(super) n_steps: u64,
}

impl Table {
    pub(super) fn new(params: &FactorValidParams, n_fields: usize) -> Result<Self, LearnError> {
        let n_columns = match params.interaction() {
            Interaction::FieldAware => n_fields,
            Interaction::FieldWeighted | Interaction::Plain => 1,
        };
        let n_pairs = match params.interaction() {
            Interaction::FieldWeighted => n_fields * n_fields,
            Interaction::FieldAware | Interaction::Plain => 0,
        };
        let n_chunks = params.k().div_ceil(LANES).next_power_of_two();
        let n_lines = params.n_slots() * n_columns * n_chunks;
        if n_lines > MAX_LINES {
            return Err(LearnError::Model {
                what: "a table of more than 2^28 times eight coordinates",
            });
        }
        Ok(Self {
            shape: Shape {
                n_columns,
                n_chunks,
            },
            lines: Lines::new(params.weight_bits(), n_lines),
            singles: Singles {
                linear: vec![Single::default(); params.n_slots()],
                pairs: vec![Single::default(); n_pairs],
            },
            n_steps: 0,
        })
    }

    /// How many lines all vectors have.
    pub(super) fn n_lines(&self) -> usize {
        self.singles.linear.len() * self.shape.n_columns * self.shape.n_chunks
    }

    /// All lines, by place.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        (0..self.n_lines()).map(|place| self.lines.get(place))
    }
}

/// Where untouched vectors begin: a hash of seed, place and coordinate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    pub(super) seed: u64,
    pub(super) k: usize,
    /// init/√k.
    pub(super) most: f32,
}

impl Beginning {
    pub(super) fn of(params: &FactorValidParams) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
        let most = (params.init() / (params.k() as f64).sqrt()) as f32;
        Self {
            seed: params.seed(),
            k: params.k(),
            most,
        }
    }

    /// The weights of a line before its first row; `chunk` counts a vector's lines.
    #[cold]
    pub(super) fn weights(self, line: usize, chunk: usize) -> Lanes {
        let place = mix(self.seed ^ mix(line as u64));
        std::array::from_fn(|lane| {
            if chunk * LANES + lane >= self.k {
                return 0.0;
            }
            // The upper 24 bits, which f32 holds exactly: from −1 to 1.
            let bits = mix(place ^ lane as u64) >> 40;
            #[expect(clippy::cast_possible_truncation, reason = "24 bits are exact")]
            let unit = (bits as f64 / f64::from(1 << 23) - 1.0) as f32;
            unit * self.most
        })
    }
}
