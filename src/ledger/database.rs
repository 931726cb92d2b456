//! Which database the rows of a ledger are in: a file of its own, or a server that `database.toml` names.

use std::io;
use std::path::Path;

use serde::Deserialize;

use super::error::LedgerError;
use super::sqlite::Sqlite;
use super::tables::{Access, Tables};
use crate::publish::{read_plain_text, shown};

/// The file in a ledger's directory that names a server.
const FILE: &str = "database.toml";

/// Where a ledger's rows are, if not in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    not(feature = "postgres"),
    expect(dead_code, reason = "read and refused")
)]
struct Server {
    /// As PostgreSQL's own programs understand it: a URL, or words like `host=… dbname=… user=…`.
    postgres: String,
    #[serde(default = "schema")]
    schema: String,
}

fn schema() -> String {
    "acquaint_ledger".to_owned()
}

/// Opens the tables of a ledger, or makes them if that is allowed and there are none.
pub(in crate::ledger) fn open(
    dir: &Path,
    access: Access,
) -> Result<Box<dyn Tables + Send>, LedgerError> {
    match server(dir)? {
        None => Ok(Box::new(Sqlite::open(dir, access)?)),
        Some(server) => on_server(dir, &server, access),
    }
}

/// No settings are longer.
const MAX_BYTES: u64 = 1 << 20;

fn server(dir: &Path) -> Result<Option<Server>, LedgerError> {
    let path = dir.join(FILE);
    let text = match read_plain_text(&path, MAX_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LedgerError::file("read", &path)(error)),
    };
    toml::from_str(&text)
        .map(Some)
        .map_err(|source| LedgerError::Settings {
            path,
            // Not the line itself: it may hold a password.
            line: source
                .span()
                .map_or(1, |span| 1 + text[..span.start].matches('\n').count()),
            what: shown(source.message()),
        })
}

#[cfg(feature = "postgres")]
fn on_server(
    dir: &Path,
    server: &Server,
    access: Access,
) -> Result<Box<dyn Tables + Send>, LedgerError> {
    let path = dir.join(FILE);
    let tables = super::postgres::Postgres::open(&path, &server.postgres, &server.schema, access)?;
    Ok(Box::new(tables))
}

#[cfg(not(feature = "postgres"))]
fn on_server(dir: &Path, _: &Server, _: Access) -> Result<Box<dyn Tables + Send>, LedgerError> {
    Err(LedgerError::Unsupported {
        path: dir.join(FILE),
    })
}
