//! Disks that are full, files that may not grow, and readers that have gone.

use std::fs::{self, File};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int32Array, ListArray, RecordBatch, StringArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::Field;
use assert_cmd::cargo::cargo_bin;
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;

use crate::place::{Ended, Place};
use crate::table::{Effort, Row};

const RUN: &str = "run --quiet --threads 1 --signals signals --as-of 2016-11-15 --out";

/// A limit on the size of files ends a run with a message, as a full disk does; the output before it stays.
pub(crate) fn file_size(effort: Effort) -> Row {
    let place = Place::with_inputs();
    place.done("run --quiet --signals signals --as-of 2016-10-20 --out out");
    let before = place.tree("out");
    let names = place.names();
    let mut row = Row::default();
    for blocks in (0..effort.of(60, 400)).step_by(effort.of(15, 1)) {
        let line = format!("ulimit -f {blocks}; exec \"$0\" {RUN} out");
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &line])
            .arg(cargo_bin("acquaint"))
            .current_dir(place.path(""))
            .stdout(Stdio::null());
        let ended = Ended::of(&shell.output().expect("a shell"));
        if ended.code == Some(0) {
            break;
        }
        let is_told = ended.code == Some(2) && ended.said.contains("File too large");
        row.add(if place.tree("out") != before {
            Err(format!("{blocks} blocks: another output, {:?}", ended.code))
        } else if !is_told || place.names() != names {
            Err(format!(
                "{blocks} blocks: exit code {:?}, {}, left {:?}",
                ended.code,
                ended.said,
                place.names()
            ))
        } else {
            Ok("refused by name, the old output, nothing left".to_owned())
        });
    }
    place.done("run --quiet --signals signals --as-of 2016-10-20 --out out");
    if place.names() != names {
        row.wrong(format!("the next run left {:?}", place.names()));
    }
    row
}

/// A file system that is too small; only root can make one.
pub(crate) fn full_disk(effort: Effort) -> Row {
    let place = Place::with_inputs();
    fs::create_dir(place.path("disk")).expect("a directory");
    let mut row = Row::default();
    for kib in (8..effort.of(160, 320)).step_by(effort.of(48, 4)) {
        let Some(_disk) = Disk::mount(&place, kib) else {
            return Row::not_tried("nobody but root can mount a small file system");
        };
        let ended = place.acquaint(&format!("{RUN} disk/out"));
        let left: Vec<_> = fs::read_dir(place.path("disk"))
            .expect("a disk")
            .flatten()
            .collect();
        match ended.code {
            Some(0) => row.right("published"),
            Some(2) if left.is_empty() && ended.said.contains("No space left") => {
                row.right("refused by name, nothing left");
            }
            code => row.wrong(format!(
                "{kib} KiB: exit code {code:?}, {}, left {left:?}",
                ended.said
            )),
        }
    }
    let refused = mount_point(&place);
    row.add(refused);
    row
}

/// A mount point is nothing that an output can take the place of.
fn mount_point(place: &Place) -> Result<String, String> {
    let _disk = Disk::mount(place, 1024).ok_or("it was mounted before")?;
    let ended = place.acquaint(&format!("{RUN} disk"));
    let is_told = ended.code == Some(2) && ended.said.contains("mount point");
    is_told
        .then(|| "mount point refused".to_owned())
        .ok_or(ended.said)
}

struct Disk(std::path::PathBuf);

