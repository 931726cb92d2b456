//! Suggestions as rows.

use crate::engine::friends::Friends;
use crate::engine::friends::suggested::Suggested;
use crate::engine::outputs::SuggestionRow;
use crate::engine::publishing::{Ranks, keep};
use crate::engine::{Elsewhere, EngineError, Progress, RunFinding, Stage, elsewhere};
use crate::ids::UserId;
use crate::suggest::{SuggestCounts, Suggestions};

/// From how many people on it is no chance that none of them has a tie,
const TIES_EXPECTED_FROM: usize = 10;
/// and that, with ties, nobody has a candidate.
const CANDIDATES_EXPECTED_FROM: usize = 100;

impl Friends {
    /// Everybody's suggestions; notes the sums of how they came about.
    pub(in crate::engine) fn everybody(
        &self,
        elsewhere: Option<&dyn Elsewhere>,
        progress: &dyn Progress,
        noted: &mut Vec<Stage>,
    ) -> Result<Suggestions, EngineError> {
        let n_users = self.graph().n_users();
        progress.begin("suggesting friends", Some(n_users as u64));
        let done = Done::new(progress);
        let made = match elsewhere {
            None => self.desk.everybody(&|n| done.reach(n as u64)),
            Some(elsewhere) => elsewhere::everybody(&self.desk, elsewhere)?,
        };
        done.reach(n_users as u64);
        noted.extend(stages(&made.counts));
        Ok(made.suggestions)
    }

    /// Suggestions as rows, by person and rank.
    pub(in crate::engine) fn rows<'a>(
        &'a self,
        suggestions: &'a Suggestions,
        stage: &'a mut Stage,
    ) -> impl Iterator<Item = SuggestionRow> + 'a {
        let users = self.graph().users();
        let gate = &self.view.gates.people;
        let mut ranks = Ranks::default();
        let all = suggestions.lists().flat_map(move |(node, list)| {
            let user = users[node as usize];
            Suggested::of(list, users).map(move |one| (user, one))
        });
        all.filter_map(move |(user, one)| {
            let kept = keep(stage, [gate.decision(user), gate.decision(one.candidate)]);
            kept.then(|| row(user, ranks.next(user), one))
        })
    }

    /// A finding, if nobody is suggested to anybody where somebody was expected.
    pub(in crate::engine) fn if_empty(&self, suggestions: &Suggestions) -> Option<RunFinding> {
        let n_people = self.view.users.len();
        let expected_from = if self.graph().ties().n_entries() == 0 {
            TIES_EXPECTED_FROM
        } else {
            CANDIDATES_EXPECTED_FROM
        };
        (suggestions.is_empty() && n_people >= expected_from).then(|| {
            RunFinding::new(
                "empty_output",
                format!("{n_people} people may be suggested to each other, and nobody is"),
                "check friendships and address_book: who knows whom is missing, or names other ids",
            )
        })
    }

    /// Adds the first `k` suggestions for a person to `out`, as they are published; none for somebody who is not in the graph.
    pub(in crate::engine) fn suggest_into(&self, user: UserId, k: usize, out: &mut Vec<Suggested>) {
        let (users, gate) = (self.graph().users(), &self.view.gates.people);
        let passes = |user| gate.decision(user).is_allowed();
        if let Some(node) = self.graph().node(user).filter(|_| passes(user)) {
            self.desk.list(node, k, |list| {
                out.extend(Suggested::of(list, users).filter(|one| passes(one.candidate)));
            });
        }
    }

    /// The first `k` of the candidates that a caller scored for a person, under the rules of suggestions and the gate.
    pub(in crate::engine) fn rank_own(
        &self,
        user: UserId,
        candidates: impl Iterator<Item = (UserId, f64)>,
        k: usize,
    ) -> Vec<(UserId, f64)> {
        let (graph, gate) = (self.graph(), &self.view.gates.people);
        let node = |user| {
            let node = graph.node(user)?;
            gate.decision(user).is_allowed().then_some(node)
        };
        let Some(to) = node(user) else {
            return Vec::new();
        };
        let candidates = candidates.filter_map(|(user, score)| Some((node(user)?, score)));
        let ranked = self.desk.rank_own(to, candidates, k).into_iter();
        ranked
            .map(|(node, score)| (graph.users()[node as usize], score))
            .collect()
    }
}

fn stages(counts: &SuggestCounts) -> [Stage; 2] {
    let mut stage = Stage::new("candidates → suggestions");
    stage.pass(counts.emitted);
    for (reason, n) in counts.dropped() {
        stage.drop(reason, n);
    }
    [stage, near_stage(counts)]
}

/// Whoever comes from beyond friends of friends: people near who fill short lists, and those that factors found.
fn near_stage(counts: &SuggestCounts) -> Stage {
    let mut stage = Stage::new("people beyond friends of friends → suggestions");
    stage.pass(counts.near);
    stage
}

/// Turns "so many are done" from any thread into steps that never go back.
struct Done<'p> {
    progress: &'p dyn Progress,
    reached: std::sync::atomic::AtomicU64,
}

impl<'p> Done<'p> {
    const fn new(progress: &'p dyn Progress) -> Self {
        Self {
            progress,
            reached: std::sync::atomic::AtomicU64::new(0),
        }
    }

    fn reach(&self, n: u64) {
        let before = self
            .reached
            .fetch_max(n, std::sync::atomic::Ordering::Relaxed);
        self.progress.advance(n.saturating_sub(before));
    }
}

fn row(user: UserId, rank: u32, made: Suggested) -> SuggestionRow {
    SuggestionRow {
        user,
        rank,
        candidate: made.candidate,
        score: made.score,
        probability: made.probability,
        mutual_count: made.mutual_count,
        reasons: made.reasons().map(|why| why.to_string()).collect(),
    }
}
