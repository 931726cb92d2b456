//! What can go wrong, how often it was made to, and what then happened: one row a class.
//!
//! `cargo test --test faults` takes about a minute, and hours with `ACQUAINT_FAULTS=long`. `-- WORD…` runs the classes whose names
//! have a word in them. A class is a function from [`Effort`] to [`Row`]; a new one is a line in [`CLASSES`].
#![expect(
    clippy::disallowed_methods,
    reason = "processes are killed from outside: that takes a clock, threads and the environment"
)]

mod concurrent;
mod damages;
#[path = "../support/files.rs"]
mod files;
mod foreign;
mod kills;
mod ledger;
mod limits;
mod peers;
mod pipes;
mod place;
mod table;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use table::{Effort, Row};

/// Every class, by name.
const CLASSES: &[Class] = &[
    ("foreign directories as an output", foreign::directories),
    ("files that are somebody's as an output", foreign::files),
    ("inputs as an output", foreign::inputs),
    ("names like ours beside an output", foreign::neighbours),
    ("two runs into one output", concurrent::two),
    ("three runs into one output", concurrent::three),
    ("eight runs into one output", concurrent::eight),
    ("run killed at a system call", kills::run),
    ("import killed at a system call", kills::import),
    ("synth killed at a system call", kills::synth),
    ("export killed at a system call", kills::export),
    ("train killed at a system call", kills::train),
    ("run killed at any moment", kills::run_at_random),
    ("run whose system calls fail", kills::run_with_errors),
    (
        "run where directories cannot change places",
        kills::run_without_exchange,
    ),
    ("pipes in the place of files", pipes::readers),
    ("run with a limit on file sizes", limits::file_size),
    ("run into a full disk", limits::full_disk),
    ("findings with nobody reading", limits::closed_pipe),
    ("standard output that is full", limits::full_output),
    ("packed tables with very much in them", limits::bombs),
    ("lists with very much in them", limits::list_bomb),
    (
        "packed edge lists with very much in them",
        limits::edge_bombs,
    ),
    ("run with a limit on memory", limits::memory),
    ("bit of a ledger flipped", ledger::flips),
    ("index of a ledger that lacks rows", ledger::indexes),
    ("schema and columns of a ledger edited", ledger::schema),
    ("keys of a ledger edited, lost or added", ledger::key_edits),
    (
        "keys of a ledger put back after an erasure",
        ledger::put_back,
    ),
    ("writer of a ledger that was edited", ledger::writers),
    ("wrong key of a ledger's objections", ledger::keys),
    ("peers of a listener", peers::peers),
    ("ledger killed or refused while it is made", ledger::made),
    ("append killed at a system call", ledger::killed),
    ("append whose system calls fail", ledger::refused),
    ("rekey killed at a system call", ledger::rekeyed),
    ("import into a ledger killed", ledger::imported),
    ("damaged Parquet tables with sums", damages::tables),
    ("damaged CSV tables with sums", damages::text_tables),
    ("damaged sums", damages::sums),
    ("damaged outputs", damages::outputs),
    ("damaged manifests", damages::manifest),
    ("damaged models", damages::models),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--list") {
        for (name, _) in CLASSES {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let words: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let is_asked = |name: &str| words.is_empty() || words.iter().any(|&word| name.contains(word));
    let effort = Effort::from_environment();
    let asked = CLASSES.iter().filter(|(name, _)| is_asked(name));
    table::print(tried(&asked.copied().collect::<Vec<_>>(), effort))
}

type Class = (&'static str, fn(Effort) -> Row);

/// Tries classes, as many at a time as there are cores, and says when each is done.
fn tried(classes: &[Class], effort: Effort) -> Vec<(&'static str, Row)> {
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(BTreeMap::new());
    let n_workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..n_workers {
            scope.spawn(|| {
                while let Some(&(name, class)) = classes.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let started = Instant::now();
                    let row = class(effort);
                    eprintln!("{name}: {:.1} s", started.elapsed().as_secs_f64());
                    let place = classes.iter().position(|&(of, _)| of == name);
                    rows.lock()
                        .expect("no worker panics")
                        .insert(place, (name, row));
                }
            });
        }
    });
    let rows = rows.into_inner().expect("no worker panics");
    rows.into_values().collect()
}
