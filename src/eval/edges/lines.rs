//! The lines of a file, whatever ends them, plain or packed.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::error::{EdgesError, Reason};
use crate::signals::Members;

/// A line longer than this is not an edge list's.
const LINE_MAX: usize = 64 << 20;

pub(super) struct Lines<'a> {
    pub(super) path: &'a Path,
    input: Box<dyn BufRead + 'a>,
    buffer: Vec<u8>,
    line: u64,
    /// The line before ended in a carriage return, so a line feed here belongs to it.
    after_return: bool,
}

impl<'a> Lines<'a> {
    /// Opens a plain file, or standard input for `-`.
    pub(super) fn open(path: &'a Path) -> Result<Self, EdgesError> {
        if path.as_os_str() == "-" {
            return Self::new(path, Box::new(io::stdin().lock()));
        }
        refuse_all_but_files(path)?;
        let file = File::open(path).map_err(|source| io_error(path, source))?;
        Self::new(path, Box::new(BufReader::with_capacity(1 << 16, file)))
    }

    pub(super) fn new(path: &'a Path, input: Box<dyn BufRead + 'a>) -> Result<Self, EdgesError> {
        Ok(Self {
            path,
            input: unpacked(path, input)?,
            buffer: Vec::new(),
            line: 0,
            after_return: false,
        })
    }

    /// The next line without its end, or nothing after the last one.
    pub(super) fn read(&mut self) -> Result<Option<&str>, EdgesError> {
        self.buffer.clear();
        self.line += 1;
        if !self.fill().map_err(|source| io_error(self.path, source))? {
            return Ok(None);
        }
        if self.buffer.len() > LINE_MAX {
            return Err(self.error("line longer than 64 MiB".into()));
        }
        let skipped = if self.line == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        match std::str::from_utf8(&self.buffer[skipped..]) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(self.error("not UTF-8; save the file as UTF-8".into())),
        }
    }

    /// Reads up to the end of a line; false if there is nothing more. Stops where a line is too long.
    fn fill(&mut self) -> io::Result<bool> {
        while self.buffer.len() <= LINE_MAX {
            let available = self.input.fill_buf()?;
            let Some(&first) = available.first() else {
                return Ok(!self.buffer.is_empty());
            };
            if std::mem::take(&mut self.after_return) && first == b'\n' {
                self.input.consume(1);
                continue;
            }
            let end = available
                .iter()
                .position(|byte| matches!(byte, b'\n' | b'\r'));
            let n_read = end.unwrap_or(available.len());
            self.buffer.extend_from_slice(&available[..n_read]);
            self.after_return = end.is_some_and(|at| available[at] == b'\r');
            self.input.consume(n_read + usize::from(end.is_some()));
            if end.is_some() {
                return Ok(true);
            }
        }
        Ok(true)
    }

    pub(super) fn error(&self, reason: Reason) -> EdgesError {
        EdgesError::Line {
            path: self.path.to_owned(),
            line: self.line,
            reason,
        }
    }

    /// Something is wrong that no single line is to blame for.
    pub(super) fn file_error(&self, reason: impl Into<Reason>) -> EdgesError {
        file_error(self.path, reason.into())
    }
}

fn io_error(path: &Path, source: io::Error) -> EdgesError {
    let path = path.to_owned();
    EdgesError::Io { path, source }
}

fn file_error(path: &Path, reason: Reason) -> EdgesError {
    let path = path.to_owned();
    EdgesError::File { path, reason }
}

/// A pipe would wait for ever for somebody to write, a device never ends.
fn refuse_all_but_files(path: &Path) -> Result<(), EdgesError> {
    let metadata = fs::metadata(path).map_err(|source| io_error(path, source))?;
    if metadata.is_file() {
        return Ok(());
    }
    let path = path.to_owned();
    let kind = kind_of(metadata.file_type());
    Err(EdgesError::NotAFile { path, kind })
}

#[cfg(unix)]
fn kind_of(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        _ if kind.is_dir() => "a directory",
        _ if kind.is_fifo() => "a named pipe",
        _ if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn kind_of(kind: fs::FileType) -> &'static str {
    if kind.is_dir() {
        "a directory"
    } else {
        "a device"
    }
}

fn unpacked<'a>(
    path: &Path,
    mut input: Box<dyn BufRead + 'a>,
) -> Result<Box<dyn BufRead + 'a>, EdgesError> {
    let io = |source| io_error(path, source);
    let head = input.fill_buf().map_err(io)?;
    if head.starts_with(&[0x1f, 0x8b]) {
        input = Box::new(BufReader::with_capacity(1 << 16, Members::new(input)));
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let frames = zstd::stream::read::Decoder::with_buffer(input).map_err(io)?;
        input = Box::new(BufReader::with_capacity(1 << 16, frames));
    }
    match other_form(input.fill_buf().map_err(io)?) {
        None => Ok(input),
        Some(form) => {
            let reason =
                format!("{form}; an edge list is UTF-8 text, plain or packed with gzip or zstd");
            Err(file_error(path, reason.into()))
        }
    }
}

/// Forms that are known by their first bytes and not read.
fn other_form(head: &[u8]) -> Option<&'static str> {
    const FORMS: [(&[u8], &str); 8] = [
        (&[0x28, 0xb5, 0x2f, 0xfd], "compressed twice"),
        (b"BZh", "compressed with bzip2"),
        (&[0xfd, b'7', b'z', b'X', b'Z'], "compressed with xz"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"PAR1", "a Parquet file"),
        (&[0xff, 0xfe], "UTF-16"),
        (&[0xfe, 0xff], "UTF-16"),
        (&[0x1f, 0x8b], "compressed twice"),
    ];
    let form = FORMS.iter().find(|(magic, _)| head.starts_with(magic));
    form.map(|(_, name)| *name)
}
