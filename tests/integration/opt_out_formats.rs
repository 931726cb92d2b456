//! Opt-outs in the forms in which they arrive: signals of browsers and apps, and lists of hashes.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use acquaint::signals::{AddressBookEntry, RawPhone, TableForm};
use sha2::{Digest, Sha256};

use crate::support::program::{acquaint, done};
use crate::support::restricted::{CONFIG, tables, write};
use crate::support::{small_world, write_world};

fn world() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("signals"), &tables());
    fs::write(dir.path().join("acquaint.toml"), CONFIG).unwrap();
    done(
        "consent import --quiet --ledger ledger --signals signals",
        dir.path(),
    );
    dir
}

const IMPORT: &str = "consent import --ledger ledger --format gpp --input signals.csv --json";

#[test]
fn a_signal_closes_ads_and_nothing_else() {
    let dir = world();
    let rows = "account_id,gpp,gpc,valid_time,known_time\n\
        1010,DBABLA~BVVVkkkklWA.YA,,2016-11-01T00:00:00Z,2016-11-01T00:00:00Z\n\
        1011,DBABLA~BAAAAAAAAQA.QA,0,2016-11-01T00:00:00Z,2016-11-01T00:00:00Z\n\
        1012,,1,2016-11-01T00:00:00Z,2016-11-01T00:00:00Z\n";
    fs::write(dir.path().join("signals.csv"), rows).unwrap();
    let told: serde_json::Value = serde_json::from_str(&done(IMPORT, dir.path())).unwrap();
    assert_eq!((&told["signals"], &told["others"]), (&2.into(), &1.into()));
    for (account, signals) in [(1010, 1), (1011, 0), (1012, 1)] {
        let history = done(
            &format!("consent history {account} --ledger ledger"),
            dir.path(),
        );
        assert_eq!(
            history.matches("signal").count(),
            signals,
            "{account}: {history}"
        );
    }
    let again: serde_json::Value = serde_json::from_str(&done(IMPORT, dir.path())).unwrap();
    assert_eq!(
        again["entries"], told["entries"],
        "a repeated signal is one"
    );
}

#[test]
fn deny_what_cannot_be_read_and_record_nothing() {
    let dir = world();
    let root = || done("consent root --ledger ledger", dir.path());
    let before = root();
    for (cells, says) in [
        ("DBABLA~DVQqAAAAAgA,", "version"),
        ("1YNN,", "type"),
        ("DBABLA~BVQq,", "ends too early"),
        (",maybe", "`gpc`"),
        (",", "neither `gpp` nor `gpc`"),
    ] {
        let rows = format!(
            "account_id,gpp,gpc,valid_time,known_time\n\
             1010,,1,2016-11-01T00:00:00Z,2016-11-01T00:00:00Z\n\
             1011,{cells},2016-11-01T00:00:00Z,2016-11-01T00:00:00Z\n"
        );
        fs::write(dir.path().join("signals.csv"), rows).unwrap();
        let (code, _, error) = acquaint(&IMPORT.split(' ').collect::<Vec<_>>(), dir.path());
        assert_eq!(code, 2, "{cells}: {error}");
        assert!(
            error.contains("row 2") && error.contains(says),
            "{cells}: {error}"
        );
        assert_eq!(root(), before, "{cells}");
    }
}

/// Base64 of SHA-256 of the last ten digits.
fn hash(digits: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let hash = Sha256::digest(&digits.as_bytes()[digits.len() - 10..]);
    let mut text = String::new();
    for three in hash.chunks(3) {
        let bits = three
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for at in 0..=three.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
    text + "="
}

fn long(length: usize) -> u32 {
    u32::try_from(length).unwrap()
}

fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap()
}

