//! One set of rules for consent events: what breaks one is never lost, whether it comes in a table, by `consent import`
//! or by `consent append`. It is refused by name, or whoever it takes something away from is denied and somebody is told.

use std::fs;
use std::path::Path;

use acquaint::engine::outputs::Manifest;
use acquaint::engine::{self, GivenModels, RunParams, RunRequest, Silent, Times, VerifyRequest};
use acquaint::time::Timestamp;
use tempfile::TempDir;

use crate::support::files::write_key;
use crate::support::program::acquaint;
use crate::support::restricted::{AS_OF, CONFIG, Tables, tables, write};
use crate::support::{read_table, u64s};

/// When the caller's clock stands, far behind the world: what is known by then may be known.
const NOW: &str = "2026-01-01T00:00:00Z";
const SAID: &str = "2016-09-01T00:00:00Z";
const HEADER: &str = "event_id,account_id,device_id,phone,region,kind,valid_time,known_time,policy,text_digest,share,purpose";

/// The world with one more consent event.
fn world_with(event: &str) -> Tables {
    let mut world = tables();
    let events = world.get_mut("consent_events").unwrap();
    for row in events.iter_mut() {
        let mut cells: Vec<&str> = row.split(',').collect();
        cells.splice(3..3, ["", ""]);
        *row = cells.join(",");
    }
    HEADER.clone_into(&mut events[0]);
    events.push(event.to_owned());
    world
}

fn on_disk(world: &Tables) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("signals"), world);
    fs::write(dir.path().join("acquaint.toml"), CONFIG).unwrap();
    write_key(&dir.path().join("key"), "0123456789abcdef".repeat(4));
    dir
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A run of the world on disk, by a caller with a clock.
fn run(dir: &Path) -> Manifest {
    let params = RunParams::from_toml(CONFIG).unwrap().check().unwrap();
    let request = RunRequest {
        signals: &dir.join("signals"),
        ledger: None,
        out: &dir.join("out"),
        params: &params,
        times: Times {
            latest: Some(time(NOW)),
            ..Times::at(time(AS_OF))
        },
        published_known: None,
        models: GivenModels::default(),
        reads: &[],
    };
    engine::run(&request, &|_| Ok("page".to_owned()), &Silent).unwrap()
}

/// Everybody who is suggested, or is suggested somebody.
fn people(dir: &Path) -> Vec<u64> {
    let rows = read_table(&dir.join("out/suggestions.parquet"));
    let mut people = u64s(&rows, "user_id");
    people.extend(u64s(&rows, "candidate_id"));
    people.sort_unstable();
    people.dedup();
    people
}

fn is_clean(dir: &Path) -> bool {
    let request = VerifyRequest {
        out: &dir.join("out"),
        signals: &dir.join("signals"),
        ledger: None,
        audience_key: None,
        keep: None,
        max_reruns: 0,
    };
    engine::verify(&request, &|_| Ok("page".to_owned()), &Silent)
        .unwrap()
        .is_clean()
}

/// The event as a line of JSON.
fn as_json(event: &str) -> String {
    let cells = HEADER.split(',').zip(event.split(','));
    let cell = |(name, value): (&str, &str)| match name {
        _ if value.is_empty() => None,
        "event_id" | "account_id" | "share" => Some(format!("\"{name}\":{value}")),
        _ => Some(format!("\"{name}\":\"{value}\"")),
    };
    let cells: Vec<String> = cells.filter_map(cell).collect();
    format!("{{{}}}\n", cells.join(","))
}

/// What `import` and `append` say of the event: both have to refuse it.
fn refusals(dir: &Path, event: &str) -> [String; 2] {
    let import = "consent import --quiet --ledger a --signals signals --objection-key key";
    fs::write(dir.join("event.jsonl"), as_json(event)).unwrap();
    let append = "consent append --ledger b --objection-key key event.jsonl";
    [import, append].map(|line| {
        let (code, out, error) = acquaint(&line.split(' ').collect::<Vec<_>>(), dir);
        assert_eq!(code, 2, "{event}: {line}: {out}{error}");
        error
    })
}

fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is missing from: {text}");
    }
}

