//! Data for benches: made from counters, the same on every machine.

/// Scatters a counter over 64 bits (splitmix64, Steele, Lea and Flood 2014).
pub(crate) fn scatter(counter: u64) -> u64 {
    let mut bits = counter.wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}
