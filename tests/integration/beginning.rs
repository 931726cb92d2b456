//! `init` gives a directory to begin with, and never makes up a consent.

use std::fs;
use std::path::Path;

use crate::support::program::{acquaint, done, words};

fn rows(path: &Path) -> Vec<csv::StringRecord> {
    let mut rows = csv::Reader::from_path(path).unwrap();
    rows.records().map(Result::unwrap).collect()
}

#[test]
fn a_directory_to_begin_with_has_what_check_asks_for() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let told = done("init own", at);
    assert!(told.contains("4 empty tables"), "{told}");
    let (code, told, error) = acquaint(
        &words("check own/signals --config own/acquaint.toml --quiet"),
        at,
    );
    assert_ne!(code, 2, "{error}");
    assert!(!told.contains("there is no table"), "{told}");
    assert_eq!(acquaint(&words("init own"), at).0, 2, "what is there stays");
    done("init more --all", at);
    assert!(at.join("more/signals/business_events.csv").exists());
}

#[test]
fn deny_consent_that_nobody_stated() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    fs::write(at.join("list.csv"), "account_id\n12\n").unwrap();
    let (code, _, error) = acquaint(&words("init own --accounts list.csv"), at);
    assert_eq!(code, 2);
    assert!(error.contains("--noticed-at"), "{error}");
    assert!(!at.join("own").exists());
    let line = "init own --accounts list.csv --accepted-at 2016-09-01";
    let told = done(line, at);
    assert!(told.contains("fill in `share`"), "{told}");
    assert!(told.contains("without a notice"), "{told}");
    assert!(rows(&at.join("own/signals/consent_events.csv")).is_empty());
    let drafted = rows(&at.join("own/consent_to_confirm.csv"));
    assert_eq!(drafted.len(), 1, "an acceptance, and no notice");
    assert!(drafted[0].iter().any(|cell| cell == "accept"));
    assert!(
        drafted[0]
            .iter()
            .all(|cell| cell != "true" && cell != "false")
    );
}

#[test]
fn moments_of_the_list_count_before_those_for_all() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    fs::write(at.join("notice.txt"), "We will share your number.").unwrap();
    fs::write(
        at.join("list.csv"),
        "account_id,accepted_at,share\n12,2016-09-01T10:00:00Z,true\n13,,\n14,2016-09-02,false\n",
    )
    .unwrap();
    let line =
        "init own --accounts list.csv --noticed-at 2016-08-25 --policy 1 --notice-text notice.txt";
    let told = done(line, at);
    assert!(
        told.contains("3 notices and 2 acceptances of 3 accounts"),
        "{told}"
    );
    assert!(!told.contains("fill in"), "{told}");
    fs::copy(
        at.join("own/consent_to_confirm.csv"),
        at.join("own/signals/consent_events.csv"),
    )
    .unwrap();
    let (_, told, _) = acquaint(&words("check own/signals --quiet --json"), at);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        told["found"]["rejected"].as_array().map(Vec::len),
        Some(0),
        "{told}"
    );
    // The same twice is one event; one account that left sharing on and did not is a contradiction, which the reader refuses.
    let list = "account_id,accepted_at,share\n12,2016-09-01,true\n12,2016-09-01,true\n12,2016-09-01,false\n";
    fs::write(at.join("list.csv"), list).unwrap();
    done("init twice --accounts list.csv", at);
    let drafted = rows(&at.join("twice/consent_to_confirm.csv"));
    assert_eq!(drafted.len(), 2);
    assert_eq!(
        drafted[0][0], drafted[1][0],
        "one id, and what it says differs"
    );
    for wrong in [
        "account_id\nx\n",
        "account_id,accepted_at\n1,soon\n",
        "account_id,share\n1,maybe\n",
        "id\n1\n",
    ] {
        fs::write(at.join("list.csv"), wrong).unwrap();
        let (code, _, error) = acquaint(
            &words("init other --accounts list.csv --accepted-at 2016-09-01"),
            at,
        );
        assert_eq!(code, 2, "{wrong}: {error}");
        assert!(error.contains("list.csv"), "{wrong}: {error}");
    }
}
