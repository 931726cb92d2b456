//! Ledgers of earlier formats: they are read as they are, and brought to this one by the first writer.

use super::{Place, append, entropy, event, events, import, writer};
use crate::consent::{Event, EventKind, Flaw, History};
use crate::ids::{AccountId, EventId};
use crate::ledger::tables::Access;
use crate::ledger::{
    KeyCheck, LedgerError, NewEvent, NewSubject, ObjectionPoint, OtherKey, Reader, Writer,
};
use crate::time::Timestamp;

/// The first format, as the first version of this program made it.
const FIRST: &str = "
    BEGIN;
    CREATE TEMP TABLE held AS SELECT size, root, newest_known FROM head;
    DROP TABLE head;
    CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 0), size INTEGER NOT NULL, root BLOB NOT NULL, newest_known INTEGER NOT NULL);
    INSERT INTO head SELECT 0, size, root, newest_known FROM held;
    CREATE INDEX entries_by_subject ON entries (subject, entry) WHERE subject IS NOT NULL;
    CREATE INDEX entries_by_kind ON entries (kind) WHERE kind <> 1;
    PRAGMA user_version = 1;
    COMMIT;
";

/// The second format, with a sum in the head that nobody can tell from one that a writer made.
const SECOND: &str = "
    BEGIN;
    CREATE TEMP TABLE was AS SELECT * FROM head;
    DROP TABLE head;
    CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 0), size INTEGER NOT NULL, root BLOB NOT NULL, newest_known INTEGER NOT NULL, n_texts INTEGER NOT NULL, n_objections INTEGER NOT NULL, n_keys INTEGER NOT NULL, sum BLOB NOT NULL);
    INSERT INTO head SELECT one, size, root, newest_known, n_texts, n_objections, n_keys, sum FROM was;
    CREATE INDEX entries_by_kind ON entries (kind) WHERE kind <> 1;
    PRAGMA user_version = 2;
    COMMIT;
";

/// Makes a ledger one of the second format.
fn to_second(dir: &Place) {
    dir.edit(SECOND);
    let mut tables = crate::ledger::database::open(dir.path(), Access::Read).unwrap();
    let (head, rows) = (tables.head().unwrap(), tables.segments().unwrap());
    let counts = head.seal.unwrap().counts;
    let sum = head.sum(counts, None, &rows.iter().collect::<Vec<_>>());
    let sum = blake3::Hash::from_bytes(sum).to_hex();
    dir.edit(&format!("UPDATE head SET sum = x'{sum}'"));
}

pub(super) fn point(n: u8) -> ObjectionPoint {
    ObjectionPoint {
        point: [n; 32],
        bucket: u32::from(n),
    }
}

pub(super) fn objects(id: u64, n: u8) -> NewEvent {
    NewEvent {
        event_id: EventId(id),
        subject: NewSubject::NonUser(point(n)),
        kind: EventKind::NonUserObjects,
        valid_time: super::at(0),
        known_time: super::at(1),
    }
}

/// Records events as the first version of this program did: whatever their times, and without a word about keys.
pub(super) fn record(writer: &mut Writer, events: &[NewEvent]) {
    let recorded = writer.transaction(|writer| {
        for event in events {
            writer.newest_known = writer.newest_known.max(event.known_time);
            writer.record(&NewEvent {
                known_time: writer.newest_known,
                ..*event
            })?;
        }
        Ok(())
    });
    recorded.unwrap();
}

/// A ledger of the first format with two objections.
fn first(dir: &Place) -> Vec<Event> {
    let mut one = writer(dir.path());
    let some: Vec<Event> = (0..60)
        .map(|id| event(id, id % 5, u8::try_from(id % 8).unwrap(), 9))
        .collect();
    import(&mut one, &some[..20], 7);
    append(&mut one, &some[20..]);
    record(&mut one, &[objects(100, 1), objects(101, 2)]);
    let held = events(&Reader::open(dir.path()).unwrap());
    drop(one);
    dir.edit(FIRST);
    held
}

#[test]
fn a_ledger_of_the_first_format_is_read_and_written() {
    let dir = Place::new();
    if dir.is_remote() {
        return;
    }
    let held = first(&dir);
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.check(None).unwrap(), []);
    assert_eq!(reader.flaws().unwrap(), []);
    assert_eq!(events(&reader), held);
    let root = reader.root();
    drop(reader);
    let mut one = writer(dir.path());
    assert_eq!(one.root(), root);
    assert_eq!(append(&mut one, &[event(21, 1, 5, 9)]).n_repeated, 1);
    assert_eq!(append(&mut one, &[event(500, 1, 3, 9)]).n_new, 1);
    drop(one);
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.check(Some(&root)).unwrap(), []);
    assert_eq!(events(&reader).len(), held.len() + 1);
    assert_eq!(dir.ask("PRAGMA user_version"), "3");
}

