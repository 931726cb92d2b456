//! Killed at any moment, a ledger keeps what it acknowledged, holds nothing by halves, and checks.
//!
//! `ACQUAINT_KILLS` says how often each verb is killed.
#![expect(
    clippy::disallowed_methods,
    reason = "a process is killed from outside: that takes a clock and threads"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use acquaint::time::Timestamp;
use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

/// Rounds until a ledger is started anew, so that reading it back stays cheap.
const ROUNDS_PER_LEDGER: u64 = 10;
/// 2016-09-01T00:00:00Z.
const FIRST_SECOND: i64 = 1_472_688_000;

#[test]
fn nothing_acknowledged_is_lost_when_append_is_killed() {
    let mut n_acknowledged = 0;
    for first in (0..kills()).step_by(usize::try_from(ROUNDS_PER_LEDGER).unwrap()) {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("ledger");
        let mut acknowledged = 0;
        let mut sent = 0;
        for round in first..(first + ROUNDS_PER_LEDGER).min(kills()) {
            let killed = append_and_kill(&ledger, acknowledged + 1, delay(round, 400));
            acknowledged += killed.acknowledged;
            sent = sent.max(killed.sent);
            assert_checks(&ledger);
            let held = events_in(&ledger, &dir.path().join("tables"));
            let newest = held.len() as u64;
            assert!(
                (acknowledged..=sent).contains(&newest),
                "round {round}: {acknowledged} acknowledged, {newest} held, {sent} sent"
            );
            for (id, (held_id, row)) in (1..).zip(&held) {
                assert_eq!((id, &event(id)), (*held_id, row), "round {round}");
            }
        }
        n_acknowledged += acknowledged;
    }
    println!(
        "{} kills, {n_acknowledged} events acknowledged, none lost",
        kills()
    );
    assert!(
        n_acknowledged > 0,
        "every process was killed before it wrote anything"
    );
}

#[test]
fn an_import_that_is_killed_can_be_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let signals = dir.path().join("signals");
    write_history(&signals, 20_000);
    let whole = {
        let started = Instant::now();
        let ledger = dir.path().join("whole");
        assert!(import(&ledger, &signals).wait().unwrap().success());
        assert_eq!(
            events_in(&ledger, &dir.path().join("whole-tables")).len(),
            20_000
        );
        started.elapsed()
    };
    let whole = u64::try_from(whole.as_millis()).unwrap();
    for first in (0..kills()).step_by(usize::try_from(ROUNDS_PER_LEDGER).unwrap()) {
        let ledger = dir.path().join(format!("ledger-{first}"));
        for round in first..(first + ROUNDS_PER_LEDGER).min(kills()) {
            let mut child = import(&ledger, &signals);
            thread::sleep(delay(round, whole));
            kill(&mut child);
            assert_checks(&ledger);
        }
        assert!(import(&ledger, &signals).wait().unwrap().success());
        assert_checks(&ledger);
        let held = events_in(&ledger, &dir.path().join(format!("tables-{first}")));
        let expected: BTreeMap<u64, Row> = (1..=20_000).map(|id| (id, event(id))).collect();
        assert!(held == expected, "from round {first}");
    }
}

/// How often each verb is killed.
fn kills() -> u64 {
    std::env::var("ACQUAINT_KILLS").map_or(10, |n| n.parse().expect("ACQUAINT_KILLS is a number"))
}

/// A moment that differs from round to round, and is the same every time.
fn delay(round: u64, at_most_millis: u64) -> Duration {
    let mixed = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    Duration::from_micros((mixed >> 20) % (at_most_millis * 1000))
}

/// What an event says, by column.
type Row = [String; 5];

/// The event of an id: any other row under that id was written by halves.
fn event(id: u64) -> Row {
    let kinds = ["defer", "opt_out", "register", "number_change", "delete"];
    let kind = kinds[usize::try_from(id % 5).unwrap()];
    let seconds = i64::try_from(id).unwrap();
    let at = |seconds| Timestamp::from_secs(FIRST_SECOND + seconds).to_string();
    [
        id.to_string(),
        (id % 97).to_string(),
        kind.to_owned(),
        at(seconds),
        at(seconds + 1),
    ]
}

const COLUMNS: [&str; 5] = ["event_id", "account_id", "kind", "valid_time", "known_time"];

fn json_line(id: u64) -> String {
    let [id, account, kind, valid, known] = event(id);
    format!(
        "{{\"event_id\":{id},\"account_id\":{account},\"kind\":\"{kind}\",\"valid_time\":\"{valid}\",\"known_time\":\"{known}\"}}\n"
    )
}

fn write_history(dir: &Path, n_events: u64) {
    std::fs::create_dir_all(dir).unwrap();
    let mut text = COLUMNS.join(",");
    text.push('\n');
    for id in 1..=n_events {
        text.push_str(&event(id).join(","));
        text.push('\n');
    }
    std::fs::write(dir.join("consent_events.csv"), text).unwrap();
}

struct Killed {
    /// How many events were acknowledged.
    acknowledged: u64,
    /// The newest event that was sent, whole or in part.
    sent: u64,
}

/// Sends events from an id on, as fast as they are taken, and kills the process after a while.
fn append_and_kill(ledger: &Path, first: u64, after: Duration) -> Killed {
    let mut child = acquaint(&["consent", "append", "--json", "--ledger"], ledger)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let sent = Arc::new(AtomicU64::new(first - 1));
    let counter = Arc::clone(&sent);
    let writer = thread::spawn(move || {
        for id in first.. {
            counter.store(id, Ordering::SeqCst);
            if input.write_all(json_line(id).as_bytes()).is_err() {
                break;
            }
        }
    });
    let reader = thread::spawn(move || {
        let lines = output.lines().map_while(Result::ok);
        let acknowledgements = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        acknowledgements
            .filter_map(|line| line["line"].as_u64())
            .last()
            .unwrap_or(0)
    });
    thread::sleep(after);
    kill(&mut child);
    writer.join().unwrap();
    Killed {
        acknowledged: reader.join().unwrap(),
        sent: sent.load(Ordering::SeqCst),
    }
}

fn import(ledger: &Path, signals: &Path) -> Child {
    acquaint(
        &["consent", "import", "--segment-events", "3000", "--ledger"],
        ledger,
    )
    .arg("--signals")
    .arg(signals)
    .stdout(Stdio::null())
    .spawn()
    .unwrap()
}

/// `SIGKILL`: no handler runs.
fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn acquaint(args: &[&str], ledger: &Path) -> Command {
    let mut command = Command::new(cargo_bin("acquaint"));
    command.args(args).arg(ledger);
    command
}

/// A ledger that was never begun has nothing to check.
fn assert_checks(ledger: &Path) {
    if !ledger.join("ledger.sqlite").exists() {
        return;
    }
    let output = acquaint(&["consent", "check", "--ledger"], ledger)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Every event the ledger holds, by id.
fn events_in(ledger: &Path, tables: &Path) -> BTreeMap<u64, Row> {
    if !ledger.join("ledger.sqlite").exists() {
        return BTreeMap::new();
    }
    let status = acquaint(&["consent", "export", "--form", "csv", "--ledger"], ledger)
        .arg("--out")
        .arg(tables)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let mut reader = csv::Reader::from_path(tables.join("consent_events.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let places = COLUMNS.map(|name| header.iter().position(|column| column == name).unwrap());
    let mut events = BTreeMap::new();
    for row in reader.records().map(Result::unwrap) {
        let row = places.map(|place| row[place].to_owned());
        let id = row[0].parse().unwrap();
        assert_eq!(events.insert(id, row), None, "event {id} is held twice");
    }
    events
}
