//! Where an output is to stand, and why it may not.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::error::{PublishError, cannot_write};
use super::files::make_dirs;
use super::listing::Listing;
use super::ours::Ours;
use super::shown::shown;

/// What a verb reads: its output may not be it, hold it or lie in it.
#[derive(Clone, Debug)]
pub struct Input {
    what: &'static str,
    path: PathBuf,
    is_home: bool,
}

impl Input {
    /// Something that is read, by the name that messages give it.
    #[must_use]
    pub fn new(what: &'static str, path: &Path) -> Self {
        Self {
            what,
            path: path.to_owned(),
            is_home: false,
        }
    }

    /// A directory that outputs may lie in, but not be or hold: somebody's home.
    #[must_use]
    pub fn home(what: &'static str, path: &Path) -> Self {
        Self {
            is_home: true,
            ..Self::new(what, path)
        }
    }
}

/// What is to be written, and what it must leave alone.
#[derive(Clone, Debug)]
pub struct Target {
    pub(super) path: PathBuf,
    pub(super) shape: Shape,
    pub(super) inputs: Vec<Input>,
}

/// A directory and how it lists its files, or a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Directory(&'static Listing),
    File(Ours),
}

impl Target {
    /// A directory.
    #[must_use]
    pub fn directory(path: &Path, listing: &'static Listing) -> Self {
        Self::new(path, Shape::Directory(listing))
    }

    /// A file, in the place of one that is ours.
    #[must_use]
    pub fn file(path: &Path, ours: Ours) -> Self {
        Self::new(path, Shape::File(ours))
    }

    /// Leaves something alone that is read.
    #[must_use]
    pub fn reading(mut self, what: &'static str, path: &Path) -> Self {
        self.inputs.push(Input::new(what, path));
        self
    }

    /// Leaves more alone.
    #[must_use]
    pub fn sparing(mut self, inputs: impl IntoIterator<Item = Input>) -> Self {
        self.inputs.extend(inputs);
        self
    }

    fn new(path: &Path, shape: Shape) -> Self {
        Self {
            path: path.to_owned(),
            shape,
            inputs: Vec::new(),
        }
    }

    /// Asks whether this may stand where it is to, and take the place of what is there. Nothing is made.
    ///
    /// # Errors
    /// If it may not.
    pub fn may_stand(&self) -> Result<(), PublishError> {
        self.check(&Place::find(&self.path)?)
    }

    /// Where this is to stand, if it may; directories above it are made.
    ///
    /// # Errors
    /// If it may not stand there.
    pub(super) fn place(&self) -> Result<Place, PublishError> {
        let place = Place::find(&self.path)?;
        self.stand(&place)?;
        make_dirs(&place.parent)?;
        Ok(place)
    }

    /// Asks whether an output may stand here and take the place of what is here, at the start and again when it is published.
    ///
    /// # Errors
    /// If it may not.
    pub(super) fn check(&self, place: &Place) -> Result<(), PublishError> {
        let is_there = self.stand(place)?;
        match self.shape {
            Shape::Directory(listing) if is_there => refuse_foreign(place, listing),
            Shape::File(ours) if is_there => refuse_theirs(place, ours),
            _ => Ok(()),
        }
    }

    /// Asks whether an output may stand here, whatever it holds; says whether something is here.
    fn stand(&self, place: &Place) -> Result<bool, PublishError> {
        let path = place.path();
        let refuse = |why: String| PublishError::Place {
            path: place.given.clone(),
            why,
        };
        let found = match fs::symlink_metadata(&path) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(cannot_write(&path)(error)),
        };
        if let Some(found) = &found {
            wrong_kind(found, self.shape).map_or(Ok(()), |why| Err(refuse(format!("is {why}"))))?;
        }
        if let Some(why) = self.in_the_way(&path) {
            return Err(refuse(why));
        }
        let is_dir = matches!(self.shape, Shape::Directory(_));
        if is_dir
            && found
                .as_ref()
                .is_some_and(|found| is_mount_point(&path, found))
        {
            let why = "is a mount point, which nothing can be renamed to";
            return Err(refuse(why.to_owned()));
        }
        Ok(found.is_some())
    }

    /// How an output at `path` would stand to what is read and to where we are.
    fn in_the_way(&self, path: &Path) -> Option<String> {
        let above = chain(path);
        let target = Id::of(path);
        let of_input = |input: &Input| {
            let input_path = fs::canonicalize(&input.path).ok()?;
            let inside = if input.is_home {
                Inside::IsFine
            } else {
                Inside::Counts
            };
            let relation = relation(target, &above, &input_path, inside)?;
            Some(format!(
                "{relation} {} ({})",
                input.what,
                shown(&input.path)
            ))
        };
        if let Some(why) = self.inputs.iter().find_map(of_input) {
            return Some(why);
        }
        let here = fs::canonicalize(".").ok()?;
        let is_dir = matches!(self.shape, Shape::Directory(_));
        let relation = is_dir.then(|| relation(target, &above, &here, Inside::IsFine))??;
        Some(format!("{relation} the current directory"))
    }
}

