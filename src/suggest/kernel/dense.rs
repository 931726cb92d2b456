//! Cells that are all read afterwards.

use super::measure::{Angle, COUNT_MASK, Counting, Measure, Overlap, Packed};
use crate::graph::Csr;

/// A measure whose cells can be scanned for the greatest.
///
/// A cell's key never falls as its score rises, up to the slack that [`floor`](Self::floor) allows for.
pub(crate) trait Dense: Measure {
    /// What the key of a person depends on besides their cell.
    type Side: Copy;

    /// One for each person.
    fn sides(&self) -> &[Self::Side];

    /// Have at least `least` intermediaries reached a cell? Of 0 to [`LEAST_MAX`] any can be asked.
    fn is_eligible(&self, cell: Self::Cell, least: u32) -> bool;

    /// The key of a cell, above 0, if `is_eligible`, and else 0. Without a branch, so
    /// that many are computed at once; and in signed numbers, which vector units compare and convert.
    fn key(&self, cell: Self::Cell, side: Self::Side, is_eligible: bool) -> i32;

    /// Is a key greater whenever the score is, and equal whenever the score is?
    const KEY_IS_SCORE: bool;

    /// The least key that a score can have which is no lower than a score with this key.
    fn floor(&self, key: i32) -> i32 {
        key
    }
}

/// The most ties of a person whose cells are scanned: counts are then positive as signed numbers.
pub(crate) const DENSE_DEGREE_MAX: u32 = LEAST_MAX - 1;

/// More intermediaries than any scanned cell counts.
pub(crate) const LEAST_MAX: u32 = 1 << 18;

/// As many as anybody could need, and no byte.
static NO_SIDES: [(); u32::MAX as usize] = [(); u32::MAX as usize];

#[expect(
    clippy::cast_possible_wrap,
    reason = "counts are at most DENSE_DEGREE_MAX"
)]
impl Dense for Counting {
    const KEY_IS_SCORE: bool = true;
    type Side = ();

    fn sides(&self) -> &[()] {
        &NO_SIDES
    }

    #[inline]
    fn is_eligible(&self, cell: u32, least: u32) -> bool {
        cell as i32 >= least as i32
    }

    #[inline]
    fn key(&self, cell: u32, (): (), is_eligible: bool) -> i32 {
        cell as i32 & -i32::from(is_eligible)
    }
}

#[expect(
    clippy::cast_possible_wrap,
    reason = "the halves of a cell below 2^62, and a count in its lower half"
)]
impl Dense for Packed<'_> {
    const KEY_IS_SCORE: bool = false;
    type Side = ();

    fn sides(&self) -> &[()] {
        &NO_SIDES
    }

    #[inline]
    fn is_eligible(&self, cell: u64, least: u32) -> bool {
        ((cell & COUNT_MASK) as u32) as i32 >= least as i32
    }

    /// The upper half, which leads the order of cells; one more, so that no weight is too small to be seen.
    #[inline]
    fn key(&self, cell: u64, (): (), is_eligible: bool) -> i32 {
        ((cell >> u32::BITS) as i32).wrapping_add(1) & -i32::from(is_eligible)
    }
}

/// How far two quotients of `f32`s made from integers can be from the true ones together, in units of the last
/// place: two conversions and one division round by half a unit each, and a unit can be worth two.
const QUOTIENT_SLACK: i32 = 8;

/// The least key of a quotient that scores no less, rounded to 32 binary places, than the one with this key.
#[expect(
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the bits of a positive float are a positive integer"
)]
fn quotient_floor(key: i32) -> i32 {
    let quotient = f32::from_bits(key as u32);
    let rounded = (quotient - 1.0 / 4_294_967_296.0).max(0.0);
    rounded.to_bits() as i32 - QUOTIENT_SLACK
}

#[expect(
    clippy::cast_possible_wrap,
    reason = "the bits of a positive float are a positive integer"
)]
impl Dense for Overlap<'_> {
    const KEY_IS_SCORE: bool = false;
    type Side = u32;

    fn sides(&self) -> &[u32] {
        self.degrees
    }

    #[inline]
    fn is_eligible(&self, cell: u32, least: u32) -> bool {
        Counting.is_eligible(cell, least)
    }

    /// Positive floats are in the order of their bits.
    #[inline]
    fn key(&self, cell: u32, degree: u32, is_eligible: bool) -> i32 {
        let union = self.degree.wrapping_add(degree).wrapping_sub(cell);
        let quotient = cell as i32 as f32 / union as i32 as f32;
        quotient.to_bits() as i32 & -i32::from(is_eligible)
    }

    fn floor(&self, key: i32) -> i32 {
        quotient_floor(key)
    }
}

/// As [`quotient_floor`], of the squared cosine times `d(u)`: a unit of the cosine's last place is worth the more the
/// greater the cosine.
#[expect(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the bits of a positive float are a positive integer"
)]
fn square_floor(key: i32, degree: u32) -> i32 {
    let degree = f64::from(degree.max(1));
    let lowest = f64::from(f32::from_bits((key - QUOTIENT_SLACK).max(0) as u32));
    let cosine = ((lowest / degree).sqrt() - 2.0 / 4_294_967_296.0).max(0.0);
    let square = (cosine * cosine * degree) as f32;
    square.to_bits() as i32 - QUOTIENT_SLACK
}

#[expect(
    clippy::cast_possible_wrap,
    reason = "the bits of a positive float are a positive integer"
)]
impl Dense for Angle<'_> {
    const KEY_IS_SCORE: bool = false;
    type Side = u32;

    fn sides(&self) -> &[u32] {
        self.degrees
    }

    #[inline]
    fn is_eligible(&self, cell: u32, least: u32) -> bool {
        Counting.is_eligible(cell, least)
    }

    /// `n² / d(v)`, which rises with the cosine: `d(u)` is the same for all.
    #[inline]
    fn key(&self, cell: u32, degree: u32, is_eligible: bool) -> i32 {
        let n = cell as i32 as f32;
        let quotient = n * n / degree as i32 as f32;
        quotient.to_bits() as i32 & -i32::from(is_eligible)
    }

    fn floor(&self, key: i32) -> i32 {
        square_floor(key, self.degree)
    }
}

/// Adds up every two-path from `u`, its ways back to `u` itself included. `cells` are all default on entry.
pub(crate) fn accumulate<M: Dense>(ties: &Csr, u: u32, measure: &M, cells: &mut [M::Cell]) {
    for &z in ties.row(u) {
        let step = measure.step(z);
        let (eights, rest) = ties.row(z).as_chunks::<8>();
        for eight in eights {
            for &v in eight {
                let cell = &mut cells[v as usize];
                *cell = measure.add(*cell, step);
            }
        }
        for &v in rest {
            let cell = &mut cells[v as usize];
            *cell = measure.add(*cell, step);
        }
    }
}