/// An archive with files that are stored as they are.
fn archive(files: &[(&str, String)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let mut crc = flate2::Crc::new();
        crc.update(text.as_bytes());
        let lengths = [crc.sum(), long(text.len()), long(text.len())];
        let tail: Vec<u8> = lengths.iter().flat_map(|long| long.to_le_bytes()).collect();
        let at = long(bytes.len());
        bytes.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0");
        bytes.extend(&tail);
        bytes.extend(short(name.len()).to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(name.as_bytes());
        bytes.extend(text.as_bytes());
        directory.extend(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0");
        directory.extend(&tail);
        directory.extend(short(name.len()).to_le_bytes());
        directory.extend([0; 12]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, n) = (long(bytes.len()), short(files.len()));
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(n.to_le_bytes());
    bytes.extend(n.to_le_bytes());
    bytes.extend((long(directory.len())).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

#[test]
fn lists_of_hashes_opt_out_whom_they_mean_and_are_answered() {
    let mut world = small_world(60, 12);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let phone = "+4917155501234";
    let row = world.messenger_accounts[0].clone();
    world
        .messenger_accounts
        .retain(|other| other.account_id != row.account_id);
    let mut row = row;
    row.phone = RawPhone::new(phone);
    row.number_until = None;
    let stranger = "+4917155509999";
    world.address_book.push(AddressBookEntry {
        account_id: row.account_id,
        phone: RawPhone::new(stranger),
        saved_at: world.as_of,
    });
    let account = row.account_id;
    world.messenger_accounts.push(row);
    write_world(&path.join("signals"), TableForm::Csv, &world);
    let key = path.join("key");
    let digits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    fs::write(&key, digits).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    done(
        "consent import --quiet --ledger ledger --signals signals --objection-key key",
        path,
    );
    fs::create_dir(path.join("answers")).unwrap();
    let row = |id: &str, hash: &str| format!("{id},{hash}\n");
    let lists = [
        (
            "Phone.csv",
            "ID,Hash\n".to_owned()
                + &row("AAAAAAAAAAA1", &hash(phone))
                + &row("AAAAAAAAAAA2", &hash(stranger))
                + &row("AAAAAAAAAAA3", &hash("4155559317")),
        ),
        (
            "Email.csv",
            "ID,Hash\n".to_owned() + &row("AAAAAAAAAAA4", &hash("4155559317")),
        ),
    ];
    fs::write(path.join("lists.zip"), archive(&lists)).unwrap();
    let import = "consent import --ledger ledger --format drop --input lists.zip --signals signals \
                  --objection-key key --broker 123 --answers answers --suffix a --json";
    let told: serde_json::Value = serde_json::from_str(&done(import, path)).unwrap();
    assert_eq!((&told["rows"], &told["found"]), (&4.into(), &2.into()));
    let mut answers: Vec<(String, String)> = fs::read_dir(path.join("answers"))
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            (name, fs::read_to_string(file.path()).unwrap())
        })
        .collect();
    answers.sort();
    assert_eq!(answers.len(), 2);
    assert!(
        answers[0].0.ends_with("_123_Email_a.csv") && answers[0].0.len() == 8 + 16,
        "{}",
        answers[0].0
    );
    assert_eq!(answers[0].1, "ID,Status\nAAAAAAAAAAA4,5\n");
    assert_eq!(
        answers[1].1,
        "ID,Status\nAAAAAAAAAAA1,3\nAAAAAAAAAAA2,3\nAAAAAAAAAAA3,5\n"
    );
    let history = done(&format!("consent history {account} --ledger ledger"), path);
    assert!(history.contains("opt_out"), "{history}");
    // Nothing of the lists is kept: no id, no hash.
    for entry in walk(&path.join("ledger")) {
        let bytes = fs::read(&entry).unwrap();
        for kept in ["AAAAAAAAAAA1", "AAAAAAAAAAA3", &hash(phone), "17155509999"] {
            let is_there = bytes
                .windows(kept.len())
                .any(|window| window == kept.as_bytes());
            assert!(!is_there, "{kept} in {}", entry.display());
        }
    }
    deny_a_second_answer_and_a_list_that_is_none(path, import, &lists[0].1);
}

fn deny_a_second_answer_and_a_list_that_is_none(path: &std::path::Path, import: &str, list: &str) {
    // The same day's answer is there: it has to be sent, or another named.
    let (code, _, error) = acquaint(
        &import
            .split(' ')
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>(),
        path,
    );
    assert_eq!(code, 2);
    assert!(error.contains("--suffix"), "{error}");
    let bad = list.replace("AAAAAAAAAAA3", "AAA");
    fs::write(path.join("Phone.csv"), bad).unwrap();
    let bad = import
        .replace("lists.zip", "Phone.csv")
        .replace("--suffix a", "--suffix b");
    let root = done("consent root --ledger ledger", path);
    let (code, _, error) = acquaint(
        &bad.split(' ')
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>(),
        path,
    );
    assert_eq!(code, 2);
    assert!(error.contains("row 3") && error.contains("ID"), "{error}");
    assert_eq!(done("consent root --ledger ledger", path), root);
    assert_eq!(
        fs::read_dir(path.join("answers")).unwrap().count(),
        2,
        "nothing half-written is left"
    );
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
