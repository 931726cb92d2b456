//! What no hash over the rows shows: schema, indexes, and columns beside the tree. No reader is led astray by any of it,
//! `check` finds it, and a writer stops.

use std::fs;
use std::path::Path;

use super::{Place, append, at, entropy, event, events, import, new, sorted, writer};
use crate::consent::{Event, Flaw, History, Subject};
use crate::ids::{AccountId, EventId};
use crate::ledger::{LedgerError, NewEvent, Reader, Writer, repair};
use crate::time::Timestamp;

const ACCOUNTS: u64 = 7;

/// Rows about accounts and devices, two segments, texts, a contradiction, an erasure.
fn ledger(dir: &Path) {
    let mut writer = writer(dir);
    let some = |ids: std::ops::Range<u64>| -> Vec<Event> {
        let kind = |id: u64| u8::try_from(id % 8).unwrap();
        ids.map(|id| event(id, id % ACCOUNTS, kind(id), i64::try_from(id).unwrap()))
            .collect()
    };
    import(&mut writer, &some(0..40), 20);
    append(&mut writer, &some(40..400));
    append(&mut writer, &[event(50, 2, 3, 500)]);
    writer.erase(AccountId(6)).unwrap();
}

/// Everything that readers say.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    flaws: Vec<Flaw>,
    events: Vec<Event>,
    histories: Vec<Vec<Event>>,
    proven: Vec<usize>,
}

/// None if a reader stops, or lets nobody through.
fn said(dir: &Path) -> Option<Said> {
    let reader = Reader::open(dir).ok()?;
    let flaws = reader.flaws().ok()?;
    let read = |reader: &Reader| -> Result<Said, LedgerError> {
        let mut all = reader.others()?;
        reader.accounts(&mut |batch| all.extend(batch))?;
        let accounts = || (0..ACCOUNTS).map(AccountId);
        let histories = accounts().map(|account| reader.history(account));
        let proven = accounts().map(|account| Ok(reader.prove(account)?.entries.len()));
        Ok(Said {
            flaws: flaws.clone(),
            events: sorted(all),
            histories: histories.collect::<Result<_, _>>()?,
            proven: proven.collect::<Result<_, LedgerError>>()?,
        })
    };
    let said = read(&reader);
    let is_closed = flaws == [Flaw::Everybody];
    assert!(
        !is_closed || said.is_err(),
        "what is damaged is handed over"
    );
    said.ok()
}

fn is_found(dir: &Path) -> bool {
    let findings = Reader::open(dir).and_then(|reader| reader.check(None));
    findings.map_or(true, |findings| !findings.is_empty())
}

/// An event that contradicts one that only a row holds.
fn contradiction(id: u64) -> NewEvent {
    new(&event(id, (id + 1) % 5, 1, 600))
}

fn assert_writer_stops(dir: &Path, why: &str) {
    let opened = Writer::open(dir, entropy(9));
    assert!(opened.is_err(), "a writer goes on: {why}");
}

const WITHOUT_SOME: &str = "
    DROP INDEX entries_by_event; CREATE INDEX entries_by_event ON entries (event_id) WHERE event_id IS NOT NULL AND entry < 100;
";
/// The database then says that the index is the one that was there.
const SAID_TO_BE_WHOLE: &str = "
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = 'CREATE INDEX entries_by_event ON entries (event_id) WHERE event_id IS NOT NULL' WHERE name = 'entries_by_event';
    PRAGMA writable_schema = OFF;
";

/// Edits after which every row is still there, and in its place.
fn of_indexes() -> Vec<String> {
    let mut edits: Vec<String> = [
        "DROP INDEX entries_by_event",
        "CREATE INDEX entries_by_kind ON entries (kind) WHERE kind <> 1",
        WITHOUT_SOME,
        "DROP INDEX entries_by_event; CREATE INDEX entries_by_event ON entries (event_id)",
        "DROP INDEX entries_by_event; CREATE INDEX entries_by_event ON entries (event_id DESC) WHERE event_id IS NOT NULL",
        "DROP INDEX entries_by_event; CREATE INDEX entries_by_event ON entries (event_id + 1) WHERE event_id IS NOT NULL",
        "CREATE INDEX entries_by_subject ON entries (subject, entry) WHERE entry > 60",
        "CREATE UNIQUE INDEX more ON entries (entry) WHERE kind = 3",
    ]
    .map(str::to_owned)
    .into();
    edits.push(format!("{WITHOUT_SOME}{SAID_TO_BE_WHOLE}"));
    edits.push(format!(
        "DROP INDEX entries_by_event; CREATE INDEX entries_by_event ON entries (event_id + 1) WHERE event_id IS NOT NULL;{SAID_TO_BE_WHOLE}"
    ));
    edits
}

