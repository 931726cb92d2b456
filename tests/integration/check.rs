//! `check` says at once what a run would say one thing at a time.

use std::fs;
use std::path::Path;

use acquaint::signals::TableForm;

use crate::support::program::{acquaint, words};
use crate::support::{small_world, write_world};

/// A world as text, without sums: its files are about to be changed.
fn tables(at: &Path, form: TableForm) {
    write_world(&at.join("tables"), form, &small_world(60, 3));
    fs::remove_file(at.join("tables/sums.json")).ok();
}

/// What `check` prints; it has to end so.
fn checked(at: &Path, expected: i32) -> String {
    let (code, told, error) = acquaint(&words("check tables --quiet"), at);
    assert_eq!(code, expected, "{told}{error}");
    told
}

fn edit(at: &Path, table: &str, edit: impl FnOnce(Vec<String>) -> Vec<String>) {
    let path = at.join(format!("tables/{table}.csv"));
    let lines = fs::read_to_string(&path).unwrap();
    let lines = edit(lines.lines().map(str::to_owned).collect());
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

#[test]
fn everything_a_run_would_stop_at_is_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    tables(at, TableForm::Csv);
    fs::remove_file(at.join("tables/policy_versions.csv")).unwrap();
    edit(at, "address_book", |mut lines| {
        lines[0] = "account_id,tel,saved_at".to_owned();
        lines
    });
    edit(at, "friendships", |mut lines| {
        lines[0] = "a,b,c".to_owned();
        lines
    });
    edit(at, "impressions", |mut lines| {
        let cells: Vec<&str> = lines[2].split(',').collect();
        lines[2] = [&["x1"], &cells[1..]].concat().join(",");
        lines
    });
    let told = checked(at, 1);
    for part in [
        "no policy_versions     a run needs it",
        "3 things to mend",
        "there is no table policy_versions",
        "address_book.csv has no column phone; it has account_id, tel, saved_at",
        "friendships.csv has no columns user_a, user_b, since; it has a, b, c",
        "impressions.csv: 1 row not used",
        "row 2       ad_id=x1",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn rows_are_shown_as_they_stand_without_their_numbers() {
    for form in [TableForm::Csv, TableForm::Parquet] {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path();
        let mut world = small_world(60, 3);
        world.address_book[1].phone =
            acquaint::signals::RawPhone::new("0043 664 91059".to_owned() + "4x7");
        world.address_book[1].saved_at = world.as_of;
        write_world(&at.join("tables"), form, &world);
        let told = checked(at, 0);
        let account = world.address_book[1].account_id;
        let row = told.lines().find(|line| line.contains("row 2 "));
        let row = row.unwrap_or_else(|| panic!("{told}"));
        assert!(row.contains(&account.to_string()), "{row}");
        assert!(row.contains("0000 000 000000x0"), "{row}");
        assert!(
            !told.contains("664") && told.contains("is not a phone number"),
            "{told}"
        );
    }
}

#[test]
fn people_who_cannot_be_scored_are_counted_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    tables(at, TableForm::Csv);
    let told = checked(at, 0);
    assert!(
        told.contains("a run would finish, and nothing has to be looked at"),
        "{told}"
    );
    edit(at, "consent_events", |lines| {
        lines
            .into_iter()
            .filter(|line| !line.contains("notice_served"))
            .collect()
    });
    let told = checked(at, 1);
    assert!(
        told.contains("accepted without a notice: nobody of them can be scored"),
        "{told}"
    );
    assert!(told.contains(" · not_notified "), "{told}");
    assert!(!at.join("out").exists());
}
