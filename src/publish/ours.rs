//! What a file has to be before another takes its place: one that acquaint wrote, as it wrote it.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::listing::{SUMS, TABLES_LISTING};
use super::plain::{open_plain, read_plain};
use super::seal::{is_sealed_page, is_sealed_text};
use super::sums::{FileSum, Sums};

/// No list of sums of a file is larger, and no page.
const MAX_BYTES: u64 = 64 << 20;

/// A kind of file of ours, and how it is known.
#[derive(Clone, Copy)]
pub struct Ours {
    what: &'static str,
    is_one: fn(&Path) -> io::Result<bool>,
}

impl Ours {
    /// A file that is never replaced.
    pub const NEVER: Self = Self::new("a file that may be replaced", |_| Ok(false));
    /// A file that its sums beside it list: `NAME.sums.json`.
    pub const SUMMED: Self = Self::new("a file that its .sums.json lists", is_summed);
    /// Sums of files.
    pub const SUMS: Self = Self::new("a list of sums of acquaint", is_sums);
    /// A page that ends with its digest.
    pub const PAGE: Self = Self::new("a report of acquaint", |path| {
        Ok(is_sealed_page(&read_plain(path, MAX_BYTES)?))
    });

    /// What a run took.
    pub const TIMINGS: Self = Self::new("timings of acquaint", |path| {
        is_sealed_file(path, "\"acquaint-timings/")
    });

    /// Files that messages call `what`, known by a function.
    #[must_use]
    pub const fn new(what: &'static str, is_one: fn(&Path) -> io::Result<bool>) -> Self {
        Self { what, is_one }
    }

    /// Is the file at a path one of these, as it was written?
    pub(crate) fn is_written_at(&self, path: &Path) -> bool {
        (self.is_one)(path).unwrap_or(false)
    }

    pub(super) const fn what(&self) -> &'static str {
        self.what
    }

    /// Is the file at a path one of these, as it was written? An empty file holds nothing that could be lost, and one that
    /// cannot be read is not known.
    pub(super) fn are_at(&self, path: &Path) -> bool {
        // What cannot be opened as a plain file, such as a pipe, is not read any further.
        let length = open_plain(path).and_then(|file| Ok(file.metadata()?.len()));
        length.is_ok_and(|length| length == 0 || self.is_written_at(path))
    }
}

impl fmt::Debug for Ours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

/// Is it JSON that begins with the digest of all that follows, and soon says a word, such as its schema? Read in pieces.
///
/// # Errors
/// If it cannot be read.
pub fn is_sealed_file(path: &Path, word: &str) -> io::Result<bool> {
    is_sealed_text(open_plain(path)?, word)
}

/// Where the sums of a file alone stand: `NAME.sums.json`.
#[must_use]
pub fn sums_beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(SUMS);
    name.into()
}

/// The sums of a file alone, written somewhere and to stand at `target`, as they stand in a file.
///
/// # Errors
/// If it cannot be read.
pub fn sums_of_file(written: &Path, target: &Path) -> io::Result<String> {
    Ok(Sums::new(vec![FileSum::of(written, name_of(target))?]).to_json())
}

fn name_of(target: &Path) -> String {
    let name = target.file_name().map(OsString::from).unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn is_summed(path: &Path) -> io::Result<bool> {
    let sums = match read_sums(&sums_beside(path)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        sums => sums?,
    };
    let sum = FileSum::of(path, name_of(path))?;
    Ok(sums.is_some_and(|sums| sums.files.contains(&sum)))
}

fn is_sums(path: &Path) -> io::Result<bool> {
    read_sums(path).map(|sums| sums.is_some())
}

/// Sums that are what was written.
fn read_sums(path: &Path) -> io::Result<Option<Sums>> {
    let sums: Option<Sums> = serde_json::from_slice(&read_plain(path, MAX_BYTES)?).ok();
    Ok(sums.filter(|sums| sums.format == TABLES_LISTING.format && sums.is_whole()))
}
