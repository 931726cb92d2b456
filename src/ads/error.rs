//! What can go wrong in this room.

use super::model_kind::ModelKind;
use crate::params::ParamError;

/// What can go wrong when training, loading or applying a click model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdsError {
    /// A parameter is outside its range.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// linfa refused the data.
    #[error("the model library refused the data")]
    Linfa(#[from] linfa::error::Error),
    /// A cell of a sparse row cannot be.
    #[error("row {row}: slot {slot} is outside the table or its value is not finite")]
    Cell {
        /// The row's index.
        row: usize,
        /// The slot.
        slot: u32,
    },
    /// More clicks than impressions.
    #[error("row {row} has more clicks than impressions")]
    MoreClicksThanImpressions {
        /// The row's index.
        row: usize,
    },
    /// Rows and targets do not pair up.
    #[error("{n_rows} rows, but {n_targets} targets")]
    Targets {
        /// How many rows.
        n_rows: usize,
        /// How many targets.
        n_targets: usize,
    },
    /// Rows and their weights do not pair up.
    #[error("{n_rows} rows, but {n_weights} weights")]
    Weights {
        /// How many rows.
        n_rows: usize,
        /// How many weights.
        n_weights: usize,
    },
    /// A weight that no row can have.
    #[error("row {row}: its weight is negative or not finite")]
    Weight {
        /// The row's index.
        row: usize,
    },
    /// Rows were hashed into another number of slots than the model has.
    #[error("the model has {expected} slots, the rows were made for {found}")]
    Slots {
        /// The model's slots.
        expected: usize,
        /// The rows' slots.
        found: usize,
    },
    /// A model that cannot be.
    #[error("not a usable click model: {what}")]
    Model {
        /// What is wrong with it.
        what: &'static str,
    },
    /// Shards of an earlier training that cannot be read.
    #[error("not the shards of an earlier training, or a damaged file: train without them")]
    Shards,
    /// Shards of an earlier training of another kind of model.
    #[error(
        "the earlier training is of a {found} model, and a {asked} model is asked for: train without it"
    )]
    ShardsOfKind {
        /// What the shards are of.
        found: ModelKind,
        /// What is to be trained.
        asked: ModelKind,
    },
    /// A model of another version.
    #[error("the click model has schema {found}, this version reads {expected}")]
    ModelSchema {
        /// What the model says.
        found: u32,
        /// What can be read.
        expected: u32,
    },
    /// A catalogue, or a question to it, that cannot be.
    #[error("a catalogue cannot have {what}")]
    Catalogue {
        /// What it cannot have.
        what: &'static str,
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
