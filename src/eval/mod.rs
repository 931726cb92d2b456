//! Evaluation on held-out data.

mod ads;

pub use ads::{AdsEvaluation, evaluate_ads};
