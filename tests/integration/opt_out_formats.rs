//! Opt-outs in the forms in which they arrive: signals of browsers and apps.

use std::fs;

use crate::support::program::{acquaint, done};
use crate::support::restricted::{CONFIG, tables, write};

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
