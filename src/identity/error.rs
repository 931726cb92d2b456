//! What can go wrong in this room. Bad numbers are counted, not errors; bad keys are errors.

use std::io;
use std::path::PathBuf;

use crate::publish::shown;

/// Why a key could not be had. No message says anything of a key's content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The key file could not be read.
    #[error("key file {} cannot be read", shown(path))]
    KeyUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than its owner may read the key file.
    #[error(
        "key file {} has mode {mode:03o}, so others may read or write it: set it to 600",
        shown(path)
    )]
    KeyExposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file is not a plain file.
    #[error(
        "key file {} is neither a regular file nor a pipe that is open already",
        shown(path)
    )]
    KeyNotAFile {
        /// The file.
        path: PathBuf,
    },
    /// The key file does not hold a key.
    #[error(
        "key file {} must hold 32 bytes, or 64 hexadecimal digits and at most one line end",
        shown(path)
    )]
    KeyMalformed {
        /// The file.
        path: PathBuf,
    },
    /// The key is one byte repeated, which no random source gives.
    #[error("key file {} repeats one byte, so it is not a random key", shown(path))]
    KeyNotRandom {
        /// The file.
        path: PathBuf,
    },
}
