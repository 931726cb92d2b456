//! What README shows is what happens: its commands are run as they stand, in their order, and print what it says they print.
//!
//! Blocks marked `sh` hold commands; blocks marked `console` hold `$ command` and lines of its output, in their order, with `…` for what
//! is left out.

use std::fs;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A command, and lines that it has to print.
#[derive(Debug, PartialEq)]
struct Shown {
    command: String,
    prints: Vec<String>,
}

/// The commands of a page, in their order.
fn shown(page: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    let mut block = None;
    for line in page.lines() {
        let fence = line.strip_prefix("```");
        match (block, fence) {
            (None, Some(mark)) => block = Some(mark),
            (Some(_), Some(_)) => block = None,
            (Some("sh"), None) if !line.is_empty() => found.push(command(line)),
            (Some("console"), None) => match line.strip_prefix("$ ") {
                Some(line) => found.push(command(line)),
                None => found.last_mut().unwrap().prints.push(line.to_owned()),
            },
            _ => {}
        }
    }
    found
}

fn command(line: &str) -> Shown {
    Shown {
        command: line.replace("cargo run --release --", "acquaint"),
        prints: Vec::new(),
    }
}

/// A copy of the bundled data, which commands name from where they run.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (
            entry.as_ref().unwrap().path(),
            to.join(entry.unwrap().file_name()),
        );
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// Runs a command as a shell with the program on its path does.
fn run(command: &str, at: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_acquaint"));
    let with_program = "PATH=\"$1:$PATH\"; eval \"$2\"";
    let ended = Command::new("sh")
        .args(["-c", with_program, "sh"])
        .arg(program.parent().unwrap())
        .arg(command)
        .current_dir(at)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{command}\n{error}");
    String::from_utf8(ended.stdout).unwrap()
}

/// Does a line look like the one that is shown, `…` standing for anything?
fn is_like(line: &str, shown: &str) -> bool {
    match shown.split_once('…') {
        None => line.trim_end() == shown.trim_end(),
        Some((head, tail)) => line.starts_with(head) && line.ends_with(tail),
    }
}

fn assert_prints(shown: &Shown, printed: &str) {
    let mut lines = printed.lines();
    for wanted in &shown.prints {
        let found = lines.any(|line| is_like(line, wanted));
        assert!(
            found,
            "{} does not print {wanted:?}:\n{printed}",
            shown.command
        );
    }
}

/// Runs every command of a page, in a directory of its own with the bundled data.
fn run_page(page: &str) {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(ROOT).join("data"), &dir.path().join("data"));
    let shown = shown(page);
    let commands = shown
        .iter()
        .filter(|one| !one.command.starts_with("cargo "));
    for one in commands {
        assert_prints(one, &run(&one.command, dir.path()));
    }
}

/// No command stands where nobody runs it.
fn assert_no_command_outside(page: &str) {
    let outside = page.split("```").step_by(2).flat_map(str::lines);
    let is_command =
        |line: &&str| line.starts_with("    acquaint ") || line.starts_with("$ acquaint ");
    assert_eq!(outside.filter(is_command).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_command_of_readme_does_what_it_says() {
    let page = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let shown = shown(&page);
    assert!(shown.len() > 20 && shown.iter().any(|one| !one.prints.is_empty()));
    run_page(&page);
    assert_no_command_outside(&page);
}

#[test]
fn every_command_of_the_guides_does_what_it_says() {
    let guides = fs::read_dir(Path::new(ROOT).join("docs/guide")).unwrap();
    let mut n_commands = 0;
    for guide in guides {
        let page = fs::read_to_string(guide.unwrap().path()).unwrap();
        n_commands += shown(&page).len();
        run_page(&page);
        assert_no_command_outside(&page);
    }
    assert!(n_commands > 10, "{n_commands}");
}

/// The files that a page links to, relative to it.
fn links(page: &str) -> Vec<&str> {
    let targets = page
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    let files = targets.map(|(target, _)| target.split('#').next().unwrap_or_default());
    let is_file = |target: &&str| !target.is_empty() && !target.contains("://");
    files.filter(is_file).collect()
}

#[test]
fn every_page_is_in_the_book_and_no_link_leads_nowhere() {
    let docs = Path::new(ROOT).join("docs");
    let book = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    for folder in [docs.clone(), docs.join("guide")] {
        for page in fs::read_dir(&folder).unwrap() {
            let page = page.unwrap().path();
            if page.extension().is_none_or(|ending| ending != "md") {
                continue;
            }
            let text = fs::read_to_string(&page).unwrap();
            for link in links(&text) {
                assert!(folder.join(link).exists(), "{}: {link}", page.display());
            }
            let name = page.strip_prefix(&docs).unwrap().to_str().unwrap();
            assert!(
                name == "SUMMARY.md" || links(&book).contains(&name),
                "{name}"
            );
        }
    }
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    for link in links(&readme) {
        assert!(Path::new(ROOT).join(link).exists(), "README.md: {link}");
    }
}

/// `docs/picture` draws the page, and notes the digest of what it drew.
#[test]
fn the_picture_is_of_the_page_as_it_is() {
    let root = Path::new(ROOT);
    let page = fs::read(root.join("src/report/report.html")).unwrap();
    let drawn = fs::read_to_string(root.join("docs/report.png.of")).unwrap();
    let told = "the page has changed since docs/report.png was drawn: run docs/picture";
    let digest = Sha256::digest(&page);
    let digest: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest.concat(), drawn.trim(), "{told}");
}

#[test]
fn blocks_are_taken_apart() {
    let page = "```\nacquaint no\n```\n```sh\nacquaint a # b\n\nls\n```\n```console\n$ acquaint c\nx … z\n…\n```\n";
    let shown = shown(page);
    let commands: Vec<&str> = shown.iter().map(|one| one.command.as_str()).collect();
    assert_eq!(commands, ["acquaint a # b", "ls", "acquaint c"]);
    assert_eq!(shown[2].prints, ["x … z", "…"]);
    assert_prints(&shown[2], "first\nx y z\nlast\n");
}
