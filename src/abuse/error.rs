//! What can go wrong with a trained model of abuse.

use crate::learn::LearnError;
use crate::params::ParamError;

/// Why a model of abuse could not be trained or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AbuseError {
    /// A parameter is outside its range.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// Too little to learn from.
    #[error(
        "of {n_accounts} labelled accounts that may be looked at {n_abusive} are abusive; it takes {least} abusive and {least} others to train on"
    )]
    TooLittle {
        /// Accounts with a label and evidence.
        n_accounts: usize,
        /// Of these, abusive ones.
        n_abusive: usize,
        /// How many of both there must be.
        least: usize,
    },
    /// The solver gave up.
    #[error("the regression could not be fitted")]
    Fit(#[from] LearnError),
    /// linfa refused the data.
    #[error("the model library refused the data")]
    Linfa(#[from] linfa::error::Error),
    /// Not a model file.
    #[error("not an abuse model: {0}")]
    Syntax(#[from] serde_json::Error),
    /// An edited or damaged model file.
    #[error("the abuse model cannot be used: {0}")]
    Seal(#[from] crate::publish::SealError),
}
