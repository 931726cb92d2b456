//! Runs of the command line.

use std::path::Path;

use assert_cmd::Command;

/// Exit code, standard output and standard error of the program with these arguments, run in `dir`.
pub(crate) fn acquaint(args: &[&str], dir: &Path) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_acquaint"))
        .args(args)
        .current_dir(dir)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Arguments divided by single spaces.
pub(crate) fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// What the program prints; it has to succeed.
pub(crate) fn done(line: &str, dir: &Path) -> String {
    let (code, out, error) = acquaint(&words(line), dir);
    assert_eq!(code, 0, "{line}: {error}");
    out
}
