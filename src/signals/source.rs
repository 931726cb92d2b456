//! A file of a table: a plain file, with its size and digest, that must not change while it is read.

use std::fs::{self, File};
use std::io::{self, Seek};
use std::path::Path;
use std::time::SystemTime;

use super::error::SignalsError;

/// A file that was opened and digested.
#[derive(Debug)]
pub(super) struct Source {
    /// Its name relative to the signals directory.
    pub(super) name: String,
    pub(super) file: File,
    pub(super) bytes: u64,
    pub(super) blake3: blake3::Hash,
    modified: Option<SystemTime>,
}

impl Source {
    /// Opens a plain file below a directory and digests it, in one pass and constant space.
    pub(super) fn open(dir: &Path, name: &str) -> Result<Self, SignalsError> {
        let path = dir.join(name);
        refuse_all_but_files(&path, name)?;
        Self::digested(&path, name).map_err(|source| SignalsError::Read {
            file: name.to_owned(),
            source,
        })
    }

    fn digested(path: &Path, name: &str) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&mut file)?;
        file.rewind()?;
        Ok(Self {
            name: name.to_owned(),
            file,
            bytes: metadata.len(),
            blake3: hasher.finalize(),
            modified: metadata.modified().ok(),
        })
    }

    /// Checks that the file is still the one that was digested.
    pub(super) fn refuse_changes(&self) -> Result<(), SignalsError> {
        let same = |metadata: &fs::Metadata| {
            metadata.len() == self.bytes && metadata.modified().ok() == self.modified
        };
        match self.file.metadata() {
            Ok(metadata) if same(&metadata) => Ok(()),
            Ok(_) => Err(self.damaged("it changed while it was read")),
            Err(source) => Err(self.unreadable(source)),
        }
    }

    /// The file is not what its name says.
    pub(super) fn damaged(&self, detail: impl Into<String>) -> SignalsError {
        SignalsError::Damaged {
            file: self.name.clone(),
            detail: detail.into(),
        }
    }

    /// The file could not be read.
    pub(super) fn unreadable(&self, source: io::Error) -> SignalsError {
        SignalsError::Read {
            file: self.name.clone(),
            source,
        }
    }

    /// The file has too much of something.
    pub(super) fn refuse_more(
        &self,
        what: &'static str,
        found: u64,
        limit: &'static str,
        allowed: u64,
    ) -> Result<(), SignalsError> {
        if found <= allowed {
            return Ok(());
        }
        Err(SignalsError::Limit {
            file: self.name.clone(),
            what,
            found,
            limit,
            allowed,
        })
    }
}

/// Refuses links, pipes, devices and folders before anything opens them: opening a pipe waits for ever.
pub(super) fn refuse_all_but_files(path: &Path, name: &str) -> Result<(), SignalsError> {
    let metadata = fs::symlink_metadata(path).map_err(|source| SignalsError::Read {
        file: name.to_owned(),
        source,
    })?;
    if metadata.is_file() {
        return Ok(());
    }
    Err(SignalsError::NotAFile {
        file: name.to_owned(),
    })
}
