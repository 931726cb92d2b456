//! Lists of numbers on the command line: a row for a row, and what is told of texts that are no numbers.

use std::fs;
use std::path::Path;

use crate::support::files::write_key;
use crate::support::program::acquaint;

const HEADER: &str = "region,raw\n";

fn normalise(dir: &Path, text: &str) -> (i32, Vec<String>, String) {
    fs::write(dir.join("in.csv"), text).unwrap();
    let (code, out, told) = acquaint(&["identity", "normalise", "in.csv"], dir);
    let first = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
    (code, out.lines().skip(1).map(first).collect(), told)
}

#[test]
fn every_row_has_a_row() {
    let dir = tempfile::tempdir().unwrap();
    for text in [
        "DE,030 123456\n\nDE,030 123457\n",
        "DE,030 123456\r\n\r\nDE,030 123457\r\n",
        "DE,030 123456\r\rDE,030 123457",
        "DE,030 123456\n,\nDE,030 123457\n",
        "DE,030 123456\nDE,\nDE,030 123457\n",
        "DE,\"030 123456\"\nDE,\"\"\nDE,\"030 123457\"\n",
        "DE,030 123456\nDE,no number\nDE,030 123457\n",
    ] {
        let (code, rows, told) = normalise(dir.path(), &format!("{HEADER}{text}"));
        assert_eq!(
            (code, rows),
            (
                0,
                ["+4930123456", "", "+4930123457"]
                    .map(str::to_owned)
                    .to_vec()
            ),
            "{text:?}: {told}"
        );
    }
    write_key(&dir.path().join("key"), [7_u8, 9].repeat(16));
    fs::write(
        dir.path().join("e164.csv"),
        "e164\n+4930123456\n\n+4930123456\n\n",
    )
    .unwrap();
    let args = [
        "identity",
        "tokens",
        "e164.csv",
        "--key",
        "key",
        "--purpose",
        "abuse",
        "--epoch",
        "1",
    ];
    let (code, out, told) = acquaint(&args, dir.path());
    let rows: Vec<&str> = out.lines().skip(1).collect();
    assert!(
        code == 0 && rows.len() == 4 && rows[0] == rows[2] && rows[1] == "\"\"",
        "{told}{out}"
    );
}

#[test]
fn deny_quotes_that_would_swallow_rows() {
    let dir = tempfile::tempdir().unwrap();
    for (text, line) in [
        ("DE,\"030 123456\nDE,030 123457\nDE,030 123458\n", 2),
        ("DE,030 123456\nDE,\"030 123457\n", 3),
        ("DE,\"030 123456\nDE,\"030 123457\"\n", 3),
        ("DE,\"030 123456\nDE,030\" 123457\n", 3),
        ("DE,\"030 123456\nDE\",030 123457\n", 2),
        ("DE,030 123456,\n", 2),
        ("DE\n", 2),
    ] {
        let (code, _, told) = normalise(dir.path(), &format!("{HEADER}{text}"));
        assert!(
            code == 2 && told.contains(&format!("line {line}")),
            "{text:?}: {told}"
        );
    }
}

#[test]
fn what_is_no_number_is_told_by_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    for (raw, reason) in [
        ("43664910594.0", "number_as_float"),
        ("+43664910594.0", "number_as_float"),
        ("4.91512E+12", "number_as_float"),
        ("\"4,91512E+12\"", "number_as_float"),
        ("1.5e11", "number_as_float"),
        ("AT.43664910594", "business_scoped_id"),
        ("AT.ENT.43664910594", "business_scoped_id"),
        ("@43664910594", "username"),
        ("no number", "not_a_number"),
    ] {
        let (code, rows, told) =
            normalise(dir.path(), &format!("{HEADER}AT,0664 910594\nAT,{raw}\n"));
        assert_eq!((code, rows[1].as_str()), (0, ""), "{raw}");
        let expected = format!("1 {reason} (the first in line 3)");
        assert!(
            told.contains(&expected) && !told.contains("910594"),
            "{raw}: {told}"
        );
    }
    let text = format!("{HEADER}Germany,030 123456\nZZ,+4930123456\nUK,020 7946 0000\n");
    let (code, rows, told) = normalise(dir.path(), &text);
    assert_eq!(
        (code, rows),
        (
            0,
            ["", "+4930123456", "+442079460000"]
                .map(str::to_owned)
                .to_vec()
        )
    );
    assert!(
        told.contains("1 rows have a region that is not an ISO 3166-1 code"),
        "{told}"
    );
    let (_, rows, told) = normalise(dir.path(), &format!("{HEADER}DE,43664910594\n"));
    assert_eq!(rows, ["+4943664910594"]);
    assert!(told.contains("1 numbers without a plus sign"), "{told}");
}
