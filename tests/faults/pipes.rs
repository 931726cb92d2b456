//! Pipes in the place of files: every reader refuses them, and none waits for what nobody writes.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::place::{Ended, Place};
use crate::table::{Effort, Row};

/// What has the pipe's place, and who reads it.
const READERS: &[(&str, &str)] = &[
    ("pipe", "run --signals pipe --out new"),
    ("pipe", "run --signals signals --config pipe --out new"),
    ("pipe", "run --signals signals --ad-model pipe --out new"),
    (
        "pipe",
        "run --signals signals --audience-key pipe --out new",
    ),
    ("signals/ads.parquet", "run --signals signals --out new"),
    ("signals/sums.json", "run --signals signals --out new"),
    ("pipe", "import edges pipe --out new"),
    ("pipe", "synth --users 20 --audience-key pipe --out new"),
    ("out/manifest.json", "report out"),
    ("out/links.parquet", "report out"),
    ("out/links.parquet", "verify out --signals signals"),
    ("out/report.html", "verify out --signals signals"),
    ("out/suggestions.parquet", "recall out --signals signals"),
    ("out/report.html", "run --signals signals --out out"),
    ("pipe", "consent append --ledger ledger pipe"),
    (
        "pipe",
        "consent append --ledger ledger --objection-key pipe event",
    ),
    ("pipe", "consent check --ledger ledger --since pipe"),
    (
        "pipe",
        "consent rekey --ledger ledger --objection-key pipe --new-key new",
    ),
    (
        "pipe",
        "consent rekey --ledger ledger --objection-key key --new-key pipe",
    ),
    ("ledger/ledger.sqlite", "consent root --ledger ledger"),
    ("pipe", "identity normalise pipe"),
    ("pipe", "identity tokens one.edges --key pipe"),
    ("pipe", "identity evaluate --signals signals --truth pipe"),
    (
        "pipe",
        "identity match --signals signals --book pipe --out new",
    ),
    ("pipe", "train ads --signals signals --out pipe"),
    ("signals/ads.parquet", "seal signals"),
];

/// Nothing that is asked here takes as long.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn readers(_: Effort) -> Row {
    let place = Place::with_inputs();
    place.done("run --quiet --signals signals --out out");
    place.done("consent import --ledger ledger --signals signals --objection-key key");
    place.write("event", "{\"account_id\":1,\"kind\":\"opt_out\"}\n");
    let mut row = Row::default();
    for &(name, line) in READERS {
        row.add(refused(&place, name, line));
        place.clear(&["new"]);
    }
    row
}

/// Puts a pipe in a place for as long as a verb runs.
fn refused(place: &Place, name: &str, line: &str) -> Result<String, String> {
    let (path, aside) = (place.path(name), place.path("aside"));
    let was_there = fs::rename(&path, &aside).is_ok();
    let made = Command::new("mkfifo").arg("-m600").arg(&path).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    let ended = in_time(place, line);
    place.clear(&[name]);
    if was_there {
        fs::rename(&aside, &path).expect("what was there");
    }
    match ended {
        None => Err(format!("{line} with a pipe at {name}: still waiting")),
        Some(ended) if matches!(ended.code, Some(1 | 2)) => Ok("refused at once".to_owned()),
        Some(ended) => Err(format!(
            "{line} with a pipe at {name}: exit code {:?}, {}",
            ended.code, ended.said
        )),
    }
}

/// How a command ended, unless it waits for somebody.
fn in_time(place: &Place, line: &str) -> Option<Ended> {
    let mut command = place.command(line);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if child.try_wait().expect("our child").is_some() {
            return Some(Ended::of(&child.wait_with_output().expect("our child")));
        }
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("our child");
    child.wait().expect("our child");
    None
}
