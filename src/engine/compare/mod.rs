//! Compare: what changed between two outputs, for whom and why.
//!
//! Two outputs are enough: whose rows went and came, and what the manifests say the runs differ in. With the tables of the later
//! run the reasons are closer, an opt-out or a block: they are those of [`recall`](crate::engine::recall), from the same function.
//! Nothing else of the tables is told.

mod change;
mod rows;
mod runs;
mod table;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

pub use self::change::{Change, RowChange, TableChange, Why};
pub(in crate::engine) use self::rows::SHAPES;
use self::rows::{Shape, rows};
pub use self::runs::RunDifference;
use self::runs::{differences, why};
use self::table::{RowsAlone, Sides, Told};
use crate::engine::outputs::{AsOfTimes, Manifest, OutputRow, SuggestionRow};
use crate::engine::published::read_output;
use crate::engine::recall::parameters;
use crate::engine::{EngineError, LedgerSource, Progress, RecallReason, RecallRequest, recall};
use crate::hash::HashSet;
use crate::signals::Friendship;
use crate::time::Timestamp;

/// The format of a comparison.
const FORMAT: &str = "acquaint-compare/1";

/// What to compare.
#[derive(Clone, Copy, Debug)]
pub struct CompareRequest<'a> {
    /// The output directory of the earlier run,
    pub before: &'a Path,
    /// and of the later.
    pub after: &'a Path,
    /// The tables of the later run, which say more of why.
    pub signals: Option<&'a Path>,
    /// The ledger to ask, in the place of the tables of consent.
    pub ledger: Option<&'a LedgerSource<'a>>,
    /// The caller's clock, as in [`RecallRequest`].
    pub latest: Option<Timestamp>,
    /// How many rows that differ are listed; all are counted.
    pub max_rows: usize,
}

/// What changed between two outputs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// `acquaint-compare/1`.
    pub format: &'static str,
    /// The earlier run,
    pub before: ComparedRun,
    /// and the later.
    pub after: ComparedRun,
    /// Whether the tables of the later run were asked for reasons.
    pub asked_signals: bool,
    /// What the runs differ in.
    pub runs: Vec<RunDifference>,
    /// Every table that either output has.
    pub tables: Vec<TableChange>,
    /// The first rows that differ, by table: decisions before mere figures.
    pub rows: Vec<RowChange>,
    /// How many more there are.
    pub rows_unlisted: u64,
}

/// A run that is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedRun {
    /// The moments it speaks of.
    pub as_of: AsOfTimes,
    /// The version that made it.
    pub acquaint: String,
    /// How many findings it had.
    pub findings: u64,
}

impl ComparedRun {
    fn of(manifest: &Manifest) -> Self {
        Self {
            as_of: manifest.as_of,
            acquaint: manifest.acquaint.clone(),
            findings: manifest.findings.len() as u64,
        }
    }
}

impl Comparison {
    /// Is every row of every table the same?
    #[must_use]
    pub fn is_same(&self) -> bool {
        let is_same = |table: &TableChange| table.n_decisions() + table.rescored == 0;
        self.tables.iter().all(is_same)
    }
}

/// Compares two outputs.
///
/// # Errors
/// If an output is not as it was written or cannot be read, or a table cannot be read.
///
/// # Complexity
/// O(n log n) time for n rows of both outputs and 80 bytes for each row of one table; with tables, that of [`recall`] besides.
pub fn compare(
    request: &CompareRequest<'_>,
    progress: &dyn Progress,
) -> Result<Comparison, EngineError> {
    let before = read_output(request.before)?;
    let after = read_output(request.after)?;
    let told = Asked::of(request, &before, &after, progress)?;
    progress.begin("comparing the outputs", None);
    let (mut tables, mut list) = (Vec::new(), List::new(request.max_rows));
    for shape in shapes(&before, &after) {
        let (one, other) = (
            rows_of(request.before, &before, shape)?,
            rows_of(request.after, &after, shape)?,
        );
        let told: &dyn Told = told.as_ref().map_or(&RowsAlone, |told| told);
        let sides = Sides {
            shape,
            before: &one,
            after: &other,
            told,
            of_runs: why(shape.file, &before, &after),
        };
        tables.push(sides.compare(|row| list.add(row)));
    }
    let (rows, rows_unlisted) = list.finish();
    Ok(Comparison {
        format: FORMAT,
        before: ComparedRun::of(&before),
        after: ComparedRun::of(&after),
        asked_signals: told.is_some(),
        runs: differences(&before, &after),
        tables,
        rows,
        rows_unlisted,
    })
}

