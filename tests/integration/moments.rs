//! Which moment a run speaks of: no single row and no event moves it, and what cannot be from when it says is told.

use std::fs;
use std::path::Path;

use acquaint::consent::{Event, EventKind, PolicyId, Subject, TextDigest};
use acquaint::engine::outputs::Manifest;
use acquaint::engine::{
    self, GivenModels, LedgerSource, RunParams, RunRequest, Silent, Times, VerifyRequest,
};
use acquaint::ids::{AccountId, EventId};
use acquaint::ledger::{NewEvent, Writer};
use acquaint::time::Timestamp;
use tempfile::TempDir;

use crate::support::program::{acquaint, done};
use crate::support::restricted::{AS_OF, CONFIG, Tables, tables, write};
use crate::support::{read_table, u64s};

const NOW: &str = "2026-01-01T00:00:00Z";
const LATER: &str = "2099-01-01T00:00:00Z";

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn world_with(table: &str, row: &str) -> Tables {
    let mut world = tables();
    world.get_mut(table).unwrap().push(row.to_owned());
    world
}

fn on_disk(world: &Tables) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("signals"), world);
    fs::write(dir.path().join("acquaint.toml"), CONFIG).unwrap();
    dir
}

fn run(dir: &Path, times: Times, ledger: Option<&LedgerSource<'_>>) -> Manifest {
    let params = RunParams::from_toml(CONFIG).unwrap().check().unwrap();
    let request = RunRequest {
        signals: &dir.join("signals"),
        ledger,
        out: &dir.join("out"),
        params: &params,
        times,
        published_known: None,
        models: GivenModels::default(),
        reads: &[],
    };
    engine::run(&request, &|_| Ok("page".to_owned()), &Silent).unwrap()
}

/// By a caller with a clock who names no moment.
fn unasked(dir: &Path) -> Manifest {
    let times = Times {
        latest: Some(time(NOW)),
        ..Times::default()
    };
    run(dir, times, None)
}

fn pairs(dir: &Path) -> Vec<(u64, u64)> {
    let rows = read_table(&dir.join("out/suggestions.parquet"));
    let users = u64s(&rows, "user_id").into_iter();
    let mut pairs: Vec<_> = users.zip(u64s(&rows, "candidate_id")).collect();
    pairs.sort_unstable();
    pairs
}

fn verified(dir: &Path, ledger: Option<&LedgerSource<'_>>) -> bool {
    let request = VerifyRequest {
        out: &dir.join("out"),
        signals: &dir.join("signals"),
        ledger,
        audience_key: None,
        keep: None,
        max_reruns: 0,
    };
    let verdict = engine::verify(&request, &|_| Ok("page".to_owned()), &Silent);
    verdict.unwrap().is_clean()
}

/// The world as it is, and the moment it speaks of.
fn undisturbed() -> (Vec<(u64, u64)>, Timestamp) {
    let dir = on_disk(&tables());
    let manifest = unasked(dir.path());
    assert_eq!(manifest.findings, []);
    (pairs(dir.path()), manifest.as_of.valid)
}

const ACCOUNT: &str = "1099,+4915120001099,DE,2015-01-01T00:00:00Z,SEEN,2015-01-01T00:00:00Z,,,,,";

#[test]
fn no_row_from_the_future_moves_the_moment() {
    let (expected, moment) = undisturbed();
    assert_eq!(moment, time("2016-11-01T00:00:00Z"));
    let account = ACCOUNT.replace("SEEN", LATER);
    for (table, row) in [
        ("messenger_accounts", account.as_str()),
        ("social_accounts", &format!("5099,,contact,,DE,{LATER},")),
        ("friendships", &format!("5010,5014,{LATER}")),
        ("business_opt_ins", &format!("301,1012,{LATER},")),
        (
            "consent_events",
            &format!("990,1099,,defer,{LATER},{LATER},,,,"),
        ),
    ] {
        let dir = on_disk(&world_with(table, row));
        let manifest = unasked(dir.path());
        assert_eq!(manifest.as_of.valid, moment, "{table}");
        assert!(manifest.as_of.published_known < time(NOW), "{table}");
        let stage = manifest.stage(&format!("{table} → records")).unwrap();
        assert_eq!(stage.dropped["from_the_future"], 1, "{table}");
        assert_eq!(pairs(dir.path()), expected, "{table}");
        assert!(verified(dir.path(), None), "{table}");
    }
}

