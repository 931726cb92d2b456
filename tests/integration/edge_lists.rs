//! Edge lists on the command line: what is imported, what is told, and what is refused.

use std::fs;
use std::path::Path;

use crate::support::program::acquaint;

/// Imports a list and gives the friendships as `a,b a,b`, or nothing if it was refused, and what was told.
fn import(dir: &Path, name: &str, text: &str, more: &[&str]) -> (Option<String>, String) {
    fs::write(dir.join(name), text).unwrap();
    let out = format!("{name}.out");
    let args = ["import", "edges", name, "--out", &out, "--form", "csv"];
    let (code, _, told) = acquaint(&[&args[..], more].concat(), dir);
    if code != 0 {
        assert_eq!(code, 2, "{told}");
        assert!(told.starts_with("acquaint: "), "{told}");
        return (None, told);
    }
    let rows = fs::read_to_string(dir.join(out).join("friendships.csv")).unwrap();
    let pair = |row: &str| row.splitn(3, ',').take(2).collect::<Vec<_>>().join(",");
    let pairs: Vec<String> = rows.lines().skip(1).map(pair).collect();
    (Some(pairs.join(" ")), told)
}

#[test]
fn the_columns_that_names_say_are_imported() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text, more, expected) in [
        (
            "1.csv",
            ",source,target\n0,12,15\n1,12,16\n",
            &[][..],
            "12,15 12,16",
        ),
        (
            "2.csv",
            "id,from,to\n1,500,600\n2,600,700\n",
            &[],
            "500,600 600,700",
        ),
        ("3.tsv", "\tsrc\tdst\n0\t5\t6\n", &[], "5,6"),
        ("4.csv", "x,y\r1,2\r3,4\r", &["--header", "yes"], "1,2 3,4"),
        (
            "5.csv",
            "buyer,seller,n\n1,2,3\n",
            &["--source-column", "seller", "--target-column", "buyer"],
            "1,2",
        ),
        ("6.adjlist", "0 1 2\n1 2\n", &[], "0,1 0,2 1,2"),
        (
            "7.mtx",
            "%%MatrixMarket matrix coordinate pattern symmetric\n3 3 2\n2 1\n3 2\n",
            &[],
            "1,2 2,3",
        ),
    ] {
        let (pairs, told) = import(dir.path(), name, text, more);
        assert_eq!(pairs.as_deref(), Some(expected), "{name}: {told}");
    }
}

#[test]
fn what_was_taken_and_left_out_is_told() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text, expected) in [
        ("1.csv", "1,2,7\n2,3,9\n", "not read: column 3"),
        (
            "2.csv",
            "id,boss,clerk,time\n1,12,15,3\n",
            "no name says which columns are the ends",
        ),
        (
            "3.csv",
            "1,2\n2,1\n2,2\n",
            "3 rows gave 1 edges; 1 self-loops and 1 duplicates were skipped",
        ),
        (
            "4.csv",
            "source,target,weight\n1,2,0\n2,3,1\n",
            "1 row of weight 0 is no edge",
        ),
        (
            "5.adjlist",
            "1 2\n3\n",
            "1 node without neighbours is left out",
        ),
        ("6.adj", "1\n\n", "gap-coded"),
    ] {
        let (_, told) = import(dir.path(), name, text, &[]);
        assert!(told.contains(expected), "{name}: {told}");
    }
}

#[test]
fn deny_lists_that_would_be_read_as_something_else() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text, expected) in [
        ("1.txt", "-1 -2\n1 2\n", "line 1"),
        ("2.txt", "0 1 2 3\n1 2 3\n", "line 2"),
        (
            "3.mtx",
            "%%MatrixMarket matrix coordinate pattern general\n3 900 2\n1 5\n2 7\n",
            "columns",
        ),
        ("4.txt", "a b\n1 2\n", "--header yes"),
        ("5.csv", "anna,bob\n", "--ids dictionary"),
        ("6.csv", "0,12,15\n1,12,16\n2,12,17\n", "--source-column"),
        ("7.csv", "1.0,2.0\n", "whole number"),
        ("8.csv", "1,2\n\"3,4\n5,6\n", "line 2"),
    ] {
        let (pairs, told) = import(dir.path(), name, text, &[]);
        assert!(
            pairs.is_none() && told.contains(expected),
            "{name}: {pairs:?} {told}"
        );
    }
    fs::create_dir(dir.path().join("folder")).unwrap();
    for (file, kind) in [("folder", "a directory"), ("/dev/zero", "a device")] {
        let (code, _, told) = acquaint(&["import", "edges", file, "--out", "o"], dir.path());
        assert!(
            code == 2 && told.contains(kind) && told.contains(file),
            "{told}"
        );
    }
}

