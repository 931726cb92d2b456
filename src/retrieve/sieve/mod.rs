//! Which pairs may reach a floor: upper bounds for a tile of people and a panel of ads at a time.

mod bytes;
mod floats;

use std::ops::Range;

pub(super) use bytes::Bytes;
pub(super) use floats::Floats;

/// Ads of a panel, one bit each of a word.
pub(super) const PANEL: usize = 32;

/// The most people any sieve takes at a time.
const MOST_PEOPLE: usize = 16;

/// What lets pairs through that may reach a floor.
///
/// Every pair whose exact score is at least the person's floor passes; how many others do is a matter of speed.
pub(super) trait Sift: Sync {
    /// People of a tile.
    const PEOPLE: usize;
    /// A tile of people as the sieve reads them.
    type People: Send + Sync;

    /// Packs at most [`PEOPLE`](Self::PEOPLE) vectors.
    fn pack(&self, rows: &[Vec<f32>]) -> Self::People;

    /// Tells `pass` of panels, people and which of the panel's ads pass; panels that are not open are left out.
    fn sift(
        &self,
        people: &Self::People,
        floors: &Floors,
        panels: Range<usize>,
        is_open: impl Fn(usize) -> bool,
        pass: impl FnMut(usize, usize, u32),
    );
}

/// What each of a tile's people asks for at least.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floors {
    least: [f32; MOST_PEOPLE],
}

impl Floors {
    /// More than any score.
    const CLOSED: f32 = 1e30;

    pub(super) const fn closed() -> Self {
        Self {
            least: [Self::CLOSED; MOST_PEOPLE],
        }
    }

    /// Rounded down, and kept where scores can be.
    #[expect(clippy::cast_possible_truncation, reason = "rounded down right after")]
    pub(super) fn open(&mut self, person: usize, least: f64) {
        let limit = f64::from(Self::CLOSED);
        self.least[person] = (least.clamp(-limit, limit) as f32).next_down();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.least.iter().all(|&least| least == Self::CLOSED)
    }
}

/// A sieve and the ads it holds.
#[derive(Clone, Debug)]
pub(super) enum Sieve {
    Bytes(Bytes),
    Floats(Floats),
}

impl Sieve {
    /// The quickest of this machine. `vectors` has shape (ads, width), by place.
    pub(super) fn best_for(width: usize, vectors: &[f32], biases: &[f32]) -> Self {
        if bytes::is_quick() {
            Self::bytes(width, vectors, biases)
        } else {
            Self::floats(width, vectors, biases)
        }
    }

    pub(super) fn bytes(width: usize, vectors: &[f32], biases: &[f32]) -> Self {
        Self::Bytes(Bytes::new(width, vectors, biases))
    }

    pub(super) fn floats(width: usize, vectors: &[f32], biases: &[f32]) -> Self {
        Self::Floats(Floats::new(width, vectors, biases))
    }
}

/// A length, rounded up.
#[expect(clippy::cast_possible_truncation, reason = "rounded up right after")]
fn up(x: f64) -> f32 {
    (x * (1.0 + 1e-9)) as f32 * (1.0 + 1e-6) + f32::MIN_POSITIVE
}