/// How each table changes from one output to rows that are not published yet.
///
/// # Errors
/// If a table cannot be read.
pub(in crate::engine) fn changes(
    (out, published): (&Path, &Manifest),
    (staged, manifest): (&Path, &Manifest),
) -> Result<Vec<TableChange>, EngineError> {
    let tables = shapes(published, manifest).map(|shape| {
        let (before, after) = (
            rows_of(out, published, shape)?,
            rows_of(staged, manifest, shape)?,
        );
        let sides = Sides {
            shape,
            before: &before,
            after: &after,
            told: &RowsAlone,
            of_runs: Why::NewRows,
        };
        Ok(sides.compare(drop))
    });
    tables.collect()
}

/// The tables that either output has.
fn shapes(before: &Manifest, after: &Manifest) -> impl Iterator<Item = &'static Shape> {
    let has = |manifest: &Manifest, file: &str| manifest.outputs.iter().any(|o| o.file == file);
    let all = SHAPES.iter();
    all.filter(move |shape| has(before, shape.file) || has(after, shape.file))
}

/// The rows of a table; an output of before may not have it.
fn rows_of(out: &Path, manifest: &Manifest, shape: &Shape) -> Result<Vec<rows::Row>, EngineError> {
    let mut files = manifest.outputs.iter().map(|output| output.file.as_str());
    if files.any(|file| file == shape.file) {
        rows(out, shape)
    } else {
        Ok(Vec::new())
    }
}

/// The first rows that differ: decisions before figures.
struct List {
    max: usize,
    decisions: Vec<RowChange>,
    figures: Vec<RowChange>,
    n: u64,
}

impl List {
    const fn new(max: usize) -> Self {
        Self {
            max,
            decisions: Vec::new(),
            figures: Vec::new(),
            n: 0,
        }
    }

    fn add(&mut self, row: RowChange) {
        self.n += 1;
        let rows = if row.change.is_decision() {
            &mut self.decisions
        } else {
            &mut self.figures
        };
        if rows.len() < self.max {
            rows.push(row);
        }
    }

    fn finish(mut self) -> (Vec<RowChange>, u64) {
        self.decisions.append(&mut self.figures);
        self.decisions.truncate(self.max);
        let n_unlisted = self.n - self.decisions.len() as u64;
        (self.decisions, n_unlisted)
    }
}

/// What the tables of the later run say of the rows of the earlier.
struct Asked {
    recalled: BTreeMap<(String, u64), RecallReason>,
    friends: HashSet<(u64, u64)>,
}

impl Asked {
    fn of(
        request: &CompareRequest<'_>,
        before: &Manifest,
        after: &Manifest,
        progress: &dyn Progress,
    ) -> Result<Option<Self>, EngineError> {
        let Some(signals) = request.signals else {
            return Ok(None);
        };
        let asked = RecallRequest {
            out: request.before,
            signals,
            ledger: request.ledger,
            known_at: Some(
                after
                    .as_of
                    .published_known
                    .max(before.as_of.published_known),
            ),
            latest: request.latest,
        };
        let rows = recall(&asked, progress)?.rows.into_iter();
        let recalled = rows.map(|row| ((row.table, row.row), row.reason)).collect();
        let dir = parameters(after, request.after)?.check()?.open(signals)?;
        let friends = dir.read::<Friendship>()?.records.into_iter();
        let since = |pair: &Friendship| pair.since <= after.as_of.valid;
        let friends = friends.filter(since);
        Ok(Some(Self {
            recalled,
            friends: friends.map(|pair| (pair.user_a.0, pair.user_b.0)).collect(),
        }))
    }
}

impl Told for Asked {
    fn recalled(&self, file: &str, row: u64) -> Option<Why> {
        let reason = self.recalled.get(&(file.to_owned(), row))?;
        Some(Why::Recalled(*reason))
    }

    fn are_friends(&self, file: &str, one: u64, other: u64) -> bool {
        file == SuggestionRow::FILE && self.friends.contains(&(one.min(other), one.max(other)))
    }
}
