//! The sums of a directory of tables: which files are ours, and what they were when they were written.

use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::PublishError;
use super::listing::{SUMS, TABLES_LISTING};
use super::plain::open_plain;
use super::staging::Staging;

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileSum {
    /// Its name.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3, hexadecimal.
    pub blake3: String,
}

/// Every file of a directory but this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// `acquaint-sums/1`.
    pub format: String,
    /// The version of acquaint that wrote it.
    pub acquaint: String,
    /// By name.
    pub files: Vec<FileSum>,
    /// BLAKE3 of `files`: of each its digest, two spaces, its length, two spaces, its name and a line feed.
    pub root: String,
}

impl Sums {
    /// The sums of some files, in whatever order.
    #[must_use]
    pub fn new(mut files: Vec<FileSum>) -> Self {
        files.sort_unstable();
        Self {
            format: TABLES_LISTING.format.to_owned(),
            acquaint: env!("CARGO_PKG_VERSION").to_owned(),
            root: root(&files),
            files,
        }
    }

    /// Are the files those the root was made of?
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.root == root(&self.files)
    }

    /// As they stand in a file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("sums are a struct of numbers and text") + "\n"
    }
}

impl FileSum {
    /// The sum of a file, under a name.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(path: &Path, name: String) -> io::Result<Self> {
        let FileDigest { digest, bytes } = digest_file(path)?;
        Ok(Self {
            file: name,
            bytes,
            blake3: digest.to_hex().to_string(),
        })
    }

    /// Is this the sum of what stands at a path? Of another length, it is not read.
    pub(super) fn is_of(&self, path: &Path) -> io::Result<bool> {
        let is_as_long = open_plain(path)?.metadata()?.len() == self.bytes;
        Ok(is_as_long && digest_file(path)?.digest.to_hex().as_str() == self.blake3)
    }
}

impl Staging {
    /// Writes the sums of the files of this output, which make it one that a later call may replace.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write_sums(&self, files: Vec<FileSum>) -> Result<(), PublishError> {
        self.write(SUMS, Sums::new(files).to_json().as_bytes())
    }

    /// The sum of a file of this output.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn sum_of(&self, name: &str) -> io::Result<FileSum> {
        FileSum::of(&self.path(name), name.to_owned())
    }
}

fn root(files: &[FileSum]) -> String {
    let mut hasher = blake3::Hasher::new();
    for sum in files {
        let line = format!("{}  {}  {}\n", sum.blake3, sum.bytes, sum.file);
        hasher.update(line.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// Its BLAKE3 digest.
    pub digest: blake3::Hash,
    /// How long it is.
    pub bytes: u64,
}

/// The digest and length of a file, read in pieces.
///
/// # Errors
/// If it cannot be read.
pub fn digest_file(path: &Path) -> io::Result<FileDigest> {
    let mut file = open_plain(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            return Ok(FileDigest {
                digest: hasher.finalize(),
                bytes,
            });
        }
        hasher.update(&piece[..n]);
        bytes += n as u64;
    }
}
