//! Publish: an output appears all at once, and nothing of anybody's is replaced.
//!
//! Every verb that writes files writes them here: a directory through [`Staging`], a file through [`StagedFile`]. What is written
//! stands aside in a directory of a random name, `.NAME.partial-XXXXXXXX`, until it is complete and on disk; then it takes its
//! place in one step, and what stood there before is removed file by file.
//!
//! **What may be replaced.** A directory that is empty, or of which a [`Listing`] of ours names every file with its digest; a file
//! that is known to be [`Ours`]. Whatever else is found there is somebody's, and the verb stops before any work is done. It also stops where an output would be an input, hold one
//! or lie in one, is a link, a mount point or of another kind, and where another process is writing the same output.
//! All this is asked again at publication.
//!
//! **The order of a publication.** 1. Every file and every directory aside is synced. 2. `new` aside is renamed `out`. 3. `out`
//! changes places with the output (`renameat2` with `RENAME_EXCHANGE`), or is renamed to it if there is none. 4. The parent is
//! synced. 5. What was replaced is removed. Where a file system cannot exchange, the output is first renamed `old` aside; if that
//! is as far as it came, the next call that writes this output finishes the step.
//!
//! **After a kill.** A directory aside holds a marker with the output's name, locked by whoever writes there. One that nobody
//! locks is removed by the next call that writes the same output, and named.

mod aside;
mod entries;
mod error;
mod files;
mod leftover;
mod listing;
mod lock;
mod ours;
mod place;
mod plain;
mod proof;
mod scratch;
mod seal;
mod shown;
mod staging;
mod sums;
mod swap;
#[cfg(test)]
mod tests;

pub use error::PublishError;
pub use files::{Main, StagedFile, create_file, make_dirs, publish_together};
pub use leftover::{Leftover, remove_output};
pub use listing::{FRESH, Listing, RUN_LISTING, SUMS, TABLES_LISTING, TIMINGS};
pub use ours::{Ours, is_sealed_file, sums_beside, sums_of_file};
pub use place::{Input, Target};
pub use plain::{open_plain, open_stream, read_plain, read_plain_text};
pub use proof::{Proof, ProofError, Sealed, seal};
pub use scratch::Scratch;
pub use seal::{SealError, seal_json, seal_page, unseal_json};
pub(crate) use shown::{is_between, is_dash, is_invisible, unescaped};
pub use shown::{shown, without_numbers};
pub use staging::Staging;
pub use sums::{FileDigest, FileSum, Sums, digest_file};
