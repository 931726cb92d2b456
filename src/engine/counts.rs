//! What went in, what came out, and why the rest did not: the sums of a run.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::consent::DenialReason;

/// Rows that one core decides on at a time.
const ROWS_A_JOB: usize = 16_384;

/// One step of a run. Everything that goes in comes out or is counted under a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// What is counted, such as `friendships → ties`.
    pub name: String,
    /// How many went in.
    pub rows_in: u64,
    /// How many came out.
    pub rows_out: u64,
    /// How many did not, by reason.
    pub dropped: BTreeMap<String, u64>,
}

/// What one step made, beside what became of the rows it was made from.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Staged<T> {
    pub(in crate::engine) value: T,
    pub(in crate::engine) stage: Stage,
}

impl<T> Staged<T> {
    /// What was made; the stage joins those before it.
    pub(in crate::engine) fn noted(self, stages: &mut Vec<Stage>) -> T {
        stages.push(self.stage);
        self.value
    }
}

/// A stage whose sums do not check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {rows_in} in, but {rows_out} out and {n_dropped} dropped")]
pub struct SumError {
    /// The stage.
    pub name: String,
    /// How many went in.
    pub rows_in: u64,
    /// How many came out.
    pub rows_out: u64,
    /// How many were dropped, all reasons together.
    pub n_dropped: u64,
}

impl Stage {
    /// A stage with nothing counted yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Counts rows that came out.
    pub fn pass(&mut self, n: u64) {
        self.rows_in += n;
        self.rows_out += n;
    }

    /// Counts rows that were dropped for a reason; nothing is listed for none.
    pub fn drop(&mut self, reason: &str, n: u64) {
        if n > 0 {
            self.rows_in += n;
            *self.dropped.entry(reason.to_owned()).or_default() += n;
        }
    }

    /// Counts rows under a reason that had come out before.
    pub(in crate::engine) fn take_back(&mut self, reason: &str, n: u64) {
        self.rows_in -= n;
        self.rows_out -= n;
        self.drop(reason, n);
    }

    /// Passes what the gate let through and counts the rest under the gate's reasons.
    pub(in crate::engine) fn keep<T>(
        &mut self,
        decided: impl IntoIterator<Item = Result<T, DenialReason>>,
    ) -> Vec<T> {
        let mut kept = Vec::new();
        let mut dropped: BTreeMap<&'static str, u64> = BTreeMap::new();
        for one in decided {
            match one {
                Ok(one) => kept.push(one),
                Err(reason) => *dropped.entry(reason.as_str()).or_default() += 1,
            }
        }
        self.pass(kept.len() as u64);
        for (reason, n) in dropped {
            self.drop(reason, n);
        }
        kept
    }

    /// As [`keep`](Self::keep) of each row, on every core; what is kept stays in order.
    pub(in crate::engine) fn keep_each<R: Sync, T: Send>(
        &mut self,
        rows: &[R],
        decide: impl Fn(&R) -> Result<T, DenialReason> + Sync,
    ) -> Vec<T> {
        let part = |rows: &[R]| {
            let mut part = Self::default();
            let kept = part.keep(rows.iter().map(&decide));
            (kept, part)
        };
        let parts: Vec<(Vec<T>, Self)> = rows.par_chunks(ROWS_A_JOB).map(part).collect();
        let n_kept = parts.iter().map(|(kept, _)| kept.len()).sum();
        let mut all = Vec::with_capacity(n_kept);
        for (kept, part) in parts {
            all.extend(kept);
            for (reason, n) in part.dropped {
                self.drop(&reason, n);
            }
        }
        self.pass(n_kept as u64);
        all
    }

    /// How many were dropped, all reasons together.
    #[must_use]
    pub fn n_dropped(&self) -> u64 {
        self.dropped.values().sum()
    }

    /// Checks that what went in is what came out plus what was dropped.
    ///
    /// # Errors
    /// If it is not.
    pub fn check(&self) -> Result<(), SumError> {
        let n_dropped = self.n_dropped();
        if self.rows_in == self.rows_out + n_dropped {
            return Ok(());
        }
        Err(SumError {
            name: self.name.clone(),
            rows_in: self.rows_in,
            rows_out: self.rows_out,
            n_dropped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_check() {
        let mut stage = Stage::new("people");
        stage.pass(3);
        stage.drop("opted_out", 2);
        stage.drop("lapsed", 0);
        assert_eq!(
            (stage.rows_in, stage.rows_out, stage.dropped.len()),
            (5, 3, 1)
        );
        assert!(stage.check().is_ok());
    }

    #[test]
    fn deny_sums_that_do_not() {
        let stage = Stage {
            rows_in: 4,
            rows_out: 3,
            ..Stage::new("people")
        };
        assert_eq!(
            stage.check().unwrap_err().to_string(),
            "people: 4 in, but 3 out and 0 dropped"
        );
    }
}
