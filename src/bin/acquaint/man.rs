//! `acquaint man`: a manual page for every verb.

use std::path::PathBuf;

use acquaint::publish::{FRESH, Target, shown};
use clap::{Args, CommandFactory};

use crate::args::Cli;
use crate::exit::{Failure, Outcome, print};
use crate::output;

/// A manual page for every verb.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  acquaint man man1
  man ./man1/acquaint-run.1")]
pub(crate) struct ManArgs {
    /// The directory to make: new or empty
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

pub(crate) fn man(args: &ManArgs) -> Result<Outcome, Failure> {
    let staging = output::directory(Target::directory(&args.dir, &FRESH))?;
    let written = clap_mangen::generate_to(Cli::command(), staging.dir());
    written.map_err(|error| Failure::new("writing manual pages", error))?;
    output::tell(&staging.publish()?);
    print(&format!("wrote manual pages to {}", shown(&args.dir)))?;
    Ok(Outcome::Done)
}
