//! The ledger's tables on a PostgreSQL server: a schema for each ledger.

use std::path::{Path, PathBuf};

use crate::publish::shown;

use postgres::config::Host;
use postgres::types::ToSql;
use postgres::{Client, Config, NoTls, Row as Fields, Statement};

use super::codec::ObjectionPoint;
use super::entry::Row;
use super::error::LedgerError;
use super::head::{Counts, Head, Seal};
use super::held::KeySum;
use super::keys::{Key, Place};
use super::merkle::{self, NodeHash};
use super::segment::SegmentRow;
use super::sqlite::{ordered, signed, unordered, unsigned};
use super::tables::{Access, Objection, Tables};
use crate::hash::HashMap;
use crate::time::Timestamp;

/// The format this program writes.
const FORMAT: i64 = 3;
/// How often it is asked, twenty times a second, whether other transactions are done.
const PATIENCE: u32 = 600;
/// How often, at the same pace, a writer asks whether another is gone.
const LOCK_PATIENCE: u32 = 20;

const SCHEMA: &str = "
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 0), format BIGINT NOT NULL, size BIGINT NOT NULL, root BYTEA NOT NULL, newest_known BIGINT NOT NULL, n_texts BIGINT NOT NULL, n_objections BIGINT NOT NULL, n_keys BIGINT NOT NULL, held BYTEA NOT NULL, sum BYTEA NOT NULL);
CREATE TABLE entries (entry BIGINT PRIMARY KEY, kind SMALLINT NOT NULL, event_id BIGINT, subject BYTEA, body BYTEA NOT NULL);
CREATE INDEX entries_by_event ON entries (event_id) WHERE event_id IS NOT NULL;
CREATE TABLE tiles (tile BIGINT PRIMARY KEY, hash BYTEA NOT NULL);
CREATE TABLE segments (segment BIGINT PRIMARY KEY, first_entry BIGINT NOT NULL, n_events BIGINT NOT NULL, n_subjects BIGINT NOT NULL, digest BYTEA NOT NULL, min_id BIGINT NOT NULL, max_id BIGINT NOT NULL);
CREATE TABLE seeds (segment BIGINT NOT NULL, depth BIGINT NOT NULL, number BIGINT NOT NULL, seed BYTEA NOT NULL, PRIMARY KEY (segment, depth, number));
CREATE TABLE subject_keys (subject BYTEA PRIMARY KEY, key BYTEA NOT NULL);
CREATE TABLE objections (number BIGINT PRIMARY KEY, point BYTEA NOT NULL UNIQUE, bucket BIGINT NOT NULL);
";

/// From an earlier format to this one.
const UPGRADE: &str = "
DROP INDEX IF EXISTS entries_by_subject;
DROP INDEX IF EXISTS entries_by_kind;
ALTER TABLE head ADD COLUMN IF NOT EXISTS n_texts BIGINT NOT NULL DEFAULT 0, ADD COLUMN IF NOT EXISTS n_objections BIGINT NOT NULL DEFAULT 0, ADD COLUMN IF NOT EXISTS n_keys BIGINT NOT NULL DEFAULT 0, ADD COLUMN IF NOT EXISTS held BYTEA NOT NULL DEFAULT '', ADD COLUMN IF NOT EXISTS sum BYTEA NOT NULL DEFAULT '';
UPDATE head SET format = 3;
";

/// The tables of a ledger.
const TABLES: [&str; 7] = [
    "head",
    "entries",
    "tiles",
    "segments",
    "seeds",
    "subject_keys",
    "objections",
];

type Index = (&'static str, &'static str);

/// The indexes that are not a primary key's or a constraint's: this format's, and one that earlier ones have too.
const INDEXES: [Index; 2] = [
    (
        "entries_by_event",
        "CREATE INDEX entries_by_event ON entries (event_id) WHERE event_id IS NOT NULL",
    ),
    (
        "entries_by_kind",
        "CREATE INDEX entries_by_kind ON entries (kind) WHERE kind <> 1",
    ),
];

