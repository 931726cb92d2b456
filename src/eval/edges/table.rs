//! Edge lists as tables: an edge a line, in columns.

use std::borrow::Cow;
use std::ops::Range;

use super::cells::{Separator, split};
use super::error::{EdgesError, Reason};
use super::ids::{EdgeIds, Ids};
use super::layout::{EdgeColumns, Layout};
use super::lines::Lines;
use super::time::Times;
use super::{EdgeList, EdgeRow};

/// A whole number from here on may have been guessed to be a time.
const FIRST_TIME: i64 = 100_000_000;
/// From so many lines on it is no accident that the first column counts them.
const COUNTED_LINES: u64 = 3;
/// From so many edges on it is no accident that the first line says how many there are.
const MANY_EDGES: u64 = 3;

/// Reads a table; `first` is its first line that counts, which was read already.
pub(super) fn read(
    mut lines: Lines<'_>,
    first: &str,
    said: &EdgeColumns,
    ids: &mut Ids,
) -> Result<EdgeList, EdgesError> {
    let separator = Separator::of(without_data(first).line);
    let mut table =
        Table::new(first, separator, said, ids.kind()).map_err(|reason| lines.error(reason))?;
    if !table.layout.has_header {
        table
            .take(first, ids)
            .map_err(|reason| lines.error(table.first(reason)))?;
    }
    while let Some(line) = lines.read()? {
        if is_left_out(line, ids.kind()) {
            continue;
        }
        let taken = table.take(line, ids);
        taken.map_err(|reason| lines.error(reason))?;
    }
    table.finish(ids).map_err(|reason| lines.file_error(reason))
}

/// Is this a comment or an empty line? Among texts, a line that begins with `#` may be an id.
pub(super) fn is_left_out(line: &str, ids: EdgeIds) -> bool {
    let line = line.trim_start();
    line.is_empty() || (ids == EdgeIds::Numbers && line.starts_with(['#', '%']))
}

struct Table {
    separator: Separator,
    layout: Layout,
    /// The ends of every line are divided as those of the first one, and each has as many.
    has_trailing: bool,
    is_first: bool,
    /// Somebody said whether there is a header.
    is_header_said: bool,
    counts: LineCounter,
    times: Times,
    cells: Vec<Range<usize>>,
    list: EdgeList,
}

impl Table {
    fn new(
        first: &str,
        separator: Separator,
        said: &EdgeColumns,
        ids: EdgeIds,
    ) -> Result<Self, Reason> {
        let mut places = Vec::new();
        split(without_data(first).line, separator, &mut places)?;
        let cells: Vec<&str> = places.into_iter().map(|place| &first[place]).collect();
        let layout = Layout::of(&cells, said, ids)?;
        Ok(Self {
            separator,
            layout,
            has_trailing: false,
            is_first: true,
            is_header_said: said.header.is_some(),
            counts: LineCounter::default(),
            times: Times::default(),
            cells: Vec::new(),
            list: EdgeList::default(),
        })
    }

    /// Takes a line that is an edge.
    fn take(&mut self, line: &str, ids: &mut Ids) -> Result<(), Reason> {
        let Bare { line, has_data } = without_data(line);
        self.list.has_data |= has_data;
        split(line, self.separator, &mut self.cells)?;
        if std::mem::take(&mut self.is_first) {
            self.settle(line);
        }
        if self.has_trailing {
            self.drop_trailing(line)?;
        }
        if self.cells.len() != self.layout.n {
            return Err(ragged(
                self.cells.len(),
                self.layout.n,
                FirstLine::of(&self.layout),
            ));
        }
        let cell = |at: usize| &line[self.cells[at].clone()];
        let end = |at: usize, ids: &mut Ids| {
            let id = ids.read(cell(at));
            id.map_err(|reason| Reason::from(format!("{}: {reason}", self.layout.name(at))))
        };
        self.counts.see(cell(0));
        let row = EdgeRow {
            src: end(self.layout.source, ids)?,
            dst: end(self.layout.target, ids)?,
            timestamp: match self.layout.time {
                None => None,
                Some(at) => self
                    .times
                    .read(cell(at))
                    .map_err(|reason| format!("{}: {reason}", self.layout.name(at)))?,
            },
        };
        self.check_guess(row.timestamp)?;
        let weight = self.layout.weight.map(|at| (at, cell(at)));
        let weight = weight.map_or(Ok(None), |(at, cell)| {
            weight_of(cell)
                .map_err(|reason| Reason::from(format!("{}: {reason}", self.layout.name(at))))
        })?;
        self.list.take(row, weight);
        Ok(())
    }

    /// What only the first line behind a header shows: whether R wrote names of rows, or every line ends in a separator.
    fn settle(&mut self, line: &str) {
        if !self.layout.has_header || self.cells.len() != self.layout.n + 1 {
            return;
        }
        let is_last_empty = self
            .cells
            .last()
            .is_some_and(|last| line[last.clone()].is_empty());
        if is_last_empty {
            self.has_trailing = true;
        } else {
            self.layout = self.layout.clone().behind_row_names();
        }
    }

    fn drop_trailing(&mut self, line: &str) -> Result<(), Reason> {
        match self.cells.pop() {
            Some(last) if line[last.clone()].is_empty() => Ok(()),
            _ => Err(ragged(
                self.cells.len() + 1,
                self.layout.n,
                FirstLine::Header,
            )),
        }
    }

