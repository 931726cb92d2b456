//! What changed between two outputs is told with its reason, and an output that changes too much does not replace the earlier one.

use std::fs;
use std::path::Path;

use acquaint::consent::{Event, EventKind, Subject};
use acquaint::ids::{AccountId, EventId};
use acquaint::signals::{ConsentEventRow, TableForm};
use serde_json::Value;

use crate::support::program::{acquaint, done, words};
use crate::support::{small_world, write_world};

/// A world on one night, and the next night when one account in `one_in` of those that may be scored has opted out.
fn two_nights(at: &Path, one_in: u64) {
    let world = small_world(150, 7);
    write_world(&at.join("first"), TableForm::Csv, &world);
    let mut next = world.clone();
    let accounts: Vec<u64> = world
        .messenger_accounts
        .iter()
        .map(|row| row.account_id.0)
        .collect();
    for account in accounts.into_iter().filter(|account| account % one_in == 0) {
        next.consent_events.push(ConsentEventRow::Known(Event {
            event_id: EventId(u64::MAX - account),
            subject: Subject::Account(AccountId(account)),
            kind: EventKind::OptOut,
            valid_time: world.as_of.plus_days(-1),
            known_time: world.as_of.plus_days(-1),
        }));
    }
    write_world(&at.join("second"), TableForm::Csv, &next);
    fs::write(at.join("as_of"), world.as_of.to_string()).unwrap();
}

fn run(at: &Path, tables: &str, more: &str) -> (i32, String) {
    let moment = fs::read_to_string(at.join("as_of")).unwrap();
    let line = format!("run --signals {tables} --as-of {moment} --quiet --out {more}");
    let (code, _, error) = acquaint(&words(&line), at);
    (code, error)
}

fn compared(at: &Path, line: &str) -> Value {
    let told = done(&format!("compare {line} --rows 100000 --json"), at);
    serde_json::from_str(&told).unwrap()
}

fn changed(told: &Value) -> u64 {
    let tables = told["tables"].as_array().unwrap().iter();
    let parts = ["removed", "added", "verdict", "rescored"];
    let of = |table: &Value| {
        parts
            .map(|part| table[part].as_u64().unwrap())
            .iter()
            .sum::<u64>()
    };
    tables.map(of).sum()
}

#[test]
fn an_output_does_not_differ_from_itself() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    two_nights(at, 9);
    assert_eq!(run(at, "first", "one").0, 0);
    assert_eq!(run(at, "first", "again").0, 0);
    let told = compared(at, "one again --signals first");
    assert_eq!(changed(&told), 0);
    assert_eq!(told["runs"].as_array().unwrap().len(), 0);
    assert!(told["tables"][0]["same"].as_u64().unwrap() > 0);
}

#[test]
fn rows_that_went_with_an_opt_out_say_so_and_every_row_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    two_nights(at, 9);
    run(at, "first", "one");
    run(at, "second", "two");
    let told = compared(at, "one two --signals second");
    let recalled = acquaint(&words("recall one --signals second --json"), at).1;
    let recalled: Value = serde_json::from_str(&recalled).unwrap();
    let opted_out = |rows: &Value| {
        let rows = rows.as_array().unwrap().iter();
        let mut named: Vec<(String, u64)> = rows
            .filter(|row| row["reason"] == "opted_out" || row["why"] == "opted_out")
            .map(|row| {
                let place = row.get("row_before").unwrap_or(&row["row"]);
                (
                    row["table"].as_str().unwrap().to_owned(),
                    place.as_u64().unwrap(),
                )
            })
            .collect();
        named.sort();
        named
    };
    let rows = opted_out(&told["rows"]);
    assert!(!rows.is_empty());
    assert_eq!(
        rows,
        opted_out(&recalled["rows"]),
        "the reasons are recall's"
    );
    assert_eq!(told["rows_unlisted"], 0);
    assert_eq!(
        told["rows"].as_array().unwrap().len() as u64,
        changed(&told)
    );
    for table in told["tables"].as_array().unwrap() {
        let sum = |parts: &[&str]| {
            parts
                .iter()
                .map(|part| table[*part].as_u64().unwrap())
                .sum::<u64>()
        };
        assert_eq!(
            table["rows_before"],
            sum(&["same", "rescored", "verdict", "removed"])
        );
        assert_eq!(
            table["rows_after"],
            sum(&["same", "rescored", "verdict", "added"])
        );
    }
    let alone = compared(at, "one two");
    assert!(
        opted_out(&alone["rows"]).is_empty(),
        "outputs alone do not know"
    );
    assert_eq!(changed(&alone), changed(&told));
}

#[test]
fn the_page_names_nobody_and_replaces_only_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    two_nights(at, 9);
    run(at, "first", "one");
    run(at, "second", "two");
    let line = "compare one two --signals second --page changed.html";
    done(line, at);
    let page = fs::read_to_string(at.join("changed.html")).unwrap();
    assert!(page.contains("opted out"), "{page}");
    assert!(!page.contains("<script") && !page.contains("user_id"));
    done(line, at);
    fs::write(at.join("changed.html"), "somebody's").unwrap();
    assert_eq!(acquaint(&words(line), at).0, 2);
    assert_eq!(
        fs::read_to_string(at.join("changed.html")).unwrap(),
        "somebody's"
    );
    let inside = "compare one two --page two/changed.html";
    assert_eq!(acquaint(&words(inside), at).0, 2);
}

#[test]
fn an_output_that_changes_too_much_is_set_aside_until_it_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    two_nights(at, 3);
    fs::write(
        at.join("acquaint.toml"),
        "[publish]\nmax_change = \"10%\"\n",
    )
    .unwrap();
    let manifest = |name: &str| fs::read_to_string(at.join(name).join("manifest.json")).ok();
    assert_eq!(
        run(at, "first", "out").0,
        0,
        "there is nothing to differ from"
    );
    let first = manifest("out");
    let (code, error) = run(at, "second", "out");
    assert_eq!(code, 1, "{error}");
    for part in ["not published", "out.set-aside", "--accept", "recall"] {
        assert!(error.contains(part), "{part}\n{error}");
    }
    assert_eq!(manifest("out"), first, "the earlier output stands");
    done("compare out out.set-aside", at);
    let aside = manifest("out.set-aside");
    assert!(aside.is_some());
    assert_eq!(run(at, "second", "out --accept").0, 0);
    assert_eq!(manifest("out"), aside, "accepting changes no byte");
    assert!(!at.join("out.set-aside").exists());
    assert_eq!(run(at, "second", "out").0, 0, "nothing differs any more");
}

#[test]
fn too_few_rows_are_not_published() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    two_nights(at, 9);
    for least in ["1000000000", "links=1000000000"] {
        let (code, error) = run(at, "first", &format!("out --min-rows {least}"));
        assert_eq!(code, 1, "{error}");
        assert!(error.contains("--min-rows"), "{error}");
        assert!(!at.join("out").exists());
    }
    assert_eq!(run(at, "first", "out --min-rows 1 --min-rows links=1").0, 0);
    let (code, error) = run(at, "first", "out --min-rows suggested=1");
    assert_eq!(code, 2);
    assert!(error.contains("suggestions, ad_scores"), "{error}");
}
