//! Reading public edge lists: CSV, tab- or space-separated, gap-coded, plain or gzipped, from files or stdin.
//!
//! What is recognised, by the data and not by the name, except for the last:
//! - gzip by its first two bytes;
//! - comment lines, which begin with `#` or `%`, and empty lines are skipped;
//! - columns are divided by commas, or else by semicolons, or else by any white space, as the first line
//!   that counts has them;
//! - that line is a header if its first two columns are not whole numbers. The first two columns are the
//!   ends of an edge. With a header, a column named `timestamp`, `time` or `ts` is its time; without one, a
//!   third and last column that is a whole number is. All other columns are ignored;
//! - a file named `*.adj` or `*.adj.gz` has one line a node, from 0: its higher-numbered neighbours as gaps,
//!   the first counted from the node, each next one from the neighbour before.
//!
//! These are public data about nobody in particular, for evaluation and for `acquaint import edges`; a
//! wrong line is an error here and not a rejection, because half a graph is not worth evaluating on.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

/// One line of an edge list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeRow {
    /// The first column: in a directed log, who acted.
    pub src: u64,
    /// The second column.
    pub dst: u64,
    /// When, in whatever unit the file counts.
    pub timestamp: Option<i64>,
}

/// Why an edge list could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EdgesError {
    /// The file could not be opened or read to its end.
    #[error("cannot read {path}: {source}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line that is not an edge.
    #[error("{path}, line {line}: {reason}", path = path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1, comments and header included.
        line: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The rows of an edge list in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EdgeList {
    rows: Vec<EdgeRow>,
}

/// Pairs, each once, and what was dropped on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// Ascending, each once, no loops.
    pub pairs: Vec<(u64, u64)>,
    /// Rows whose two ends are the same.
    pub loops: u64,
    /// Rows that say again what another said.
    pub repeats: u64,
}

impl EdgeList {
    /// The rows in the order of the file, loops and repeats included.
    #[must_use]
    pub fn rows(&self) -> &[EdgeRow] {
        &self.rows
    }

    /// The simple undirected graph: smaller id first.
    #[must_use]
    pub fn undirected(&self) -> Pairs {
        pairs(
            self.rows
                .iter()
                .map(|row| (row.src.min(row.dst), row.src.max(row.dst))),
        )
    }

    /// The simple directed graph: `src` first.
    #[must_use]
    pub fn directed(&self) -> Pairs {
        pairs(self.rows.iter().map(|row| (row.src, row.dst)))
    }
}

fn pairs(rows: impl Iterator<Item = (u64, u64)>) -> Pairs {
    let mut pairs: Vec<_> = rows.collect();
    let n_rows = pairs.len();
    pairs.retain(|(a, b)| a != b);
    let n_kept = pairs.len();
    pairs.sort_unstable();
    pairs.dedup();
    Pairs {
        loops: (n_rows - n_kept) as u64,
        repeats: (n_kept - pairs.len()) as u64,
        pairs,
    }
}

/// Reads an edge list; `-` is stdin.
///
/// # Errors
/// If it cannot be read, or at the first line that is not an edge.
///
/// # Complexity
/// O(rows) time and space; a line may have up to 64 MiB.
pub fn read_edges(path: &Path) -> Result<EdgeList, EdgesError> {
    if path.as_os_str() == "-" {
        return parse(path, Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|source| io_error(path, source))?;
    parse(path, Box::new(BufReader::new(file)))
}

fn io_error(path: &Path, source: io::Error) -> EdgesError {
    let path = path.to_owned();
    EdgesError::Io { path, source }
}

fn parse(path: &Path, input: Box<dyn BufRead + '_>) -> Result<EdgeList, EdgesError> {
    let text = decompressed(input).map_err(|source| io_error(path, source))?;
    let lines = Lines::new(path, text);
    let rows = if is_gap_coded(path) {
        gap_coded(lines)?
    } else {
        separated(lines)?
    };
    Ok(EdgeList { rows })
}

fn is_gap_coded(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".adj") || name.ends_with(".adj.gz")
}

fn decompressed<'a>(mut input: Box<dyn BufRead + 'a>) -> io::Result<Box<dyn BufRead + 'a>> {
    let is_gzip = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if is_gzip {
        Box::new(BufReader::new(MultiGzDecoder::new(input)))
    } else {
        input
    })
}

