//! A run that asks a durable ledger: the same rows as from tables, and none if the ledger was tampered with.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;

use crate::support::files::{digits, write_key};
use crate::support::{Run, small_world, write_world};
use acquaint::signals::TableForm;

const OUTPUTS: [&str; 6] = [
    "suggestions.parquet",
    "ad_scores.parquet",
    "abuse_scores.parquet",
    "business_reach.parquet",
    "business_order.parquet",
    "links.parquet",
];

/// A world, its ledger and what is left of its signals.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn acquaint(&self, args: &[&str]) -> Output {
        let mut command = Command::new(cargo_bin("acquaint"));
        command.args(args).current_dir(self.dir.path());
        command.output().unwrap()
    }

    fn done(&self, args: &[&str]) -> String {
        let output = self.acquaint(args);
        assert!(
            output.status.success(),
            "{args:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A world whose consent is in a ledger: half of it imported, half of it appended.
fn place(seed: u64) -> (Place, acquaint::synth::World) {
    let place = Place {
        dir: tempfile::tempdir().unwrap(),
    };
    let world = small_world(150, seed);
    write_world(&place.path("tables"), TableForm::Csv, &world);
    write_world(&place.path("signals"), TableForm::Csv, &world);
    for table in ["consent_events", "policy_versions", "overlays"] {
        fs::remove_file(place.path("signals").join(format!("{table}.csv"))).unwrap();
    }
    write_key(&place.path("key"), digits(7));
    place.done(&[
        "consent",
        "import",
        "--ledger",
        "ledger",
        "--signals",
        "tables",
        "--objection-key",
        "key",
        "--segment-events",
        "200",
    ]);
    (place, world)
}

const RUN: [&str; 9] = [
    "run",
    "--quiet",
    "--signals",
    "signals",
    "--ledger",
    "ledger",
    "--objection-key",
    "key",
    "--as-of",
];

fn run(place: &Place, as_of: &str, out: &str) -> Output {
    let args = [&RUN[..], &[as_of, "--out", out]].concat();
    place.acquaint(&args)
}

#[test]
fn a_ledger_is_as_good_as_tables() {
    let (place, world) = place(51);
    let as_of = world.as_of.to_string();
    let tables = Run::of_signals(
        &place.path("tables"),
        &place.path("of-tables"),
        "",
        Some(world.as_of),
    )
    .unwrap();
    let output = run(&place, &as_of, "of-ledger");
    assert!(output.status.success(), "{}", text(&output.stderr));
    for file in OUTPUTS {
        assert_eq!(
            fs::read(place.path("of-ledger").join(file)).unwrap(),
            tables.bytes(file),
            "{file}"
        );
    }
    assert!(!tables.lines("suggestions.parquet").is_empty());
    let manifest = fs::read_to_string(place.path("of-ledger/manifest.json")).unwrap();
    let root: serde_json::Value =
        serde_json::from_str(&place.done(&["consent", "root", "--ledger", "ledger", "--json"]))
            .unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["log"]["root"], root["root"]);
    assert_eq!(manifest["log"]["is_whole"], true);
}

#[test]
fn an_opt_out_that_is_appended_counts_and_is_recalled() {
    let (place, world) = place(52);
    let as_of = world.as_of.to_string();
    assert!(run(&place, &as_of, "before").status.success());
    let before = place.done(&[
        "recall",
        "before",
        "--signals",
        "signals",
        "--ledger",
        "ledger",
        "--objection-key",
        "key",
    ]);
    assert_eq!(before.lines().count(), 1, "{before}");
    let suggestions = Run {
        out: place.path("before"),
        manifest: serde_json::from_str(
            &fs::read_to_string(place.path("before/manifest.json")).unwrap(),
        )
        .unwrap(),
    };
    let user = crate::support::u64s(&suggestions.table("suggestions.parquet"), "user_id")[0];
    let links = suggestions.table("links.parquet");
    let people = crate::support::u64s(&links, "user_id").into_iter();
    let accounts: BTreeSet<u64> = people
        .zip(crate::support::u64s(&links, "account_id"))
        .filter(|(person, _)| *person == user)
        .map(|(_, account)| account)
        .collect();
    let event = |account| {
        format!(
            "{{\"account_id\":{account},\"kind\":\"opt_out\",\"valid_time\":\"{as_of}\",\"known_time\":\"{as_of}\"}}\n"
        )
    };
    let events: String = accounts.into_iter().map(event).collect();
    fs::write(place.path("events.jsonl"), events).unwrap();
    let acknowledged = place.done(&["consent", "append", "--ledger", "ledger", "events.jsonl"]);
    assert!(acknowledged.contains(" new, 0 repeated"), "{acknowledged}");
    let recall = place.acquaint(&[
        "recall",
        "before",
        "--signals",
        "signals",
        "--ledger",
        "ledger",
        "--objection-key",
        "key",
    ]);
    assert_eq!(recall.status.code(), Some(1));
    assert!(
        text(&recall.stdout)
            .lines()
            .any(|line| line.contains(&format!(",{user},")))
    );
    assert!(run(&place, &as_of, "after").status.success());
    let after = Run {
        out: place.path("after"),
        manifest: suggestions.manifest,
    };
    let users = crate::support::u64s(&after.table("suggestions.parquet"), "user_id");
    assert!(!users.contains(&user));
}

#[test]
fn a_ledger_that_was_tampered_with_lets_nobody_through() {
    let (place, world) = place(53);
    let segment = place.path("ledger/segments/000000.seg");
    let mut bytes = fs::read(&segment).unwrap();
    let last = bytes.len() - 1;
    bytes[last / 2] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let output = run(&place, &world.as_of.to_string(), "out");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("integrity check failed"));
    let check = place.acquaint(&["consent", "check", "--ledger", "ledger"]);
    assert_eq!(check.status.code(), Some(1));
    assert!(
        text(&check.stdout).contains("segment 0: not the file that was sealed"),
        "{}",
        text(&check.stdout)
    );
    let manifest = fs::read_to_string(place.path("out/manifest.json")).unwrap();
    let run = Run {
        out: place.path("out"),
        manifest: serde_json::from_str(&manifest).unwrap(),
    };
    for file in OUTPUTS {
        assert_eq!(run.lines(file), Vec::<String>::new(), "{file}");
    }
    let states: Vec<&str> = run
        .manifest
        .consent_states
        .keys()
        .map(String::as_str)
        .collect();
    assert!(states.contains(&"invalidated"));
    let open = [
        "accepted",
        "new_accepted",
        "granted",
        "notified",
        "opted_out",
    ];
    assert!(
        states.iter().all(|state| !open.contains(state)),
        "{states:?}"
    );
}

