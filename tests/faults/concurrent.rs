//! Several runs into one output at once: one of them publishes, and the others say so.

use std::fs;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::place::{Ended, Place, Tree};
use crate::table::{Effort, Row};

pub(crate) fn two(effort: Effort) -> Row {
    rounds(2, effort.of(3, 200))
}

pub(crate) fn three(effort: Effort) -> Row {
    rounds(3, effort.of(2, 200))
}

pub(crate) fn eight(effort: Effort) -> Row {
    rounds(8, effort.of(1, 200))
}

fn rounds(n_runs: usize, n_rounds: usize) -> Row {
    let place = Place::with_inputs();
    let lines: Vec<String> = (0..n_runs).map(line).collect();
    let expected: Vec<Tree> = lines
        .iter()
        .map(|line| {
            place.done(&format!("{line} --out alone"));
            place.tree("alone")
        })
        .collect();
    place.done(&format!("{} --out out", lines[0]));
    let names = place.names();
    let mut row = Row::default();
    for round in 0..n_rounds {
        row.add(one_round(&place, &lines, &expected, round));
        if place.names() != names {
            row.wrong(format!("left beside the output: {:?}", place.names()));
        }
    }
    row
}

/// Runs that differ in what they write.
fn line(i: usize) -> String {
    format!(
        "run --quiet --threads 1 --signals signals --as-of 2016-1{}-{:02}",
        i % 2,
        5 + i
    )
}

fn one_round(
    place: &Place,
    lines: &[String],
    expected: &[Tree],
    round: usize,
) -> Result<String, String> {
    let watch = Watch::default();
    let ended: Vec<Ended> = thread::scope(|scope| {
        let watching = scope.spawn(|| watch.look(place));
        let children: Vec<Child> = lines
            .iter()
            .enumerate()
            .map(|(i, line)| {
                // From all at once to one after the other, so that they meet in every phase.
                thread::sleep(std::time::Duration::from_millis(
                    (round * 7 * i % 60) as u64,
                ));
                let mut command = place.command(&format!("{line} --out out"));
                command.stdout(Stdio::null()).stderr(Stdio::piped());
                command.spawn().expect("the program starts")
            })
            .collect();
        let ended = children
            .into_iter()
            .map(|child| Ended::of(&child.wait_with_output().expect("the program ends")));
        let ended = ended.collect();
        watch.is_over.store(true, Ordering::SeqCst);
        watching.join().expect("nothing panics in it");
        ended
    });
    let found = place.tree("out");
    let published = ended
        .iter()
        .zip(expected)
        .any(|(ended, tree)| ended.code == Some(0) && *tree == found);
    if !published {
        return Err(format!(
            "round {round}: the output is none that a run with exit code 0 wrote"
        ));
    }
    let missing = watch.missing.load(Ordering::SeqCst);
    if missing > 0 {
        return Err(format!(
            "round {round}: there was no output {missing} times"
        ));
    }
    for ended in &ended {
        let is_told = ended.code == Some(2) && ended.said.contains("is writing out");
        if ended.code != Some(0) && !is_told {
            return Err(format!(
                "round {round}: exit code {:?}, {}",
                ended.code, ended.said
            ));
        }
    }
    Ok(
        "rounds: the output is that of one run with exit code 0, the others say who writes"
            .to_owned(),
    )
}

/// Looks for the output all the time.
#[derive(Default)]
struct Watch {
    is_over: AtomicBool,
    missing: AtomicU64,
}

impl Watch {
    fn look(&self, place: &Place) {
        let path = place.path("out");
        while !self.is_over.load(Ordering::SeqCst) {
            if fs::symlink_metadata(&path).is_err() {
                self.missing.fetch_add(1, Ordering::SeqCst);
            }
            thread::yield_now();
        }
    }
}
