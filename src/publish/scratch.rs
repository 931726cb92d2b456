//! A directory beside an output for what only this process needs.

use std::path::{Path, PathBuf};

use super::aside::{Aside, NEW, Purpose};
use super::error::PublishError;
use super::files::make_dirs;
use super::leftover::{Leftover, sweep};
use super::lock::Lock;
use super::ours::Ours;
use super::place::{Place, Shape};

/// A temporary directory beside an output; dropped, it is removed.
#[derive(Debug)]
pub struct Scratch {
    aside: Aside,
    leftovers: Vec<Leftover>,
}

impl Scratch {
    /// Makes an empty directory beside an output that is there, and removes those that killed calls left.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn beside(output: &Path) -> Result<Self, PublishError> {
        let place = Place::find(output)?;
        // Held while one is made, so that nobody takes it for one that was left.
        let _lock = Lock::wait(&place)?;
        let leftovers = sweep(&place, Purpose::Verify, Shape::File(Ours::NEVER))?;
        let aside = Aside::make(&place, Purpose::Verify)?;
        make_dirs(&aside.path(NEW))?;
        Ok(Self { aside, leftovers })
    }

    /// What was found of calls that were killed.
    #[must_use]
    pub fn leftovers(&self) -> &[Leftover] {
        &self.leftovers
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.aside.path(NEW)
    }
}