/// A line longer than this is not an edge list's.
const LINE_MAX: u64 = 64 << 20;

struct Lines<'a> {
    path: &'a Path,
    input: Box<dyn BufRead + 'a>,
    buffer: Vec<u8>,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(path: &'a Path, input: Box<dyn BufRead + 'a>) -> Self {
        Self {
            path,
            input,
            buffer: Vec::new(),
            line: 0,
        }
    }

    /// The next line without its end, or nothing after the last one.
    fn read(&mut self) -> Result<Option<&str>, EdgesError> {
        self.buffer.clear();
        self.line += 1;
        let mut limited = self.input.as_mut().take(LINE_MAX);
        let n_read = limited
            .read_until(b'\n', &mut self.buffer)
            .map_err(|source| io_error(self.path, source))?;
        if n_read as u64 == LINE_MAX {
            return Err(self.error("line longer than 64 MiB"));
        }
        match std::str::from_utf8(&self.buffer) {
            Ok("") => Ok(None),
            Ok(text) => Ok(Some(text.trim_start_matches('\u{feff}').trim())),
            Err(_) => Err(self.error("not UTF-8")),
        }
    }

    fn error(&self, reason: &'static str) -> EdgesError {
        EdgesError::Line {
            path: self.path.to_owned(),
            line: self.line,
            reason,
        }
    }
}

/// How the columns of a file are divided, and which of them is the time.
struct Columns {
    separator: Option<char>,
    timestamp: Option<usize>,
}

/// The columns of a line without the spaces and quotes around them.
fn split(line: &str, separator: Option<char>) -> impl Iterator<Item = &str> {
    // Runs of white space divide as one, any other character divides each time.
    let is_end = move |c: char| separator.map_or_else(|| c.is_whitespace(), |s| c == s);
    line.split(is_end)
        .filter(move |column| separator.is_some() || !column.is_empty())
        .map(|column| column.trim().trim_matches('"'))
}

impl Columns {
    /// What the first line that counts tells, and whether it is a header.
    fn of(first: &str) -> (Self, bool) {
        let separator = [',', ';'].into_iter().find(|&c| first.contains(c));
        let columns: Vec<&str> = split(first, separator).collect();
        let is_header = columns
            .iter()
            .take(2)
            .all(|text| text.parse::<u64>().is_err());
        let timestamp = if is_header {
            columns.iter().position(|name| is_time(name))
        } else {
            let third = columns.get(2).filter(|_| columns.len() == 3);
            third.and_then(|text| text.parse::<i64>().ok()).map(|_| 2)
        };
        (
            Self {
                separator,
                timestamp,
            },
            is_header,
        )
    }

    fn row(&self, line: &str) -> Result<EdgeRow, &'static str> {
        const ENDS: &str = "expected two whole numbers";
        let mut ends = split(line, self.separator).map(str::parse::<u64>);
        let src = ends.next().and_then(Result::ok).ok_or(ENDS)?;
        let dst = ends.next().and_then(Result::ok).ok_or(ENDS)?;
        let timestamp = match self.timestamp {
            Some(at) => time(split(line, self.separator).nth(at))?,
            None => None,
        };
        Ok(EdgeRow {
            src,
            dst,
            timestamp,
        })
    }
}

fn is_time(name: &str) -> bool {
    ["timestamp", "time", "ts"].contains(&name.to_ascii_lowercase().as_str())
}

/// A time may be missing; what is there has to be a number. Fractions of its unit are cut off.
fn time(text: Option<&str>) -> Result<Option<i64>, &'static str> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    whole
        .parse()
        .map(Some)
        .map_err(|_| "expected a time in whole numbers")
}

fn separated(mut lines: Lines<'_>) -> Result<Vec<EdgeRow>, EdgesError> {
    let (mut rows, mut columns) = (Vec::new(), None);
    while let Some(line) = lines.read()? {
        if line.is_empty() || line.starts_with(['#', '%']) {
            continue;
        }
        if columns.is_none() {
            let (found, is_header) = Columns::of(line);
            columns = Some(found);
            if is_header {
                continue;
            }
        }
        let row = columns.as_ref().expect("set by the first line").row(line);
        rows.push(row.map_err(|reason| lines.error(reason))?);
    }
    Ok(rows)
}

