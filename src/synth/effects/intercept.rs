//! The one number that keeps the share of clicks where it would be without effects.

use rayon::prelude::*;

use crate::synth::clicks::probability;

/// Rows summed up at once: sums are the same with any number of threads.
const BLOCK: usize = 1 << 14;
/// Each step leaves a few hundredths of the error, so that this is far more than needed.
const STEPS: usize = 60;

/// What pulls at a row of impressions.
#[derive(Clone, Copy, Debug)]
pub(in crate::synth) struct Pull {
    /// How many showings it is.
    pub(in crate::synth) showings: f64,
    /// The log-odds without effects.
    pub(in crate::synth) base: f64,
    /// What effects add.
    pub(in crate::synth) effect: f64,
}

/// What to add to all log-odds so that as many clicks are likely as without effects; 0 without rows.
///
/// Clicks are rare, so that their number grows nearly as the exponential of what is added: the logarithm of what is
/// missing is nearly the right step, never one too long, and it is taken until nothing is left.
pub(in crate::synth) fn balancing(pulls: &[Pull]) -> f64 {
    let wanted = clicks(pulls, |pull| pull.base);
    let mut intercept = 0.0;
    for _ in 0..STEPS {
        let step = (wanted / clicks(pulls, |pull| pull.base + pull.effect + intercept)).ln();
        if !step.is_finite() || step.abs() < 1e-13 {
            break;
        }
        intercept += step;
    }
    intercept
}

fn clicks(pulls: &[Pull], log_odds: impl Fn(&Pull) -> f64 + Sync) -> f64 {
    let of_block = |block: &[Pull]| -> f64 {
        let likely = |pull: &Pull| pull.showings * probability(log_odds(pull));
        block.iter().map(likely).sum()
    };
    let sums: Vec<f64> = pulls.par_chunks(BLOCK).map(of_block).collect();
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_clicks_are_likely_as_before() {
        let pulls: Vec<Pull> = (0..50_000)
            .map(|i| Pull {
                showings: f64::from(i % 7 + 1),
                base: f64::from(i % 11) / 2.0 - 6.0,
                effect: f64::from(i % 13) - 4.0,
            })
            .collect();
        let added = balancing(&pulls);
        let before = clicks(&pulls, |pull| pull.base);
        let after = clicks(&pulls, |pull| pull.base + pull.effect + added);
        assert!((after / before - 1.0).abs() < 1e-9, "{before} {after}");
        assert!(added < -1.0, "{added}");
        assert_eq!(balancing(&[]), 0.0);
    }
}
