//! What can go wrong in this room.

use super::model_kind::ModelKind;
use crate::learn::LearnError;
use crate::params::ParamError;
use crate::retrieve::RetrieveError;

/// What can go wrong when training, loading or applying a click model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdsError {
    /// A parameter is outside its range.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// Fitting or applying a model failed.
    #[error(transparent)]
    Learn(#[from] LearnError),
    /// Ranking a catalogue failed.
    #[error(transparent)]
    Retrieve(#[from] RetrieveError),
    /// Shards of an earlier training that cannot be read.
    #[error("not a shard file, or a damaged one: train without --update")]
    Shards,
    /// Shards of an earlier training of another kind of model.
    #[error(
        "the earlier model is of kind {found}, but {asked} was asked for: train without --update"
    )]
    ShardsOfKind {
        /// What the shards are of.
        found: ModelKind,
        /// What is to be trained.
        asked: ModelKind,
    },
    /// Counts that do not add up: a fault of this program.
    #[error("counts of {what} do not add up: {left} on one side, {right} on the other")]
    Counts {
        /// Which counts.
        what: &'static str,
        /// One side.
        left: u64,
        /// The other side.
        right: u64,
    },
}
