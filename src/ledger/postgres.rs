//! The ledger's tables on a PostgreSQL server: a schema for each ledger.

use std::path::{Path, PathBuf};

use postgres::config::Host;
use postgres::types::ToSql;
use postgres::{Client, Config, NoTls, Row as Fields, Statement};

use super::codec::ObjectionPoint;
use super::entry::Row;
use super::error::LedgerError;
use super::keys::{Key, Place};
use super::merkle::{self, NodeHash};
use super::segment::SegmentRow;
use super::sqlite::{ordered, signed, unordered, unsigned};
use super::tables::{Head, Objection, Tables};
use crate::hash::HashMap;
use crate::time::Timestamp;

/// The format this program writes.
const FORMAT: i64 = 1;
/// How often it is asked, twenty times a second, whether other transactions are done.
const PATIENCE: u32 = 600;
/// How often, at the same pace, a writer asks whether another is gone.
const LOCK_PATIENCE: u32 = 20;

const SCHEMA: &str = "
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 0), format BIGINT NOT NULL, size BIGINT NOT NULL, root BYTEA NOT NULL, newest_known BIGINT NOT NULL);
CREATE TABLE entries (entry BIGINT PRIMARY KEY, kind SMALLINT NOT NULL, event_id BIGINT, subject BYTEA, body BYTEA NOT NULL);
CREATE INDEX entries_by_event ON entries (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX entries_by_subject ON entries (subject, entry) WHERE subject IS NOT NULL;
CREATE INDEX entries_by_kind ON entries (kind) WHERE kind <> 1;
CREATE TABLE tiles (tile BIGINT PRIMARY KEY, hash BYTEA NOT NULL);
CREATE TABLE segments (segment BIGINT PRIMARY KEY, first_entry BIGINT NOT NULL, n_events BIGINT NOT NULL, n_subjects BIGINT NOT NULL, digest BYTEA NOT NULL, min_id BIGINT NOT NULL, max_id BIGINT NOT NULL);
CREATE TABLE seeds (segment BIGINT NOT NULL, depth BIGINT NOT NULL, number BIGINT NOT NULL, seed BYTEA NOT NULL, PRIMARY KEY (segment, depth, number));
CREATE TABLE subject_keys (subject BYTEA PRIMARY KEY, key BYTEA NOT NULL);
CREATE TABLE objections (number BIGINT PRIMARY KEY, point BYTEA NOT NULL UNIQUE, bucket BIGINT NOT NULL);
";

type Cause = Box<dyn std::error::Error + Send + Sync>;
type Values<'v> = &'v [&'v (dyn ToSql + Sync)];

/// A connection to the server.
pub(in crate::ledger) struct Postgres {
    place: String,
    client: Client,
    /// By their text: a statement is planned once.
    statements: HashMap<&'static str, Statement>,
}

impl Postgres {
    /// Connects, and makes the tables if they are to be written and there are none. `settings` is the file that said
    /// where.
    pub(in crate::ledger) fn open(
        settings: &Path,
        server: &str,
        schema: &str,
        is_writer: bool,
    ) -> Result<Self, LedgerError> {
        if !is_name(schema) {
            return Err(LedgerError::Settings {
                path: settings.to_owned(),
                line: 1,
                what: "the schema must be named with a-z, 0-9 and _, in at most 63 letters"
                    .to_owned(),
            });
        }
        let config: Config = server.parse().map_err(|_| LedgerError::Settings {
            path: settings.to_owned(),
            line: 1,
            what: "`postgres` is not where a server could be".to_owned(),
        })?;
        let place = place(&config, schema);
        let client = config
            .connect(NoTls)
            .map_err(|source| LedgerError::Database {
                doing: "connect to",
                place: place.clone(),
                source: source.into(),
            })?;
        let mut tables = Self {
            place,
            client,
            statements: HashMap::default(),
        };
        tables.prepare(schema, is_writer)?;
        Ok(tables)
    }

    fn prepare(&mut self, schema: &str, is_writer: bool) -> Result<(), LedgerError> {
        self.batch("open", &format!("SET search_path TO {schema}; SET synchronous_commit TO on; SET lock_timeout TO '30s'"))?;
        if is_writer {
            self.lock(schema)?;
        }
        let is_there = |tables: &mut Self| {
            tables.one("SELECT to_regclass('head') IS NOT NULL", &[], |row| {
                Ok(row.try_get(0)?)
            })
        };
        if !is_there(self)? {
            if !is_writer {
                return Err(LedgerError::Absent {
                    path: PathBuf::from(&self.place),
                });
            }
            self.create(schema)?;
        }
        let format: i64 = self.one("SELECT format FROM head", &[], |row| Ok(row.try_get(0)?))?;
        if format > FORMAT {
            return Err(LedgerError::Newer {
                place: self.place(),
                found: format,
                known: FORMAT,
            });
        }
        self.assert_durable()
    }

    /// One writer at a time, on whatever machine. The server forgets it with the connection, though a moment after a
    /// writer that has closed or died is gone, so it is asked for a second.
    fn lock(&mut self, schema: &str) -> Result<(), LedgerError> {
        let name = format!("acquaint ledger {schema}");
        for _ in 0..LOCK_PATIENCE {
            let is_ours: bool = self.one(
                "SELECT pg_try_advisory_lock(hashtextextended($1, 0))",
                &[&name],
                |row| Ok(row.try_get(0)?),
            )?;
            if is_ours {
                return Ok(());
            }
            self.batch("open", "SELECT pg_sleep(0.05)")?;
        }
        Err(LedgerError::Locked {
            path: PathBuf::from(&self.place),
        })
    }

    fn create(&mut self, schema: &str) -> Result<(), LedgerError> {
        self.batch(
            "create",
            &format!("BEGIN; CREATE SCHEMA IF NOT EXISTS {schema}; {SCHEMA}"),
        )?;
        self.write(
            "INSERT INTO head VALUES (0, $1, 0, $2, $3)",
            &[
                &FORMAT,
                &bytes(&merkle::empty().0),
                &Timestamp::MIN.micros(),
            ],
        )?;
        self.batch("create", "COMMIT")
    }

    /// What was asked for is what holds: a commit that has returned is on the disk.
    fn assert_durable(&mut self) -> Result<(), LedgerError> {
        let are_on: bool = self.one(
            "SELECT current_setting('fsync') = 'on' AND current_setting('synchronous_commit') = 'on'
                AND current_setting('full_page_writes') = 'on'",
            &[],
            |row| Ok(row.try_get(0)?),
        )?;
        if are_on {
            return Ok(());
        }
        Err(LedgerError::damaged(
            self.place(),
            "commits would not last: fsync, synchronous_commit and full_page_writes must be on",
        ))
    }

    fn doing<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&mut Self) -> Result<T, Cause>,
    ) -> Result<T, LedgerError> {
        work(self).map_err(|source| LedgerError::Database {
            doing,
            place: self.place.clone(),
            source,
        })
    }

    fn batch(&mut self, doing: &'static str, sql: &str) -> Result<(), LedgerError> {
        self.doing(doing, |tables| Ok(tables.client.batch_execute(sql)?))
    }

    fn statement(&mut self, sql: &'static str) -> Result<Statement, Cause> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    fn write(&mut self, sql: &'static str, values: Values<'_>) -> Result<(), LedgerError> {
        self.doing("write to", |tables| {
            let statement = tables.statement(sql)?;
            tables.client.execute(&statement, values)?;
            Ok(())
        })
    }

    fn all<T>(
        &mut self,
        sql: &'static str,
        values: Values<'_>,
        read: impl FnMut(&Fields) -> Result<T, Cause>,
    ) -> Result<Vec<T>, LedgerError> {
        self.doing("read", |tables| {
            let statement = tables.statement(sql)?;
            let rows = tables.client.query(&statement, values)?;
            rows.iter().map(read).collect()
        })
    }

    fn first<T>(
        &mut self,
        sql: &'static str,
        values: Values<'_>,
        read: impl FnMut(&Fields) -> Result<T, Cause>,
    ) -> Result<Option<T>, LedgerError> {
        Ok(self.all(sql, values, read)?.into_iter().next())
    }

    fn one<T>(
        &mut self,
        sql: &'static str,
        values: Values<'_>,
        read: impl FnMut(&Fields) -> Result<T, Cause>,
    ) -> Result<T, LedgerError> {
        let place = self.place();
        self.first(sql, values, read)?
            .ok_or_else(|| LedgerError::damaged(place, "a row is missing"))
    }

    /// Waits until nobody can see any more what was deleted; false if that takes too long.
    fn is_unseen(&mut self) -> Result<bool, LedgerError> {
        let next: String = self.one(
            "SELECT pg_snapshot_xmax(pg_current_snapshot())::text",
            &[],
            |row| Ok(row.try_get(0)?),
        )?;
        for _ in 0..PATIENCE {
            let is_unseen: bool = self.one(
                "SELECT NOT EXISTS (SELECT FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                    AND age(backend_xmin) > age(($1::text::bigint & 4294967295)::text::xid))",
                &[&next],
                |row| Ok(row.try_get(0)?),
            )?;
            if is_unseen {
                return Ok(true);
            }
            self.batch("wait for", "SELECT pg_sleep(0.05)")?;
        }
        Ok(false)
    }
}

