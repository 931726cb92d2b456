//! The learned ranker: the kernel's best candidates, put in order by the probability that the two are friends.
//!
//! The kernel finds candidates exactly and keeps every rule; the ranker only puts its best ones, a pool, in another order
//! and says how probable each is. So nobody is suggested whom the kernel would not suggest with a larger K.
//!
//! With `[ranker.factors]`, factors of the ties are features too, and the pool is joined by those whose ties are most like the
//! person's ([`alike`]): the only ones the kernel might not find, under the same rules but that of people in common.
//!
//! With `[ranker.signals]` it looks at more than ties: at communities of them, at where people live, and at calls and groups that two
//! have in common. Nobody becomes a candidate by these.
//!
//! Training hides some of the known friendships, describes every candidate of everybody in what remains
//! ([`NAMES`](features::NAMES)), and fits a logistic regression to which of them were hidden. Nothing else is learned
//! from: people without permission are not in the graph, and so in no feature, no label and no count.

mod alike;
mod extract;
mod features;
mod file;
mod fit;
mod hidden;
mod model;
mod params;
mod rank;
mod train;

pub use features::{Features, N_FEATURES, NAMES as FEATURE_NAMES};
pub use file::FRIEND_MODEL_SCHEMA;
pub use model::{Candidates, FeatureWeight, FriendModel, FriendTraining, Provenance};
pub use params::{Holdout, RankerFactors, RankerParams, RankerSignals, ValidRankerParams};
pub(in crate::suggest) use rank::Shared;
pub use rank::{Ranker, RankerScratch};
pub use train::train_friends;
pub(crate) use train::{Source, train_on};

/// Why a ranker could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RankerError {
    /// Too little to learn from.
    #[error("only {n_positive} of {n_rows} candidates are held-out friends: too few to train on")]
    TooLittle {
        /// Candidates described.
        n_rows: u64,
        /// Of these, friends whose friendship was hidden.
        n_positive: u64,
    },
    /// No suggestions could be made at all.
    #[error(transparent)]
    Suggest(#[from] super::SuggestError),
    /// The solver gave up.
    #[error("the regression could not be fitted: {0}")]
    Fit(#[from] linfa_logistic::error::Error),
    /// Not a model file.
    #[error("not a friend model: {0}")]
    Syntax(#[from] serde_json::Error),
    /// An edited or damaged model file.
    #[error("the friend model cannot be used: {0}")]
    Seal(#[from] crate::publish::SealError),
    /// A model of another form.
    #[error("the model has schema {found}; this build reads {expected}")]
    Schema {
        /// What the file says.
        found: String,
        /// What this version reads.
        expected: &'static str,
    },
    /// Features other than those this version describes people by.
    #[error("the model's feature {place} is {found}, not {expected}")]
    Feature {
        /// Its place, from 0.
        place: usize,
        /// What the file says, or "missing".
        found: String,
        /// What it must be, or "there".
        expected: &'static str,
    },
    /// A number that is none.
    #[error("the model's {what} is not finite or out of range")]
    Number {
        /// Which.
        what: String,
    },
    /// Candidates found in another way than those the model was trained on.
    #[error(
        "the model was trained on candidates from {trained}, but this run uses {asked}: train it again"
    )]
    OtherCandidates {
        /// How they were found in training.
        trained: String,
        /// How they are found now.
        asked: String,
    },
}
