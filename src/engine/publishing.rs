//! Publishing: the gate is asked once more for every row.
//!
//! It knows everything that became known until publication, and so did every step before: what is dropped here, and counted,
//! should not have come this far.

use crate::consent::Decision;
use crate::engine::Stage;
use crate::ids::UserId;

/// Numbers the rows of each person from 1, so that a dropped row leaves no gap.
#[derive(Default)]
pub(in crate::engine) struct Ranks {
    of: Option<UserId>,
    rank: u32,
}

impl Ranks {
    pub(in crate::engine) fn next(&mut self, user: UserId) -> u32 {
        self.rank = if self.of == Some(user) {
            self.rank + 1
        } else {
            1
        };
        self.of = Some(user);
        self.rank
    }
}

/// Counts a row as published or dropped: everyone it names must still allow it.
pub(in crate::engine) fn keep<const N: usize>(stage: &mut Stage, decisions: [Decision; N]) -> bool {
    match decisions
        .into_iter()
        .fold(Decision::ALLOWED, Decision::stricter)
    {
        Decision::Denied(reason) => stage.drop(reason.as_str(), 1),
        Decision::Allowed { .. } => stage.pass(1),
    }
    decisions.into_iter().all(Decision::is_allowed)
}
