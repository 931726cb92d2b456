//! Tables under other names, columns and forms are the same tables: the same rows are scored, rejected and denied.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use acquaint::signals::TableForm;
use serde_json::{Map, Value};

use crate::support::program::{acquaint, words};
use crate::support::{small_world, write_world};

const MAPPED: [&str; 4] = [
    "consent_events",
    "messenger_accounts",
    "friendships",
    "address_book",
];
/// How the tables of a world are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Written {
    /// Semicolons, local times.
    Lines,
    /// Lines of JSON, milliseconds.
    Json,
}

/// Writes some tables of a directory anew under other names, and says how to read them.
fn rewrite(tables: &Path, form: Written) -> String {
    let mut config = String::new();
    for table in MAPPED {
        let at = tables.join(format!("{table}.csv"));
        let mut rows = csv::Reader::from_path(&at).unwrap();
        let names: Vec<String> = rows.headers().unwrap().iter().map(str::to_owned).collect();
        let rows: Vec<Vec<String>> = rows
            .records()
            .map(|row| {
                let row = row.unwrap();
                let cells = row.iter();
                cells.map(|cell| time(cell, form)).collect()
            })
            .collect();
        fs::remove_file(at).unwrap();
        config += &write(tables, table, &names, &rows, form);
    }
    config
}

fn time(cell: &str, form: Written) -> String {
    let Ok(at) = cell.parse::<jiff::Timestamp>() else {
        return cell.to_owned();
    };
    match form {
        Written::Json => at.as_millisecond().to_string(),
        Written::Lines => {
            let kolkata = jiff::tz::Offset::from_seconds(19_800).unwrap();
            kolkata.to_datetime(at).to_string().replace('T', " ")
        }
    }
}

fn write(
    tables: &Path,
    table: &str,
    names: &[String],
    rows: &[Vec<String>],
    form: Written,
) -> String {
    let theirs: Vec<String> = names.iter().map(|name| format!("x {name}")).collect();
    let (file, form) = match form {
        Written::Lines => {
            let file = format!("export-{table}.txt");
            let mut writer = csv::WriterBuilder::new()
                .delimiter(b';')
                .from_path(tables.join(&file))
                .unwrap();
            writer.write_record(&theirs).unwrap();
            for row in rows {
                writer.write_record(row).unwrap();
            }
            writer.flush().unwrap();
            (
                file,
                "format = \"csv\"\ndelimiter = \";\"\ntime = \"local\"\nzone = \"Asia/Kolkata\"",
            )
        }
        Written::Json => {
            let file = format!("export-{table}.jsonl");
            let line = |row: &Vec<String>| {
                let cells = theirs.iter().cloned().zip(row);
                // A key that is mapped has to be there, if only as null.
                let value = |cell: &str| {
                    if cell.is_empty() {
                        Value::Null
                    } else {
                        cell.into()
                    }
                };
                let object: Map<String, Value> =
                    cells.map(|(name, cell)| (name, value(cell))).collect();
                Value::Object(object).to_string() + "\n"
            };
            fs::write(
                tables.join(&file),
                rows.iter().map(line).collect::<String>(),
            )
            .unwrap();
            (file, "format = \"jsonl\"\ntime = \"millis\"")
        }
    };
    let mut config =
        format!("[tables.{table}]\nfile = \"{file}\"\n{form}\n[tables.{table}.columns]\n");
    for (name, theirs) in names.iter().zip(&theirs) {
        writeln!(config, "{name} = \"{theirs}\"").unwrap();
    }
    config
}

fn world(at: &Path, name: &str) {
    let mut world = small_world(120, 5);
    // Times of milliseconds, which every form can say.
    world.as_of = acquaint::time::Timestamp::from_micros(world.as_of.micros() / 1_000 * 1_000);
    write_world(&at.join(name), TableForm::Csv, &world);
    fs::remove_file(at.join(name).join("sums.json")).ok();
    fs::write(at.join("as_of"), world.as_of.to_string()).unwrap();
}