#[test]
fn a_ledger_of_the_second_format_is_read_and_written() {
    let dir = Place::new();
    if dir.is_remote() {
        return;
    }
    let mut one = writer(dir.path());
    let some: Vec<Event> = (0..60).map(|id| event(id, id % 5, 2, 9)).collect();
    import(&mut one, &some[..20], 7);
    append(&mut one, &some[20..]);
    one.erase(AccountId(3)).unwrap();
    let root = one.root();
    drop(one);
    to_second(&dir);
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.check(Some(&root)).unwrap(), []);
    assert_eq!(events(&reader).len(), 48);
    drop(reader);
    // What came after an erasure had a key of its own: the first writer of this format destroys it.
    let key = "INSERT INTO subject_keys SELECT subject, zeroblob(32) FROM entries WHERE kind = 7";
    dir.edit(key);
    drop(writer(dir.path()));
    assert_eq!(dir.ask("PRAGMA user_version"), "3");
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.check(Some(&root)).unwrap(), []);
    assert_eq!(reader.root(), root);
}

#[test]
fn deny_a_ledger_of_the_second_format_whose_keys_are_gone_or_changed() {
    for edit in [
        "DELETE FROM subject_keys WHERE subject = (SELECT min(subject) FROM subject_keys)",
        "UPDATE subject_keys SET key = zeroblob(32)",
        "DELETE FROM seeds WHERE segment = 1",
        "UPDATE seeds SET seed = zeroblob(32)",
        "INSERT INTO seeds VALUES (9, 0, 0, zeroblob(32))",
    ] {
        let dir = Place::new();
        if dir.is_remote() {
            return;
        }
        first(&dir);
        drop(writer(dir.path()));
        to_second(&dir);
        dir.edit(edit);
        let opened = Writer::open(dir.path(), entropy(4));
        assert!(
            matches!(opened, Err(LedgerError::Damaged { .. })),
            "{edit}: {opened:?}"
        );
        assert_eq!(dir.ask("PRAGMA user_version"), "2");
    }
}

#[test]
fn deny_a_damaged_ledger_of_the_first_format() {
    for edit in [
        "DELETE FROM entries WHERE entry = 40",
        "UPDATE entries SET body = zeroblob(26) WHERE entry = 40",
        "DELETE FROM segments WHERE segment = 1",
        "UPDATE segments SET max_id = 3",
        "DROP INDEX entries_by_subject",
        "DROP INDEX entries_by_subject; CREATE INDEX entries_by_subject ON entries (subject, entry) WHERE subject IS NOT NULL AND entry < 40",
        "UPDATE objections SET bucket = 7 WHERE number = 1",
    ] {
        let dir = Place::new();
        if dir.is_remote() {
            return;
        }
        first(&dir);
        dir.edit(edit);
        let opened = Writer::open(dir.path(), entropy(4));
        assert!(
            matches!(opened, Err(LedgerError::Damaged { .. })),
            "{edit}: {opened:?}"
        );
        let reader = Reader::open(dir.path());
        let is_closed = reader.is_ok_and(|reader| reader.flaws().unwrap() == [Flaw::Everybody]);
        assert!(is_closed, "{edit}");
        assert_eq!(dir.ask("PRAGMA user_version"), "1");
        let segments = std::fs::read_dir(dir.path().join("segments")).unwrap();
        assert_eq!(segments.count(), 3, "{edit}");
    }
}

const KEY: KeyCheck = KeyCheck([5; 32]);
const OTHER: KeyCheck = KeyCheck([6; 32]);

fn is_unknown<T>(result: &Result<T, LedgerError>) -> bool {
    matches!(result, Err(LedgerError::UnknownKey { n: 2 }))
}

#[test]
fn an_unknown_key_is_shown_by_a_point_or_named() {
    let dir = Place::new();
    if dir.is_remote() {
        return;
    }
    first(&dir);
    let reader = Reader::open(dir.path()).unwrap();
    assert!(is_unknown(&reader.assert_key(KEY)));
    drop(reader);
    let mut one = writer(dir.path());
    one.use_key(KEY).unwrap();
    let root = one.root();
    assert!(is_unknown(&one.append(&[objects(102, 3)], Timestamp::MAX)));
    assert_eq!(one.root(), root);
    // The second is on the list, so the key that makes its point is the list's.
    let shown = one
        .append(&[objects(102, 3), objects(101, 2)], Timestamp::MAX)
        .unwrap();
    assert_eq!((shown.n_new, shown.n_repeated), (1, 1));
    one.assert_key(KEY).unwrap();
    assert!(one.use_key(OTHER).is_err());
    drop(one);
    let reader = Reader::open(dir.path()).unwrap();
    reader.assert_key(KEY).unwrap();
    assert!(reader.assert_key(OTHER).is_err());
    assert_eq!(reader.check(None).unwrap(), []);

    let dir = Place::new();
    first(&dir);
    let mut one = writer(dir.path());
    assert!(is_unknown(&one.assert_key(KEY)));
    one.adopt_key(KEY).unwrap();
    let root = one.root();
    one.adopt_key(KEY).unwrap();
    assert_eq!(one.root(), root);
    assert!(one.adopt_key(OTHER).is_err());
    one.append(&[objects(102, 3)], Timestamp::MAX).unwrap();
}