impl Tables for Postgres {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn begin_read(&mut self) -> Result<(), LedgerError> {
        self.batch("read", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        // What the transaction sees is settled by its first read.
        self.head().map(drop)
    }

    fn begin_write(&mut self) -> Result<(), LedgerError> {
        self.batch("write to", "BEGIN")
    }

    /// A transaction in which anything failed would be rolled back here without a word; writing the head, just before,
    /// would have failed then.
    fn commit(&mut self) -> Result<(), LedgerError> {
        self.batch("write to", "COMMIT")
    }

    fn roll_back(&mut self) {
        let _ = self.client.batch_execute("ROLLBACK");
    }

    fn head(&mut self) -> Result<Head, LedgerError> {
        self.one("SELECT size, root, newest_known FROM head", &[], |row| {
            Ok(Head {
                size: unsigned(row.try_get(0)?),
                root: NodeHash(hash(row, 1)?),
                newest_known: Timestamp::from_micros(row.try_get(2)?),
            })
        })
    }

    fn set_head(&mut self, head: &Head) -> Result<(), LedgerError> {
        self.write(
            "UPDATE head SET size = $1, root = $2, newest_known = $3",
            &[
                &signed(head.size),
                &bytes(&head.root.0),
                &head.newest_known.micros(),
            ],
        )
    }

