//! `acquaint consent import --format drop`: the deletion lists of California, and the answer that has to be sent back.
//!
//! A list has an id and the unkeyed hash of an identifier for each request. Hashes of phone numbers are compared with those of the numbers
//! in the tables; an account that has the number opts out, and a number without an account is put on the keyed objection list. Nothing
//! else of a list is kept: no id, no hash, no request about somebody nobody here knows.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use acquaint::consent::EventKind;
use acquaint::engine::{NamedEvent, NamedSubject};
use acquaint::identity::{E164, Typed, normalise};
use acquaint::ids::{AccountId, EventId};
use acquaint::publish::{open_plain, shown};
use acquaint::signals::{
    AddressBookEntry, MessengerAccount, RawPhone, Record, SignalsDir, SignalsError, SocialAccount,
};
use acquaint::time::Timestamp;
use sha2::{Digest, Sha256};

use super::source::cannot;
use super::zip;
use crate::exit::Failure;

type Hash = [u8; 32];
type Map<K, V> = std::collections::BTreeMap<K, V>;

/// The lists there are.
const TYPES: [&str; 6] = ["Phone", "Email", "NDZ", "MAID", "NameVIN", "CTVID"];

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
enum ListError {
    #[error("its name has none of the types of lists: {}", TYPES.join(", "))]
    Type,
    #[error("its columns are not ID and Hash")]
    Columns,
    #[error("row {0}: the ID is not 12 letters and digits")]
    Id(u64),
    #[error("row {0}: the hash is not the Base64 of 32 bytes")]
    Hash(u64),
    #[error("row {row}: {error}")]
    Csv { row: u64, error: csv::Error },
}

/// Numbers that are known, by the hash of their last ten digits.
#[derive(Default)]
pub(crate) struct Known {
    numbers: Map<Hash, Vec<E164>>,
    accounts: Map<E164, BTreeSet<AccountId>>,
    seen: BTreeSet<E164>,
}

/// What lists came to.
#[derive(Default)]
pub(crate) struct Answered {
    pub(crate) events: Vec<NamedEvent>,
    pub(crate) n_rows: u64,
    pub(crate) n_found: u64,
    /// Requests that were taken back; an objection is not lifted by a hash.
    pub(crate) n_removed: u64,
    /// Status files, under the names they are written by and those they will have.
    files: Vec<(PathBuf, PathBuf)>,
}

/// Who answers, and where to.
pub(crate) struct Broker<'a> {
    pub(crate) id: &'a str,
    pub(crate) suffix: Option<&'a str>,
    pub(crate) answers: &'a Path,
    pub(crate) now: Timestamp,
}

impl Known {
    /// Every number in the tables of a directory.
    pub(crate) fn read(dir: &SignalsDir) -> Result<Self, Failure> {
        let mut known = Self::default();
        let mut regions = Map::new();
        stream(dir, |rows: &[MessengerAccount]| {
            let numbers = numbers(rows.iter().map(|row| (&row.phone, row.region)));
            for (row, number) in rows.iter().zip(numbers) {
                regions.extend(row.region.map(|region| (row.account_id, region)));
                let Some(number) = number else { continue };
                known.add(number);
                if row.number_until.is_none() {
                    known
                        .accounts
                        .entry(number)
                        .or_default()
                        .insert(row.account_id);
                }
            }
        })?;
        stream(dir, |rows: &[SocialAccount]| {
            let given = rows
                .iter()
                .filter_map(|row| Some((row.phone.as_ref()?, row.region)));
            numbers(given)
                .into_iter()
                .flatten()
                .for_each(|number| known.add(number));
        })?;
        stream(dir, |rows: &[AddressBookEntry]| {
            let saved = rows
                .iter()
                .map(|row| (&row.phone, regions.get(&row.account_id).copied()));
            numbers(saved)
                .into_iter()
                .flatten()
                .for_each(|number| known.add(number));
        })?;
        Ok(known)
    }

    fn add(&mut self, number: E164) {
        if self.seen.insert(number) {
            self.numbers
                .entry(hash_of(number))
                .or_default()
                .push(number);
        }
    }

