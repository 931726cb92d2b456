//! Rows that take something away, in the forms that exports really give them: they are honoured, or somebody is told.
//! And rows that only give, which deny nobody however they are damaged.

use std::fs;
use std::path::Path;

use acquaint::engine::EngineError;
use acquaint::time::Timestamp;
use tempfile::TempDir;

use crate::support::files::write_key;
use crate::support::program::{acquaint, words};
use crate::support::restricted::{AS_OF, CONFIG, Tables, tables, write};
use crate::support::{Run, u64s};

const SAID: &str = "2016-09-01T00:00:00Z";

/// A run, and the directory that it is in.
fn run(tables: &Tables) -> Result<(Run, TempDir), EngineError> {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("signals"), tables);
    let as_of = Timestamp::parse(AS_OF).unwrap();
    let run = Run::of_signals(
        &dir.path().join("signals"),
        &dir.path().join("out"),
        CONFIG,
        Some(as_of),
    )?;
    Ok((run, dir))
}

/// The world with room for numbers in `consent_events`, and rows `account,device,kind,valid,known,policy,digest,share,purpose,phone,region`.
fn with_events(rows: &[&str]) -> Tables {
    let mut world = tables();
    let events = world.get_mut("consent_events").unwrap();
    events[0].push_str(",phone,region");
    for row in &mut events[1..] {
        row.push_str(",,");
    }
    let numbered = rows.iter().enumerate();
    events.extend(numbered.map(|(at, row)| format!("{},{row}", 900 + at)));
    world
}

fn objection(phone: &str) -> Tables {
    with_events(&[&format!(",,non_user_objects,{SAID},{SAID},,,,,{phone},DE")])
}

fn codes(run: &Run) -> Vec<&str> {
    let findings = run.manifest.findings.iter();
    findings.map(|finding| finding.code.as_str()).collect()
}

fn n_objected(run: &Run) -> u64 {
    let stages = run.manifest.stages.iter();
    let mut matching =
        stages.filter(|stage| stage.name == "address book → matches (friend_suggestions)");
    let dropped = &matching.next().unwrap().dropped;
    dropped.get("objected").copied().unwrap_or_default()
}

/// 1016 saved the number of 1010, +49 151 20001010.
#[test]
fn an_objection_that_may_be_of_two_numbers_is_of_both() {
    for phone in [
        "4915120001010",
        "49 151 2000 1010",
        "=4915120001010",
        "#4915120001010",
        "-4915120001010",
        "Tel. 4915120001010",
    ] {
        let (run, _dir) = run(&objection(phone)).unwrap();
        assert_eq!(n_objected(&run), 1, "{phone}");
        assert_eq!(run.manifest.ambiguous_numbers["consent_events"], 1);
        assert_eq!(codes(&run), ["lost_consent_event"], "{phone}");
        let place = run.manifest.findings[0].to_string();
        assert!(
            place.contains("consent_events.csv, row 38, column phone"),
            "{place}"
        );
    }
    for phone in ["+4915120001010", "015120001010", "wa.me/4915120001010"] {
        let (run, _dir) = run(&objection(phone)).unwrap();
        assert_eq!(n_objected(&run), 1, "{phone}");
        assert_eq!(codes(&run), Vec::<&str>::new(), "{phone}");
    }
}

#[test]
fn an_objection_that_names_no_number_stops_the_run() {
    for phone in [
        "\"4915120001010,0\"",
        "\"15120001010,0\"",
        "\"015120001010,00\"",
        "015120001011;015120001010",
        "+4915120001011; +4915120001010",
        "https://wa.me/message/X4915120001010",
    ] {
        let Err(stopped) = run(&objection(phone)) else {
            panic!("{phone} is no number");
        };
        let told = stopped.to_string();
        assert!(told.contains("row 38, column phone"), "{phone}: {told}");
    }
}

/// An event of a ledger is about one number.
#[test]
fn import_and_append_stop_at_a_number_that_may_be_two() {
    let dir = tempfile::tempdir().unwrap();
    write_key(&dir.path().join("key"), "0123456789abcdef".repeat(4));
    for (at, phone) in ["4915120001010", "49-151-20001010", "=4915120001010"]
        .iter()
        .enumerate()
    {
        let signals = dir.path().join(format!("signals-{at}"));
        write(&signals, &objection(phone));
        let import = format!(
            "consent import --ledger ledger-{at} --signals signals-{at} --objection-key key"
        );
        stops(
            dir.path(),
            &import,
            &["consent_events.csv, row 38", "phone"],
        );
        let line = format!(
            r#"{{"kind":"non_user_objects","phone":"{phone}","region":"DE","valid_time":"{SAID}","known_time":"{SAID}"}}"#
        );
        fs::write(dir.path().join("events"), line).unwrap();
        let append = format!("consent append --ledger appended-{at} --objection-key key events");
        stops(dir.path(), &append, &["line 1", "phone"]);
    }
}

