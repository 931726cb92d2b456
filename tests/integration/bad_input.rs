//! Bad input: one clear error that names it, or a counted rejection that says where.

use std::fs;
use std::path::Path;

use acquaint::signals::TableForm;

use crate::support::{Run, small_world, write_world};

/// A good world on disk, as CSV.
fn world_on_disk() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_world(
        &dir.path().join("signals"),
        TableForm::Csv,
        &small_world(60, 5),
    );
    dir
}

fn run(dir: &Path) -> Result<Run, String> {
    let run = Run::of_signals(&dir.join("signals"), &dir.join("out"), "", None);
    run.map_err(|error| {
        assert!(!dir.join("out").exists(), "a failed run leaves no output");
        let leftovers = fs::read_dir(dir).unwrap().count();
        assert_eq!(leftovers, 1, "and nothing beside it");
        error.to_string()
    })
}

fn edit(dir: &Path, file: &str, change: impl FnOnce(String) -> String) {
    let path = dir.join("signals").join(file);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, change(text)).unwrap();
}

/// Replaces a cell of a CSV table without quotes; the row after the header is 1.
fn set_cell(text: &str, row: usize, column: &str, value: &str) -> String {
    let at = text
        .lines()
        .next()
        .unwrap()
        .split(',')
        .position(|name| name == column)
        .unwrap();
    let edited = text.lines().enumerate().map(|(i, line)| {
        let mut cells: Vec<&str> = line.split(',').collect();
        if i == row {
            cells[at] = value;
        }
        cells.join(",") + "\n"
    });
    edited.collect()
}

#[test]
fn a_wrong_type_in_row_7_is_a_rejection_with_its_place() {
    let dir = world_on_disk();
    edit(dir.path(), "friendships.csv", |text| {
        set_cell(&text, 7, "since", "yesterday")
    });
    let run = run(dir.path()).unwrap();
    run.manifest.check_sums().unwrap();
    assert_eq!(run.manifest.n_rejected(), 1);
    // Numbers that are none are listed beside it.
    let lines = run.lines("rejections.parquet").into_iter();
    let of_friendships: Vec<String> = lines.filter(|line| line.contains("friendships")).collect();
    let line = &of_friendships[0];
    for part in ["friendships.csv", " 7,", "since", "wrong_type"] {
        assert!(line.contains(part), "{part} is missing from {line}");
    }
    assert_eq!(
        run.manifest.stage("friendships → records").unwrap().dropped["wrong_type"],
        1
    );
}

#[test]
fn deny_a_missing_table_by_name() {
    for table in [
        "messenger_accounts",
        "social_accounts",
        "consent_events",
        "policy_versions",
    ] {
        let dir = world_on_disk();
        fs::remove_file(dir.path().join("signals").join(format!("{table}.csv"))).unwrap();
        let error = run(dir.path()).err().unwrap();
        assert!(
            error.contains(&format!("no table {table}")) && error.contains(".parquet"),
            "{error}"
        );
    }
}

#[test]
fn deny_a_missing_column_by_name() {
    let dir = world_on_disk();
    edit(dir.path(), "friendships.csv", |text| {
        text.replacen("since", "sinceish", 1)
    });
    let error = run(dir.path()).err().unwrap();
    assert!(
        error.contains("friendships.csv") && error.contains("since"),
        "{error}"
    );
}

#[test]
fn deny_a_column_of_message_content() {
    let dir = world_on_disk();
    edit(dir.path(), "feedback.csv", |text| {
        let cell = |i| if i == 0 { "message" } else { "hi" };
        let lines = text
            .lines()
            .enumerate()
            .map(|(i, line)| [line, ",", cell(i), "\n"].concat());
        lines.collect()
    });
    let error = run(dir.path()).err().unwrap();
    assert!(
        error.contains("feedback.csv") && error.contains("message"),
        "{error}"
    );
    assert!(
        !error.contains("hi,"),
        "the error does not repeat what was written"
    );
}

#[test]
fn an_empty_table_is_fine_and_an_empty_file_is_not() {
    let dir = world_on_disk();
    edit(dir.path(), "friendships.csv", |text| {
        text.lines().next().unwrap().to_owned() + "\n"
    });
    run(dir.path()).unwrap().manifest.check_sums().unwrap();
    let dir = world_on_disk();
    edit(dir.path(), "friendships.csv", |_| String::new());
    let error = run(dir.path()).err().unwrap();
    assert!(error.contains("friendships.csv"), "{error}");
}

#[test]
fn a_person_twice_is_folded_or_left_out() {
    let dir = world_on_disk();
    edit(dir.path(), "social_accounts.csv", |text| {
        let row = text.lines().nth(3).unwrap().to_owned();
        text + &row + "\n"
    });
    let folded = run(dir.path()).unwrap();
    let stage = folded
        .manifest
        .stage("social_accounts → records")
        .unwrap()
        .clone();
    assert_eq!(stage.dropped["duplicate"], 1, "the same row again");

    edit(dir.path(), "social_accounts.csv", |text| {
        let last = text.lines().count() - 1;
        set_cell(&text, last, "birth_year", "1901")
    });
    let left_out = run(dir.path()).unwrap();
    let stage = left_out
        .manifest
        .stage("social_accounts → records")
        .unwrap()
        .clone();
    assert_eq!(stage.dropped["conflict"], 2, "neither row can be believed");
    left_out.manifest.check_sums().unwrap();
}

#[test]
fn deny_truncated_parquet_wherever_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Parquet, &small_world(40, 6));
    let path = signals.join("friendships.parquet");
    let whole = fs::read(&path).unwrap();
    for n in (0..whole.len()).step_by(whole.len() / 40 + 1) {
        fs::write(&path, &whole[..n]).unwrap();
        let error = run(dir.path())
            .err()
            .unwrap_or_else(|| panic!("{n} of {} bytes were read", whole.len()));
        assert!(error.contains("friendships.parquet"), "{error}");
    }
}

#[test]
fn deny_to_replace_what_is_not_an_output() {
    let dir = world_on_disk();
    fs::create_dir(dir.path().join("out")).unwrap();
    fs::write(dir.path().join("out/thesis.txt"), "years of work").unwrap();
    let error = Run::of_signals(
        &dir.path().join("signals"),
        &dir.path().join("out"),
        "",
        None,
    )
    .err()
    .unwrap();
    assert!(error.to_string().contains("holds thesis.txt"), "{error}");
    assert!(dir.path().join("out/thesis.txt").exists());
}

#[test]
fn an_event_that_cannot_be_read_invalidates_its_account() {
    let dir = world_on_disk();
    let states = |run: &Run| {
        run.manifest
            .consent_states
            .get("invalidated")
            .copied()
            .unwrap_or(0)
    };
    let whole = run(dir.path()).unwrap();
    edit(dir.path(), "consent_events.csv", |text| {
        let accepted = text
            .lines()
            .position(|line| line.contains(",accept,"))
            .unwrap();
        set_cell(&text, accepted, "kind", "axept")
    });
    let torn = run(dir.path()).unwrap();
    assert_eq!(torn.manifest.n_rejected(), 1);
    assert_eq!(
        states(&torn),
        states(&whole) + 1,
        "it may have been an opt-out: {:?}",
        torn.manifest.consent_states
    );
}