/// The digest of each output table but the rejections, which name files.
fn outputs(at: &Path, out: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(at.join(out).join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    let outputs = manifest["outputs"].as_array().unwrap().iter();
    let named = |output: &Value, key: &str| output[key].as_str().unwrap().to_owned();
    let outputs = outputs.map(|output| (named(output, "file"), named(output, "blake3")));
    outputs
        .filter(|(file, _)| file != "rejections.parquet")
        .collect()
}

fn run(at: &Path, tables: &str, out: &str) -> (i32, String) {
    let moment = fs::read_to_string(at.join("as_of")).unwrap();
    let line = format!("run --signals {tables} --out {out} --as-of {moment} --quiet");
    let (code, _, error) = acquaint(&words(&line), at);
    (code, error)
}

#[test]
fn same_outputs_whatever_the_tables_are_called_and_however_they_are_written() {
    for form in [Written::Lines, Written::Json] {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path();
        world(at, "own");
        world(at, "theirs");
        assert_eq!(run(at, "own", "one").0, 0);
        let config = rewrite(&at.join("theirs"), form);
        fs::write(at.join("acquaint.toml"), config).unwrap();
        let (code, error) = run(at, "theirs", "other");
        assert_eq!(code, 0, "{form:?}: {error}");
        assert_eq!(outputs(at, "one"), outputs(at, "other"), "{form:?}");
        fs::remove_file(at.join("acquaint.toml")).unwrap();
        let (code, told, error) = acquaint(&words("verify other --signals theirs --quiet"), at);
        assert_eq!(
            code, 0,
            "the manifest says how to read the tables: {told}{error}"
        );
    }
}

#[test]
fn deny_an_opt_out_whose_time_the_mapping_does_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    world(at, "theirs");
    let config = rewrite(&at.join("theirs"), Written::Lines);
    fs::write(at.join("acquaint.toml"), config).unwrap();
    assert_eq!(run(at, "theirs", "one").0, 0);
    let file = at.join("theirs/export-consent_events.txt");
    let text = fs::read_to_string(&file).unwrap();
    let names: Vec<&str> = text.lines().next().unwrap().split(';').collect();
    let account = acquaint_of_first(&at.join("one"));
    let cell = |name: &&str| match name.trim_start_matches("x ") {
        "event_id" => "987654321".to_owned(),
        "kind" => "opt_out".to_owned(),
        "account_id" => account.to_string(),
        "valid_time" => "30.10.2016".to_owned(),
        "known_time" => "2016-10-30 10:00:00".to_owned(),
        _ => String::new(),
    };
    let row: Vec<String> = names.iter().map(cell).collect();
    fs::write(&file, text + &row.join(";") + "\n").unwrap();
    let (code, error) = run(at, "theirs", "two");
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("export-consent_events.txt"), "{error}");
    let scored = crate::support::u64s(
        &crate::support::read_table(&at.join("two/abuse_scores.parquet")),
        "account_id",
    );
    assert!(
        !scored.is_empty() && !scored.contains(&account),
        "the account is denied"
    );
    let (_, told, error) = acquaint(&words("check theirs --quiet"), at);
    for part in ["x valid_time", "30.10.2016", "time = \"local\""] {
        assert!(told.contains(part), "{part}\n{told}{error}");
    }
}

fn acquaint_of_first(out: &Path) -> u64 {
    let table = crate::support::read_table(&out.join("abuse_scores.parquet"));
    crate::support::u64s(&table, "account_id")[0]
}

#[test]
fn deny_a_consent_line_that_is_no_object() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    world(at, "theirs");
    let config = rewrite(&at.join("theirs"), Written::Json);
    fs::write(at.join("acquaint.toml"), config).unwrap();
    let file = at.join("theirs/export-consent_events.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text + "{\"x account_id\": \"1\", \"x kind\": \"opt_out\"\n",
    )
    .unwrap();
    let (code, error) = run(at, "theirs", "out");
    assert_eq!(code, 2, "nobody can tell whose opt-out it was: {error}");
    assert!(error.contains("export-consent_events.jsonl"), "{error}");
    assert!(!at.join("out").exists());
}

#[test]
fn a_wrong_mapping_stops_every_verb_with_line_and_column() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    world(at, "own");
    fs::write(
        at.join("acquaint.toml"),
        "\n[tables.friendships.columns]\nuser_aa = \"a\"\n",
    )
    .unwrap();
    for line in ["run --signals own --out out", "check own", "config"] {
        let (code, _, error) = acquaint(&words(line), at);
        assert_eq!(code, 2, "{line}");
        assert!(error.contains("line 3, column 1: "), "{line}: {error}");
        assert!(error.contains("nearest is `user_a`"), "{line}: {error}");
    }
}
