//! The program as a person or a script meets it: help, exit codes, JSON, numbers that never show.

use std::fs;
use std::path::Path;

use acquaint::engine::RunParams;
use acquaint::signals::TableForm;

use crate::support::{program, small_world, write_world};

fn acquaint(args: &[&str]) -> (i32, String, String) {
    program::acquaint(args, Path::new("."))
}

fn path(dir: &Path, name: &str) -> String {
    dir.join(name).to_str().unwrap().to_owned()
}

#[test]
fn every_verb_has_help_with_an_example() {
    for verb in [
        &["run"][..],
        &["synth"],
        &["import", "edges"],
        &["import", "impressions"],
        &["evaluate", "friends"],
        &["evaluate", "ads"],
        &["evaluate", "policy"],
        &["train", "friends"],
        &["explain", "suggestion"],
        &["explain", "ad"],
        &["report"],
        &["identity", "normalise"],
        &["identity", "tokens"],
        &["identity", "match"],
        &["identity", "link"],
        &["identity", "fit"],
        &["identity", "evaluate"],
    ] {
        let (code, help, _) = acquaint(&[verb, &["--help"]].concat());
        assert!(code == 0 && help.contains("Example:"), "{verb:?}");
    }
    assert_eq!(acquaint(&["walk"]).0, 2);
}

/// The columns of CSV, without its header.
fn cells(csv: &str) -> Vec<Vec<&str>> {
    csv.lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect()
}

#[test]
fn match_link_and_evaluate_in_a_pipeline() {
    let dir = tempfile::tempdir().unwrap();
    let (signals, truth) = (path(dir.path(), "signals"), path(dir.path(), "owners.csv"));
    let synth = [
        "synth", "--users", "400", "--seed", "9", "--out", &signals, "--truth", &truth,
    ];
    assert_eq!(acquaint(&synth).0, 0);
    for verb in ["match", "link"] {
        let ask = |threads| {
            acquaint(&[
                "identity",
                verb,
                "--signals",
                &signals,
                "--threads",
                threads,
            ])
        };
        let (code, one, counts) = ask("1");
        assert!(
            code == 0 && cells(&one).len() > 100,
            "{verb}: {one}{counts}"
        );
        assert_eq!(one, ask("2").1, "{verb}");
        assert!(!one.contains('+'), "no number: {one}");
    }
    let (code, json, _) = acquaint(&[
        "identity",
        "evaluate",
        "--signals",
        &signals,
        "--truth",
        &truth,
        "--json",
    ]);
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(code == 0 && found["thresholds"][2]["wrong"] == 0, "{json}");
    let (code, _, error) = acquaint(&[
        "identity",
        "link",
        "--signals",
        &signals,
        "--threshold",
        "0.3",
    ]);
    assert!(code == 2 && error.contains("between 0.5 and 1"), "{error}");
    let (code, _, error) = acquaint(&[
        "identity",
        "evaluate",
        "--signals",
        &signals,
        "--truth",
        &signals,
    ]);
    assert!(code == 2 && error.contains(&signals), "{error}");
}

#[test]
fn a_fitted_model_is_a_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let signals = path(dir.path(), "signals");
    write_world(Path::new(&signals), TableForm::Csv, &small_world(400, 5));
    let (code, model, _) = acquaint(&["identity", "fit", "--signals", &signals]);
    assert!(code == 0 || code == 1, "settled or not");
    let config = path(dir.path(), "acquaint.toml");
    fs::write(&config, model).unwrap();
    let (code, links, error) = acquaint(&[
        "identity",
        "link",
        "--signals",
        &signals,
        "--config",
        &config,
    ]);
    assert!(code == 0 && cells(&links).len() > 50, "{error}");
}

