//! What followed from spam scores.

use minijinja::{Value, context};

use super::few::{FEWEST, is_few};
use super::words::{grouped, percent, rounded, words};
use crate::abuse::Outcome;
use crate::engine::outputs::AbuseOutcomes;

/// Each outcome with its threshold and how many accounts it followed for; nothing if the run made no scores.
pub(in crate::report) fn outcomes(found: Option<&AbuseOutcomes>) -> Value {
    let Some(found) = found else {
        return Value::from(());
    };
    let of = |outcome: Outcome| found.accounts.get(outcome.as_str()).copied().unwrap_or(0);
    let counts = Outcome::ALL.map(of);
    let hidden = hidden(counts);
    let total: u128 = counts.iter().map(|&n| u128::from(n)).sum();
    let rows = Outcome::ALL.into_iter().zip(counts).zip(hidden);
    let rows = rows.map(|((outcome, n), is_hidden)| {
        let shown = |text: String| if is_hidden { "hidden".to_owned() } else { text };
        context! {
            outcome => words(outcome.as_str()),
            from => from(outcome, found),
            n => shown(grouped(n)),
            share => shown(percent(n, total)),
        }
    });
    context! {
        rows => rows.collect::<Vec<_>>(),
        is_trained => found.is_trained,
        least => FEWEST,
        any_hidden => hidden.contains(&true),
    }
}

/// From which score on it follows; nothing where it never does.
fn from(outcome: Outcome, found: &AbuseOutcomes) -> String {
    let thresholds = &found.thresholds;
    match outcome {
        Outcome::None => String::new(),
        Outcome::Demote => rounded(thresholds.demote),
        Outcome::Limit => rounded(thresholds.limit),
        Outcome::Quarantine if found.is_trained => rounded(thresholds.quarantine),
        Outcome::Quarantine => "never, without a trained model".to_owned(),
    }
}

/// Counts that are not shown: small ones, and the least of the others if one alone is small, for it would follow from the sum.
fn hidden(counts: [u64; 4]) -> [bool; 4] {
    let mut hidden = counts.map(|n| is_few(n as f64));
    if hidden.iter().filter(|one| **one).count() == 1 {
        let others = (0..counts.len()).filter(|&i| !hidden[i] && counts[i] > 0);
        if let Some(least) = others.min_by_key(|&i| counts[i]) {
            hidden[least] = true;
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_counts_are_hidden_and_do_not_follow_from_the_sum() {
        assert_eq!(hidden([900, 10, 12, 0]), [false; 4]);
        assert_eq!(hidden([900, 10, 9, 0]), [false, true, true, false]);
        assert_eq!(hidden([900, 1, 9, 30]), [false, true, true, false]);
        assert_eq!(hidden([900, 0, 0, 1]), [true, false, false, true]);
        assert_eq!(hidden([3, 0, 0, 0]), [true, false, false, false]);
    }
}
