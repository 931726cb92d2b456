//! A directory aside: of a random name, marked as ours, and locked while somebody writes there.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::entries::entries;
use super::error::{PublishError, cannot_write};
use super::place::Place;

/// The file that says whose directory it is.
const MARKER: &str = ".acquaint-aside";
const FORMAT: &str = "acquaint-aside/1";
/// A marker says less than this.
const MAX_BYTES: u64 = 65_536;
/// Letters and digits at the end of the name.
const N_RANDOM: usize = 8;

/// What an output is written to.
pub(super) const NEW: &str = "new";
/// The same when it is complete; what was replaced, after the step that publishes it.
pub(super) const OUT: &str = "out";
/// What is to be replaced, where a file system cannot exchange.
pub(super) const OLD: &str = "old";

/// What a directory aside is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// An output being written.
    Partial,
    /// The worlds of `verify`.
    Verify,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Partial => "partial-",
            Self::Verify => "verify-",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Marker {
    format: String,
    /// The name of the output, as far as it is text.
    out: String,
}

/// A directory aside; dropped, it is removed with everything in it that is still being written.
#[derive(Debug)]
pub(super) struct Aside {
    pub(super) dir: PathBuf,
    /// Its lock says that somebody writes here.
    _marker: File,
    is_kept: bool,
}

impl Aside {
    /// Makes a directory beside an output.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub(super) fn make(place: &Place, purpose: Purpose) -> Result<Self, PublishError> {
        let mut prefix = place.prefix();
        prefix.push(purpose.as_str());
        let made = tempfile::Builder::new()
            .prefix(&prefix)
            .rand_bytes(N_RANDOM)
            .permissions(PermissionsExt::from_mode(0o700))
            .tempdir_in(&place.parent)
            .map_err(cannot_write(&place.path()))?;
        let marker = mark(made.path(), place).map_err(cannot_write(made.path()))?;
        Ok(Self {
            dir: made.keep(),
            _marker: marker,
            is_kept: false,
        })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Leaves the directory where it is: what it holds is not ours.
    pub(super) fn keep(&mut self) {
        self.is_kept = true;
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        // Nothing more can be done about a directory that cannot be removed; the next call finds it.
        let _ = remove_tree(&self.path(NEW));
        let _ = unmark(&self.dir);
    }
}

/// Removes what is being written, a directory or a file; it may not be there.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    removed.or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })
}

/// Removes a directory that holds nothing but its marker.
pub(super) fn unmark(dir: &Path) -> io::Result<()> {
    let others = entries(dir)?.into_iter().any(|entry| entry.name != MARKER);
    if others {
        return Err(io::ErrorKind::DirectoryNotEmpty.into());
    }
    remove_tree(&dir.join(MARKER))?;
    fs::remove_dir(dir)
}

fn mark(dir: &Path, place: &Place) -> io::Result<File> {
    let mut marker = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(dir.join(MARKER))?;
    marker.lock()?;
    let text = Marker {
        format: FORMAT.to_owned(),
        out: place.name.to_string_lossy().into_owned(),
    };
    marker.write_all(&serde_json::to_vec(&text)?)?;
    marker.sync_all()?;
    Ok(marker)
}

/// Directories aside of an output that nobody writes to any more.
///
/// # Errors
/// If the directory they stand in cannot be listed.
pub(super) fn abandoned(place: &Place, purpose: Purpose) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(&place.parent)? {
        let entry = entry?;
        if is_name(&entry.file_name(), place, purpose) && entry.file_type()?.is_dir() {
            let dir = entry.path();
            // One that cannot be read is not ours.
            if is_abandoned(&dir, place).unwrap_or(false) {
                found.push(dir);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_name(name: &std::ffi::OsStr, place: &Place, purpose: Purpose) -> bool {
    let mut prefix = place.prefix();
    prefix.push(purpose.as_str());
    let (name, prefix) = (name.as_encoded_bytes(), prefix.as_encoded_bytes());
    let random = name.strip_prefix(prefix).unwrap_or_default();
    random.len() == N_RANDOM && random.iter().all(u8::is_ascii_alphanumeric)
}

/// Is it ours, and does nobody write to it? Whoever is killed before the marker says anything leaves it empty, or leaves none.
fn is_abandoned(dir: &Path, place: &Place) -> io::Result<bool> {
    let found = entries(dir)?;
    if found.is_empty() {
        return Ok(true);
    }
    let path = dir.join(MARKER);
    if !found
        .iter()
        .any(|entry| entry.name == MARKER && entry.is_file)
    {
        return Ok(false);
    }
    let mut marker = File::open(path)?;
    match marker.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut text = Vec::new();
    (&mut marker).take(MAX_BYTES).read_to_end(&mut text)?;
    let says: Option<Marker> = serde_json::from_slice(&text).ok();
    Ok(match says {
        Some(says) => says.format == FORMAT && says.out == place.name.to_string_lossy(),
        None => found.len() == 1 && FORMAT_BEGINS.starts_with(&text[..text.len().min(12)]),
    })
}

/// How every marker begins.
const FORMAT_BEGINS: &[u8] = b"{\"format\":\"a";
