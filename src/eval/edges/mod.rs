//! Reading public edge lists: tables of edges, lists of neighbours and matrices, plain or packed, from files or stdin.
//!
//! What is recognised:
//! - gzip and Zstandard by their first bytes; lines may end in `\n`, `\r\n` or `\r`;
//! - a file named `*.mtx`, or one that begins with `%%MatrixMarket`: a matrix in coordinates, general or symmetric, and
//!   square;
//! - `*.adjlist`: a node and its neighbours; `*.graph` and `*.metis`: the form of METIS; `*.adj`: one line a node, from
//!   0, its higher-numbered neighbours as gaps, the first counted from the node, each next one from the neighbour before;
//! - anything else is a table: an edge a line. Comment lines, which begin with `#` or `%`, and empty lines are skipped.
//!   Columns are divided by commas, or else by semicolons, tabs, bars or any white space, as the first line that counts
//!   has them, and every line has as many.
//!
//! The names of a table's header say which columns are the ends, the time and the weight; a column without a name is an
//! index. Where names do not say, the first two columns are the ends. Without a header, a number behind the ends that can
//! only be seconds since 1970 (or a smaller unit) is a time; smaller numbers are nothing. [`EdgeColumns`] overrules all of
//! that, and [`EdgeList::notes`] says what was taken for what. The first line is no header only because it cannot be
//! read.
//!
//! These are public data about nobody in particular, for evaluation and for `acquaint import edges`; a
//! wrong line is an error here and not a rejection, because half a graph is not worth evaluating on.

mod adjacency;
mod cells;
mod error;
mod ids;
mod layout;
mod limits;
mod lines;
mod matrix;
mod names;
mod other_forms;
mod table;
#[cfg(test)]
mod tests;
mod time;

use std::path::Path;

pub use error::EdgesError;
pub use ids::EdgeIds;
pub use layout::EdgeColumns;
pub use limits::EdgeLimits;

use ids::{Ids, Numbered};

pub(in crate::eval) use cells::{Separator, split};
pub(in crate::eval) use lines::Lines;
pub(in crate::eval) use names::{fold, is_index};

/// One line of an edge list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeRow {
    /// The first end: in a directed log, who acted.
    pub src: u64,
    /// The second end.
    pub dst: u64,
    /// When, in whatever unit the file counts.
    pub timestamp: Option<i64>,
}

/// The rows of an edge list in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EdgeList {
    rows: Vec<EdgeRow>,
    /// A row stands for both directions.
    is_symmetric: bool,
    notes: Vec<String>,
    n_weightless: u64,
    n_negative: u64,
    n_alone: u64,
    has_data: bool,
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

    /// What whoever reads the list should know: which columns were taken for what where that is not plain, and what was
    /// left out. Sentences without a full stop.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        let mut count = |n: u64, one: &str, many: &str| {
            if n > 0 {
                notes.push(format!("{n} {}", if n == 1 { one } else { many }));
            }
        };
        count(
            self.n_weightless,
            "row of weight 0 is no edge",
            "rows of weight 0 are no edges",
        );
        count(
            self.n_negative,
            "row of negative weight is an edge as any other",
            "rows of negative weight are edges as any other",
        );
        count(
            self.n_alone,
            "node without neighbours is left out",
            "nodes without neighbours are left out",
        );
        if self.has_data {
            notes.push("what stands in braces is not read".into());
        }
        notes
    }

    /// How many rows have no time.
    #[must_use]
    pub fn n_without_time(&self) -> usize {
        self.rows
            .iter()
            .filter(|row| row.timestamp.is_none())
            .count()
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
        let mut found = pairs(self.rows.iter().map(|row| (row.src, row.dst)));
        if self.is_symmetric {
            let mirrored: Vec<(u64, u64)> = found.pairs.iter().map(|&(a, b)| (b, a)).collect();
            found.pairs.extend(mirrored);
            found.pairs.sort_unstable();
            found.pairs.dedup();
        }
        found
    }

    fn push(&mut self, src: u64, dst: u64) {
        self.rows.push(EdgeRow {
            src,
            dst,
            timestamp: None,
        });
    }

    /// Takes a row with its weight: what weighs nothing is no edge.
    fn take(&mut self, row: EdgeRow, weight: Option<f64>) {
        if weight == Some(0.0) {
            self.n_weightless += 1;
            return;
        }
        self.n_negative += u64::from(weight.is_some_and(|weight| weight < 0.0));
        self.rows.push(row);
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

/// Edge lists over the same people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EdgeLists {
    /// In the order they were asked for.
    pub lists: Vec<EdgeList>,
    /// The texts of the ids from 1 on, if they were numbered by [`EdgeIds::Dictionary`].
    pub texts: Vec<String>,
}

