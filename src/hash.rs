//! Hash maps with a fixed seed: the same inputs give the same bytes on every run.
//!
//! Their iteration order is still nobody's business; outputs are sorted or indexed densely.

use foldhash::fast::FixedState;

/// A hash map with a fixed seed.
pub type HashMap<K, V> = hashbrown::HashMap<K, V, FixedState>;
/// A hash set with a fixed seed.
pub type HashSet<K> = hashbrown::HashSet<K, FixedState>;

/// One step of splitmix64 from state `x` (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014).
#[must_use]
pub const fn mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The number that [`mix`] turned into this one: every step of it can be walked back.
#[must_use]
pub(crate) const fn unmix(hash: u64) -> u64 {
    let mut z = hash ^ (hash >> 31) ^ (hash >> 62);
    z = z.wrapping_mul(inverse(0x94D0_49BB_1331_11EB));
    z = z ^ (z >> 27) ^ (z >> 54);
    z = z.wrapping_mul(inverse(0xBF58_476D_1CE4_E5B9));
    z = z ^ (z >> 30) ^ (z >> 60);
    z.wrapping_sub(0x9E37_79B9_7F4A_7C15)
}

/// What an odd number must be multiplied by to give 1, by Newton's iteration: each step doubles the bits that are right.
const fn inverse(odd: u64) -> u64 {
    let mut found = odd;
    let mut step = 0;
    while step < 6 {
        found = found.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(found)));
        step += 1;
    }
    found
}

/// Mixes two numbers into one: a step of splitmix64 from the first plus the second scaled by the golden ratio.
#[must_use]
pub const fn mix_two(a: u64, b: u64) -> u64 {
    mix(a.wrapping_add(b.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

/// The number in [0, 1) that a hash stands for: its upper 53 bits, as many as an `f64` holds.
pub(crate) const fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_is_splitmix64() {
        let first = 0xE220_A839_7B1D_CDAF;
        assert_eq!((mix(0), mix_two(0, 0)), (first, first));
    }

    #[test]
    fn unmixing_undoes_mixing() {
        for i in 0..10_000_u64 {
            let x = i.wrapping_mul(0xD134_2543_DE82_EF95);
            assert_eq!((unmix(mix(x)), unmix(mix(i))), (x, i));
        }
    }

    #[test]
    fn mixing_two_is_not_symmetric() {
        assert_ne!(mix_two(1, 2), mix_two(2, 1));
        assert_ne!(mix_two(0, 1), mix_two(0, 2));
    }
}
