//! Score: from what was prepared to the rows of every output table.
//!
//! The gate is asked once more for every row. It knows everything that became known until publication, and so did
//! every step before: what is dropped here, and counted, should not have come this far.

use crate::ads::{AdCounts, AdScore, Ineligible, rank_ads};
use crate::business::Reach;
use crate::consent::{
    Abuse, AdRelevance, BusinessMarketing, BusinessService, Decision, For, FriendSuggestions,
};
use crate::engine::outputs::{AbuseRow, AdRow, LinkRow, ReachRow, SuggestionRow};
use crate::engine::view::{Gates, View, is_allowed};
use crate::engine::{EngineError, Prepared, Progress, Stage};
use crate::identity::Link;
use crate::ids::UserId;
use crate::leaks::{Leak, is_on};
use crate::suggest::{SuggestCounts, Suggestion, Suggestions};
use crate::time::Timestamp;

/// The gates as they stand when rows are published: the last thing every row is asked.
#[derive(Debug)]
pub(in crate::engine) struct Publish<'p> {
    suggest: &'p Gates<FriendSuggestions>,
    ads: &'p Gates<AdRelevance>,
    abuse: &'p Gates<Abuse>,
    service: &'p Gates<BusinessService>,
    marketing: &'p Gates<BusinessMarketing>,
}

impl<'p> Publish<'p> {
    /// The gates of a run; they know what became known until publication.
    pub(in crate::engine) const fn new(prepared: &'p Prepared) -> Self {
        Self {
            suggest: &prepared.suggest.gates,
            ads: &prepared.ads.gates,
            abuse: &prepared.abuse.gates,
            service: &prepared.service.gates,
            marketing: &prepared.marketing.gates,
        }
    }
}

/// Everybody's suggestions and, if a ranker put them in order, how probable each is, row by row.
#[derive(Debug)]
pub(in crate::engine) struct Suggested {
    pub(in crate::engine) suggestions: Suggestions,
    probabilities: Option<Vec<f64>>,
}

/// Everybody's suggestions, with the sums of how they came about.
pub(in crate::engine) fn suggestions(
    prepared: &Prepared,
    progress: &dyn Progress,
) -> Result<(Suggested, [Stage; 2]), EngineError> {
    let n_users = prepared.graph.n_users();
    progress.begin("suggesting friends", Some(n_users as u64));
    let done = Done::new(progress);
    let reach = |n| done.reach(n as u64);
    let (suggestions, probabilities, counts) = if let Some(ranker) = prepared.ranker()? {
        let (suggestions, probabilities, counts) = ranker.suggest_all(&reach);
        (suggestions, Some(probabilities), counts)
    } else {
        let (suggestions, counts) = prepared.scorer()?.suggest_all(&reach);
        (suggestions, None, counts)
    };
    let suggested = Suggested {
        suggestions,
        probabilities,
    };
    Ok((suggested, suggest_stages(&counts)))
}

fn suggest_stages(counts: &SuggestCounts) -> [Stage; 2] {
    let mut stage = Stage::new("candidates → suggestions");
    stage.pass(counts.emitted);
    for (reason, n) in counts.dropped() {
        stage.drop(reason, n);
    }
    [stage, near_stage(counts)]
}

/// Whoever fills the lists of people with few candidates.
fn near_stage(counts: &SuggestCounts) -> Stage {
    let mut stage = Stage::new("people near → suggestions");
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

/// Everybody's best ads, with the sums of how they came about.
pub(in crate::engine) fn ads(
    prepared: &Prepared,
    progress: &dyn Progress,
) -> Result<(Vec<AdScore>, Stage), EngineError> {
    progress.begin("ranking ads", None);
    let (scores, counts) = rank_ads(
        &prepared.profiles,
        &prepared.inputs.ads,
        &prepared.model,
        &prepared.guard,
        &prepared.params.ads,
        &|n| progress.advance(n),
    )?;
    Ok((scores, ads_stage(&counts)))
}

fn ads_stage(counts: &AdCounts) -> Stage {
    let mut stage = Stage::new("people × ads → ad scores");
    stage.pass(counts.emitted);
    for (reason, n) in &counts.ineligible {
        stage.drop(reason.as_str(), *n);
    }
    stage.drop(Ineligible::AdvertiserCap.as_str(), counts.advertiser_full);
    stage.drop("beyond_k", counts.beyond_k);
    stage
}

/// Suggestions as rows, by person and rank.
pub(in crate::engine) fn suggestion_rows<'a>(
    prepared: &'a Prepared,
    suggested: &'a Suggested,
    publish: &'a Publish<'a>,
    stage: &'a mut Stage,
) -> impl Iterator<Item = SuggestionRow> + 'a {
    let users = prepared.graph.users();
    let gate = &publish.suggest.people;
    let mut ranks = Ranks::default();
    let probability = |at: usize| suggested.probabilities.as_ref().map(|all| all[at]);
    let rows = suggested
        .suggestions
        .iter()
        .flat_map(|(node, row)| row.iter().map(move |one| (node, one)));
    rows.enumerate()
        .filter_map(move |(at, (node, suggestion))| {
            let (user, candidate) = (users[node as usize], users[suggestion.candidate as usize]);
            let kept = keep(stage, [gate.decision(user), gate.decision(candidate)]);
            kept.then(|| SuggestionRow {
                rank: ranks.next(user),
                probability: probability(at),
                ..suggestion_row(user, candidate, suggestion)
            })
        })
}

