//! A directory to break things in: inputs, commands, and what stands where afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;

use crate::files::write_key;

/// A directory that goes away.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

/// Every path under a directory, with what is there.
pub(crate) type Tree = BTreeMap<PathBuf, Vec<u8>>;

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    /// A place with a small world in `signals`, another in `others`, and two edge lists.
    pub(crate) fn with_inputs() -> Self {
        let place = Self::new();
        place.done("synth --users 40 --seed 1 --impressions-per-user 3 --out signals");
        place.write_key("key");
        place.write("one.edges", "1 2\n2 3\n3 4\n1 4\n1 5\n");
        place.write("two.edges", "1 2\n2 3\n3 4\n4 5\n5 6\n6 1\n2 6\n");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in this place")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    /// Replaces the first of a text in a file, which has it.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).expect("a text");
        assert!(text.contains(from), "{name} has no {from}");
        fs::write(self.path(name), text.replacen(from, to, 1)).expect("a file");
    }

    /// A key that only its owner may read.
    pub(crate) fn write_key(&self, name: &str) {
        write_key(&self.path(name), "3c9f05d1a8627be4".repeat(4));
    }

    /// Removes what there is of these names.
    pub(crate) fn clear(&self, names: &[&str]) {
        for name in names {
            let path = self.path(name);
            if path.is_dir() && !path.is_symlink() {
                fs::remove_dir_all(path).expect("a directory");
            } else if path.symlink_metadata().is_ok() {
                fs::remove_file(path).expect("a file");
            }
        }
    }

    /// The program with arguments that single spaces divide, not yet started.
    pub(crate) fn command(&self, line: &str) -> Command {
        self.by(Command::new(cargo_bin("acquaint")), line)
    }

    /// The same under `strace`, with more of its arguments.
    pub(crate) fn traced(&self, strace: &[&str], line: &str) -> Command {
        let mut command = Command::new("strace");
        command
            .args(["-f", "-qq"])
            .args(strace)
            .arg(cargo_bin("acquaint"));
        self.by(command, line)
    }

    fn by(&self, mut command: Command, line: &str) -> Command {
        command
            .args(line.split(' '))
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    /// What the program says and how it ends.
    pub(crate) fn acquaint(&self, line: &str) -> Ended {
        Ended::of(&self.command(line).output().expect("the program starts"))
    }

    /// The program has to succeed.
    pub(crate) fn done(&self, line: &str) {
        let ended = self.acquaint(line);
        assert!(ended.code == Some(0), "{line}: {}", ended.said);
    }

    /// What is in a directory, or a file alone; nothing if it is not there.
    pub(crate) fn tree(&self, name: &str) -> Tree {
        let mut tree = Tree::new();
        collect(&self.path(name), Path::new(""), &mut tree);
        tree
    }

    /// The names in this directory.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).expect("a directory");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

/// How the program ended.
pub(crate) struct Ended {
    /// None if it was killed.
    pub(crate) code: Option<i32>,
    /// Its standard error.
    pub(crate) said: String,
}

impl Ended {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

fn collect(path: &Path, name: &Path, tree: &mut Tree) {
    let Ok(found) = fs::symlink_metadata(path) else {
        return;
    };
    let kind = found.file_type();
    if kind.is_dir() {
        tree.insert(name.to_owned(), b"directory".to_vec());
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            collect(&entry.path(), &name.join(entry.file_name()), tree);
        }
    } else if kind.is_symlink() {
        let target = fs::read_link(path).expect("a link");
        tree.insert(
            name.to_owned(),
            format!("link to {}", target.display()).into_bytes(),
        );
    } else if kind.is_fifo() {
        tree.insert(name.to_owned(), b"pipe".to_vec());
    } else {
        tree.insert(name.to_owned(), fs::read(path).expect("a file"));
    }
}
