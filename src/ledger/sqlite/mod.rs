//! The ledger's tables in SQLite: one file beside the segments.

mod make;
mod schema;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::publish::shown;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, params};

use self::schema::FORMAT;
use super::codec::ObjectionPoint;
use super::entry::Row;
use super::error::LedgerError;
use super::head::{Head, Seal};
use super::keys::{Key, Place};
use super::merkle::NodeHash;
use super::segment::SegmentRow;
use super::tables::{Access, Objection, Tables};
use crate::time::Timestamp;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// "acqL", in SQLite's field for the kind of a file.
const APPLICATION: i64 = 0x6163_714c;
/// How long a reader waits while the log is being folded into the database.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many pages the write-ahead log grows by, 64 MB, before it is folded into the database: events come in no order,
/// so that each touches pages of its own, and a page that is touched again meanwhile is written once.
const FOLD_PAGES: i64 = 16_384;

/// The name of the file in the ledger's directory.
pub(in crate::ledger) const FILE: &str = "ledger.sqlite";

/// An open database.
#[derive(Debug)]
pub(in crate::ledger) struct Sqlite {
    path: PathBuf,
    connection: Connection,
    format: i64,
}

impl Sqlite {
    /// Opens the database, or makes it if that is allowed and there is none.
    pub(in crate::ledger) fn open(dir: &Path, access: Access) -> Result<Self, LedgerError> {
        let path = dir.join(FILE);
        let absent = || LedgerError::Absent { path: dir.into() };
        if make::is_blank(&path) {
            if access != Access::Make {
                return Err(absent());
            }
            make::make(dir)?;
        }
        match Self::open_file(&path, access)? {
            Some(tables) => Ok(tables),
            None if access == Access::Make => {
                make::make(dir)?;
                Self::open_file(&path, access)?.ok_or_else(absent)
            }
            None => Err(absent()),
        }
    }

    /// None if it is a database with nothing in it.
    fn open_file(path: &Path, access: Access) -> Result<Option<Self>, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags);
        let connection = connection.map_err(|source| failure("open", path, &source))?;
        let mut tables = Self {
            path: path.to_owned(),
            connection,
            format: 0,
        };
        let is_made = tables.prepare(access)?;
        Ok(is_made.then_some(tables))
    }

    fn prepare(&mut self, access: Access) -> Result<bool, LedgerError> {
        let set = |connection: &Connection| {
            connection.busy_timeout(PATIENCE)?;
            connection.set_prepared_statement_cache_capacity(64);
            // A plan does not depend on values: without this, SQLite plans a look-up in a partial index anew for each.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            // Whatever triggers and views are here are nobody's of ours.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "secure_delete", "ON")?;
            connection.pragma_update(None, "cache_size", -65_536)?;
            connection.pragma_update(None, "wal_autocheckpoint", FOLD_PAGES)?;
            connection.pragma_update(None, "cell_size_check", "ON")?;
            connection.pragma_update(None, "trusted_schema", "OFF")
        };
        self.doing("open", set)?;
        let application: i64 = self.pragma("application_id")?;
        self.format = self.pragma("user_version")?;
        let is_empty = self.doing("read", |connection| {
            connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
                row.get(0)
            })
        })?;
        if is_empty && application == 0 {
            return Ok(false);
        }
        if application != APPLICATION || self.format < 1 {
            return Err(LedgerError::Foreign {
                place: self.place(),
            });
        }
        if self.format > FORMAT {
            return Err(LedgerError::Newer {
                place: self.place(),
                found: self.format,
                known: FORMAT,
            });
        }
        if access != Access::Read {
            // The first version of this program may have been stopped before it asked for one.
            make::keep_log(&self.connection).map_err(|source| LedgerError::Database {
                doing: "open",
                place: self.place(),
                source: once(source, &self.path),
            })?;
        }
        self.assert_durable()?;
        Ok(true)
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
        work(&self.connection).map_err(|source| failure(doing, &self.path, &source))
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
}