/// Edits of what is no table of rows.
const OF_SCHEMA: [&str; 9] = [
    "CREATE TRIGGER quiet AFTER INSERT ON entries BEGIN DELETE FROM entries WHERE entry = NEW.entry; END",
    "CREATE TRIGGER back AFTER UPDATE ON head BEGIN UPDATE head SET newest_known = 0; END",
    "CREATE TRIGGER keys BEFORE DELETE ON subject_keys BEGIN SELECT RAISE(IGNORE); END",
    "CREATE VIEW opted_out AS SELECT * FROM entries",
    "CREATE TABLE notes (text TEXT)",
    "ALTER TABLE entries ADD COLUMN note TEXT",
    "ALTER TABLE entries RENAME TO all_entries; CREATE VIEW entries AS SELECT * FROM all_entries WHERE entry <> 90",
    "ALTER TABLE segments RENAME TO all_segments; CREATE VIEW segments AS SELECT * FROM all_segments WHERE segment = 0",
    "ANALYZE",
];

/// Edits of columns that no leaf holds.
const OF_COLUMNS: [&str; 15] = [
    "UPDATE segments SET min_id = min_id + 1 WHERE segment = 0",
    "UPDATE segments SET max_id = max_id - 1 WHERE segment = 1",
    "UPDATE segments SET min_id = max_id",
    "UPDATE segments SET n_subjects = n_subjects - 1",
    "UPDATE head SET newest_known = newest_known + 1",
    "UPDATE head SET newest_known = 9223372036854775807",
    "UPDATE head SET newest_known = 0",
    "UPDATE head SET n_texts = n_texts - 1",
    "UPDATE head SET n_objections = 3",
    "UPDATE head SET n_keys = 1",
    "UPDATE head SET sum = zeroblob(32)",
    "DELETE FROM segments WHERE segment = 1",
    "UPDATE segments SET first_entry = first_entry + 1 WHERE segment = 1",
    "DELETE FROM head",
    "UPDATE head SET held = zeroblob(40)",
];

/// Edits of rows that leave every leaf as it was, or add rows that no leaf counts.
const OF_ROWS: [&str; 8] = [
    "UPDATE entries SET subject = NULL WHERE subject = x'0000000000000000000000000000000000'",
    "UPDATE entries SET subject = substr(subject, 1, 16), body = substr(subject, 17) || body WHERE entry = 90",
    "UPDATE entries SET subject = subject || substr(body, 1, 1), body = substr(body, 2) WHERE entry = 90",
    "UPDATE entries SET event_id = (-9223372036854775807 - 1) WHERE kind = 5",
    "INSERT INTO entries SELECT -1, kind, event_id, subject, body FROM entries WHERE entry = 90",
    "INSERT INTO entries SELECT 5, kind, event_id, subject, body FROM entries WHERE entry = 90",
    "INSERT INTO entries SELECT 1 + max(entry), kind, event_id, subject, body FROM entries",
    "UPDATE entries SET subject = x'0000000000000000000000000000000000' WHERE kind = 5",
];

#[test]
fn deny_an_index_that_lacks_rows() {
    let whole = Place::new();
    if whole.is_remote() {
        return;
    }
    ledger(whole.path());
    let expected = said(whole.path()).unwrap();
    for edit in of_indexes() {
        let dir = Place::new();
        ledger(dir.path());
        dir.edit(&edit);
        if let Some(said) = said(dir.path()) {
            assert_eq!(said, expected, "{edit}");
        }
        assert!(is_found(dir.path()), "{edit}");
        assert_writer_stops(dir.path(), &edit);
    }
}

