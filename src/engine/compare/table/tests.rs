use std::path::Path;

use super::super::rows::{SHAPES, rows};
use super::*;
use crate::engine::RecallReason;
use crate::engine::outputs::{AbuseRow, SuggestionRow, write_rows};
use crate::ids::{AccountId, UserId};
use crate::publish::{FRESH, Staging, Target};

/// To whom, at which rank, who, with how many ties of both.
fn suggestion((user, rank, candidate, mutual): (u64, u32, u64, u32)) -> SuggestionRow {
    SuggestionRow {
        user: UserId(user),
        rank,
        candidate: UserId(candidate),
        score: f64::from(mutual),
        probability: None,
        mutual_count: mutual,
        reasons: Vec::new(),
    }
}

fn written(dir: &Path, name: &str, given: &[(u64, u32, u64, u32)]) -> Vec<Row> {
    let staging = Staging::begin(Target::directory(&dir.join(name), &FRESH)).unwrap();
    write_rows(&staging, given.iter().copied().map(suggestion)).unwrap();
    rows(&staging.dir(), &SHAPES[0]).unwrap()
}

/// What a caller knows of rows 2 and of 7 and 8.
struct Known;

impl Told for Known {
    fn recalled(&self, _file: &str, row: u64) -> Option<Why> {
        (row == 2).then_some(Why::Recalled(RecallReason::TieEnded))
    }

    fn are_friends(&self, _file: &str, one: u64, other: u64) -> bool {
        (one, other) == (7, 8)
    }
}

fn compared(before: &[Row], after: &[Row], told: &dyn Told) -> (TableChange, Vec<RowChange>) {
    let sides = Sides {
        shape: &SHAPES[0],
        before,
        after,
        told,
        of_runs: Why::NewRows,
    };
    let mut rows = Vec::new();
    let table = sides.compare(|row| rows.push(row));
    (table, rows)
}

#[test]
fn every_way_of_differing_is_told_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let before = [
        (1, 1, 10, 3),
        (1, 2, 11, 3),
        (1, 3, 12, 3),
        (2, 1, 10, 1),
        (3, 1, 13, 2),
        (3, 2, 10, 2),
        (7, 1, 8, 4),
        (9, 1, 10, 1),
    ];
    let after = [
        (1, 1, 10, 4),
        (1, 2, 12, 3),
        (1, 3, 14, 2),
        (3, 1, 10, 1),
        (3, 2, 12, 1),
        (4, 1, 10, 1),
        (9, 1, 10, 1),
        (9, 2, 12, 1),
    ];
    let before = written(dir.path(), "before", &before);
    let after = written(dir.path(), "after", &after);
    let (table, rows) = compared(&before, &after, &Known);
    let told: Vec<(u64, u64, &str, &str)> = rows
        .iter()
        .map(|row| {
            let (about, other) = (row.user_id.unwrap(), row.other_id.unwrap());
            (about, other, row.change.as_str(), row.why.as_str())
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, 10, "rescored", "new_tie"),
            (1, 11, "removed", "tie_ended"),
            (1, 12, "rescored", "order"),
            (1, 14, "added", "other_new"),
            (2, 10, "removed", "person_gone"),
            (3, 10, "rescored", "tie_ended"),
            (3, 12, "added", "took_place"),
            (3, 13, "removed", "other_gone"),
            (4, 10, "added", "person_new"),
            (7, 8, "removed", "new_friends"),
            (9, 12, "added", "qualifies_now"),
        ]
    );
    assert_eq!((table.same, table.rescored), (1, 3));
    assert_eq!((table.added, table.removed, table.verdict), (4, 4, 0));
    assert_eq!(table.people, 6);
    assert_eq!(table.share, 8.0 / 12.0);
}

#[test]
fn without_the_tables_a_row_that_went_was_outranked_or_no_longer_qualifies() {
    let dir = tempfile::tempdir().unwrap();
    let before = [(1, 1, 10, 3), (1, 2, 11, 3), (2, 1, 10, 3), (2, 2, 11, 3)];
    let after = [(1, 1, 10, 3), (1, 2, 12, 3), (2, 1, 10, 3), (3, 1, 11, 3)];
    let before = written(dir.path(), "before", &before);
    let after = written(dir.path(), "after", &after);
    let (_, rows) = compared(&before, &after, &RowsAlone);
    let removed = rows.iter().filter(|row| row.change == Change::Removed);
    let whys: Vec<Why> = removed.map(|row| row.why).collect();
    assert_eq!(whys, [Why::Outranked, Why::NoLongerQualifies]);
}

#[test]
fn another_outcome_is_a_decision_and_another_score_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let written = |name: &str, outcome, score| {
        let staging = Staging::begin(Target::directory(&dir.path().join(name), &FRESH)).unwrap();
        let row = AbuseRow {
            account: AccountId(1),
            score,
            outcome,
            reasons: Vec::new(),
        };
        write_rows(&staging, [row]).unwrap();
        rows(&staging.dir(), &SHAPES[2]).unwrap()
    };
    let none = written("none", crate::abuse::Outcome::None, 0.1);
    let scored = written("scored", crate::abuse::Outcome::None, 0.2);
    let limit = written("limit", crate::abuse::Outcome::Limit, 0.2);
    for (after, decisions, rescored) in [(&none, 0, 0), (&scored, 0, 1), (&limit, 1, 0)] {
        let sides = Sides {
            shape: &SHAPES[2],
            before: &none,
            after,
            told: &RowsAlone,
            of_runs: Why::NewRows,
        };
        let table = sides.compare(drop);
        assert_eq!((table.n_decisions(), table.rescored), (decisions, rescored));
    }
}
