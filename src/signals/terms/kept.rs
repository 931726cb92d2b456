//! What became of the terms of people's rows.

use std::collections::BTreeMap;

use super::term::TermRefused;
use super::topic::Topic;

/// How many terms of people's rows were kept, and how many were not, by topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptTerms {
    /// Terms kept.
    pub kept: u64,
    /// Terms left out; a topic that did not occur is not listed.
    pub refused: BTreeMap<Topic, u64>,
    /// Terms left out because they hold a phone number or an address for mail.
    pub contacts: u64,
    /// What became of the cells of own columns, by column; empty cells are not counted.
    pub own: BTreeMap<&'static str, OwnCells>,
}

/// What became of the cells of an own column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnCells {
    /// Cells that were read.
    pub read: u64,
    /// Cells that could not be read, and were left out.
    pub unreadable: u64,
}

impl KeptTerms {
    /// Counts the terms of a row.
    pub(in crate::signals) fn add(&mut self, other: Self) {
        self.kept += other.kept;
        self.contacts += other.contacts;
        for (column, cells) in other.own {
            let all = self.own.entry(column).or_default();
            all.read += cells.read;
            all.unreadable += cells.unreadable;
        }
        for (topic, n) in other.refused {
            *self.refused.entry(topic).or_default() += n;
        }
    }

    /// Cells of own columns that could not be read.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        self.own.values().map(|cells| cells.unreadable).sum()
    }

    /// Counts a cell of an own column.
    pub(in crate::signals) fn count_own(&mut self, column: &'static str, is_read: bool) {
        let cells = self.own.entry(column).or_default();
        if is_read {
            cells.read += 1;
        } else {
            cells.unreadable += 1;
        }
    }

    /// Counts one term.
    pub(in crate::signals) fn count(&mut self, refused: Option<TermRefused>) {
        match refused {
            None => self.kept += 1,
            Some(TermRefused::Sensitive(topic)) => *self.refused.entry(topic).or_default() += 1,
            Some(TermRefused::Contact) => self.contacts += 1,
            Some(TermRefused::Empty) => {}
        }
    }
}