impl Disk {
    fn mount(place: &Place, kib: usize) -> Option<Self> {
        let path = place.path("disk");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"])
            .arg(&path)
            .stderr(Stdio::null());
        mount.status().ok()?.success().then_some(Self(path))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// Verbs that end with findings, and where they are looked for.
fn with_findings(place: &Place) -> Vec<String> {
    place.done("synth --users 40 --seed 1 --impressions-per-user 3 --out rejected --form csv");
    let path = place.path("rejected/friendships.csv");
    let text = fs::read_to_string(&path).expect("a table") + "x,y,z\n";
    fs::write(&path, text).expect("a bad row");
    place.done("seal rejected");
    place.done(&format!("{RUN} out"));
    place.done(&format!("{RUN} damaged"));
    fs::write(place.path("damaged/links.parquet"), "PAR1").expect("damage");
    place.done("consent import --ledger ledger --signals signals --objection-key key");
    place.write(
        "event",
        "{\"event_id\":999999,\"account_id\":1,\"kind\":\"opt_out\",\
         \"valid_time\":\"2016-12-01T00:00:00Z\",\"known_time\":\"2016-12-01T00:00:00Z\"}\nnot an event\n",
    );
    vec![
        "1 run --quiet --signals rejected --max-rejects 0 --out rejected-out".to_owned(),
        "1 verify damaged --quiet --signals signals".to_owned(),
        "2 consent append --ledger ledger event".to_owned(),
        "0 run --quiet --signals signals --out out".to_owned(),
        "0 synth --users 20 --out more".to_owned(),
    ]
}

/// With nobody reading, a verb ends as it would have.
pub(crate) fn closed_pipe(_: Effort) -> Row {
    let place = Place::with_inputs();
    let mut row = Row::default();
    for line in with_findings(&place) {
        let (expected, line) = line.split_once(' ').expect("a code and a line");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = place.command(line);
        command.stdout(writer);
        let ended = Ended::of(&command.stderr(Stdio::piped()).output().expect("it starts"));
        if ended.code.map(|code| code.to_string()).as_deref() == Some(expected) {
            row.right(format!("exit code {expected}"));
        } else {
            row.wrong(format!(
                "{line}: exit code {:?} for {expected}, {}",
                ended.code, ended.said
            ));
        }
    }
    row
}

/// A full standard output is named, and a full standard error is no panic.
pub(crate) fn full_output(_: Effort) -> Row {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        return Row::not_tried("there is no /dev/full");
    };
    let place = Place::with_inputs();
    place.done("consent import --ledger ledger --signals signals --objection-key key");
    place.done("run --quiet --signals signals --out out");
    let mut row = Row::default();
    for line in [
        "run --quiet --signals signals --out out",
        "synth --users 20 --out more",
        "import edges one.edges --out edges",
        "consent root --ledger ledger",
        "identity match --signals signals",
        "identity link --signals signals",
        "report out",
        "--help",
        "completions bash",
    ] {
        let mut command = place.command(line);
        command.stdout(full.try_clone().expect("the same file"));
        let ended = Ended::of(&command.stderr(Stdio::piped()).output().expect("it starts"));
        let is_named = ended
            .said
            .contains("cannot write to standard output: No space left");
        if ended.code == Some(2) && is_named {
            row.right("named");
        } else {
            row.wrong(format!(
                "{line}: exit code {:?}, {}",
                ended.code, ended.said
            ));
        }
        let mut command = place.command(line);
        command
            .stdout(Stdio::null())
            .stderr(full.try_clone().expect("the same file"));
        let code = command.status().expect("it starts").code();
        if code == Some(0) {
            row.right("no panic with a full standard error");
        } else {
            row.wrong(format!(
                "{line} with a full standard error: exit code {code:?}"
            ));
        }
    }
    row
}

/// A limit on memory ends a run with a message; the output before it stays.
pub(crate) fn memory(effort: Effort) -> Row {
    let place = Place::with_inputs();
    place.done("run --quiet --signals signals --as-of 2016-10-20 --out out");
    let before = place.tree("out");
    let mut row = Row::default();
    for mib in (100..400).step_by(effort.of(20, 2)) {
        if with_memory(&place, mib, "--version").code != Some(0) {
            continue; // It does not even start.
        }
        let ended = with_memory(&place, mib, &format!("{RUN} out"));
        if ended.code == Some(0) {
            break;
        }
        row.add(if place.tree("out") != before {
            Err(format!("{mib} MiB: another output, {:?}", ended.code))
        } else if ended.said.is_empty() {
            Err(format!("{mib} MiB: no word, {:?}", ended.code))
        } else {
            Ok("the old output, and the run ended with a message".to_owned())
        });
    }
    row
}

/// The program with so many MiB of addresses.
fn with_memory(place: &Place, mib: usize, line: &str) -> Ended {
    let line = format!("ulimit -c 0; ulimit -v {}; exec \"$0\" {line}", mib << 10);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &line])
        .arg(cargo_bin("acquaint"))
        .current_dir(place.path(""))
        .stdout(Stdio::null());
    Ended::of(&shell.output().expect("a shell"))
}

