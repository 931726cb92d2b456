//! What stands in a directory, and how its names are shown.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::Path;

/// Names that are shown of many.
const SHOWN: usize = 3;

/// One entry of a directory.
pub(super) struct Entry {
    pub(super) name: OsString,
    /// A file as such: no link, directory, pipe or device.
    pub(super) is_file: bool,
}

/// Every entry of a directory, by name.
pub(super) fn entries(dir: &Path) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        found.push(Entry {
            name: entry.file_name(),
            is_file: entry.file_type()?.is_file(),
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The first few names of many.
pub(super) fn some_of(names: &[OsString]) -> String {
    let first: Vec<String> = names.iter().take(SHOWN).map(|name| shown(name)).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => first.join(", "),
        n_more => format!("{} and {n_more} more", first.join(", ")),
    }
}

/// A file's name as a message may show it: it may be anybody's, with a phone number or what a terminal obeys in it.
pub(super) fn shown(name: &OsStr) -> String {
    let name = name.to_string_lossy();
    let n_digits = name.chars().filter(|c| c.is_numeric()).count();
    if n_digits >= 5 {
        return "(a name with a number)".to_owned();
    }
    name.chars()
        .flat_map(|c| {
            let plain = (!c.is_control()).then_some(c);
            plain.into_iter().chain(
                plain
                    .is_none()
                    .then(|| c.escape_default())
                    .into_iter()
                    .flatten(),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_without_numbers_and_control_characters() {
        for (name, expected) in [
            ("recall.csv", "recall.csv"),
            ("+49 151 1234567.csv", "(a name with a number)"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("two\nlines", "two\\nlines"),
            (".git", ".git"),
        ] {
            assert_eq!(shown(OsStr::new(name)), expected);
        }
        let names: Vec<OsString> = ["a", "b", "c", "d", "e"].map(OsString::from).to_vec();
        assert_eq!(some_of(&names), "a, b, c and 2 more");
        assert_eq!(some_of(&names[..2]), "a, b");
    }
}
