//! A directory written aside.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::aside::{Aside, NEW, OLD, OUT, Purpose};
use super::error::{PublishError, cannot_write};
use super::files::{create_file, make_dirs};
use super::leftover::{Leftover, clear, sweep};
use super::lock::Lock;
use super::place::{Place, Target};
use super::swap::{exchange, rename, sync_dir, sync_tree};

/// An output that has been begun: its place is locked, and a directory stands beside it.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) target: Target,
    pub(super) place: Place,
    pub(super) aside: Aside,
    pub(super) leftovers: Vec<Leftover>,
    /// Last, so that it is held until the rest is gone.
    _lock: Lock,
}

impl Begun {
    pub(super) fn begin(target: Target) -> Result<Self, PublishError> {
        let place = target.place()?;
        let lock = Lock::take(&place)?;
        let leftovers = sweep(&place, Purpose::Partial, target.shape)?;
        // Whoever held the lock before may have published since.
        target.check(&place)?;
        let aside = Aside::make(&place, Purpose::Partial)?;
        Ok(Self {
            target,
            place,
            aside,
            leftovers,
            _lock: lock,
        })
    }

    /// Asks again whether what was written may take its place.
    pub(super) fn check(&self) -> Result<(), PublishError> {
        self.target.check(&self.place)
    }

    /// Asks once more, and gives what is complete the name that says so.
    pub(super) fn ready(&self) -> Result<PathBuf, PublishError> {
        self.check()?;
        let complete = self.aside.path(OUT);
        rename(&self.aside.path(NEW), &complete)?;
        sync_dir(&self.aside.dir)?;
        Ok(complete)
    }

    /// Removes what was replaced, and the directory aside. The output is published: what cannot be removed is named, no error.
    pub(super) fn tidy(mut self) -> Vec<Leftover> {
        self.aside.keep();
        let left = clear(&self.aside.dir, self.target.shape);
        match left {
            Ok(Leftover::Removed { .. }) => Vec::new(),
            Ok(kept) => vec![kept],
            Err(error) => vec![Leftover::Kept {
                path: self.aside.dir.clone(),
                foreign: format!("what cannot be removed ({error})"),
            }],
        }
    }
}

/// A directory being written aside; dropped without [`publish`](Self::publish), it is removed.
#[derive(Debug)]
pub struct Staging {
    begun: Begun,
}

impl Staging {
    /// Begins an output: asks whether it may stand there, locks it, removes what killed calls left, and makes an empty directory
    /// beside it.
    ///
    /// # Errors
    /// If the output may not stand there, another process is writing it, or nothing can be written.
    pub fn begin(target: Target) -> Result<Self, PublishError> {
        let begun = Begun::begin(target)?;
        make_dirs(&begun.aside.path(NEW))?;
        Ok(Self { begun })
    }

    /// What was found of calls that were killed.
    #[must_use]
    pub fn leftovers(&self) -> &[Leftover] {
        &self.begun.leftovers
    }

    /// The directory that is being written.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.begun.aside.path(NEW)
    }

    /// Where a file of this output is being written.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// The name in this output that a path leads to, if it leads into the output's directory itself.
    #[must_use]
    pub fn name_of(&self, path: &Path) -> Option<String> {
        let name = path.file_name()?.to_str()?;
        let parent = path.parent()?;
        let is_here = fs::canonicalize(parent).is_ok_and(|at| at == self.begun.place.path())
            || parent.components().eq(self.begun.place.given.components());
        is_here.then(|| name.to_owned())
    }

    /// Makes a file that only its owner may read.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(&self, name: &str) -> Result<File, PublishError> {
        let path = self.path(name);
        create_file(&path).map_err(cannot_write(&path))
    }

    /// Writes a small file whole.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        let path = self.path(name);
        self.create(name)?
            .write_all(bytes)
            .map_err(cannot_write(&path))
    }

    /// Puts the directory in its place, all at once, and removes what it replaces; says what could not be removed.
    ///
    /// # Errors
    /// If it may not stand there any more, or cannot be synced or renamed. An earlier output is then still there.
    pub fn publish(self) -> Result<Vec<Leftover>, PublishError> {
        self.sync()?;
        self.put()?;
        Ok(self.tidy())
    }

    /// Publishes the directory in another place than it was begun for.
    ///
    /// # Errors
    /// As [`begin`](Self::begin) and [`publish`](Self::publish) of that place.
    pub fn publish_as(self, target: Target) -> Result<Vec<Leftover>, PublishError> {
        let other = Self::begin(target)?;
        let dir = other.dir();
        fs::remove_dir(&dir).map_err(cannot_write(&dir))?;
        rename(&self.dir(), &dir)?;
        let mut left = other.begun.leftovers.clone();
        left.extend(other.publish()?);
        Ok(left)
    }

    pub(super) fn sync(&self) -> Result<(), PublishError> {
        sync_tree(&self.dir())
    }

    pub(super) fn tidy(self) -> Vec<Leftover> {
        self.begun.tidy()
    }

    pub(super) const fn begun(&self) -> &Begun {
        &self.begun
    }

    /// The step itself, with everything synced.
    pub(super) fn put(&self) -> Result<(), PublishError> {
        let complete = self.begun.ready()?;
        self.swap(&complete).inspect_err(|_| {
            // What did not take its place is removed like anything unfinished.
            let _ = rename(&complete, &self.dir());
        })?;
        sync_dir(&self.begun.place.parent)
    }

    fn swap(&self, complete: &Path) -> Result<(), PublishError> {
        let (target, old) = (self.begun.place.path(), self.begun.aside.path(OLD));
        if is_free(&target) {
            return rename(complete, &target);
        }
        if exchange(complete, &target)? {
            return Ok(());
        }
        // There is no output until the next line is done; the next call would do it.
        rename(&target, &old)?;
        rename(complete, &target).inspect_err(|_| {
            let _ = rename(&old, &target);
        })
    }
}

/// Is there nothing, or an empty directory, which a rename replaces in one step?
fn is_free(target: &Path) -> bool {
    match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}
