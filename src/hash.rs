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
