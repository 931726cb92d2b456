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
}

impl KeptTerms {
    /// Counts the terms of a row.
    pub(in crate::signals) fn add(&mut self, other: Self) {
        self.kept += other.kept;
        for (topic, n) in other.refused {
            *self.refused.entry(topic).or_default() += n;
        }
    }

    /// Counts one term.
    pub(in crate::signals) fn count(&mut self, topic: Option<Topic>) {
        match topic {
            None => self.kept += 1,
            Some(topic) => *self.refused.entry(topic).or_default() += 1,
        }
    }
}
