//! Directories that are somebody's, given as an output: nothing in them is lost.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, TimestampMicrosecondArray, UInt64Array};
use parquet::arrow::ArrowWriter;

use crate::place::{Place, Tree};
use crate::table::{Effort, Row};

/// Verbs that write a directory `out`.
const VERBS: [(&str, &str); 4] = [
    ("run", "run --quiet --signals signals --out"),
    ("import", "import edges one.edges --out"),
    ("synth", "synth --users 20 --out"),
    ("export", "consent export --ledger ledger --out"),
];

/// A kind of directory, and how it is made in a place; `out` is where it stands.
type Kind = (&'static str, fn(&Place));

/// Each of them is refused as `out` by every verb.
const KINDS: &[Kind] = &[
    ("a web project with a manifest and a repository", |place| {
        place.write(
            "out/manifest.json",
            "{\"name\": \"shop\", \"start_url\": \"/\"}",
        );
        place.write("out/.git/HEAD", "ref: refs/heads/main\n");
        place.write("out/index.html", "<h1>Shop</h1>");
    }),
    ("an output of a run with an operator's file", |place| {
        place.done("run --quiet --signals signals --out out");
        place.write("out/recall.csv", "table,row\n");
    }),
    ("tables with a file somebody added", |place| {
        place.done("synth --users 20 --out out");
        place.write("out/notes.txt", "years of work");
    }),
    ("an output of a run with a repository", |place| {
        place.done("run --quiet --signals signals --out out");
        place.write("out/.git/config", "[core]\n");
    }),
    ("an empty manifest", |place| {
        place.write("out/manifest.json", "");
    }),
    ("a manifest that is cut off", |place| {
        place.done("run --quiet --signals signals --out out");
        let path = place.path("out/manifest.json");
        let text = fs::read(&path).expect("a manifest");
        fs::write(&path, &text[..text.len() / 2]).expect("half of it");
    }),
    ("manifests of another format", |place| {
        place.write(
            "out/manifest.json",
            "{\"format\": \"other-run/1\", \"outputs\": []}",
        );
        place.write(
            "out/sums.json",
            "{\"format\": \"other-sums/1\", \"files\": []}",
        );
    }),
    ("manifests that list no file", |place| {
        place.write(
            "out/manifest.json",
            "{\"format\": \"acquaint-run/1\", \"outputs\": []}",
        );
        place.write(
            "out/sums.json",
            "{\"format\": \"acquaint-sums/1\", \"files\": []}",
        );
        place.write("out/thesis.tex", "\\begin{document}");
    }),
    ("a link at the name of a listed file", |place| {
        place.write("precious", "only copy");
        for (file, format, key) in [
            ("manifest.json", "acquaint-run/1", "outputs"),
            ("sums.json", "acquaint-sums/1", "files"),
        ] {
            let text =
                format!("{{\"format\": \"{format}\", \"{key}\": [{{\"file\": \"ads.parquet\"}}]}}");
            place.write(&format!("out/{file}"), &text);
        }
        symlink("../precious", place.path("out/ads.parquet")).expect("a link");
    }),
    ("a directory at the name of a listed file", |place| {
        for (file, format, key) in [
            ("manifest.json", "acquaint-run/1", "outputs"),
            ("sums.json", "acquaint-sums/1", "files"),
        ] {
            let text =
                format!("{{\"format\": \"{format}\", \"{key}\": [{{\"file\": \"ads.parquet\"}}]}}");
            place.write(&format!("out/{file}"), &text);
        }
        place.write("out/ads.parquet/part-0.parquet", "PAR1");
    }),
    ("tables of ours that somebody edited", |place| {
        place.done("synth --users 20 --form csv --out out");
        place.write("out/ads.csv", "years of work");
    }),
    ("an output of a run with a page of somebody's", |place| {
        place.done("run --quiet --signals signals --out out");
        place.write("out/report.html", "<h1>Our quarter</h1>");
    }),
    ("a manifest that was edited to list a file", |place| {
        place.done("run --quiet --signals signals --out out");
        place.write("out/thesis.tex", "\\begin{document}");
        place.edit("out/manifest.json", "\"links.parquet\"", "\"thesis.tex\"");
    }),
    ("sums that were edited to list a file", |place| {
        place.done("synth --users 20 --out out");
        place.write("out/thesis.tex", "\\begin{document}");
        place.edit("out/sums.json", "\"ads.parquet\"", "\"thesis.tex\"");
    }),
    ("a hidden file alone", |place| {
        place.write("out/.env", "SECRET=1");
    }),
    ("an empty directory in it", |place| {
        fs::create_dir_all(place.path("out/later")).expect("a directory");
    }),
    ("a link to an empty directory", |place| {
        fs::create_dir(place.path("elsewhere")).expect("a directory");
        symlink("elsewhere", place.path("out")).expect("a link");
    }),
    ("a link that leads nowhere", |place| {
        symlink("nowhere", place.path("out")).expect("a link");
    }),
    ("a file", |place| place.write("out", "a letter")),
    ("a pipe", |place| {
        let made = Command::new("mkfifo").arg(place.path("out")).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    }),
];

/// Every kind by every verb, or by half of them.
pub(crate) fn directories(effort: Effort) -> Row {
    let mut row = Row::default();
    for (n_verb, (verb, line)) in VERBS.into_iter().enumerate() {
        let place = place();
        for (_, &(kind, make)) in (n_verb..)
            .zip(KINDS)
            .filter(|(n, _)| n % effort.of(2, 1) == 0)
        {
            place.clear(&["out", "precious", "elsewhere"]);
            make(&place);
            row.add(refused(&place, verb, kind, &format!("{line} out")));
        }
    }
    row
}

/// Files that go with an output, or are one, and the verbs that write them.
const FILES: &[(&str, &str)] = &[
    ("model", "train ads --signals signals --out model"),
    ("model.shards", "train ads --signals signals --out model"),
    (
        "truth.csv",
        "synth --users 20 --truth truth.csv --out world",
    ),
    (
        "truth.csv.sums.json",
        "synth --users 20 --truth truth.csv --out world",
    ),
    (
        "receipts",
        "consent export --ledger ledger --receipts receipts --out tables",
    ),
    (
        "matches",
        "identity match --book book.parquet --signals signals --out matches",
    ),
    (
        "matches.sums.json",
        "identity match --book book.parquet --signals signals --out matches",
    ),
    ("signals/sums.json", "seal signals"),
];

/// Each of them is somebody's once, and ours twice.
pub(crate) fn files(_: Effort) -> Row {
    let mut row = Row::default();
    let place = place();
    write_book(&place.path("book.parquet"));
    for &(name, line) in FILES {
        let names = [name, "truth.csv", "model.shards", "world", "tables"];
        place.clear(&names);
        place.write(name, "{\"years\": \"of work\"}\n");
        row.add(refused(&place, "", name, line));
        place.clear(&names);
        for _ in 0..2 {
            let ended = place.acquaint(line);
            row.add(match ended.code {
                Some(0) => Ok("ours, replaced".to_owned()),
                code => Err(format!("{line}: exit code {code:?}, {}", ended.said)),
            });
        }
    }
    row
}

/// A number book of one row.
fn write_book(path: &Path) {
    let at = TimestampMicrosecondArray::from(vec![1_400_000_000_000_000]).with_timezone("UTC");
    let columns: [(&str, ArrayRef); 3] = [
        ("account_id", Arc::new(UInt64Array::from(vec![1]))),
        ("number", Arc::new(UInt64Array::from(vec![4_930_123_456]))),
        ("saved_at", Arc::new(at)),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one row");
    let file = fs::File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a schema");
    writer.write(&batch).expect("space");
    writer.close().expect("space");
}

/// What a verb reads, or where it stands, as its output.
const INPUTS: &[(&str, &str)] = &[
    ("signals", "run --signals signals --out signals"),
    (
        "signals by another way",
        "run --signals signals --out out/../signals/",
    ),
    ("signals by a link", "run --signals linked --out signals"),
    ("in signals", "run --signals signals --out signals/out"),
    (
        "deep in signals",
        "run --signals signals --out signals/a/b/c",
    ),
    (
        "around signals",
        "run --signals around/signals --out around",
    ),
    ("here", "run --signals signals --out ."),
    ("above", "run --signals signals --out .."),
    ("the root", "run --signals signals --out /"),
    (
        "the ledger",
        "run --signals unconsented --ledger ledger --out ledger",
    ),
    (
        "around a configuration",
        "run --signals signals --config out/run.toml --out out",
    ),
    (
        "around a key",
        "synth --users 20 --audience-key out/key --out out",
    ),
    (
        "around a model",
        "run --signals signals --ad-model out/ads.json --out out",
    ),
    (
        "the ledger, exported",
        "consent export --ledger ledger --out ledger",
    ),
    (
        "in the ledger",
        "consent export --ledger ledger --out ledger/tables",
    ),
    ("around edges", "import edges out/one.edges --out out"),
    (
        "an edge list",
        "train friends --edges one.edges --out one.edges",
    ),
    (
        "a table",
        "train ads --signals signals --out signals/ads.parquet",
    ),
    (
        "a configuration",
        "train ads --signals signals --config run.toml --out run.toml",
    ),
    ("a device", "train ads --signals signals --out /dev/null"),
    (
        "a directory as a file",
        "train ads --signals signals --out empty",
    ),
    (
        "the output of what is verified",
        "verify done --signals signals --keep done",
    ),
    (
        "signals of what is verified",
        "verify done --signals signals --keep signals/worlds",
    ),
];

pub(crate) fn inputs(_: Effort) -> Row {
    let mut row = Row::default();
    let place = place();
    place.done("run --quiet --signals signals --out done");
    place.done("synth --users 20 --out around/signals");
    fs::create_dir(place.path("empty")).expect("a directory");
    place.write("run.toml", "");
    place.write("out/run.toml", "");
    place.write("out/one.edges", "1 2\n2 3\n");
    place.write_key("out/key");
    place.done("train ads --signals signals --out out/ads.json");
    symlink("signals", place.path("linked")).expect("a link");
    for &(kind, line) in INPUTS {
        row.add(refused(&place, "", kind, line));
    }
    row
}

/// Directories and files beside an output that have names like ours, or had them once.
const NEIGHBOURS: &[(&str, &str)] = &[
    (".out.old/thesis.tex", "years of work"),
    (".out.partial/thesis.tex", "years of work"),
    (".out.verify/thesis.tex", "years of work"),
    (".out.partial-abcdefgh/thesis.tex", "years of work"),
    (".out.partial-abcdefgh/new/thesis.tex", "years of work"),
    (".out.verify-abcdefgh/new/thesis.tex", "years of work"),
    (".out.partial-ABCDEFGH/.acquaint-aside", "somebody's own"),
    (
        ".out.partial-12345678/.acquaint-aside",
        "{\"format\":\"acquaint-aside/1\",\"out\":\"other\"}",
    ),
    (
        ".out.partial-abcdefghi/.acquaint-aside",
        "{\"format\":\"acquaint-aside/1\",\"out\":\"out\"}",
    ),
    (".out.part", "years of work"),
    (".out.tmp", "years of work"),
    ("out.old/thesis.tex", "years of work"),
];

pub(crate) fn neighbours(_: Effort) -> Row {
    let mut row = Row::default();
    let place = place();
    for (verb, line) in VERBS {
        let line = format!("{line} out");
        place.clear(&["out"]);
        for (name, text) in NEIGHBOURS {
            place.write(name, text);
        }
        for round in 0..2 {
            place.done(&line);
            if verb == "run" && round == 1 {
                place.done("verify out --signals signals");
            }
        }
        for (name, text) in NEIGHBOURS {
            let is_there = fs::read_to_string(place.path(name)).is_ok_and(|found| found == *text);
            if is_there {
                row.right("untouched");
            } else {
                row.wrong(format!("{verb} took {name} for its own"));
            }
        }
    }
    row
}

fn place() -> Place {
    let place = Place::with_inputs();
    place.done("consent import --ledger ledger --signals signals --objection-key key");
    place
}

/// Exit code 2, a cure, and nothing is another than before.
fn refused(place: &Place, verb: &str, kind: &str, line: &str) -> Result<String, String> {
    let before = place.tree("");
    let ended = place.acquaint(line);
    let after = place.tree("");
    let lost = lost(&before, &after);
    let what = format!("{verb} {kind}");
    if !lost.is_empty() {
        return Err(format!("{what}: lost {lost:?}"));
    }
    if before != after {
        let new: Vec<_> = after
            .keys()
            .filter(|path| !before.contains_key(*path))
            .collect();
        return Err(format!("{what}: left {new:?}"));
    }
    if ended.code != Some(2) {
        return Err(format!(
            "{what}: exit code {:?}, {}",
            ended.code, ended.said
        ));
    }
    if !ended.said.contains("choose another") {
        return Err(format!("{what}: names no cure: {}", ended.said));
    }
    Ok("refused, 0 files lost".to_owned())
}

fn lost<'t>(before: &'t Tree, after: &Tree) -> Vec<&'t std::path::Path> {
    let is_lost =
        |(path, content): &(&std::path::PathBuf, &Vec<u8>)| after.get(*path) != Some(content);
    before
        .iter()
        .filter(is_lost)
        .map(|(path, _)| path.as_path())
        .collect()
}