/// Reads an edge list of whole numbers; `-` is stdin.
///
/// # Errors
/// If it cannot be read, or at the first line that is not an edge.
///
/// # Complexity
/// O(rows) time and space; a line may have up to 32 MiB, and a list what [`EdgeLimits`] allow by default.
pub fn read_edges(path: &Path) -> Result<EdgeList, EdgesError> {
    read(
        path,
        &EdgeColumns::default(),
        &mut Ids::new(EdgeIds::Numbers),
        EdgeLimits::default(),
    )
}

/// A file of edges, and what is said of its columns.
#[derive(Clone, Copy, Debug)]
pub struct EdgeFile<'a> {
    /// The file; `-` is stdin.
    pub path: &'a Path,
    /// What is said of its columns.
    pub said: &'a EdgeColumns,
}

/// Reads edge lists over the same people, each with what is said of its columns; `-` is stdin.
///
/// # Errors
/// As [`read_edges`].
///
/// # Complexity
/// As [`read_edges`], and O(n log n) time for n different ids that are text.
pub fn read_edge_lists(
    files: &[EdgeFile<'_>],
    ids: EdgeIds,
    limits: EdgeLimits,
) -> Result<EdgeLists, EdgesError> {
    let mut ids = Ids::new(ids);
    let read_one = |file: &EdgeFile<'_>| read(file.path, file.said, &mut ids, limits);
    let mut lists: Vec<EdgeList> = files.iter().map(read_one).collect::<Result<_, _>>()?;
    let Numbered { texts, number_of } = ids.finish();
    if !texts.is_empty() {
        let rows = lists.iter_mut().flat_map(|list| &mut list.rows);
        for row in rows {
            (row.src, row.dst) = (numbered(&number_of, row.src), numbered(&number_of, row.dst));
        }
    }
    Ok(EdgeLists { lists, texts })
}

fn numbered(number_of: &[u64], place: u64) -> u64 {
    usize::try_from(place)
        .ok()
        .and_then(|place| number_of.get(place).copied())
        .expect("every id was numbered")
}

fn read(
    path: &Path,
    said: &EdgeColumns,
    ids: &mut Ids,
    limits: EdgeLimits,
) -> Result<EdgeList, EdgesError> {
    parse(Lines::open(path, limits)?, said, ids)
}

fn parse(mut lines: Lines<'_>, said: &EdgeColumns, ids: &mut Ids) -> Result<EdgeList, EdgesError> {
    match form(lines.path) {
        Some("adj") => return adjacency::gap_coded(lines.of_neighbours(), ids),
        Some("adjlist") => return adjacency::neighbours(lines.of_neighbours(), ids),
        Some("graph" | "metis") => return adjacency::metis(lines.of_neighbours(), ids),
        _ => {}
    }
    let Some(first) = lines.read()?.map(str::to_owned) else {
        return Ok(EdgeList::default());
    };
    if matrix::is_banner(&first) {
        return matrix::read(lines, &first, ids);
    }
    if matches!(form(lines.path), Some("mtx" | "mm")) {
        return Err(lines.error("a Matrix Market file begins with `%%MatrixMarket`".into()));
    }
    table_of(lines, first, said, ids)
}

/// Read as one list of edges, two columns of two kinds would be ids of one.
const BIPARTITE: &str = "a comment says that this graph is bipartite (`bip`): its two columns number things of two kinds, and \
                         would be read as one. Join it into ties between people first";

/// A table: the first line that is no comment decides.
fn table_of(
    mut lines: Lines<'_>,
    mut first: String,
    said: &EdgeColumns,
    ids: &mut Ids,
) -> Result<EdgeList, EdgesError> {
    while table::is_left_out(&first, EdgeIds::Numbers) {
        if other_forms::is_bipartite(&first) {
            return Err(lines.error(BIPARTITE.into()));
        }
        match lines.read()? {
            Some(line) => line.clone_into(&mut first),
            None => return Ok(EdgeList::default()),
        }
    }
    if let Some(form) = other_forms::of(&first) {
        let reason =
            format!("this is {form}, which is not read: write a table with an edge a line");
        return Err(lines.error(reason.into()));
    }
    table::read(lines, &first, said, ids)
}

/// What the ending of a file's name says, in lower case, what it is packed with aside.
fn form(path: &Path) -> Option<&'static str> {
    const FORMS: [&str; 6] = ["adj", "adjlist", "graph", "metis", "mtx", "mm"];
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let packed = [".gz", ".zst", ".zstd"];
    let name = packed
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(&name);
    let (_, ending) = name.rsplit_once('.')?;
    FORMS.into_iter().find(|form| *form == ending)
}
