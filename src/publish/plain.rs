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
    refuse_all_but_files(path)?;
    File::open(path)
}

/// Opens a plain file, or what a descriptor of this process is open on already: so a shell hands over what a command writes
/// (`<(command)`), and nobody is waited for who may never come.
///
/// # Errors
/// If it is not there, or something else.
pub fn open_stream(path: &Path) -> io::Result<File> {
    if !is_descriptor(path) {
        refuse_all_but_files(path)?;
    }
    File::open(path)
}

/// Refuses what is no plain file, or no link to one, before anything opens it.
fn refuse_all_but_files(path: &Path) -> io::Result<()> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_file() {
        return Ok(());
    }
    let why = format!("it is {}, and a plain file is expected", named(kind));
    Err(io::Error::new(ErrorKind::InvalidInput, why))
}

/// Does it name a descriptor of this process?
fn is_descriptor(path: &Path) -> bool {
    let descriptors = || fs::canonicalize("/dev/fd").ok();
    let of_parent = || fs::canonicalize(path.parent()?).ok();
    path == Path::new("/dev/stdin") || of_parent().is_some_and(|at| Some(at) == descriptors())
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
    use std::os::fd::AsRawFd;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_pipe_is_read_only_if_it_is_open_already() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for path in [&path, &link] {
            for refused in [open_plain(path), open_stream(path)] {
                assert!(refused.unwrap_err().to_string().contains("a pipe"));
            }
        }
        let (reader, mut writer) = io::pipe().unwrap();
        io::Write::write_all(&mut writer, b"text").unwrap();
        drop(writer);
        let open = format!("/dev/fd/{}", reader.as_raw_fd());
        assert!(open_plain(Path::new(&open)).is_err());
        let mut text = String::new();
        let mut stream = open_stream(Path::new(&open)).unwrap();
        stream.read_to_string(&mut text).unwrap();
        assert_eq!(text, "text");
    }

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