/// Whatever is in the schema and not a table of ours or an index on one: what kind of thing, its name, and how it is
/// removed. A rule, a trigger or a policy of row security changes what statements do, and no hash over the rows shows it.
/// The text of an index is asked for in our schema only: in another it may be gone by the time it is read.
const FOREIGN: &str = "
SELECT 'relation', relname::text, format('DROP %s %I', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END, relname)
    FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind <> 'i' AND (relkind <> 'r' OR NOT relname = ANY ($1))
UNION ALL SELECT 'trigger', tgname::text, format('DROP TRIGGER %I ON %I', tgname, relname)
    FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal
UNION ALL SELECT 'rule', rulename::text, format('DROP RULE %I ON %I', rulename, relname)
    FROM pg_rewrite JOIN pg_class c ON c.oid = ev_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
UNION ALL SELECT 'policy', polname::text, format('DROP POLICY %I ON %I', polname, relname)
    FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE relnamespace = current_schema()::regnamespace
UNION ALL SELECT 'index', name, format('DROP INDEX %I', name) FROM (
        SELECT c.relname::text AS name, t.relname::text AS held,
            CASE WHEN c.relnamespace = current_schema()::regnamespace THEN pg_get_indexdef(c.oid) END AS def
        FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
        WHERE t.relnamespace = current_schema()::regnamespace AND NOT indisprimary
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)) AS made
    WHERE NOT (name, coalesce(regexp_replace(regexp_replace(def, ' ON [^ ]+ USING btree', ' ON ' || held), '[()]', '', 'g'), '')) IN (
        SELECT * FROM unnest($2::text[], $3::text[]))
ORDER BY 1, 2
";