fn stops(dir: &Path, line: &str, said: &[&str]) {
    let (code, _, error) = acquaint(&words(line), dir);
    assert_eq!(code, 2, "{line}: {error}");
    for word in said.iter().chain(&["plus sign and its country code"]) {
        assert!(error.contains(word), "{word} is missing from {error}");
    }
    assert!(!error.contains("20001010"), "{error}");
}

#[test]
fn both_readings_of_a_businesss_number_are_nobodys() {
    for phone in ["4915120001005", "=4915120001005", "49 15120001005"] {
        let mut world = tables();
        let rows = world.get_mut("businesses").unwrap();
        rows.push(format!("305,{phone},DE,shop,2016-01-01T00:00:00Z"));
        let (run, _dir) = run(&world).unwrap();
        let shown = u64s(&run.table("suggestions.parquet"), "user_id");
        assert!(
            !shown.contains(&5005),
            "{phone}: the number of 1005 is a business's"
        );
        assert_eq!(run.manifest.ambiguous_numbers["businesses"], 1);
    }
}

#[test]
fn a_signal_reaches_a_device_in_every_way_of_writing_it() {
    for (account, signal) in [
        (
            "6D92078A-8246-4BA4-AE5B-76104861E7DC",
            "6d92078a-8246-4ba4-ae5b-76104861e7dc",
        ),
        (
            "6D92078A-8246-4BA4-AE5B-76104861E7DC",
            "6d92078a82464ba4ae5b76104861e7dc",
        ),
        (
            "6d92078a-8246-4ba4-ae5b-76104861e7dc",
            "{6D92078A-8246-4BA4-AE5B-76104861E7DC}",
        ),
        (
            "{6D92078A-8246-4BA4-AE5B-76104861E7DC}",
            "'6D92078A-8246-4BA4-AE5B-76104861E7DC",
        ),
        ("9F0C1D2E3A4B5C6D", "9f0c1d2e3a4b5c6d"),
    ] {
        let mut world = tables();
        for (table, device) in [("messenger_accounts", account), ("consent_events", signal)] {
            for row in world.get_mut(table).unwrap() {
                *row = row.replace("device-6,", &format!("{device},"));
            }
        }
        let (run, _dir) = run(&world).unwrap();
        assert_eq!(codes(&run), Vec::<&str>::new(), "{signal}");
        let shown = u64s(&run.table("ad_scores.parquet"), "user_id");
        assert!(!shown.contains(&5006), "{signal}");
    }
}

#[test]
fn a_signal_about_a_device_that_nobody_has_is_told() {
    for device in [
        "device-66",
        "6d92078a-8246-4ba4-ae5b-76104861e7dc",
        "DEVICE-6",
    ] {
        let row = format!(",{device},signal,{SAID},{SAID},,,,,,");
        let (run, _dir) = run(&with_events(&[&row])).unwrap();
        assert_eq!(codes(&run), ["unknown_device"], "{device}");
        assert!(
            run.manifest.findings[0].what.contains("event 900"),
            "{device}"
        );
    }
}

#[test]
fn a_damaged_row_that_gives_denies_nobody() {
    let pairs = |run: &Run| {
        let table = run.table("suggestions.parquet");
        (u64s(&table, "user_id"), u64s(&table, "candidate_id"))
    };
    let (whole, _whole_dir) = run(&tables()).unwrap();
    for row in [
        "1011,,grant,2016-09-01T00:00:00Z,2016-09-01T00:00:00Z,,,,everything,,",
        "1011,,grant,1.9.2016,1.9.2016,,,,ad_relevance,,",
        "1011,,notice_served,2016-09-01T00:00:00Z,2016-09-01T00:00:00Z,1,abab,,,,",
        "1011,,notice_served,2016-09-01T00:00:00Z,2016-09-01T00:00:00Z,one,,,,,",
        "1011,,defer,yesterday,yesterday,,,,,,",
        "1011,,register,,2016-09-01T00:00:00Z,,,,,,",
        "1011,,number_change,?,?,,,,,,",
    ] {
        let (run, _dir) = run(&with_events(&[row])).unwrap();
        assert_eq!(pairs(&run), pairs(&whole), "{row}");
        let rejected = &run.manifest.findings;
        assert!(
            rejected.iter().all(|one| one.code != "lost_restriction"),
            "{row}"
        );
    }
}