impl Tables for Sqlite {
    fn place(&self) -> String {
        shown(&self.path)
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

    fn schema_faults(&mut self) -> Result<Vec<String>, LedgerError> {
        self.doing("read", |connection| schema::faults(connection, self.format))
    }

    fn page_faults(&mut self) -> Result<Vec<String>, LedgerError> {
        self.doing("read", schema::page_faults)
    }

    fn rebuild(&mut self) -> Result<(), LedgerError> {
        self.doing("make the indexes again of", schema::rebuild)
    }

    fn upgrade(&mut self) -> Result<(), LedgerError> {
        self.doing("write to", schema::upgrade)?;
        self.format = FORMAT;
        Ok(())
    }

    fn head(&mut self) -> Result<Head, LedgerError> {
        let seal = match self.format {
            1 => None,
            format => self.doing("read", |connection| schema::seal(connection, format))?,
        };
        self.doing("read", |connection| {
            let mut statement = connection
                .prepare_cached("SELECT size, root, newest_known FROM head WHERE one = 0")?;
            statement.query_row([], |row| {
                Ok(Head {
                    size: unsigned(row.get(0)?),
                    root: NodeHash(row.get(1)?),
                    newest_known: Timestamp::from_micros(row.get(2)?),
                    seal,
                })
            })
        })
    }

    fn set_head(&mut self, head: &Head) -> Result<(), LedgerError> {
        let Some((Seal { counts, sum, .. }, keys)) = head.seal.zip(head.keys()) else {
            return Err(LedgerError::damaged(self.place(), "a head without a sum"));
        };
        self.write(
            "INSERT OR REPLACE INTO head VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                signed(head.size),
                head.root.0,
                head.newest_known.micros(),
                signed(counts.texts),
                signed(counts.objections),
                signed(counts.keys),
                keys.bytes(),
                sum
            ],
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
        self.all(
            "SELECT entry, kind, event_id, subject, body FROM entries NOT INDEXED WHERE entry >= ?1 ORDER BY entry LIMIT ?2",
            params![signed(from), signed(limit)],
            row,
        )
    }

    fn row(&mut self, entry: u64) -> Result<Option<Row>, LedgerError> {
        let rows = self.all(
            "SELECT entry, kind, event_id, subject, body FROM entries NOT INDEXED WHERE entry = ?1",
            [signed(entry)],
            row,
        )?;
        Ok(rows.into_iter().next())
    }

    fn n_strays(&mut self, size: u64) -> Result<u64, LedgerError> {
        let counts = self.all(
            "SELECT (SELECT count(*) FROM entries NOT INDEXED WHERE entry < 0)
                  + (SELECT count(*) FROM entries NOT INDEXED WHERE entry >= ?1)",
            [signed(size)],
            |row| row.get(0).map(unsigned),
        )?;
        Ok(counts.into_iter().sum())
    }

    fn entries_of_event(&mut self, event_id: u64) -> Result<Vec<u64>, LedgerError> {
        self.all(
            "SELECT entry FROM entries WHERE event_id = ?1 ORDER BY entry",
            [ordered(event_id)],
            |row| row.get(0).map(unsigned),
        )
    }

    fn has_ids(&mut self, ids: &[u64]) -> Result<bool, LedgerError> {
        self.doing("read", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT event_id FROM entries INDEXED BY entries_by_event WHERE event_id IS NOT NULL ORDER BY event_id",
            )?;
            let held = statement.query_map([], |row| row.get(0).map(unordered))?;
            are_equal(held, ids)
        })
    }

    fn event_ids(&mut self, from: u64, to: u64) -> Result<Vec<u64>, LedgerError> {
        let mut ids: Vec<u64> = self.all(
            "SELECT event_id FROM entries NOT INDEXED WHERE event_id BETWEEN ?1 AND ?2",
            [ordered(from), ordered(to)],
            |row| row.get(0).map(unordered),
        )?;
        ids.sort_unstable();
        Ok(ids)
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

    fn set_id_range(&mut self, row: &SegmentRow) -> Result<(), LedgerError> {
        self.write(
            "UPDATE segments SET min_id = ?2, max_id = ?3 WHERE segment = ?1",
            params![
                signed(row.segment),
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

    fn all_seeds(&mut self) -> Result<Vec<(u64, Place, Key)>, LedgerError> {
        self.all(
            "SELECT segment, depth, number, seed FROM seeds ORDER BY segment",
            [],
            |row| {
                let place = Place {
                    depth: row.get(1)?,
                    number: unsigned(row.get(2)?),
                };
                Ok((unsigned(row.get(0)?), place, Key(row.get(3)?)))
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

    fn keys(
        &mut self,
        from: &[u8],
        to: &[u8],
        limit: u64,
    ) -> Result<Vec<(Vec<u8>, Key)>, LedgerError> {
        self.all(
            "SELECT subject, key FROM subject_keys WHERE subject BETWEEN ?1 AND ?2 ORDER BY subject LIMIT ?3",
            params![from, to, signed(limit)],
            |row| Ok((row.get(0)?, Key(row.get(1)?))),
        )
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
            "SELECT number, point, bucket FROM objections NOT INDEXED ORDER BY number",
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

    fn has_points(&mut self, points: &[[u8; 32]]) -> Result<bool, LedgerError> {
        self.doing("read", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT point FROM objections INDEXED BY sqlite_autoindex_objections_1 ORDER BY point",
            )?;
            let held = statement.query_map([], |row| row.get::<_, [u8; 32]>(0))?;
            are_equal(held, points)
        })
    }

    fn objection_of(&mut self, point: &[u8; 32]) -> Result<Option<u64>, LedgerError> {
        let number: Option<i64> = self.doing("read", |connection| {
            let mut statement =
                connection.prepare_cached("SELECT number FROM objections WHERE point = ?1")?;
            statement.query_row([point], |row| row.get(0)).optional()
        })?;
        let Some(number) = number else {
            return Ok(None);
        };
        let is_right: Option<bool> = self.doing("read", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT point = ?2 FROM objections NOT INDEXED WHERE number = ?1",
            )?;
            let is_right = statement.query_row(params![number, point], |row| row.get(0));
            is_right.optional()
        })?;
        if is_right == Some(true) {
            return Ok(Some(unsigned(number)));
        }
        Err(LedgerError::damaged(
            self.place(),
            "the index of points is not what the list says; `acquaint consent repair` makes it again",
        ))
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

/// Are what an index leads to, and what it should, the same?
fn are_equal<T: PartialEq>(
    mut held: impl Iterator<Item = rusqlite::Result<T>>,
    expected: &[T],
) -> rusqlite::Result<bool> {
    for one in expected {
        match held.next().transpose()? {
            Some(held) if held == *one => {}
            _ => return Ok(false),
        }
    }
    Ok(held.next().is_none())
}

/// What SQLite cannot read as it should be is damage; whatever else it says is its own.
fn failure(doing: &'static str, path: &Path, source: &rusqlite::Error) -> LedgerError {
    use rusqlite::Error;
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let place = shown(path);
    let is_damage = match source {
        Error::SqliteFailure(error, _) => matches!(error.code, DatabaseCorrupt | NotADatabase),
        Error::InvalidColumnType(..)
        | Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::QueryReturnedNoRows => true,
        _ => false,
    };
    let what = told(source, path);
    if is_damage {
        return LedgerError::damaged(place, what);
    }
    LedgerError::Database {
        doing,
        place,
        source: what.into(),
    }
}

/// What SQLite says, once: its errors have themselves as their cause, in other words, and name the file.
fn told(error: &rusqlite::Error, path: &Path) -> String {
    let text = error.to_string();
    let name = path.to_string_lossy();
    let name = format!(": {name}");
    text.strip_suffix(&name).map_or(text.clone(), str::to_owned)
}

/// The same of an error that may be SQLite's.
fn once(source: Cause, path: &Path) -> Cause {
    match source.downcast_ref::<rusqlite::Error>() {
        Some(error) => told(error, path).into(),
        None => source,
    }
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
