//! The command line of `acquaint identity`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum IdentityVerb {
    /// Read phone numbers as people type them: one row of CSV in, one row out
    Normalise(NormaliseArgs),
}

/// Read phone numbers as people type them.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads CSV with a header and the columns `region` (of numbers without a country code; may be empty) and `raw`. Prints
e164, valid, possible, region and type, a row for a row: nothing but 0,0 and UNKNOWN where a text does not read as a
number. Valid is what a country has assigned; possible is what merely has the right length. The metadata is
libphonenumber's.

Example:
  printf 'region,raw\\nDE,030 123456\\n' | acquaint identity normalise")]
pub(crate) struct NormaliseArgs {
    /// The numbers, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) numbers: PathBuf,
}