    /// How many people a hash stands for, and what they are heard to say.
    fn found(&self, hash: &Hash, now: Timestamp, events: &mut Vec<NamedEvent>) -> usize {
        let mut people = 0;
        for &number in self.numbers.get(hash).into_iter().flatten() {
            let accounts = self.accounts.get(&number);
            let holders = accounts
                .into_iter()
                .flatten()
                .map(|&account| NamedSubject::Account(account));
            let holders: Vec<NamedSubject> = holders.collect();
            people += holders.len().max(1);
            if holders.is_empty() {
                let subject = NamedSubject::Number(number);
                events.push(event(
                    subject,
                    number.expose(),
                    EventKind::NonUserObjects,
                    now,
                ));
            }
            for subject in holders {
                let NamedSubject::Account(account) = subject else {
                    continue;
                };
                events.push(event(subject, account.0, EventKind::OptOut, now));
            }
        }
        people
    }
}

fn event(subject: NamedSubject, bits: u64, kind: EventKind, now: Timestamp) -> NamedEvent {
    let mut hasher = blake3::Hasher::new_derive_key("acquaint consent drop event id 1");
    hasher.update(kind.as_str().as_bytes());
    hasher.update(&bits.to_le_bytes());
    hasher.update(&now.micros().to_le_bytes());
    let mut head = [0; 8];
    hasher.finalize_xof().fill(&mut head);
    NamedEvent {
        event_id: EventId(u64::from_le_bytes(head)),
        subject,
        kind,
        valid_time: now,
        known_time: now,
    }
}

/// SHA-256 of the last ten digits, as text.
fn hash_of(number: E164) -> Hash {
    let digits = number.expose().to_string();
    hash_of_digits(&digits[digits.len().saturating_sub(10)..])
}

fn hash_of_digits(digits: &str) -> Hash {
    Sha256::digest(digits.as_bytes()).into()
}

fn stream<R: Record>(dir: &SignalsDir, mut each: impl FnMut(&[R])) -> Result<(), Failure> {
    dir.stream::<R, SignalsError>(|batch| {
        each(&batch.records);
        Ok(())
    })?;
    Ok(())
}

fn numbers<'a>(
    column: impl Iterator<Item = (&'a RawPhone, Option<acquaint::ids::Region>)>,
) -> Vec<Option<E164>> {
    let column: Vec<Typed<&RawPhone>> = column
        .map(|(raw, region)| Typed::new(raw, region))
        .collect();
    normalise(&column).into_iter().map(Result::ok).collect()
}

/// Reads every list of an archive, or one list, and writes the answers aside.
pub(crate) fn answer(path: &Path, known: &Known, broker: &Broker<'_>) -> Result<Answered, Failure> {
    let mut answered = Answered::default();
    let done = answer_all(path, known, broker, &mut answered);
    if done.is_err() {
        answered.discard();
    }
    done.map(|()| answered)
}

fn answer_all(
    path: &Path,
    known: &Known,
    broker: &Broker<'_>,
    answered: &mut Answered,
) -> Result<(), Failure> {
    let reading = || cannot("reading", path);
    let mut file = open_plain(path).map_err(cannot("opening", path))?;
    if !zip::is_archive(&mut file).map_err(reading())? {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        return answered.list(&name, file, known, broker);
    }
    for member in zip::members(&mut file).map_err(reading())? {
        let bytes = zip::open(&mut file, &member).map_err(reading())?;
        answered.list(&member.name, bytes, known, broker)?;
    }
    Ok(())
}

impl Answered {
    fn list(
        &mut self,
        name: &str,
        bytes: impl Read,
        known: &Known,
        broker: &Broker<'_>,
    ) -> Result<(), Failure> {
        let failed =
            |error: ListError| Failure::new(format!("the list {}", shown(Path::new(name))), error);
        let stem = Path::new(name)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        let mut reader =
            csv::ReaderBuilder::new().from_reader(io::BufReader::with_capacity(1 << 16, bytes));
        let header = reader
            .byte_headers()
            .map_err(|error| failed(ListError::Csv { row: 0, error }))?;
        if header.get(0) != Some(b"ID") || header.get(1) != Some(b"Hash") {
            return Err(failed(ListError::Columns));
        }
        let is_removed = stem.contains("removed");
        let kind = TYPES
            .into_iter()
            .find(|kind| stem.contains(&kind.to_lowercase()));
        let kind = kind
            .or(is_removed.then_some("Removed"))
            .ok_or_else(|| failed(ListError::Type))?;
        let mut out = if is_removed {
            None
        } else {
            Some(self.begin(kind, broker)?)
        };
        let (mut row, mut record) = (0, csv::ByteRecord::new());
        loop {
            row += 1;
            let more = reader.read_byte_record(&mut record);
            if !more.map_err(|error| failed(ListError::Csv { row, error }))? {
                break;
            }
            let (id, hash) = read_row(&record, row).map_err(failed)?;
            self.n_rows += 1;
            let Some(out) = &mut out else {
                self.n_removed += 1;
                continue;
            };
            let people = match kind {
                "Phone" => known.found(&hash, broker.now, &mut self.events),
                _ => 0,
            };
            self.n_found += u64::from(people > 0);
            // 3 deleted, 4 opted out because several people have the identifier, 5 not found.
            let status = match people {
                0 => 5,
                1 => 3,
                _ => 4,
            };
            out.write_all(id)?;
            out.write_all(format!(",{status}\n").as_bytes())?;
        }
        if let Some(out) = out {
            out.into_inner()
                .map_err(io::IntoInnerError::into_error)?
                .sync_all()?;
        }
        Ok(())
    }

