//! Keys and seeds stand beside the tree: whoever was erased has none, and everybody else has the one that was made.

use std::path::Path;

use super::{Place, append, entropy, event, import, writer};
use crate::consent::{Flaw, History, Subject};
use crate::ids::AccountId;
use crate::ledger::{LedgerError, Reader, Writer, repair};
use crate::time::Timestamp;

const ERASED: AccountId = AccountId(4);

/// Two segments and rows about accounts 0 to 6.
fn ledger(dir: &Path) -> Writer {
    let mut writer = writer(dir);
    let some =
        |ids: std::ops::Range<u64>| ids.map(|id| event(id, id % 7, 2, 9)).collect::<Vec<_>>();
    import(&mut writer, &some(0..40), 20);
    append(&mut writer, &some(40..80));
    writer
}

/// Nobody goes on: `check` names it, no reader answers, no writer opens.
fn assert_refused(dir: &Path, why: &str) {
    let reader = Reader::open(dir).unwrap();
    assert_ne!(reader.check(None).unwrap(), [], "check is silent: {why}");
    let reader = Reader::open(dir).unwrap();
    assert_eq!(reader.flaws().unwrap(), [Flaw::Everybody], "{why}");
    for account in [AccountId(3), ERASED] {
        assert!(reader.history(account).is_err(), "history answers: {why}");
        assert!(reader.prove(account).is_err(), "prove answers: {why}");
    }
    assert!(reader.accounts(&mut |_| {}).is_err(), "run answers: {why}");
    drop(reader);
    let opened = Writer::open(dir, entropy(8));
    assert!(
        matches!(opened, Err(LedgerError::Damaged { .. })),
        "a writer opens: {why}: {opened:?}"
    );
}

fn assert_whole(dir: &Path) {
    let reader = Reader::open(dir).unwrap();
    assert_eq!(reader.check(None).unwrap(), []);
    let flaw = Flaw::About {
        subject: Subject::Account(ERASED),
        known_time: Timestamp::MIN,
    };
    assert_eq!(reader.flaws().unwrap(), [flaw]);
    assert_eq!(reader.history(ERASED).unwrap(), []);
}

/// Keeps the keys of a ledger aside, erases an account, and puts them back.
fn undone(dir: &Place, table: &str) {
    let mut writer = ledger(dir.path());
    dir.edit(&format!("CREATE TABLE kept AS SELECT * FROM {table}"));
    writer.erase(ERASED).unwrap();
    drop(writer);
    let columns = if table == "seeds" {
        "(segment, depth, number, seed)"
    } else {
        "(subject, key)"
    };
    dir.edit(&format!(
        "INSERT INTO {table} {columns} SELECT * FROM kept WHERE true ON CONFLICT DO NOTHING; DROP TABLE kept"
    ));
}

#[test]
fn deny_a_key_that_comes_back_after_an_erasure() {
    for table in ["subject_keys", "seeds"] {
        let dir = Place::new();
        undone(&dir, table);
        assert_refused(dir.path(), table);
    }
    let dir = Place::new();
    ledger(dir.path()).erase(ERASED).unwrap();
    dir.edit("INSERT INTO seeds (segment, depth, number, seed) VALUES (1, 0, 0, zeroblob(32))");
    assert_refused(dir.path(), "a seed above the one that was destroyed");
    repair(dir.path()).unwrap();
    assert_whole(dir.path());
}

#[test]
fn a_repair_destroys_a_key_that_came_back() {
    for table in ["subject_keys", "seeds"] {
        let dir = Place::new();
        undone(&dir, table);
        let repaired = repair(dir.path()).unwrap();
        assert!(!repaired.faults.is_empty(), "{table}");
        assert_whole(dir.path());
    }
}

#[test]
fn deny_a_key_or_seed_that_is_not_the_one_that_was_made() {
    let edits = [
        "INSERT INTO subject_keys (subject, key) VALUES (x'0077000000000000000000000000000000', zeroblob(32))",
        "DELETE FROM subject_keys WHERE subject = (SELECT subject FROM subject_keys ORDER BY subject LIMIT 1)",
        "UPDATE subject_keys SET key = zeroblob(32) WHERE subject = (SELECT subject FROM subject_keys ORDER BY subject LIMIT 1)",
        "INSERT INTO seeds (segment, depth, number, seed) VALUES (0, 3, 1, zeroblob(32))",
        "INSERT INTO seeds (segment, depth, number, seed) VALUES (0, 2, 0, zeroblob(32))",
        "INSERT INTO seeds (segment, depth, number, seed) VALUES (9, 0, 0, zeroblob(32))",
        "INSERT INTO seeds (segment, depth, number, seed) VALUES (0, 60, 0, zeroblob(32))",
        "INSERT INTO seeds (segment, depth, number, seed) VALUES (0, 70, 0, zeroblob(32))",
        "UPDATE seeds SET seed = zeroblob(32) WHERE segment = 1 AND depth = (SELECT max(depth) FROM seeds WHERE segment = 1)",
        "UPDATE seeds SET segment = 7 WHERE segment = 1",
        "DELETE FROM seeds WHERE segment = 1",
    ];
    for edit in edits {
        let dir = Place::new();
        ledger(dir.path()).erase(ERASED).unwrap();
        dir.edit(edit);
        assert_refused(dir.path(), edit);
        let repaired = repair(dir.path());
        assert!(
            matches!(repaired, Err(LedgerError::Damaged { .. })),
            "a repair takes it: {edit}: {repaired:?}"
        );
    }
}

#[test]
fn what_comes_after_an_erasure_is_recorded_and_sealed_for_good() {
    let dir = Place::new();
    let mut one = ledger(dir.path());
    one.erase(ERASED).unwrap();
    let later = [event(500, ERASED.0, 3, 20), event(501, 3, 3, 20)];
    assert_eq!(append(&mut one, &later).n_new, 2);
    assert_eq!(append(&mut one, &later).n_repeated, 2);
    drop(one);
    assert_whole(dir.path());
    let mut one = Writer::open(dir.path(), entropy(7)).unwrap();
    let later: Vec<_> = (600..640).map(|id| event(id, id % 7, 2, 21)).collect();
    assert_eq!(import(&mut one, &later, 10).n_new, 40);
    assert_eq!(import(&mut one, &later, 10).n_repeated, 40);
    drop(one);
    assert_whole(dir.path());
    let reader = Reader::open(dir.path()).unwrap();
    let n_rows = reader.prove(ERASED).unwrap().entries.len();
    assert!(
        n_rows > 6 + 5 + 6,
        "every event stands in the log: {n_rows}"
    );
    assert!(reader.history(AccountId(3)).unwrap().len() > 11);
}
