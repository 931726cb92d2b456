//! The ledger's tables in SQLite: one file beside the segments.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, params};

use super::codec::ObjectionPoint;
use super::entry::Row;
use super::error::LedgerError;
use super::keys::{Key, Place};
use super::merkle::{self, NodeHash};
use super::segment::SegmentRow;
use super::tables::{Head, Objection, Tables};
use crate::time::Timestamp;

/// "acqL", in SQLite's field for the kind of a file.
const APPLICATION: i64 = 0x6163_714c;
/// The format this program writes.
const FORMAT: i64 = 1;
/// How long a reader waits while the log is being folded into the database.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many pages the write-ahead log grows by, 64 MB, before it is folded into the database: events come in no order,
/// so that each touches pages of its own, and a page that is touched again meanwhile is written once.
const FOLD_PAGES: i64 = 16_384;

const SCHEMA: &str = "
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 0), size INTEGER NOT NULL, root BLOB NOT NULL, newest_known INTEGER NOT NULL);
CREATE TABLE entries (entry INTEGER PRIMARY KEY, kind INTEGER NOT NULL, event_id INTEGER, subject BLOB, body BLOB NOT NULL);
CREATE INDEX entries_by_event ON entries (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX entries_by_subject ON entries (subject, entry) WHERE subject IS NOT NULL;
CREATE INDEX entries_by_kind ON entries (kind) WHERE kind <> 1;
CREATE TABLE tiles (tile INTEGER PRIMARY KEY, hash BLOB NOT NULL);
CREATE TABLE segments (segment INTEGER PRIMARY KEY, first_entry INTEGER NOT NULL, n_events INTEGER NOT NULL, n_subjects INTEGER NOT NULL, digest BLOB NOT NULL, min_id INTEGER NOT NULL, max_id INTEGER NOT NULL);
CREATE TABLE seeds (segment INTEGER NOT NULL, depth INTEGER NOT NULL, number INTEGER NOT NULL, seed BLOB NOT NULL, PRIMARY KEY (segment, depth, number)) WITHOUT ROWID;
CREATE TABLE subject_keys (subject BLOB PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE objections (number INTEGER PRIMARY KEY, point BLOB NOT NULL UNIQUE, bucket INTEGER NOT NULL);
";

/// The name of the file in the ledger's directory.
pub(in crate::ledger) const FILE: &str = "ledger.sqlite";

/// An open database.
#[derive(Debug)]
pub(in crate::ledger) struct Sqlite {
    path: PathBuf,
    connection: Connection,
}

impl Sqlite {
    /// Opens the database, or makes it if it is to be written and there is none.
    pub(in crate::ledger) fn open(dir: &Path, is_writer: bool) -> Result<Self, LedgerError> {
        let path = dir.join(FILE);
        if is_writer {
            touch(&path)?;
        } else if !path.is_file() {
            return Err(LedgerError::Absent { path: dir.into() });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags);
        let connection = connection.map_err(|source| LedgerError::Database {
            doing: "open",
            place: path.display().to_string(),
            source: source.into(),
        })?;
        let mut tables = Self { path, connection };
        tables.prepare(is_writer)?;
        Ok(tables)
    }

    fn prepare(&mut self, is_writer: bool) -> Result<(), LedgerError> {
        let set = |connection: &Connection| {
            connection.busy_timeout(PATIENCE)?;
            connection.set_prepared_statement_cache_capacity(64);
            // A plan does not depend on values: without this, SQLite plans a look-up in a partial index anew for each.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "secure_delete", "ON")?;
            connection.pragma_update(None, "cache_size", -65_536)?;
            connection.pragma_update(None, "wal_autocheckpoint", FOLD_PAGES)?;
            connection.pragma_update(None, "trusted_schema", "OFF")
        };
        self.doing("open", set)?;
        let application: i64 = self.pragma("application_id")?;
        let format: i64 = self.pragma("user_version")?;
        let is_new = self.doing("read", |connection| {
            connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
                row.get(0)
            })
        })?;
        if is_new && application == 0 && is_writer {
            return self.create();
        }
        if is_new && application == 0 {
            let path = self.path.parent().unwrap_or(&self.path).to_owned();
            return Err(LedgerError::Absent { path });
        }
        if application != APPLICATION {
            return Err(LedgerError::Foreign {
                place: self.place(),
            });
        }
        if format > FORMAT {
            return Err(LedgerError::Newer {
                place: self.place(),
                found: format,
                known: FORMAT,
            });
        }
        self.assert_durable()
    }

    fn create(&mut self) -> Result<(), LedgerError> {
        self.doing("create", |connection| {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            let transaction = connection.unchecked_transaction()?;
            transaction.execute_batch(SCHEMA)?;
            transaction.execute(
                "INSERT INTO head VALUES (0, 0, ?1, ?2)",
                params![merkle::empty().0, Timestamp::MIN.micros()],
            )?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", FORMAT)?;
            transaction.commit()
        })?;
        self.assert_durable()
    }

    /// What was asked for is what holds: a commit that has returned is on the disk.
    fn assert_durable(&self) -> Result<(), LedgerError> {
        let journal: String = self.pragma("journal_mode")?;
        let synchronous: i64 = self.pragma("synchronous")?;
        if journal == "wal" && synchronous == 2 {
            return Ok(());
        }
        Err(LedgerError::damaged(
            self.place(),
            "commits would not last: the journal is not a synchronous write-ahead log",
        ))
    }

    fn pragma<T: rusqlite::types::FromSql>(&self, name: &str) -> Result<T, LedgerError> {
        self.doing("read", |connection| {
            connection.pragma_query_value(None, name, |row| row.get(0))
        })
    }

    fn doing<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        work(&self.connection).map_err(|source| LedgerError::Database {
            doing,
            place: self.path.display().to_string(),
            source: source.into(),
        })
    }

    fn write(&self, sql: &'static str, params: impl Params) -> Result<(), LedgerError> {
        self.doing("write to", |connection| {
            connection.prepare_cached(sql)?.execute(params).map(drop)
        })
    }

    fn all<T>(
        &self,
        sql: &'static str,
        params: impl Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, LedgerError> {
        self.doing("read", |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_map(params, read)?.collect()
        })
    }

    fn rows_by(&self, sql: &'static str, params: impl Params) -> Result<Vec<Row>, LedgerError> {
        self.all(sql, params, row)
    }
}