#[test]
fn a_row_that_names_nobody_stops_the_run() {
    let account = "2015-01-01T00:00:00Z,2016-11-01T00:00:00Z,2015-01-01T00:00:00Z,,,,3,";
    for (table, row) in [
        (
            "messenger_accounts",
            format!("x1002,+4915120007777,DE,{account}"),
        ),
        (
            "messenger_accounts",
            format!("1E+03,+4915120007777,DE,{account}"),
        ),
        ("messenger_accounts", format!("1002?,bad,DE,{account}")),
        ("messenger_accounts", format!(",,DE,{account}")),
        ("businesses", "x,bad,DE,shop,".to_owned()),
        ("businesses", "x,,DE,shop,".to_owned()),
    ] {
        let mut world = tables();
        world.get_mut(table).unwrap().push(row.clone());
        let Err(stopped) = run(&world) else {
            panic!("{row} names nobody");
        };
        let told = stopped.to_string();
        assert!(told.contains("it does not say whose"), "{row}: {told}");
    }
}

#[test]
fn a_column_that_means_a_restriction_is_not_passed_over() {
    for (table, column, other) in [
        ("business_opt_ins", "opted_out_at", "opted_0ut_at"),
        ("business_opt_ins", "opted_out_at", "opt_out_at"),
        ("business_opt_ins", "opted_out_at", "opted_out"),
        ("business_opt_ins", "opted_out_at", "revoked_at"),
        ("business_opt_ins", "opted_out_at", "opted_out_at.1"),
        ("messenger_accounts", "number_until", "number_unti1"),
        ("messenger_accounts", "number_until", "number_end"),
        ("social_accounts", "phone_given_for", "phone_g1ven_for"),
        ("overlays", "until", "valid_to"),
    ] {
        let mut world = tables();
        let header = &mut world.get_mut(table).unwrap()[0];
        *header = header.replace(column, other);
        let Err(stopped) = run(&world) else {
            panic!("{other} is passed over");
        };
        let told = stopped.to_string();
        assert!(told.contains(column) && told.contains(other), "{told}");
    }
}

/// 1017 is linked to nobody, and on the device of somebody who is.
#[test]
fn a_report_about_an_account_without_a_link_is_about_whoever_has_its_device() {
    for (reporter, device, pair) in [
        (1012, "device-11", Some((5012, 5011))),
        (1013, "device-10", Some((5013, 5010))),
        (1011, "device-13", Some((5011, 5013))),
        (1012, "device-99", None),
        (1012, "", None),
    ] {
        let mut world = tables();
        let shown = "2016-08-25T00:00:00Z";
        let account = format!(
            "1017,+4915120001017,DE,2015-01-01T00:00:00Z,2016-11-01T00:00:00Z,2015-01-01T00:00:00Z,,{device},,3,"
        );
        let digest = "ab".repeat(32);
        let events = [
            format!("900,1017,,notice_served,{shown},{shown},1,{digest},,"),
            "901,1017,,accept,2016-08-26T00:00:00Z,2016-08-26T00:00:00Z,,,true,".to_owned(),
        ];
        world.get_mut("messenger_accounts").unwrap().push(account);
        world.get_mut("consent_events").unwrap().extend(events);
        let pairs = |world: &Tables| -> Vec<(u64, u64)> {
            let (run, _dir) = run(world).unwrap();
            let table = run.table("suggestions.parquet");
            let candidates = u64s(&table, "candidate_id");
            u64s(&table, "user_id")
                .into_iter()
                .zip(candidates)
                .collect()
        };
        let before = pairs(&world);
        let report = format!("{reporter},1017,spam,{SAID}");
        world.get_mut("abuse_reports").unwrap().push(report);
        let after = pairs(&world);
        let is_masked = |&(a, b): &(u64, u64)| {
            pair.is_some_and(|(one, other)| (a, b) == (one, other) || (a, b) == (other, one))
        };
        assert!(!after.iter().any(is_masked), "{reporter} {device}");
        let kept = before.iter().filter(|pair| !is_masked(pair)).count();
        assert_eq!(after.len(), kept, "{reporter} {device}");
        assert_eq!(before.iter().any(is_masked), pair.is_some(), "{device}");
    }
}
