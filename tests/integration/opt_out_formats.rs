//! Opt-outs in the forms in which they arrive: signals of browsers and apps, and lists of hashes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use acquaint::ids::AccountId;
use acquaint::signals::{AddressBookEntry, MessengerAccount, RawPhone, TableForm};
use acquaint::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::support::program::{acquaint, done, words};
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
    // Signals of now are repeated later; the device has none of its own yet.
    let rows = "account_id,device_id,gpc\n1010,,1\n,d-0123456789abcdef0123456789abcdef,1\n";
    fs::write(dir.path().join("signals.csv"), rows).unwrap();
    let imports = [1, 0].map(|n_new| {
        let told: serde_json::Value = serde_json::from_str(&done(IMPORT, dir.path())).unwrap();
        assert_eq!(told["events"]["n_new"], n_new);
        told["root"].clone()
    });
    assert_eq!(imports[0], imports[1], "of now, and said already");
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

#[test]
fn deny_a_file_in_which_an_opt_out_could_be_overlooked() {
    let dir = world();
    for (rows, says) in [
        ("account_id,gpc,gpc\n1010,0,1\n", "`gpc` stands twice"),
        ("account_id,GPC\n1010,1\n", "no column `GPC`"),
        ("", "no column `account_id` or `device_id`"),
        ("gpc\n1\n", "no column `account_id` or `device_id`"),
        (
            "account_id,valid_time\n1010,2016-11-01T00:00:00Z\n",
            "no column `gpp` or `gpc`",
        ),
    ] {
        fs::write(dir.path().join("signals.csv"), rows).unwrap();
        let (code, _, error) = acquaint(&IMPORT.split(' ').collect::<Vec<_>>(), dir.path());
        assert_eq!(code, 2, "{rows}: {error}");
        assert!(error.contains(says), "{rows}: {error}");
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

const PHONE: &str = "+4917155501234";
const STRANGER: &str = "+4917155509999";
/// Moved on from its number, and about to.
const PAST: &str = "+4917155501235";
const FUTURE: &str = "+4917155501236";

/// Tables in which an account has each number but the stranger's, which is saved; a ledger, a key and a place for answers.
struct Lists {
    dir: tempfile::TempDir,
    /// Of `PHONE`, `PAST` and `FUTURE`.
    accounts: [AccountId; 3],
}

impl Lists {
    fn new() -> Self {
        let mut world = small_world(60, 12);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path();
        let mut accounts = world.messenger_accounts.iter().map(|row| row.account_id);
        let mut accounts: Vec<AccountId> = accounts.by_ref().collect();
        accounts.sort_unstable();
        accounts.dedup();
        let accounts = [accounts[0], accounts[1], accounts[2]];
        let until = [
            None,
            Some("2020-01-01T00:00:00Z"),
            Some("2999-01-01T00:00:00Z"),
        ];
        for ((account, phone), until) in accounts.iter().zip([PHONE, PAST, FUTURE]).zip(until) {
            let is_it = |row: &&MessengerAccount| row.account_id == *account;
            let mut row = world.messenger_accounts.iter().find(is_it).unwrap().clone();
            world
                .messenger_accounts
                .retain(|row| row.account_id != *account);
            row.phone = RawPhone::new(phone);
            row.number_until = until.map(|until| Timestamp::parse(until).unwrap());
            world.messenger_accounts.push(row);
        }
        world.address_book.push(AddressBookEntry {
            account_id: accounts[0],
            phone: RawPhone::new(STRANGER),
            saved_at: world.as_of,
        });
        write_world(&path.join("signals"), TableForm::Csv, &world);
        let key = path.join("key");
        let digits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        fs::write(&key, digits).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        done(
            "consent import --quiet --ledger ledger --signals signals --objection-key key",
            path,
        );
        Self { dir, accounts }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Imports a file; the status files end with a suffix.
    fn import(&self, input: &str, suffix: &str) -> Result<serde_json::Value, String> {
        match acquaint(&words(&import(input, suffix)), self.path()) {
            (0, out, _) => Ok(serde_json::from_str(&out).unwrap()),
            (_, _, error) => Err(error),
        }
    }

    fn answer(&self, kind: &str, suffix: &str) -> String {
        let end = format!("_123_{kind}_{suffix}.csv");
        let mut files = walk(&self.path().join("answers")).into_iter();
        let file = files.find(|path| path.to_str().unwrap().ends_with(&end));
        fs::read_to_string(file.unwrap()).unwrap()
    }

    fn root(&self) -> String {
        done("consent root --ledger ledger", self.path())
    }

    fn opt_outs(&self, account: AccountId) -> usize {
        let history = format!("consent history {account} --ledger ledger --json");
        done(&history, self.path()).matches("opt_out").count()
    }
}

fn import(input: &str, suffix: &str) -> String {
    format!(
        "consent import --ledger ledger --format drop --input {input} --signals signals \
         --objection-key key --broker 123 --answers answers --suffix {suffix} --json"
    )
}

fn list(rows: &[(&str, &str)]) -> String {
    let rows = rows
        .iter()
        .map(|(id, number)| format!("{id},{}\n", hash(number)));
    "ID,Hash\n".to_owned() + &rows.collect::<String>()
}

#[test]
fn whoever_has_or_had_a_listed_number_opts_out() {
    let lists = Lists::new();
    let text = list(&[("AAAAAAAAAAA1", PAST), ("AAAAAAAAAAA2", FUTURE)]);
    fs::write(lists.path().join("Phone.csv"), text).unwrap();
    let told = lists.import("Phone.csv", "a").unwrap();
    assert_eq!(told["found"], 2);
    // Two opt-outs, and an objection of whoever has the number that was given up.
    assert_eq!(told["events"]["n_new"], 3);
    assert_eq!(
        lists.accounts.map(|account| lists.opt_outs(account)),
        [0, 1, 1]
    );
    assert_eq!(
        lists.answer("Phone", "a"),
        "ID,Status\nAAAAAAAAAAA1,3\nAAAAAAAAAAA2,3\n"
    );
}

#[test]
fn a_list_that_is_imported_again_adds_nothing_and_is_answered_again() {
    let lists = Lists::new();
    let text = list(&[("AAAAAAAAAAA1", PHONE), ("AAAAAAAAAAA2", STRANGER)]);
    fs::write(lists.path().join("Phone.csv"), text).unwrap();
    let first = lists.import("Phone.csv", "a").unwrap();
    let again = lists.import("Phone.csv", "b").unwrap();
    assert_eq!(first["events"]["n_new"], 2);
    assert_eq!(again["events"]["n_new"], 0);
    assert_eq!(again["root"], first["root"]);
    assert_eq!(lists.answer("Phone", "a"), lists.answer("Phone", "b"));
    // Whoever allowed something since is out again.
    let grant = format!(
        "{{\"account_id\":{},\"kind\":\"grant\",\"purpose\":\"ad_relevance\"}}\n",
        lists.accounts[0]
    );
    fs::write(lists.path().join("grant.jsonl"), grant).unwrap();
    done("consent append --ledger ledger grant.jsonl", lists.path());
    let later = lists.import("Phone.csv", "c").unwrap();
    assert_eq!(later["events"]["n_new"], 1);
    assert_eq!(lists.opt_outs(lists.accounts[0]), 2);
}

#[test]
fn several_lists_of_one_type_are_answered_in_one_file() {
    let lists = Lists::new();
    let files = [
        ("Phone_1.csv", list(&[("AAAAAAAAAAA1", PHONE)])),
        ("Phone_2.csv", list(&[("AAAAAAAAAAA2", "4155559317")])),
    ];
    fs::write(lists.path().join("lists.zip"), archive(&files)).unwrap();
    assert_eq!(lists.import("lists.zip", "a").unwrap()["rows"], 2);
    assert_eq!(
        lists.answer("Phone", "a"),
        "ID,Status\nAAAAAAAAAAA1,3\nAAAAAAAAAAA2,5\n"
    );
}

#[test]
fn deny_a_list_that_may_be_another_than_it_says() {
    let lists = Lists::new();
    let before = lists.root();
    let text = list(&[("AAAAAAAAAAA1", PHONE)]);
    for (name, text, says) in [
        ("Phone_removed.csv", text.clone(), "more than one"),
        ("Removed.csv", text.clone(), "ListType"),
        ("Email_Phone.csv", text.clone(), "more than one"),
        ("list.csv", text.clone(), "none of the types"),
        ("Phone.csv", text.replace("ID,Hash", "Hash,ID"), "columns"),
        ("Phone.csv", text.replace('\n', ",Phone\n"), "columns"),
        ("Phone.csv", String::new(), "columns"),
        ("Phone.csv", text.replace('=', ""), "row 1"),
        (
            "Phone.csv",
            text.clone() + "AAAAAAAAAAA2,+4917155501234\n",
            "row 2",
        ),
    ] {
        fs::write(lists.path().join(name), &text).unwrap();
        let error = lists.import(name, "a").unwrap_err();
        assert!(error.contains(says), "{name}: {error}");
        assert_eq!(lists.root(), before, "{name}");
        assert_eq!(walk(&lists.path().join("answers")).len(), 0, "{name}");
    }
}

#[test]
fn what_a_killed_import_left_is_no_obstacle() {
    let lists = Lists::new();
    let answers = lists.path().join("answers");
    let one = list(&[("AAAAAAAAAAA1", PHONE)]);
    let row = one.lines().last().unwrap();
    let many = format!("ID,Hash\n{}", format!("{row}\n").repeat(300_000));
    fs::write(lists.path().join("Phone.csv"), many).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_acquaint"))
        .args(words(&import("Phone.csv", "a")))
        .current_dir(lists.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let is_begun = || answers.exists() && fs::read_dir(&answers).unwrap().next().is_some();
    while !is_begun() {
        assert!(child.try_wait().unwrap().is_none(), "it is done already");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    fs::write(lists.path().join("Phone.csv"), one).unwrap();
    assert_eq!(lists.import("Phone.csv", "a").unwrap()["rows"], 1);
    assert_eq!(lists.answer("Phone", "a"), "ID,Status\nAAAAAAAAAAA1,3\n");
    assert_eq!(walk(&answers).len(), 1);
}

#[test]
fn lists_of_hashes_opt_out_whom_they_mean_and_are_answered() {
    let lists = Lists::new();
    let phones = [
        ("AAAAAAAAAAA1", PHONE),
        ("AAAAAAAAAAA2", STRANGER),
        ("AAAAAAAAAAA3", "4155559317"),
    ];
    let files = [
        ("Phone.csv", list(&phones)),
        ("Email.csv", list(&[("AAAAAAAAAAA4", "4155559317")])),
    ];
    fs::write(lists.path().join("lists.zip"), archive(&files)).unwrap();
    let told = lists.import("lists.zip", "a").unwrap();
    assert_eq!((&told["rows"], &told["found"]), (&4.into(), &2.into()));
    let answers = walk(&lists.path().join("answers"));
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().len();
    assert_eq!(answers.iter().map(name).max(), Some(8 + 16));
    assert_eq!(answers.len(), 2);
    assert_eq!(lists.answer("Email", "a"), "ID,Status\nAAAAAAAAAAA4,5\n");
    assert_eq!(
        lists.answer("Phone", "a"),
        "ID,Status\nAAAAAAAAAAA1,3\nAAAAAAAAAAA2,3\nAAAAAAAAAAA3,5\n"
    );
    assert_eq!(lists.opt_outs(lists.accounts[0]), 1);
    // Nothing of the lists is kept: no id, no hash.
    for entry in walk(&lists.path().join("ledger")) {
        let bytes = fs::read(&entry).unwrap();
        for kept in ["AAAAAAAAAAA1", "AAAAAAAAAAA3", &hash(PHONE), "17155509999"] {
            let is_there = bytes
                .windows(kept.len())
                .any(|window| window == kept.as_bytes());
            assert!(!is_there, "{kept} in {}", entry.display());
        }
    }
    // The same day's answer is there: it has to be sent, or another named.
    let error = lists.import("lists.zip", "a").unwrap_err();
    assert!(error.contains("--suffix"), "{error}");
    let root = lists.root();
    let bad = list(&phones).replace("AAAAAAAAAAA3", "AAA");
    fs::write(lists.path().join("Phone.csv"), bad).unwrap();
    let error = lists.import("Phone.csv", "b").unwrap_err();
    assert!(error.contains("row 3") && error.contains("ID"), "{error}");
    assert_eq!(lists.root(), root);
    let left = walk(&lists.path().join("answers"));
    assert_eq!(left.len(), 2, "nothing half-written is left");
}

/// Every file; none if the directory is not there.
fn walk(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let entries = entries.map(|entry| entry.unwrap().path());
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