impl Tables for Sqlite {
    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn begin_read(&mut self) -> Result<(), LedgerError> {
        self.doing("read", |connection| {
            connection.execute_batch("BEGIN DEFERRED")
        })?;
        // The transaction begins with the first read, not before.
        self.head().map(drop)
    }

    fn begin_write(&mut self) -> Result<(), LedgerError> {
        self.doing("write to", |connection| {
            connection.execute_batch("BEGIN IMMEDIATE")
        })
    }

    fn commit(&mut self) -> Result<(), LedgerError> {
        self.doing("write to", |connection| connection.execute_batch("COMMIT"))
    }

    fn roll_back(&mut self) {
        let _ = self.connection.execute_batch("ROLLBACK");
    }

    fn head(&mut self) -> Result<Head, LedgerError> {
        self.doing("read", |connection| {
            let mut statement =
                connection.prepare_cached("SELECT size, root, newest_known FROM head")?;
            statement.query_row([], |row| {
                Ok(Head {
                    size: unsigned(row.get(0)?),
                    root: NodeHash(row.get(1)?),
                    newest_known: Timestamp::from_micros(row.get(2)?),
                })
            })
        })
    }

    fn set_head(&mut self, head: &Head) -> Result<(), LedgerError> {
        self.write(
            "UPDATE head SET size = ?1, root = ?2, newest_known = ?3",
            params![signed(head.size), head.root.0, head.newest_known.micros()],
        )
    }

