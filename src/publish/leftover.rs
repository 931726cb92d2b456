//! What a killed call left: a publication that is finished, or files that are removed.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::aside::{NEW, OLD, OUT, Purpose, abandoned, remove_tree, unmark};
use super::entries::{entries, some_of};
use super::error::{PublishError, cannot_write};
use super::listing::Listing;
use super::place::{Place, Shape};
use super::shown::shown;
use super::swap::{rename, sync_dir};

/// What was found of an earlier call, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leftover {
    /// A directory of ours that nobody writes to any more was removed.
    Removed {
        /// Which.
        path: PathBuf,
    },
    /// A complete output had been taken away from its place, or not yet put there; now it is there.
    Finished {
        /// Which output.
        path: PathBuf,
    },
    /// A directory of ours holds what is not, and was left alone.
    Kept {
        /// Which.
        path: PathBuf,
        /// What it holds.
        foreign: String,
    },
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed { path } => write!(
                f,
                "removed {}, which a call that was killed had left",
                shown(path)
            ),
            Self::Finished { path } => write!(
                f,
                "finished what a call that was killed had begun: {} is its output",
                shown(path)
            ),
            Self::Kept { path, foreign } => write!(
                f,
                "left {} alone: it holds {foreign}; look at it and remove it",
                shown(path)
            ),
        }
    }
}

/// Finds what killed calls left beside an output; nobody else may be writing it.
///
/// # Errors
/// If what they left cannot be listed, finished or removed.
pub(super) fn sweep(
    place: &Place,
    purpose: Purpose,
    shape: Shape,
) -> Result<Vec<Leftover>, PublishError> {
    let mut found = Vec::new();
    for dir in abandoned(place, purpose).map_err(cannot_write(&place.parent))? {
        if finish(&dir, place)? {
            found.push(Leftover::Finished {
                path: place.given.clone(),
            });
        }
        found.push(clear(&dir, shape).map_err(cannot_write(&dir))?);
    }
    Ok(found)
}

/// Ends a publication that was killed between its two renames.
fn finish(dir: &Path, place: &Place) -> Result<bool, PublishError> {
    let (complete, old, target) = (dir.join(OUT), dir.join(OLD), place.path());
    let is_there = |path: &Path| fs::symlink_metadata(path).is_ok();
    if is_there(&target) || !is_there(&old) {
        return Ok(false);
    }
    rename(if is_there(&complete) { &complete } else { &old }, &target)?;
    sync_dir(&place.parent)?;
    Ok(true)
}

/// Removes a directory aside as far as it is ours.
pub(super) fn clear(dir: &Path, shape: Shape) -> io::Result<Leftover> {
    let path = dir.to_owned();
    remove_tree(&dir.join(NEW))?;
    for name in [OUT, OLD] {
        if let Some(foreign) = remove_shaped(&dir.join(name), shape)? {
            return Ok(Leftover::Kept { path, foreign });
        }
    }
    match unmark(dir) {
        Ok(()) => Ok(Leftover::Removed { path }),
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(Leftover::Kept {
            path,
            foreign: "more than a call of ours puts there".to_owned(),
        }),
        Err(error) => Err(error),
    }
}

/// Removes an output of ours, if one stands there; what else is in it stays, and is named.
///
/// # Errors
/// If it cannot be removed.
pub fn remove_output(
    path: &Path,
    listing: &'static Listing,
) -> Result<Option<Leftover>, PublishError> {
    let left = remove_shaped(path, Shape::Directory(listing)).map_err(cannot_write(path))?;
    Ok(left.map(|foreign| Leftover::Kept {
        path: path.to_owned(),
        foreign,
    }))
}

/// Removes an output that was replaced, file by file, the listing last; says what is left if something is not ours.
fn remove_shaped(path: &Path, shape: Shape) -> io::Result<Option<String>> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    match shape {
        Shape::Directory(listing) if found.is_dir() => remove_listed(path, listing),
        Shape::File(_) if found.is_file() => fs::remove_file(path).map(|()| None),
        _ => Ok(Some(format!("{}, which is no output", shown(path)))),
    }
}

fn remove_listed(dir: &Path, listing: &Listing) -> io::Result<Option<String>> {
    if let Some(listed) = listing.read(dir) {
        let (listings, files): (Vec<_>, Vec<_>) = entries(dir)?
            .into_iter()
            .filter(|entry| entry.is_file && listing.is_ours(&listed, dir, &entry.name))
            .partition(|entry| entry.name == listing.file);
        for entry in files.into_iter().chain(listings) {
            fs::remove_file(dir.join(entry.name))?;
        }
    }
    let left: Vec<OsString> = entries(dir)?.into_iter().map(|entry| entry.name).collect();
    if left.is_empty() {
        fs::remove_dir(dir)?;
        return Ok(None);
    }
    Ok(Some(format!("files that are not ours: {}", some_of(&left))))
}