type Cause = Box<dyn std::error::Error + Send + Sync>;
type Values<'v> = &'v [&'v (dyn ToSql + Sync)];

/// A connection to the server.
pub(in crate::ledger) struct Postgres {
    place: String,
    client: Client,
    /// By their text: a statement is planned once.
    statements: HashMap<&'static str, Statement>,
    format: i64,
}

impl Postgres {
    /// Connects, and makes the tables if they are to be written and there are none. `settings` is the file that said
    /// where.
    pub(in crate::ledger) fn open(
        settings: &Path,
        server: &str,
        schema: &str,
        access: Access,
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
            format: FORMAT,
        };
        tables.prepare(schema, access)?;
        Ok(tables)
    }

    fn prepare(&mut self, schema: &str, access: Access) -> Result<(), LedgerError> {
        self.batch("open", &format!("SET search_path TO {schema}; SET synchronous_commit TO on; SET lock_timeout TO '30s'"))?;
        if access != Access::Read {
            self.lock(schema)?;
        }
        let is_there = |tables: &mut Self| {
            tables.one("SELECT to_regclass('head') IS NOT NULL", &[], |row| {
                Ok(row.try_get(0)?)
            })
        };
        if !is_there(self)? {
            if access != Access::Make {
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
        self.format = format;
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
        let head = Head {
            size: 0,
            root: merkle::empty(),
            newest_known: Timestamp::MIN,
            seal: None,
        };
        let keys = KeySum::default();
        let seal = head.sealed(Counts::default(), keys, &[]).seal;
        let sum = seal.map(|seal| seal.sum).unwrap_or_default();
        self.write(
            "INSERT INTO head VALUES (0, $1, 0, $2, $3, 0, 0, 0, $4, $5)",
            &[
                &FORMAT,
                &bytes(&head.root.0),
                &head.newest_known.micros(),
                &keys.bytes().as_slice(),
                &bytes(&sum),
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

    /// What is in the schema and not ours, with the statement that removes it.
    fn foreign(&mut self) -> Result<Vec<(String, String, String)>, LedgerError> {
        let (names, texts): (Vec<&str>, Vec<String>) = self
            .indexes()
            .iter()
            .map(|(name, sql)| (*name, sql.replace(['(', ')'], "")))
            .unzip();
        let tables: Vec<&str> = TABLES.to_vec();
        self.all(FOREIGN, &[&tables, &names, &texts], |row| {
            Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
        })
    }

    fn indexes(&self) -> &'static [Index] {
        let n = if self.format < FORMAT { 2 } else { 1 };
        &INDEXES[..n]
    }

    fn has(&mut self, name: &str) -> Result<bool, LedgerError> {
        self.one("SELECT to_regclass($1) IS NOT NULL", &[&name], |row| {
            Ok(row.try_get(0)?)
        })
    }

    fn seal(&mut self) -> Result<Seal, LedgerError> {
        let has_keys = self.format == FORMAT;
        self.one(
            if self.format < FORMAT {
                "SELECT n_texts, n_objections, n_keys, sum FROM head WHERE one = 0"
            } else {
                "SELECT n_texts, n_objections, n_keys, sum, held FROM head WHERE one = 0"
            },
            &[],
            |row| {
                let counts = Counts {
                    texts: unsigned(row.try_get(0)?),
                    objections: unsigned(row.try_get(1)?),
                    keys: unsigned(row.try_get(2)?),
                };
                let keys = |row: &Fields| -> Result<KeySum, Cause> {
                    let bytes: &[u8] = row.try_get(4)?;
                    Ok(KeySum::read(bytes.try_into()?))
                };
                Ok(Seal {
                    counts,
                    keys: has_keys.then(|| keys(row)).transpose()?,
                    sum: hash(row, 3)?,
                })
            },
        )
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

    fn schema_faults(&mut self) -> Result<Vec<String>, LedgerError> {
        let mut faults: Vec<String> = self
            .foreign()?
            .into_iter()
            .map(|(kind, name, _)| format!("{kind} {name} is none that this program made"))
            .collect();
        for (name, _) in self.indexes() {
            if !self.has(name)? {
                faults.push(format!("index {name} is not there"));
            }
        }
        Ok(faults)
    }

    /// Pages and indexes are the server's, which has tools of its own to check them (`pg_amcheck`).
    fn page_faults(&mut self) -> Result<Vec<String>, LedgerError> {
        Ok(Vec::new())
    }

    fn rebuild(&mut self) -> Result<(), LedgerError> {
        // A table that is not ours may hold what is in no other place.
        let is_derived = |drop: &str| {
            let kinds = ["VIEW", "INDEX", "TRIGGER", "RULE", "POLICY"];
            kinds
                .iter()
                .any(|kind| drop.starts_with(&format!("DROP {kind} ")))
        };
        for (_, _, drop) in self.foreign()? {
            if is_derived(&drop) {
                self.batch("rebuild", &drop)?;
            }
        }
        for (name, create) in self.indexes() {
            if !self.has(name)? {
                self.batch("rebuild", create)?;
            }
        }
        for table in TABLES {
            self.batch("rebuild", &format!("REINDEX TABLE {table}"))?;
        }
        Ok(())
    }

    fn upgrade(&mut self) -> Result<(), LedgerError> {
        self.batch("write to", UPGRADE)?;
        self.statements.clear();
        self.format = FORMAT;
        Ok(())
    }

    fn head(&mut self) -> Result<Head, LedgerError> {
        let head = self.one(
            "SELECT size, root, newest_known FROM head WHERE one = 0",
            &[],
            |row| {
                Ok(Head {
                    size: unsigned(row.try_get(0)?),
                    root: NodeHash(hash(row, 1)?),
                    newest_known: Timestamp::from_micros(row.try_get(2)?),
                    seal: None,
                })
            },
        )?;
        let seal = match self.format {
            1 => None,
            _ => Some(self.seal()?),
        };
        Ok(Head { seal, ..head })
    }

    fn set_head(&mut self, head: &Head) -> Result<(), LedgerError> {
        let Some((Seal { counts, sum, .. }, keys)) = head.seal.zip(head.keys()) else {
            return Err(LedgerError::damaged(self.place(), "a head without a sum"));
        };
        self.write(
            "UPDATE head SET size = $1, root = $2, newest_known = $3, n_texts = $4, n_objections = $5, n_keys = $6, sum = $7, held = $8",
            &[
                &signed(head.size),
                &bytes(&head.root.0),
                &head.newest_known.micros(),
                &signed(counts.texts),
                &signed(counts.objections),
                &signed(counts.keys),
                &bytes(&sum),
                &keys.bytes().as_slice(),
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
            "SELECT entry, kind, event_id, subject, body FROM entries WHERE entry >= $1 ORDER BY entry LIMIT $2",
            &[&signed(from), &signed(limit)],
            row,
        )
    }

    fn row(&mut self, entry: u64) -> Result<Option<Row>, LedgerError> {
        self.first(
            "SELECT entry, kind, event_id, subject, body FROM entries WHERE entry = $1",
            &[&signed(entry)],
            row,
        )
    }

    fn n_strays(&mut self, size: u64) -> Result<u64, LedgerError> {
        self.one(
            "SELECT count(*) FROM entries WHERE entry < 0 OR entry >= $1",
            &[&signed(size)],
            |row| Ok(unsigned(row.try_get(0)?)),
        )
    }

    fn entries_of_event(&mut self, event_id: u64) -> Result<Vec<u64>, LedgerError> {
        self.all(
            "SELECT entry FROM entries WHERE event_id = $1 ORDER BY entry",
            &[&ordered(event_id)],
            |row| Ok(unsigned(row.try_get(0)?)),
        )
    }

    /// The server has tools of its own for that (`pg_amcheck`).
    fn has_ids(&mut self, _: &[u64]) -> Result<bool, LedgerError> {
        Ok(true)
    }

    fn event_ids(&mut self, from: u64, to: u64) -> Result<Vec<u64>, LedgerError> {
        // The condition is one that no index answers.
        let mut ids: Vec<u64> = self.all(
            "SELECT event_id FROM entries WHERE event_id + 0 BETWEEN $1 AND $2",
            &[&ordered(from), &ordered(to)],
            |row| Ok(unordered(row.try_get(0)?)),
        )?;
        ids.sort_unstable();
        Ok(ids)
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

    fn set_id_range(&mut self, row: &SegmentRow) -> Result<(), LedgerError> {
        self.write(
            "UPDATE segments SET min_id = $2, max_id = $3 WHERE segment = $1",
            &[
                &signed(row.segment),
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

    fn all_seeds(&mut self) -> Result<Vec<(u64, Place, Key)>, LedgerError> {
        self.all(
            "SELECT segment, depth, number, seed FROM seeds ORDER BY segment",
            &[],
            |row| {
                let place = Place {
                    depth: u32::try_from(row.try_get::<_, i64>(1)?)?,
                    number: unsigned(row.try_get(2)?),
                };
                Ok((unsigned(row.try_get(0)?), place, Key(hash(row, 3)?)))
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

    fn keys(
        &mut self,
        from: &[u8],
        to: &[u8],
        limit: u64,
    ) -> Result<Vec<(Vec<u8>, Key)>, LedgerError> {
        self.all(
            "SELECT subject, key FROM subject_keys WHERE subject BETWEEN $1 AND $2 ORDER BY subject LIMIT $3",
            &[&from, &to, &signed(limit)],
            |row| Ok((row.try_get(0)?, Key(hash(row, 1)?))),
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

    /// The server has tools of its own for that (`pg_amcheck`).
    fn has_points(&mut self, _: &[[u8; 32]]) -> Result<bool, LedgerError> {
        Ok(true)
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
            Host::Unix(path) => shown(path),
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
