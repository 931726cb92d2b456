//! Verbs that are killed, or whose system calls fail: the output is the old one or the new one.

use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use crate::place::{Ended, Place, Tree};
use crate::table::{Effort, Row};

/// What can be lost or left half done.
pub(crate) const CALLS: &str = "rename,renameat,renameat2,fsync,fdatasync,write,pwrite64,mkdir,mkdirat,unlink,unlinkat,rmdir,ftruncate,flock";

/// A verb that writes one output twice, differently.
struct Verb {
    /// Makes its inputs.
    prepare: fn(&Place),
    /// Writes the old output.
    old: &'static str,
    /// Writes the new one.
    new: &'static str,
    /// The outputs; all of them are old or all are new.
    out: &'static [&'static str],
}

const RUN: Verb = Verb {
    prepare: |_| {},
    old: "run --quiet --threads 1 --signals signals --out out --as-of 2016-10-20",
    new: "run --quiet --threads 1 --signals signals --out out --as-of 2016-11-15",
    out: &["out"],
};

const IMPORT: Verb = Verb {
    prepare: |_| {},
    old: "import edges one.edges --threads 1 --out out",
    new: "import edges two.edges --threads 1 --out out",
    out: &["out"],
};

const SYNTH: Verb = Verb {
    prepare: |_| {},
    old: "synth --users 20 --seed 3 --impressions-per-user 2 --threads 1 --out out",
    new: "synth --users 20 --seed 4 --impressions-per-user 2 --threads 1 --out out --form csv",
    out: &["out"],
};

const EXPORT: Verb = Verb {
    prepare: |place| {
        for ledger in ["old", "new"] {
            let import = "consent import --signals signals --objection-key key --ledger";
            place.done(&format!("{import} {ledger}"));
        }
        let event = "{\"event_id\":999999,\"account_id\":1,\"kind\":\"opt_out\",\
                     \"valid_time\":\"2016-12-01T00:00:00Z\",\"known_time\":\"2016-12-01T00:00:00Z\"}\n";
        place.write("event", event);
        place.done("consent append --ledger new event");
    },
    old: "consent export --ledger old --threads 1 --out out",
    new: "consent export --ledger new --threads 1 --out out",
    out: &["out"],
};

const TRAIN: Verb = Verb {
    prepare: |place| {
        place.write(
            "new.toml",
            "[ads]\nprior_ctr = 0.2\n\n[ads.ftrl]\nepochs = 1\n",
        );
    },
    old: "train ads --quiet --threads 1 --signals signals --out out",
    new: "train ads --quiet --threads 1 --signals signals --config new.toml --out out",
    out: &["out", "out.shards"],
};

pub(crate) fn run(effort: Effort) -> Row {
    killed(&RUN, effort)
}

pub(crate) fn import(effort: Effort) -> Row {
    killed(&IMPORT, effort)
}

pub(crate) fn synth(effort: Effort) -> Row {
    killed(&SYNTH, effort)
}

pub(crate) fn export(effort: Effort) -> Row {
    killed(&EXPORT, effort)
}

pub(crate) fn train(effort: Effort) -> Row {
    killed(&TRAIN, effort)
}

/// A verb in a place, and what its outputs are.
struct Trial {
    place: Place,
    verb: &'static Verb,
    old: Vec<Tree>,
    new: Vec<Tree>,
    /// What is in the place when nothing is left.
    names: Vec<String>,
}

impl Trial {
    fn new(verb: &'static Verb) -> Self {
        let place = Place::with_inputs();
        (verb.prepare)(&place);
        place.done(verb.new);
        let new = trees(&place, verb);
        place.done(verb.old);
        let old = trees(&place, verb);
        assert!(old != new, "the two outputs differ");
        Self {
            names: place.names(),
            place,
            verb,
            old,
            new,
        }
    }

    /// What became of the outputs when the verb that writes the new one was broken off; then it is called again.
    fn judge(&self, ended: &Ended) -> Result<String, String> {
        let state = self.state(&trees(&self.place, self.verb))?;
        if ended.code == Some(0) && state != "the new output" {
            return Err(format!("exit code 0, and {state}"));
        }
        // A lock file that nobody holds is taken over without a word.
        let is_lock = |name: &&String| name.ends_with(".acquaint-lock");
        let mut names = self.place.names();
        names.retain(|name| !is_lock(&name));
        let is_clean = names == self.names;
        let again = self.place.acquaint(self.verb.new);
        if again.code != Some(0) {
            return Err(format!("{state}; the next call fails: {}", again.said));
        }
        if trees(&self.place, self.verb) != self.new {
            return Err(format!("{state}; the next call wrote something else"));
        }
        if self.place.names() != self.names {
            return Err(format!(
                "{state}; the next call left {:?}",
                self.place.names()
            ));
        }
        let is_told = ["removed", "finished"]
            .iter()
            .any(|word| again.said.contains(word));
        if !is_clean && !is_told && !again.said.is_empty() {
            return Err(format!("{state}; the next call says: {}", again.said));
        }
        self.place.done(self.verb.old);
        Ok(state.to_owned())
    }