#[test]
fn there_is_one_place_to_ask() {
    let (place, world) = place(54);
    let as_of = world.as_of.to_string();
    let both = place.acquaint(&[
        "run",
        "--signals",
        "tables",
        "--ledger",
        "ledger",
        "--objection-key",
        "key",
        "--out",
        "out",
        "--as-of",
        &as_of,
    ]);
    assert_eq!(both.status.code(), Some(2));
    assert!(
        text(&both.stderr).contains("consent_events"),
        "{}",
        text(&both.stderr)
    );
    let none = place.acquaint(&["run", "--signals", "signals", "--out", "out"]);
    assert_eq!(none.status.code(), Some(2));
    let no_key = place.acquaint(&[
        "run",
        "--signals",
        "signals",
        "--ledger",
        "ledger",
        "--out",
        "out",
    ]);
    assert_eq!(no_key.status.code(), Some(2));
    assert!(
        text(&no_key.stderr).contains("objection list"),
        "{}",
        text(&no_key.stderr)
    );
    assert!(!place.path("out").exists());
}

#[test]
fn a_full_disk_is_said_and_the_ledger_is_whole() {
    let (place, _) = place(55);
    let small = place.path("small");
    fs::create_dir(&small).unwrap();
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&small)
        .output();
    if !mount.is_ok_and(|mount| mount.status.success()) {
        println!("skipped: a small disk cannot be mounted here");
        return;
    }
    let lines: Vec<String> = (0..40_000)
        .map(|id| format!("{{\"event_id\":{id},\"account_id\":{id},\"kind\":\"opt_out\",\"valid_time\":\"2016-10-01T00:00:00Z\",\"known_time\":\"2016-10-01T00:00:00Z\"}}\n"))
        .collect();
    fs::write(place.path("events.jsonl"), lines.concat()).unwrap();
    let appended = place.acquaint(&[
        "consent",
        "append",
        "--json",
        "--ledger",
        "small/ledger",
        "events.jsonl",
    ]);
    let imported = place.acquaint(&[
        "consent",
        "import",
        "--ledger",
        "small/ledger",
        "--signals",
        "tables",
        "--objection-key",
        "key",
    ]);
    let check = place.acquaint(&["consent", "check", "--ledger", "small/ledger"]);
    let exported = place.acquaint(&[
        "consent",
        "export",
        "--form",
        "csv",
        "--ledger",
        "small/ledger",
        "--out",
        "exported",
    ]);
    Command::new("umount").arg(&small).status().unwrap();
    assert_eq!(appended.status.code(), Some(2));
    let error = text(&appended.stderr);
    assert!(
        error.contains("ledger.sqlite") && error.contains("full"),
        "{error}"
    );
    assert_eq!(
        imported.status.code(),
        Some(2),
        "{}",
        text(&imported.stdout)
    );
    assert!(check.status.success(), "{}", text(&check.stdout));
    let acknowledged = text(&appended.stdout).lines().last().map_or(0, |line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["line"].as_u64().unwrap()
    });
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    let held = fs::read_to_string(place.path("exported/consent_events.csv")).unwrap();
    assert!(
        held.lines().count() as u64 > acknowledged,
        "what was acknowledged is there"
    );
}