fn refuse_foreign(place: &Place, listing: &Listing) -> Result<(), PublishError> {
    let path = place.path();
    match listing.foreign(&path).map_err(cannot_write(&path))? {
        None => Ok(()),
        Some(foreign) => Err(PublishError::Foreign {
            path: place.given.clone(),
            foreign,
        }),
    }
}

fn refuse_theirs(place: &Place, ours: Ours) -> Result<(), PublishError> {
    if ours.are_at(&place.path()) {
        return Ok(());
    }
    Err(PublishError::Theirs {
        path: place.given.clone(),
        what: ours.what(),
    })
}

/// Where an output stands: a name in a directory that is there under no other name.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// As it was asked for.
    pub(super) given: PathBuf,
    pub(super) parent: PathBuf,
    pub(super) name: OsString,
}

impl Place {
    /// Takes a path apart; nothing is made yet.
    pub(super) fn find(given: &Path) -> Result<Self, PublishError> {
        let refuse = |why: &str| PublishError::Place {
            path: given.to_owned(),
            why: why.to_owned(),
        };
        // Without a slash at the end, which would follow a link.
        let plain: PathBuf = given.components().collect();
        let name = plain
            .file_name()
            .ok_or_else(|| refuse("names no directory or file of its own"))?;
        let parent = match plain.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let parent = resolve(parent)
            .ok_or_else(|| refuse("leads through `..` of a directory that is not there"))?;
        Ok(Self {
            given: given.to_owned(),
            parent,
            name: name.to_owned(),
        })
    }

    pub(super) fn path(&self) -> PathBuf {
        self.parent.join(&self.name)
    }

    /// The path of a hidden companion.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.prefix();
        name.push(suffix);
        self.parent.join(name)
    }

    /// What the names of companions begin with.
    pub(super) fn prefix(&self) -> OsString {
        let mut name = OsString::from(".");
        name.push(&self.name);
        name.push(".");
        name
    }
}

/// The canonical form of a path whose end need not be there.
fn resolve(path: &Path) -> Option<PathBuf> {
    let mut there = path.to_owned();
    let mut missing = Vec::new();
    loop {
        if let Ok(found) = fs::canonicalize(&there) {
            return Some(
                missing
                    .iter()
                    .rev()
                    .fold(found, |path, name| path.join(name)),
            );
        }
        match there.components().next_back()? {
            Component::Normal(name) => missing.push(name.to_owned()),
            _ => return None,
        }
        there.pop();
        if there.as_os_str().is_empty() {
            there.push(".");
        }
    }
}

/// Two paths of one identity are one thing, however they are written or mounted.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Id(u64, u64);

impl Id {
    fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        Some(Self(found.dev(), found.ino()))
    }
}

/// A path and every directory above it, as far as they are there.
fn chain(path: &Path) -> Vec<Id> {
    path.ancestors().filter_map(Id::of).collect()
}

/// Whether an output stands in the way of what it lies in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Counts,
    IsFine,
}

/// How an output stands to something; nothing if they have nothing to do with each other.
fn relation(
    target: Option<Id>,
    above_target: &[Id],
    other: &Path,
    inside: Inside,
) -> Option<&'static str> {
    let other_id = Id::of(other)?;
    if target == Some(other_id) {
        return Some("is");
    }
    if target.is_some_and(|target| chain(other).contains(&target)) {
        return Some("holds");
    }
    (inside == Inside::Counts && above_target.contains(&other_id)).then_some("lies in")
}

/// What stands there, if it is no directory or no file as asked for.
fn wrong_kind(found: &Metadata, shape: Shape) -> Option<&'static str> {
    let kind = found.file_type();
    match shape {
        _ if kind.is_symlink() => Some("a link, and what it leads to may be anybody's"),
        Shape::Directory(_) if kind.is_dir() => None,
        Shape::File(_) if kind.is_file() => None,
        Shape::File(_) if kind.is_dir() => Some("a directory, and a file is to be written"),
        Shape::Directory(_) if kind.is_file() => Some("a file, and a directory is to be written"),
        _ => Some("a device, a pipe or a socket"),
    }
}

#[cfg(target_os = "linux")]
fn is_mount_point(path: &Path, found: &Metadata) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let told = statx(
        CWD,
        path,
        AtFlags::SYMLINK_NOFOLLOW,
        StatxFlags::BASIC_STATS,
    );
    let is_root = told.is_ok_and(|told| told.stx_attributes.contains(StatxAttributes::MOUNT_ROOT));
    is_root || is_on_another_device(path, found)
}

#[cfg(not(target_os = "linux"))]
fn is_mount_point(path: &Path, found: &Metadata) -> bool {
    is_on_another_device(path, found)
}

fn is_on_another_device(path: &Path, found: &Metadata) -> bool {
    let above = path.parent().and_then(|above| fs::metadata(above).ok());
    above.is_some_and(|above| above.dev() != found.dev())
}
