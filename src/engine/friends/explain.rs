//! Explain: one pair of a run, from the gate to the last rule.

use serde::Serialize;

use crate::engine::friends::Friends;
use crate::engine::friends::suggested::Suggested;
use crate::engine::world::World;
use crate::ids::UserId;
use crate::suggest::{Explanation, FeatureWeight, Listing, WhyNot};

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

impl Friends {
    /// Explains one pair of the run.
    pub(in crate::engine) fn explain(
        &self,
        world: &World,
        user: UserId,
        candidate: UserId,
    ) -> SuggestionExplained {
        let mut explained = SuggestionExplained::of(user, candidate);
        let graph = self.graph();
        let (node, other) = (graph.node(user), graph.node(candidate));
        if let (Some(u), Some(v)) = (node, other) {
            explained.take(self.desk.explain(u, v), graph.users());
            return explained;
        }
        // Whoever has a node is known; the rows are only searched for the others.
        let outside = [(user, node), (candidate, other)].into_iter();
        let outside = outside.filter(|(_, node)| node.is_none());
        let unknown = outside
            .map(|(user, _)| user)
            .find(|user| !world.inputs.knows(*user));
        let gates = &self.view.gates;
        explained.why_not = Some(match (unknown, node) {
            (Some(user), _) => NotSuggested::UnknownPerson { user },
            (None, None) => NotSuggested::GateForUser {
                reason: gates.denial(user),
            },
            (None, Some(_)) => NotSuggested::GateForCandidate {
                reason: gates.denial(candidate),
            },
        });
        explained
    }
}

impl SuggestionExplained {
    pub(in crate::engine) const fn of(user: UserId, candidate: UserId) -> Self {
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

    /// What the desk says.
    fn take(&mut self, found: Explanation, users: &[UserId]) {
        self.rank = found.rank;
        self.why_not = found.why_not.map(|why| match why {
            WhyNot::ShownEnough => NotSuggested::ShownEnough,
            rule => NotSuggested::Suggestions(rule),
        });
        self.named = found.named.iter().map(|&z| users[z as usize]).collect();
        if let Some(suggestion) = found.suggestion {
            let listing = Listing {
                suggestion,
                probability: found.probability,
            };
            let suggested = Suggested::one(listing, users);
            self.score = Some(suggested.score);
            self.probability = suggested.probability;
            self.mutual_count = Some(suggested.mutual_count);
            self.reasons = suggested.reasons().map(|why| why.to_string()).collect();
        }
        self.parts = found.parts;
        self.parts
            .sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        self.parts.truncate(PARTS_MAX);
    }
}