#[test]
fn synth_run_and_report_in_a_pipeline() {
    let dir = tempfile::tempdir().unwrap();
    let (signals, out) = (path(dir.path(), "signals"), path(dir.path(), "out"));
    let synth = [
        "synth", "--users", "80", "--seed", "9", "--form", "csv", "--out", &signals,
    ];
    assert_eq!(acquaint(&synth).0, 0);
    let (code, summary, _) = acquaint(&["run", "--signals", &signals, "--out", &out]);
    assert!(
        code == 0 && summary.contains("row counts add up"),
        "{summary}"
    );
    let (code, json, _) = acquaint(&[
        "run",
        "--signals",
        &signals,
        "--out",
        &out,
        "--json",
        "--threads",
        "1",
    ]);
    let manifest: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(
        code == 0
            && manifest["stages"]
                .as_array()
                .is_some_and(|stages| !stages.is_empty())
    );
    let (code, page, _) = acquaint(&["report", &out]);
    assert_eq!(
        (code, page.trim_end()),
        (
            0,
            fs::read_to_string(path(dir.path(), "out/report.html"))
                .unwrap()
                .trim_end()
        )
    );
}

/// A synthetic world carries its truth, and the model is measured beside it; without the table there is no such key.
#[test]
fn ads_are_evaluated_beside_the_truth_of_a_synthetic_world() {
    let dir = tempfile::tempdir().unwrap();
    let signals = path(dir.path(), "signals");
    let synth = [
        "synth", "--users", "300", "--seed", "4", "--form", "csv", "--out", &signals,
    ];
    assert_eq!(acquaint(&synth).0, 0);
    let evaluate = |more: &[&str]| {
        let ask = ["evaluate", "ads", "--signals", &signals];
        let (code, out, error) = acquaint(&[&ask, more].concat());
        assert_eq!(code, 0, "{error}");
        out
    };
    let json: serde_json::Value = serde_json::from_str(&evaluate(&["--json"])).unwrap();
    let loss = |who: &str| json[who]["log_loss"].as_f64().unwrap();
    assert!(loss("truth") < loss("model") && loss("truth") < loss("base_rate"));
    for who in ["model", "base_rate", "truth"] {
        for figure in ["log_loss", "ne", "auc", "ece", "calibration_ratio"] {
            assert!(json[who][figure].is_f64(), "{who} {figure}");
        }
    }
    assert_eq!(
        json["learning_curve"]["by_epochs"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    let again: serde_json::Value =
        serde_json::from_str(&evaluate(&["--json", "--threads", "1"])).unwrap();
    assert_eq!(again, json, "threads do not show");
    assert!(evaluate(&["--no-curves"]).contains("truth"));
    fs::remove_file(path(dir.path(), "signals/ad_truth.csv")).unwrap();
    let (code, _, error) = acquaint(&["evaluate", "ads", "--signals", &signals]);
    assert_eq!(code, 2);
    assert!(
        error.contains("ad_truth.csv is listed in sums.json"),
        "{error}"
    );
    assert_eq!(acquaint(&["seal", &signals]).0, 0);
    let json: serde_json::Value =
        serde_json::from_str(&evaluate(&["--json", "--no-curves", "--seed", "1"])).unwrap();
    assert!(json.get("truth").is_none() && json.get("learning_curve").is_none());
}

#[test]
fn imported_edges_give_the_suggestions_of_the_edges() {
    let dir = tempfile::tempdir().unwrap();
    let (edges, signals, out, config) = (
        path(dir.path(), "edges.csv"),
        path(dir.path(), "signals"),
        path(dir.path(), "out"),
        path(dir.path(), "a.toml"),
    );
    fs::write(&edges, "user_a,user_b\n0,1\n0,2\n3,1\n3,2\n").unwrap();
    fs::write(&config, "[suggest]\nscore = \"common-neighbours\"\n").unwrap();
    assert_eq!(
        acquaint(&["import", "edges", &edges, "--out", &signals]).0,
        0
    );
    let (code, summary, error) = acquaint(&[
        "run",
        "--signals",
        &signals,
        "--out",
        &out,
        "--config",
        &config,
    ]);
    assert_eq!(code, 0, "{error}");
    assert!(
        summary.contains("suggestions.parquet        4 "),
        "0-3 and 1-2, both ways: {summary}"
    );
    let (code, json, _) = acquaint(&["evaluate", "friends", "--edges", &edges, "--json"]);
    assert!(code == 0 && json.contains("\"heuristics\"") && json.contains("\"map_at_k\""));
}

#[test]
fn an_ad_is_explained_and_so_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let signals = path(dir.path(), "signals");
    let made = ["synth", "--users", "60", "--seed", "4", "--form", "csv"];
    assert_eq!(acquaint(&[&made[..], &["--out", &signals]].concat()).0, 0);
    let ads = fs::read_to_string(dir.path().join("signals/ads.csv")).unwrap();
    let people = fs::read_to_string(dir.path().join("signals/social_accounts.csv")).unwrap();
    let mut found = [false; 3];
    for (person, ad) in cells(&people).iter().zip(cells(&ads).iter().cycle()) {
        let args = ["explain", "ad", person[0], ad[0], "--signals", &signals];
        let (code, why, error) = acquaint(&args);
        assert_eq!(code, 0, "{error}");
        found[0] |=
            why.contains("is shown to") && why.contains("the lowest bid that keeps the rank");
        found[1] |= why.contains("allowed for ad_relevance") && why.contains("social_accounts.");
        found[2] |= why.contains("is not shown to") && why.contains("the gate denies the person");
        if found == [true; 3] {
            let (_, json, _) = acquaint(&[&args[..], &["--json"]].concat());
            assert!(json.contains("\"why_not\""), "{json}");
            return;
        }
    }
    panic!("{found:?}");
}

#[test]
fn a_suggestion_is_explained_and_so_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let (edges, signals, config) = (
        path(dir.path(), "edges.csv"),
        path(dir.path(), "signals"),
        path(dir.path(), "k.toml"),
    );
    // 1 and 4 have 2 and 3 in common; 5 has only 4.
    fs::write(&edges, "1,2\n1,3\n2,4\n3,4\n4,5\n").unwrap();
    assert_eq!(
        acquaint(&["import", "edges", &edges, "--out", &signals]).0,
        0
    );
    let explain = |user: &str, candidate: &str, more: &[&str]| {
        let args = [
            "explain",
            "suggestion",
            user,
            candidate,
            "--signals",
            &signals,
        ];
        let (code, out, error) = acquaint(&[&args, more].concat());
        assert_eq!(code, 0, "{error}");
        out
    };
    let why = explain("1", "4", &[]);
    assert!(why.contains("in place 1"), "{why}");
    assert!(
        why.contains("2 mutual friends, among them 2 and 3"),
        "{why}"
    );
    let why = explain("1", "5", &[]);
    assert!(why.contains("no one in common"), "{why}");
    let why = explain("2", "5", &[]);
    assert!(why.contains("people in common: 1; needed: 2"), "{why}");
    assert!(explain("1", "2", &[]).contains("already friends"));
    fs::write(&config, "[suggest]\nk = 1\nmin_intermediaries = 1\n").unwrap();
    let json = explain("4", "1", &["--json", "--config", &config]);
    assert!(
        json.contains("\"rank\": 1") && json.contains("\"why_not\": null"),
        "{json}"
    );
}

