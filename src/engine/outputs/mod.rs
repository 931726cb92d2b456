//! Outputs: tables, a manifest and a report in one directory that appears all at once.

mod error;
mod manifest;
mod matches_file;
mod tables;

pub use crate::publish::{FileDigest, Staging, digest_file};
pub use crate::suggest::Exposure;
pub use error::OutputError;
pub use manifest::{
    AbuseOutcomes, AdsPolicy, AsOfTimes, Histogram, InputDigest, LogState, MANIFEST,
    MAX_MANIFEST_BYTES, Manifest, OutputDigest,
};
pub use matches_file::{EncodedMatches, MatchesEncoder, MatchesFile, NewMatches};

pub use tables::{
    AbuseRow, AdRow, LinkRow, Nullable, OrderRow, OutputRow, ReachRow, SuggestionRow, write_rows,
};