    fn insert(&mut self, row: &Row) -> Result<(), LedgerError> {
        self.write(
            "INSERT INTO entries VALUES ($1, $2, $3, $4, $5)",
            &[
                &signed(row.entry),
                &i16::from(row.kind),
                &row.event_id.map(ordered),
                &row.subject,
                &row.body,
            ],
        )
    }

    fn rows(&mut self, from: u64, limit: u64) -> Result<Vec<Row>, LedgerError> {
        self.all(
            "SELECT * FROM entries WHERE entry >= $1 ORDER BY entry LIMIT $2",
            &[&signed(from), &signed(limit)],
            row,
        )
    }

    fn rows_of_accounts(
        &mut self,
        after: Option<(&[u8], u64)>,
        limit: u64,
    ) -> Result<Vec<Row>, LedgerError> {
        let (subject, entry) = after.map_or((&[][..], -1), |(s, entry)| (s, signed(entry)));
        self.all(
            r"SELECT * FROM entries WHERE (subject, entry) > ($1, $2) AND subject < '\x01'::bytea AND subject IS NOT NULL
              ORDER BY subject, entry LIMIT $3",
            &[&subject, &entry, &signed(limit)],
            row,
        )
    }

    fn rows_of_others(&mut self) -> Result<Vec<Row>, LedgerError> {
        self.all(
            r"SELECT * FROM entries WHERE subject >= '\x01'::bytea ORDER BY entry",
            &[],
            row,
        )
    }

