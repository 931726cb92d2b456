//! Which files of a directory are ours: those that a listing of ours names.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;

use super::entries::{entries, some_of};

/// The sums of a directory of tables: every file with its length and digest.
pub const SUMS: &str = "sums.json";

/// The output of a run.
pub const RUN_LISTING: Listing = Listing {
    file: "manifest.json",
    format: "acquaint-run/1",
    beside: &["report.html"],
};

/// A directory of tables.
pub const TABLES_LISTING: Listing = Listing {
    file: SUMS,
    format: "acquaint-sums/1",
    beside: &[],
};

/// A directory that replaces nothing: what stands in its place has to be empty.
pub const FRESH: Listing = Listing {
    file: "",
    format: "",
    beside: &[],
};

/// No listing is larger.
const MAX_BYTES: u64 = 64 << 20;

/// How a directory says which of its files are ours.
#[derive(Debug, PartialEq, Eq)]
pub struct Listing {
    /// The file that names the others.
    pub file: &'static str,
    /// Its format.
    pub format: &'static str,
    /// Files that stand beside it without being named.
    pub beside: &'static [&'static str],
}

/// The names in any listing.
#[derive(Deserialize)]
struct Listed {
    format: String,
    #[serde(alias = "outputs")]
    files: Vec<ListedFile>,
}

#[derive(Deserialize)]
struct ListedFile {
    file: String,
}

impl Listing {
    /// The names of our files, the listing's own last; none if there is no listing of this format.
    pub(super) fn names(&self, dir: &Path) -> Option<Vec<OsString>> {
        let listed = self.read(&dir.join(self.file)).ok().flatten()?;
        let listed: BTreeSet<OsString> = listed
            .files
            .into_iter()
            .map(|listed| listed.file.into())
            .chain(self.beside.iter().map(OsString::from))
            .filter(|name| name != self.file)
            .collect();
        Some(
            listed
                .into_iter()
                .chain([OsString::from(self.file)])
                .collect(),
        )
    }

    /// What is not ours to replace, in words; nothing if everything is.
    ///
    /// # Errors
    /// If the directory cannot be listed.
    pub(super) fn foreign(&self, dir: &Path) -> io::Result<Option<String>> {
        let found = entries(dir)?;
        if found.is_empty() {
            return Ok(None);
        }
        let names = self.names(dir);
        let is_ours = |name: &OsString| names.as_ref().is_some_and(|names| names.contains(name));
        let foreign: Vec<OsString> = found
            .into_iter()
            .filter(|entry| !(entry.is_file && is_ours(&entry.name)))
            .map(|entry| entry.name)
            .collect();
        if foreign.is_empty() {
            return Ok(None);
        }
        let why = match (names, self.file) {
            (Some(_), listing) => format!("which {listing} does not list"),
            (None, "") => "and has to be empty".to_owned(),
            (None, listing) => format!("and no {listing} of the format {}", self.format),
        };
        Ok(Some(format!("{}, {why}", some_of(&foreign))))
    }

    fn read(&self, path: &Path) -> io::Result<Option<Listed>> {
        if !fs::symlink_metadata(path)?.is_file() {
            return Ok(None);
        }
        let mut text = Vec::new();
        File::open(path)?.take(MAX_BYTES).read_to_end(&mut text)?;
        let listed: Option<Listed> = serde_json::from_slice(&text).ok();
        Ok(listed.filter(|listed| listed.format == self.format))
    }
}
