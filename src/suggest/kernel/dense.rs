//! Cells that are all read afterwards.

use super::greatest::Maxima;
use super::measure::{
    ByLengths, ByUnion, COUNT_MASK, Count, Counting, Divide, Measure, PACKED_DEGREE_MAX, Packed,
    Share,
};
use super::scan::{Best, Scan};
use crate::graph::Csr;

/// A measure whose cells are all read.
pub(crate) trait Dense: Measure {
    /// A number of intermediaries as cells are compared with it.
    type Least: Copy;

    /// The most ties of a person whose cells are scanned.
    const DEGREE_MAX: u32;

    /// Does a scan find the best themselves, best first, or in any order all that can be among them?
    const FINDS_IN_ORDER: bool;

    fn least(&self, n: u32) -> Self::Least;

    /// Have at least `least` intermediaries reached a cell?
    fn is_eligible(&self, cell: Self::Cell, least: Self::Least) -> bool;

    /// Finds, of the cells of the nodes from `first` on, all that can be among the `k` best.
    fn scan(
        &self,
        best: &mut Best,
        cells: &[Self::Cell],
        first: usize,
        least: Self::Least,
        k: usize,
    ) -> Scan;
}

/// A measure by whose keys cells are compared.
///
/// A cell's key never falls as its score rises, up to the slack that [`floor`](Self::floor) allows for.
pub(crate) trait Keyed: Dense {
    /// What the key of a person depends on besides their cell.
    type Side: Copy;

    /// One for each person.
    fn sides(&self) -> &[Self::Side];

    /// The key of a cell, above 0, if `is_eligible`, and else 0. Without a branch, so
    /// that many are computed at once; and in numbers that vector units compare.
    fn key(&self, cell: Self::Cell, side: Self::Side, is_eligible: bool) -> i32;

    /// The least key that a score can have which is no lower than a score with this key.
    fn floor(&self, key: i32) -> i32 {
        key
    }
}

/// More intermediaries than any cell of 32 bits counts that is scanned: its count is then positive as a signed number.
const LEAST_MAX: u32 = 1 << 18;

/// As many as anybody could need, and no byte.
static NO_SIDES: [(); u32::MAX as usize] = [(); u32::MAX as usize];

/// A count whose cells are scanned.
pub(crate) trait Scanned: Count + Ord {
    /// The most ties of a person whose counts are scanned.
    const SCANNED_DEGREE_MAX: u32;

    /// One if so, else 0.
    fn of(is_so: bool) -> Self;

    /// As a number that vector units make into a float.
    fn signed(self) -> i32;

    /// The maxima of cells of this size.
    fn maxima(all: &mut Maxima) -> &mut Vec<Self>;
}

macro_rules! scanned {
    ($($number:ty: $degree_max:expr, $signed:path, $maxima:ident;)*) => {$(
        impl Scanned for $number {
            const SCANNED_DEGREE_MAX: u32 = $degree_max;

            #[inline]
            fn of(is_so: bool) -> Self {
                Self::from(is_so)
            }

            #[inline]
            fn signed(self) -> i32 {
                $signed(self)
            }

            fn maxima(all: &mut Maxima) -> &mut Vec<Self> {
                &mut all.$maxima
            }
        }
    )*};
}

scanned! {
    u8: Self::DEGREE_MAX, i32::from, bytes;
    u16: Self::DEGREE_MAX, i32::from, halves;
    u32: LEAST_MAX - 1, u32::cast_signed, words;
}

/// As a count that is compared; of more than any scanned cell counts, the least such number.
fn least<C: Scanned>(n: u32) -> C {
    C::at_most(n.min(LEAST_MAX))
}

impl<C: Scanned> Dense for Counting<C> {
    const DEGREE_MAX: u32 = C::SCANNED_DEGREE_MAX;
    const FINDS_IN_ORDER: bool = true;
    type Least = C;

    fn least(&self, n: u32) -> C {
        least(n)
    }

    #[inline]
    fn is_eligible(&self, cell: C, least: C) -> bool {
        cell >= least
    }

    fn scan(&self, best: &mut Best, cells: &[C], first: usize, least: C, k: usize) -> Scan {
        best.scan_counts(cells, first, least, k)
    }
}

impl Dense for Packed<'_> {
    const DEGREE_MAX: u32 = PACKED_DEGREE_MAX;
    const FINDS_IN_ORDER: bool = false;
    type Least = u32;

    fn least(&self, n: u32) -> u32 {
        n.min(LEAST_MAX)
    }

    #[inline]
    #[expect(clippy::cast_possible_wrap, reason = "counts are below 2^18")]
    fn is_eligible(&self, cell: u64, least: u32) -> bool {
        ((cell & COUNT_MASK) as u32) as i32 >= least as i32
    }

    fn scan(&self, best: &mut Best, cells: &[u64], first: usize, least: u32, k: usize) -> Scan {
        best.scan_keys(self, cells, first, least, k)
    }
}

impl Keyed for Packed<'_> {
    type Side = ();

    fn sides(&self) -> &[()] {
        &NO_SIDES
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

/// The share of a count, as a float whose bits are the key.
pub(crate) trait Quotient: Divide {
    fn quotient(n: i32, degree_u: u32, degree_v: u32) -> f32;

    /// The least key of a share that scores no less, rounded to 32 binary places, than the one with this key.
    fn floor(key: i32, degree_u: u32) -> i32;
}

#[expect(
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the bits of a positive float are a positive integer"
)]
impl Quotient for ByUnion {
    #[inline]
    fn quotient(n: i32, degree_u: u32, degree_v: u32) -> f32 {
        let union = degree_u.wrapping_add(degree_v).wrapping_sub(n as u32);
        n as f32 / union as i32 as f32
    }

