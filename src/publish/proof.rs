//! What a directory of tables has to be if it says so itself: its `sums.json`, held against what is there.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::entries::entries;
use super::error::{PublishError, cannot_write};
use super::files::StagedFile;
use super::leftover::Leftover;
use super::listing::{SUMS, TABLES_LISTING};
use super::ours::Ours;
use super::place::Target;
use super::plain::read_plain;
use super::shown::shown;
use super::sums::{FileSum, Sums};

/// The format of sums that [`seal`] writes: their files were made elsewhere, and no output may replace them.
const SEALED: &str = "acquaint-seal/1";
/// What sealing replaces: sums that hold, of this directory or of another time.
const SEALS: Ours = Ours::new("a list of sums of acquaint", |path| {
    Ok(known_sums(path)?.is_some())
});
/// No list of sums is larger.
const MAX_BYTES: u64 = 64 << 20;
/// Folders of tables lie no deeper.
const DEPTH: usize = 16;

/// The sums of a directory that is read.
#[derive(Clone, Debug)]
pub struct Proof(BTreeMap<String, FileSum>);

/// A directory is not what its sums say.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The sums cannot be read.
    #[error("{SUMS} cannot be read")]
    Read(#[source] io::Error),
    /// The directory cannot be listed.
    #[error("the directory cannot be listed")]
    List(#[source] io::Error),
    /// The sums are not what was written.
    #[error("{SUMS} was edited or damaged: its root does not match its entries; {CURE}")]
    Root,
    /// A file is there that was not.
    #[error("{0} is not listed in {SUMS}: it was added later; {CURE}")]
    Added(String),
    /// A file is not there that was.
    #[error("{0} is listed in {SUMS} but missing; {CURE}")]
    Missing(String),
    /// A file is not the one that was there.
    #[error("{0} does not match {SUMS}: it was changed or damaged; {CURE}")]
    Changed(String),
}

/// What to do about it.
const CURE: &str = "take the files as they were written, or, if the change was meant, say so with `acquaint seal DIR`";

impl Proof {
    /// Reads the sums of a directory, if it has any, and holds names and lengths against them. Digests are checked as files are
    /// read.
    ///
    /// # Errors
    /// If the sums are not what was written, or a file is missing, added or of another length.
    pub fn read(dir: &Path) -> Result<Option<Self>, ProofError> {
        let Some(sums) = read_sums(dir)? else {
            return Ok(None);
        };
        let mut listed: BTreeMap<String, FileSum> = sums
            .files
            .into_iter()
            .map(|sum| (sum.file.clone(), sum))
            .collect();
        let proof = Self(listed.clone());
        for name in files(dir).map_err(ProofError::List)? {
            match listed.remove(&name) {
                None => return Err(ProofError::Added(shown(&name))),
                Some(sum) if length(&dir.join(&name)) != Some(sum.bytes) => {
                    return Err(ProofError::Changed(shown(&name)));
                }
                Some(_) => {}
            }
        }
        match listed.pop_first() {
            Some((name, _)) => Err(ProofError::Missing(shown(&name))),
            None => Ok(Some(proof)),
        }
    }

    /// Checks the digest of a file that was read.
    ///
    /// # Errors
    /// If it is not the file that was written.
    pub fn check(&self, name: &str, digest: &blake3::Hash) -> Result<(), ProofError> {
        let sum = self.0.get(name);
        let sum = sum.ok_or_else(|| ProofError::Added(shown(name)))?;
        if digest.to_hex().as_str() == sum.blake3 {
            return Ok(());
        }
        Err(ProofError::Changed(shown(name)))
    }
}

/// What sealing a directory gave.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The sums of its files.
    pub sums: Sums,
    /// What calls that were killed had left.
    pub leftovers: Vec<Leftover>,
}

/// Writes the sums of every file of a directory that was made elsewhere, in the place of those that are there.
///
/// # Errors
/// If the directory cannot be read, holds links, pipes or devices, or its sums cannot be written.
pub fn seal(dir: &Path) -> Result<Sealed, PublishError> {
    if !fs::metadata(dir).map_err(cannot_write(dir))?.is_dir() {
        return Err(cannot_write(dir)(ErrorKind::NotADirectory.into()));
    }
    let staged = StagedFile::begin(Target::file(&dir.join(SUMS), SEALS))?;
    let mut sums = Vec::new();
    for name in files(dir).map_err(cannot_write(dir))? {
        let path = dir.join(&name);
        sums.push(FileSum::of(&path, name).map_err(cannot_write(&path))?);
    }
    let sums = Sums {
        format: SEALED.to_owned(),
        ..Sums::new(sums)
    };
    staged.write(sums.to_json().as_bytes())?;
    let mut leftovers = staged.leftovers().to_vec();
    leftovers.extend(staged.publish()?);
    Ok(Sealed { sums, leftovers })
}

fn read_sums(dir: &Path) -> Result<Option<Sums>, ProofError> {
    let path = dir.join(SUMS);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ProofError::Read(error)),
        Ok(found) if !found.is_file() => return Err(ProofError::Root),
        Ok(_) => {}
    }
    let sums = known_sums(&path).map_err(ProofError::Read)?;
    sums.map(Some).ok_or(ProofError::Root)
}

