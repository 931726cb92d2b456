//! Why rows were left out, in the order a reader asks.

use crate::consent::DenialReason;
use crate::engine::Stage;
use crate::engine::outputs::Manifest;

/// Objections of people without an account reach a run as a list of numbers, not through the gate.
const OBJECTED: [&str; 2] = ["objected", "non_user_objected"];

/// Is this a reason of consent, rather than of the data?
pub(in crate::report) fn is_consent(reason: &str) -> bool {
    // The gate is asked about uploaders and about matches; who was asked stands before the reason.
    let reason = reason.rsplit(": ").next().unwrap_or(reason);
    OBJECTED.contains(&reason) || DenialReason::ALL.iter().any(|r| r.as_str() == reason)
}

/// A stage's reasons and how many they left out, most first, ties by name.
pub(in crate::report) fn ranked(stage: &Stage) -> Vec<(&str, u64)> {
    let mut ranked: Vec<_> = stage
        .dropped
        .iter()
        .map(|(r, &n)| (r.as_str(), n))
        .collect();
    ranked.sort_by_key(|&(_, n)| std::cmp::Reverse(n));
    ranked
}

/// How many a stage left out. Wider than a count: a manifest from elsewhere may claim anything.
pub(in crate::report) fn n_dropped(stage: &Stage) -> u128 {
    stage.dropped.values().map(|&n| u128::from(n)).sum()
}

/// Is what went in what came out plus what was left out?
pub(in crate::report) fn adds_up(stage: &Stage) -> bool {
    u128::from(stage.rows_in) == u128::from(stage.rows_out) + n_dropped(stage)
}

/// The stages whose sums do not check.
pub(in crate::report) fn broken(manifest: &Manifest) -> impl Iterator<Item = &Stage> {
    manifest.stages.iter().filter(|stage| !adds_up(stage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_of_consent_or_of_the_data() {
        assert!(
            ["opted_out", "lapsed", "objected", "uploader: opted_out"]
                .into_iter()
                .all(is_consent)
        );
        assert!(
            !["not_a_number", "duplicate", ""]
                .into_iter()
                .any(is_consent)
        );
    }

    #[test]
    fn absurd_sums_do_not_wrap() {
        let mut stage = Stage::new("s");
        stage.dropped = [("a".to_owned(), u64::MAX), ("b".to_owned(), 1)].into();
        assert_eq!(n_dropped(&stage), 1 << 64);
        assert!(!adds_up(&stage));
    }

    #[test]
    fn most_comes_first_then_the_name() {
        let mut stage = Stage::new("s");
        for (reason, n) in [("c", 1), ("b", 1), ("a", 0), ("d", 9)] {
            stage.drop(reason, n);
        }
        assert_eq!(ranked(&stage), [("d", 9), ("b", 1), ("c", 1)]);
    }
}
