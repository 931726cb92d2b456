//! How sure a figure is: people are drawn again (Efron, "Bootstrap methods: another look at the jackknife", 1979).

use rayon::prelude::*;
use serde::Serialize;

use super::metrics::Worth;
use crate::eval::friends::mix;

/// A figure, and the interval that holds it in 95 of 100 draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ConfidenceInterval {
    /// The figure itself.
    pub value: f64,
    /// The 2.5th percentile of the draws.
    pub low: f64,
    /// The 97.5th percentile.
    pub high: f64,
}

/// The sums of every draw, by draw and method: in each draw as many people as there are, with replacement, the same for
/// every method.
///
/// # Complexity
/// O(draws · people · methods) time in the caller's rayon pool.
pub(super) fn draws(people: &[Vec<Worth>], n_draws: u64) -> Vec<Vec<Worth>> {
    let n_people = people.first().map_or(0, Vec::len) as u64;
    (0..n_draws)
        .into_par_iter()
        .map(|draw| {
            let mut sums = vec![Worth::default(); people.len()];
            for i in 0..n_people {
                let one = mix(mix(draw) ^ i) % n_people;
                let one = usize::try_from(one).expect("fewer than there are people");
                for (sum, of_method) in sums.iter_mut().zip(people) {
                    sum.add(&of_method[one]);
                }
            }
            sums
        })
        .collect()
}

impl ConfidenceInterval {
    /// Of a figure and what it was in every draw; draws without anybody to find something for say nothing.
    pub(in crate::eval) fn of(value: f64, draws: impl Iterator<Item = f64>) -> Self {
        let mut found: Vec<f64> = draws.filter(|x| x.is_finite()).collect();
        found.sort_unstable_by(f64::total_cmp);
        let at = |permille: usize| {
            let place = found.len().saturating_sub(1) * permille / 1000;
            found.get(place).copied().unwrap_or(value)
        };
        Self {
            value,
            low: at(25),
            high: at(975),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_is_as_wide_as_theory_says() {
        // Half of 400 people have a hit: a standard error of 0.025.
        let one = |i: u32| Worth::of(&[i % 2], &[0], 10);
        let people = vec![(0..400).map(one).collect::<Vec<_>>()];
        let draws = draws(&people, 2000);
        let found = ConfidenceInterval::of(0.5, draws.iter().map(|sums| sums[0].map()));
        assert!((found.low - 0.451).abs() < 0.006, "{found:?}");
        assert!((found.high - 0.549).abs() < 0.006, "{found:?}");
    }
}
