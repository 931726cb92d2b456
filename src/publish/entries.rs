//! What stands in a directory.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

use super::shown::shown;

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
    let first: Vec<String> = names.iter().take(SHOWN).map(shown).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => first.join(", "),
        n_more => format!("{} and {n_more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_names_are_shown() {
        let names: Vec<OsString> = ["a", "b", "c", "d", "e"].map(OsString::from).to_vec();
        assert_eq!(some_of(&names), "a, b, c and 2 more");
        assert_eq!(some_of(&names[..2]), "a, b");
    }
}
