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
use crate::engine::suggested::Suggested;
use crate::engine::view::{Gates, View};
use crate::engine::{EngineError, Prepared, Progress, Stage};
use crate::identity::Link;
use crate::ids::{AccountId, UserId};
use crate::suggest::{SuggestCounts, Suggestions};
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

    /// May any business write to an account, for either purpose?
    pub(in crate::engine) fn written_to(&self, account: AccountId) -> Decision {
        let marketing = self.marketing.accounts.decision(account);
        if marketing.is_allowed() {
            marketing
        } else {
            self.service.accounts.decision(account)
        }
    }
}

/// Everybody's suggestions, with the sums of how they came about.
pub(in crate::engine) fn suggestions(
    prepared: &Prepared,
    progress: &dyn Progress,
) -> (Suggestions, [Stage; 2]) {
    let n_users = prepared.graph().n_users();
    progress.begin("suggesting friends", Some(n_users as u64));
    let done = Done::new(progress);
    let made = prepared.desk.everybody(&|n| done.reach(n as u64));
    (made.suggestions, suggest_stages(&made.counts))
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
    suggestions: &'a Suggestions,
    publish: &'a Publish<'a>,
    stage: &'a mut Stage,
) -> impl Iterator<Item = SuggestionRow> + 'a {
    let users = prepared.graph().users();
    let gate = &publish.suggest.people;
    let mut ranks = Ranks::default();
    let all = suggestions.lists().flat_map(move |(node, list)| {
        let user = users[node as usize];
        Suggested::of(list, users).map(move |one| (user, one))
    });
    all.filter_map(move |(user, one)| {
        let kept = keep(stage, [gate.decision(user), gate.decision(one.candidate)]);
        kept.then(|| suggestion_row(user, ranks.next(user), one))
    })
}

fn suggestion_row(user: UserId, rank: u32, made: Suggested) -> SuggestionRow {
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
    let rows = prepared.eligibility.rows.iter();
    rows.filter(move |row| keep(stage, [publish.written_to(row.account)]))
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
    decisions.into_iter().all(Decision::is_allowed)
}