#[test]
fn deny_every_other_schema_and_column() {
    let whole = Place::new();
    if whole.is_remote() {
        return;
    }
    ledger(whole.path());
    let expected = said(whole.path()).unwrap();
    for edit in OF_SCHEMA.iter().chain(&OF_COLUMNS).chain(&OF_ROWS) {
        let dir = Place::new();
        ledger(dir.path());
        dir.edit(edit);
        if let Some(said) = said(dir.path()) {
            assert_eq!(said, expected, "{edit}");
        }
        assert!(is_found(dir.path()), "{edit}");
        assert_writer_stops(dir.path(), edit);
        let segments = fs::read_dir(dir.path().join("segments")).unwrap().count();
        assert_eq!(segments, 2, "a segment was removed: {edit}");
    }
}

#[test]
fn what_is_derived_is_made_again() {
    let whole = Place::new();
    if whole.is_remote() {
        return;
    }
    ledger(whole.path());
    let expected = said(whole.path()).unwrap();
    let of_schema = [0, 1, 2, 3, 8].map(|at| OF_SCHEMA[at].to_owned());
    let of_columns = [0, 1, 2, 4, 5, 6, 7, 8, 9, 10].map(|at| OF_COLUMNS[at].to_owned());
    let edits = of_indexes().into_iter().chain(of_schema).chain(of_columns);
    for edit in edits {
        let dir = Place::new();
        ledger(dir.path());
        let root = Reader::open(dir.path()).unwrap().root();
        dir.edit(&edit);
        let repaired = repair(dir.path()).unwrap_or_else(|error| panic!("{edit}: {error}"));
        assert!(!repaired.faults.is_empty(), "{edit}");
        let reader = Reader::open(dir.path()).unwrap();
        assert_eq!(reader.check(Some(&root)).unwrap(), [], "{edit}");
        assert_eq!(reader.root(), root);
        assert_eq!(said(dir.path()).unwrap(), expected, "{edit}");
        drop(reader);
        let mut writer = Writer::open(dir.path(), entropy(9)).unwrap();
        let again = append(&mut writer, &[event(301, 301 % ACCOUNTS, 5, 301)]);
        assert_eq!((again.n_new, again.n_repeated), (0, 1), "{edit}");
    }
    for edit in [
        "CREATE TABLE notes (text TEXT)",
        "ALTER TABLE entries ADD COLUMN note TEXT",
    ] {
        let dir = Place::new();
        ledger(dir.path());
        dir.edit(edit);
        let refused = repair(dir.path());
        assert!(
            matches!(refused, Err(LedgerError::Damaged { .. })),
            "{edit}: {refused:?}"
        );
        let held = dir.ask("SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%text TEXT%' OR sql LIKE '%note TEXT%'");
        assert_eq!(held, "1", "{edit}: it was removed");
    }
    let dir = Place::new();
    ledger(dir.path());
    assert_eq!(repair(dir.path()).unwrap().faults, Vec::<String>::new());
    dir.edit("UPDATE entries SET body = zeroblob(26) WHERE entry = 90");
    assert!(
        repair(dir.path()).is_err(),
        "damaged entries are not repaired"
    );
    let none = tempfile::tempdir().unwrap();
    assert!(matches!(
        repair(none.path()),
        Err(LedgerError::Absent { .. })
    ));
    assert_eq!(fs::read_dir(none.path()).unwrap().count(), 0);
}

/// Edits of the schema on a server, and whether a repair undoes them.
#[cfg(feature = "postgres")]
const OF_SERVER: [(&str, bool); 8] = [
    (
        "DROP INDEX entries_by_event; CREATE INDEX entries_by_event ON entries (event_id) WHERE event_id IS NOT NULL AND entry < 100",
        true,
    ),
    ("CREATE INDEX more ON entries (kind) WHERE kind = 3", true),
    ("DROP INDEX entries_by_event", true),
    (
        "CREATE RULE quiet AS ON INSERT TO entries DO INSTEAD NOTHING",
        true,
    ),
    (
        "CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER quiet BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION quiet()",
        true,
    ),
    (
        "CREATE POLICY few ON entries USING (entry <> 90); ALTER TABLE entries ENABLE ROW LEVEL SECURITY",
        true,
    ),
    ("CREATE VIEW opted_out AS SELECT * FROM entries", true),
    ("CREATE TABLE more_entries () INHERITS (entries)", false),
];

