//! Which files of a directory are ours: those that a listing of ours names, as it names them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use serde::Deserialize;

use super::entries::{entries, some_of};
use super::ours::Ours;
use super::plain::read_plain_text;
use super::seal::unseal_json;
use super::sums::{FileSum, Sums};

/// What a run took, beside its outputs.
pub const TIMINGS: &str = "timings.json";

/// The sums of a directory of tables: every file with its length and digest.
pub const SUMS: &str = "sums.json";

/// The output of a run.
pub const RUN_LISTING: Listing = Listing {
    file: "manifest.json",
    format: "acquaint-run/1",
    files: files_of_a_run,
    beside: &[
        Beside {
            file: "report.html",
            ours: Ours::PAGE,
        },
        Beside {
            file: TIMINGS,
            ours: Ours::TIMINGS,
        },
    ],
};

/// A directory of tables.
pub const TABLES_LISTING: Listing = Listing {
    file: SUMS,
    format: "acquaint-sums/1",
    files: files_of_sums,
    beside: &[],
};

/// A directory that replaces nothing: what stands in its place has to be empty.
pub const FRESH: Listing = Listing {
    file: "",
    format: "",
    files: |_, _| None,
    beside: &[],
};

/// No listing is larger.
const MAX_BYTES: u64 = 64 << 20;

/// How a directory says which of its files are ours.
#[derive(Debug)]
pub struct Listing {
    /// The file that names the others.
    pub file: &'static str,
    /// Its format.
    pub format: &'static str,
    /// The files that a text of this format lists; none if it is not what was written.
    files: fn(&Listing, &str) -> Option<Vec<FileSum>>,
    /// Files that stand beside it without being listed.
    beside: &'static [Beside],
}

#[derive(Debug)]
struct Beside {
    file: &'static str,
    ours: Ours,
}

/// A listing that is what was written: each file by name.
pub(super) struct Listed(BTreeMap<OsString, FileSum>);

impl Listing {
    /// What a directory's listing says; none if there is no listing of this format, or it was edited.
    pub(super) fn read(&self, dir: &Path) -> Option<Listed> {
        if self.file.is_empty() {
            return None;
        }
        let path = dir.join(self.file);
        let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
        let text = is_file.then(|| read_plain_text(&path, MAX_BYTES).ok())??;
        let files = (self.files)(self, &text)?;
        let by_name = |sum: FileSum| (OsString::from(&sum.file), sum);
        Some(Listed(files.into_iter().map(by_name).collect()))
    }

    /// Is a file of a directory ours, as it was written? The listing itself was read, so it is.
    pub(super) fn is_ours(&self, listed: &Listed, dir: &Path, name: &OsStr) -> bool {
        if name == self.file {
            return true;
        }
        let path = dir.join(name);
        if let Some(sum) = listed.0.get(name) {
            return sum.is_of(&path).unwrap_or(false);
        }
        let beside = self.beside.iter().find(|beside| name == beside.file);
        beside.is_some_and(|beside| beside.ours.are_at(&path))
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
        let listed = self.read(dir);
        let is_ours = |name: &OsStr| {
            let listed = listed.as_ref();
            listed.is_some_and(|listed| self.is_ours(listed, dir, name))
        };
        let foreign: Vec<OsString> = found
            .into_iter()
            .filter(|entry| !(entry.is_file && is_ours(&entry.name)))
            .map(|entry| entry.name)
            .collect();
        if foreign.is_empty() {
            return Ok(None);
        }
        let why = match (listed, self.file) {
            (Some(_), listing) => format!("which {listing} does not list as it is"),
            (None, "") => "and has to be empty".to_owned(),
            (None, listing) => {
                let format = self.format;
                format!("and no {listing} of the format {format} as it was written")
            }
        };
        Ok(Some(format!("{}, {why}", some_of(&foreign))))
    }
}

/// What a manifest lists.
#[derive(Deserialize)]
struct Outputs {
    format: String,
    outputs: Vec<FileSum>,
}

/// A manifest begins with the digest of all that follows.
fn files_of_a_run(listing: &Listing, text: &str) -> Option<Vec<FileSum>> {
    let manifest: Outputs = serde_json::from_str(&unseal_json(text).ok()?).ok()?;
    (manifest.format == listing.format).then_some(manifest.outputs)
}

/// Sums have a root over all of them.
fn files_of_sums(listing: &Listing, text: &str) -> Option<Vec<FileSum>> {
    let sums: Sums = serde_json::from_str(text).ok()?;
    (sums.format == listing.format && sums.is_whole()).then_some(sums.files)
}
