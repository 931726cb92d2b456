//! Edge lists as verbs read them: which columns are what, and what is told about them.

use std::path::{Path, PathBuf};

use acquaint::eval::{
    EdgeColumns, EdgeFile, EdgeIds, EdgeLimits, EdgeList, EdgeLists, TimedEdge, read_edge_lists,
    simple_edges,
};
use acquaint::publish::shown;
use clap::{Args, ValueEnum};

use crate::exit::Failure;

/// What is what in an edge list.
#[derive(Debug, Args)]
#[command(next_help_heading = "Edge lists")]
pub(crate) struct EdgeListArgs {
    /// Column of the first end, by name or by number from 1
    #[arg(long, value_name = "COLUMN", requires = "edges")]
    pub(crate) source_column: Option<String>,
    /// Column of the second end
    #[arg(long, value_name = "COLUMN", requires = "edges")]
    pub(crate) target_column: Option<String>,
    /// Column that says when
    #[arg(long, value_name = "COLUMN", requires = "edges")]
    pub(crate) time_column: Option<String>,
    /// Column of a weight; a row of weight 0 is no edge
    #[arg(long, value_name = "COLUMN", requires = "edges")]
    pub(crate) weight_column: Option<String>,
    /// Whether the first line names the columns, if it cannot be told
    #[arg(long, value_enum, value_name = "WHETHER", requires = "edges")]
    pub(crate) header: Option<YesNo>,
    /// What ids are: whole numbers, or any text, which is numbered in the order of the texts
    #[arg(long, value_enum, value_name = "KIND", default_value_t = IdKind::Numbers, requires = "edges")]
    pub(crate) ids: IdKind,
    #[command(flatten)]
    limits: LimitArgs,
}

/// How much is read of an edge list.
#[derive(Debug, Args)]
#[command(next_help_heading = "Edge lists")]
#[expect(clippy::struct_field_names, reason = "each is named as its flag")]
struct LimitArgs {
    /// Bytes a list may have, unpacked
    #[arg(long, value_name = "N", default_value_t = EdgeLimits::default().max_bytes, requires = "edges")]
    max_bytes: u64,
    /// Rows a list may have
    #[arg(long, value_name = "N", default_value_t = EdgeLimits::default().max_rows, requires = "edges")]
    max_rows: u64,
    /// How many times larger than its file a packed list may be, beyond 16 MiB
    #[arg(long, value_name = "N", default_value_t = EdgeLimits::default().max_expansion, requires = "edges")]
    max_expansion: u64,
    /// Rows for every byte of a packed list, beyond 65536 rows
    #[arg(long, value_name = "N", default_value_t = EdgeLimits::default().max_rows_per_byte, requires = "edges")]
    max_rows_per_byte: u64,
}

impl LimitArgs {
    const fn limits(&self) -> EdgeLimits {
        EdgeLimits {
            max_bytes: self.max_bytes,
            max_rows: self.max_rows,
            max_expansion: self.max_expansion,
            max_rows_per_byte: self.max_rows_per_byte,
        }
    }
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum YesNo {
    Yes,
    No,
}

/// What ids of an edge list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IdKind {
    Numbers,
    Dictionary,
}

impl From<IdKind> for EdgeIds {
    fn from(kind: IdKind) -> Self {
        match kind {
            IdKind::Numbers => Self::Numbers,
            IdKind::Dictionary => Self::Dictionary,
        }
    }
}

impl EdgeListArgs {
    fn columns(&self) -> EdgeColumns {
        EdgeColumns {
            source: self.source_column.clone(),
            target: self.target_column.clone(),
            time: self.time_column.clone(),
            weight: self.weight_column.clone(),
            header: self.header.map(|header| header == YesNo::Yes),
        }
    }

    /// Reads an edge list, with what was said of its columns, and others over the same people, of which nothing was said;
    /// tells what was taken for what.
    pub(crate) fn read(&self, edges: &Path, others: &[PathBuf]) -> Result<EdgeLists, Failure> {
        let (said, nothing) = (self.columns(), EdgeColumns::default());
        let mut files = vec![EdgeFile {
            path: edges,
            said: &said,
        }];
        files.extend(others.iter().map(|path| EdgeFile {
            path,
            said: &nothing,
        }));
        let read = read_edge_lists(&files, self.ids.into(), self.limits.limits())?;
        for (file, list) in files.iter().zip(&read.lists) {
            for note in list.notes() {
                eprintln!("acquaint: {}: {note}", shown(file.path));
            }
        }
        Ok(read)
    }
}

/// Tells how many rows became how many edges, and what became of the others.
pub(crate) fn tell_counts(file: &Path, n_rows: usize, loops: u64, repeats: u64) {
    let n_edges = n_rows as u64 - loops - repeats;
    eprintln!(
        "acquaint: {}: {n_rows} rows gave {n_edges} edges; {loops} self-loops and {repeats} duplicates were skipped",
        shown(file)
    );
}

/// Every friendship of a list once, with its first time; told is what was left out, and how many rows have no time.
pub(crate) fn timed(file: &Path, list: &EdgeList) -> Vec<TimedEdge> {
    let rows = list.rows();
    let edges = simple_edges(rows);
    let loops = rows.iter().filter(|row| row.src == row.dst).count();
    let repeats = rows.len() - loops - edges.len();
    tell_counts(file, rows.len(), loops as u64, repeats as u64);
    let n_untimed = list.n_without_time();
    if (1..rows.len()).contains(&n_untimed) {
        eprintln!(
            "acquaint: {}: {n_untimed} rows have no time, and count as the earliest",
            shown(file)
        );
    }
    edges
}

/// Hiding the newest friendships means nothing where no friendship has a time, or all have the same.
pub(crate) fn refuse_without_times(edges: &[TimedEdge]) -> Result<(), Failure> {
    let mut times = edges.iter().map(|edge| edge.at);
    let first = times.next().flatten();
    let is_newest = |at: Option<_>| at != first;
    let what = match first {
        _ if edges.len() < 2 || times.any(is_newest) => return Ok(()),
        None => "no friendship has a time",
        Some(_) => "all friendships have the same time, so none is the newest",
    };
    let cure = "name the column with --time-column, or hide friendships at random";
    Err(Failure::new(
        "hiding the newest friendships",
        format!("{what}: {cure}"),
    ))
}