#[test]
fn an_import_shows_the_key_too() {
    let dir = Place::new();
    if dir.is_remote() {
        return;
    }
    first(&dir);
    let mut one = writer(dir.path());
    one.use_key(KEY).unwrap();
    let mut import = one.import(10, Timestamp::MAX);
    import.push(&objects(103, 9)).unwrap();
    assert!(is_unknown(&import.finish()));
    let mut import = one.import(10, Timestamp::MAX);
    import.push(&objects(103, 9)).unwrap();
    import.push(&objects(100, 1)).unwrap();
    // The second is held, but as known later: an earlier time is news.
    assert_eq!(import.finish().unwrap().imported.n_new, 2);
    one.assert_key(KEY).unwrap();
}

#[test]
fn deny_any_key_but_the_lists() {
    let dir = Place::new();
    let mut one = writer(dir.path());
    let refused = one.append(&[objects(1, 1)], Timestamp::MAX);
    assert!(matches!(refused, Err(LedgerError::NoKey)), "{refused:?}");
    one.use_key(KEY).unwrap();
    one.append(&[objects(1, 1), objects(2, 2)], Timestamp::MAX)
        .unwrap();
    let other = |error| {
        matches!(
            error,
            Err(LedgerError::OtherKey {
                which: OtherKey::Never
            })
        )
    };
    assert!(other(one.use_key(OTHER)));
    assert!(other(one.assert_key(OTHER)));
    // Who goes on regardless records under the key that was right.
    one.append(&[objects(3, 3)], Timestamp::MAX).unwrap();
    one.rekey_objections(&[point(11), point(12), point(13)], OTHER)
        .unwrap();
    one.wipe_old_objections().unwrap();
    let former = |error| {
        let former = OtherKey::Former {
            number: 0,
            newest: 1,
        };
        matches!(error, Err(LedgerError::OtherKey { which }) if which == former)
    };
    assert!(former(one.use_key(KEY)));
    drop(one);
    let reader = Reader::open(dir.path()).unwrap();
    assert!(former(reader.assert_key(KEY)));
    reader.assert_key(OTHER).unwrap();
    assert_eq!(reader.check(None).unwrap(), []);
    drop(reader);
    let mut one = writer(dir.path());
    assert!(former(one.use_key(KEY)));
    let refused = one.append(&[objects(4, 4)], Timestamp::MAX);
    assert!(matches!(refused, Err(LedgerError::NoKey)), "{refused:?}");
}

#[test]
fn every_edit_of_a_key_is_found() {
    for edit in [
        "UPDATE entries SET body = substr(body, 1, 8) || zeroblob(32) WHERE kind = 10 AND entry > 5",
        "UPDATE entries SET kind = 8 WHERE kind = 10",
        "DELETE FROM entries WHERE kind = 10",
        "UPDATE head SET n_keys = 1",
        "UPDATE objections SET point = zeroblob(32) WHERE number = 0",
        "DELETE FROM objections WHERE number = 1",
        "DELETE FROM objections",
        "INSERT INTO objections VALUES (2, zeroblob(32), 5)",
    ] {
        let dir = Place::new();
        let mut one = writer(dir.path());
        one.use_key(KEY).unwrap();
        one.append(&[objects(1, 1), objects(2, 2)], Timestamp::MAX)
            .unwrap();
        one.rekey_objections(&[point(11), point(12)], OTHER)
            .unwrap();
        drop(one);
        dir.edit(edit);
        let reader = Reader::open(dir.path()).unwrap();
        assert_ne!(reader.check(None).unwrap(), [], "{edit}");
        assert_eq!(reader.flaws().unwrap(), [Flaw::Everybody], "{edit}");
        assert!(reader.assert_key(OTHER).is_err(), "{edit}");
        assert!(reader.objections().is_err(), "{edit}");
        assert!(reader.history(AccountId(1)).is_err(), "{edit}");
        let opened = Writer::open(dir.path(), entropy(2));
        assert!(opened.is_err(), "a writer goes on: {edit}");
    }
}
