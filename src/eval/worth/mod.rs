//! What sharing is worth: suggestions and ads with one source of signals more at a time, on the same hidden data.
//!
//! - **Suggestions**: one friendship in ten is hidden, as in [`evaluate_edges`](super::evaluate_edges), and everybody's first ten are
//!   made from the friendships left, then with mutual contacts, then with own uploads too, if the configuration lets these suggest
//!   anybody; where there is a learned order, or calls or groups, then in a learned order, with calls and texts, and with shared
//!   groups too. The figure is MAP@10: more is better.
//! - **Ads**: one row in five is hidden, and the click model looks at profiles alone, then at more and more shared signals, those
//!   that the configuration switches off left out. The figure is the log loss an impression: less is better.
//!
//! What the configuration switches off and what could not be trained is in [`Worth::not_measured`], with the reason.
//!
//! Each step is compared with the one before person by person; intervals are the 2.5th and 97.5th percentiles of 1,000 draws of
//! people. Where nobody gains, the interval holds 0. People whose own figure moves by no more than [`SAME`] are neither better nor
//! worse off.
//!
//! **Opt-outs.** Nine people in ten, by a hash, opt out in steps; the tenth never does, and it is on them alone that every step
//! is measured, each person beside what they get when nobody opts out:
//!
//! - **Suggestions**, in the plain order, of the same hidden friendships as above. A friend who left cannot be suggested, and counts
//!   as missed: so the figure is what the opt-outs of others cost those who stay, lost friends included. [`Left::still_there`] has
//!   the other question, whether the friends who are still there are found as well: both sides look for these alone. That can go
//!   up as people leave, because whoever left competes for no place in the list, and go down, because whoever left is nobody's
//!   friend in common.
//! - **Ads**, of the same hidden rows of those who stay at every share: whoever is out has no row to learn from and is nobody's
//!   friend. No row that is predicted is lost, so that nothing is left out.

mod ad_sources;
mod ads;
mod arms;
mod error;
mod friends;
mod friends_left;
mod left;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::ConfidenceInterval;

pub use ads::{AdsKnown, ads_worth};
pub use arms::SAME;
pub use error::WorthError;
pub use friends::{FriendsKnown, friends_worth};
pub use left::{Left, StillThere};

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
    /// People for whom the step made it better, by more than [`SAME`].
    pub better: u64,
    /// People for whom it made it worse.
    pub worse: u64,
}

/// How two ways to make answers differ, person by person.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The mean difference: above 0 is better, of log losses too.
    pub gain: ConfidenceInterval,
    /// People who are better off, by more than [`SAME`].
    pub better: u64,
    /// People who are worse off.
    pub worse: u64,
}

/// A source that was not measured although somebody shared it, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotMeasured {
    /// The source.
    pub source: String,
    /// Why, in words.
    pub why: String,
}

/// What sharing is worth for one product.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worth {
    /// `MAP@10` or `log loss`.
    pub measured: &'static str,
    /// Is a greater figure better? Of a log loss a smaller one is. Differences are above 0 where it is better, in both.
    pub more_is_better: bool,
    /// People who are measured.
    pub people: u64,
    /// Source by source.
    pub sources: Vec<SourceWorth>,
    /// What was not measured.
    pub not_measured: Vec<NotMeasured>,
    /// People among them who never opt out.
    pub people_who_stay: u64,
    /// By the share of people who opt out; empty where nobody who never does can be measured.
    pub left: Vec<Left>,
}
