//! Files that only their owner reads, and that are complete when they appear.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::consent::cannot;
use crate::exit::Failure;

/// Writes a file aside and renames it when it is complete; what was there is replaced.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let aside = aside(path);
    let done = write_new(&aside, content)
        .and_then(|()| fs::rename(&aside, path).map_err(cannot("writing", path)));
    if done.is_err() {
        let _ = fs::remove_file(&aside);
    }
    done
}

/// Writes a file that must not be there yet.
pub(super) fn write_new(path: &Path, content: &[u8]) -> Result<(), Failure> {
    create(path)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        })
        .map_err(cannot("writing", path))
}

/// Makes a directory that only its owner enters, if it is not there.
pub(super) fn make_dir(path: &Path) -> Result<(), Failure> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(cannot("making", path))
}

/// Reads a whole file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(cannot("reading", path))
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// In the same directory, so that renaming moves no bytes; of this process, so that two do not meet.
fn aside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}
