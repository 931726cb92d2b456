//! A file of a table: a plain file that must not change while it is read.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::Path;
use std::time::SystemTime;

use super::error::SignalsError;
use super::forms::Packing;
use super::limits::{FREE_ROWS, ValidReadLimits, by_size};
use super::sniff::seems;
use super::unpack::Grown;

/// What a file is that nothing betrays.
const TEXT: &str = "something else, perhaps plain text";

/// A file that was opened.
#[derive(Debug)]
pub(super) struct Source {
    /// Its name relative to the signals directory.
    pub(super) name: String,
    pub(super) file: File,
    pub(super) bytes: u64,
    modified: Option<SystemTime>,
}

impl Source {
    /// Opens a plain file below a directory.
    pub(super) fn open(dir: &Path, name: &str) -> Result<Self, SignalsError> {
        let path = dir.join(name);
        refuse_all_but_files(&path, name)?;
        Self::opened(&path, name).map_err(|source| SignalsError::Read {
            file: name.to_owned(),
            source,
        })
    }

    fn opened(path: &Path, name: &str) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok(Self {
            name: name.to_owned(),
            file,
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }

    /// The digest of its content, in one pass and constant space; it stands at its beginning afterwards.
    pub(super) fn digest(&self) -> Result<blake3::Hash, SignalsError> {
        let mut file = &self.file;
        let mut hasher = blake3::Hasher::new();
        let read = hasher.update_reader(file).map(drop);
        read.and_then(|()| file.rewind())
            .map_err(|source| self.unreadable(source))?;
        Ok(hasher.finalize())
    }

    /// Stands at its beginning again.
    pub(super) fn rewind(&self) -> Result<(), SignalsError> {
        let mut file = &self.file;
        file.rewind().map_err(|source| self.unreadable(source))
    }

    /// Its first bytes; it stands at its beginning afterwards.
    fn head(&self) -> io::Result<Vec<u8>> {
        let mut file = &self.file;
        let mut head = Vec::new();
        file.take(8).read_to_end(&mut head)?;
        file.rewind()?;
        Ok(head)
    }

    /// Refuses a file that is packed otherwise than its name says, by what it is.
    pub(super) fn refuse_other_packing(&self, packing: Packing) -> Result<(), SignalsError> {
        let head = self.head().map_err(|source| self.unreadable(source))?;
        let (magic, name): (&[u8], _) = match packing {
            Packing::Plain => return Ok(()),
            Packing::Gzip => (b"\x1F\x8B", "gzip"),
            Packing::Zstd => (b"\x28\xB5\x2F\xFD", "Zstandard"),
        };
        let n_bytes = head.len().min(magic.len());
        let is_skippable = packing == Packing::Zstd && head.get(1..4) == Some(&b"\x2A\x4D\x18"[..]);
        if is_skippable || head[..n_bytes] == magic[..n_bytes] {
            return Ok(());
        }
        Err(self.of_other_kind(name, seems(&head).unwrap_or(TEXT)))
    }

    /// Refuses a file that does not begin as Parquet does, by what it seems to be.
    pub(super) fn refuse_other_than_parquet(&self) -> Result<(), SignalsError> {
        let head = self.head().map_err(|source| self.unreadable(source))?;
        if head.len() < 4 || head.starts_with(b"PAR1") {
            return Ok(());
        }
        Err(self.of_other_kind("Parquet", seems(&head).unwrap_or(TEXT)))
    }

    /// The file is something else than its name says.
    pub(super) fn of_other_kind(&self, expected: &'static str, kind: &'static str) -> SignalsError {
        SignalsError::OtherKind {
            file: self.name.clone(),
            expected,
            kind,
        }
    }

    /// The same file, opened again: threads do not share where they are in it.
    pub(super) fn reopen(&self, dir: &Path) -> Result<Self, SignalsError> {
        let again = Self::open(dir, &self.name)?;
        if again.bytes == self.bytes && again.modified == self.modified {
            return Ok(again);
        }
        Err(self.damaged("it changed while it was read"))
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

    /// More came out of the file than its size lets expect.
    pub(super) fn grown(&self, grown: Grown) -> SignalsError {
        SignalsError::Grown {
            file: self.name.clone(),
            bytes: self.bytes,
            allowed: grown.allowed,
            limit: grown.limit,
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

    /// The file has more rows than one of its size can hold.
    pub(super) fn refuse_many_rows(
        &self,
        n_rows: u64,
        limits: &ValidReadLimits,
    ) -> Result<(), SignalsError> {
        self.refuse_many("rows", n_rows, limits)
    }

    /// The file has more rows, or values of one column, than one of its size can hold.
    pub(super) fn refuse_many(
        &self,
        what: &'static str,
        found: u64,
        limits: &ValidReadLimits,
    ) -> Result<(), SignalsError> {
        let times = limits.given().max_rows_per_byte;
        self.refuse_by_size(what, found, FREE_ROWS, "max_rows_per_byte", times)
    }

    /// The file has more of something than one of its size can hold: so much for nothing, and so many times its bytes.
    pub(super) fn refuse_by_size(
        &self,
        what: &'static str,
        found: u64,
        free: u64,
        limit: &'static str,
        allowed: u64,
    ) -> Result<(), SignalsError> {
        if found <= by_size(free, self.bytes, allowed) {
            return Ok(());
        }
        Err(SignalsError::Expansion {
            file: self.name.clone(),
            what,
            found,
            bytes: self.bytes,
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
