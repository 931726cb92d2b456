//! One writer for each output.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{PublishError, cannot_write};
use super::place::Place;

/// What a lock file says.
const FORMAT: &str = "acquaint-lock/1";
/// A lock file says less than this.
const MAX_BYTES: u64 = 4096;
/// How often a file that vanishes between two steps is opened again.
const TRIES: usize = 1000;

/// The right to write an output, as long as it is held; the file goes away with it.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Holder {
    format: String,
    process: u32,
}

impl Lock {
    /// Takes the lock of an output at once.
    ///
    /// # Errors
    /// If another process holds it, or a file of that name is somebody's.
    pub(super) fn take(place: &Place) -> Result<Self, PublishError> {
        Self::of(place, &place.beside("acquaint-lock"), |file| {
            file.try_lock()
        })
    }

    /// Takes the lock under which temporary directories beside an output are made; it is only ever held for a moment.
    pub(super) fn wait(place: &Place) -> Result<Self, PublishError> {
        let path = place.beside("verify.acquaint-lock");
        Self::of(place, &path, |file| {
            file.lock().map_err(TryLockError::Error)
        })
    }

    fn of(
        place: &Place,
        path: &Path,
        lock: impl Fn(&File) -> Result<(), TryLockError>,
    ) -> Result<Self, PublishError> {
        let failed = || cannot_write(path);
        for _ in 0..TRIES {
            let mut file = open(path).map_err(failed())?;
            match lock(&file) {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(busy(place, &mut file)),
                Err(TryLockError::Error(error)) => return Err(failed()(error)),
            }
            // Whoever held it before may have removed it in between: then this is the lock of nothing.
            if !is_at(&file, path) {
                continue;
            }
            if !is_ours(&mut file).map_err(failed())? {
                return Err(not_a_lock(path));
            }
            let mut held = Self {
                file,
                path: path.to_owned(),
            };
            say(&mut held.file).map_err(failed())?;
            return Ok(held);
        }
        Err(failed()(io::Error::other(
            "the lock file is removed again and again",
        )))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if is_at(&self.file, &self.path) {
            // A lock file that stays is one that nobody locks: the next call takes it over.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Without following a link: what it leads to is not ours.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
}

/// Is the open file still the one of this name?
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), fs::symlink_metadata(path)) else {
        return false;
    };
    open.is_file() && (open.dev(), open.ino()) == (named.dev(), named.ino())
}

fn read(file: &mut File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.rewind()?;
    file.take(MAX_BYTES).read_to_end(&mut text)?;
    Ok(text)
}

fn holder(file: &mut File) -> Option<Holder> {
    let holder: Holder = serde_json::from_slice(&read(file).ok()?).ok()?;
    (holder.format == FORMAT).then_some(holder)
}

/// An empty file is the lock of somebody who was killed before saying who.
fn is_ours(file: &mut File) -> io::Result<bool> {
    Ok(read(file)?.is_empty() || holder(file).is_some())
}

fn say(file: &mut File) -> io::Result<()> {
    let holder = Holder {
        format: FORMAT.to_owned(),
        process: std::process::id(),
    };
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&serde_json::to_vec(&holder)?)
}

fn busy(place: &Place, file: &mut File) -> PublishError {
    PublishError::Busy {
        path: place.given.clone(),
        process: holder(file).map(|holder| holder.process),
    }
}

fn not_a_lock(path: &Path) -> PublishError {
    cannot_write(path)(io::Error::new(
        ErrorKind::AlreadyExists,
        "a file that is no lock of acquaint has the lock's name; move it away",
    ))
}