    fn check_guess(&self, at: Option<i64>) -> Result<(), Reason> {
        let Some(column) = self.layout.time.filter(|_| self.layout.is_time_guessed) else {
            return Ok(());
        };
        if at.is_some_and(|at| at >= FIRST_TIME) {
            return Ok(());
        }
        let (name, number) = (self.layout.name(column), column + 1);
        Err(format!(
            "{name} looked like a time in the first line and does not here: say --time-column {number} if it is, or \
             --weight-column {number} if it is a weight"
        )
        .into())
    }

    /// The first line is a header or an edge, and which it is may have to be said.
    fn first(&self, reason: Reason) -> Reason {
        if self.layout.n < 2 {
            return reason;
        }
        format!(
            "{reason}; if this line names the columns, say --header yes, or say which are the ends with --source-column \
             and --target-column"
        )
        .into()
    }

    fn finish(mut self, ids: &Ids) -> Result<EdgeList, Reason> {
        let has_header = self.layout.has_header;
        self.refuse_counted()?;
        if !self.is_header_said && !has_header && !ids.are_texts() {
            refuse_sizes(&self.list.rows)?;
        }
        if has_header && ids.are_texts() {
            self.refuse_names_that_are_ids(ids)?;
        }
        if ids.are_texts() && !has_header {
            self.list
                .notes
                .push("no header was recognised: the first line is an edge".into());
        }
        self.list.notes.append(&mut self.layout.notes);
        Ok(self.list)
    }

    /// Without a header, a column in front that counts the lines is an index that lost its name.
    fn refuse_counted(&self) -> Result<(), Reason> {
        let is_end = [self.layout.source, self.layout.target].contains(&0);
        let is_plain = !self.layout.are_ends_guessed || self.layout.n < 3 || !is_end;
        if is_plain || self.layout.has_header || !self.counts.counts() {
            return Ok(());
        }
        Err("the first column counts the lines, as an index does: say which columns are the ends, with --source-column \
             and --target-column"
            .into())
    }

    fn refuse_names_that_are_ids(&self, ids: &Ids) -> Result<(), Reason> {
        let ends = [self.layout.source, self.layout.target];
        let is_id = |at: &&usize| {
            self.layout
                .names
                .get(**at)
                .is_some_and(|name| ids.has(name))
        };
        match ends.iter().find(is_id) {
            None => Ok(()),
            Some(&at) => Err(format!(
                "the first line looks like a header, but {} is an id in other lines: say --header yes or --header no",
                self.layout.name(at)
            )
            .into()),
        }
    }
}

/// A line without the braces in which networkx writes an edge's data.
struct Bare<'l> {
    line: &'l str,
    /// Were there any?
    has_data: bool,
}

fn without_data(line: &str) -> Bare<'_> {
    let line = line.trim_end();
    match line.find('{') {
        Some(at) if line.ends_with('}') => Bare {
            line: line[..at].trim_end_matches(' '),
            has_data: true,
        },
        _ => Bare {
            line,
            has_data: false,
        },
    }
}

/// What the first line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FirstLine {
    Header,
    Edge,
}

impl FirstLine {
    const fn of(layout: &Layout) -> Self {
        if layout.has_header {
            Self::Header
        } else {
            Self::Edge
        }
    }
}

fn ragged(n: usize, of: usize, first: FirstLine) -> Reason {
    let first = match first {
        FirstLine::Header => "the header names",
        FirstLine::Edge => "the first line has",
    };
    let columns = |n: usize| {
        if n == 1 {
            "1 column".to_owned()
        } else {
            format!("{n} columns")
        }
    };
    format!(
        "this line has {}, and {first} {of}; a list of neighbours is read from a file named .adjlist, and METIS from one \
         named .graph",
        columns(n)
    )
    .into()
}

/// Some files say first how many nodes and edges follow, and that looks like an edge.
fn refuse_sizes(rows: &[EdgeRow]) -> Result<(), Reason> {
    let Some((first, rest)) = rows.split_first() else {
        return Ok(());
    };
    if first.dst < MANY_EDGES || first.dst != rest.len() as u64 {
        return Ok(());
    }
    let ends = rest.iter().map(|row| row.src.max(row.dst));
    let greatest = ends.max().unwrap_or(0);
    if greatest == first.src || greatest + 1 == first.src {
        return Err("the first line may say how many nodes and edges follow: say --header yes if it does, and --header no if it \
             is an edge; a METIS graph is read from a file named .graph"
            .into());
    }
    Ok(())
}

/// A weight may be missing. Where a comma does not divide columns, it may divide a weight.
fn weight_of(cell: &str) -> Result<Option<f64>, Reason> {
    if cell.is_empty() {
        return Ok(None);
    }
    let with_point = if cell.contains(',') {
        Cow::Owned(cell.replacen(',', ".", 1))
    } else {
        Cow::Borrowed(cell)
    };
    let weight = with_point.parse::<f64>().ok();
    let weight = weight.filter(|weight| weight.is_finite());
    weight
        .map(Some)
        .ok_or_else(|| "expected a weight: a number".into())
}

/// Whether the first column counts lines: 0, 1, 2 … or 1, 2, 3 …
#[derive(Debug, Default)]
struct LineCounter {
    n_lines: u64,
    first: u64,
    is_broken: bool,
}

impl LineCounter {
    fn see(&mut self, cell: &str) {
        if self.is_broken {
            return;
        }
        match cell.parse::<u64>() {
            Ok(number) if self.n_lines == 0 && number <= 1 => self.first = number,
            Ok(number) if self.n_lines > 0 && number == self.first + self.n_lines => {}
            _ => self.is_broken = true,
        }
        self.n_lines += 1;
    }

    const fn counts(&self) -> bool {
        !self.is_broken && self.n_lines >= COUNTED_LINES
    }
}
