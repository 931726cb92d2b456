//! What stands in a table where a number or a device id should: it is nobody's, and somebody is told.

use std::fs;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use serde_json::Value;

use crate::support::program::acquaint;
use crate::support::read_table;

/// A directory of six people who know each other, as CSV.
fn signals(dir: &Path) {
    fs::write(dir.join("edges"), "1,2\n1,3\n1,4\n2,3\n2,5\n3,6\n").unwrap();
    fs::write(dir.join("contacts"), "1,2\n2,1\n4,5\n").unwrap();
    let args = [
        "import",
        "edges",
        "edges",
        "--contacts",
        "contacts",
        "--out",
        "signals",
        "--form",
        "csv",
    ];
    let (code, _, error) = acquaint(&args, dir);
    assert_eq!(code, 0, "{error}");
    let businesses = "business_id,phone,region,category\n9,+8613800000000,,shop\n";
    fs::write(dir.join("signals/businesses.csv"), businesses).unwrap();
    // These tests edit tables, which the sums of their files would find out.
    fs::remove_file(dir.join("signals/sums.json")).unwrap();
}

/// Replaces a column's value in some rows of a table, counted from 1.
fn replace(dir: &Path, table: &str, column: &str, rows: &[usize], value: &str) {
    let file = dir.join(format!("signals/{table}.csv"));
    let text = fs::read_to_string(&file).unwrap();
    let mut lines: Vec<Vec<String>> = text
        .lines()
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect();
    let at = lines[0].iter().position(|name| name == column).unwrap();
    for row in rows {
        value.clone_into(&mut lines[*row][at]);
    }
    let lines: Vec<String> = lines.iter().map(|cells| cells.join(",") + "\n").collect();
    fs::write(file, lines.concat()).unwrap();
}

/// Exit code, manifest, what was told, and the rejections as `file:row:column:reason`.
fn run(dir: &Path) -> (i32, Value, String, Vec<String>) {
    let (code, json, told) = acquaint(
        &["run", "--signals", "signals", "--out", "out", "--json"],
        dir,
    );
    if code == 2 {
        return (code, Value::Null, told, Vec::new());
    }
    let rejections = read_table(&dir.join("out/rejections.parquet"));
    let lines = rejections.iter().flat_map(|batch| {
        let text = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>();
        let rows = batch
            .column_by_name("row")
            .unwrap()
            .as_primitive::<UInt64Type>();
        let line = |i| {
            let [file, column, reason] =
                ["file", "column", "reason"].map(|name| text(name).value(i));
            format!("{file}:{}:{column}:{reason}", rows.value(i))
        };
        (0..batch.num_rows()).map(line).collect::<Vec<_>>()
    });
    (
        code,
        serde_json::from_str(&json).unwrap(),
        told,
        lines.collect(),
    )
}

fn dropped(manifest: &Value, stage: &str, reason: &str) -> u64 {
    let stages = manifest["stages"].as_array().unwrap();
    let found = stages.iter().find(|found| found["name"] == stage);
    found
        .and_then(|found| found["dropped"][reason].as_u64())
        .unwrap_or(0)
}

#[test]
fn a_text_that_is_no_number_is_listed_in_every_table() {
    let cases = [
        ("8613000000004.0", "number_as_float"),
        ("+8613000000004.00", "number_as_float"),
        ("8.613E+12", "number_as_float"),
        ("8.613000000004e12", "number_as_float"),
        ("CN.8613000000004", "business_scoped_id"),
        ("@8613000000004", "username"),
        ("no number", "not_a_number"),
    ];
    let tables = [
        ("messenger_accounts", "messenger accounts → numbers"),
        ("social_accounts", "social accounts → numbers"),
        (
            "address_book",
            "address book → matches (friend_suggestions)",
        ),
        ("businesses", "businesses → numbers"),
    ];
    for (text, reason) in cases {
        let dir = tempfile::tempdir().unwrap();
        signals(dir.path());
        for (table, _) in tables {
            replace(dir.path(), table, "phone", &[1], text);
        }
        let (code, manifest, told, listed) = run(dir.path());
        assert_eq!(code, 1, "a business without a number is a finding: {told}");
        assert!(
            told.contains("businesses.csv, row 1, column phone"),
            "{told}"
        );
        for (table, stage) in tables {
            let expected = format!("{table}.csv:1:phone:{reason}");
            assert_eq!(
                manifest["rejected_numbers"][table][reason], 1,
                "{text} {table}"
            );
            assert!(listed.contains(&expected), "{text}: {listed:?}");
            assert_eq!(dropped(&manifest, stage, reason), 1, "{text} {stage}");
        }
        let mut sorted = listed.clone();
        sorted.sort();
        assert_eq!(listed, sorted, "by file and row");
        assert!(!told.contains("8613"), "{told}");
    }
}

