//! Tables of clicks on the command line: what is imported and measured in one command each, what is told, and what is refused.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::program::{acquaint, words};

/// 40 people and 12 items; whoever likes an item's colour clicks it.
fn clicks() -> String {
    let mut text = String::from("user_id,item_id,timestamp,click,category,device,spent\n");
    for i in 0..2_400_u64 {
        let (user, item) = (i % 40, (i * 7 + i / 40) % 12);
        let clicked = u64::from((user + item) % 3 == 0 && i % 5 != 0);
        let (at, kind) = (
            1_600_000_000 + 60 * i,
            ["food", "shoes"][(item % 2) as usize],
        );
        let device = ["phone", "tablet"][(user % 2) as usize];
        writeln!(text, "u{user},{item},{at},{clicked},{kind},{device},{i}").unwrap();
    }
    text
}

fn import(dir: &Path, more: &str) -> (i32, String, String) {
    fs::write(dir.join("clicks.csv"), clicks()).unwrap();
    let line = format!("import impressions clicks.csv --out signals --form csv {more}");
    acquaint(&words(line.trim_end()), dir)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_table_of_clicks_is_imported_and_measured_in_two_commands() {
    let dir = tempfile::tempdir().unwrap();
    let (code, said, told) = import(dir.path(), "--public-data --json");
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("person is `user_id`, by its name"), "{told}");
    assert!(told.contains("`spent` is left out"), "{told}");
    let said = json(&said);
    assert_eq!(said["rows"]["impressions"], 2_400);
    assert_eq!(said["rows"]["social_accounts"], 40);
    let ids = fs::read_to_string(dir.path().join("signals/ids.csv")).unwrap();
    assert!(ids.starts_with("kind,id,text\nperson,1,u0\n"), "{ids}");
    for (split, seen) in [
        ("rows", "person and ad"),
        ("time", "person and ad"),
        ("person", "new person"),
        ("ad", "new ad"),
    ] {
        let line =
            format!("evaluate ads --signals signals --no-curves --k 3 --split {split} --json -q");
        let (code, said, told) = acquaint(&words(&line), dir.path());
        assert_eq!(code, 0, "{split}: {told}");
        let said = json(&said);
        assert_eq!(said["n_rows"], 2_400, "everybody named is permitted");
        assert_eq!(said["by_field"][0]["values"][0]["value"], seen, "{split}");
        assert_eq!(said["by_field"][0]["values"].as_array().unwrap().len(), 1);
        assert_eq!(said["first"]["k"], 3);
        assert!(said["by_person_decile"].as_array().unwrap().len() > 5);
    }
}

#[test]
fn a_split_by_time_predicts_the_newest_rows() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(import(dir.path(), "--public-data").0, 0);
    let line = "evaluate ads --signals signals --no-curves --split time --json -q";
    let said = json(&acquaint(&words(line), dir.path()).1);
    assert_eq!(said["n_test_rows"], 480);
    let rows = clicks();
    let newest: Vec<&str> = rows.lines().skip(1 + 1_920).collect();
    let clicked = newest
        .iter()
        .filter(|row| row.split(',').nth(3) == Some("1"))
        .count();
    assert_eq!(said["clicks"], clicked);
    for more in ["--seeds 2", "--every-fold"] {
        let (code, _, told) = acquaint(&words(&format!("{line} {more}")), dir.path());
        assert!(code == 2 && told.contains("one newest fifth"), "{told}");
    }
}

#[test]
fn several_seeds_give_a_range() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(import(dir.path(), "--public-data").0, 0);
    let line = "evaluate ads --signals signals --no-curves --split person --seeds 3 -q";
    let (code, said, told) = acquaint(&words(&format!("{line} --json")), dir.path());
    assert_eq!(code, 0, "{told}");
    let said = json(&said);
    let seeds = said["seeds"].as_array().unwrap();
    assert_eq!(seeds.len(), 3);
    assert_eq!(seeds[0]["model"], said["model"]);
    assert_ne!(seeds[0]["clicks"], seeds[1]["clicks"]);
    let table = acquaint(&words(line), dir.path()).1;
    assert!(
        table.contains("\nlowest") && table.contains("\nhighest"),
        "{table}"
    );
}

/// Whom nobody asked counts as having agreed only on somebody's word.
#[test]
fn deny_import_without_the_word_that_data_are_public() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, told) = import(dir.path(), "");
    assert!(code == 2 && told.contains("--public-data"), "{told}");
    assert!(!dir.path().join("signals").exists());
}

#[test]
fn the_example_of_the_help_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = tempfile::tempdir().unwrap();
    let (out, table) = (
        dir.path().join("signals"),
        root.join("data/quickstart/impressions.csv"),
    );
    let (out, table) = (out.to_str().unwrap(), table.to_str().unwrap());
    let args = [
        "import",
        "impressions",
        table,
        "--public-data",
        "--label",
        "clicks",
        "--out",
        out,
    ];
    let (code, said, told) = acquaint(&args, dir.path());
    assert_eq!(code, 0, "{told}");
    assert!(said.contains("impressions"), "{said}");
}

/// Everybody's favourite is clicked in 0.3 of the rounds: a policy that learns it is told from chance.
#[test]
fn the_log_of_the_example_tells_a_model_from_chance() {
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/clicks/logged_policy.csv");
    let log = log.to_str().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (code, said, told) = acquaint(&["evaluate", "policy", log, "--json", "-q"], dir.path());
    assert_eq!(code, 0, "{told}");
    let said = json(&said);
    let of = |place: usize, end: &str| said["policies"][place]["dr"][end].as_f64().unwrap();
    assert!(of(2, "low") > of(1, "high"), "{said}");
    assert!(of(2, "low") < 0.3 && 0.3 < of(2, "high"), "{said}");
    // 1 item in 4 is the favourite: 0.25 · 0.3 + 0.75 · 0.06.
    assert!(of(1, "low") < 0.12 && 0.12 < of(1, "high"), "{said}");
}

/// Two items, one clicked twice as often, shown in 3 of 4 rounds the worse.
fn log() -> String {
    let mut text = String::from("timestamp,item_id,click,pscore\n");
    for i in 0..4_000_u64 {
        let item = u64::from(i % 4 == 0);
        let clicked = u64::from((i / 4) % 10 < 2 + 2 * item);
        let p = [0.75, 0.25][usize::from(item == 1)];
        writeln!(text, "{},{item},{clicked},{p}", 1_600_000_000 + i).unwrap();
    }
    text
}

#[test]
fn policies_are_evaluated_from_a_log() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("log.csv"), log()).unwrap();
    let (code, said, told) = acquaint(&words("evaluate policy log.csv --json -q"), dir.path());
    assert_eq!(code, 0, "{told}");
    let said = json(&said);
    let value = |place: usize, of: &str| said["policies"][place][of]["value"].as_f64().unwrap();
    for (place, truth) in [(0, 0.25), (1, 0.3), (2, 0.4)] {
        for of in ["ips", "snips", "dr"] {
            assert!(
                (value(place, of) - truth).abs() < 0.01,
                "{place} {of}: {said}"
            );
        }
    }
    let (code, _, told) = acquaint(
        &words("evaluate policy log.csv --leave-out pscore"),
        dir.path(),
    );
    assert!(code == 2 && told.contains("--propensity"), "{told}");
    let (code, table, _) = acquaint(&words("evaluate policy log.csv -q"), dir.path());
    assert!(code == 0 && table.contains("SNIPS"), "{table}");
}
