//! `acquaint-audit`: is an output what its manifest and its attestation say, and is nobody in it who refused?
//!
//! An independent reading of docs/formats.md: no code is shared with the program that made the output. It knows less: it asks
//! only what can be told from the files alone, and says what it could not ask.

mod args;
mod attestation;
mod consent;
mod digests;
mod report;
mod rows;
mod tables;

use std::process::ExitCode;

use args::{Args, Asked};
use report::Report;

fn main() -> ExitCode {
    match Args::parse(std::env::args_os().skip(1)) {
        Ok(Asked::Help) => {
            print!("{}", args::HELP);
            ExitCode::SUCCESS
        }
        Ok(Asked::Audit(args)) => match audit(&args) {
            Ok(report) => report.print(),
            Err(why) => failed(&why),
        },
        Err(why) => failed(&format!("{why}\ntry acquaint-audit --help")),
    }
}

fn failed(why: &str) -> ExitCode {
    eprintln!("acquaint-audit: {why}");
    ExitCode::from(2)
}

fn audit(args: &Args) -> Result<Report, String> {
    let mut report = Report::default();
    let manifest = digests::manifest(&args.out)?;
    digests::outputs(&args.out, &manifest, &mut report)?;
    match &args.attestation {
        Some(file) => attestation::check(file, args, &manifest, &mut report)?,
        None => report.not_asked("no attestation was given (--attestation)"),
    }
    match &args.signals {
        Some(dir) => {
            digests::inputs(dir, &manifest, &mut report)?;
            rows::check(dir, args, &manifest, &mut report)?;
        }
        None => report.not_asked("no tables were given (--signals): who refused is not known"),
    }
    Ok(report)
}