#[test]
fn deny_to_lose_an_objection_whose_number_cannot_be_read() {
    for (phone, region) in [
        ("4.91512E+12", "DE"),
        ("4915120001010.0", "DE"),
        ("0151 20001010", ""),
        ("015120001010", "US"),
        ("+49 12", "DE"),
        ("@somebody", "DE"),
        ("nobody knows", ""),
    ] {
        let event = format!("990,,,{phone},{region},non_user_objects,{SAID},{SAID},,,,");
        let world = world_with(&event);
        let row = (world["consent_events"].len() - 1).to_string();
        let dir = on_disk(&world);
        let line = "run --quiet --signals signals --out out --as-of 2016-12-01";
        let (code, _, told) = acquaint(&line.split(' ').collect::<Vec<_>>(), dir.path());
        assert_eq!(code, 2, "{phone}: {told}");
        assert!(!dir.path().join("out").exists());
        let [imported, appended] = refusals(dir.path(), &event);
        assert_has(
            &told,
            &["consent_events.csv, row ", &row, "phone", "plus sign"],
        );
        assert_has(
            &imported,
            &["consent_events.csv, row ", &row, "phone", "plus sign"],
        );
        assert_has(&appended, &["line 1", "phone", "plus sign"]);
        for said in [told, imported, appended] {
            assert!(!said.contains(phone), "the number is shown: {said}");
        }
    }
}

/// Acts that take something away, of account 1010 or its device.
const TAKING: [&str; 7] = [
    "1010,,,,opt_out,VALID,KNOWN,,,,",
    "1010,,,,withdraw,VALID,KNOWN,,,,friend_suggestions",
    "1010,,,,delete,VALID,KNOWN,,,,",
    "1010,,,,recycled,VALID,KNOWN,,,,",
    "1010,,,,accept,VALID,KNOWN,,,false,",
    "1010,,,,signal,VALID,KNOWN,,,,",
    ",device-10,,,signal,VALID,KNOWN,,,,",
];
/// Acts that give, of account 1010.
const GIVING: [&str; 5] = [
    "1010,,,,accept,VALID,KNOWN,,,true,",
    "1010,,,,grant,VALID,KNOWN,,,,analytics",
    "1010,,,,register,VALID,KNOWN,,,,",
    "1010,,,,defer,VALID,KNOWN,,,,",
    "1010,,,,number_change,VALID,KNOWN,,,,",
];
/// Times that cannot be, with the reason.
const IMPOSSIBLE: [(&str, &str, &str); 3] = [
    ("2099-01-01T00:00:00Z", SAID, "after_known"),
    ("2016-09-01T00:05:00.000001Z", SAID, "after_known"),
    (SAID, "2099-01-01T00:00:00Z", "from_the_future"),
];

fn at(act: &str, valid: &str, known: &str) -> String {
    let event = act.replace("VALID", valid).replace("KNOWN", known);
    format!("990,{event}")
}

#[test]
fn whoever_an_impossible_event_takes_something_from_is_denied_and_it_is_told() {
    for (act, (valid, known, reason)) in TAKING
        .iter()
        .flat_map(|act| IMPOSSIBLE.map(|times| (act, times)))
    {
        let event = at(act, valid, known);
        let dir = on_disk(&world_with(&event));
        let manifest = run(dir.path());
        let people = people(dir.path());
        assert!(!people.contains(&5010), "{event}");
        assert!(people.contains(&5011) && people.contains(&5012), "{event}");
        let told: Vec<String> = manifest.findings.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1, "{event}: {told:?}");
        assert_has(&told[0], &["consent_events.csv, row ", "known_time"]);
        let stage = manifest.stage("consent_events → records").unwrap();
        assert_eq!(stage.dropped[reason], 1, "{event}");
        assert!(is_clean(dir.path()), "{event}");
    }
}

#[test]
fn import_and_append_refuse_what_a_run_rejects() {
    for (act, (valid, known, _)) in TAKING
        .iter()
        .chain(&GIVING)
        .flat_map(|act| IMPOSSIBLE.map(|times| (act, times)))
    {
        let event = at(act, valid, known);
        let dir = on_disk(&world_with(&event));
        let [imported, appended] = refusals(dir.path(), &event);
        assert_has(&imported, &["consent_events.csv, row ", "known_time"]);
        assert_has(&appended, &["line 1", "known_time"]);
    }
}

#[test]
fn an_impossible_event_that_gives_gives_nothing_and_takes_nothing() {
    for (act, (valid, known, reason)) in GIVING
        .iter()
        .flat_map(|act| IMPOSSIBLE.map(|times| (act, times)))
    {
        let event = at(act, valid, known);
        let dir = on_disk(&world_with(&event));
        let manifest = run(dir.path());
        assert!(people(dir.path()).contains(&5010), "{event}");
        let stage = manifest.stage("consent_events → records").unwrap();
        assert_eq!(stage.dropped[reason], 1, "{event}");
        assert_eq!(manifest.findings.len(), 1, "{event}");
        assert!(is_clean(dir.path()), "{event}");
    }
}

