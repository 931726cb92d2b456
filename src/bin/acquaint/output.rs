//! Outputs of verbs: begun before any work is done, and told of.

use std::path::{Path, PathBuf};

use acquaint::publish::{Input, Leftover, Ours, StagedFile, Staging, TABLES_LISTING, Target};

use crate::args::{AskLedgerArgs, AskingArgs};
use crate::exit::Failure;

/// Begins a directory of tables; outputs leave the reader's home alone, and what the verb reads.
pub(crate) fn tables(path: &Path, reads: Vec<Input>) -> Result<Staging, Failure> {
    directory(Target::directory(path, &TABLES_LISTING).sparing(reads))
}

/// Begins a directory.
pub(crate) fn directory(target: Target) -> Result<Staging, Failure> {
    let staging = Staging::begin(target.sparing(home()))?;
    tell(staging.leftovers());
    Ok(staging)
}

/// Begins a file, in the place of one that is ours.
pub(crate) fn file(path: &Path, ours: Ours, reads: Vec<Input>) -> Result<StagedFile, Failure> {
    let file = StagedFile::begin(Target::file(path, ours).sparing(reads))?;
    tell(file.leftovers());
    Ok(file)
}

/// Names on standard error what was found of calls that were killed, or could not be removed.
pub(crate) fn tell(leftovers: &[Leftover]) {
    for leftover in leftovers {
        eprintln!("acquaint: {leftover}");
    }
}

/// What a verb was given to read, by the name that messages give it.
#[derive(Default)]
pub(crate) struct Reads(Vec<Input>);

impl Reads {
    /// Adds what was given, if it was.
    #[must_use]
    pub(crate) fn and<'a>(
        mut self,
        what: &'static str,
        paths: impl IntoIterator<Item = &'a PathBuf>,
    ) -> Self {
        let inputs = paths.into_iter().map(|path| Input::new(what, path));
        self.0.extend(inputs);
        self
    }

    /// Adds the parameters, and the ledger that is asked with its key.
    #[must_use]
    pub(crate) fn asking(self, asking: &AskingArgs) -> Self {
        self.and("the configuration", &asking.given.config)
            .ledger(&asking.ledger)
    }

    /// Adds a ledger that is asked, with its key.
    #[must_use]
    pub(crate) fn ledger(self, ledger: &AskLedgerArgs) -> Self {
        self.and("the ledger", &ledger.ledger)
            .and("the key of the objection list", &ledger.objection_key)
    }

    pub(crate) fn all(self) -> Vec<Input> {
        self.0
    }
}

/// The home of whoever calls.
pub(crate) fn home() -> Option<Input> {
    std::env::home_dir().map(|home| Input::home("your home directory", &home))
}