#[cfg(feature = "postgres")]
#[test]
fn deny_every_other_schema_on_a_server() {
    let whole = Place::new();
    if !whole.is_remote() {
        return;
    }
    ledger(whole.path());
    let expected = said(whole.path()).unwrap();
    for (edit, is_mended) in OF_SERVER {
        let dir = Place::new();
        ledger(dir.path());
        dir.edit(edit);
        if let Some(said) = said(dir.path()) {
            assert_eq!(said, expected, "{edit}");
        }
        assert!(is_found(dir.path()), "{edit}");
        assert!(Writer::open(dir.path(), entropy(3)).is_err(), "{edit}");
        let repaired = repair(dir.path());
        assert_eq!(repaired.is_ok(), is_mended, "{edit}: {repaired:?}");
        assert_eq!(!is_found(dir.path()), is_mended, "{edit}");
        if is_mended {
            assert_eq!(said(dir.path()).unwrap(), expected, "{edit}");
        }
    }
}

/// The pages of a database, by the table or index they belong to.
fn pages(dir: &Path) -> Vec<(String, isize)> {
    let database = rusqlite::Connection::open(dir.join("ledger.sqlite")).unwrap();
    let mut statement = database
        .prepare("SELECT name, pageno FROM dbstat ORDER BY pageno")
        .unwrap();
    let pages = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, isize>(1)?)));
    pages.unwrap().map(Result::unwrap).collect()
}

#[test]
fn deny_a_flipped_bit_on_any_page() {
    let whole = Place::new();
    if whole.is_remote() {
        return;
    }
    ledger(whole.path());
    let expected = said(whole.path()).unwrap();
    let file = whole.path().join("ledger.sqlite");
    let bytes = fs::read(&file).unwrap();
    let (mut n_silent, mut n_found) = (0, 0);
    for (name, page) in pages(whole.path()) {
        let page = usize::try_from(page).unwrap();
        let is_index = name.starts_with("entries_by") || name.starts_with("sqlite_autoindex");
        // Primes, so that flips fall on every kind of field.
        let step = if is_index { 401 } else { 1021 };
        for (n, place) in (0..4096).step_by(step).enumerate() {
            let mut changed = bytes.clone();
            changed[(page - 1) * 4096 + place] ^= 1 << (n % 8);
            for ending in ["-wal", "-shm"] {
                let _ = fs::remove_file(whole.path().join(format!("ledger.sqlite{ending}")));
            }
            fs::write(&file, &changed).unwrap();
            match said(whole.path()) {
                Some(said) => assert_eq!(said, expected, "{name}, page {page}, byte {place}"),
                None => n_found += 1,
            }
            n_silent += usize::from(!is_found(whole.path()));
        }
    }
    // Most of a page that is not full is nothing's; what is flipped there is nothing's either.
    println!("{n_found} stopped readers, {n_silent} were of no matter");
    assert!(n_found > 30);
}

#[test]
fn a_contradiction_that_no_index_shows_is_found_by_who_reads() {
    let dir = Place::new();
    if dir.is_remote() {
        return;
    }
    ledger(dir.path());
    let before = Reader::open(dir.path()).unwrap().flaws().unwrap();
    for (n, id) in [41_u64, 99, 250, 333, 399].into_iter().enumerate() {
        // The index is emptied behind the writer's back, and whole again before the next.
        let mut writer = Writer::open(dir.path(), entropy(40 + n as u64)).unwrap();
        dir.edit(&format!("{WITHOUT_SOME}{SAID_TO_BE_WHOLE}"));
        let appended = writer.append(&[contradiction(id)], Timestamp::MAX).unwrap();
        drop(writer);
        dir.edit("REINDEX");
        assert!(id < 100 || appended.n_new == 1, "the index did not mislead");
    }
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.check(None).unwrap(), []);
    let flaws = reader.flaws().unwrap();
    for id in [41, 99, 250, 333, 399] {
        for account in [id % ACCOUNTS, (id + 1) % 5] {
            let subject = Subject::Account(AccountId(account));
            let known = flaws
                .iter()
                .filter(|flaw| matches!(flaw, Flaw::About { subject: one, .. } if *one == subject));
            assert!(known.count() > 0, "{id}: {before:?} {flaws:?}");
        }
    }
    assert!(
        events(&reader)
            .iter()
            .any(|e| e.event_id == EventId(399) && e.valid_time == at(600))
    );
}
