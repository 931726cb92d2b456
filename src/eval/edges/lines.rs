//! The lines of a file, whatever ends them, plain or packed.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use super::error::{EdgesError, Reason};
use super::limits::{Counted, EdgeLimits, Weighed};
use crate::signals::Members;

/// A line longer than this is not an edge list's.
const LINE_MAX: usize = 32 << 20;

pub(in crate::eval) struct Lines<'a> {
    pub(in crate::eval) path: &'a Path,
    input: Box<dyn BufRead + 'a>,
    buffer: Vec<u8>,
    line: u64,
    /// The line before ended in a carriage return, so a line feed here belongs to it.
    after_return: bool,
    weighed: Weighed,
    /// A line has as many rows as numbers.
    has_neighbours: bool,
}

impl<'a> Lines<'a> {
    /// Opens a plain file, or standard input for `-`.
    pub(in crate::eval) fn open(path: &'a Path, limits: EdgeLimits) -> Result<Self, EdgesError> {
        if path.as_os_str() == "-" {
            return Self::new(path, Box::new(io::stdin().lock()), limits);
        }
        refuse_all_but_files(path)?;
        let file = File::open(path).map_err(|source| io_error(path, source))?;
        Self::new(
            path,
            Box::new(BufReader::with_capacity(1 << 16, file)),
            limits,
        )
    }

    pub(super) fn new(
        path: &'a Path,
        input: Box<dyn BufRead + 'a>,
        limits: EdgeLimits,
    ) -> Result<Self, EdgesError> {
        let (input, packed) = unpacked(path, input)?;
        Ok(Self {
            path,
            input,
            buffer: Vec::new(),
            line: 0,
            after_return: false,
            weighed: Weighed::new(limits, packed),
            has_neighbours: false,
        })
    }

    /// Lines hold nodes' neighbours.
    pub(super) const fn of_neighbours(mut self) -> Self {
        self.has_neighbours = true;
        self
    }

    /// The next line without its end, or nothing after the last one.
    pub(in crate::eval) fn read(&mut self) -> Result<Option<&str>, EdgesError> {
        self.buffer.clear();
        self.line += 1;
        if !self.fill()? {
            return Ok(None);
        }
        self.refuse_more_rows()?;
        if self.buffer.len() > LINE_MAX {
            return Err(self.error("line longer than 32 MiB".into()));
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
    fn fill(&mut self) -> Result<bool, EdgesError> {
        while self.buffer.len() <= LINE_MAX {
            let filled = self.input.fill_buf();
            let available = filled.map_err(|source| io_error(self.path, source))?;
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
            let n_read = n_read + usize::from(end.is_some());
            self.input.consume(n_read);
            let weighed = self.weighed.bytes(n_read);
            weighed.map_err(|reason| self.file_error(reason))?;
            if end.is_some() {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// A line of a table is a row, and one of neighbours has a row for each.
    fn refuse_more_rows(&mut self) -> Result<(), EdgesError> {
        let n_rows = if self.has_neighbours {
            let numbers = self.buffer.split(u8::is_ascii_whitespace);
            numbers.filter(|number| !number.is_empty()).count()
        } else {
            1
        };
        let weighed = self.weighed.rows(n_rows);
        weighed.map_err(|reason| self.file_error(reason))
    }

    pub(in crate::eval) fn error(&self, reason: Reason) -> EdgesError {
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

/// What is in a file, and a count of what was read of it if it is packed.
type Input<'a> = (Box<dyn BufRead + 'a>, Option<Rc<Cell<u64>>>);

fn unpacked<'a>(path: &Path, mut input: Box<dyn BufRead + 'a>) -> Result<Input<'a>, EdgesError> {
    let io = |source| io_error(path, source);
    let head = input.fill_buf().map_err(io)?;
    let is_gzip = head.starts_with(&[0x1f, 0x8b]);
    let is_zstd = head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    let mut packed = None;
    if is_gzip || is_zstd {
        let n_bytes = Rc::default();
        let counted = Counted::new(input, Rc::clone(&n_bytes));
        packed = Some(n_bytes);
        let plain: Box<dyn Read + 'a> = if is_gzip {
            Box::new(Members::new(counted))
        } else {
            Box::new(zstd::stream::read::Decoder::with_buffer(counted).map_err(io)?)
        };
        input = Box::new(BufReader::with_capacity(1 << 16, plain));
    }
    match other_form(input.fill_buf().map_err(io)?) {
        None => Ok((input, packed)),
        Some(form) => {
            let reason =
                format!("{form}; what is read is UTF-8 text, plain or packed with gzip or zstd");
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
