//! Engine: one run, from signals to scores.

mod counts;
pub mod outputs;
mod progress;

pub use counts::{Stage, SumError};
pub use progress::{Progress, Silent};
