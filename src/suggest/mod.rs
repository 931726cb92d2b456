//! Friend suggestions: for every person the K best people they may know, exactly, with reasons.
//!
//! A candidate is somebody with whom a person shares ties, or who saved the person's number as the person saved theirs
//! ([`Direct`]). That only the *other* saved the person's number makes nobody a candidate: it would tell who has one in their
//! address book. Friends, the person themselves and whoever is excluded are never suggested.
//!
//! People with too few candidates are never padded with popular users. With `[suggest] near` the list is filled with people
//! near them in the graph; without it the list is short. So the order is mutual contacts, own uploads, mutual friends, people near.
//! A learned order may know more people: those whose ties are like a person's (`[ranker.factors]`).
//!
//! The ranking is by [`Tier`], then score descending, then id ascending; scores are fixed-point integers,
//! so it is the same on every machine and for every number of threads.

mod apart;
mod candidates;
mod counts;
mod desk;
mod everybody;
mod exclusions;
mod explain;
mod exposure;
mod kernel;
mod near;
#[cfg(test)]
mod oracle;
mod own_scores;
mod params;
mod person;
mod rank;
mod ranker;
mod reasons;
mod select;
mod set_aside;
mod shipment;
mod strength;
mod suggestion;
mod view;

pub use apart::{Apart, Exclusion, OnDevice, Said};
pub use counts::SuggestCounts;
pub use desk::Desk;
pub use everybody::everybody;
pub use exclusions::Exclusions;
pub use explain::{Explanation, NAMED_MAX, NAMED_MIN, WhyNot};
pub use exposure::Exposure;
pub use params::{Direct, Heuristic, MAX_K, PRACTICE_FROM, SuggestParams, ValidSuggestParams};
pub use person::ForOne;
pub use rank::{Scorer, Scratch};
pub use ranker::{
    Candidates, FEATURE_NAMES, FRIEND_MODEL_SCHEMA, FeatureWeight, Features, FriendModel,
    FriendTraining, Holdout, N_FEATURES, Provenance, Ranker, RankerError, RankerFactors,
    RankerParams, RankerScratch, RankerSignals, ValidRankerParams, train_friends,
};
pub(crate) use ranker::{Source, train_on};
pub use reasons::{Reason, Tier};
pub use set_aside::{SetAside, set_ties_aside};
pub use shipment::{FRAME_PEOPLE, Packed, SHIPMENT_VERSION, Sample, ShipmentError, Shipped};
pub use strength::TieWeights;
pub use suggestion::{Everybody, List, Listed, Listing, Suggestion, Suggestions};
pub(crate) use view::{Plain, View};

/// Why suggestions could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuggestError {
    /// Spam scores are by node.
    #[error("{found} spam scores for {expected} people")]
    SpamLength {
        /// How many people there are.
        expected: usize,
        /// How many scores there are.
        found: usize,
    },
    /// Spam scores are probabilities.
    #[error("the spam score of node {node_idx} is not between 0 and 1")]
    SpamRange {
        /// The first node with such a score.
        node_idx: usize,
    },
}
