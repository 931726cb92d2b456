//! Check: what a run would stop at, reject or leave out, all of it at once and before anything is scored.
//!
//! A run names the first thing it stops at. Whoever brings tables of their own wants the whole list: [`check`] tries every table by
//! itself, and where they all can be read it asks the ledger as a run does.

mod rejected;
mod tables;

use serde::Serialize;

pub use self::rejected::{BadRow, RejectedRows};
pub use self::tables::CheckedTable;
use crate::consent::{AdRelevance, FriendSuggestions};
use crate::engine::books::reading::{Reader, read_address_book};
use crate::engine::opening::{Opened, SignalsRequest};
use crate::engine::world::World;
use crate::engine::{EngineError, Progress, RunFinding, Stage};
use crate::signals::{Rejection, SignalsDir};

/// What was found. Nothing of it is written anywhere.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Checked {
    /// What a run would stop at, each with what to do about it.
    pub stops: Vec<String>,
    /// Every table, in the order of docs/formats.md.
    pub tables: Vec<CheckedTable>,
    /// Rows that cannot be used, by file, column and reason, most rows first.
    pub rejected: Vec<RejectedRows>,
    /// What a run would tell somebody to look at.
    pub findings: Vec<RunFinding>,
    /// For each purpose with scores how many people may be scored, and why the others may not; empty while a run would stop.
    pub people: Vec<Stage>,
}

impl Checked {
    /// Would a run finish, and find nothing that somebody has to look at?
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.stops.is_empty() && self.findings.is_empty()
    }
}

/// Checks a signals directory.
///
/// # Examples
/// ```no_run
/// use acquaint::engine::{SignalsRequest, RunParams, Silent, Times, check};
///
/// let params = RunParams::default().check()?;
/// let request = SignalsRequest {
///     signals: "data/quickstart".as_ref(),
///     ledger: None,
///     params: &params,
///     times: Times::default(),
/// };
/// for stop in check(&request, &Silent)?.stops {
///     println!("{stop}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the directory cannot be listed, or a file has become unreadable since it was read. What is wrong with a table is a part of the
/// answer.
///
/// # Complexity
/// That of reading everything and asking the ledger; every table is read once more if a run would stop, and files with rejected rows
/// up to the last row that is shown.
pub fn check(
    request: &SignalsRequest<'_>,
    progress: &dyn Progress,
) -> Result<Checked, EngineError> {
    let dir = request.params.open(request.signals)?;
    let tables = tables::of(&dir, request.ledger.is_some());
    let opened = request.ask(progress);
    match opened.and_then(|opened| asked(opened, progress)) {
        Ok((checked, rejections)) => Ok(Checked {
            rejected: rejected::grouped(&dir, &rejections)?,
            tables,
            ..checked
        }),
        Err(error) => one_by_one(&dir, tables, &error, progress),
    }
}

/// What a run says of tables that can all be read.
fn asked(
    opened: Opened,
    progress: &dyn Progress,
) -> Result<(Checked, Vec<Rejection>), EngineError> {
    let Opened { dir, mut world } = opened;
    let mut nobody: [&mut dyn Reader; 0] = [];
    let World {
        inputs,
        standing,
        params,
        ..
    } = &mut world;
    let budget = params.identity.budget();
    read_address_book(&dir, inputs, standing, budget, &mut nobody, progress)?;
    let checked = Checked {
        people: vec![
            world.view::<FriendSuggestions>().stage,
            world.view::<AdRelevance>().stage,
        ],
        findings: world.reading().findings,
        ..Checked::default()
    };
    Ok((checked, world.inputs.read.rejections))
}

/// Every table by itself: what each of them stops at; if none does, what all of them together do.
fn one_by_one(
    dir: &SignalsDir,
    tables: Vec<CheckedTable>,
    error: &EngineError,
    progress: &dyn Progress,
) -> Result<Checked, EngineError> {
    progress.begin("reading each table by itself", None);
    let (mut stops, rejections) = tables::read_each(dir, &tables);
    if stops.is_empty() {
        stops.push(told(error));
    }
    Ok(Checked {
        stops,
        rejected: rejected::grouped(dir, &rejections)?,
        tables,
        ..Checked::default()
    })
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
