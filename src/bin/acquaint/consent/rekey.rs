//! `acquaint consent rekey`: the objection list under another secret.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use acquaint::identity::ObjectionKey;
use acquaint::ledger::Reader;

use super::args::RekeyArgs;
use super::source::{cannot, writer};
use crate::exit::{Failure, Outcome, print};

pub(crate) fn rekey(args: &RekeyArgs) -> Result<Outcome, Failure> {
    drop(Reader::open(&args.ledger.ledger)?);
    let old = ObjectionKey::read(&args.objection_key)?;
    let mut writer = writer(&args.ledger.ledger)?;
    let list = writer.objections()?;
    write_key(args)?;
    let new = ObjectionKey::read(&args.new_key)?;
    let moved = old
        .rekey(&new, &list)
        .ok_or_else(|| Failure::new("rekeying", "the list holds something that is no point"));
    let done = moved.and_then(|moved| Ok(writer.rekey_objections(&moved)?));
    if let Err(error) = done {
        // A key that opens nothing would only be mistaken for one that does.
        let _ = fs::remove_file(&args.new_key);
        return Err(error);
    }
    print(&format!(
        "{} objections are under the key in {} now",
        list.len(),
        args.new_key.display()
    ))?;
    Ok(Outcome::Done)
}

/// Writes a fresh secret, and below it the key that buckets were first made with.
fn write_key(args: &RekeyArgs) -> Result<(), Failure> {
    let old = fs::read_to_string(&args.objection_key)
        .map_err(|error| Failure::new("the old key file must hold hexadecimal digits", error))?;
    let buckets = old.lines().last().unwrap_or_default().trim();
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| Failure::new("making a key", error))?;
    let digits = secret
        .iter()
        .fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    let mut file = create(&args.new_key)?;
    file.write_all(format!("{digits}\n{buckets}\n").as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(cannot("writing", &args.new_key))
}

/// A new file that only its owner reads.
fn create(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(cannot("creating", path))
}
