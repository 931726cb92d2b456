//! Explain: one pair of a run, from the gate to the last rule.

use serde::Serialize;

use crate::consent::{Decision, DenialReason, FriendSuggestions, Gate};
use crate::engine::{EngineError, Prepared};
use crate::ids::UserId;
use crate::suggest::{Explanation, FeatureWeight, Placed, WhyNot};

/// Features named at most, those with the largest part.
const PARTS_MAX: usize = 5;

/// Why somebody is suggested to somebody, or why not. No phone number is in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SuggestionExplained {
    /// To whom.
    pub user: UserId,
    /// Whom.
    pub candidate: UserId,
    /// From 1; none if it is not made.
    pub rank: Option<usize>,
    /// In the unit of the heuristic; none if a rule forbids it.
    pub score: Option<f64>,
    /// That the two are friends, where the order is learned.
    pub probability: Option<f64>,
    /// How many are tied to both; none if a rule forbids it.
    pub mutual_count: Option<u32>,
    /// Mutual friends who may be named.
    pub named: Vec<UserId>,
    /// Why, strongest reason first, as it is shown.
    pub reasons: Vec<String>,
    /// The features with the largest part in the learned order, in log-odds.
    pub parts: Vec<FeatureWeight>,
    /// The rule that keeps the pair apart; none if it is suggested.
    pub why_not: Option<NotSuggested>,
}

/// What keeps a pair apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
#[non_exhaustive]
pub enum NotSuggested {
    /// Nobody knows who that is: no row of `social_accounts` that can be used is theirs, at the moment asked about.
    UnknownPerson {
        /// Whom nobody knows.
        user: UserId,
    },
    /// The gate lets the person not through.
    GateForUser {
        /// Why.
        reason: &'static str,
    },
    /// The gate lets the candidate not through.
    GateForCandidate {
        /// Why.
        reason: &'static str,
    },
    /// A rule of the suggestions.
    Suggestions(WhyNot),
    /// The limit to how many people one is shown to gave the candidate to others.
    ShownEnough,
}

impl Prepared {
    /// Explains one pair of the run.
    ///
    /// # Errors
    /// None that data can cause.
    ///
    /// # Complexity
    /// One person's candidates, all kept; with `[suggest] shown_max` everybody's suggestions.
    pub fn explain_suggestion(
        &self,
        user: UserId,
        candidate: UserId,
    ) -> Result<SuggestionExplained, EngineError> {
        let mut explained = SuggestionExplained::of(user, candidate);
        if let Some(user) = [user, candidate].into_iter().find(|one| !self.knows(*one)) {
            explained.why_not = Some(NotSuggested::UnknownPerson { user });
            return Ok(explained);
        }
        let nodes = (self.graph.node(user), self.graph.node(candidate));
        let (Some(u), Some(v)) = nodes else {
            let gate = &self.suggest.gates.people;
            explained.why_not = Some(match nodes.0 {
                None => NotSuggested::GateForUser {
                    reason: denial(gate, user),
                },
                Some(_) => NotSuggested::GateForCandidate {
                    reason: denial(gate, candidate),
                },
            });
            return Ok(explained);
        };
        let scorer = self.scorer()?;
        let k = self.params.suggest.k();
        let found = scorer.explain(&mut scorer.scratch(), u, v, k);
        let placed = match self.ranker()? {
            Some(ranker) => ranker.explain(&mut ranker.scratch(), u, v),
            None => None,
        };
        explained.take(&found, self.graph.users());
        if self.friend_model().is_some() {
            explained.place(placed, k);
        }
        if explained.rank.is_some() && self.params.suggest.shown_max().is_some() {
            explained.limit(self.is_suggested(u, v)?);
        }
        Ok(explained)
    }

    /// Has anybody a social account with this id, at the moment the run speaks of?
    pub(in crate::engine) fn knows(&self, user: UserId) -> bool {
        self.inputs.social.iter().any(|row| row.user_id == user)
    }

    /// Is somebody among the suggestions of a whole run?
    fn is_suggested(&self, u: u32, v: u32) -> Result<Option<usize>, EngineError> {
        let suggestions = match self.ranker()? {
            Some(ranker) => ranker.suggest_all(&|_| ()).0,
            None => self.scorer()?.suggest_all(&|_| ()).0,
        };
        let row = suggestions.row(u).iter();
        Ok(row.map(|s| s.candidate).position(|w| w == v))
    }
}

/// Why the gate does not let somebody through.
fn denial(gate: &Gate<FriendSuggestions, UserId>, user: UserId) -> &'static str {
    match gate.decision(user) {
        Decision::Denied(reason) => reason.as_str(),
        Decision::Allowed { .. } => DenialReason::NoRecord.as_str(),
    }
}

impl SuggestionExplained {
    const fn of(user: UserId, candidate: UserId) -> Self {
        Self {
            user,
            candidate,
            rank: None,
            score: None,
            probability: None,
            mutual_count: None,
            named: Vec::new(),
            reasons: Vec::new(),
            parts: Vec::new(),
            why_not: None,
        }
    }

    /// What the kernel says.
    fn take(&mut self, found: &Explanation, users: &[UserId]) {
        self.rank = found.rank;
        self.why_not = found.why_not.map(NotSuggested::Suggestions);
        self.named = found.named.iter().map(|&z| users[z as usize]).collect();
        if let Some(suggestion) = found.suggestion {
            self.score = Some(suggestion.score.to_f64());
            self.mutual_count = Some(suggestion.mutual_count);
            self.reasons = suggestion.reasons().map(|r| r.to_string()).collect();
        }
    }

    /// What the learned order makes of it: the place is the model's, and whoever is not in its pool has none.
    fn place(&mut self, placed: Option<Placed>, k: usize) {
        let Some(placed) = placed else {
            self.rank = None;
            return;
        };
        self.probability = Some(placed.probability);
        self.rank = (placed.place <= k).then_some(placed.place);
        let beyond = WhyNot::BeyondK {
            place: placed.place,
            k,
        };
        self.why_not = match self.rank {
            Some(_) => None,
            None => Some(NotSuggested::Suggestions(beyond)),
        };
        self.parts = placed.parts;
        self.parts
            .sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        self.parts.truncate(PARTS_MAX);
    }

    /// What the limit on showing leaves of it.
    fn limit(&mut self, place: Option<usize>) {
        self.rank = place.map(|at| at + 1);
        if self.rank.is_none() {
            self.why_not = Some(NotSuggested::ShownEnough);
        }
    }
}
