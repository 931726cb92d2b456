//! The logged policy, one that shows items at random, and the model's ranking, on the rounds of one log.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::estimates::{Estimates, Round};
use super::log::PolicyLog;
use crate::ads::{AdsError, ClickModel, TrainingRow, ValidAdsParams, train};
use crate::consent::{AdRelevance, Permitted};
use crate::hash::HashMap;
use crate::ids::AdId;

/// Each fifth of the rounds is judged by a model of the others.
const FOLDS: u64 = 5;

/// How to evaluate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PolicyOptions {
    /// Another split into fifths for each seed.
    pub seed: u64,
    /// The share of showings in which the model's policy shows any item, each as likely: in [0, 1].
    pub explore: f64,
}

/// What policies would have earned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PolicyEvaluation {
    /// Rounds of the log.
    pub rounds: u64,
    /// Their clicks.
    pub clicks: u64,
    /// Different items, each an action of every round.
    pub actions: u64,
    /// Different positions.
    pub positions: u64,
    /// The policies: the logged one, random, the model's.
    pub policies: Vec<PolicyValue>,
}

/// What one policy would have earned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PolicyValue {
    /// `logged`, `random` or `model`.
    pub policy: String,
    /// Clicks a round. Of the logged policy all weights are 1, so that all but the direct method are its mean; what else it
    /// would have shown is not in the log, so that predictions are of what it showed.
    #[serde(flatten)]
    pub estimates: Estimates,
}

/// Evaluates the logged policy, one that shows each item equally often, and the ranking of a model trained on other rounds.
///
/// # Errors
/// As [`train`].
///
/// # Complexity
/// Five trainings, a prediction for every round and item, and 1,000 draws of the rounds for each policy.
pub fn evaluate_policies(
    log: &PolicyLog,
    params: &ValidAdsParams,
    options: PolicyOptions,
) -> Result<PolicyEvaluation, AdsError> {
    let mut seen: Vec<Option<Judged>> = vec![None; log.rows.len()];
    let params = params.clone().with_learning_curve(false);
    for fold in 0..FOLDS {
        let is_test = |row: &Permitted<TrainingRow, AdRelevance>| {
            row.get().fold_of(options.seed, FOLDS) == fold
        };
        let fit: Vec<_> = log
            .rows
            .iter()
            .filter(|row| !is_test(row))
            .cloned()
            .collect();
        let trained = train(&fit, &log.ads, &params)?;
        let judge = Judge::of(log, &trained.model, options.explore);
        seen.par_iter_mut()
            .zip(&log.rows)
            .enumerate()
            .for_each(|(at, (seen, row))| {
                if is_test(row) {
                    *seen = Some(judge.judged(row.get(), log.propensities[at]));
                }
            });
    }
    let judged: Vec<Judged> = seen.into_iter().flatten().collect();
    Ok(evaluation(log, &judged))
}

fn evaluation(log: &PolicyLog, judged: &[Judged]) -> PolicyEvaluation {
    let value = |policy: &str, of: fn(&Judged) -> Round| PolicyValue {
        policy: policy.to_owned(),
        estimates: Estimates::of(&judged.iter().map(of).collect::<Vec<_>>()),
    };
    let mut positions: Vec<Option<u8>> = log.rows.iter().map(|row| row.get().position).collect();
    positions.sort_unstable();
    positions.dedup();
    PolicyEvaluation {
        rounds: log.rows.len() as u64,
        clicks: log
            .rows
            .iter()
            .map(|row| u64::from(row.get().target.clicks))
            .sum(),
        actions: log.ads.len() as u64,
        positions: positions.len() as u64,
        policies: vec![
            value("logged", |judged| judged.logged),
            value("random", |judged| judged.random),
            value("model", |judged| judged.model),
        ],
    }
}

/// A round as each policy sees it.
#[derive(Clone, Copy, Debug, Default)]
struct Judged {
    logged: Round,
    random: Round,
    model: Round,
}

/// A model of other rounds, and what it needs to judge a round.
struct Judge<'a> {
    log: &'a PolicyLog,
    model: &'a ClickModel,
    place_of: HashMap<AdId, usize>,
    explore: f64,
}

impl<'a> Judge<'a> {
    fn of(log: &'a PolicyLog, model: &'a ClickModel, explore: f64) -> Self {
        let places = log.ads.iter().enumerate();
        Self {
            log,
            model,
            place_of: places.map(|(place, ad)| (ad.ad_id, place)).collect(),
            explore,
        }
    }

    fn judged(&self, row: &TrainingRow, propensity: f64) -> Judged {
        let predicted = self.model.p_clicks_shown(row, &self.log.ads);
        let shown = self.place_of[&row.ad_id];
        let below_first = row
            .position
            .map_or(0, |position| position - self.log.first_position);
        let best = nth_best(&predicted, usize::from(below_first));
        let uniform = 1.0 / predicted.len() as f64;
        let mean = predicted.iter().sum::<f64>() * uniform;
        let is_best = f64::from(u8::from(best == Some(shown)));
        let best = best.map_or(0.0, |best| predicted[best]);
        let round = |probability: f64, expected: f64| Round {
            reward: f64::from(row.target.clicks),
            weight: probability / propensity,
            predicted: predicted[shown],
            expected,
        };
        let mixed = |greedy: f64, any: f64| (1.0 - self.explore) * greedy + self.explore * any;
        Judged {
            logged: round(propensity, predicted[shown]),
            random: round(uniform, mean),
            model: round(mixed(is_best, uniform), mixed(best, mean)),
        }
    }
}

/// The place of the n-th best prediction, from 0; of equal ones the smaller id is better. None if there are too few.
fn nth_best(predicted: &[f64], n: usize) -> Option<usize> {
    let mut order: Vec<usize> = (0..predicted.len()).collect();
    if n >= order.len() {
        return None;
    }
    let better = |a: &usize, b: &usize| predicted[*b].total_cmp(&predicted[*a]).then(a.cmp(b));
    let (_, nth, _) = order.select_nth_unstable_by(n, better);
    Some(*nth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_of_equals_the_smaller() {
        let predicted = [0.1, 0.3, 0.3, 0.2];
        let order: Vec<_> = (0..5).map(|n| nth_best(&predicted, n)).collect();
        assert_eq!(order, [Some(1), Some(2), Some(3), Some(0), None]);
    }
}
