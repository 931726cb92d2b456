//! The matrix: what was allowed to whom, where and for what, at a moment.
//!
//! Model accounts are put into a ledger with the terms and orders of a [`PolicySet`] and asked like any other account, so
//! the matrix cannot say anything that the gate does not.

use serde::Serialize;

use super::event::{AccountFacts, Event, EventKind, PolicyVersion, Subject};
use super::gate::{Decision, DenialReason};
use super::ledger::Ledger;
use super::level::AdLevel;
use super::params::{AsOf, ValidConsentParams};
use super::policy_file::PolicySet;
use super::purpose::Purpose;
use crate::ids::{AccountId, EventId, Region};
use crate::time::Timestamp;

/// What a model account did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Accepted every version on the day it was announced, with sharing left on.
    Accepted,
    /// The same, and opted out of the first a day later.
    OptedOut,
    /// Registered after the newest version was announced.
    New,
    /// Was never shown a notice.
    NotNotified,
    /// Accepted, and at the moment in question consents to every purpose by an explicit act that names no level.
    Consents,
    /// The same, with ads at the level *full*.
    ConsentsFull,
    /// The same, with ads at the level *limited*.
    ConsentsLimited,
}

impl Model {
    /// Every model account.
    pub const ALL: [Self; 7] = [
        Self::Accepted,
        Self::OptedOut,
        Self::New,
        Self::NotNotified,
        Self::Consents,
        Self::ConsentsFull,
        Self::ConsentsLimited,
    ];

    /// What it did, in a few words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted, sharing left on",
            Self::OptedOut => "accepted, then opted out",
            Self::New => "registered since",
            Self::NotNotified => "never shown a notice",
            Self::Consents => "consents, names no level",
            Self::ConsentsFull => "consents, ads full",
            Self::ConsentsLimited => "consents, ads limited",
        }
    }

    /// Does it consent by an explicit act, and with which act for ads?
    const fn consents_to_ads(self) -> Option<EventKind> {
        let asked = false;
        let level = match self {
            Self::Accepted | Self::OptedOut | Self::New | Self::NotNotified => return None,
            Self::Consents => {
                let purpose = Purpose::AdRelevance;
                return Some(EventKind::Grant { purpose, asked });
            }
            Self::ConsentsFull => AdLevel::Full,
            Self::ConsentsLimited => AdLevel::Limited,
        };
        Some(EventKind::GrantAds { level, asked })
    }
}

/// What was allowed in one region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MatrixRegion {
    /// Where.
    pub region: Region,
    /// For each model account its state, and a decision by purpose.
    pub rows: Vec<MatrixRow>,
    /// The files whose orders are in force there.
    pub orders: Vec<String>,
}

/// What one model account allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MatrixRow {
    /// Which.
    pub model: Model,
    /// The state it is in.
    pub state: &'static str,
    /// By purpose, in the order of [`Purpose::ALL`].
    pub cells: Vec<MatrixCell>,
}

/// What was allowed for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MatrixCell {
    /// For what.
    pub purpose: Purpose,
    /// Whether it was.
    pub is_allowed: bool,
    /// How far ads may go, if they may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<AdLevel>,
    /// Only for data collected since then.
    pub since: Option<Timestamp>,
    /// Why not.
    pub reason: Option<&'static str>,
}

/// What was allowed at a moment, region by region.
///
/// # Complexity
/// O(r (v + o)) for r regions, v versions and o orders.
#[must_use]
pub fn matrix(
    policies: &PolicySet,
    as_of: Timestamp,
    regions: &[Region],
    params: &ValidConsentParams,
) -> Vec<MatrixRegion> {
    let of_region = |&region: &Region| {
        let (facts, events) = models(&policies.versions(), region, as_of);
        let ledger = Ledger::new(policies.versions(), policies.overlays(), events);
        let snapshot = ledger.snapshot(AsOf::at(as_of), &facts, params);
        let row = |(model, facts): (Model, &AccountFacts)| {
            let status = snapshot.status(facts.account);
            MatrixRow {
                model,
                state: status.map_or("not_notified", |status| status.state().as_str()),
                cells: Purpose::ALL
                    .map(|purpose| {
                        let denied = Decision::Denied(DenialReason::NoRecord);
                        cell(
                            purpose,
                            status.map_or(denied, |status| status.decision(purpose)),
                        )
                    })
                    .to_vec(),
            }
        };
        MatrixRegion {
            region,
            rows: Model::ALL.into_iter().zip(&facts).map(row).collect(),
            orders: in_force(policies, region, as_of),
        }
    };
    regions.iter().map(of_region).collect()
}

