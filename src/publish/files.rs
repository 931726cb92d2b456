//! Files written aside, and what is published together.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::aside::NEW;
use super::error::{PublishError, cannot_write};
use super::leftover::Leftover;
use super::place::Target;
use super::staging::{Begun, Staging};
use super::swap::{rename, sync_dir, sync_file};

/// Makes an empty file that only its owner may read, in the place of an earlier one; a link is not followed.
///
/// # Errors
/// If it cannot be made.
pub fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
}

/// Makes a directory and those above it, as far as they are not there, for their owner alone.
///
/// # Errors
/// If one cannot be made.
pub fn make_dirs(path: &Path) -> Result<(), PublishError> {
    let missing: Vec<&Path> = path.ancestors().take_while(|dir| is_missing(dir)).collect();
    for dir in missing.into_iter().rev() {
        match DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(cannot_write(dir)(error));
            }
            _ => {}
        }
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_dir(parent)?;
        }
    }
    Ok(())
}

fn is_missing(dir: &Path) -> bool {
    !dir.as_os_str().is_empty()
        && fs::metadata(dir).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// A file being written aside; dropped without [`publish`](Self::publish), it is removed.
#[derive(Debug)]
pub struct StagedFile {
    begun: Begun,
}

impl StagedFile {
    /// Begins a file: asks whether it may stand there, locks its place, removes what killed calls left, and makes an empty file
    /// beside it.
    ///
    /// # Errors
    /// If the file may not stand there, another process is writing it, or nothing can be written.
    pub fn begin(target: Target) -> Result<Self, PublishError> {
        let begun = Begun::begin(target)?;
        let path = begun.aside.path(NEW);
        create_file(&path).map_err(cannot_write(&path))?;
        Ok(Self { begun })
    }

    /// What was found of calls that were killed.
    #[must_use]
    pub fn leftovers(&self) -> &[Leftover] {
        &self.begun.leftovers
    }

    /// Where the file is being written.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.begun.aside.path(NEW)
    }

    /// The file, empty.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(&self) -> Result<File, PublishError> {
        create_file(&self.path()).map_err(cannot_write(&self.path()))
    }

    /// Writes the whole file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, bytes: &[u8]) -> Result<(), PublishError> {
        fs::write(self.path(), bytes).map_err(cannot_write(&self.begun.place.given))
    }

    /// Puts the file in its place, in that of an earlier one.
    ///
    /// # Errors
    /// If it may not stand there any more, or cannot be synced or renamed. An earlier file is then still there.
    pub fn publish(self) -> Result<Vec<Leftover>, PublishError> {
        self.sync()?;
        self.put()?;
        Ok(self.begun.tidy())
    }

    fn sync(&self) -> Result<(), PublishError> {
        let path = self.path();
        sync_file(&path).map_err(cannot_write(&path))
    }

    fn put(&self) -> Result<(), PublishError> {
        let complete = self.begun.ready()?;
        rename(&complete, &self.begun.place.path()).inspect_err(|_| {
            // What did not take its place is removed like anything unfinished.
            let _ = rename(&complete, &self.path());
        })?;
        sync_dir(&self.begun.place.parent)
    }

    /// Takes an earlier file away.
    fn retire(&self) -> Result<(), PublishError> {
        let path = self.begun.place.path();
        match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(cannot_write(&path)(error)),
            Ok(()) => sync_dir(&self.begun.place.parent),
        }
    }
}

/// An output that others go with.
#[derive(Debug)]
pub enum Main {
    /// A directory.
    Directory(Staging),
    /// A file.
    File(StagedFile),
}

/// Publishes an output and files that are about it.
///
/// Everything is synced first. Then the earlier companions go, the output takes its place, and the new companions theirs: whenever
/// this is broken off, the output is the old one or the new one, and a companion that is there is its own.
///
/// # Errors
/// If something may not stand where it is to, or cannot be synced or renamed.
pub fn publish_together(
    main: Main,
    companions: Vec<StagedFile>,
) -> Result<Vec<Leftover>, PublishError> {
    for file in &companions {
        file.sync()?;
        file.begun.check()?;
    }
    main.sync()?;
    main.begun().check()?;
    // What shows whose a companion is comes before it, and goes after it.
    for file in companions.iter().rev() {
        file.retire()?;
    }
    main.put()?;
    for file in &companions {
        file.put()?;
    }
    let mut left = main.tidy();
    left.extend(companions.into_iter().flat_map(|file| file.begun.tidy()));
    Ok(left)
}

impl Main {
    const fn begun(&self) -> &Begun {
        match self {
            Self::Directory(staging) => staging.begun(),
            Self::File(file) => &file.begun,
        }
    }

    fn sync(&self) -> Result<(), PublishError> {
        match self {
            Self::Directory(staging) => staging.sync(),
            Self::File(file) => file.sync(),
        }
    }

    fn put(&self) -> Result<(), PublishError> {
        match self {
            Self::Directory(staging) => staging.put(),
            Self::File(file) => file.put(),
        }
    }

    fn tidy(self) -> Vec<Leftover> {
        match self {
            Self::Directory(staging) => staging.tidy(),
            Self::File(file) => file.begun.tidy(),
        }
    }
}
