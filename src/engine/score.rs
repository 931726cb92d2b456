//! Rows from scores: what each output table holds, asked of the gate once more before it is written.
//!
//! The second question is asked with the newest known time. Whoever opted out between the moment the run
//! speaks of and now is dropped here, and counted.

use crate::abuse::SpamScore;
use crate::ads::AdScore;
use crate::business::Reach;
use crate::consent::{Abuse, Decision, DenialReason, For, Gate};
use crate::engine::Stage;
use crate::engine::outputs::{AbuseRow, AdRow, LinkRow, ReachRow, SuggestionRow};
use crate::engine::view::View;
use crate::graph::Graph;
use crate::identity::{Evidence, Link};
use crate::ids::UserId;
use crate::suggest::{Suggestion, Suggestions};
use crate::time::Timestamp;

/// Suggestions as rows, in the order of people and ranks.
pub(in crate::engine) fn suggestion_rows<'a, P: For>(
    graph: &'a Graph<P>,
    suggestions: &'a Suggestions,
    people: &'a Gate<P, UserId>,
    stage: &'a mut Stage,
) -> impl Iterator<Item = SuggestionRow> + 'a {
    let mut published = 0;
    let mut of = UserId(0);
    suggestions
        .iter()
        .flat_map(|(node, row)| row.iter().map(move |suggestion| (node, suggestion)))
        .filter_map(move |(node, suggestion)| {
            let (user, candidate) = (graph.users()[node as usize], graph.users()[suggestion.candidate as usize]);
            if user != of {
                (of, published) = (user, 0);
            }
            if !keep(stage, [people.decision(user), people.decision(candidate)]) {
                return None;
            }
            published += 1;
            Some(suggestion_row(user, published, candidate, suggestion))
        })
}

fn suggestion_row(user: UserId, rank: u32, candidate: UserId, suggestion: &Suggestion) -> SuggestionRow {
    SuggestionRow {
        user,
        rank,
        candidate,
        score: suggestion.score.to_f64(),
        probability: None,
        mutual_count: suggestion.mutual_count,
        reasons: suggestion.reasons().map(|reason| reason.to_string()).collect(),
    }
}

/// Ad scores as rows.
pub(in crate::engine) fn ad_rows<'a, P: For>(
    scores: &'a [AdScore],
    people: &'a Gate<P, UserId>,
    stage: &'a mut Stage,
) -> impl Iterator<Item = AdRow> + 'a {
    scores.iter().filter(move |score| keep(stage, [people.decision(score.user)])).map(|score| AdRow {
        user: score.user,
        rank: score.rank,
        ad: score.ad_id,
        p_click: score.p_click,
        value: score.value,
        reasons: score.reasons.clone(),
    })
}

/// Spam scores as rows.
pub(in crate::engine) fn abuse_rows<'a>(
    scores: &'a [SpamScore],
    accounts: &'a Gate<Abuse, crate::ids::AccountId>,
    stage: &'a mut Stage,
) -> impl Iterator<Item = AbuseRow> + 'a {
    scores.iter().filter(move |score| keep(stage, [accounts.decision(score.account)])).map(|score| AbuseRow {
        account: score.account,
        score: score.score,
        reasons: score.reasons.iter().map(ToString::to_string).collect(),
    })
}

/// Links for one purpose as rows.
pub(in crate::engine) fn link_rows<P: For>(view: &View<P>, publish: &Publish<P>) -> (Vec<LinkRow>, Stage) {
    let mut stage = Stage::new(&format!("links → published ({})", P::PURPOSE));
    let kept = view.links.iter().filter(|link| {
        keep(&mut stage, [publish.accounts.decision(link.account), publish.people.decision(link.user)])
    });
    let mut rows: Vec<LinkRow> = kept.map(|link| link_row::<P>(link)).collect();
    rows.sort_unstable();
    (rows, stage)
}
