//! An output of the program is sound; one that was tampered with is not. ACQUAINT names the program, as `.ci/audit` does.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// An output with its tables and its attestation, in a directory of its own.
struct Made {
    home: TempDir,
    key: String,
}

impl Made {
    /// None if there is no program to make one with.
    fn new() -> Option<Self> {
        let Some(program) = std::env::var_os("ACQUAINT") else {
            eprintln!("skipped: ACQUAINT names no program");
            return None;
        };
        let home = tempfile::tempdir().unwrap();
        let signals = home.path().join("signals");
        fs::create_dir(&signals).unwrap();
        for entry in fs::read_dir(Path::new(ROOT).join("data/quickstart")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), signals.join(entry.file_name())).unwrap();
        }
        let key = home.path().join("attest.key");
        fs::write(&key, "1f".repeat(31) + "02").unwrap();
        private(&key);
        let run = |words: &[&str]| {
            let done = Command::new(&program)
                .args(words)
                .current_dir(&home)
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(done.status.code() < Some(2), "{told}");
            told
        };
        run(&["run", "--signals", "signals", "--out", "out", "-q"]);
        let told = run(&[
            "verify",
            "out",
            "--signals",
            "signals",
            "--attest",
            "attestation.json",
            "--key",
            "attest.key",
            "-q",
        ]);
        let key = told.split("signed by ").nth(1).unwrap().trim().to_owned();
        Some(Self { home, key })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn audit(&self, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_acquaint-audit"))
            .args([
                "out",
                "--signals",
                "signals",
                "--attestation",
                "attestation.json",
            ])
            .args(more)
            .current_dir(&self.home)
            .output()
            .unwrap()
    }

    /// What is told to be wrong.
    fn wrong(&self) -> Vec<String> {
        let told = self.audit(&[]);
        assert_eq!(told.status.code(), Some(1), "{}", text(&told));
        let told = text(&told);
        let wrong = told
            .lines()
            .filter_map(|line| line.strip_prefix("WRONG   "));
        wrong.map(str::to_owned).collect()
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.path(name)).unwrap();
        change(&mut bytes);
        fs::write(self.path(name), bytes).unwrap();
    }

    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        fs::write(self.path(name), text.replacen(from, to, 1)).unwrap();
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[cfg(unix)]
fn private(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn private(_: &Path) {}

#[test]
fn an_output_as_it_was_made_is_sound() {
    let Some(made) = Made::new() else { return };
    let told = made.audit(&["--public-key", &made.key]);
    assert_eq!(told.status.code(), Some(0), "{}", text(&told));
    let told = text(&told);
    for line in [
        "signed by",
        "the key is the one",
        "suggestions: none of",
        "links: none of",
    ] {
        assert!(told.contains(line), "{line} is missing in\n{told}");
    }
    // Somebody refused, or nothing was asked.
    assert!(!told.contains("any of 0 who refused"), "{told}");
}

#[test]
fn deny_another_key() {
    let Some(made) = Made::new() else { return };
    let told = made.audit(&["--public-key", &"0".repeat(64)]);
    assert_eq!(told.status.code(), Some(1), "{}", text(&told));
}

#[test]
fn deny_a_changed_output() {
    let Some(made) = Made::new() else { return };
    made.change("out/ad_scores.parquet", |bytes| bytes[100] ^= 1);
    let wrong = made.wrong();
    assert!(
        wrong
            .iter()
            .any(|line| line.starts_with("ad_scores.parquet")),
        "{wrong:?}"
    );
}

#[test]
fn deny_a_changed_manifest() {
    let Some(made) = Made::new() else { return };
    made.replace(
        "out/manifest.json",
        "\"acquaint-run/1\"",
        "\"acquaint-run/2\"",
    );
    let wrong = made.wrong();
    assert!(
        wrong.iter().any(|line| line.contains("manifest")),
        "{wrong:?}"
    );
}

#[test]
fn deny_a_changed_statement() {
    let Some(made) = Made::new() else { return };
    made.replace(
        "attestation.json",
        "\"is_clean\": true",
        "\"is_clean\": false",
    );
    let wrong = made.wrong();
    assert!(
        wrong.iter().any(|line| line.contains("signature")),
        "{wrong:?}"
    );
    assert!(
        wrong.iter().any(|line| line.starts_with("verified")),
        "{wrong:?}"
    );
}

#[test]
fn deny_a_file_that_nobody_listed() {
    let Some(made) = Made::new() else { return };
    fs::write(made.path("out/more.parquet"), b"x").unwrap();
    assert_eq!(made.wrong(), ["more.parquet is not listed in the manifest"]);
}

/// A refusal is written into the tables behind the run's back: the rows that it should have kept out are found.
#[test]
fn deny_rows_of_whoever_refused() {
    let Some(made) = Made::new() else { return };
    let accounts = fs::read_to_string(made.path("signals/messenger_accounts.csv")).unwrap();
    let mut events = fs::read_to_string(made.path("signals/consent_events.csv")).unwrap();
    for (id, line) in (1..).zip(accounts.lines().skip(1)) {
        let account = line.split(',').next().unwrap();
        let at = "2016-11-01T00:00:00Z";
        writeln!(events, "{id},{account},,,,opt_out,{at},{at},,,,,,").unwrap();
    }
    fs::write(made.path("signals/consent_events.csv"), events).unwrap();
    let wrong = made.wrong();
    for file in [
        "consent_events.csv: ",
        "suggestions: ",
        "ad_scores: ",
        "links: ",
    ] {
        assert!(
            wrong.iter().any(|line| line.starts_with(file)),
            "{file} in {wrong:?}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_no_answer() {
    let done = Command::new(env!("CARGO_BIN_EXE_acquaint-audit"))
        .arg("/nowhere")
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(2));
    let help = Command::new(env!("CARGO_BIN_EXE_acquaint-audit"))
        .arg("--help")
        .output()
        .unwrap();
    assert!(text(&help).contains("Exit codes"));
}
