//! Spam scores as rows.

use std::collections::BTreeMap;

use crate::abuse::{Outcome, SpamScore};
use crate::engine::Stage;
use crate::engine::abuse::SpamScores;
use crate::engine::outputs::{AbuseOutcomes, AbuseRow};
use crate::engine::publishing::keep;

impl SpamScores {
    /// How many accounts each outcome follows for, of those that may be looked at.
    pub(in crate::engine) fn outcomes(&self) -> AbuseOutcomes {
        let mut accounts: BTreeMap<String, u64> = Outcome::ALL
            .map(|outcome| (outcome.as_str().to_owned(), 0))
            .into();
        let gate = &self.view.gates.accounts;
        let stay = |score: &&SpamScore| gate.decision(score.account).is_allowed();
        for score in self.scores.iter().filter(stay) {
            let outcome = self.params.outcome(score).as_str();
            *accounts.entry(outcome.to_owned()).or_default() += 1;
        }
        AbuseOutcomes {
            is_trained: self.params.model().is_some(),
            thresholds: self.params.values().outcomes,
            accounts,
        }
    }

    /// Spam scores as rows, by account.
    pub(in crate::engine) fn rows<'a>(
        &'a self,
        stage: &'a mut Stage,
    ) -> impl Iterator<Item = AbuseRow> + 'a {
        let gate = &self.view.gates.accounts;
        let scores = self.scores.iter();
        scores
            .filter(move |score| keep(stage, [gate.decision(score.account)]))
            .map(|score| AbuseRow {
                account: score.account,
                score: score.score,
                outcome: self.params.outcome(score),
                reasons: score.reasons.iter().map(ToString::to_string).collect(),
            })
    }
}
