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
    fn mixing_two_is_not_symmetric() {
        assert_ne!(mix_two(1, 2), mix_two(2, 1));
        assert_ne!(mix_two(0, 1), mix_two(0, 2));
    }
}
