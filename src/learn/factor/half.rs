//! Weights of 16 bits: the upper halves of `f32`, which are rounded up or down by chance when they are stored.
//!
//! A number of 16 bits (bfloat16: sign, eight bits of exponent, seven of fraction) is an `f32` whose lower half is 0. Its steps
//! are up to 1/128 of it, and late in training nearly every gradient moves a weight by less than half a step: rounded to the
//! nearest, learning would stand still, and sums of squares would stop growing. So what falls between two numbers goes to
//! the upper one as often as it is near to it:
//!
//! ```text
//! P(up) = (w − lower)/(upper − lower),   E[stored] = w
//! ```
//!
//! (stochastic rounding; S. Gupta, A. Agrawal, K. Gopalakrishnan and P. Narayanan, "Deep learning with limited numerical
//! precision", ICML 2015). Adding 16 random bits to the lower half and cutting it off does exactly that. The random bits are a
//! hash of seed, step and place, so that chance is the same on every run, for any number of threads and with any vector
//! instructions: there is integer arithmetic and nothing else.
//!
//! What lies beyond the greatest number that 16 bits hold, 3.39·10³⁸, is stored as that number, and so is what is not a number.

#![expect(
    clippy::inline_always,
    reason = "compiled for the caller's instructions"
)]

use super::storage::{LANES, Lanes, Line, Storage, Weights};
use crate::ahead::{ask_early_for, ask_for};

/// What is kept of an `f32`.
const KEPT: u32 = 0xFFFF_0000;

/// The greatest finite number of 16 bits.
pub(super) const GREATEST: f32 = f32::from_bits(0x7F7F_0000);

/// Odd, so that multiples of a hash are spread as evenly as the hash; each lane has another.
const SPREAD: [u32; LANES] = [
    0x9E37_79B1,
    0x85EB_CA77,
    0xC2B2_AE3D,
    0x27D4_EB2F,
    0x1656_67B1,
    0xD3A2_646D,
    0xFD70_46C5,
    0xB55A_4F09,
];

/// 2⁶⁴ over the golden ratio, odd: neighbouring places are far apart (Knuth, "The art of computer programming" 3, 6.4).
const PLACES: u64 = 0x9E37_79B9_7F4A_7C15;

/// A weight in the upper half of each word and its sum of squares in the lower: nothing is moved between lanes to take
/// them apart.
type Words = [u32; LANES];

/// The lines of two places, which fill one cache line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(64))]
pub(super) struct HalfLine([Words; 2]);

impl HalfLine {
    /// Room for `n` places.
    pub(super) fn zeros(n: usize) -> Vec<Self> {
        vec![Self::default(); n.div_ceil(2)]
    }

    /// Stores a line at a place, each number as the nearest, of two as near the even one.
    pub(super) fn set(lines: &mut [Self], place: usize, line: Line) {
        let Line { weights, squares } = line;
        let nearest = |x: f32| 0x7FFF + (x.to_bits() >> 16 & 1);
        let ups = Ups {
            weights: weights.map(nearest),
            squares: squares.map(nearest),
        };
        lines[place / 2].0[place % 2] = words(line, ups);
    }
}

impl Weights for [HalfLine] {
    #[inline(always)]
    fn weights(&self, place: usize) -> Lanes {
        self[place / 2].0[place % 2].map(|word| f32::from_bits(word & KEPT))
    }
}

impl Storage for [HalfLine] {
    #[inline(always)]
    fn line(&self, place: usize) -> Line {
        let words = self[place / 2].0[place % 2];
        Line {
            weights: words.map(|word| f32::from_bits(word & KEPT)),
            squares: words.map(|word| f32::from_bits(word << 16)),
        }
    }

    /// Rounded to the nearest: where vectors begin is chance enough.
    fn begin(&mut self, place: usize, weights: Lanes) {
        let squares = Lanes::default();
        HalfLine::set(self, place, Line { weights, squares });
    }

    #[inline(always)]
    fn put(&mut self, place: usize, line: Line, key: u64) {
        self[place / 2].0[place % 2] = words(line, drawn(key, place));
    }

