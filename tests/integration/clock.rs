//! Clocks and zones: a window of thirty days is as long everywhere, and no answer depends on where the program runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use acquaint::consent::{
    AccountFacts, AsOf, ConsentParams, Event, EventKind, LateOptOut, Ledger, PolicyId,
    PolicyVersion, State, Subject, TextDigest,
};
use acquaint::ids::{AccountId, EventId, Region};
use acquaint::signals::TableForm;
use acquaint::time::Timestamp;
use assert_cmd::cargo::cargo_bin;

use crate::support::files::write_key;
use crate::support::{small_world, write_world};

const WINDOW_MICROS: i64 = 30 * 86_400 * 1_000_000;

/// An acceptance shortly before the clocks change, in five zones, and one before a leap day.
const ACCEPTANCES: [(&str, &str); 6] = [
    ("Berlin, clocks go back", "2016-10-15T12:00:00+02:00"),
    (
        "New York, clocks go back",
        "2016-10-20T23:59:59.999999-04:00",
    ),
    ("Sydney, clocks go forward", "2016-09-20T00:00:00+10:00"),
    ("São Paulo, clocks go forward", "2016-10-01T00:30:00-03:00"),
    (
        "Lord Howe, half an hour forward",
        "2016-09-25T02:00:00+10:30",
    ),
    ("leap day", "2016-02-15T12:00:00Z"),
];

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn later(at: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_micros(at.micros() + micros)
}

fn event(id: u64, kind: EventKind, at: Timestamp) -> Event {
    Event {
        event_id: EventId(id),
        subject: Subject::Account(AccountId(1)),
        kind,
        valid_time: at,
        known_time: at,
    }
}

/// The state of an account that accepted at one moment, and perhaps opted out at another, at a third.
fn state(accepted: Timestamp, opted_out: Option<Timestamp>, at: Timestamp) -> State {
    let digest = TextDigest([7; 32]);
    let policy = PolicyVersion {
        policy: PolicyId(1),
        texts: vec![("en".to_owned(), digest)],
        announced_at: time("2016-01-01T00:00:00Z"),
        accept_by: time("2017-01-01T00:00:00Z"),
        window_days: 30,
        cohort_cut: time("2016-01-01T00:00:00Z"),
    };
    let notice = EventKind::NoticeServed {
        policy: PolicyId(1),
        digest,
    };
    let mut events = vec![
        event(1, notice, later(accepted, -1_000_000)),
        event(2, EventKind::Accept { share: true }, accepted),
    ];
    events.extend(opted_out.map(|at| event(3, EventKind::OptOut, at)));
    let facts = AccountFacts {
        account: AccountId(1),
        registered_at: time("2015-01-01T00:00:00Z"),
        last_seen_at: time("2017-01-01T00:00:00Z"),
        number_region: Region::parse("IN"),
        residence: Region::parse("IN"),
        device: None,
    };
    let params = ConsentParams {
        late_opt_out: LateOptOut::RecordOnly,
        ..ConsentParams::default()
    };
    let as_of = AsOf {
        valid: at,
        known: at,
    };
    let ledger = Ledger::new(vec![policy], vec![], events);
    let snapshot = ledger.snapshot(as_of, &[facts], &params.check().unwrap());
    snapshot.states().next().unwrap().1
}

#[test]
fn the_window_is_open_to_its_last_instant_in_every_zone() {
    for (place, accepted) in ACCEPTANCES {
        let accepted = time(accepted);
        for (after, window_open) in [
            (0, true),
            (WINDOW_MICROS - 1, true),
            (WINDOW_MICROS, true),
            (WINDOW_MICROS + 1, false),
        ] {
            let state = state(accepted, None, later(accepted, after));
            assert_eq!(
                state,
                State::Accepted { window_open },
                "{place}, {after} µs after"
            );
        }
    }
}

#[test]
fn an_opt_out_counts_to_the_last_instant_in_every_zone() {
    for (place, accepted) in ACCEPTANCES {
        let accepted = time(accepted);
        for (after, counts) in [
            (0, true),
            (WINDOW_MICROS - 1, true),
            (WINDOW_MICROS, true),
            (WINDOW_MICROS + 1, false),
        ] {
            let at = later(accepted, after);
            let state = state(accepted, Some(at), later(at, 1));
            let is_out = matches!(state, State::OptedOut(_));
            assert_eq!(is_out, counts, "{place}, {after} µs after: {state:?}");
        }
    }
}

#[test]
fn one_instant_is_the_same_in_every_notation() {
    let utc = time("2016-10-30T00:30:00Z");
    for text in [
        "2016-10-30T02:30:00+02:00",
        "2016-10-30T01:30:00+01:00",
        "2016-10-29T20:30:00-04:00",
        "2016-10-30T11:30:00+11:00",
        "2016-10-29T22:30:00-02:00",
        "2016-10-30T06:00:00+05:30",
    ] {
        assert_eq!(time(text), utc, "{text}");
    }
}

const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "no/such/zone",
];

/// What the program says in a zone.
fn said(dir: &Path, zone: &str, args: &str) -> (Option<i32>, String) {
    let output = Command::new(cargo_bin("acquaint"))
        .args(args.split_whitespace())
        .current_dir(dir)
        .env("TZ", zone)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text)
}

#[test]
fn the_zone_of_the_machine_changes_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let world = small_world(60, 91);
    write_world(&dir.path().join("tables"), TableForm::Csv, &world);
    let account = world.messenger_accounts[0].account_id;
    write_key(&dir.path().join("key"), "0123456789abcdef".repeat(4));
    let import = "consent import --ledger ledger --signals tables --objection-key key";
    assert_eq!(said(dir.path(), "UTC", import).0, Some(0));
    let mut first = None;
    for (i, zone) in ZONES.iter().enumerate() {
        let run = format!("run --quiet --signals tables --out out-{i} --as-of 2016-10-30");
        assert_eq!(said(dir.path(), zone, &run).0, Some(0), "{zone}");
        let mut answers: Vec<Vec<u8>> = [
            "suggestions.parquet",
            "ad_scores.parquet",
            "abuse_scores.parquet",
            "business_reach.parquet",
            "business_order.parquet",
            "links.parquet",
            "rejections.parquet",
            "manifest.json",
        ]
        .iter()
        .map(|file| fs::read(dir.path().join(format!("out-{i}")).join(file)).unwrap())
        .collect();
        for verb in ["status", "history"] {
            let moment = if verb == "status" {
                " --as-of 2016-10-30 --known-at 2016-10-30"
            } else {
                ""
            };
            let ask = format!("consent {verb} {account} --ledger ledger --json{moment}");
            let (code, text) = said(dir.path(), zone, &ask);
            assert_eq!(code, Some(0), "{zone}: {ask}");
            answers.push(text.into_bytes());
        }
        let first = first.get_or_insert_with(|| answers.clone());
        assert!(*first == answers, "{zone} is not as {}", ZONES[0]);
    }
}
