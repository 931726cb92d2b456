//! What follows from a score: nothing, or one of three steps, at thresholds that are published.

use serde::{Deserialize, Serialize};

use crate::params::{ParamError, require};

/// What follows from a score, from the mildest.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing.
    #[default]
    None,
    /// Ranked lower where it is suggested.
    Demote,
    /// May do less: fewer messages to strangers, fewer look-ups.
    Limit,
    /// Its uploads match nobody until somebody has looked.
    Quarantine,
}

impl Outcome {
    /// Every outcome, from the mildest.
    pub const ALL: [Self; 4] = [Self::None, Self::Demote, Self::Limit, Self::Quarantine];

    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Demote => "demote",
            Self::Limit => "limit",
            Self::Quarantine => "quarantine",
        }
    }
}

/// What a score rests on, as far as quarantine asks. Missing trust says where an account stands, not what it did: people whose
/// contacts all lie far from any verified account have it too. It quarantines nobody by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Weights set by judgement.
    Formula,
    /// A trained model, in which nothing but missing trust adds [`BORNE_OUT_MIN`] to the log-odds.
    TrustAlone,
    /// A trained model, in which something else does.
    BorneOut,
}

/// What a part besides missing trust must add to the log-odds to bear a score out.
pub const BORNE_OUT_MIN: f64 = 1.0;

/// From which score on each outcome follows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutcomeThresholds {
    /// Demoted from this score on, 0 to 1; default 0.5.
    pub demote: f64,
    /// Limited from this score on, `demote` to 1; default 0.8.
    pub limit: f64,
    /// Quarantined from this score of a trained model on, `limit` to 1; default 0.95. Weights set by judgement quarantine nobody,
    /// and nor does missing trust that nothing else bears out.
    pub quarantine: f64,
}

impl Default for OutcomeThresholds {
    fn default() -> Self {
        Self {
            demote: 0.5,
            limit: 0.8,
            quarantine: 0.95,
        }
    }
}

impl OutcomeThresholds {
    /// Checks every range.
    ///
    /// # Errors
    /// The first threshold outside its range.
    pub fn check(&self) -> Result<(), ParamError> {
        let within = |value: f64, least: f64| (least..=1.0).contains(&value);
        let demote = within(self.demote, 0.0);
        require(demote, "abuse.outcomes.demote", self.demote, "0 to 1")?;
        let limit = within(self.limit, self.demote);
        require(limit, "abuse.outcomes.limit", self.limit, "`demote` to 1")?;
        let quarantine = within(self.quarantine, self.limit);
        require(
            quarantine,
            "abuse.outcomes.quarantine",
            self.quarantine,
            "`limit` to 1",
        )
    }

    /// What follows from a score.
    #[must_use]
    pub fn of(&self, score: f64, basis: Basis) -> Outcome {
        if basis == Basis::BorneOut && score >= self.quarantine {
            Outcome::Quarantine
        } else if score >= self.limit {
            Outcome::Limit
        } else if score >= self.demote {
            Outcome::Demote
        } else {
            Outcome::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_threshold_at_it_and_just_below() {
        let thresholds = OutcomeThresholds::default();
        let below = |x: f64| f64::from_bits(x.to_bits() - 1);
        let outcome = |score| thresholds.of(score, Basis::BorneOut);
        assert_eq!(
            [below(0.5), 0.5].map(outcome),
            [Outcome::None, Outcome::Demote]
        );
        assert_eq!(
            [below(0.8), 0.8].map(outcome),
            [Outcome::Demote, Outcome::Limit]
        );
        assert_eq!(
            [below(0.95), 0.95].map(outcome),
            [Outcome::Limit, Outcome::Quarantine]
        );
        for basis in [Basis::Formula, Basis::TrustAlone] {
            assert_eq!(thresholds.of(1.0, basis), Outcome::Limit);
        }
        assert_eq!(thresholds.of(f64::NAN, Basis::BorneOut), Outcome::None);
    }

    #[test]
    fn every_bound_is_checked() {
        let refused = |change: fn(&mut OutcomeThresholds)| {
            let mut thresholds = OutcomeThresholds::default();
            change(&mut thresholds);
            thresholds.check().err().map(|error| error.name)
        };
        assert_eq!(refused(|_| ()), None);
        assert_eq!(refused(|t| t.demote = -0.1), Some("abuse.outcomes.demote"));
        assert_eq!(
            refused(|t| t.demote = f64::NAN),
            Some("abuse.outcomes.demote")
        );
        assert_eq!(refused(|t| t.limit = 0.49), Some("abuse.outcomes.limit"));
        assert_eq!(
            refused(|t| t.quarantine = 0.79),
            Some("abuse.outcomes.quarantine")
        );
        assert_eq!(
            refused(|t| t.quarantine = 1.1),
            Some("abuse.outcomes.quarantine")
        );
        assert_eq!(
            refused(|t| (t.demote, t.limit, t.quarantine) = (0.0, 0.0, 1.0)),
            None
        );
    }
}
