//! Which tables and indexes a ledger has, and that it has these and nothing else.
//!
//! A trigger, a view in a table's place, or an index over some of its rows changes what statements do, and no hash over the
//! rows shows it. So the schema must be the very text that this program writes.

use rusqlite::{Connection, OptionalExtension};

use super::super::head::{Counts, Seal};
use super::super::held::KeySum;

/// The format this program writes.
pub(super) const FORMAT: i64 = 3;

const COMMON: &str = "
CREATE TABLE entries (entry INTEGER PRIMARY KEY, kind INTEGER NOT NULL, event_id INTEGER, subject BLOB, body BLOB NOT NULL);
CREATE INDEX entries_by_event ON entries (event_id) WHERE event_id IS NOT NULL;
CREATE TABLE tiles (tile INTEGER PRIMARY KEY, hash BLOB NOT NULL);
CREATE TABLE segments (segment INTEGER PRIMARY KEY, first_entry INTEGER NOT NULL, n_events INTEGER NOT NULL, n_subjects INTEGER NOT NULL, digest BLOB NOT NULL, min_id INTEGER NOT NULL, max_id INTEGER NOT NULL);
CREATE TABLE seeds (segment INTEGER NOT NULL, depth INTEGER NOT NULL, number INTEGER NOT NULL, seed BLOB NOT NULL, PRIMARY KEY (segment, depth, number)) WITHOUT ROWID;
CREATE TABLE subject_keys (subject BLOB PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE objections (number INTEGER PRIMARY KEY, point BLOB NOT NULL UNIQUE, bucket INTEGER NOT NULL);
";
const HEAD: &str = "
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 0), size INTEGER NOT NULL, root BLOB NOT NULL, newest_known INTEGER NOT NULL, n_texts INTEGER NOT NULL, n_objections INTEGER NOT NULL, n_keys INTEGER NOT NULL, held BLOB NOT NULL, sum BLOB NOT NULL);
";
/// What the second format has beside what is common to all.
const SECOND: &str = "
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 0), size INTEGER NOT NULL, root BLOB NOT NULL, newest_known INTEGER NOT NULL, n_texts INTEGER NOT NULL, n_objections INTEGER NOT NULL, n_keys INTEGER NOT NULL, sum BLOB NOT NULL);
CREATE INDEX entries_by_kind ON entries (kind) WHERE kind <> 1;
";
/// What the first format has beside what is common to all.
const FIRST: &str = "
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 0), size INTEGER NOT NULL, root BLOB NOT NULL, newest_known INTEGER NOT NULL);
CREATE INDEX entries_by_kind ON entries (kind) WHERE kind <> 1;
CREATE INDEX entries_by_subject ON entries (subject, entry) WHERE subject IS NOT NULL;
";

/// A line of the database's own list of what is in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Thing {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

/// The statements that make the tables of this program's format.
pub(super) fn statements() -> String {
    format!("{COMMON}{HEAD}")
}

fn list(connection: &Connection) -> rusqlite::Result<Vec<Thing>> {
    let mut statement =
        connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
    let things = statement.query_map([], |row| {
        Ok(Thing {
            kind: row.get(0)?,
            name: row.get(1)?,
            table: row.get(2)?,
            sql: row.get(3)?,
        })
    })?;
    let mut things: Vec<Thing> = things.collect::<Result<_, _>>()?;
    things.sort_unstable();
    Ok(things)
}

/// What a ledger of a format has: SQLite itself says how it lists that.
fn expected(format: i64) -> rusqlite::Result<Vec<Thing>> {
    let model = Connection::open_in_memory()?;
    model.execute_batch(COMMON)?;
    model.execute_batch(match format {
        1 => FIRST,
        2 => SECOND,
        _ => HEAD,
    })?;
    list(&model)
}

/// What is there and should not be, and what should and is not.
pub(super) fn faults(connection: &Connection, format: i64) -> rusqlite::Result<Vec<String>> {
    let (found, expected) = (list(connection)?, expected(format)?);
    let foreign = found.iter().filter(|thing| !expected.contains(thing));
    let mut faults: Vec<String> = foreign
        .map(|thing| {
            let Thing {
                kind, name, table, ..
            } = thing;
            format!("{kind} {name} on {table} is none that this program made")
        })
        .collect();
    let missing = expected.iter().filter(|thing| !found.contains(thing));
    faults.extend(missing.map(|thing| format!("{} {} is not there", thing.kind, thing.name)));
    Ok(faults)
}

/// What SQLite finds wrong with its pages, and with each index beside its table.
pub(super) fn page_faults(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let lines = statement.query_map([], |row| row.get(0))?;
    let mut lines: Vec<String> = lines.collect::<Result<_, _>>()?;
    lines.retain(|line| line != "ok");
    Ok(lines)
}

/// Drops what is not a ledger's, makes the indexes that are missing, and makes all again from their tables.
pub(super) fn rebuild(connection: &Connection) -> rusqlite::Result<()> {
    let expected = expected(FORMAT)?;
    for thing in list(connection)? {
        // A table that is not ours may hold what is in no other place; statistics are what `ANALYZE` leaves.
        let is_derived = ["index", "trigger", "view"].contains(&thing.kind.as_str())
            || thing.name.starts_with("sqlite_stat");
        if is_derived && thing.sql.is_some() && !expected.contains(&thing) {
            let name = thing.name.replace('"', "\"\"");
            connection.execute_batch(&format!("DROP {} \"{name}\"", thing.kind))?;
        }
    }
    let held = list(connection)?;
    for thing in expected.iter().filter(|thing| !held.contains(thing)) {
        if let ("index", Some(sql)) = (thing.kind.as_str(), &thing.sql) {
            connection.execute_batch(sql)?;
        }
    }
    connection.execute_batch("REINDEX")
}

/// From an earlier format to this one; the head is written next.
pub(super) fn upgrade(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "DROP INDEX IF EXISTS entries_by_subject; DROP INDEX IF EXISTS entries_by_kind; DROP TABLE head",
    )?;
    connection.execute_batch(HEAD)?;
    connection.pragma_update(None, "user_version", FORMAT)
}

/// The columns that the first format has not.
pub(super) fn seal(connection: &Connection, format: i64) -> rusqlite::Result<Option<Seal>> {
    let mut statement = connection.prepare_cached(match format {
        2 => "SELECT n_texts, n_objections, n_keys, sum FROM head WHERE one = 0",
        _ => "SELECT n_texts, n_objections, n_keys, sum, held FROM head WHERE one = 0",
    })?;
    let seal = statement.query_row([], |row| {
        let number = |at| row.get(at).map(super::unsigned);
        let counts = Counts {
            texts: number(0)?,
            objections: number(1)?,
            keys: number(2)?,
        };
        let keys = match format {
            2 => None,
            _ => Some(KeySum::read(&row.get(4)?)),
        };
        Ok(Seal {
            counts,
            keys,
            sum: row.get(3)?,
        })
    });
    seal.optional()
}
