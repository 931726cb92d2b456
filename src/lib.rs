//! acquaint: friend suggestions and ad relevance from signals people agreed to share.

pub mod abuse;
pub mod ads;
mod ahead;
pub mod business;
pub mod consent;
pub mod engine;
pub mod eval;
pub mod graph;
pub mod hash;
pub mod identity;
pub mod ids;
#[cfg(not(feature = "seeded-leaks"))]
mod leaks;
#[cfg(feature = "seeded-leaks")]
pub mod leaks;
pub mod ledger;
pub mod params;
pub mod publish;
pub mod report;
pub mod score;
pub mod signals;
pub mod suggest;
pub mod synth;
pub mod time;