/// Small packed edge lists with very much in them are refused by each verb that reads one.
pub(crate) fn edge_bombs(_effort: Effort) -> Row {
    let mut row = Row::default();
    let place = Place::with_inputs();
    for (name, text, flag) in [
        (
            "rows.csv.gz",
            "1 2\n".repeat(2_000_000),
            "--max-rows-per-byte",
        ),
        (
            "neighbours.adj.gz",
            "1 ".repeat(2_000_000),
            "--max-rows-per-byte",
        ),
        ("comment.csv.gz", "#".repeat(40 << 20), "longer than 32 MiB"),
    ] {
        fs::write(place.path(name), gzip(&text)).expect("a file");
        for line in [
            format!("import edges {name} --out out"),
            format!("evaluate friends --edges {name}"),
            format!("train friends --edges {name} --out out"),
        ] {
            let ended = place.acquaint(&line);
            let is_named = ended.said.contains(name) && ended.said.contains(flag);
            row.add(
                if ended.code == Some(2) && is_named && !place.path("out").exists() {
                    Ok("refused by name, nothing written".to_owned())
                } else {
                    Err(format!(
                        "{line}: exit code {:?}, {}",
                        ended.code, ended.said
                    ))
                },
            );
        }
    }
    row
}

/// A small Parquet file of one ad that wants people with very many interests.
pub(crate) fn list_bomb(effort: Effort) -> Row {
    let place = Place::with_inputs();
    place.clear(&["signals/sums.json"]);
    let n_values = effort.of(1_000_000, 30_000_000);
    fs::write(place.path("signals/ads.parquet"), list_of(n_values)).expect("a file");
    let ended = place.acquaint("run --quiet --signals signals --out out");
    let is_named = ["ads.parquet", "values in a column", "max_rows_per_byte"]
        .iter()
        .all(|word| ended.said.contains(word));
    let mut row = Row::default();
    row.add(
        if ended.code == Some(2) && is_named && !place.path("out").exists() {
            Ok("refused by name, nothing written".to_owned())
        } else {
            Err(format!("exit code {:?}, {}", ended.code, ended.said))
        },
    );
    row
}

/// A table of ads with one row, of which a list has so many values, all the same.
fn list_of(n_values: usize) -> Vec<u8> {
    let items = DictionaryArray::<Int32Type>::new(
        Int32Array::from(vec![0; n_values]),
        Arc::new(StringArray::from(vec!["a"])),
    );
    let item = Arc::new(Field::new("item", items.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths([n_values]);
    let list = ListArray::new(item, offsets, Arc::new(items), None);
    let text = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let batch = RecordBatch::try_from_iter([
        ("ad_id", text("1")),
        ("advertiser_id", text("1")),
        ("category", text("shoes")),
        ("bid", text("1")),
        ("starts_at", text("2016-01-01T00:00:00Z")),
        ("ends_at", text("2017-01-01T00:00:00Z")),
        ("target_interests", Arc::new(list)),
    ]);
    let batch = batch.expect("columns of one row");
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).expect("a schema");
    writer.write(&batch).expect("memory");
    writer.close().expect("memory");
    bytes
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(text.as_bytes()).expect("memory");
    packed.finish().expect("memory")
}

/// Small packed files with very much in them are refused before a row is kept.
pub(crate) fn bombs(_effort: Effort) -> Row {
    let mut row = Row::default();
    let lines = |line: &str, n: usize| format!("account_id,phone,saved_at\n{}", line.repeat(n));
    for (what, text) in [
        ("rows of a letter", lines("x\n", 200_000)),
        ("empty rows", lines("\n", 200_000)),
        ("a row without end", lines("0", 2_000_000)),
    ] {
        let place = Place::with_inputs();
        place.clear(&["signals/address_book.parquet", "signals/sums.json"]);
        fs::write(place.path("signals/address_book.csv.gz"), gzip(&text)).expect("a file");
        let ended = place.acquaint("run --quiet --signals signals --out out");
        let is_named = ended.said.contains("address_book.csv.gz");
        let is_clean = !place.path("out").exists();
        row.add(if ended.code == Some(2) && is_named && is_clean {
            Ok("refused by name, nothing written".to_owned())
        } else {
            Err(format!(
                "{what}: exit code {:?}, {}",
                ended.code, ended.said
            ))
        });
    }
    row
}
