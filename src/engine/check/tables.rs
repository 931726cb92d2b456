//! Which tables are there, and what each of them stops at.

use serde::Serialize;

use super::told;
use crate::engine::world::inputs::is_required;
use crate::signals::{Batch, OfEachTable, Record, Rejection, SignalsDir, SignalsError, Table};

/// A table, there or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedTable {
    /// Its name.
    pub table: &'static str,
    /// Is it there?
    pub is_there: bool,
    /// Would a run stop without it?
    pub is_required: bool,
    /// What a run does without it, if it is not there and need not be; in words that follow the table's name.
    pub without: Option<&'static str>,
}

/// Every table.
pub(super) fn of(dir: &SignalsDir, has_ledger: bool) -> Vec<CheckedTable> {
    let checked = |table: Table| {
        let (is_there, is_required) = (dir.has(table), is_required(table, has_ledger));
        let without = (!is_there && !is_required).then(|| without(table, has_ledger));
        CheckedTable {
            table: table.name(),
            is_there,
            is_required,
            without: without.flatten(),
        }
    };
    Table::ALL.map(checked).to_vec()
}

/// What is not done without a table; nothing where nobody misses it.
const fn without(table: Table, has_ledger: bool) -> Option<&'static str> {
    match table {
        Table::AddressBook => Some("nobody is found by a saved number"),
        Table::Friendships => Some("suggestions rest on saved numbers alone"),
        Table::Feedback => Some("nobody is blocked or dismissed"),
        Table::Overlays if has_ledger => None,
        Table::Overlays => Some("no regulator's order counts"),
        Table::Ads => Some("nobody gets ads"),
        Table::Impressions => Some("the click model has nothing to learn from"),
        Table::AdFeedback => Some("nobody hid an ad"),
        Table::AudienceMembers => Some("customer lists match nobody"),
        Table::Businesses => Some("no business may write to anybody"),
        Table::BusinessThreads => Some("nobody wrote with a business"),
        Table::BusinessOptIns => Some("nobody asked for marketing"),
        Table::BusinessEvents => Some("nothing is known of messages sent, blocked or paused"),
        Table::AbuseReports => Some("spam scores rest on address books and devices"),
        Table::CallCounts => Some("calls and texts say nothing of suggestions"),
        Table::TrustSeeds => Some("nobody was checked, so trust says nothing of abuse"),
        Table::GroupMembers => Some("shared groups say nothing of suggestions"),
        _ => None,
    }
}

/// Reads every table by itself: what a run would stop at, and the rows that cannot be used.
pub(super) fn read_each(
    dir: &SignalsDir,
    tables: &[CheckedTable],
) -> (Vec<String>, Vec<Rejection>) {
    let mut reading = Reading {
        dir,
        rejections: Vec::new(),
    };
    let mut stops = Vec::new();
    for (table, checked) in Table::ALL.into_iter().zip(tables) {
        if !checked.is_there {
            let missing = SignalsError::MissingTable {
                table,
                dir: dir.path().to_owned(),
            };
            stops.extend(checked.is_required.then(|| missing.to_string()));
        } else if let Err(error) = table.visit(&mut reading) {
            stops.push(told(&error));
        }
    }
    (stops, reading.rejections)
}

struct Reading<'a> {
    dir: &'a SignalsDir,
    rejections: Vec<Rejection>,
}

impl OfEachTable for Reading<'_> {
    type Output = Result<(), SignalsError>;

    fn of<R: Record>(&mut self) -> Self::Output {
        let rejections = &mut self.rejections;
        let read = self.dir.stream(|batch: Batch<R>| {
            rejections.extend(batch.rejections);
            Ok::<(), SignalsError>(())
        });
        read.map(drop)
    }
}
