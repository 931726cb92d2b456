//! How the database is made: aside, and moved to its place when it is whole.
//!
//! Whatever stops it on the way, a full disk or a loss of power, leaves no ledger, and the next writer makes one. What an
//! earlier version of this program left half made, in place, is recognised by holding nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::publish::{open_plain, read_plain, shown};

use rusqlite::{Connection, OpenFlags, params};

use super::super::error::LedgerError;
use super::super::head::{Counts, Head};
use super::super::held::KeySum;
use super::super::merkle;
use super::schema::{self, FORMAT};
use super::{APPLICATION, Cause, FILE, once};
use crate::time::Timestamp;

/// A page of the databases this program makes; a file that is shorter holds nothing.
const PAGE: u64 = 4096;
/// The header of a write-ahead log: one that is no longer holds nothing.
const WAL_HEADER: u64 = 32;

/// What follows the name of the database in the names of the files that belong to it.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn len(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Can nothing ever have been committed here? A file of no page or of nothing but zeros, as a loss of power leaves it,
/// and no log with a page.
pub(super) fn is_blank(path: &Path) -> bool {
    len(&beside(path, "-wal")) <= WAL_HEADER && (len(path) < PAGE || is_zero(path))
}

/// A database begins with its name.
fn is_zero(path: &Path) -> bool {
    let mut head = [0; 16];
    let read = open_plain(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok()
        && head == [0; 16]
        && read_plain(path, u64::MAX).is_ok_and(|all| all.iter().all(|b| *b == 0))
}

/// Makes the database of an empty ledger. There must be none, or one without content.
pub(super) fn make(dir: &Path) -> Result<(), LedgerError> {
    let (path, aside) = (dir.join(FILE), dir.join("ledger.sqlite.new"));
    remove(&aside)?;
    touch(&aside)?;
    fill(&aside).map_err(|source| LedgerError::Database {
        doing: "create",
        place: shown(&path),
        source: once(source, &aside),
    })?;
    // Whatever is here holds nothing; a log that was left must not be taken for the new database's.
    remove(&path)?;
    let moved = File::open(&aside)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&aside, &path))
        .and_then(|()| sync(dir));
    moved.map_err(LedgerError::file("create", &path))
}

/// SQLite refused a write-ahead log, which it says by naming what it keeps instead.
#[derive(Debug, thiserror::Error)]
#[error("the database keeps its journal as before ({mode}), and not as a write-ahead log")]
struct NoLog {
    mode: String,
}

/// From here on commits go to a write-ahead log, or this is an error.
pub(super) fn keep_log(connection: &Connection) -> Result<(), Cause> {
    let set = |row: &rusqlite::Row<'_>| row.get(0);
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", set)?;
    if mode == "wal" {
        Ok(())
    } else {
        Err(NoLog { mode }.into())
    }
}

fn fill(path: &Path) -> Result<(), Cause> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(&schema::statements())?;
    let head = Head {
        size: 0,
        root: merkle::empty(),
        newest_known: Timestamp::MIN,
        seal: None,
    };
    let keys = KeySum::default();
    let sealed = head.sealed(Counts::default(), keys, &[]);
    let sum = sealed.seal.map(|seal| seal.sum);
    transaction.execute(
        "INSERT INTO head VALUES (0, 0, ?1, ?2, 0, 0, 0, ?3, ?4)",
        params![head.root.0, head.newest_known.micros(), keys.bytes(), sum],
    )?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    keep_log(&connection)?;
    Ok(connection.close().map_err(|(_, error)| error)?)
}

/// Removes a database and everything that belongs to it.
fn remove(path: &Path) -> Result<(), LedgerError> {
    let all = BESIDE.iter().map(|ending| beside(path, ending));
    for path in all.chain([path.to_owned()]) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(LedgerError::file("remove", &path)(error));
            }
            _ => {}
        }
    }
    Ok(())
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

#[cfg(unix)]
fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}
