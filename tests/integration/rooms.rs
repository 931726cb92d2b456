//! The direction of imports between rooms: each room uses only rooms to its left.

use std::fs;
use std::path::{Path, PathBuf};

/// What every room may use.
const BASE: [&str; 9] = [
    "ahead",
    "hash",
    "ids",
    "near",
    "params",
    "publish",
    "score",
    "time",
    "toml_fault",
];

/// Each room, and the rooms it may use besides the base.
const ROOMS: [(&str, &[&str]); 15] = [
    ("consent", &[]),
    ("ledger", &["consent"]),
    ("signals", &["consent"]),
    ("identity", &["consent", "ledger", "signals"]),
    ("graph", &["consent"]),
    ("learn", &[]),
    ("retrieve", &[]),
    (
        "suggest",
        &["consent", "signals", "graph", "learn", "retrieve"],
    ),
    ("ads", &["consent", "signals", "learn", "retrieve"]),
    ("abuse", &["consent", "identity", "graph", "learn"]),
    ("business", &["consent", "signals"]),
    ("synth", &["consent", "signals"]),
    (
        "engine",
        &[
            "consent", "ledger", "signals", "identity", "graph", "suggest", "ads", "abuse",
            "business", "report",
        ],
    ),
    (
        "eval",
        &[
            "consent", "signals", "identity", "graph", "suggest", "ads", "abuse", "learn",
            "engine", "synth",
        ],
    ),
    ("report", &["consent", "abuse", "engine"]),
];

#[test]
fn deny_imports_to_the_right() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let wrong: Vec<String> = ROOMS
        .iter()
        .flat_map(|&(room, allowed)| {
            rust_files(&src.join(room))
                .into_iter()
                .flat_map(move |file| wrong_imports(&file, room, allowed))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "imports against the direction of the house:\n{}",
        wrong.join("\n")
    );
}

/// The corridors of the engine, one a purpose: what one needs of another arrives as plain data.
const CORRIDORS: [&str; 4] = ["friends", "ads", "abuse", "business"];

#[test]
fn deny_corridors_that_know_each_other() {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine");
    let mut wrong = Vec::new();
    for corridor in CORRIDORS.into_iter().chain(["world", "books"]) {
        for file in rust_files(&engine.join(corridor)) {
            let text = fs::read_to_string(&file).unwrap();
            let others = CORRIDORS.iter().filter(|other| **other != corridor);
            for other in others {
                if text.contains(&format!("crate::engine::{other}::")) {
                    wrong.push(format!("{}: {corridor} uses {other}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_is_listed() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(&src).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let stem = name.trim_end_matches(".rs");
        let known = BASE.contains(&stem) || ["lib", "error", "bin"].contains(&stem);
        assert!(
            known || ROOMS.iter().any(|(room, _)| *room == stem),
            "{name} is no room of this list"
        );
    }
}

#[test]
fn the_check_sees_a_wrong_import() {
    let line = "use crate::engine::Progress;";
    assert_eq!(imported(line).as_deref(), Some("engine"));
    assert_eq!(
        imported("    crate::suggest::rank()").as_deref(),
        Some("suggest")
    );
    assert_eq!(imported("// crate::suggest is elsewhere"), None);
}

fn wrong_imports(file: &Path, room: &str, allowed: &[&str]) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let is_wrong = |used: &str| used != room && !BASE.contains(&used) && !allowed.contains(&used);
    text.lines()
        .enumerate()
        .filter_map(|(i, line)| Some((i, imported(line)?)))
        .filter(|(_, used)| is_wrong(used))
        .map(|(i, used)| format!("{}:{}: {room} uses {used}", file.display(), i + 1))
        .collect()
}

/// The room that a line of code names after `crate::`, if it does.
fn imported(line: &str) -> Option<String> {
    let code = line.trim_start();
    if code.starts_with("//") {
        return None;
    }
    let (_, path) = code.split_once("crate::")?;
    let name: String = path
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    (!name.is_empty()).then_some(name)
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}
