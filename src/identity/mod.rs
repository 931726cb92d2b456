//! Identity: who is behind a number.

mod types;

pub use types::{E164, Evidence, Link, Match};