#[test]
fn failures_name_what_is_wrong_and_exit_with_2() {
    let dir = tempfile::tempdir().unwrap();
    let (nowhere, out, config) = (
        path(dir.path(), "nowhere"),
        path(dir.path(), "out"),
        path(dir.path(), "a.toml"),
    );
    let (code, _, error) = acquaint(&["run", "--signals", &nowhere, "--out", &out]);
    assert!(code == 2 && error.contains("nowhere"), "{error}");
    fs::write(&config, "[suggest]\nkk = 3\n").unwrap();
    let (code, _, error) = acquaint(&[
        "run",
        "--signals",
        &nowhere,
        "--out",
        &out,
        "--config",
        &config,
    ]);
    assert!(
        code == 2 && error.contains("line 2, column 1") && error.contains("kk"),
        "{error}"
    );
}

#[test]
fn too_many_rejects_are_a_finding() {
    let dir = tempfile::tempdir().unwrap();
    let (signals, out) = (path(dir.path(), "signals"), path(dir.path(), "out"));
    write_world(
        &dir.path().join("signals"),
        TableForm::Csv,
        &small_world(40, 8),
    );
    let book = dir.path().join("signals/address_book.csv");
    let text = fs::read_to_string(&book).unwrap() + "1,2\n";
    fs::write(&book, text).unwrap();
    let run = ["run", "--signals", &signals, "--out", &out];
    let (code, _, error) = acquaint(&run);
    assert!(
        code == 0 && error.contains("1 row was rejected: address_book 1 (malformed 1)"),
        "{error}"
    );
    assert_eq!(acquaint(&[&run[..], &["--max-rejects", "0"]].concat()).0, 1);
}

