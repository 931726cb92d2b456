//! Synthetic worlds: every table, any size, one seed.