#[test]
fn no_row_that_stands_alone_moves_the_moment() {
    let (expected, moment) = undisturbed();
    let account = ACCOUNT.replace("SEEN", "2025-06-01T00:00:00Z");
    for (table, row) in [
        ("messenger_accounts", account.as_str()),
        ("friendships", "5010,5014,2025-06-01T00:00:00Z"),
        ("friendships", "5010,5014,2017-03-02T00:00:00Z"),
        ("feedback", "5010,5014,dismiss,2025-06-01T00:00:00Z"),
        ("abuse_reports", "1010,1014,spam,2025-06-01T00:00:00Z"),
    ] {
        let dir = on_disk(&world_with(table, row));
        let manifest = unasked(dir.path());
        assert_eq!(manifest.as_of.valid, moment, "{row}");
        let [finding] = &manifest.findings[..] else {
            panic!("{row}: {:?}", manifest.findings);
        };
        assert_eq!(finding.code, "one_row_is_alone", "{row}");
        let place = finding.place.as_ref().unwrap();
        assert_eq!(place.file, format!("{table}.csv"), "{row}");
        assert_eq!(pairs(dir.path()), expected, "{row}");
    }
    // A month is no more than a quiet month.
    let dir = on_disk(&world_with("friendships", "5010,5014,2016-12-01T00:00:00Z"));
    let manifest = unasked(dir.path());
    assert_eq!(manifest.as_of.valid, time("2016-12-01T00:00:00Z"));
    assert_eq!(manifest.findings, []);
}

#[test]
fn what_is_taken_away_in_the_future_is_taken_away_now_and_told() {
    let (expected, moment) = undisturbed();
    assert!(expected.contains(&(5006, 5012)));
    for (table, row, gone) in [
        ("feedback", "5006,5012,block", (5006, 5012)),
        ("feedback", "5006,5012,dismiss", (5006, 5012)),
        ("feedback", "5012,5006,report", (5012, 5006)),
        ("feedback", "5012,5012,hide", (5006, 5012)),
    ] {
        let dir = on_disk(&world_with(table, &format!("{row},{LATER}")));
        let manifest = unasked(dir.path());
        assert_eq!(manifest.as_of.valid, moment, "{row}");
        let told: Vec<String> = manifest.findings.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1, "{row}: {told:?}");
        assert!(
            told[0].starts_with("feedback.csv, row 6, column at: "),
            "{told:?}"
        );
        let left = pairs(dir.path());
        assert!(
            !left.contains(&gone) && left.len() > expected.len() / 2,
            "{row}"
        );
        assert!(verified(dir.path(), None), "{row}");
    }
    let withdrawn = format!("301,1011,2016-02-01T00:00:00Z,{LATER}");
    let dir = on_disk(&world_with("business_opt_ins", &withdrawn));
    let manifest = unasked(dir.path());
    assert_eq!(manifest.findings.len(), 1);
    let yes = |rows: &[arrow_array::RecordBatch]| {
        use arrow_array::cast::AsArray;
        let marketing = |batch: &arrow_array::RecordBatch| {
            let column = batch
                .column_by_name("marketing")
                .unwrap()
                .as_boolean()
                .clone();
            column.true_count()
        };
        rows.iter().map(marketing).sum::<usize>()
    };
    let before = on_disk(&tables());
    unasked(before.path());
    let file = "out/business_reach.parquet";
    assert_eq!(yes(&read_table(&before.path().join(file))), 1);
    assert_eq!(yes(&read_table(&dir.path().join(file))), 0);
}

/// The tables of consent in a ledger, and the others beside it.
fn with_ledger() -> TempDir {
    let dir = on_disk(&tables());
    done(
        "consent import --quiet --ledger ledger --signals signals",
        dir.path(),
    );
    for table in ["consent_events", "policy_versions", "overlays"] {
        fs::remove_file(dir.path().join(format!("signals/{table}.csv"))).unwrap();
    }
    dir
}

const RUN: &str = "run --quiet --signals signals --ledger ledger --out out --config acquaint.toml";

