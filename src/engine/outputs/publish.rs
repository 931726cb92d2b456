//! Publishing a directory all at once: written aside, synced, renamed.
//!
//! Whoever looks at the output directory sees the old one, the new one, or for the moment between two
//! renames none; never half of one.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::manifest::MANIFEST;

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// A file or directory could not be written, synced or renamed.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The output directory exists and is not one of ours.
    #[error("{} exists and is not an output of acquaint; choose another directory or remove it", path.display())]
    Occupied {
        /// Which.
        path: PathBuf,
    },
    /// A table could not be encoded.
    #[error("cannot write {}", path.display())]
    Encode {
        /// Which.
        path: PathBuf,
        /// Why.
        source: parquet::errors::ParquetError,
    },
}

/// A directory being written aside; dropped without [`publish`](Self::publish), it is removed.
#[derive(Debug)]
pub struct Staging {
    aside: PathBuf,
    target: PathBuf,
    published: bool,
}

impl Staging {
    /// Makes an empty directory beside `target`.
    ///
    /// # Errors
    /// If `target` exists and is neither empty nor an output of acquaint, or nothing can be written there.
    pub fn beside(target: &Path) -> Result<Self, OutputError> {
        deny_occupied(target)?;
        let aside = sibling(target, "partial");
        remove_if_there(&aside)?;
        fs::create_dir_all(&aside).map_err(|source| OutputError::Write {
            path: aside.clone(),
            source,
        })?;
        Ok(Self {
            aside,
            target: target.to_owned(),
            published: false,
        })
    }

    /// Where a file of this output is being written.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.aside.join(name)
    }

    /// Writes a small file whole and syncs it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), OutputError> {
        let path = self.path(name);
        let written = File::create(&path).and_then(|mut file| {
            io::Write::write_all(&mut file, bytes)?;
            file.sync_all()
        });
        written.map_err(|source| OutputError::Write { path, source })
    }

    /// Puts the directory in its place, replacing an earlier output.
    ///
    /// # Errors
    /// If it cannot be synced or renamed; an earlier output is then still there, or restored.
    pub fn publish(mut self) -> Result<(), OutputError> {
        sync_dir(&self.aside)?;
        let old = sibling(&self.target, "old");
        remove_if_there(&old)?;
        let replaces = self.target.exists();
        if replaces {
            rename(&self.target, &old)?;
        }
        if let Err(error) = rename(&self.aside, &self.target) {
            if replaces {
                rename(&old, &self.target)?;
            }
            return Err(error);
        }
        self.published = true;
        sync_dir(parent_of(&self.target))?;
        remove_if_there(&old)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.published {
            // Nothing more can be done about a directory that cannot be removed; the next run removes it.
            let _ = fs::remove_dir_all(&self.aside);
        }
    }
}

/// The BLAKE3 digest and length of a file, read in pieces.
///
/// # Errors
/// If it cannot be read.
pub fn digest_file(path: &Path) -> io::Result<(blake3::Hash, u64)> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; 1 << 16];
    let mut n_bytes = 0;
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            return Ok((hasher.finalize(), n_bytes));
        }
        hasher.update(&piece[..n]);
        n_bytes += n as u64;
    }
}

fn deny_occupied(target: &Path) -> Result<(), OutputError> {
    let is_ours = target.join(MANIFEST).is_file();
    let is_empty = fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_none());
    if !target.exists() || is_ours || is_empty {
        return Ok(());
    }
    Err(OutputError::Occupied {
        path: target.to_owned(),
    })
}

fn sibling(target: &Path, suffix: &str) -> PathBuf {
    let name = target
        .file_name()
        .map_or_else(|| "out".into(), |name| name.to_string_lossy());
    parent_of(target).join(format!(".{name}.{suffix}"))
}

fn parent_of(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn remove_if_there(dir: &Path) -> Result<(), OutputError> {
    match fs::remove_dir_all(dir) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(OutputError::Write {
            path: dir.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), OutputError> {
    fs::rename(from, to).map_err(|source| OutputError::Write {
        path: to.to_owned(),
        source,
    })
}

fn sync_dir(dir: &Path) -> Result<(), OutputError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|source| OutputError::Write {
            path: dir.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_output_replaces_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        for text in ["first", "second"] {
            let staging = Staging::beside(&out).unwrap();
            staging.write(MANIFEST, text.as_bytes()).unwrap();
            staging.publish().unwrap();
            assert_eq!(fs::read_to_string(out.join(MANIFEST)).unwrap(), text);
        }
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn an_abandoned_output_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let staging = Staging::beside(&dir.path().join("out")).unwrap();
        staging.write("table", b"half").unwrap();
        drop(staging);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn deny_a_directory_that_is_not_ours() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "years of work").unwrap();
        assert!(matches!(
            Staging::beside(dir.path()),
            Err(OutputError::Occupied { .. })
        ));
        assert!(dir.path().join("thesis.txt").exists());
    }
}
