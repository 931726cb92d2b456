//! `subject` finds everything that names a person, opted out or not, and acts on their request.

use std::fs;
use std::path::Path;

use acquaint::signals::TableForm;
use serde_json::Value;

use crate::support::files::{digits, write_key};
use crate::support::program::{acquaint, words};
use crate::support::{small_world, write_world};

fn told(line: &str, at: &Path) -> Value {
    let (code, text, error) = acquaint(&words(line), at);
    assert!(code < 2, "{line}: {error}");
    serde_json::from_str(&text).unwrap()
}

/// The rows of CSV files in which an id stands as a whole cell, by file.
fn naming(dir: &Path, id: u64) -> Vec<(String, u64)> {
    let id = id.to_string();
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "csv") {
            let text = fs::read_to_string(&path).unwrap();
            let rows = text.lines().skip(1);
            let n = rows
                .filter(|row| row.split(',').any(|cell| cell == id))
                .count() as u64;
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            found.extend((n > 0).then_some((name, n)));
        }
    }
    found.sort();
    found
}

#[test]
fn every_row_that_names_somebody_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (at, world) = (dir.path(), small_world(80, 5));
    write_world(&at.join("tables"), TableForm::Csv, &world);
    for owner in world.truth.owners.iter().take(4) {
        let found = told(
            &format!("subject {} --signals tables --json -q", owner.user),
            at,
        );
        let by_file: Vec<(String, u64)> = (found["held"].as_array().unwrap().iter())
            .map(|rows| {
                (
                    rows["file"].as_str().unwrap().to_owned(),
                    rows["n_rows"].as_u64().unwrap(),
                )
            })
            .collect();
        for (file, n) in naming(&at.join("tables"), owner.user.0) {
            let held = by_file.iter().find(|(name, _)| *name == file);
            assert!(
                held.is_some_and(|(_, held)| *held >= n),
                "{file}: {n} of {by_file:?}"
            );
        }
    }
}

#[test]
fn a_number_leads_to_whoever_holds_it_and_is_not_told() {
    let dir = tempfile::tempdir().unwrap();
    let (at, world) = (dir.path(), small_world(80, 5));
    write_world(&at.join("tables"), TableForm::Csv, &world);
    let holder = (world.messenger_accounts.iter())
        .find(|row| row.phone.expose().starts_with('+') && row.number_until.is_none())
        .unwrap();
    let number = holder.phone.expose();
    let found = told(&format!("subject {number} --signals tables --json -q"), at);
    let accounts = found["accounts"].as_array().unwrap();
    assert!(
        accounts.contains(&holder.account_id.0.into()),
        "{accounts:?}"
    );
    let line = format!("subject {number} --signals tables --html page.html -q");
    let (code, text, error) = acquaint(&words(&line), at);
    let page = fs::read_to_string(at.join("page.html")).unwrap();
    for text in [text, error, page, found.to_string()] {
        assert!(!text.contains(&number[1..]), "{text}");
    }
    assert_eq!(code, 0);
}

#[test]
fn nobody_is_an_answer_with_a_finding() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write_world(&at.join("tables"), TableForm::Csv, &small_world(40, 5));
    let (code, _, error) = acquaint(&words("subject 1 --signals tables -q"), at);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("nothing is held"), "{error}");
}

#[test]
fn an_objection_is_recorded_and_an_erasure_destroys_keys() {
    let dir = tempfile::tempdir().unwrap();
    let (at, world) = (dir.path(), small_world(80, 5));
    write_world(&at.join("tables"), TableForm::Csv, &world);
    write_world(&at.join("signals"), TableForm::Csv, &world);
    for table in ["consent_events", "policy_versions", "overlays"] {
        fs::remove_file(at.join(format!("signals/{table}.csv"))).unwrap();
    }
    write_key(&at.join("key"), digits(7));
    let import = "consent import --ledger ledger --signals tables --objection-key key";
    assert_eq!(acquaint(&words(import), at).0, 0);
    let account = world.truth.owners[0].account;
    let asking =
        format!("subject {account} --signals signals --ledger ledger --objection-key key -q");
    let (code, _, error) = acquaint(&words(&format!("{asking} --object")), at);
    assert_eq!((code, error.contains("--yes")), (2, true), "{error}");
    let (code, _, error) = acquaint(&words(&format!("{asking} --object --yes")), at);
    assert_eq!(code, 1, "{error}");
    assert!(
        error.contains("objections recorded") && error.contains("left: "),
        "{error}"
    );
    let history = acquaint(
        &words(&format!("consent history {account} --ledger ledger")),
        at,
    )
    .1;
    assert!(history.contains("opt_out"), "{history}");
    let (code, _, error) = acquaint(&words(&format!("{asking} --erase --yes")), at);
    assert_eq!(code, 1, "{error}");
    let found = told(&format!("{asking} --json"), at);
    let consent = found["consent"].as_array().unwrap();
    let own = consent
        .iter()
        .find(|one| one["account"] == account.0)
        .unwrap();
    assert_eq!(own["is_erased"], true);
    assert!(own["history"].as_array().unwrap().is_empty());
}

#[test]
fn published_rows_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    write_world(&at.join("tables"), TableForm::Csv, &small_world(120, 5));
    assert!(acquaint(&words("run --signals tables --out out -q"), at).0 < 2);
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(at.join("out/manifest.json")).unwrap()).unwrap();
    assert!(manifest["outputs"].as_array().unwrap().len() > 3);
    let user = small_world(120, 5).truth.owners[0].user;
    let found = told(
        &format!("subject {user} --signals tables --out out --json -q"),
        at,
    );
    let given = found["suggestions"].as_array().unwrap().len() as u64;
    let rows = found["published"].as_array().unwrap().iter();
    let published: u64 = rows
        .filter(|rows| rows["file"] == "suggestions.parquet")
        .map(|rows| rows["n_rows"].as_u64().unwrap())
        .sum();
    assert!(published >= given, "{published} of {given}");
}