fn cell(purpose: Purpose, decision: Decision) -> MatrixCell {
    let limited = decision == Decision::Denied(DenialReason::LimitedLevel);
    let (is_allowed, since, reason) = match decision {
        Decision::Allowed { since } => (true, (since != Timestamp::MIN).then_some(since), None),
        Decision::Denied(DenialReason::LimitedLevel) => (true, None, None),
        Decision::Denied(reason) => (false, None, Some(reason.as_str())),
    };
    let level = if limited {
        AdLevel::Limited
    } else {
        AdLevel::Full
    };
    let is_of_ads = is_allowed && purpose == Purpose::AdRelevance;
    MatrixCell {
        purpose,
        is_allowed,
        level: is_of_ads.then_some(level),
        since,
        reason,
    }
}

/// The files whose orders are in force.
fn in_force(policies: &PolicySet, region: Region, at: Timestamp) -> Vec<String> {
    let applies = |record: &&super::policy_file::PolicyRecord| {
        let mut orders = record.orders.iter();
        orders.any(|order| order.region == region && order.interval.contains(at))
    };
    let records = policies.records().iter().filter(applies);
    records.map(|record| record.file.clone()).collect()
}

/// The model accounts, and what they did by a moment.
fn models(
    versions: &[PolicyVersion],
    region: Region,
    at: Timestamp,
) -> (Vec<AccountFacts>, Vec<Event>) {
    let announced: Vec<&PolicyVersion> = versions
        .iter()
        .filter(|version| version.announced_at <= at)
        .collect();
    let newest = announced.iter().map(|version| version.cohort_cut).max();
    let mut events = Vec::new();
    let mut facts = Vec::new();
    for (model, account) in Model::ALL.into_iter().zip(1..) {
        let account = AccountId(account);
        let mut add = |kind, valid_time| {
            events.push(Event {
                event_id: EventId(events.len() as u64),
                subject: Subject::Account(account),
                kind,
                valid_time,
                known_time: valid_time,
            });
        };
        let mut registered_at = Timestamp::from_secs(0);
        match model {
            Model::Accepted
            | Model::OptedOut
            | Model::Consents
            | Model::ConsentsFull
            | Model::ConsentsLimited => {
                for version in &announced {
                    let Some((_, digest)) = version.texts.first() else {
                        continue;
                    };
                    let policy = version.policy;
                    let digest = *digest;
                    add(
                        EventKind::NoticeServed { policy, digest },
                        version.announced_at,
                    );
                    add(EventKind::Accept { share: true }, version.announced_at);
                }
                if let (Model::OptedOut, Some(first)) = (model, announced.first()) {
                    add(EventKind::OptOut, first.announced_at.plus_days(1));
                }
                if let Some(ads) = model.consents_to_ads() {
                    let others = Purpose::ALL.into_iter();
                    let others = others.filter(|&purpose| purpose != Purpose::AdRelevance);
                    let asked = false;
                    others.for_each(|purpose| add(EventKind::Grant { purpose, asked }, at));
                    add(ads, at);
                }
            }
            Model::New => {
                if let Some(cut) = newest {
                    registered_at = cut;
                    add(EventKind::Register, cut);
                }
            }
            Model::NotNotified => {}
        }
        facts.push(AccountFacts {
            account,
            registered_at,
            last_seen_at: at,
            number_region: Some(region),
            residence: Some(region),
            device: None,
        });
    }
    (facts, events)
}
