//! Hash maps with a fixed seed: the same inputs give the same bytes on every run.
//!
//! Their iteration order is still nobody's business; outputs are sorted or indexed densely.

use foldhash::fast::FixedState;

/// A hash map with a fixed seed.
pub type HashMap<K, V> = hashbrown::HashMap<K, V, FixedState>;
/// A hash set with a fixed seed.
pub type HashSet<K> = hashbrown::HashSet<K, FixedState>;
