//! Estimates of a policy's value from rounds of another's log; the formulas stand in [`off_policy`](super).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::hash::mix;

/// Draws of rounds.
const DRAWS: u64 = 1000;

/// A round as one policy sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Round {
    /// What was earned.
    pub(super) reward: f64,
    /// π(a|x) over the propensity, of the action that was logged.
    pub(super) weight: f64,
    /// The predicted reward of the action that was logged.
    pub(super) predicted: f64,
    /// The predicted reward of the policy: Σ π(a|x) q̂(x, a).
    pub(super) expected: f64,
}

/// A value, and the interval that holds it in 95 of 100 draws of rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate; none if nothing defines it.
    pub value: Option<f64>,
    /// The 2.5th percentile of the draws.
    pub low: Option<f64>,
    /// The 97.5th percentile.
    pub high: Option<f64>,
}

/// The value of a policy, in reward a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimates {
    /// Inverse propensity scores.
    pub ips: Estimate,
    /// Self-normalised.
    pub snips: Estimate,
    /// Doubly robust.
    pub dr: Estimate,
    /// The direct method: predictions alone.
    pub dm: Estimate,
    /// Rounds whose logged action the policy may take.
    pub matched: u64,
    /// Their clicks: all that inverse propensity scores rest on.
    pub matched_rewards: f64,
    /// How many rounds of weight 1 the weights are worth.
    pub effective_rounds: f64,
    /// The mean weight, 1 in expectation.
    pub mean_weight: f64,
    /// The largest weight.
    pub max_weight: f64,
}

/// Sums over rounds.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    n: f64,
    weight: f64,
    squares: f64,
    weighted: f64,
    expected: f64,
    /// Σ w (r − q̂).
    correction: f64,
}

impl Sums {
    fn add(&mut self, round: &Round) {
        self.n += 1.0;
        self.weight += round.weight;
        self.squares += round.weight * round.weight;
        self.weighted += round.weight * round.reward;
        self.expected += round.expected;
        self.correction += round.weight * (round.reward - round.predicted);
    }

    fn ips(&self) -> f64 {
        self.weighted / self.n
    }

    fn snips(&self) -> f64 {
        self.weighted / self.weight
    }

    fn dr(&self) -> f64 {
        (self.expected + self.correction) / self.n
    }

    fn dm(&self) -> f64 {
        self.expected / self.n
    }
}

impl Estimates {
    /// Of the rounds of a log.
    ///
    /// # Complexity
    /// O(draws · rounds) time in the caller's rayon pool.
    pub(super) fn of(rounds: &[Round]) -> Self {
        let mut all = Sums::default();
        for round in rounds {
            all.add(round);
        }
        let draws: Vec<Sums> = (0..DRAWS)
            .into_par_iter()
            .map(|draw| drawn(rounds, draw))
            .collect();
        let estimate = |of: fn(&Sums) -> f64| estimate(of(&all), draws.iter().map(of));
        let matched = || rounds.iter().filter(|round| round.weight > 0.0);
        Self {
            ips: estimate(Sums::ips),
            snips: estimate(Sums::snips),
            dr: estimate(Sums::dr),
            dm: estimate(Sums::dm),
            matched: matched().count() as u64,
            matched_rewards: matched().map(|round| round.reward).sum(),
            effective_rounds: if all.squares > 0.0 {
                all.weight * all.weight / all.squares
            } else {
                0.0
            },
            mean_weight: if rounds.is_empty() {
                0.0
            } else {
                all.weight / all.n
            },
            max_weight: rounds.iter().map(|round| round.weight).fold(0.0, f64::max),
        }
    }
}

/// As many rounds as there are, with replacement.
fn drawn(rounds: &[Round], draw: u64) -> Sums {
    let n = rounds.len() as u64;
    let mut sums = Sums::default();
    for i in 0..n {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "below the number of rounds"
        )]
        let one = (mix(mix(draw) ^ i) % n) as usize;
        sums.add(&rounds[one]);
    }
    sums
}

/// Draws that define nothing are left out.
fn estimate(value: f64, draws: impl Iterator<Item = f64>) -> Estimate {
    let mut found: Vec<f64> = draws.filter(|x| x.is_finite()).collect();
    found.sort_unstable_by(f64::total_cmp);
    let at = |permille: usize| {
        let last = found.len().checked_sub(1)?;
        found.get(last * permille / 1000).copied()
    };
    let value = Some(value).filter(|value| value.is_finite());
    Estimate {
        value,
        low: value.and(at(25)),
        high: value.and(at(975)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(reward: f64, weight: f64, predicted: f64, expected: f64) -> Round {
        Round {
            reward,
            weight,
            predicted,
            expected,
        }
    }

    #[test]
    fn estimates_by_hand() {
        let rounds = [
            round(1.0, 2.0, 0.5, 0.4),
            round(0.0, 0.0, 0.3, 0.2),
            round(1.0, 0.5, 0.9, 0.6),
            round(0.0, 1.5, 0.2, 0.1),
        ];
        let found = Estimates::of(&rounds);
        let near = |estimate: Estimate, value: f64| {
            assert!(
                (estimate.value.unwrap() - value).abs() < 1e-12,
                "{estimate:?} {value}"
            );
            assert!(estimate.low.unwrap() <= value && value <= estimate.high.unwrap());
        };
        near(found.ips, 2.5 / 4.0);
        near(found.snips, 2.5 / 4.0);
        // 1.3 expected, and 2·0.5 + 0 + 0.5·0.1 − 1.5·0.2 of correction.
        near(found.dr, (1.3 + 0.75) / 4.0);
        near(found.dm, 1.3 / 4.0);
        assert_eq!((found.matched, found.matched_rewards), (3, 2.0));
        assert!((found.effective_rounds - 16.0 / 6.5).abs() < 1e-12);
        assert_eq!((found.mean_weight, found.max_weight), (1.0, 2.0));
    }

    #[test]
    fn what_no_round_matches_has_no_self_normalised_value() {
        let found = Estimates::of(&[round(1.0, 0.0, 0.5, 0.4); 3]);
        assert_eq!(found.ips.value, Some(0.0));
        assert_eq!(found.snips, Estimate::default());
        let dr = found.dr.value.unwrap();
        assert!((dr - 0.4).abs() < 1e-12, "predictions alone are left: {dr}");
        assert_eq!(Estimates::of(&[]).ips, Estimate::default());
    }

    #[test]
    fn the_interval_is_as_wide_as_theory_says() {
        let rounds: Vec<Round> = (0..400)
            .map(|i| round(f64::from(i % 2), 1.0, 0.5, 0.5))
            .collect();
        let found = Estimates::of(&rounds);
        for estimate in [found.ips, found.snips, found.dr] {
            let half = 1.96 * 0.025;
            assert!(
                (estimate.low.unwrap() - (0.5 - half)).abs() < 0.008,
                "{estimate:?}"
            );
            assert!(
                (estimate.high.unwrap() - (0.5 + half)).abs() < 0.008,
                "{estimate:?}"
            );
        }
        assert_eq!(found.dm.low, Some(0.5), "predictions do not vary here");
    }
}
