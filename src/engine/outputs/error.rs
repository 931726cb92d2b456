//! Why an output could not be written.

use std::io;
use std::path::PathBuf;

use crate::publish::{PublishError, shown};

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// It may not stand where it was asked for, or cannot be put there.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A file could not be written or synced.
    #[error("cannot write {}", shown(path))]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A table could not be encoded.
    #[error("cannot write {}", shown(path))]
    Encode {
        /// Which.
        path: PathBuf,
        /// Why.
        source: parquet::errors::ParquetError,
    },
}