#[cfg(unix)]
#[test]
fn deny_a_pipe_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(dir.path().join("pipe"))
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no mkfifo here");
        return;
    }
    for args in [
        &["import", "edges", "pipe", "--out", "o"][..],
        &["evaluate", "friends", "--edges", "pipe"],
        &["train", "friends", "--edges", "pipe", "--out", "m"],
    ] {
        let (code, _, told) = acquaint(args, dir.path());
        assert!(code == 2 && told.contains("pipe is a named pipe"), "{told}");
    }
}

#[test]
fn texts_become_ids_that_are_written_down() {
    let dir = tempfile::tempdir().unwrap();
    let text = "source,target\ncarl,anna\n\"Bob, the builder\",anna\n";
    let (pairs, told) = import(dir.path(), "names.csv", text, &["--ids", "dictionary"]);
    assert_eq!(pairs.as_deref(), Some("1,2 2,3"), "{told}");
    let ids = fs::read_to_string(dir.path().join("names.csv.out/ids.csv")).unwrap();
    assert_eq!(ids, "id,text\n1,\"Bob, the builder\"\n2,anna\n3,carl\n");
    let run = ["run", "--signals", "names.csv.out", "--out", "o"];
    let (code, _, told) = acquaint(&run, dir.path());
    assert!(code != 2, "the directory can be scored: {told}");
    // The order of the rows says nothing.
    let turned = "source,target\nanna,\"Bob, the builder\"\nanna,carl\n";
    let (again, _) = import(dir.path(), "turned.csv", turned, &["--ids", "dictionary"]);
    assert_eq!(again, pairs);
}

#[test]
fn deny_hiding_the_newest_where_nothing_has_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let edges = |header: &str, behind: &dyn Fn(u64) -> String| {
        let pairs = (0..40_u64).flat_map(|a| (a + 1..40).map(move |b| (a, b)));
        let row = |(a, b): (u64, u64)| format!("{a},{b}{}\n", behind(a * 40 + b));
        header.to_owned()
            + &pairs
                .filter(|(a, b)| (a * b) % 7 == 3)
                .map(row)
                .collect::<String>()
    };
    let ask = |text: &str, more: &[&str]| {
        fs::write(dir.path().join("g.csv"), text).unwrap();
        let args = [
            "evaluate", "friends", "--edges", "g.csv", "--json", "--split", "time",
        ];
        acquaint(&[&args[..], more].concat(), dir.path())
    };
    for (text, more) in [
        (edges("", &|_| String::new()), &[][..]),
        (edges("src,dst\n", &|_| String::new()), &[]),
        (edges("", &|n| format!(",{}", n % 9 + 1)), &[]),
        (edges("src,dst,weight\n", &|n| format!(",{n}")), &[]),
        (
            edges("", &|n| format!(",{}", 1_300_000_000 + n)),
            &["--weight-column", "3"],
        ),
        (edges("", &|n| format!(",{n}.5")), &[]),
    ] {
        let (code, out, told) = ask(&text, more);
        assert!(code == 2 && told.contains("--time-column"), "{told}{out}");
    }
    for (text, more) in [
        (edges("src,dst,time\n", &|n| format!(",{n}")), &[][..]),
        (edges("", &|n| format!(",{}", 1_300_000_000 + n)), &[]),
        (
            edges("", &|n| format!(",{}", n % 9 + 1)),
            &["--time-column", "3"],
        ),
        (
            edges("a,b,date\n", &|n| format!(",2016-08-{:02}", n % 28 + 1)),
            &[],
        ),
    ] {
        let (code, out, told) = ask(&text, more);
        assert!(code == 0 && out.contains("\"split\""), "{told}");
    }
}

#[test]
fn each_limit_is_named_and_raised_by_its_flag() {
    let dir = tempfile::tempdir().unwrap();
    let text = "1 2\n2 3\n".repeat(100_000);
    let packed = |text: &str| zstd::encode_all(text.as_bytes(), 3).unwrap();
    fs::write(dir.path().join("rows.csv.zst"), packed(&text)).unwrap();
    let long = format!("{}\n1 2\n", "# ".repeat(9 << 20));
    fs::write(dir.path().join("long.csv.zst"), packed(&long)).unwrap();
    fs::write(dir.path().join("plain.csv"), "1 2\n2 3\n").unwrap();
    for (name, flag, less, more) in [
        ("rows.csv.zst", "--max-rows-per-byte", "16", "1000000"),
        ("long.csv.zst", "--max-expansion", "1", "1000000"),
        ("plain.csv", "--max-rows", "1", "2"),
        ("plain.csv", "--max-bytes", "7", "8"),
    ] {
        let args = ["import", "edges", name, "--out", "out", flag];
        let (code, _, told) = acquaint(&[&args[..], &[less]].concat(), dir.path());
        assert!(code == 2 && told.contains(flag), "{flag}: {code} {told}");
        let (code, _, told) = acquaint(&[&args[..], &[more]].concat(), dir.path());
        assert_eq!(code, 0, "{flag}: {told}");
    }
}