    fn insert(&mut self, row: &Row) -> Result<(), LedgerError> {
        self.write(
            "INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                signed(row.entry),
                row.kind,
                row.event_id.map(ordered),
                row.subject,
                row.body
            ],
        )
    }

    fn rows(&mut self, from: u64, limit: u64) -> Result<Vec<Row>, LedgerError> {
        self.rows_by(
            "SELECT * FROM entries WHERE entry >= ?1 ORDER BY entry LIMIT ?2",
            params![signed(from), signed(limit)],
        )
    }

    fn rows_of_accounts(
        &mut self,
        after: Option<(&[u8], u64)>,
        limit: u64,
    ) -> Result<Vec<Row>, LedgerError> {
        let (subject, entry) = after.map_or((&[][..], -1), |(s, entry)| (s, signed(entry)));
        self.rows_by(
            "SELECT * FROM entries WHERE (subject, entry) > (?1, ?2) AND subject < x'01' AND subject IS NOT NULL
             ORDER BY subject, entry LIMIT ?3",
            params![subject, entry, signed(limit)],
        )
    }

    fn rows_of_others(&mut self) -> Result<Vec<Row>, LedgerError> {
        self.rows_by(
            "SELECT * FROM entries WHERE subject >= x'01' ORDER BY entry",
            [],
        )
    }

    fn rows_of_subject(&mut self, subject: &[u8]) -> Result<Vec<Row>, LedgerError> {
        self.rows_by(
            "SELECT * FROM entries WHERE subject = ?1 ORDER BY entry",
            [subject],
        )
    }

    fn rows_of_event(&mut self, event_id: u64) -> Result<Vec<Row>, LedgerError> {
        self.rows_by(
            "SELECT * FROM entries WHERE event_id = ?1 ORDER BY entry",
            [ordered(event_id)],
        )
    }

    fn rows_of_kind(&mut self, kind: u8) -> Result<Vec<Row>, LedgerError> {
        self.rows_by(
            "SELECT * FROM entries WHERE kind = ?1 AND kind <> 1 ORDER BY entry",
            [kind],
        )
    }

    fn event_ids(&mut self, from: u64, to: u64) -> Result<Vec<u64>, LedgerError> {
        self.all(
            "SELECT event_id FROM entries WHERE event_id BETWEEN ?1 AND ?2 ORDER BY event_id",
            [ordered(from), ordered(to)],
            |row| row.get(0).map(unordered),
        )
    }

    fn insert_tile(&mut self, number: u64, hash: NodeHash) -> Result<(), LedgerError> {
        self.write(
            "INSERT INTO tiles VALUES (?1, ?2)",
            params![signed(number), hash.0],
        )
    }

    fn tiles(&mut self) -> Result<Vec<NodeHash>, LedgerError> {
        let tiles = self.all("SELECT tile, hash FROM tiles ORDER BY tile", [], |row| {
            Ok((unsigned(row.get(0)?), NodeHash(row.get(1)?)))
        })?;
        let are_all = tiles.iter().zip(0..).all(|((tile, _), at)| *tile == at);
        if !are_all {
            return Err(LedgerError::damaged(self.place(), "a tile is missing"));
        }
        Ok(tiles.into_iter().map(|(_, hash)| hash).collect())
    }

    fn insert_segment(&mut self, row: &SegmentRow) -> Result<(), LedgerError> {
        self.write(
            "INSERT INTO segments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                signed(row.segment),
                signed(row.first_entry),
                signed(row.n_events),
                signed(row.n_subjects),
                row.digest,
                ordered(row.min_id),
                ordered(row.max_id)
            ],
        )
    }

    fn segments(&mut self) -> Result<Vec<SegmentRow>, LedgerError> {
        self.all("SELECT * FROM segments ORDER BY segment", [], |row| {
            Ok(SegmentRow {
                segment: unsigned(row.get(0)?),
                first_entry: unsigned(row.get(1)?),
                n_events: unsigned(row.get(2)?),
                n_subjects: unsigned(row.get(3)?),
                digest: row.get(4)?,
                min_id: unordered(row.get(5)?),
                max_id: unordered(row.get(6)?),
            })
        })
    }

    fn seeds(&mut self, segment: u64) -> Result<Vec<(Place, Key)>, LedgerError> {
        self.all(
            "SELECT depth, number, seed FROM seeds WHERE segment = ?1",
            [signed(segment)],
            |row| {
                let place = Place {
                    depth: row.get(0)?,
                    number: unsigned(row.get(1)?),
                };
                Ok((place, Key(row.get(2)?)))
            },
        )
    }

    fn insert_seed(&mut self, segment: u64, place: Place, seed: &Key) -> Result<(), LedgerError> {
        self.write(
            "INSERT INTO seeds VALUES (?1, ?2, ?3, ?4)",
            params![signed(segment), place.depth, signed(place.number), seed.0],
        )
    }

    fn delete_seed(&mut self, segment: u64, place: Place) -> Result<(), LedgerError> {
        self.write(
            "DELETE FROM seeds WHERE segment = ?1 AND depth = ?2 AND number = ?3",
            params![signed(segment), place.depth, signed(place.number)],
        )
    }

    fn key(&mut self, subject: &[u8]) -> Result<Option<Key>, LedgerError> {
        self.doing("read", |connection| {
            let mut statement =
                connection.prepare_cached("SELECT key FROM subject_keys WHERE subject = ?1")?;
            let key = statement.query_row([subject], |row| row.get(0).map(Key));
            key.optional()
        })
    }

    fn insert_key(&mut self, subject: &[u8], key: &Key) -> Result<(), LedgerError> {
        self.write(
            "INSERT INTO subject_keys VALUES (?1, ?2)",
            params![subject, key.0],
        )
    }

    fn delete_key(&mut self, subject: &[u8]) -> Result<(), LedgerError> {
        self.write("DELETE FROM subject_keys WHERE subject = ?1", [subject])
    }

    fn objections(&mut self) -> Result<Vec<Objection>, LedgerError> {
        self.all(
            "SELECT number, point, bucket FROM objections ORDER BY number",
            [],
            |row| {
                let point = ObjectionPoint {
                    point: row.get(1)?,
                    bucket: row.get(2)?,
                };
                Ok((unsigned(row.get(0)?), point))
            },
        )
    }

    fn objection_of(&mut self, point: &[u8; 32]) -> Result<Option<u64>, LedgerError> {
        self.doing("read", |connection| {
            let mut statement =
                connection.prepare_cached("SELECT number FROM objections WHERE point = ?1")?;
            statement
                .query_row([point], |row| row.get(0).map(unsigned))
                .optional()
        })
    }

    fn insert_objection(&mut self, (number, point): &Objection) -> Result<(), LedgerError> {
        self.write(
            "INSERT INTO objections VALUES (?1, ?2, ?3)",
            params![signed(*number), point.point, point.bucket],
        )
    }

    fn replace_point(&mut self, (number, point): &Objection) -> Result<(), LedgerError> {
        self.write(
            "UPDATE objections SET point = ?2, bucket = ?3 WHERE number = ?1",
            params![signed(*number), point.point, point.bucket],
        )
    }

    fn wipe_deleted(&mut self) -> Result<(), LedgerError> {
        self.doing("fold the write-ahead log into", |connection| {
            let busy: i64 = connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            debug_assert!(busy == 0 || busy == 1);
            Ok(busy)
        })
        .and_then(|busy| match busy {
            0 => Ok(()),
            _ => Err(LedgerError::damaged(
                self.place(),
                "keys were destroyed, but a reader still holds a log with copies: erase again when it is done",
            )),
        })
    }
}

/// Makes the file, readable by its owner only.
fn touch(path: &Path) -> Result<(), LedgerError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(LedgerError::file("create", path))
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    // A subject of another type is damage that the leaf shows.
    let subject = match row.get::<_, Value>(3)? {
        Value::Blob(bytes) => Some(bytes),
        Value::Null => None,
        other => Some(format!("{other:?}").into_bytes()),
    };
    Ok(Row {
        entry: unsigned(row.get(0)?),
        kind: row.get(1)?,
        event_id: row.get::<_, Option<i64>>(2)?.map(unordered),
        subject,
        body: row.get(4)?,
    })
}

/// SQL has no unsigned numbers: the same bits.
pub(in crate::ledger) const fn signed(number: u64) -> i64 {
    number.cast_signed()
}

pub(in crate::ledger) const fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
}

/// A number that sorts as it does without a sign.
pub(in crate::ledger) const fn ordered(id: u64) -> i64 {
    (id ^ 1 << 63).cast_signed()
}

pub(in crate::ledger) const fn unordered(id: i64) -> u64 {
    id.cast_unsigned() ^ 1 << 63
}
