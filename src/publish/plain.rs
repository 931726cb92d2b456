//! Files that are read whole: plain ones, and no longer than they may be.

use std::fs::{self, File, FileType};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// Opens a file that is one: a pipe would be waited for, and a device may never end.
///
/// # Errors
/// If it is not there, or something else.
pub fn open_plain(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_file() {
        return File::open(path);
    }
    let why = format!("it is {}, and a plain file is expected", named(kind));
    Err(io::Error::new(ErrorKind::InvalidInput, why))
}

/// Reads a plain file of at most so many bytes.
///
/// # Errors
/// If it is not there, no plain file, longer, or cannot be read.
pub fn read_plain(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = open_plain(path)?;
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 <= max_bytes {
        return Ok(bytes);
    }
    let why = format!("it has more than the {max_bytes} bytes that such a file may have");
    Err(io::Error::new(ErrorKind::FileTooLarge, why))
}

/// Reads the text of a plain file of at most so many bytes.
///
/// # Errors
/// As [`read_plain`], and if it is not UTF-8.
pub fn read_plain_text(path: &Path, max_bytes: u64) -> io::Result<String> {
    String::from_utf8(read_plain(path, max_bytes)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}

fn named(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_dir() => "a directory",
        kind if kind.is_fifo() => "a pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deny_what_is_no_file_and_what_is_too_long() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_plain_text(&path, 5).unwrap(), "12345");
        assert!(
            read_plain(&path, 4)
                .unwrap_err()
                .to_string()
                .contains("more than the 4 bytes")
        );
        let error = read_plain(dir.path(), 4).unwrap_err().to_string();
        assert!(error.contains("a directory"), "{error}");
        let error = read_plain(Path::new("/dev/zero"), 4)
            .unwrap_err()
            .to_string();
        assert!(error.contains("a device"), "{error}");
    }
}