    #[inline(always)]
    fn ask_for(&self, place: usize) {
        ask_for(self, place / 2);
    }

    #[inline(always)]
    fn ask_early_for(&self, place: usize) {
        ask_early_for(self, place / 2);
    }
}

/// What is added to the lower halves before these are cut off.
#[derive(Clone, Copy)]
struct Ups {
    weights: Words,
    squares: Words,
}

/// 16 random bits for each weight, and 16 for each sum of squares: the two halves of odd multiples of one hash, each of which
/// is as evenly spread as the hash is.
#[inline(always)]
fn drawn(key: u64, place: usize) -> Ups {
    let both = (key ^ place as u64).wrapping_mul(PLACES);
    let hash = (both >> 32) as u32;
    let spread = SPREAD.map(|odd| hash.wrapping_mul(odd));
    Ups {
        weights: spread.map(|x| x >> 16),
        squares: spread.map(|x| x & !KEPT),
    }
}

/// What is stored of a line.
#[inline(always)]
fn words(line: Line, ups: Ups) -> Words {
    std::array::from_fn(|lane| {
        let weight = within(line.weights[lane])
            .to_bits()
            .wrapping_add(ups.weights[lane]);
        let square = at_most(line.squares[lane])
            .to_bits()
            .wrapping_add(ups.squares[lane]);
        weight & KEPT | square >> 16
    })
}

#[inline(always)]
fn within(x: f32) -> f32 {
    let x = at_most(x);
    if x > -GREATEST { x } else { -GREATEST }
}

