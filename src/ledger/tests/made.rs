//! A ledger is made whole or not at all, and is not made twice.

use std::fs;
use std::path::Path;

use super::{append, entropy, event, import, writer};
use crate::ledger::{LedgerError, Reader, Writer};

/// What something that was stopped may have left in a directory.
fn left(dir: &Path, what: &str) {
    let write = |name: &str, bytes: &[u8]| fs::write(dir.join(name), bytes).unwrap();
    match what {
        "nothing" => {}
        "an empty database" => write("ledger.sqlite", b""),
        "a few bytes" => write("ledger.sqlite", b"SQLite format 3\0\x10\0"),
        "a part of a page" => write("ledger.sqlite", &[0; 3000]),
        "a page of zeros" => write("ledger.sqlite", &[0; 4096]),
        "pages of zeros" => write("ledger.sqlite", &vec![0; 65_536]),
        "an empty log" => {
            write("ledger.sqlite", b"");
            write("ledger.sqlite-wal", b"");
            write("ledger.sqlite-shm", &vec![0; 32_768]);
        }
        "a log with a header" => {
            write("ledger.sqlite", b"");
            write("ledger.sqlite-wal", &[1; 32]);
        }
        "a database with no tables" => {
            let database = rusqlite::Connection::open(dir.join("ledger.sqlite")).unwrap();
            database.pragma_update(None, "journal_mode", "WAL").unwrap();
        }
        "half a new database" => {
            write("ledger.sqlite.new", &[7; 5000]);
            write("ledger.sqlite.new-journal", &[7; 600]);
        }
        "a new database beside nothing" => {
            let elsewhere = tempfile::tempdir().unwrap();
            drop(writer(elsewhere.path()));
            fs::copy(
                elsewhere.path().join("ledger.sqlite"),
                dir.join("ledger.sqlite.new"),
            )
            .unwrap();
        }
        _ => panic!("{what}"),
    }
}

#[test]
fn what_was_half_made_is_made_anew() {
    for what in [
        "nothing",
        "an empty database",
        "a few bytes",
        "a part of a page",
        "a page of zeros",
        "pages of zeros",
        "an empty log",
        "a log with a header",
        "a database with no tables",
        "half a new database",
        "a new database beside nothing",
    ] {
        for has_lock in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            left(dir.path(), what);
            if has_lock {
                fs::write(dir.path().join("ledger.lock"), b"").unwrap();
            }
            let read = Reader::open(dir.path());
            assert!(
                matches!(read, Err(LedgerError::Absent { .. })),
                "{what}: {read:?}"
            );
            let mut one = Writer::open(dir.path(), entropy(1))
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            append(&mut one, &[event(1, 1, 3, 0)]);
            drop(one);
            let reader = Reader::open(dir.path()).unwrap();
            assert_eq!(reader.check(None).unwrap(), [], "{what}");
            assert_eq!(reader.root().size, 1);
            let names = fs::read_dir(dir.path()).unwrap();
            let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            assert!(!names.any(|name| name.contains(".new")), "{what}");
        }
    }
}

#[test]
fn deny_a_new_ledger_where_one_was() {
    type Loss = fn(&Path);
    let losses: [(&str, Loss); 5] = [
        ("removed", |path| fs::remove_file(path).unwrap()),
        ("emptied", |path| fs::write(path, b"").unwrap()),
        ("cut", |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..1000]).unwrap();
        }),
        ("zeroed", |path| {
            let len = fs::read(path).unwrap().len();
            fs::write(path, vec![0; len]).unwrap();
        }),
        ("overwritten", |path| fs::write(path, [9; 8192]).unwrap()),
    ];
    for (how, lose) in losses {
        for keeps_mark in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let mut one = writer(dir.path());
            let some: Vec<_> = (0..20).map(|id| event(id, id, 3, 0)).collect();
            import(&mut one, &some, 10);
            drop(one);
            if !keeps_mark {
                // As earlier versions of this program left it: the segments alone show that there was a ledger.
                fs::write(dir.path().join("ledger.lock"), b"").unwrap();
            }
            lose(&dir.path().join("ledger.sqlite"));
            let opened = Writer::open(dir.path(), entropy(2));
            assert!(
                matches!(opened, Err(LedgerError::Damaged { .. })),
                "{how}: {opened:?}"
            );
            let segments = fs::read_dir(dir.path().join("segments")).unwrap();
            assert_eq!(segments.count(), 2, "{how}");
            assert!(Reader::open(dir.path()).is_err(), "{how}");
        }
    }
}

#[test]
fn only_what_an_import_left_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let mut one = writer(dir.path());
    import(&mut one, &[event(1, 1, 3, 0)], 10);
    drop(one);
    let segments = dir.path().join("segments");
    let others = [
        "notes.txt",
        "000000.seg.bak",
        "1.seg",
        "copy-000000.seg",
        "README",
    ];
    for name in others {
        fs::write(segments.join(name), b"somebody's").unwrap();
    }
    drop(writer(dir.path()));
    for name in others {
        assert!(segments.join(name).exists(), "{name}");
    }
}

#[test]
fn a_database_that_keeps_no_log_is_brought_to_one() {
    let dir = tempfile::tempdir().unwrap();
    append(&mut writer(dir.path()), &[event(1, 1, 3, 0)]);
    let database = rusqlite::Connection::open(dir.path().join("ledger.sqlite")).unwrap();
    let set = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let mode = database.pragma_update_and_check(None, "journal_mode", "DELETE", set);
    assert_eq!(mode.unwrap(), "delete");
    drop(database);
    let refused = Reader::open(dir.path());
    assert!(
        matches!(refused, Err(LedgerError::Damaged { .. })),
        "{refused:?}"
    );
    let mut one = Writer::open(dir.path(), entropy(2)).unwrap();
    append(&mut one, &[event(2, 1, 3, 0)]);
    drop(one);
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.check(None).unwrap(), []);
    assert_eq!(reader.root().size, 2);
}