    fn floor(key: i32, _: u32) -> i32 {
        let quotient = f32::from_bits(key as u32);
        let rounded = (quotient - 1.0 / 4_294_967_296.0).max(0.0);
        rounded.to_bits() as i32 - QUOTIENT_SLACK
    }
}

#[expect(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the bits of a positive float are a positive integer"
)]
impl Quotient for ByLengths {
    /// `n² / d(v)`, which rises with the cosine: `d(u)` is the same for all.
    #[inline]
    fn quotient(n: i32, _: u32, degree_v: u32) -> f32 {
        let n = n as f32;
        n * n / degree_v as i32 as f32
    }

    /// A unit of the cosine's last place is worth the more the greater the cosine.
    fn floor(key: i32, degree_u: u32) -> i32 {
        let degree = f64::from(degree_u.max(1));
        let lowest = f64::from(f32::from_bits((key - QUOTIENT_SLACK).max(0) as u32));
        let cosine = ((lowest / degree).sqrt() - 2.0 / 4_294_967_296.0).max(0.0);
        let square = (cosine * cosine * degree) as f32;
        square.to_bits() as i32 - QUOTIENT_SLACK
    }
}

impl<C: Scanned, By: Quotient> Dense for Share<'_, C, By> {
    const DEGREE_MAX: u32 = C::SCANNED_DEGREE_MAX;
    const FINDS_IN_ORDER: bool = false;
    type Least = C;

    fn least(&self, n: u32) -> C {
        least(n)
    }

    #[inline]
    fn is_eligible(&self, cell: C, least: C) -> bool {
        cell >= least
    }

    fn scan(&self, best: &mut Best, cells: &[C], first: usize, least: C, k: usize) -> Scan {
        best.scan_keys(self, cells, first, least, k)
    }
}

impl<C: Scanned, By: Quotient> Keyed for Share<'_, C, By> {
    type Side = u32;

    fn sides(&self) -> &[u32] {
        self.degrees
    }

    /// Positive floats are in the order of their bits.
    #[inline]
    #[expect(
        clippy::cast_possible_wrap,
        reason = "the bits of a positive float are a positive integer"
    )]
    fn key(&self, cell: C, degree: u32, is_eligible: bool) -> i32 {
        let quotient = By::quotient(cell.signed(), self.degree, degree);
        quotient.to_bits() as i32 & -i32::from(is_eligible)
    }

    fn floor(&self, key: i32) -> i32 {
        By::floor(key, self.degree)
    }
}

/// From how many entries on, 1 MiB of them, rows are asked for before they are needed: the cache does not hold them all.
const FAR_ENTRIES: usize = 1 << 18;

/// How many ties are added side by side.
const EIGHT: usize = 8;

/// How many rows ahead.
const ROWS_AHEAD: usize = 2;

/// Adds up every two-path from `u`, its ways back to `u` itself included. `cells` are all default on entry.
pub(crate) fn accumulate<M: Dense>(ties: &Csr, u: u32, measure: &M, cells: &mut [M::Cell]) {
    let row = ties.row(u);
    let coming = if ties.n_entries() < FAR_ENTRIES {
        &[]
    } else {
        row.get(ROWS_AHEAD..).unwrap_or_default()
    };
    for (at, &z) in row.iter().enumerate() {
        if let Some(&z) = coming.get(at) {
            ties.ask_for_row(z);
        }
        add_row(ties, z, measure, cells);
    }
}

/// Adds what the intermediary `z` contributes to everybody `z` is tied to.
#[inline]
fn add_row<M: Dense>(ties: &Csr, z: u32, measure: &M, cells: &mut [M::Cell]) {
    let mut add = |v: u32, step: M::Cell| {
        let cell = &mut cells[v as usize];
        *cell = measure.add(*cell, step);
    };
    let (step, range) = (measure.step(z), ties.range(z));
    let (eights, rest) = ties.neighbours()[range.clone()].as_chunks::<EIGHT>();
    for eight in eights {
        for &v in eight {
            add(v, step);
        }
    }
    // Eight again, of which those of the next row add nothing: how many are left is not foreseen, and need not be.
    let (start, nothing) = (range.end - rest.len(), M::Cell::default());
    if let Some(eight) = ties.neighbours().get(start..start + EIGHT) {
        for (lane, &v) in eight.iter().enumerate() {
            add(v, if lane < rest.len() { step } else { nothing });
        }
    } else {
        for &v in rest {
            add(v, step);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Rows of every length, the last of all among them, add what is theirs and nothing of the next.
        #[test]
        fn oracle_every_two_path_is_added_once(
            pairs in prop::collection::vec((0_u32..60, 0_u32..60), 0..600),
        ) {
            let pairs = pairs.into_iter().filter(|(u, v)| u != v).collect();
            let ties = Csr::from_undirected(60, pairs).unwrap();
            let weights: Vec<u64> = (1..=60).collect();
            for u in ties.nodes() {
                let mut wanted = vec![(0_u8, 0_u64); 60];
                for &z in ties.row(u) {
                    for &v in ties.row(z) {
                        let (count, weight) = &mut wanted[v as usize];
                        *count += 1;
                        *weight += weights[z as usize];
                    }
                }
                let mut counts = vec![0_u8; 60];
                accumulate(&ties, u, &Counting::<u8>::default(), &mut counts);
                let measure = Packed { weights: &weights };
                let mut packed = vec![0_u64; 60];
                accumulate(&ties, u, &measure, &mut packed);
                let found: Vec<(u8, u64)> = counts.into_iter().zip(packed).map(|(n, cell)| {
                    assert_eq!(u32::from(n), measure.count(cell));
                    (n, measure.bits(0, cell))
                }).collect();
                prop_assert_eq!(found, wanted);
            }
        }
    }
}
