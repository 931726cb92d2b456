//! Explain: the score of one account, part by part, with the thresholds and what follows.

use serde::Serialize;

use crate::abuse::{
    Basis, Evidence, Outcome, OutcomeThresholds, ScorePart, formula_parts, probability, spam_scores,
};
use crate::consent::{Decision, Permitted};
use crate::engine::abuse::case::AbuseCase;
use crate::ids::AccountId;

/// Contacts that are listed at most.
const LISTED: usize = 1_000;

/// The score of an account, taken apart. No phone number is in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AbuseExplained {
    /// The account.
    pub account: AccountId,
    /// What its score is made of; none if it has none.
    pub score: Option<ScoreExplained>,
    /// Why it has none.
    pub why_not: Option<NotScored>,
    /// From which score on what follows.
    pub thresholds: OutcomeThresholds,
}

/// What a score is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoreExplained {
    /// In [0, 1].
    pub score: f64,
    /// What follows from it.
    pub outcome: Outcome,
    /// Did a trained model give it, or the weights of the configuration? Does anything bear missing trust out?
    pub basis: Basis,
    /// Log-odds of an account of which nothing is known.
    pub base: f64,
    /// What adds to them, the weightiest first.
    pub parts: Vec<PartExplained>,
    /// The sum, as a probability, before it is calibrated.
    pub before_calibration: f64,
    /// How many accounts its address book was matched with.
    pub n_matched: u64,
    /// The first 1,000 of them by id: what it learned before it was found, or would learn if it is not withheld.
    pub matched: Vec<AccountId>,
}

/// One thing that adds to a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartExplained {
    /// What was counted, in words.
    pub reason: String,
    /// What it adds to the log-odds.
    pub log_odds: f64,
}

/// Why an account has no score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
#[non_exhaustive]
pub enum NotScored {
    /// No row of `messenger_accounts` that can be used is its own.
    Unknown,
    /// The gate does not let it through.
    Gate {
        /// Why.
        reason: &'static str,
    },
}

impl AbuseCase {
    /// The score of an account, part by part.
    #[must_use]
    pub fn explain(&self, account: AccountId) -> AbuseExplained {
        let scored = self.scored(account);
        AbuseExplained {
            account,
            why_not: scored.as_ref().err().copied(),
            score: scored.ok(),
            thresholds: self.world.params.abuse.values().outcomes,
        }
    }

    fn scored(&self, account: AccountId) -> Result<ScoreExplained, NotScored> {
        let rows = self.world.inputs.accounts.rows();
        if !rows.iter().any(|row| row.account_id == account) {
            return Err(NotScored::Unknown);
        }
        if let Decision::Denied(reason) = self.view.gates.accounts.decision(account) {
            let reason = reason.as_str();
            return Err(NotScored::Gate { reason });
        }
        let at = self
            .evidence
            .binary_search_by_key(&account, Evidence::account);
        let evidence = at.map(|at| &self.evidence[at]);
        evidence.map_or(Err(NotScored::Unknown), |one| Ok(self.taken_apart(one)))
    }

    fn taken_apart(&self, evidence: &Evidence) -> ScoreExplained {
        let params = &self.world.params.abuse;
        let (base, parts, scored) = if let Some(model) = params.model() {
            let scored = model.scored(evidence, true, 0.0);
            let base = model.weighed(true).intercept;
            (base, model.parts(evidence, true), scored)
        } else {
            let [scored] = spam_scores(&[evidence.counts], params)
                .try_into()
                .expect("one row has one score");
            let parts = formula_parts(&evidence.counts, params);
            (params.values().bias, parts, scored)
        };
        let before_calibration = probability(base, &parts);
        let matched = self.matched_with(evidence.account());
        ScoreExplained {
            score: scored.score,
            outcome: params.outcome(&scored),
            basis: scored.basis,
            base,
            parts: parts.iter().map(PartExplained::of).collect(),
            before_calibration,
            n_matched: matched.len() as u64,
            matched: matched.into_iter().take(LISTED).collect(),
        }
    }

    /// Whom an account's book was matched with, ascending.
    fn matched_with(&self, account: AccountId) -> Vec<AccountId> {
        let matches = self.matched.matches.iter().map(Permitted::get);
        let theirs = matches.filter(|one| one.from == account);
        let mut found: Vec<AccountId> = theirs.map(|one| one.to).collect();
        found.sort_unstable();
        found
    }
}

impl PartExplained {
    fn of(part: &ScorePart) -> Self {
        Self {
            reason: part.reason.to_string(),
            log_odds: part.log_odds,
        }
    }
}