    fn state(&self, found: &[Tree]) -> Result<&'static str, String> {
        if found == self.old {
            return Ok("the old output");
        }
        if found == self.new {
            return Ok("the new output");
        }
        // A file that goes with another may be missing for a moment; it is never another's.
        let without =
            |whole: &[Tree]| found[0] == whole[0] && found[1..].iter().all(Tree::is_empty);
        match found {
            [first, ..] if first.is_empty() => Err("no output".to_owned()),
            [_, _, ..] if without(&self.old) => Ok("the old output without what goes with it"),
            [_, _, ..] if without(&self.new) => Ok("the new output without what goes with it"),
            _ => Err("a mixture".to_owned()),
        }
    }
}

fn trees(place: &Place, verb: &Verb) -> Vec<Tree> {
    verb.out.iter().map(|out| place.tree(out)).collect()
}

fn killed(verb: &'static Verb, effort: Effort) -> Row {
    let trial = Trial::new(verb);
    let Some(calls) = calls(&trial) else {
        return Row::not_tried("strace is not installed or may not trace");
    };
    let mut row = Row::default();
    for call in chosen(&calls, effort) {
        let ended = traced(&trial, &call.kill());
        row.add(
            outlived(&ended)
                .and_then(|()| trial.judge(&ended))
                .map_err(|error| format!("{}: {error}", call.told())),
        );
    }
    row
}

/// A kill that does not kill shows nothing.
pub(crate) fn outlived(ended: &Ended) -> Result<(), String> {
    match ended.code {
        None => Ok(()),
        Some(code) => Err(format!(
            "it was not killed: exit code {code}, {}",
            ended.said
        )),
    }
}

/// A system call: of a thread the so-and-so-manieth of its name.
pub(crate) struct Call {
    name: String,
    nth: usize,
    text: String,
}

impl Call {
    /// What tells `strace` to kill who calls it.
    pub(crate) fn kill(&self) -> String {
        format!("inject={}:signal=KILL:when={}", self.name, self.nth)
    }

    /// For whoever reads what went wrong.
    pub(crate) fn told(&self) -> String {
        format!("{} {}, {}", self.name, self.nth, self.text)
    }
}

/// The system calls of the verb that writes the new output, in order; the old one is there before and after.
fn calls(trial: &Trial) -> Option<Vec<Call>> {
    let calls = calls_of(&trial.place, trial.verb.new)?;
    trial.place.done(trial.verb.old);
    Some(calls)
}

/// The system calls of a command that succeeds, in order.
pub(crate) fn calls_of(place: &Place, line: &str) -> Option<Vec<Call>> {
    let log = place.path("calls");
    let log_name = log.to_string_lossy().into_owned();
    let traced = ["-o", &log_name, "-e", &format!("trace={CALLS}")];
    let mut command = place.traced(&traced, line);
    let ended = command.output().ok()?;
    let text = std::fs::read_to_string(&log).ok()?;
    std::fs::remove_file(&log).ok()?;
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let calls: Vec<Call> = text
        .lines()
        .filter_map(|line| {
            let (thread, call) = line.split_once(char::is_whitespace)?;
            let (name, _) = call.trim_start().split_once('(')?;
            let nth = counts.entry((thread, name)).or_default();
            *nth += 1;
            Some(Call {
                name: name.to_owned(),
                nth: *nth,
                text: call.chars().take(60).collect(),
            })
        })
        .collect();
    (ended.status.success() && !calls.is_empty()).then_some(calls)
}

/// Every call, or every rename and a few of the others.
pub(crate) fn chosen(calls: &[Call], effort: Effort) -> impl Iterator<Item = &Call> {
    let step = match effort {
        Effort::Long => 1,
        Effort::Short => (calls.len() / 3).max(1),
    };
    let some = calls.iter().enumerate();
    some.filter(move |(n, call)| n % step == 0 || call.name.contains("rename"))
        .map(|(_, call)| call)
}

fn traced(trial: &Trial, inject: &str) -> Ended {
    Ended::of(&injected(&trial.place, inject, trial.verb.new))
}