/// Sums that are what was written, by whatever verb.
fn known_sums(path: &Path) -> io::Result<Option<Sums>> {
    let sums: Option<Sums> = serde_json::from_slice(&read_plain(path, MAX_BYTES)?).ok();
    let is_known = |sums: &Sums| [TABLES_LISTING.format, SEALED].contains(&sums.format.as_str());
    Ok(sums.filter(|sums| is_known(sums) && sums.is_whole()))
}

/// Every file below a directory but its sums, hidden ones too, by names relative to it.
fn files(dir: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    gather(dir, &PathBuf::new(), DEPTH, &mut found)?;
    found.retain(|name| name != SUMS);
    Ok(found)
}

/// The lock of the sums, and where they are written: they are there while a directory is sealed.
fn is_beside_sums(name: &Path) -> bool {
    let beside = name.as_os_str().as_encoded_bytes().strip_prefix(b".");
    let beside = beside.and_then(|name| name.strip_prefix(SUMS.as_bytes()));
    beside.is_some_and(|ending| ending.starts_with(b"."))
}

fn gather(dir: &Path, below: &Path, depth: usize, found: &mut Vec<String>) -> io::Result<()> {
    let within = entries(&dir.join(below))?;
    if within.is_empty() && depth < DEPTH {
        let why = format!("{} is empty: remove it", shown(below));
        return Err(odd(&why));
    }
    for entry in within {
        let name = below.join(&entry.name);
        if is_beside_sums(&name) {
            continue;
        }
        if entry.is_file {
            let text = name.to_str();
            found.push(text.ok_or_else(|| odd("a name is not UTF-8"))?.to_owned());
        } else if fs::symlink_metadata(dir.join(&name))?.is_dir() && depth > 0 {
            gather(dir, &name, depth - 1, found)?;
        } else {
            return Err(odd(
                "it holds a link, a pipe, a device or folders without end",
            ));
        }
    }
    Ok(())
}

fn odd(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, why)
}

fn length(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|found| found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("ads/day=1")).unwrap();
        fs::write(dir.path().join("ads/day=1/a.csv"), "rows").unwrap();
        fs::write(dir.path().join("feedback.csv"), "more rows").unwrap();
        seal(dir.path()).unwrap();
        dir
    }

    fn fault(edit: impl Fn(&Path)) -> String {
        let dir = sealed();
        edit(dir.path());
        match Proof::read(dir.path()) {
            Err(error) => error.to_string(),
            Ok(_) => "nothing".to_owned(),
        }
    }

    #[test]
    fn a_sealed_directory_is_proved_and_sealed_again() {
        let dir = sealed();
        let proof = Proof::read(dir.path()).unwrap().unwrap();
        proof
            .check("feedback.csv", &blake3::hash(b"more rows"))
            .unwrap();
        assert!(proof.check("feedback.csv", &blake3::hash(b"less")).is_err());
        assert!(proof.check("ads.csv", &blake3::hash(b"less")).is_err());
        fs::write(dir.path().join("new.csv"), "rows").unwrap();
        assert_eq!(seal(dir.path()).unwrap().sums.files.len(), 3);
        assert!(Proof::read(dir.path()).unwrap().is_some());
        assert!(Proof::read(&dir.path().join("ads")).unwrap().is_none());
    }

    #[test]
    fn deny_what_is_missing_added_or_changed_by_name() {
        let said = fault(|dir| fs::remove_file(dir.join("feedback.csv")).unwrap());
        assert!(said.starts_with("feedback.csv is listed"), "{said}");
        let said = fault(|dir| fs::write(dir.join("ads/b.csv"), "").unwrap());
        assert!(said.starts_with("ads/b.csv is not listed"), "{said}");
        let said = fault(|dir| fs::write(dir.join("feedback.csv"), "").unwrap());
        assert!(
            said.starts_with("feedback.csv does not match sums.json"),
            "{said}"
        );
        let said = fault(|dir| fs::write(dir.join(".note"), "").unwrap());
        assert!(said.starts_with(".note is not listed"), "{said}");
        let said = fault(|dir| fs::write(dir.join("ads/.part.crc"), "").unwrap());
        assert!(said.starts_with("ads/.part.crc is not listed"), "{said}");
        let said = fault(|dir| fs::write(dir.join(".sums.json.acquaint-lock"), "").unwrap());
        assert_eq!(said, "nothing");
    }

    #[test]
    fn deny_a_folder_of_nothing() {
        let dir = sealed();
        fs::create_dir(dir.path().join("ads/later")).unwrap();
        let error = Proof::read(dir.path()).unwrap_err();
        let why = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(why, "ads/later is empty: remove it");
        assert!(seal(dir.path()).is_err());
    }

    #[test]
    fn deny_sums_that_were_edited() {
        let dir = sealed();
        let text = fs::read_to_string(dir.path().join(SUMS)).unwrap();
        for (from, to) in [
            ("feedback", "feedbacc"),
            ("\"bytes\": 4", "\"bytes\": 5"),
            ("acquaint-seal/1", "x"),
            ("{", ""),
        ] {
            let said = fault(|dir| fs::write(dir.join(SUMS), text.replacen(from, to, 1)).unwrap());
            assert!(
                said.starts_with("sums.json was edited or damaged"),
                "{said}"
            );
        }
    }

    #[test]
    fn no_output_replaces_what_was_sealed() {
        let dir = sealed();
        assert!(TABLES_LISTING.foreign(dir.path()).unwrap().is_some());
    }
}