    /// Begins a status file under a hidden name.
    fn begin(&mut self, kind: &str, broker: &Broker<'_>) -> Result<BufWriter<File>, Failure> {
        let day = broker.now.to_string()[..10].replace('-', "");
        let suffix = broker
            .suffix
            .map_or_else(String::new, |suffix| format!("_{suffix}"));
        let name = format!("{day}_{}_{kind}{suffix}.csv", broker.id);
        let path = broker.answers.join(&name);
        if path.exists() {
            let error = "it is there already: send it, or give another --suffix";
            return Err(Failure::new(format!("writing {}", shown(&path)), error));
        }
        let hidden = broker.answers.join(format!(".{name}.tmp"));
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&hidden);
        let file = file.map_err(cannot("creating", &hidden))?;
        self.files.push((hidden, path));
        let mut out = BufWriter::with_capacity(1 << 16, file);
        out.write_all(b"ID,Status\n")?;
        Ok(out)
    }

    /// Gives the status files their names, once what they say is recorded; says which they are.
    pub(crate) fn publish(&self) -> Result<Vec<PathBuf>, Failure> {
        for (hidden, path) in &self.files {
            fs::rename(hidden, path).map_err(cannot("writing", path))?;
        }
        Ok(self.files.iter().map(|(_, path)| path.clone()).collect())
    }

    /// Removes status files that say what was not recorded.
    pub(crate) fn discard(&self) {
        for (hidden, _) in &self.files {
            // What cannot be removed is under a name that nobody sends.
            let _ = fs::remove_file(hidden);
        }
    }
}

fn read_row(record: &csv::ByteRecord, row: u64) -> Result<(&[u8], Hash), ListError> {
    let id = record.get(0).unwrap_or_default();
    if id.len() != 12 || !id.iter().all(u8::is_ascii_alphanumeric) {
        return Err(ListError::Id(row));
    }
    let hash = record.get(1).and_then(base64).ok_or(ListError::Hash(row))?;
    Ok((id, hash))
}

/// 32 bytes from 43 characters of Base64 and one of padding.
fn base64(text: &[u8]) -> Option<Hash> {
    let (digits, padding) = text.split_at_checked(43)?;
    if padding != b"=" {
        return None;
    }
    let (mut hash, mut held, mut n_bits, mut at) = ([0; 32], 0_u32, 0, 0);
    for &digit in digits {
        let six = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(six);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            hash[at] = u8::try_from(held >> n_bits & 0xff).ok()?;
            at += 1;
        }
    }
    // The two bits left over are 0 in what an encoder writes.
    (held.trailing_zeros() >= 2).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The two published with version 1.2.0 of the interface.
    #[test]
    fn the_published_vectors() {
        let phone = base64(b"vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E=").unwrap();
        assert_eq!(hash_of_digits("4155559317"), phone);
        let mail = base64(b"KA18MT/ph6IHYjzT9zwETySDQyvSh87YuoSBpOQtkhE=").unwrap();
        assert_eq!(hash_of_digits("anna.smith@domain.com"), mail);
    }

    #[test]
    fn a_number_is_its_last_ten_digits() {
        let number = E164::canonical(&RawPhone::new("+1 415 555 9317"), None);
        if let Ok(number) = number {
            assert_eq!(hash_of(number), hash_of_digits("4155559317"));
        }
        let number = E164::canonical(&RawPhone::new("+49 171 5550123"), None).unwrap();
        assert_eq!(hash_of(number), hash_of_digits("1715550123"));
    }

    #[test]
    fn deny_what_is_no_hash() {
        for bad in [
            "",
            "vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E",
            "vGM7y5n-hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E=",
            "vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8F=",
            "vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E==",
        ] {
            assert_eq!(base64(bad.as_bytes()), None, "{bad}");
        }
    }
}