    fn rows_of_subject(&mut self, subject: &[u8]) -> Result<Vec<Row>, LedgerError> {
        self.all(
            "SELECT * FROM entries WHERE subject = $1 ORDER BY entry",
            &[&subject],
            row,
        )
    }

    fn rows_of_event(&mut self, event_id: u64) -> Result<Vec<Row>, LedgerError> {
        self.all(
            "SELECT * FROM entries WHERE event_id = $1 ORDER BY entry",
            &[&ordered(event_id)],
            row,
        )
    }

    fn rows_of_kind(&mut self, kind: u8) -> Result<Vec<Row>, LedgerError> {
        self.all(
            "SELECT * FROM entries WHERE kind = $1 AND kind <> 1 ORDER BY entry",
            &[&i16::from(kind)],
            row,
        )
    }

    fn event_ids(&mut self, from: u64, to: u64) -> Result<Vec<u64>, LedgerError> {
        self.all(
            "SELECT event_id FROM entries WHERE event_id BETWEEN $1 AND $2 ORDER BY event_id",
            &[&ordered(from), &ordered(to)],
            |row| Ok(unordered(row.try_get(0)?)),
        )
    }

    fn insert_tile(&mut self, number: u64, hash: NodeHash) -> Result<(), LedgerError> {
        self.write(
            "INSERT INTO tiles VALUES ($1, $2)",
            &[&signed(number), &bytes(&hash.0)],
        )
    }

    fn tiles(&mut self) -> Result<Vec<NodeHash>, LedgerError> {
        let tiles = self.all("SELECT tile, hash FROM tiles ORDER BY tile", &[], |row| {
            Ok((unsigned(row.try_get(0)?), NodeHash(hash(row, 1)?)))
        })?;
        let are_all = tiles.iter().zip(0..).all(|((tile, _), at)| *tile == at);
        if !are_all {
            return Err(LedgerError::damaged(self.place(), "a tile is missing"));
        }
        Ok(tiles.into_iter().map(|(_, hash)| hash).collect())
    }

    fn insert_segment(&mut self, row: &SegmentRow) -> Result<(), LedgerError> {
        self.write(
            "INSERT INTO segments VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                &signed(row.segment),
                &signed(row.first_entry),
                &signed(row.n_events),
                &signed(row.n_subjects),
                &bytes(&row.digest),
                &ordered(row.min_id),
                &ordered(row.max_id),
            ],
        )
    }

    fn segments(&mut self) -> Result<Vec<SegmentRow>, LedgerError> {
        self.all("SELECT * FROM segments ORDER BY segment", &[], |row| {
            Ok(SegmentRow {
                segment: unsigned(row.try_get(0)?),
                first_entry: unsigned(row.try_get(1)?),
                n_events: unsigned(row.try_get(2)?),
                n_subjects: unsigned(row.try_get(3)?),
                digest: hash(row, 4)?,
                min_id: unordered(row.try_get(5)?),
                max_id: unordered(row.try_get(6)?),
            })
        })
    }

    fn seeds(&mut self, segment: u64) -> Result<Vec<(Place, Key)>, LedgerError> {
        self.all(
            "SELECT depth, number, seed FROM seeds WHERE segment = $1",
            &[&signed(segment)],
            |row| {
                let place = Place {
                    depth: u32::try_from(row.try_get::<_, i64>(0)?)?,
                    number: unsigned(row.try_get(1)?),
                };
                Ok((place, Key(hash(row, 2)?)))
            },
        )
    }

    fn insert_seed(&mut self, segment: u64, place: Place, seed: &Key) -> Result<(), LedgerError> {
        self.write(
            "INSERT INTO seeds VALUES ($1, $2, $3, $4)",
            &[
                &signed(segment),
                &i64::from(place.depth),
                &signed(place.number),
                &bytes(&seed.0),
            ],
        )
    }

