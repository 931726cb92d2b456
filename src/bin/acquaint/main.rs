//! acquaint on the command line: arguments in, one verb, an exit code a script can use.

/// Prints to standard error; unlike the standard library's, it does not panic where that is a full disk.
macro_rules! eprintln {
    ($($text:tt)*) => { $crate::exit::say(format_args!($($text)*)) };
}

mod args;
mod attest;
mod check;
mod click_tables;
mod clock;
mod compare;
mod config;
mod consent;
mod dry_run;
mod edge_lists;
mod evaluate;
mod exit;
mod explain;
mod identity;
mod import;
mod init;
mod man;
mod memory;
mod models;
mod output;
mod plan;
mod progress;
mod recall;
mod report;
mod run;
mod seal;
mod spark;
mod subject;
mod synth;
mod telling;
mod timed;
mod told;
mod train;
mod verify;
mod worth;
mod written;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, EvaluateVerb, ImportVerb, Verb};
use exit::{Failure, Outcome};

/// A library's caller chooses an allocator; a program chooses here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    exit::hide_caught_panics();
    exit::survive_file_limits();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    telling::settle(cli.log_format, cli.verbose);
    exit::code(in_pool(&cli))
}

/// Runs the verb in a pool of its own, so that the library never has to make one.
fn in_pool(cli: &Cli) -> Result<Outcome, Failure> {
    let n_threads = cli.threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads)
        .build()
        .map_err(|error| Failure::new("cannot start threads", error))?;
    pool.install(|| verb(cli))
}

fn verb(cli: &Cli) -> Result<Outcome, Failure> {
    match &cli.verb {
        Verb::Run(args) => run::run(args, cli.quiet),
        Verb::Init(args) => init::init(args),
        Verb::Check(args) => check::check(args, cli.quiet),
        Verb::Synth(args) => synth::synth(args),
        Verb::Import(ImportVerb::Edges(args)) => import::edges(args),
        Verb::Import(ImportVerb::Impressions(args)) => import::impressions(args),
        Verb::Evaluate(EvaluateVerb::Friends(args)) => evaluate::friends(args, cli.quiet),
        Verb::Evaluate(EvaluateVerb::Ads(args)) => evaluate::ads(args, cli.quiet),
        Verb::Evaluate(EvaluateVerb::Policy(args)) => evaluate::policy(args, cli.quiet),
        Verb::Evaluate(EvaluateVerb::Abuse(args)) => evaluate::abuse(args, cli.quiet),
        Verb::Worth(args) => worth::worth(args, cli.quiet),
        Verb::Explain(verb) => explain::explain(verb, cli.quiet),
        Verb::Train(verb) => train::train(verb, cli.quiet),
        Verb::Config(args) => config::config(args),
        Verb::Plan(args) => plan::plan(args),
        Verb::Report(args) => report::report(args),
        Verb::Compare(args) => compare::compare(args, cli.quiet),
        Verb::Recall(args) => recall::recall(args, cli.quiet),
        Verb::Verify(args) => verify::verify(args, cli.quiet),
        Verb::Subject(args) => subject::subject(args, cli.quiet),
        Verb::Seal(args) => seal::seal_dir(args),
        Verb::Consent(verb) => consent::consent(verb, cli.quiet),
        Verb::Identity(verb) => identity::identity(verb, cli.quiet),
        Verb::Man(args) => man::man(args),
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "acquaint", &mut script);
            exit::print(&String::from_utf8_lossy(&script))?;
            Ok(Outcome::Done)
        }
    }
}
