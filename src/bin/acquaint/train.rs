//! `acquaint train`: models as files.

mod ads;
mod friends;

use std::io::Write;
use std::path::Path;

use crate::args::TrainVerb;
use crate::exit::{Failure, Outcome};

pub(crate) fn train(verb: &TrainVerb, quiet: bool) -> Result<Outcome, Failure> {
    match verb {
        TrainVerb::Friends(args) => friends::friends(args, quiet),
        TrainVerb::Ads(args) => ads::ads(args, quiet),
    }
}

/// Writes a file that is there whole or not at all; an earlier one stays until then.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let writing = || format!("writing {}", path.display());
    let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = parent.unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(readable())
        .tempfile_in(dir)
        .map_err(|error| Failure::new(writing(), error))?;
    file.write_all(bytes)
        .map_err(|error| Failure::new(writing(), error))?;
    file.persist(path)
        .map_err(|error| Failure::new(writing(), error))?;
    Ok(())
}

/// As files usually are: the umask takes away what the user does not want.
#[cfg(unix)]
fn readable() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}