fn gap_coded(mut lines: Lines<'_>) -> Result<Vec<EdgeRow>, EdgesError> {
    let mut rows = Vec::new();
    for src in 0.. {
        let Some(line) = lines.read()? else { break };
        let neighbours = unfold(src, line).map_err(|reason| lines.error(reason))?;
        rows.extend(neighbours.into_iter().map(|dst| EdgeRow {
            src,
            dst,
            timestamp: None,
        }));
    }
    Ok(rows)
}

fn unfold(src: u64, line: &str) -> Result<Vec<u64>, &'static str> {
    let mut last = src;
    line.split_whitespace()
        .map(|text| {
            let gap = text
                .parse::<u64>()
                .map_err(|_| "expected gaps in whole numbers")?;
            last = last
                .checked_add(gap)
                .ok_or("a gap leads past the largest id")?;
            Ok(last)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(name: &str, text: &[u8]) -> Result<EdgeList, EdgesError> {
        parse(Path::new(name), Box::new(text))
    }

    fn ends(list: &EdgeList) -> Vec<(u64, u64)> {
        list.rows().iter().map(|row| (row.src, row.dst)).collect()
    }

    #[test]
    fn every_separator_and_header_reads_the_same() {
        for text in [
            "src,dst\n1,2\n3,4\n",
            "1,2\n3,4",
            "\u{feff}\"a\";\"b\"\r\n\"1\";\"2\"\r\n3;4\r\n",
            "# comment\n% comment\n1 2\n\n  3    4  \n",
            "from\tto\tweight\n1\t2\t0.5\n3\t4\t0.25\n",
        ] {
            let list = read("edges", text.as_bytes()).unwrap();
            assert_eq!(ends(&list), [(1, 2), (3, 4)], "{text:?}");
            assert!(list.rows().iter().all(|row| row.timestamp.is_none()));
        }
    }

    #[test]
    fn times_are_kept() {
        for text in [
            "src,dst,rating,timestamp\n1,2,-3,77\n3,4,5,\n",
            "a b time\n1 2 77\n3 4\n",
        ] {
            let list = read("edges", text.as_bytes()).unwrap();
            let times: Vec<_> = list.rows().iter().map(|row| row.timestamp).collect();
            assert_eq!(times, [Some(77), None], "{text:?}");
        }
        let list = read("edges", b"1 2 77.9").unwrap();
        assert_eq!(list.rows()[0].timestamp, None, "no header, no whole number");
        assert_eq!(
            read("edges", b"1 2 77").unwrap().rows()[0].timestamp,
            Some(77)
        );
    }

    #[test]
    fn gzip_is_known_by_its_bytes() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"1,2\n").unwrap();
        assert_eq!(ends(&read("x", &gz.finish().unwrap()).unwrap()), [(1, 2)]);
    }

    #[test]
    fn gaps_count_from_the_node_and_then_from_the_neighbour() {
        let list = read("x.adj", b"1 2\n\n5\n").unwrap();
        assert_eq!(ends(&list), [(0, 1), (0, 3), (2, 7)]);
    }

    #[test]
    fn loops_and_repeats_are_dropped_and_counted() {
        let list = read("x", b"2,1\n1,2\n1,2\n3,3\n").unwrap();
        let undirected = list.undirected();
        assert_eq!(undirected.pairs, [(1, 2)]);
        assert_eq!((undirected.loops, undirected.repeats), (1, 2));
        assert_eq!(list.directed().pairs, [(1, 2), (2, 1)]);
        assert_eq!((list.directed().loops, list.directed().repeats), (1, 1));
    }

    #[test]
    fn deny_a_line_that_is_no_edge_by_its_number() {
        for (name, text, line) in [
            ("x", "src,dst\n1,2\n1\n", 3),
            ("x", "# c\n1,2\n1,-2\n", 3),
            ("x", "1,2,3\n1,2,x\n", 2),
            ("x", "1,two\n", 1),
            ("x.adj", "1\nx\n", 2),
            ("x.adj", "1\n18446744073709551615\n", 2),
        ] {
            let error = read(name, text.as_bytes()).unwrap_err();
            let wanted = format!("{name}, line {line}: ");
            assert!(error.to_string().starts_with(&wanted), "{text:?}: {error}");
        }
        assert!(read("x", b"1,2\n\xff\xfe\n").is_err());
        assert!(read_edges(Path::new("/nowhere")).is_err());
    }
}
