//! What sharing is worth: suggestions and ads with one source of signals more at a time, on the same hidden data.
//!
//! - **Suggestions**: one friendship in ten is hidden, as in [`evaluate_edges`](super::evaluate_edges), and everybody's first ten are
//!   made from the friendships left, then with mutual contacts, then with own uploads too; where there are calls or groups, then in a
//!   learned order, with calls and texts, and with shared groups too. The figure is MAP@10.
//! - **Ads**: one row in five is hidden, and the click model looks at profiles alone, then at more and more shared signals. The
//!   figure is the log loss an impression.
//!
//! Each step is compared with the one before person by person; intervals are the 2.5th and 97.5th percentiles of 1,000 draws of
//! people. Where nobody gains, the interval holds 0.
//!
//! **Opt-outs.** Nine people in ten, by a hash, opt out in steps; the tenth never does, and it is on them alone that every step
//! is measured. So the curve says what the opt-outs of others cost those who stay.

mod ads;
mod arms;
mod friends;
mod left;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::ConfidenceInterval;

pub use ads::{AdsKnown, ads_worth};
pub use friends::{FriendsKnown, friends_worth};

/// What one source more is worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceWorth {
    /// The source, as it joins those above it.
    pub source: String,
    /// MAP@10, or the log loss an impression.
    pub figure: ConfidenceInterval,
    /// The area under the ROC curve, of ads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
    /// What it adds to the step above: above 0 is better. None for the first.
    pub gain: Option<ConfidenceInterval>,
    /// What it and all above it add to the first. None for the first.
    pub gain_in_all: Option<ConfidenceInterval>,
    /// People for whom the step made it better.
    pub better: u64,
    /// People for whom it made it worse.
    pub worse: u64,
}

/// How good it is for those who stay when others opt out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Left {
    /// The share of people who opted out, of all.
    pub opted_out: f64,
    /// MAP@10, or the log loss an impression, of those who never opt out.
    pub figure: ConfidenceInterval,
}

/// What sharing is worth for one product.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worth {
    /// `MAP@10` or `log loss`.
    pub measured: &'static str,
    /// People who are measured.
    pub people: u64,
    /// Source by source.
    pub sources: Vec<SourceWorth>,
    /// People among them who never opt out.
    pub people_who_stay: u64,
    /// By the share of people who opt out.
    pub left: Vec<Left>,
}
