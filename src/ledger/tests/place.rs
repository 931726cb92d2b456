//! Where the ledgers of these tests are: in files, or with `DATABASE_URL` set on that server.

use std::path::Path;

use tempfile::TempDir;

/// A place for one ledger, which goes with it.
pub(super) struct Place {
    dir: TempDir,
    #[cfg(feature = "postgres")]
    schema: Option<server::Schema>,
}

impl Place {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            #[cfg(feature = "postgres")]
            schema: server::Schema::of(dir.path()),
            dir,
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Is it on a server?
    pub(super) fn is_remote(&self) -> bool {
        self.path().join("database.toml").exists()
    }

    /// The first field of an answer of the database, as text; of a file only.
    pub(super) fn ask(&self, sql: &str) -> String {
        let database = rusqlite::Connection::open(self.path().join("ledger.sqlite")).unwrap();
        let answer = database.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0));
        match answer.unwrap() {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        }
    }

    /// Does something to the tables behind the ledger's back.
    pub(super) fn edit(&self, sql: &str) {
        #[cfg(feature = "postgres")]
        if let Some(schema) = &self.schema {
            return schema.edit(sql);
        }
        let database = rusqlite::Connection::open(self.path().join("ledger.sqlite")).unwrap();
        database.execute_batch(sql).unwrap();
    }
}

#[cfg(feature = "postgres")]
mod server {
    use std::fs;
    use std::path::Path;
    use std::sync::atomic::{AtomicU64, Ordering};

    use postgres::{Client, NoTls};

    static MADE: AtomicU64 = AtomicU64::new(0);

    pub(super) struct Schema {
        url: String,
        name: String,
    }

    impl Schema {
        /// A schema for the ledger in a directory, if there is a server.
        pub(super) fn of(dir: &Path) -> Option<Self> {
            #[expect(
                clippy::disallowed_methods,
                reason = "where the server of the tests is"
            )]
            let url = std::env::var("DATABASE_URL").ok()?;
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            let name = format!("test_{}_{number}", std::process::id());
            let settings = format!("postgres = {url:?}\nschema = {name:?}\n");
            fs::write(dir.join("database.toml"), settings).unwrap();
            Some(Self { url, name })
        }

        pub(super) fn edit(&self, sql: &str) {
            let zeros = "decode(repeat('00', 32), 'hex')";
            let sql = sql.replace("x'", r"'\x").replace("zeroblob(32)", zeros);
            let sql = format!("SET search_path TO {}; {sql}", self.name);
            self.client().batch_execute(&sql).unwrap();
        }

        fn client(&self) -> Client {
            Client::connect(&self.url, NoTls).unwrap()
        }
    }

    impl Drop for Schema {
        fn drop(&mut self) {
            let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name);
            if let Ok(mut client) = Client::connect(&self.url, NoTls) {
                let _ = client.batch_execute(&format!("SET lock_timeout TO '5s'; {drop}"));
            }
        }
    }
}
