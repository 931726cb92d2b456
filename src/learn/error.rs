//! What can go wrong in this room.

use crate::params::ParamError;

/// What can go wrong when fitting, reading or applying a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// A parameter is outside its range.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// linfa refused the data.
    #[error("the model library refused the data")]
    Linfa(#[from] linfa::error::Error),
    /// The solver of a regression gave up.
    #[error("the regression could not be fitted: {0}")]
    Solver(#[from] linfa_logistic::error::Error),
    /// An invalid cell of a sparse row.
    #[error("row {row}: slot {slot} is out of range, or its value is not finite")]
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
    #[error("{n_rows} rows but {n_targets} targets")]
    Targets {
        /// How many rows.
        n_rows: usize,
        /// How many targets.
        n_targets: usize,
    },
    /// Rows and their weights do not pair up.
    #[error("{n_rows} rows but {n_weights} weights")]
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
    #[error("the model has {expected} slots, but the rows have {found}")]
    Slots {
        /// The model's slots.
        expected: usize,
        /// The rows' slots.
        found: usize,
    },
    /// Links that are no symmetric matrix of weights.
    #[error("links cannot have {what}")]
    Links {
        /// What they cannot have.
        what: &'static str,
    },
    /// An invalid model.
    #[error("not a usable click model: {what}")]
    Model {
        /// What is wrong with it.
        what: &'static str,
    },
    /// A model of another version.
    #[error("the click model has schema {found}; this build reads {expected}")]
    ModelSchema {
        /// What the model says.
        found: u32,
        /// What can be read.
        expected: u32,
    },
}
