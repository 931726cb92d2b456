//! The most that an ad may be clicked at its log-odds: enough to pass over nearly all ads that get no place in a list.
//!
//! The probability at some log-odds is a sigmoid, a curve and a shift: four transcendental functions and a search. Each of them
//! ascends, or all of them fall together where the curve does, so between two log-odds no probability lies beyond those at the two.
//! They are computed once at steps of an eighth.

use crate::ads::click_model::ClickModel;
use crate::hash::HashMap;

/// Steps a unit of log-odds.
const STEPS: f64 = 8.0;
/// Beyond these log-odds to either side a sigmoid is what it is there.
const LAST: f64 = 35.0;
/// How many steps there are from one end to the other.
const N_STEPS: usize = 560;
/// Above what computing may be wrong by.
const SLACK: f64 = 1.0 + 1e-9;

/// Bounds for some ads.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    /// By shift and step.
    tables: Vec<Box<[f64]>>,
    /// Of each ad.
    table_of: Vec<u32>,
}

impl Bounds {
    /// Of ads that calibration shifts by so much each.
    ///
    /// # Complexity
    /// O(ads), and 560 probabilities for each different shift.
    pub(super) fn of(model: &ClickModel, shifts: impl Iterator<Item = f64>) -> Self {
        let (mut tables, mut known) = (Vec::new(), HashMap::default());
        let table_of = shifts.map(|shift| {
            *known.entry(shift.to_bits()).or_insert_with(|| {
                tables.push(table(|logit| model.probability(logit, shift)));
                u32::try_from(tables.len() - 1).expect("ads are fewer than 2³²")
            })
        });
        let table_of = table_of.collect();
        Self { tables, table_of }
    }

    /// No less than the probability of a click of an ad at some log-odds.
    #[inline]
    pub(super) fn p_click(&self, ad: usize, logit: f64) -> f64 {
        if logit.is_nan() {
            return f64::INFINITY;
        }
        let table = &self.tables[self.table_of[ad] as usize];
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to the number of steps"
        )]
        let step = ((logit.clamp(-LAST, LAST) + LAST) * STEPS) as usize;
        table[step]
    }
}

/// The largest probability near each step. A step more to either side is looked at than log-odds can be in, for they are rounded.
fn table(p: impl Fn(f64) -> f64) -> Box<[f64]> {
    let at = |step: usize| p(step as f64 / STEPS - LAST);
    let all: Vec<f64> = (0..=N_STEPS + 1).map(at).collect();
    let near = |step: usize| {
        let near = &all[step.saturating_sub(1)..(step + 3).min(all.len())];
        near.iter().copied().fold(0.0, f64::max) * SLACK
    };
    (0..=N_STEPS).map(near).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(p: impl Fn(f64) -> f64) -> Bounds {
        Bounds {
            tables: vec![table(p)],
            table_of: vec![0],
        }
    }

    proptest! {
        #[test]
        fn prop_nothing_is_above_its_bound(
            logit in prop_oneof![-40.0..40.0_f64, (0_u32..700).prop_map(|at| f64::from(at) / STEPS - 40.0)],
            jump in -36.0..36.0_f64,
        ) {
            let sigmoid = crate::learn::sigmoid;
            // A curve that stands still, rises all at once and falls, each a map of probabilities.
            let curves: [&dyn Fn(f64) -> f64; 3] = [
                &sigmoid,
                &|x| if sigmoid(x) < sigmoid(jump) { 0.01 } else { 0.7 },
                &|x| 1.0 - sigmoid(x),
            ];
            for curve in curves {
                prop_assert!(one(curve).p_click(0, logit) >= curve(logit));
            }
        }
    }

    #[test]
    fn what_is_no_number_is_never_passed_over() {
        assert_eq!(one(|_| 0.5).p_click(0, f64::NAN), f64::INFINITY);
    }
}