    fn delete_seed(&mut self, segment: u64, place: Place) -> Result<(), LedgerError> {
        self.write(
            "DELETE FROM seeds WHERE segment = $1 AND depth = $2 AND number = $3",
            &[
                &signed(segment),
                &i64::from(place.depth),
                &signed(place.number),
            ],
        )
    }

    fn key(&mut self, subject: &[u8]) -> Result<Option<Key>, LedgerError> {
        self.first(
            "SELECT key FROM subject_keys WHERE subject = $1",
            &[&subject],
            |row| Ok(Key(hash(row, 0)?)),
        )
    }

    fn insert_key(&mut self, subject: &[u8], key: &Key) -> Result<(), LedgerError> {
        self.write(
            "INSERT INTO subject_keys VALUES ($1, $2)",
            &[&subject, &bytes(&key.0)],
        )
    }

    fn delete_key(&mut self, subject: &[u8]) -> Result<(), LedgerError> {
        self.write("DELETE FROM subject_keys WHERE subject = $1", &[&subject])
    }

    fn objections(&mut self) -> Result<Vec<Objection>, LedgerError> {
        self.all(
            "SELECT number, point, bucket FROM objections ORDER BY number",
            &[],
            |row| {
                let point = ObjectionPoint {
                    point: hash(row, 1)?,
                    bucket: u32::try_from(row.try_get::<_, i64>(2)?)?,
                };
                Ok((unsigned(row.try_get(0)?), point))
            },
        )
    }

    fn objection_of(&mut self, point: &[u8; 32]) -> Result<Option<u64>, LedgerError> {
        self.first(
            "SELECT number FROM objections WHERE point = $1",
            &[&bytes(point)],
            |row| Ok(unsigned(row.try_get(0)?)),
        )
    }

    fn insert_objection(&mut self, (number, point): &Objection) -> Result<(), LedgerError> {
        self.write(
            "INSERT INTO objections VALUES ($1, $2, $3)",
            &[
                &signed(*number),
                &bytes(&point.point),
                &i64::from(point.bucket),
            ],
        )
    }

    fn replace_point(&mut self, (number, point): &Objection) -> Result<(), LedgerError> {
        self.write(
            "UPDATE objections SET point = $2, bucket = $3 WHERE number = $1",
            &[
                &signed(*number),
                &bytes(&point.point),
                &i64::from(point.bucket),
            ],
        )
    }

    /// Rewrites the tables that things are deleted from. Logs, replicas and backups are the server's.
    fn wipe_deleted(&mut self) -> Result<(), LedgerError> {
        if !self.is_unseen()? {
            return Err(LedgerError::damaged(
                self.place(),
                "keys were destroyed, but another transaction can still see them: erase again when it is done",
            ));
        }
        for table in ["subject_keys", "seeds", "objections"] {
            self.batch("rewrite", &format!("VACUUM (FULL) {table}"))?;
        }
        Ok(())
    }
}

/// Where the server is, without a password.
fn place(config: &Config, schema: &str) -> String {
    let host = config
        .get_hosts()
        .first()
        .map_or("localhost".to_owned(), |host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        });
    let database = config
        .get_dbname()
        .or(config.get_user())
        .unwrap_or("postgres");
    format!("schema {schema} of database {database} on {host}")
}

/// A name that needs no quotes.
fn is_name(schema: &str) -> bool {
    let is_good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let starts = schema.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    starts && schema.len() <= 63 && schema.bytes().all(is_good)
}

fn row(row: &Fields) -> Result<Row, Cause> {
    Ok(Row {
        entry: unsigned(row.try_get(0)?),
        kind: u8::try_from(row.try_get::<_, i16>(1)?)?,
        event_id: row.try_get::<_, Option<i64>>(2)?.map(unordered),
        subject: row.try_get(3)?,
        body: row.try_get(4)?,
    })
}

const fn bytes(hash: &[u8; 32]) -> &[u8] {
    hash.as_slice()
}

fn hash(row: &Fields, field: usize) -> Result<[u8; 32], Cause> {
    Ok(row.try_get::<_, &[u8]>(field)?.try_into()?)
}
