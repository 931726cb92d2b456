//! Whom nobody knows: no ordinary answer is given about them, and nothing is done to them.

use std::fs;
use std::path::Path;

use crate::support::program::{acquaint, done};
use crate::support::restricted::{CONFIG, tables, write};

fn world() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("signals"), &tables());
    fs::write(dir.path().join("acquaint.toml"), CONFIG).unwrap();
    done(
        "consent import --quiet --ledger ledger --signals signals",
        dir.path(),
    );
    dir
}

fn ask(line: &str, dir: &Path) -> (i32, String, String) {
    acquaint(&line.split(' ').collect::<Vec<_>>(), dir)
}

#[test]
fn nobody_who_is_unknown_is_explained() {
    let dir = world();
    let about = "--signals signals --config acquaint.toml --quiet";
    for (who, unknown) in [
        ("suggestion 9 5010", "9"),
        ("suggestion 5010 9", "9"),
        ("suggestion 8 9", "8"),
        ("suggestion 1010 5010", "1010"),
        ("ad 9 9001", "9"),
        ("ad 1010 9001", "1010"),
    ] {
        let (code, _, error) = ask(&format!("explain {who} {about}"), dir.path());
        assert_eq!(code, 1, "{who}");
        assert!(
            error.contains(&format!("{unknown} is unknown:")),
            "{who}: {error}"
        );
        let (code, json, _) = ask(&format!("explain {who} {about} --json"), dir.path());
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (code, &json["why_not"]["by"]),
            (1, &"unknown_person".into()),
            "{who}"
        );
    }
    // Whoever opted out is known, and so is who has not come yet at another moment.
    for line in [
        "suggestion 5004 5010",
        "suggestion 5010 5006",
        "ad 5010 9001",
    ] {
        let (code, _, error) = ask(&format!("explain {line} {about}"), dir.path());
        assert_eq!(code, 0, "{line}: {error}");
    }
    let early = format!("explain suggestion 5010 5011 {about} --as-of 2014-01-01");
    assert_eq!(ask(&early, dir.path()).0, 1);
}

#[test]
fn a_number_that_was_typed_is_not_printed() {
    let dir = world();
    for line in [
        "consent status 7 --ledger ledger --as-of +4915112345678",
        "consent status 7 --ledger ledger --known-at 4915112345678",
        "consent status +4915112345678 --ledger ledger",
        "consent status 4915112345678 --ledger ledger",
        "consent history 4915112345678 --ledger ledger",
        "consent prove 4915112345678 --ledger ledger",
        "consent erase 4915112345678 --ledger ledger",
        "consent matrix --region +4915112345678",
        "consent status 7 --ledger +4915112345678",
        "consent status 7 --ledger ledger --profile +4915112345678",
        "consent history 7 +4915112345678 --ledger ledger",
        "consent +4915112345678",
        "consent export --ledger ledger --out o --form 4915112345678",
        "consent import --ledger ledger --signals +4915112345678",
        "consent append --ledger ledger +4915112345678",
        "consent check --ledger ledger --since +4915112345678",
        "identity psi blind --input x --purpose +4915112345678 --session s",
        "identity psi blind --input +4915112345678 --purpose abuse --session s",
        "identity psi listen --address +4915112345678 --input x --purpose abuse",
        "identity psi reply --session +4915112345678 --message +4915112345678",
    ] {
        let (code, out, error) = ask(line, dir.path());
        assert_ne!(code, 0, "{line}");
        let told = format!("{out}{error}");
        assert!(!told.contains("4915112345678"), "{line}: {told}");
        assert!(told.contains("(number)"), "{line}: {told}");
    }
}

#[test]
fn no_cause_of_the_database_is_told_twice() {
    let dir = world();
    let file = dir.path().join("ledger/ledger.sqlite");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let (code, _, error) = ask("consent root --ledger ledger", dir.path());
    assert_eq!(code, 2);
    assert_eq!(
        error,
        "acquaint: cannot open ledger/ledger.sqlite: unable to open database file\n"
    );
}

