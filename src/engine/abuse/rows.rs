//! Spam scores as rows.

use crate::engine::Stage;
use crate::engine::abuse::SpamScores;
use crate::engine::outputs::AbuseRow;
use crate::engine::publishing::keep;

impl SpamScores {
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
                outcome: self.params.outcome(score.score),
                reasons: score.reasons.iter().map(ToString::to_string).collect(),
            })
    }
}