fn suggestion_row(user: UserId, candidate: UserId, suggestion: &Suggestion) -> SuggestionRow {
    SuggestionRow {
        user,
        rank: 0,
        candidate,
        score: suggestion.score.to_f64(),
        probability: None,
        mutual_count: suggestion.mutual_count,
        reasons: suggestion
            .reasons()
            .map(|reason| reason.to_string())
            .collect(),
    }
}

/// Ad scores as rows, by person and rank.
pub(in crate::engine) fn ad_rows<'a>(
    scores: &'a [AdScore],
    publish: &'a Publish<'a>,
    stage: &'a mut Stage,
) -> impl Iterator<Item = AdRow> + 'a {
    let gate = &publish.ads.people;
    let mut ranks = Ranks::default();
    scores
        .iter()
        .filter(move |score| keep(stage, [gate.decision(score.user)]))
        .map(move |score| AdRow {
            user: score.user,
            rank: ranks.next(score.user),
            ad: score.ad_id,
            p_click: score.p_click,
            value: score.value,
            price: score.price,
            reasons: score.reasons.clone(),
        })
}

/// Spam scores as rows, by account.
pub(in crate::engine) fn abuse_rows<'a>(
    prepared: &'a Prepared,
    publish: &'a Publish<'a>,
    stage: &'a mut Stage,
) -> impl Iterator<Item = AbuseRow> + 'a {
    let gate = &publish.abuse.accounts;
    let scores = prepared.abuse_scores.iter();
    scores
        .filter(move |score| keep(stage, [gate.decision(score.account)]))
        .map(|score| AbuseRow {
            account: score.account,
            score: score.score,
            reasons: score.reasons.iter().map(ToString::to_string).collect(),
        })
}

/// Verdicts as rows, by business and account. A row stays while either purpose is still allowed.
pub(in crate::engine) fn reach_rows<'a>(
    prepared: &'a Prepared,
    publish: &'a Publish<'a>,
    stage: &'a mut Stage,
) -> impl Iterator<Item = ReachRow> + 'a {
    let (service, marketing) = (&publish.service.accounts, &publish.marketing.accounts);
    let rows = prepared.eligibility.rows.iter();
    rows.filter(move |row| {
        let (service, marketing) = (
            service.decision(row.account),
            marketing.decision(row.account),
        );
        keep(
            stage,
            [if is_allowed(marketing) {
                marketing
            } else {
                service
            }],
        )
    })
    .map(reach_row)
}

fn reach_row(row: &Reach) -> ReachRow {
    let words = |reasons: &[crate::business::Reason]| {
        reasons
            .iter()
            .map(|reason| reason.as_str().to_owned())
            .collect()
    };
    ReachRow {
        business: row.business,
        account: row.account,
        service: row.service.allowed,
        marketing: row.marketing.allowed,
        service_reasons: words(&row.service.reasons),
        marketing_reasons: words(&row.marketing.reasons),
    }
}

/// Links for every purpose that links people, by purpose, account and person.
pub(in crate::engine) fn link_rows(
    prepared: &Prepared,
    publish: &Publish<'_>,
    stage: &mut Stage,
) -> Vec<LinkRow> {
    let mut rows = links_for(&prepared.suggest, publish.suggest, stage);
    if is_on(Leak::LinksOfAnotherPurpose) {
        let others = links_for(&prepared.ads, publish.ads, stage);
        rows = others
            .into_iter()
            .map(|row| LinkRow {
                purpose: FriendSuggestions::PURPOSE,
                ..row
            })
            .collect();
    }
    rows.extend(links_for(&prepared.ads, publish.ads, stage));
    rows.extend(links_for(&prepared.abuse, publish.abuse, stage));
    rows.sort_unstable();
    rows
}

fn links_for<P: For>(view: &View<P>, publish: &Gates<P>, stage: &mut Stage) -> Vec<LinkRow> {
    let mut kept = |link: &&Link| {
        keep(
            stage,
            [
                publish.accounts.decision(link.account),
                publish.people.decision(link.user),
            ],
        )
    };
    view.links
        .iter()
        .filter(|link| kept(link))
        .map(link_row::<P>)
        .collect()
}

fn link_row<P: For>(link: &Link) -> LinkRow {
    let until = link.interval.until;
    LinkRow {
        purpose: P::PURPOSE,
        account: link.account,
        user: link.user,
        from: link.interval.from,
        until: (until != Timestamp::MAX).then_some(until),
        probability: link.probability,
        evidence: link
            .evidence
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
    }
}

/// Numbers the rows of each person from 1, so that a dropped row leaves no gap.
#[derive(Default)]
struct Ranks {
    of: Option<UserId>,
    rank: u32,
}

impl Ranks {
    fn next(&mut self, user: UserId) -> u32 {
        self.rank = if self.of == Some(user) {
            self.rank + 1
        } else {
            1
        };
        self.of = Some(user);
        self.rank
    }
}

/// Counts a row as published or dropped: everyone it names must still allow it.
fn keep<const N: usize>(stage: &mut Stage, decisions: [Decision; N]) -> bool {
    match decisions
        .into_iter()
        .fold(Decision::ALLOWED, Decision::stricter)
    {
        Decision::Denied(reason) => stage.drop(reason.as_str(), 1),
        Decision::Allowed { .. } => stage.pass(1),
    }
    decisions.into_iter().all(is_allowed) || is_on(Leak::PublishingAsksNobody)
}
