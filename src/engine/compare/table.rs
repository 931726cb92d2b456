//! One table in two outputs: its rows side by side, and why they differ.

use std::collections::BTreeSet;

use super::change::{Change, RowChange, TableChange, Why};
use super::rows::{Agreement, Row, Shape};
use crate::hash::{HashMap, HashSet};

/// What a reason is looked for in, besides the rows.
pub(super) trait Told {
    /// Why an earlier row may no longer stand, by its place in the file.
    fn recalled(&self, file: &str, row: u64) -> Option<Why>;

    /// Are the two of a suggestion friends by now?
    fn are_friends(&self, file: &str, one: u64, other: u64) -> bool;
}

/// Nothing is known but the rows.
pub(super) struct RowsAlone;

impl Told for RowsAlone {
    fn recalled(&self, _file: &str, _row: u64) -> Option<Why> {
        None
    }

    fn are_friends(&self, _file: &str, _one: u64, _other: u64) -> bool {
        false
    }
}

/// Two sides of a table.
pub(super) struct Sides<'a> {
    pub(super) shape: &'static Shape,
    pub(super) before: &'a [Row],
    pub(super) after: &'a [Row],
    pub(super) told: &'a dyn Told,
    /// Why figures differ where the rows alone do not say.
    pub(super) of_runs: Why,
}

/// A row of the earlier output, of the later, or of both.
type Pair<'a> = (Option<&'a Row>, Option<&'a Row>);

impl Sides<'_> {
    /// Counts all differences, and hands each to `on_row`.
    ///
    /// # Complexity
    /// O(n) time and space for n rows.
    pub(super) fn compare(&self, mut on_row: impl FnMut(RowChange)) -> TableChange {
        let before = Side::of(self.before);
        let after = Side::of(self.after);
        let mut table = TableChange {
            table: self.shape.file.to_owned(),
            rows_before: self.before.len() as u64,
            rows_after: self.after.len() as u64,
            ..TableChange::default()
        };
        let mut people = BTreeSet::new();
        for pair in Pairs(self.before, self.after) {
            let Some((change, why)) = self.judge(pair, &before, &after) else {
                table.same += 1;
                continue;
            };
            table.count(change, why);
            let row = self.named(pair, change, why);
            if change.is_decision() {
                people.extend(row.user_id.or(row.account_id));
            }
            on_row(row);
        }
        table.people = people.len() as u64;
        table.measure();
        table
    }

    /// How the two differ and why; nothing if they do not.
    fn judge(&self, pair: Pair<'_>, before: &Side, after: &Side) -> Option<(Change, Why)> {
        match pair {
            (Some(row), None) => Some((Change::Removed, self.why_removed(row, before, after))),
            (None, Some(row)) => Some((Change::Added, why_added(row, before, after))),
            (Some(one), Some(other)) => match one.agrees(other) {
                Agreement::Same => None,
                Agreement::Rank => Some((Change::Rescored, Why::Order)),
                Agreement::Figures(mutual) => {
                    let tie = mutual.and_then(|(before, after)| tie(before, after));
                    Some((Change::Rescored, tie.unwrap_or(self.of_runs)))
                }
                Agreement::Verdict => {
                    let recalled = self.told.recalled(self.shape.file, one.place);
                    Some((Change::Verdict, recalled.unwrap_or(self.of_runs)))
                }
            },
            (None, None) => None,
        }
    }

    fn why_removed(&self, row: &Row, before: &Side, after: &Side) -> Why {
        let file = self.shape.file;
        if let Some(why) = self.told.recalled(file, row.place) {
            return why;
        }
        let (about, other) = (row.key.about, row.key.other);
        if other.is_some_and(|other| self.told.are_friends(file, about, other)) {
            Why::NewFriends
        } else if !after.counts.contains_key(&about) {
            Why::PersonGone
        } else if other.is_some_and(|other| !after.others.contains(&other)) {
            Why::OtherGone
        } else if after.counts.get(&about) >= before.counts.get(&about) {
            Why::Outranked
        } else {
            Why::NoLongerQualifies
        }
    }

    fn named(&self, (before, after): Pair<'_>, change: Change, why: Why) -> RowChange {
        let key = before.or(after).map(|row| row.key);
        let about = key.map(|key| key.about);
        let is_person = self.shape.about == "user_id";
        RowChange {
            table: self.shape.file,
            change,
            why,
            row_before: before.map(|row| row.place),
            row_after: after.map(|row| row.place),
            user_id: about.filter(|_| is_person),
            account_id: about.filter(|_| !is_person),
            other_id: key.and_then(|key| key.other),
            purpose: key.and_then(|key| key.purpose),
        }
    }
}

fn why_added(row: &Row, before: &Side, after: &Side) -> Why {
    let (about, other) = (row.key.about, row.key.other);
    if !before.counts.contains_key(&about) {
        Why::PersonNew
    } else if other.is_some_and(|other| !before.others.contains(&other)) {
        Why::OtherNew
    } else if after.counts.get(&about) <= before.counts.get(&about) {
        Why::TookPlace
    } else {
        Why::QualifiesNow
    }
}

const fn tie(before: u32, after: u32) -> Option<Why> {
    if after > before {
        Some(Why::NewTie)
    } else if after < before {
        Some(Why::TieEnded)
    } else {
        None
    }
}

/// Whom the rows of one side name.
#[derive(Default)]
struct Side {
    /// How many rows each has that is written about.
    counts: HashMap<u64, u64>,
    others: HashSet<u64>,
}

impl Side {
    fn of(rows: &[Row]) -> Self {
        let mut side = Self::default();
        for row in rows {
            *side.counts.entry(row.key.about).or_default() += 1;
            side.others.extend(row.key.other);
        }
        side
    }
}

/// Rows of both sides by what names them; both are in that order.
struct Pairs<'a>(&'a [Row], &'a [Row]);

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        let (one, other) = (self.0.first(), self.1.first());
        let takes = match (one, other) {
            (None, None) => return None,
            (Some(one), Some(other)) => (one.key <= other.key, other.key <= one.key),
            (one, other) => (one.is_some(), other.is_some()),
        };
        if takes.0 {
            self.0 = &self.0[1..];
        }
        if takes.1 {
            self.1 = &self.1[1..];
        }
        Some((one.filter(|_| takes.0), other.filter(|_| takes.1)))
    }
}

#[cfg(test)]
mod tests;
