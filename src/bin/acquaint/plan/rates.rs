//! Bytes follow from the form of shipments and were measured; rates of time are assumptions.
//! `benches/record/2026-12-01-spark.md` has the figures and says which is which.

/// Bytes of a shipment for each entry of the ties: 4 for the neighbour, 1 for what ties them.
pub(super) const BYTES_AN_ENTRY: f64 = 5.0;
/// For each saved number, the same.
pub(super) const BYTES_A_SAVED_NUMBER: f64 = 5.0;
/// For each person: where their ties and their saved numbers begin, age band and standing.
pub(super) const BYTES_A_PERSON: f64 = 18.0;
/// Bytes of a suggestion in a frame: candidate, people in common, score, tier.
pub(super) const BYTES_A_SUGGESTION: f64 = 17.0;
/// For each person in a frame: how many suggestions, and their share of the head.
pub(super) const BYTES_A_LIST: f64 = 4.3;

/// Bytes in memory for each person beside the graph: weights, standings and where exclusions begin.
pub(super) const TABLE_BYTES_A_PERSON: f64 = 18.0;
/// Bytes for each person and thread: the room in which a kernel adds up.
pub(super) const SCRATCH_BYTES_A_PERSON: f64 = 28.0;

/// Two-paths a second and core once the graph is far larger than any cache. Small graphs are faster.
pub(super) const TWO_PATHS_A_SECOND: f64 = 50e6;
/// Bytes a second at which a worker reads a shipment, checks its digest and packs it.
pub(super) const OPENED_BYTES_A_SECOND: f64 = 150e6;
/// Seconds from the start of the driver to the first task, and from the last to the end.
pub(super) const FIXED_SECONDS: f64 = 30.0;
/// Two-paths of a graph over those of one in which everybody has as many ties, where nobody says: degrees that are log-normal with a
/// sigma of 0.8 to 1.1 have 1.9 to 3.4.
pub(super) const SKEW: f64 = 2.5;