#[test]
fn deny_numbers_in_anything_that_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (signals, out) = (path(dir.path(), "signals"), path(dir.path(), "out"));
    let world = small_world(80, 10);
    write_world(&dir.path().join("signals"), TableForm::Csv, &world);
    let (_, stdout, stderr) = acquaint(&["run", "--signals", &signals, "--out", &out, "--json"]);
    let mut written = stdout + &stderr;
    for entry in fs::read_dir(&out).unwrap() {
        written += &String::from_utf8_lossy(&fs::read(entry.unwrap().path()).unwrap());
    }
    for account in &world.messenger_accounts {
        let digits: String = account
            .phone
            .expose()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        assert!(!written.contains(&digits), "a number got out");
    }
}

#[test]
fn synth_has_the_effects_and_the_ads_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let made = |name: &str, effects: &str| {
        let out = path(dir.path(), name);
        let synth = [
            "synth",
            "--users",
            "60",
            "--ads",
            "12",
            "--form",
            "csv",
            "--effects",
            effects,
            "--out",
            &out,
        ];
        let (code, _, said) = acquaint(&synth);
        let read = |table: &str| fs::read_to_string(Path::new(&out).join(table));
        (code, said, read("ad_truth.csv").ok(), read("ads.csv").ok())
    };
    let (none, all) = (made("none", "none"), made("all", "all,fatigue=0"));
    assert_eq!((none.0, all.0), (0, 0), "{} {}", none.1, all.1);
    assert_ne!(none.2, all.2);
    assert_eq!(none.3, all.3);
    assert_eq!(cells(&all.3.unwrap()).len(), 12);
    let (code, said, truth, _) = made("typo", "histroy=1");
    assert!(code == 2 && said.contains("friends, fatigue"), "{said}");
    assert_eq!(truth, None);
}

#[test]
fn settings_in_the_directory_are_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let ask = |line: &str| program::acquaint(&program::words(line), at);
    let (code, defaults, _) = ask("config --defaults");
    assert_eq!(code, 0);
    assert_eq!(
        RunParams::from_toml(&defaults).unwrap(),
        RunParams::default()
    );
    assert_eq!(ask("config"), (0, defaults.clone(), String::new()));
    fs::write(at.join("acquaint.toml"), "[suggest]\nk = 3\n").unwrap();
    fs::write(at.join("other.toml"), "[suggest]\nk = 4\n").unwrap();
    let (code, here, told) = ask("config");
    assert_eq!((code, told.contains("acquaint.toml")), (0, true), "{told}");
    let with_k = |k| {
        let suggest = RunParams::default().suggest.k(k);
        RunParams {
            suggest,
            ..RunParams::default()
        }
    };
    assert_eq!(RunParams::from_toml(&here).unwrap(), with_k(3));
    let (_, other, told) = ask("config --config other.toml");
    assert_eq!(
        (RunParams::from_toml(&other).unwrap(), told.as_str()),
        (with_k(4), "")
    );
    assert_eq!(ask("config --defaults").1, defaults);
    write_world(&at.join("tables"), TableForm::Parquet, &small_world(60, 3));
    let (code, manifest, told) = ask("run --signals tables --out out --json --quiet");
    assert_eq!(code, 0, "{told}");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["parameters"]["suggest"]["k"], 3);
    fs::write(at.join("acquaint.toml"), "[suggest]\nkk = 3\n").unwrap();
    let (code, _, told) = ask("run --signals tables --out out --quiet");
    assert!(
        code == 2 && told.contains("acquaint.toml") && told.contains("kk"),
        "{told}"
    );
}
