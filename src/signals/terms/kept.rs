//! What became of the terms of people's rows.

use std::collections::BTreeMap;

use super::topic::Topic;

/// How many terms of people's rows were kept, and how many were not, by topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptTerms {
    /// Terms kept.
    pub kept: u64,
    /// Terms left out; a topic that did not occur is not listed.
    pub refused: BTreeMap<Topic, u64>,
    /// Cells of own columns that could not be read, and were left out.
    pub unreadable: u64,
}

impl KeptTerms {
    /// Counts the terms of a row.
    pub(in crate::signals) fn add(&mut self, other: Self) {
        self.kept += other.kept;
        self.unreadable += other.unreadable;
        for (topic, n) in other.refused {
            *self.refused.entry(topic).or_default() += n;
        }
    }

    /// Counts a cell of an own column that could not be read.
    pub(in crate::signals) const fn count_unreadable(&mut self) {
        self.unreadable += 1;
    }

    /// Counts one term.
    pub(in crate::signals) fn count(&mut self, topic: Option<Topic>) {
        match topic {
            None => self.kept += 1,
            Some(topic) => *self.refused.entry(topic).or_default() += 1,
        }
    }
}