#[test]
fn nobody_who_is_unknown_is_erased() {
    let dir = world();
    let root = || done("consent root --ledger ledger", dir.path());
    let before = root();
    for account in [9, 5010, 0, u64::MAX] {
        let (code, out, error) = ask(
            &format!("consent erase {account} --ledger ledger"),
            dir.path(),
        );
        assert_eq!((code, out.as_str()), (1, ""), "{account}");
        assert!(error.contains("nothing was erased"), "{error}");
    }
    assert_eq!(root(), before, "nothing is recorded");
    // Somebody who comes later is not denied for it.
    let notice = tables()["consent_events"][1].clone();
    let digest = notice.split(',').nth(7).unwrap().to_owned();
    let lines = [
        format!("{{\"account_id\":9,\"kind\":\"notice_served\",\"policy\":1,\"text_digest\":\"{digest}\",\"known_time\":\"2016-09-01T00:00:00Z\"}}"),
        "{\"account_id\":9,\"kind\":\"accept\",\"share\":true,\"known_time\":\"2016-09-02T00:00:00Z\"}".to_owned(),
    ];
    fs::write(dir.path().join("events.jsonl"), lines.join("\n")).unwrap();
    done("consent append --ledger ledger events.jsonl", dir.path());
    let status = "consent status 9 --ledger ledger --json --as-of 2016-09-05";
    let status: serde_json::Value = serde_json::from_str(&done(status, dir.path())).unwrap();
    assert_eq!(status["state"], "unknown", "{status}");
    let erased = done("consent erase 9 --ledger ledger", dir.path());
    assert!(erased.starts_with("destroyed "), "{erased}");
    let after = root();
    let again = done("consent erase 9 --ledger ledger", dir.path());
    assert!(again.contains("was erased before"), "{again}");
    assert_eq!(root(), after);
}

/// The events do not say since when an account is registered nor where it lives, and states depend on both.
#[test]
fn a_state_that_depends_on_what_is_not_known_is_not_said() {
    let dir = world();
    let json = |line: &str| -> serde_json::Value {
        serde_json::from_str(&done(&format!("{line} --json"), dir.path())).unwrap()
    };
    for (account, at, state, possible) in [
        (1010, "2016-11-15", "accepted_window_over", "suspended"),
        (1011, "2016-11-15", "accepted_window_over", "suspended"),
        (1014, "2016-11-15", "suspended", "accepted_window_over"),
        (1004, "2016-11-15", "opted_out", "suspended"),
        (1010, "2016-09-05", "accepted_window_open", "notified"),
    ] {
        let line = format!("consent status {account} --ledger ledger --as-of {at}");
        let without = json(&line);
        assert_eq!(without["state"], "unknown", "{without}");
        let states = without["possible_states"].to_string();
        assert!(
            states.contains(state) && states.contains(possible),
            "{states}"
        );
        let said = done(&line, dir.path());
        assert!(
            said.contains(" or ") && said.contains("--signals"),
            "{said}"
        );
        let with = json(&format!("{line} --signals signals"));
        assert_eq!(with["state"], state, "{account} {at}");
        assert!(with["possible_states"].is_null());
    }
    // Whoever is gone is gone wherever they lived.
    let gone = json("consent status 1008 --ledger ledger --as-of 2016-11-15");
    assert_eq!(gone["state"], "superseded");
}

#[test]
fn a_status_says_what_is_known_of_the_region() {
    let dir = world();
    let at = "--ledger ledger --as-of 2016-11-15";
    let json = |line: &str| -> serde_json::Value {
        serde_json::from_str(&done(&format!("{line} --json"), dir.path())).unwrap()
    };
    let without = format!("consent status 1010 {at}");
    let said = done(&without, dir.path());
    assert!(
        said.contains("region unknown") && said.contains("opt-in"),
        "{said}"
    );
    assert!(said.contains("without --signals"), "{said}");
    let said = json(&without);
    assert_eq!(
        (&said["region_known"], &said["profile"]),
        (&false.into(), &"opt-in".into())
    );
    assert_eq!(said["purposes"]["friend_suggestions"]["allowed"], false);
    let with = format!("{without} --signals signals");
    let said = done(&with, dir.path());
    assert!(
        !said.contains("unknown") && said.contains("notice-and-opt-out"),
        "{said}"
    );
    let said = json(&with);
    assert_eq!(said["region_known"], true);
    assert_eq!(said["purposes"]["friend_suggestions"]["allowed"], true);
    let strict = json(&format!("{with} --profile opt-in"));
    assert_eq!(
        (&strict["region_known"], &strict["profile"]),
        (&true.into(), &"opt-in".into())
    );
    // An account that has events and no row.
    let events = "{\"account_id\":9,\"kind\":\"opt_out\",\"known_time\":\"2016-09-02T00:00:00Z\"}";
    fs::write(dir.path().join("events.jsonl"), events).unwrap();
    done("consent append --ledger ledger events.jsonl", dir.path());
    let said = done(
        &format!("consent status 9 {at} --signals signals"),
        dir.path(),
    );
    assert!(said.contains("messenger_accounts has no row"), "{said}");
}

#[test]
fn deny_a_status_of_somebody_unknown_whatever_happened_to_others() {
    let dir = world();
    done("consent erase 1011 --ledger ledger", dir.path());
    for account in [9, 5010] {
        let line = format!("consent status {account} --ledger ledger");
        let (code, out, error) = ask(&line, dir.path());
        assert_eq!((code, out.as_str()), (1, ""), "{account}");
        assert!(error.contains("has nothing about account"), "{error}");
    }
    let erased = done("consent status 1011 --ledger ledger --json", dir.path());
    assert!(erased.contains("invalidated"), "{erased}");
}