#[test]
fn a_damaged_number_matches_nobody() {
    for text in [
        "8613000000001.0",
        "+8613000000001.0",
        "861300000000.0",
        "8.6130000000015E+12",
        "CN.8613000000001",
        "@8613000000001",
    ] {
        let dir = tempfile::tempdir().unwrap();
        signals(dir.path());
        replace(dir.path(), "address_book", "phone", &[1, 2, 3], text);
        let (code, matches, told) =
            acquaint(&["identity", "match", "--signals", "signals"], dir.path());
        // Every row of the table is rejected, which is a finding.
        assert_eq!((code, matches.lines().count()), (1, 1), "{text}: {matches}");
        let line = "3 values are not phone numbers: address_book 3 (";
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn digits_that_are_valid_twice_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    signals(dir.path());
    replace(dir.path(), "messenger_accounts", "region", &[1, 2, 3], "DE");
    replace(
        dir.path(),
        "messenger_accounts",
        "phone",
        &[1, 2],
        "43664910594",
    );
    replace(
        dir.path(),
        "messenger_accounts",
        "phone",
        &[2],
        "43664910595",
    );
    replace(dir.path(), "address_book", "phone", &[1], "43664910595");
    let (_, manifest, _, _) = run(dir.path());
    assert_eq!(manifest["ambiguous_numbers"]["messenger_accounts"], 2);
    assert_eq!(manifest["ambiguous_numbers"]["address_book"], 1);
    let (_, summary, _) = acquaint(
        &["run", "--signals", "signals", "--out", "again"],
        dir.path(),
    );
    assert!(
        summary
            .contains("valid twice, read as the region's: address_book 1 · messenger_accounts 2"),
        "{summary}"
    );
}

#[test]
fn an_id_that_many_share_is_nobodys_device() {
    for id in [
        "00000000-0000-0000-0000-000000000000",
        "NULL",
        "\\N",
        "9774d56d682e549c",
        "02:00:00:00:00:00",
        "unknown",
        "000000000000000",
    ] {
        let dir = tempfile::tempdir().unwrap();
        signals(dir.path());
        for table in ["messenger_accounts", "social_accounts"] {
            replace(dir.path(), table, "device_id", &[1, 2, 3, 4, 5, 6], id);
        }
        let (code, manifest, told, _) = run(dir.path());
        assert_eq!(code, 0, "{told}");
        for table in ["messenger_accounts", "social_accounts"] {
            assert_eq!(
                dropped(&manifest, &format!("{table} → devices"), "not_a_device"),
                6,
                "{id}"
            );
        }
        let text = |file: &str, column: &str| {
            let batches = read_table(&dir.path().join("out").join(file));
            let shown = batches
                .iter()
                .map(|batch| format!("{:?}", batch.column_by_name(column)));
            shown.collect::<String>()
        };
        assert!(
            !text("abuse_scores.parquet", "reasons").contains("on one device"),
            "{id}"
        );
        assert!(
            !text("links.parquet", "evidence").contains("device_id"),
            "{id}"
        );
    }
}

/// A signal of nobody's device names nobody: it must not pass for one that was heard.
#[test]
fn deny_a_signal_that_names_nobodys_device() {
    for id in [
        "00000000-0000-0000-0000-000000000000",
        "NULL",
        "unknown",
        "0",
        "9774d56d682e549c",
    ] {
        let dir = tempfile::tempdir().unwrap();
        signals(dir.path());
        let file = dir.path().join("signals/consent_events.csv");
        let text = fs::read_to_string(&file).unwrap();
        let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        let cell = |name: &&str| match *name {
            "event_id" => "999",
            "device_id" => id,
            "kind" => "signal",
            "valid_time" | "known_time" => "2016-09-01T00:00:00Z",
            _ => "",
        };
        let row: Vec<&str> = header.iter().map(cell).collect();
        fs::write(&file, text.clone() + &row.join(",") + "\n").unwrap();
        let (code, _, told, _) = run(dir.path());
        assert!(
            code == 2 && told.contains("device_id") && told.contains("consent_events.csv, row 13"),
            "{id}: {told}"
        );
        // Beside an account it is only an empty cell.
        let of_account: Vec<&str> = header
            .iter()
            .map(|name| {
                if *name == "account_id" {
                    "1"
                } else {
                    cell(name)
                }
            })
            .collect();
        fs::write(&file, text + &of_account.join(",") + "\n").unwrap();
        assert_eq!(run(dir.path()).0, 0, "{id}");
    }
}
