//! Somebody is told: every verb that reads tables says which rows it could not use, and nobody's night is empty by
//! accident.

use std::path::Path;

use acquaint::signals::TableForm;
use acquaint::time::Timestamp;
use serde_json::Value;

use crate::support::program::{acquaint, words};
use crate::support::restricted::{AS_OF, CONFIG, Tables, tables, write};
use crate::support::{Run, small_world, write_world};

#[test]
fn every_verb_that_reads_tables_tells_of_rejected_rows() {
    let dir = tempfile::tempdir().unwrap();
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Csv, &small_world(40, 8));
    let file = signals.join("friendships.csv");
    let text = std::fs::read_to_string(&file).unwrap() + "one,2,2016-01-01T00:00:00Z\n";
    std::fs::write(&file, text).unwrap();
    let users = std::fs::read_to_string(signals.join("social_accounts.csv")).unwrap();
    let user = users.lines().nth(1).unwrap().split(',').next().unwrap();
    let ads = std::fs::read_to_string(signals.join("ads.csv")).unwrap();
    let ad = ads.lines().nth(1).unwrap().split(',').next().unwrap();
    for line in [
        "run --signals signals --out out --json",
        "evaluate friends --signals signals --json",
        "evaluate ads --signals signals --no-curves --json",
        "train ads --signals signals --out ads.json --json",
        &format!("explain suggestion {user} {user} --signals signals --json"),
        &format!("explain ad {user} {ad} --signals signals --json"),
        "recall out --signals signals --json",
        "verify out --signals signals --json",
        "identity match --signals signals --purpose friend_suggestions",
        "identity link --signals signals --purpose friend_suggestions",
    ] {
        let (code, out, error) = acquaint(&words(line), dir.path());
        let told = "1 row was rejected: friendships 1 (wrong_type 1)";
        assert!(code == 0 && error.contains(told), "{line}: {code} {error}");
        if line.ends_with("--json") {
            let json: Value = serde_json::from_str(&out).unwrap();
            assert_eq!(json["rejected"]["friendships"]["wrong_type"], 1, "{line}");
        }
    }
}

/// Runs the world after a change; the codes of what was found.
fn codes(change: impl FnOnce(&mut Tables), as_of: &str) -> Vec<String> {
    let mut world = tables();
    change(&mut world);
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("signals"), &world);
    let run = run(dir.path(), as_of);
    run.manifest
        .findings
        .into_iter()
        .map(|found| found.code)
        .collect()
}

fn run(dir: &Path, as_of: &str) -> Run {
    let as_of = Some(Timestamp::parse(as_of).unwrap());
    Run::of_signals(&dir.join("signals"), &dir.join("out"), CONFIG, as_of).unwrap()
}

/// Changes every row of a table but its header.
fn each(world: &mut Tables, table: &str, change: impl Fn(&str) -> String) {
    let rows = world.get_mut(table).unwrap().iter_mut().skip(1);
    rows.for_each(|row| *row = change(row));
}

/// The row with another text in one of its cells.
fn with_cell(row: &str, at: usize, text: &str) -> String {
    let mut cells: Vec<&str> = row.split(',').collect();
    cells[at] = text;
    cells.join(",")
}

fn keep(world: &mut Tables, table: &str, stays: impl Fn(&str) -> bool) {
    let rows = world.get_mut(table).unwrap();
    let header = rows[0].clone();
    rows.retain(|row| *row == header || stays(row));
}

#[test]
fn an_accident_is_a_finding() {
    type Change = fn(&mut Tables);
    let cases: [(&str, &str, Change); 15] = [
        (
            "all_rejected",
            "friendships in another form of time",
            |world| {
                each(world, "friendships", |row| {
                    row.replace('T', " ").replace('Z', "")
                });
            },
        ),
        ("all_rejected", "ads without a price", |world| {
            each(world, "ads", |row| row.replace("1.0", "free"));
        }),
        ("many_rejected", "a tenth of the friendships", |world| {
            let rows = world.get_mut("friendships").unwrap();
            rows.iter_mut()
                .skip(1)
                .step_by(10)
                .for_each(|row| row.push('x'));
        }),
        (
            "no_numbers",
            "numbers of accounts without a region",
            |world| {
                each(world, "messenger_accounts", |row| {
                    row.replace(",+49", ",0")
                        .replace("DE", "")
                        .replace("FR", "")
                });
            },
        ),
        ("no_numbers", "numbers of people", |world| {
            each(world, "social_accounts", |row| with_cell(row, 1, "ask me"));
        }),
        ("no_numbers", "numbers of businesses", |world| {
            each(world, "businesses", |row| with_cell(row, 1, "0"));
        }),
        ("no_numbers", "address books", |world| {
            each(world, "address_book", |row| with_cell(row, 1, "Mum"));
        }),
        ("accepted_without_notice", "no notices", |world| {
            keep(world, "consent_events", |row| {
                !row.contains("notice_served")
            });
        }),
        ("nobody_permitted", "no notices", |world| {
            keep(world, "consent_events", |row| {
                !row.contains("notice_served")
            });
        }),
        ("nobody_permitted", "texts nobody knows", |world| {
            each(world, "policy_versions", |row| row.replace("abab", "cdcd"));
        }),
        ("nobody_permitted", "events of other accounts", |world| {
            each(world, "consent_events", |row| row.replace(",10", ",99"));
        }),
        ("nobody_linked", "numbers given for security", |world| {
            each(world, "social_accounts", |row| {
                row.replace("contact", "security")
            });
        }),
        ("ids_do_not_join", "friendships of other people", |world| {
            each(world, "friendships", |row| row.replace("50", "77"));
        }),
        ("ids_do_not_join", "feedback of other people", |world| {
            each(world, "feedback", |row| row.replace("50", "77"));
        }),
        ("empty_output", "nobody knows anybody", |world| {
            keep(world, "friendships", |_| false);
            keep(world, "address_book", |_| false);
        }),
    ];
    for (code, what, change) in cases {
        let found = codes(change, AS_OF);
        assert!(found.iter().any(|held| held == code), "{what}: {found:?}");
    }
}

