//! Renames that leave no moment without an output, and syncing.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::error::{PublishError, cannot_write};

/// Lets two directories change places in one step; `false` if the file system cannot.
///
/// # Errors
/// If it can, and does not.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
pub(super) fn exchange(one: &Path, other: &Path) -> Result<bool, PublishError> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(cannot_write(other)(error.into())),
    }
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
pub(super) fn exchange(_one: &Path, _other: &Path) -> Result<bool, PublishError> {
    Ok(false)
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), PublishError> {
    fs::rename(from, to).map_err(cannot_write(to))
}

/// A name is only safe when the directory it stands in is.
pub(super) fn sync_dir(dir: &Path) -> Result<(), PublishError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(cannot_write(dir))
}

/// Syncs everything in a directory and the directory itself; nobody but the owner may read it.
pub(super) fn sync_tree(dir: &Path) -> Result<(), PublishError> {
    let failed = || cannot_write(dir);
    for entry in fs::read_dir(dir).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let path = entry.path();
        if entry.file_type().map_err(cannot_write(&path))?.is_dir() {
            sync_tree(&path)?;
        } else {
            sync_file(&path).map_err(cannot_write(&path))?;
        }
    }
    fs::set_permissions(dir, PermissionsExt::from_mode(0o700)).map_err(failed())?;
    sync_dir(dir)
}

/// Syncs a file that only its owner may read.
pub(super) fn sync_file(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, PermissionsExt::from_mode(0o600))?;
    File::open(path)?.sync_all()
}
