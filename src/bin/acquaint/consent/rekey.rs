//! `acquaint consent rekey`: the objection list under another secret.
//!
//! The new key is on the disk before the list is moved, and is never removed: a list that was moved opens with no other. So
//! whenever this is broken off one of two keys holds, the ledger says which, and the same command goes on from there.

#[cfg(unix)]
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use acquaint::identity::ObjectionKey;
use acquaint::ledger::{LedgerError, OtherKey, Reader, Writer};
use acquaint::publish::shown;
use zeroize::Zeroizing;

use super::args::RekeyArgs;
use super::source::{cannot, reader, writer};
use crate::exit::{Failure, Outcome, print};

/// Why the list was not moved.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(
        "{} exists and was not written by an earlier `rekey` of this list: name a new file",
        shown(path)
    )]
    Foreign { path: PathBuf },
    #[error(
        "the list is under the key in {} already: name a file that does not exist, and a fresh key is made in it",
        shown(path)
    )]
    SameKey { path: PathBuf },
    #[error("the list holds an invalid point")]
    NoPoint,
    #[error(
        "the list still uses the key in {}: keep both files and run the same command again to finish",
        shown(old)
    )]
    NotMoved {
        old: PathBuf,
        #[source]
        source: LedgerError,
    },
    #[error(
        "the list now uses the key in {}, but its old points are not wiped yet: run the same command again",
        shown(new)
    )]
    NotWiped {
        new: PathBuf,
        #[source]
        source: LedgerError,
    },
    #[error(
        "it is unknown which key the list uses: keep both {} and {}, and run the same command again",
        shown(old),
        shown(new)
    )]
    Unknown {
        old: PathBuf,
        new: PathBuf,
        #[source]
        source: LedgerError,
    },
}

pub(crate) fn rekey(args: &RekeyArgs) -> Result<Outcome, Failure> {
    let dir = &args.ledger.ledger;
    // To move the list of a ledger that is not there must not make one.
    drop(Reader::open(dir)?);
    let old = ObjectionKey::read(&args.objection_key)?;
    let Some(new_key) = &args.new_key else {
        return adopt(args, &old);
    };
    let new = match new_key.try_exists() {
        Ok(true) => Some(ObjectionKey::read(new_key)?),
        Ok(false) => None,
        Err(error) => return Err(cannot("looking for", new_key)(error)),
    };
    if let Some(new) = &new
        && !new.has_buckets_of(&old)
    {
        let path = new_key.clone();
        return Err(Stopped::Foreign { path }.into());
    }
    if let Some(new) = &new
        && new.check() == old.check()
    {
        let path = new_key.clone();
        return Err(Stopped::SameKey { path }.into());
    }
    let mut writer = writer(dir)?;
    match (writer.assert_key(old.check()), &new) {
        (Ok(()), _) => {}
        (Err(error), Some(new)) if was_moved(&writer, &error, new) => {
            return finish(&mut writer, new_key);
        }
        (Err(error), _) => return Err(error.into()),
    }
    let new = match new {
        Some(new) => new,
        None => make_key(&args.objection_key, new_key)?,
    };
    let list = writer.objections()?;
    let moved = old.rekey(&new, &list).ok_or(Stopped::NoPoint)?;
    if let Err(error) = writer.rekey_objections(&moved, new.check()) {
        drop(writer);
        return Err(after_failure(args, new_key, &old, &new, error).into());
    }
    finish(&mut writer, new_key)
}

/// Did an earlier call move the list from the one key to the other?
fn was_moved(writer: &Writer, error: &LedgerError, new: &ObjectionKey) -> bool {
    let is_former = matches!(
        error,
        LedgerError::OtherKey {
            which: OtherKey::Former { .. }
        }
    );
    is_former && writer.assert_key(new.check()).is_ok()
}

/// Wipes the old points, which an earlier call may have left.
fn finish(writer: &mut Writer, new_key: &Path) -> Result<Outcome, Failure> {
    let n = writer.objections()?.len();
    let wiped = writer.wipe_old_objections();
    wiped.map_err(|source| Stopped::NotWiped {
        new: new_key.to_owned(),
        source,
    })?;
    print(&format!(
        "{n} objections are under the key in {} now",
        shown(new_key)
    ))?;
    Ok(Outcome::Done)
}

/// Which key holds after the list could not be moved: the ledger is asked, for a commit that failed may have lasted.
fn after_failure(
    args: &RekeyArgs,
    new_key: &Path,
    old: &ObjectionKey,
    new: &ObjectionKey,
    source: LedgerError,
) -> Stopped {
    let holds = |key: &ObjectionKey| {
        let reader = reader(&args.ledger.ledger);
        reader.is_ok_and(|reader| reader.assert_key(key.check()).is_ok())
    };
    let (old_key, new_key) = (args.objection_key.clone(), new_key.to_owned());
    if holds(new) {
        let new = new_key;
        Stopped::NotWiped { new, source }
    } else if holds(old) {
        let old = old_key;
        Stopped::NotMoved { old, source }
    } else {
        Stopped::Unknown {
            old: old_key,
            new: new_key,
            source,
        }
    }
}

/// Takes a key at the word of whoever gives it, for a ledger that was made before keys were recorded.
fn adopt(args: &RekeyArgs, key: &ObjectionKey) -> Result<Outcome, Failure> {
    let mut writer = writer(&args.ledger.ledger)?;
    writer.adopt_key(key.check())?;
    print(&format!(
        "{} objections are taken to be under the key in {}; the ledger refuses any other from now on",
        writer.objections()?.len(),
        shown(&args.objection_key)
    ))?;
    Ok(Outcome::Done)
}

/// Writes a fresh secret, and below it the key that buckets were first made with.
fn make_key(old: &Path, new: &Path) -> Result<ObjectionKey, Failure> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(secret.as_mut()).map_err(|error| Failure::new("making a key", error))?;
    let text = ObjectionKey::renewed_file(old, &secret)?;
    write(new, text.as_bytes()).map_err(cannot("writing", new))?;
    Ok(ObjectionKey::read(new)?)
}

/// A new file that only its owner reads, there whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    sync_directory(dir)
}

/// The name of a file lasts once its directory is on the disk.
#[cfg(unix)]
fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
