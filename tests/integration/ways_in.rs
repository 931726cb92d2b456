//! Every verb that reads tables reads them by the same rules: what one of them refuses, all do, by name.

use std::fs;
use std::path::Path;

use acquaint::signals::TableForm;

use crate::support::files::write_key;
use crate::support::program::{acquaint, words};
use crate::support::{small_world, write_world};

/// A directory with a good world in `signals` and a key for objections.
fn world() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_world(
        &dir.path().join("signals"),
        TableForm::Csv,
        &small_world(60, 5),
    );
    write_key(&dir.path().join("key"), "0123456789abcdef".repeat(4));
    dir
}

const VERBS: [&str; 9] = [
    "run --signals signals --out out-2",
    "consent import --ledger ledger --signals signals --objection-key key",
    "evaluate friends --signals signals",
    "evaluate ads --signals signals",
    "train friends --signals signals --out friends.json",
    "train ads --signals signals --out ads.json",
    "identity match --signals signals",
    "identity link --signals signals",
    "explain suggestion 1 2 --signals signals",
];

/// Every verb stops, says these words and leaves nothing.
fn every_verb_stops(dir: &Path, said: &[&str]) {
    for verb in VERBS {
        let (code, _, error) = acquaint(&words(verb), dir);
        assert_eq!(code, 2, "{verb}: {error}");
        for word in said {
            assert!(
                error.contains(word),
                "{verb}: {word} is missing from {error}"
            );
        }
        for made in ["out-2", "friends.json", "ads.json"] {
            assert!(!dir.join(made).exists(), "{verb} left {made}");
        }
    }
}

#[test]
fn deny_a_part_that_is_not_read_in_every_verb() {
    for (name, told) in [
        ("consent_events.csv.1", "consent_events.csv.1"),
        ("consent_events (1).csv", "consent_events (1).csv"),
        ("feedback.csv.xz", "its packing is not one that is read"),
        ("overlays-new.json", "JSON is not read"),
    ] {
        let dir = world();
        fs::write(dir.path().join("signals").join(name), "x").unwrap();
        every_verb_stops(dir.path(), &[told, "looks like a"]);
    }
}

#[test]
fn deny_the_same_part_twice_in_every_verb() {
    let dir = world();
    let signals = dir.path().join("signals");
    fs::create_dir(signals.join("consent_events")).unwrap();
    let part = signals.join("consent_events/part-0.csv");
    fs::rename(signals.join("consent_events.csv"), &part).unwrap();
    fs::copy(&part, signals.join("consent_events/part-1.csv")).unwrap();
    every_verb_stops(dir.path(), &["part-0.csv", "part-1.csv", "keep one"]);
}

#[test]
fn deny_a_header_that_misleads_in_every_verb() {
    let dir = world();
    let table = dir.path().join("signals/consent_events.csv");
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&table, text.replacen("account_id", "acc\u{43e}unt_id", 1)).unwrap();
    every_verb_stops(dir.path(), &["acc\\u{43e}unt_id", "account_id"]);
}
