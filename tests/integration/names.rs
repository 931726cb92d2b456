//! Names of files and folders are anybody's: no phone number in them is printed or published, and no terminal obeys them.

use std::fs;
use std::path::Path;

use acquaint::signals::TableForm;

use crate::support::program::acquaint;
use crate::support::{small_world, write_world};

/// Parts of an address book whose names hold numbers in five forms, and what of them must be shown nowhere.
const PARTS: [(&str, &str); 5] = [
    ("+49 151 2345678.csv", "151 2345678"),
    ("0151-2345678.csv", "0151-2345678"),
    ("49151\u{200b}2345678.csv", "2345678"),
    ("０１５１２３４５６７８.csv", "２３４５"),
    ("phone=%2B491512345678/a\u{1b}[2J.csv", "1512345678"),
];

fn write_parts(book: &Path) {
    for (n, (name, _)) in PARTS.iter().enumerate() {
        let path = book.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let number = if name.contains('=') {
            ""
        } else {
            "+436641234567,"
        };
        let header = if name.contains('=') { "" } else { "phone," };
        let at = format!("2016-01-0{}T00:00:00Z", n + 1);
        let text = format!("account_id,{header}saved_at\n1,{number}{at}\nx,{number}{at}\n");
        fs::write(path, text).unwrap();
    }
}

fn refuse_names(text: &str, place: &str) {
    for (_, hidden) in PARTS {
        assert!(!text.contains(hidden), "{hidden} in {place}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "an escape in {place}: {text}");
}

#[test]
fn no_number_in_a_name_is_printed_or_published() {
    let dir = tempfile::tempdir().unwrap();
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Csv, &small_world(40, 8));
    fs::remove_file(signals.join("address_book.csv")).unwrap();
    write_parts(&signals.join("address_book"));
    let run = [
        "run",
        "--signals",
        "signals",
        "--out",
        "out +491512345678",
        "--json",
    ];
    let (code, out, error) = acquaint(&run, dir.path());
    assert!(code < 2, "{code} {error}");
    refuse_names(&(out + &error), "what is printed");
    let published = dir.path().join("out +491512345678");
    for name in ["manifest.json", "report.html", "rejections.parquet"] {
        let bytes = fs::read(published.join(name)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        refuse_names(&text, name);
        let is_told = text.contains("(number).csv (2)");
        assert!(is_told || name == "rejections.parquet", "{name}: {text}");
    }
    let verify = ["verify", "out +491512345678", "--signals", "signals"];
    let (code, out, error) = acquaint(&verify, dir.path());
    assert_eq!(code, 0, "{out} {error}");
    refuse_names(&(out + &error), "what verify prints");
}

#[test]
fn no_number_in_a_path_is_part_of_an_error() {
    let dir = tempfile::tempdir().unwrap();
    for (name, hidden) in PARTS {
        let name = &name.replace('/', "_");
        fs::write(dir.path().join(name), "1 2 3\nx\n").unwrap();
        for line in [
            &["run", "--signals", name, "--out", "out"][..],
            &["run", "--signals", "none", "--out", name],
            &["run", "--signals", "none", "--config", name, "--out", "out"],
            &["import", "edges", name, "--out", "out"],
            &["report", name],
            &["verify", name, "--signals", name],
            &["recall", name, "--signals", name],
            &["consent", "root", "--ledger", name],
            &["consent", "check", "--ledger", name],
            &["identity", "normalise", name],
            &["identity", "tokens", name, "--key", name],
            &["seal", name],
        ] {
            let (code, out, error) = acquaint(line, dir.path());
            assert!(code != 0, "{line:?}: {out}");
            let told = out + &error;
            assert!(
                !told.contains(hidden) && !told.contains('\u{1b}'),
                "{line:?}: {told}"
            );
        }
    }
}

#[test]
fn no_number_in_an_argument_or_a_key_is_part_of_an_error() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("key.toml"), "\"+491512345678\" = 3\n").unwrap();
    let value = "[suggest]\nk = \"+491512345678\"\n";
    fs::write(dir.path().join("value.toml"), value).unwrap();
    let event = "{\"account_id\":1,\"kind\":\"opt_out\",\"+491512345678\":1}\n";
    fs::write(dir.path().join("events"), event).unwrap();
    let run = ["run", "--signals", "none", "--out", "out"];
    for more in [
        &["--as-of", "+491512345678"][..],
        &["--max-rejects=+491512345678"],
        &["+491512345678"],
        &["--491512345678"],
        &["--config", "key.toml"],
        &["--config", "value.toml"],
    ] {
        let (code, out, error) = acquaint(&[&run[..], more].concat(), dir.path());
        assert_eq!(code, 2, "{more:?}: {out}");
        assert!(!(out + &error).contains("2345"), "{more:?}: {error}");
    }
    let append = ["consent", "append", "--ledger", "ledger", "events"];
    let (code, _, error) = acquaint(&append, dir.path());
    assert!(
        code == 2 && error.contains("`+(number)` is no column"),
        "{error}"
    );
}

#[test]
fn a_report_is_of_tables_that_were_not_changed() {
    let dir = tempfile::tempdir().unwrap();
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Csv, &small_world(40, 8));
    let run = ["run", "--quiet", "--signals", "signals", "--out", "out"];
    assert!(acquaint(&run, dir.path()).0 < 2);
    let (code, page, _) = acquaint(&["report", "out"], dir.path());
    assert_eq!(code, 0);
    let written = fs::read_to_string(dir.path().join("out/report.html")).unwrap();
    assert_eq!(page, written);
    fs::write(dir.path().join("out/links.parquet"), "PAR1").unwrap();
    let (code, _, error) = acquaint(&["report", "out"], dir.path());
    assert!(code == 2 && error.contains("links.parquet"), "{error}");
}

#[test]
fn whoever_evaluates_and_trains_is_told_how_much_is_proved() {
    let dir = tempfile::tempdir().unwrap();
    let synth = ["synth", "--users", "40", "--out", "signals"];
    assert_eq!(acquaint(&synth, dir.path()).0, 0);
    let evaluate = ["evaluate", "ads", "--quiet", "--signals", "signals"];
    let train = [
        "train",
        "ads",
        "--quiet",
        "--signals",
        "signals",
        "--out",
        "model",
    ];
    let told = |verb: &[&str]| acquaint(verb, dir.path()).2;
    for verb in [&evaluate[..], &train] {
        let error = told(verb);
        let line = error.lines().find_map(|line| {
            line.strip_prefix("acquaint: ")?
                .strip_suffix(" input files match their checksums")
        });
        let (n_proved, n_read) = line.expect(&error).split_once(" of ").unwrap();
        assert_eq!(n_proved, n_read, "{error}");
    }
    fs::remove_file(dir.path().join("signals/sums.json")).unwrap();
    for verb in [&evaluate[..], &train] {
        let error = told(verb);
        assert!(error.contains("acquaint: no checksums for the "), "{error}");
    }
}
