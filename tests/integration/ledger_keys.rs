//! The key of the objection list: any other is refused wherever one is given, and a change of keys can be broken off.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;

use crate::support::files::{copy, digits, write_key};

/// A directory with a ledger that holds three objections under `key`.
struct Place {
    dir: tempfile::TempDir,
}

/// Numbers whose holders object.
const NUMBERS: [&str; 3] = ["+14155550101", "+14155550102", "+4930123456"];

impl Place {
    fn new() -> Self {
        let place = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        place.write_key("key", digits(7));
        place.append("ledger", "key", &NUMBERS);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write_key(&self, name: &str, bytes: impl AsRef<[u8]>) {
        write_key(&self.path(name), bytes);
    }

    fn acquaint(&self, line: &str) -> Output {
        let mut command = Command::new(cargo_bin("acquaint"));
        command.args(line.split(' ')).current_dir(self.dir.path());
        command.output().unwrap()
    }

    fn done(&self, line: &str) -> String {
        let output = self.acquaint(line);
        assert!(output.status.success(), "{line}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn refused(&self, line: &str) -> String {
        let output = self.acquaint(line);
        assert_eq!(output.status.code(), Some(2), "{line}: {}", said(&output));
        said(&output)
    }

    fn append(&self, ledger: &str, key: &str, numbers: &[&str]) {
        let line = |number: &&str| {
            format!(
                "{{\"phone\":\"{number}\",\"kind\":\"non_user_objects\",\"valid_time\":\"2016-10-01T00:00:00Z\",\"known_time\":\"2016-10-01T00:00:00Z\"}}\n"
            )
        };
        let lines: String = numbers.iter().map(line).collect();
        fs::write(self.path("objections.jsonl"), lines).unwrap();
        self.done(&format!(
            "consent append --ledger {ledger} --objection-key {key} objections.jsonl"
        ));
    }

    /// Does the ledger take a key? Nothing is appended.
    fn takes(&self, ledger: &str, key: &str) -> bool {
        fs::write(self.path("nothing.jsonl"), "").unwrap();
        let line = format!("consent append --ledger {ledger} --objection-key {key} nothing.jsonl");
        self.acquaint(&line).status.success()
    }

    fn copy(&self, from: &str, to: &str) {
        copy(&self.path(from), &self.path(to));
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A world whose consent is in the ledger, and in no table.
fn signals(place: &Place) {
    place.done("synth --users 20 --seed 1 --impressions-per-user 2 --out signals");
    place.done("consent import --ledger ledger --objection-key key --signals signals");
    for table in ["consent_events", "policy_versions", "overlays"] {
        fs::remove_file(place.path("signals").join(format!("{table}.parquet"))).unwrap();
    }
    // They listed what is gone.
    fs::remove_file(place.path("signals").join("sums.json")).unwrap();
}

#[test]
fn deny_a_wrong_key_wherever_one_is_given() {
    let place = Place::new();
    signals(&place);
    fs::create_dir(place.path("tables")).unwrap();
    fs::write(
        place.path("tables/consent_events.csv"),
        "event_id,account_id,kind,valid_time,known_time\n1,2,opt_out,2016-10-01T00:00:00Z,2016-10-01T00:00:00Z\n",
    )
    .unwrap();
    let asking = "--signals signals --ledger ledger --objection-key";
    place.done(&format!(
        "run --quiet {asking} key --out out --as-of 2016-10-20"
    ));
    let right = digits(7);
    for (what, wrong) in [
        ("another key", digits(9)),
        (
            "another secret and the same buckets",
            format!("{}\n{right}\n", digits(9)),
        ),
        (
            "the same secret and other buckets",
            format!("{right}\n{}\n", digits(9)),
        ),
        ("one digit more", right.replacen('0', "1", 1)),
        ("the other way round", right.chars().rev().collect()),
    ] {
        place.write_key("wrong", wrong);
        for line in [
            format!("run --quiet {asking} wrong --out none --as-of 2016-10-20"),
            format!("verify out {asking} wrong"),
            format!("recall out {asking} wrong"),
            format!("train ads --quiet {asking} wrong --out none --as-of 2016-10-20"),
            format!("identity link {asking} wrong --purpose ad_relevance --as-of 2016-10-20"),
            "consent append --ledger ledger --objection-key wrong nothing.jsonl".to_owned(),
            "consent import --ledger ledger --objection-key wrong --signals tables".to_owned(),
            "consent rekey --ledger ledger --objection-key wrong --new-key none".to_owned(),
            "consent rekey --ledger ledger --objection-key wrong --adopt".to_owned(),
        ] {
            fs::write(place.path("nothing.jsonl"), "").unwrap();
            let error = place.refused(&line);
            assert!(error.contains("wrong key"), "{what}, {line}: {error}");
            assert!(!place.path("none").exists(), "{what}, {line}");
        }
    }
    place.done("consent check --ledger ledger");
    assert!(place.takes("ledger", "key"));
}

#[test]
fn a_key_in_any_form_is_moved() {
    let raw: Vec<u8> = (0..32_u8).map(|n| n.wrapping_mul(7)).collect();
    let forms: [Vec<u8>; 5] = [
        raw.clone(),
        digits(7).into_bytes(),
        format!("{}\n", digits(7)).into_bytes(),
        format!("{}\r\n", digits(7).to_uppercase()).into_bytes(),
        [raw.clone(), raw].concat(),
    ];
    for form in forms {
        let place = Place::new();
        place.write_key("form", form);
        place.done("consent rekey --ledger ledger --objection-key form --new-key new");
        assert!(place.takes("ledger", "new"));
        let error =
            place.refused("consent append --ledger ledger --objection-key key nothing.jsonl");
        assert!(
            error.contains("was key 0") && error.contains("key 1 now"),
            "{error}"
        );
        // The numbers are still recognised: appended again, they are no news.
        place.append("ledger", "new", &NUMBERS);
        let root = place.done("consent root --ledger ledger");
        assert!(root.starts_with("9 entries"), "{root}");
        place.done("consent check --ledger ledger");
        place.done("consent rekey --ledger ledger --objection-key new --new-key newer");
        place.append("ledger", "newer", &NUMBERS[..1]);
        assert!(!place.takes("ledger", "new"));
    }
}

#[test]
fn a_change_of_keys_goes_on_where_it_was_broken_off() {
    let place = Place::new();
    place.copy("ledger", "moved");
    let rekey =
        |ledger: &str| format!("consent rekey --ledger {ledger} --objection-key key --new-key new");
    place.done(&rekey("moved"));
    let new = fs::read(place.path("new")).unwrap();
    // Broken off before the list was moved: the new key is there, and the old one holds.
    assert!(place.takes("ledger", "key") && !place.takes("ledger", "new"));
    let error = place.refused("consent append --ledger ledger --objection-key new nothing.jsonl");
    assert!(error.contains("it never was"), "{error}");
    place.done(&rekey("ledger"));
    assert_eq!(
        fs::read(place.path("new")).unwrap(),
        new,
        "the key that was written is the key"
    );
    // Broken off after: the new one holds, and the same command says so.
    for ledger in ["ledger", "moved"] {
        assert!(place.takes(ledger, "new") && !place.takes(ledger, "key"));
        assert!(
            place
                .done(&rekey(ledger))
                .contains("3 objections are under the key in new now")
        );
        place.append(ledger, "new", &NUMBERS);
        place.done(&format!("consent check --ledger {ledger}"));
    }
}

#[test]
fn deny_to_overwrite_or_to_use_a_file_that_no_rekey_wrote() {
    for (what, bytes) in [
        ("another key", digits(9).into_bytes()),
        (
            "a key with other buckets",
            format!("{}\n{}\n", digits(7), digits(9)).into_bytes(),
        ),
        ("a note", b"call the plumber".to_vec()),
        ("nothing", Vec::new()),
        ("half a key", digits(7).as_bytes()[..40].to_vec()),
    ] {
        let place = Place::new();
        place.write_key("new", &bytes);
        place.refused("consent rekey --ledger ledger --objection-key key --new-key new");
        assert_eq!(fs::read(place.path("new")).unwrap(), bytes, "{what}");
        assert!(place.takes("ledger", "key"), "{what}");
    }
}

#[test]
fn deny_to_move_a_list_to_the_key_it_is_under() {
    let place = Place::new();
    let before = place.done("consent root --ledger ledger");
    place.write_key("same", digits(7));
    place.write_key("twice", format!("{0}\n{0}\n", digits(7)));
    for new in ["key", "same", "twice"] {
        let line = format!("consent rekey --ledger ledger --objection-key key --new-key {new}");
        let error = place.refused(&line);
        assert!(
            error.contains(&format!("under the key in {new} already")),
            "{error}"
        );
    }
    assert_eq!(place.done("consent root --ledger ledger"), before);
    assert!(place.takes("ledger", "key"));
}

#[cfg(unix)]
#[test]
fn deny_keys_that_are_pipes_or_devices() {
    let place = Place::new();
    let made = Command::new("mkfifo")
        .args(["-m", "600", "pipe"])
        .current_dir(place.dir.path())
        .status();
    assert!(made.unwrap().success());
    fs::write(place.path("nothing.jsonl"), "").unwrap();
    for key in ["pipe", "/dev/zero", "."] {
        for line in [
            format!("consent append --ledger ledger --objection-key {key} nothing.jsonl"),
            format!("consent rekey --ledger ledger --objection-key {key} --new-key new"),
            format!("consent rekey --ledger ledger --objection-key key --new-key {key}"),
            format!("identity tokens --key {key} --purpose abuse --epoch 1 nothing.jsonl"),
            format!(
                "identity psi connect --address 127.0.0.1:9 --input no --purpose abuse --shared-key {key}"
            ),
        ] {
            // Whoever waits for a pipe waits for good: 124 is what `timeout` then says.
            let output = Command::new("timeout")
                .arg("20")
                .arg(cargo_bin("acquaint"))
                .args(line.split(' '))
                .current_dir(place.dir.path())
                .stdin(std::process::Stdio::piped())
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(2), "{line}: {}", said(&output));
            let error = said(&output);
            assert!(error.contains("plain file is expected"), "{line}: {error}");
        }
    }
    for line in [
        "consent check --ledger ledger --since pipe",
        "consent check --since pipe --proof pipe",
    ] {
        let mut command = Command::new("timeout");
        command.arg("20").arg(cargo_bin("acquaint"));
        command.args(line.split(' ')).current_dir(place.dir.path());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {}", said(&output));
        assert!(said(&output).contains("a pipe"), "{}", said(&output));
    }
}

#[test]
fn deny_what_is_known_later_than_now() {
    let place = Place::new();
    let before = place.done("consent root --ledger ledger");
    for known in [
        "9999-12-31T23:59:59Z",
        "2999-01-01T00:00:00Z",
        "2200-06-01T12:00:00+05:30",
    ] {
        let line = format!(
            "{{\"account_id\":7,\"kind\":\"opt_out\",\"valid_time\":\"2016-10-01T00:00:00Z\",\"known_time\":\"{known}\"}}\n"
        );
        fs::write(place.path("late.jsonl"), line).unwrap();
        let error = place.refused("consent append --ledger ledger late.jsonl");
        assert!(error.contains("known_time"), "{error}");
        let table = format!(
            "event_id,account_id,kind,valid_time,known_time\n1,7,opt_out,2016-10-01T00:00:00Z,{known}\n"
        );
        fs::create_dir_all(place.path("tables")).unwrap();
        fs::write(place.path("tables/consent_events.csv"), table).unwrap();
        let error = place.refused("consent import --ledger ledger --signals tables");
        assert!(error.contains("known_time"), "{error}");
    }
    assert_eq!(place.done("consent root --ledger ledger"), before);
    place.done("consent repair --ledger ledger --time");
    assert_eq!(place.done("consent root --ledger ledger"), before);
}