#[test]
fn five_minutes_are_forgiven() {
    for act in TAKING {
        let event = at(act, "2016-09-01T00:05:00Z", SAID);
        let dir = on_disk(&world_with(&event));
        let manifest = run(dir.path());
        assert_eq!(manifest.findings, [], "{event}");
        let is_signal = event.contains("signal");
        assert_eq!(people(dir.path()).contains(&5010), is_signal, "{event}");
    }
}

#[test]
fn an_objection_of_an_impossible_time_is_honoured_and_told() {
    for (valid, known, _) in IMPOSSIBLE {
        let event = format!("990,,,+4915120009999,,non_user_objects,{valid},{known},,,,");
        let mut world = world_with(&event);
        let book = world.get_mut("address_book").unwrap();
        book.push(format!("1010,+49 151 20009999,{SAID}"));
        let dir = on_disk(&world);
        let manifest = run(dir.path());
        let stage = manifest.stage("address book → matches (friend_suggestions)");
        assert_eq!(stage.unwrap().dropped["objected"], 1, "{event}");
        assert_eq!(manifest.findings.len(), 1, "{event}");
        assert!(is_clean(dir.path()), "{event}");
    }
}

#[test]
fn deny_a_key_that_is_there_twice() {
    let dir = tempfile::tempdir().unwrap();
    for line in [
        r#"{"account_id":7,"account_id":8,"kind":"opt_out"}"#,
        r#"{"account_id":7,"kind":"opt_out","account_id":7}"#,
        r#"{"account_id":7,"kind":"grant","purpose":"analytics","kind":"opt_out"}"#,
        r#"{"account_id":7,"kind":"opt_out","known_time":null,"known_time":"2016-09-01T00:00:00Z"}"#,
        r#"{"account_id":7,"\u0061ccount_id":8,"kind":"opt_out"}"#,
        r#"{"kind":"opt_out","account_id":7,"kind":"opt_out","kind":"opt_out"}"#,
    ] {
        fs::write(dir.path().join("event.jsonl"), line).unwrap();
        let args = ["consent", "append", "--ledger", "ledger", "event.jsonl"];
        let (code, out, error) = acquaint(&args, dir.path());
        assert_eq!(code, 2, "{line}: {out}");
        assert_has(&error, &["line 1", "is there twice"]);
        let (_, root, _) = acquaint(&["consent", "root", "--ledger", "ledger"], dir.path());
        assert!(root.starts_with("0 entries"), "{line}: {root}");
    }
}

#[test]
fn an_order_or_a_version_that_cannot_be_read_stops_the_run() {
    let order = "FR,friend_suggestions,2016-10-01T00:00:00Z,,deny,";
    let version = |at: &str| format!("2,de,{},{at},{at},30,{at}", "cd".repeat(32));
    for (table, row, column) in [
        (
            "overlays",
            order.replace("2016-10-01T", "2016-13-01T"),
            "from",
        ),
        ("overlays", order.replace("deny", "denied"), "effect"),
        ("overlays", order.replace("deny", "cut_off"), "cut_off"),
        (
            "overlays",
            order.replace("friend_suggestions", "friends"),
            "purpose",
        ),
        ("overlays", order.replace("FR", "France"), "region"),
        (
            "overlays",
            order.replace("00Z,,", "00Z,2016-09-01T00:00:00Z,"),
            "until",
        ),
        ("policy_versions", version("yesterday"), "announced_at"),
        (
            "policy_versions",
            version(SAID).replace("cdcd", "xyz"),
            "text_digest",
        ),
        (
            "policy_versions",
            version(SAID).replace("30", "a month"),
            "window_days",
        ),
    ] {
        let mut world = tables();
        world.get_mut(table).unwrap().push(row.clone());
        let n = (world[table].len() - 1).to_string();
        let dir = on_disk(&world);
        let run = "run --quiet --signals signals --out out";
        let import = "consent import --quiet --ledger ledger --signals signals";
        for line in [run, import] {
            let (code, _, error) = acquaint(&line.split(' ').collect::<Vec<_>>(), dir.path());
            assert_eq!(code, 2, "{row}: {line}: {error}");
            assert_has(&error, &[table, ".csv, row ", &n, column]);
        }
    }
}
