//! Tells the binary which commit it is built from.

#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script everything by its environment"
)]

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=ACQUAINT_COMMIT");
    let commit = env::var("ACQUAINT_COMMIT").ok().or_else(of_release);
    let commit = commit.filter(|commit| !commit.trim().is_empty());
    let commit = commit.map_or_else(String::new, |commit| format!(" ({})", commit.trim()));
    println!("cargo::rustc-env=ACQUAINT_OF_COMMIT={commit}");
}

/// The commit that is checked out, if there is a repository. Other builds than a release are not built anew after each commit.
fn of_release() -> Option<String> {
    if env::var("PROFILE").ok()? != "release" {
        return None;
    }
    // A package inside somebody else's repository is not of its commits.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if top != env::var("CARGO_MANIFEST_DIR").ok()? {
        return None;
    }
    for file in ["HEAD", "logs/HEAD"] {
        println!(
            "cargo::rerun-if-changed={}",
            git(&["rev-parse", "--git-path", file])?
        );
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let told = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(told.stdout).ok()?;
    told.status.success().then(|| text.trim().to_owned())
}