#[test]
fn one_event_today_moves_nothing() {
    let (expected, moment) = undisturbed();
    let dir = with_ledger();
    done(RUN, dir.path());
    assert_eq!(pairs(dir.path()), expected);
    fs::rename(dir.path().join("out"), dir.path().join("before")).unwrap();
    fs::write(
        dir.path().join("event.jsonl"),
        "{\"account_id\":1006,\"kind\":\"opt_out\"}",
    )
    .unwrap();
    done("consent append --ledger ledger event.jsonl", dir.path());
    done(RUN, dir.path());
    let manifest = fs::read_to_string(dir.path().join("out/manifest.json")).unwrap();
    let manifest: Manifest = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest.as_of.valid, moment);
    let without = |pairs: &[(u64, u64)]| -> Vec<(u64, u64)> {
        let is_in = |&&(a, b): &&(u64, u64)| a != 5006 && b != 5006;
        pairs.iter().filter(is_in).copied().collect()
    };
    assert_eq!(pairs(dir.path()), without(&expected));
    let source = LedgerSource {
        dir: &dir.path().join("ledger"),
        objection_key: None,
    };
    let verify = "verify out --signals signals --ledger ledger --quiet";
    assert!(done(verify, dir.path()).len() > 10, "{source:?}");
    let recall = "recall before --signals signals --ledger ledger --quiet";
    let (code, rows, _) = acquaint(&recall.split(' ').collect::<Vec<_>>(), dir.path());
    assert_eq!(code, 1);
    let rows: Vec<&str> = rows.lines().skip(1).collect();
    assert!(!rows.is_empty());
    for row in rows {
        assert!(row.contains("5006") || row.contains("1006"), "{row}");
    }
}

#[test]
fn an_event_that_is_known_by_now_counts_before_publication() {
    let event = "990,1006,,opt_out,2016-11-20T00:00:00Z,2016-12-05T00:00:00Z,,,,";
    let dir = on_disk(&world_with("consent_events", event));
    let times = Times {
        latest: Some(time(NOW)),
        ..Times::at(time(AS_OF))
    };
    let manifest = run(dir.path(), times, None);
    assert_eq!(manifest.findings, []);
    assert_eq!(manifest.as_of.published_known, time("2016-12-05T00:00:00Z"));
    let is_in = |&(a, b): &(u64, u64)| a == 5006 || b == 5006;
    assert!(!pairs(dir.path()).iter().any(is_in));
    // Whoever names a later moment than the clock's believes in it.
    let event = event.replace("2016-12-05", "2016-11-25");
    let dir = on_disk(&world_with("consent_events", &event));
    let behind = Times {
        latest: Some(time("1970-01-01T00:05:00Z")),
        ..Times::at(time(AS_OF))
    };
    let manifest = run(dir.path(), behind, None);
    assert_eq!(manifest.findings, []);
    assert!(!pairs(dir.path()).is_empty() && !pairs(dir.path()).iter().any(is_in));
}

fn appended(account: u64, kind: EventKind) -> NewEvent {
    let event = Event {
        event_id: EventId(991),
        subject: Subject::Account(AccountId(account)),
        kind,
        valid_time: time("2016-10-01T00:00:00Z"),
        known_time: time(LATER),
    };
    NewEvent::of(&event).unwrap()
}

#[test]
fn an_event_of_a_ledger_from_the_future_denies_or_gives_nothing() {
    let (expected, moment) = undisturbed();
    let digest = TextDigest([7; 32]);
    let policy = PolicyId(9);
    for (kind, is_out) in [
        (EventKind::OptOut, true),
        (EventKind::Delete, true),
        (EventKind::Accept { share: false }, true),
        (EventKind::Defer, false),
        (EventKind::NoticeServed { policy, digest }, false),
    ] {
        let dir = with_ledger();
        let ledger = dir.path().join("ledger");
        let mut n = 0;
        let entropy = move |bytes: &mut [u8]| {
            n += 1;
            bytes.fill(n);
            Ok(())
        };
        let mut writer = Writer::open(&ledger, Box::new(entropy)).unwrap();
        writer.append(&[appended(1006, kind)], time(LATER)).unwrap();
        drop(writer);
        let source = LedgerSource {
            dir: &ledger,
            objection_key: None,
        };
        let times = Times {
            latest: Some(time(NOW)),
            ..Times::default()
        };
        let manifest = run(dir.path(), times, Some(&source));
        assert_eq!(manifest.as_of.valid, moment, "{kind:?}");
        assert_eq!(manifest.findings.len(), 1, "{kind:?}");
        assert!(manifest.findings[0].what.contains("event 991"));
        let left = pairs(dir.path());
        let has = left.iter().any(|&(a, b)| a == 5006 || b == 5006);
        assert_eq!(has, !is_out, "{kind:?}");
        assert!(is_out || left == expected, "{kind:?}");
        assert!(verified(dir.path(), Some(&source)), "{kind:?}");
    }
}
