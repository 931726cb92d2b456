//! The model: one weight a feature.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::RankerError;
use super::features::{Features, N_FEATURES, NAMES, columns};
use super::fit::{Fitness, Linear, sigmoid};
use super::params::{Holdout, RankerParams, ValidRankerParams};
use crate::suggest::{Direct, Heuristic, ValidSuggestParams};

/// How probable it is that two people are friends, from [`NAMES`]: a logistic regression, calibrated.
///
/// The probability is that a candidate of the pool is a friend whose friendship was hidden, when one friendship in
/// [`FriendTraining::one_in`] is. Whoever reads it as the share of suggestions that will be accepted assumes that as many
/// friendships are missing.
#[derive(Clone, Debug, PartialEq)]
pub struct FriendModel {
    pub(super) provenance: Provenance,
    pub(super) params: RankerParams,
    pub(super) candidates: Candidates,
    pub(super) weights: Features,
    pub(super) intercept: f64,
    pub(super) training: FriendTraining,
}

/// Whose consent a model rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The version of acquaint that trained it.
    pub acquaint: String,
    /// BLAKE3 of the consent ledger, as in a run's manifest; empty for public data.
    pub ledger: String,
    /// BLAKE3 of what the ledger allowed, as in a run's manifest; empty for public data.
    pub snapshot: String,
}

/// The candidates a model puts in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidates {
    /// The heuristic whose best they are.
    pub score: Heuristic,
    /// How many people two must have in common.
    pub min_intermediaries: u32,
    /// Are people near among them, where those are too few?
    #[serde(default)]
    pub near: bool,
    /// Whom a saved number suggests by itself; everybody, where a file does not say.
    #[serde(default = "own")]
    pub direct: Direct,
    /// How many there are at most, 1 to 1000.
    pub pool: usize,
}

impl Candidates {
    pub(super) const fn of(params: &ValidSuggestParams, pool: usize) -> Self {
        Self {
            score: params.score(),
            min_intermediaries: params.min_intermediaries(),
            near: params.near(),
            direct: params.direct(),
            pool,
        }
    }
}

impl fmt::Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (score, least) = (self.score.as_str(), self.min_intermediaries);
        write!(f, "{score} with at least {least} in common")?;
        f.write_str(match self.direct {
            Direct::Mutual => "",
            Direct::Own => " or a number saved by one side",
            Direct::Off => " and by no saved number",
        })?;
        f.write_str(if self.near { " and people near" } else { "" })
    }
}

const fn own() -> Direct {
    Direct::Own
}

/// One feature's part in the log-odds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureWeight {
    /// Its name.
    pub name: String,
    /// Log-odds per unit.
    pub weight: f64,
}

/// What a model was trained on and how well it does on people it was not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FriendTraining {
    /// Which friendships were hidden.
    pub hidden_by: Holdout,
    /// One friendship in so many was.
    pub one_in: u64,
    /// How often, anew.
    pub rounds: u32,
    /// Candidates fitted.
    pub fitted: u64,
    /// Of these, hidden friends.
    pub fitted_friends: u64,
    /// Candidates of other people, one person in ten, by which the model was calibrated.
    pub held_out: u64,
    /// Of these, hidden friends.
    pub held_out_friends: u64,
    /// Mean log loss of the calibrated model on them, nats; none if there is nothing to measure on, as below.
    pub log_loss: Option<f64>,
    /// That of their share of friends, given for every one.
    pub base_log_loss: Option<f64>,
    /// The probability that a friend is above somebody else.
    pub auc: Option<f64>,
    /// The mean distance between probability and share of friends in ten bins of equally many.
    pub calibration_error: Option<f64>,
}

impl FriendTraining {
    pub(super) fn set_fitness(&mut self, fitness: Fitness) {
        let finite = |x: f64| x.is_finite().then(|| nine_digits(x));
        self.log_loss = finite(fitness.log_loss);
        self.base_log_loss = finite(fitness.base_log_loss);
        self.auc = finite(fitness.auc);
        self.calibration_error = finite(fitness.calibration_error);
    }
}

/// The nearest number of nine digits: short in a file, and read back as exactly what was written.
pub(super) fn nine_digits(x: f64) -> f64 {
    format!("{x:.8e}").parse().unwrap_or(x)
}

impl FriendModel {
    pub(super) fn new(
        provenance: Provenance,
        (params, candidates): (&ValidRankerParams, Candidates),
        linear: &Linear,
        training: FriendTraining,
    ) -> Self {
        Self {
            provenance,
            params: params.given().clone(),
            candidates,
            weights: std::array::from_fn(|i| nine_digits(linear.weights[i])),
            intercept: nine_digits(linear.intercept),
            training,
        }
    }

    /// Whose consent it rests on.
    #[must_use]
    pub const fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// How it was trained: the same parameters on the same graph give the same model.
    #[must_use]
    pub const fn params(&self) -> &RankerParams {
        &self.params
    }

    /// The candidates it puts in order.
    #[must_use]
    pub const fn candidates(&self) -> Candidates {
        self.candidates
    }

    /// What it was trained on.
    #[must_use]
    pub const fn training(&self) -> &FriendTraining {
        &self.training
    }

    /// Every feature's weight, in the order of the columns; those of factors, communities and signals only if they were asked for.
    #[must_use]
    pub fn weights(&self) -> Vec<FeatureWeight> {
        self.per_column(|i| self.weights[i])
    }

    fn per_column(&self, weight: impl Fn(usize) -> f64) -> Vec<FeatureWeight> {
        let one = |i: usize| FeatureWeight {
            name: NAMES[i].to_owned(),
            weight: weight(i),
        };
        columns(&self.params).into_iter().map(one).collect()
    }

    /// The log-odds of a pair whose features are all 0.
    #[must_use]
    pub const fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The log-odds of a pair.
    #[must_use]
    pub fn log_odds(&self, features: &[f64; N_FEATURES]) -> f64 {
        let terms = self.weights.iter().zip(features);
        terms.fold(self.intercept, |sum, (w, x)| sum + w * x)
    }

    /// What every feature of a pair adds to its log-odds.
    #[must_use]
    pub fn parts(&self, features: &[f64; N_FEATURES]) -> Vec<FeatureWeight> {
        self.per_column(|i| self.weights[i] * features[i])
    }

    /// The probability of log-odds.
    pub(super) fn probability(log_odds: f64) -> f64 {
        sigmoid(log_odds)
    }

    /// Refuses candidates found in another way than in training.
    ///
    /// # Errors
    /// If the heuristic, the number of intermediaries or whether people near are among them differs.
    pub fn check_candidates(&self, params: &ValidSuggestParams) -> Result<(), RankerError> {
        let asked = Candidates::of(params, self.candidates.pool);
        if self.candidates == asked {
            return Ok(());
        }
        Err(RankerError::OtherCandidates {
            trained: self.candidates.to_string(),
            asked: asked.to_string(),
        })
    }
}