/// Not [`f32::min`], which takes three instructions to tell a number from what is none.
#[inline(always)]
fn at_most(x: f32) -> f32 {
    if x < GREATEST { x } else { GREATEST }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored(x: f32, place: usize, key: u64) -> Line {
        let mut lines = HalfLine::zeros(place + 1);
        let both = [x; LANES];
        let line = Line {
            weights: both,
            squares: both.map(f32::abs),
        };
        lines.put(place, line, key);
        lines.line(place)
    }

    /// The two numbers of 16 bits around one.
    fn around(x: f32) -> [f32; 2] {
        let lower = x.to_bits() & KEPT;
        let upper = if lower == x.to_bits() {
            lower
        } else {
            lower + (1 << 16)
        };
        [lower, upper].map(f32::from_bits)
    }

    #[test]
    fn two_places_fill_one_cache_line() {
        assert_eq!((size_of::<HalfLine>(), align_of::<HalfLine>()), (64, 64));
        let mut lines = HalfLine::zeros(3);
        for place in 0..3 {
            let line = Line {
                weights: std::array::from_fn(|lane| (10 * place + lane) as f32),
                squares: std::array::from_fn(|lane| (100 * place + lane) as f32),
            };
            HalfLine::set(&mut lines, place, line);
            lines.put(place, line, 5);
            assert_eq!(
                lines.line(place),
                line,
                "small whole numbers need no rounding"
            );
            assert_eq!(lines.weights(place), line.weights);
        }
        assert_eq!(lines.weights(0)[1], 1.0);
    }

    #[test]
    fn a_number_is_stored_above_as_often_as_it_is_near_to_above() {
        for x in [1.003_f32, -0.3, 7.77e-5, 12_345.6, -1e-30] {
            let [lower, upper] = around(x).map(f64::from);
            let n = 40_000;
            let (mut weights, mut squares) = (0.0, 0.0);
            for key in 0..n {
                let line = stored(x, 3, crate::hash::mix(key));
                weights += line.weights.iter().map(|&x| f64::from(x)).sum::<f64>();
                squares += line.squares.iter().map(|&x| f64::from(x)).sum::<f64>();
            }
            let n = (n * LANES as u64) as f64;
            // Lanes of one draw are not independent: six deviations of the mean of n/8.
            let most = 6.0 * (upper - lower).abs() / 2.0 / (n / LANES as f64).sqrt();
            let x = f64::from(x);
            assert!((weights / n - x).abs() < most, "{x}: {}", weights / n);
            assert!((squares / n - x.abs()).abs() < most, "{x}: {}", squares / n);
        }
    }

    /// Steps of a fortieth of what 16 bits can tell apart: rounded to the nearest they are lost, by chance they arrive.
    #[test]
    fn small_steps_are_not_lost() {
        let (n_places, n_steps, step) = (200, 4_000_u16, 1.0 / 5_120.0);
        let mut lines = HalfLine::zeros(n_places);
        let mut nearest = HalfLine::zeros(1);
        let one = [1.0; LANES];
        let start = Line {
            weights: one,
            squares: one,
        };
        let moved = |line: Line| Line {
            weights: line.weights.map(|x| x + step),
            squares: line.squares.map(|x| x + step),
        };
        HalfLine::set(&mut nearest, 0, start);
        for place in 0..n_places {
            HalfLine::set(&mut lines, place, start);
        }
        for i in 0..n_steps {
            for place in 0..n_places {
                let line = moved(lines.line(place));
                lines.put(place, line, crate::hash::mix(u64::from(i)));
            }
            let line = moved(nearest.line(0));
            HalfLine::set(&mut nearest, 0, line);
        }
        assert_eq!(nearest.line(0), start, "learning stands still");
        let expected = 1.0 + f64::from(n_steps) * f64::from(step);
        let mean = |of: fn(Line) -> Lanes| {
            let all = (0..n_places).flat_map(|place| of(lines.line(place)));
            all.map(f64::from).sum::<f64>() / (n_places * LANES) as f64
        };
        for mean in [mean(|line| line.weights), mean(|line| line.squares)] {
            // One weight is off by about √n·(upper − lower)/6 = 0.1; the mean of 200 places by a fourteenth of that.
            assert!((mean - expected).abs() < 0.03, "{mean}, not {expected}");
        }
    }

    #[test]
    fn what_cannot_be_stored_is_the_greatest() {
        for x in [f32::INFINITY, f32::MAX, GREATEST, f32::NAN] {
            for key in 0..100 {
                assert_eq!(stored(x, 1, key).weights, [GREATEST; LANES]);
                assert_eq!(stored(x, 1, key).squares, [GREATEST; LANES]);
            }
        }
        for x in [f32::NEG_INFINITY, f32::MIN, -GREATEST] {
            assert_eq!(stored(x, 0, 7).weights, [-GREATEST; LANES]);
        }
        let mut lines = HalfLine::zeros(1);
        let (weights, squares) = ([f32::MIN; LANES], [f32::MAX; LANES]);
        HalfLine::set(&mut lines, 0, Line { weights, squares });
        let expected = Line {
            weights: [-GREATEST; LANES],
            squares: [GREATEST; LANES],
        };
        assert_eq!(lines.line(0), expected);
    }

    #[test]
    fn chance_is_another_for_every_place_step_and_lane_and_the_same_again() {
        let x = 1.003;
        let (key, other) = (crate::hash::mix(1), crate::hash::mix(2));
        let many = |key| -> Vec<f32> {
            (0..64)
                .flat_map(|place| stored(x, place, key).weights)
                .collect()
        };
        assert_eq!(many(key), many(key));
        assert_ne!(many(key), many(other));
        let by_place: Vec<Lanes> = (0..64).map(|place| stored(x, place, key).weights).collect();
        assert!(by_place.iter().any(|lanes| *lanes != by_place[0]));
        assert!(
            by_place
                .iter()
                .any(|lanes| lanes.iter().any(|x| *x != lanes[0]))
        );
    }

    proptest! {
        #[test]
        fn prop_stored_is_a_neighbour_and_finite(bits: u32, place in 0_usize..8, key: u64) {
            let x = f32::from_bits(bits);
            let line = stored(x, place, key);
            for stored in line.weights.into_iter().chain(line.squares) {
                prop_assert!(stored.is_finite());
            }
            if x.abs() < GREATEST {
                let signed = around(x);
                prop_assert!(line.weights.iter().all(|w| signed.contains(w)), "{x} {:?}", line.weights);
                let size = around(x.abs());
                prop_assert!(line.squares.iter().all(|s| size.contains(s)), "{x} {:?}", line.squares);
            }
        }
    }
}