#[test]
fn a_moment_far_from_the_data_is_a_finding() {
    for (as_of, code) in [
        ("2016-01-01T00:00:00Z", Some("moment_before_consent")),
        (AS_OF, None),
        ("2017-06-01T00:00:00Z", Some("moment_after_signals")),
    ] {
        let found = codes(|_| (), as_of);
        let told = |code: &str| found.iter().any(|held| held == code);
        assert!(code.map_or(found.is_empty(), told), "{as_of}: {found:?}");
    }
    let seen_lately = |world: &mut Tables| {
        each(world, "messenger_accounts", |row| {
            row.replace("2016-11-01", "2018-01-01")
        });
    };
    let found = codes(seen_lately, "2018-02-01T00:00:00Z");
    assert!(
        found.iter().any(|held| held == "moment_after_consent"),
        "{found:?}"
    );
}

#[test]
fn what_people_decided_is_no_accident() {
    type Change = fn(&mut Tables);
    let cases: [(&str, Change); 4] = [
        ("everybody opts out", |world| {
            each(world, "consent_events", |row| {
                row.replace(",true,", ",false,")
            });
        }),
        ("everybody deletes", |world| {
            let rows = world.get_mut("consent_events").unwrap();
            let deletes = (1001..=1016)
                .map(|n| format!("{n},{n},,delete,2016-09-02T00:00:00Z,2016-09-02T00:00:00Z,,,,"));
            rows.extend(deletes);
        }),
        ("one person is left", |world| {
            keep(world, "social_accounts", |row| row.starts_with("5001"));
            for table in ["friendships", "feedback", "ad_feedback"] {
                keep(world, table, |_| false);
            }
        }),
        ("every friendship twice", |world| {
            let rows = world.get_mut("friendships").unwrap();
            let again = rows[1..].to_vec();
            rows.extend(again);
        }),
    ];
    for (what, change) in cases {
        assert_eq!(codes(change, AS_OF), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn how_much_may_be_rejected_is_a_share_or_a_number() {
    let dir = tempfile::tempdir().unwrap();
    let mut world = tables();
    world
        .get_mut("friendships")
        .unwrap()
        .push("1,x,2016-01-01T00:00:00Z".to_owned());
    write(&dir.path().join("signals"), &world);
    for (max, code) in [
        ("5%", 0),
        ("0.05", 0),
        ("2%", 1),
        ("0.02", 1),
        ("1", 0),
        ("0", 1),
    ] {
        let line = format!("run --signals signals --out out --as-of {AS_OF} --max-rejects {max}");
        let (ended, _, error) = acquaint(&words(&line), dir.path());
        assert_eq!(ended, code, "{max}: {error}");
    }
    let (ended, _, error) = acquaint(
        &words("run --signals signals --out out --max-rejects most"),
        dir.path(),
    );
    assert!(ended == 2 && error.contains("5%"), "{error}");
}

/// Why a model could not be trained may be that rows were rejected.
#[test]
fn a_training_that_fails_tells_of_rejected_rows() {
    let dir = tempfile::tempdir().unwrap();
    for (table, row, told) in [
        (
            "friendships",
            "one,2,2016-01-01T00:00:00Z",
            "friendships 1 (wrong_type 1)",
        ),
        ("friendships", "1,2,soon", "friendships 1 (wrong_type 1)"),
        (
            "address_book",
            "1010,@anna,2016-01-01T00:00:00Z",
            "username 1",
        ),
        (
            "feedback",
            "5010,5011,blok,2016-09-01T00:00:00Z",
            "feedback 1 (out_of_range 1)",
        ),
        (
            "social_accounts",
            "x,,,,DE,2015-01-01T00:00:00Z,",
            "social_accounts 1 (wrong_type 1)",
        ),
    ] {
        let mut world = tables();
        world.get_mut(table).unwrap().push(row.to_owned());
        write(&dir.path().join("signals"), &world);
        let line = "train friends --signals signals --out friends.json --as-of 2016-12-01";
        let (code, _, error) = acquaint(&words(line), dir.path());
        assert_eq!(code, 2, "{row}: {error}");
        assert!(error.contains("training on"), "{row}: {error}");
        assert!(error.contains(told), "{row}: {error}");
    }
}

/// A program that reads standard output finds results there and nothing else, and the failure on the other side.
#[test]
fn a_failure_under_json_is_told_on_standard_error() {
    let dir = tempfile::tempdir().unwrap();
    for line in [
        "run --signals nowhere --out out --json",
        "run --signals nowhere --json",
    ] {
        let (code, out, error) = acquaint(&words(line), dir.path());
        let last: Value = serde_json::from_str(error.lines().last().unwrap()).unwrap();
        assert_eq!((code, out.as_str()), (2, ""), "{line}");
        assert_eq!(last["format"], "acquaint-error/1", "{line}");
        assert_eq!(last["exit_code"], 2, "{line}");
        let first = error.lines().next().unwrap();
        let told = last["error"].as_str().unwrap().lines().next().unwrap();
        assert!(first.ends_with(told), "{line}: {error}");
    }
    let (_, _, error) = acquaint(&words("run --signals nowhere --out out"), dir.path());
    assert!(!error.contains("acquaint-error"), "{error}");
}