/// What a command comes to when something is done to its system calls.
pub(crate) fn injected(place: &Place, inject: &str, line: &str) -> Output {
    let calls = format!("trace={CALLS}");
    let mut command = place.traced(&["-o", "/dev/null", "-e", &calls, "-e", inject], line);
    command.output().expect("strace starts")
}

pub(crate) fn run_at_random(effort: Effort) -> Row {
    let trial = Trial::new(&RUN);
    let started = std::time::Instant::now();
    trial.place.done(RUN.new);
    let whole = started.elapsed();
    trial.place.done(RUN.old);
    let mut row = Row::default();
    let n_kills = effort.of(3, 1000);
    for i in 0..n_kills {
        let mut command = trial.place.command(RUN.new);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        thread::sleep(moment(i, whole));
        let _ = child.kill();
        let status = child.wait().expect("the program ends");
        let ended = Ended {
            code: status.code(),
            said: String::new(),
        };
        row.add(
            trial
                .judge(&ended)
                .map_err(|error| format!("kill {i}: {error}")),
        );
    }
    row
}

/// A moment that differs from kill to kill, and is the same every time.
fn moment(i: usize, whole: Duration) -> Duration {
    let mixed = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let part = (mixed >> 32) as f64 / f64::from(u32::MAX);
    whole.mul_f64(part)
}

/// Every kind of call fails in turn, with an error that it may have.
const ERRORS: [(&str, &str); 6] = [
    ("fsync", "EIO"),
    ("rename,renameat,renameat2", "EACCES"),
    ("write", "ENOSPC"),
    ("mkdir,mkdirat", "ENOSPC"),
    ("unlink,unlinkat,rmdir", "EACCES"),
    ("flock", "ENOLCK"),
];

pub(crate) fn run_with_errors(effort: Effort) -> Row {
    let trial = Trial::new(&RUN);
    if calls(&trial).is_none() {
        return Row::not_tried("strace is not installed or may not trace");
    }
    let mut row = Row::default();
    for (calls, error) in ERRORS {
        for n in 1..=effort.of(1, 40) {
            let ended = traced(&trial, &format!("inject={calls}:error={error}:when={n}"));
            let judged = trial.judge(&ended);
            row.add(match (judged, ended.code) {
                (Ok(state), Some(0)) => Ok(format!("{state} with exit code 0")),
                (Ok(state), Some(2)) => Ok(format!("{state} with exit code 2")),
                (Ok(_), code) => Err(format!(
                    "{error} {n} of {calls}: exit code {code:?}, {}",
                    ended.said
                )),
                (Err(wrong), _) => Err(format!("{error} {n} of {calls}: {wrong}, {}", ended.said)),
            });
        }
    }
    row
}

/// Where directories cannot change places there is a moment without an output; the next call ends it.
pub(crate) fn run_without_exchange(effort: Effort) -> Row {
    let trial = Trial::new(&RUN);
    if calls(&trial).is_none() {
        return Row::not_tried("strace is not installed or may not trace");
    }
    let mut row = Row::default();
    for n in 1..=effort.of(4, 12) {
        let mut command = trial.place.traced(
            &[
                "-o",
                "/dev/null",
                "-e",
                "trace=rename,renameat,renameat2",
                "-e",
                "inject=renameat2:error=EINVAL",
                "-e",
                &format!("inject=rename,renameat:signal=KILL:when={n}"),
            ],
            RUN.new,
        );
        let ended = Ended::of(&command.output().expect("strace starts"));
        row.add(finished(&trial, &ended).map_err(|error| format!("rename {n}: {error}")));
    }
    row
}

/// The old output or the new one, if need be after the next call has begun.
fn finished(trial: &Trial, ended: &Ended) -> Result<String, String> {
    let found = trees(&trial.place, trial.verb);
    if !found[0].is_empty() {
        return trial.judge(ended);
    }
    // It ends the publication before it asks what it was given.
    let mut refused = Command::new(assert_cmd::cargo::cargo_bin("acquaint"));
    refused
        .args(["run", "--quiet", "--signals", "one.edges", "--out", "out"])
        .current_dir(trial.place.path(""));
    let said = Ended::of(&refused.output().expect("the program starts")).said;
    if !said.contains("finished") {
        return Err(format!("no output, and the next call says {said}"));
    }
    if trees(&trial.place, trial.verb) != trial.new {
        return Err("the next call finished something else".to_owned());
    }
    trial.place.done(trial.verb.old);
    Ok("none for a moment, the new output when the next call begins".to_owned())
}
