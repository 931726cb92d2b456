//! What was made of it: every score of a person with its reasons, as a run publishes it.

use std::borrow::Cow;

use serde::Serialize;

use super::who::Who;
use crate::consent::Purpose;
use crate::engine::links::link_rows;
use crate::engine::outputs::LinkRow;
use crate::engine::{EngineError, Prepared, Stage};
use crate::ids::{AccountId, AdId, BusinessId, UserId};

/// A link that is made for a purpose.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkHeld {
    /// For what.
    pub purpose: Purpose,
    /// The messenger account.
    pub account: AccountId,
    /// The social account.
    pub user: UserId,
    /// Since when.
    pub from: String,
    /// Until when, if it has ended.
    pub until: Option<String>,
    /// How probable it is.
    pub probability: f64,
    /// What it rests on.
    pub evidence: Vec<String>,
}

/// Somebody suggested to them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Given {
    /// To whom.
    pub user: UserId,
    /// From 1.
    pub rank: usize,
    /// Whom.
    pub candidate: UserId,
    /// In the unit of the heuristic.
    pub score: f64,
    /// Why.
    pub reasons: Vec<String>,
}

/// An ad given to them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AdGiven {
    /// To whom.
    pub user: UserId,
    /// From 1.
    pub rank: u32,
    /// Which.
    pub ad: AdId,
    /// How probable a click is.
    pub p_click: f64,
    /// Why.
    pub reasons: Vec<String>,
}

/// A spam score of theirs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scored {
    /// Of which account.
    pub account: AccountId,
    /// From 0 to 1.
    pub score: f64,
    /// What follows from it.
    pub outcome: &'static str,
    /// Why.
    pub reasons: Vec<String>,
}

/// A business that has to do with them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reachable {
    /// Which account.
    pub account: AccountId,
    /// Which business.
    pub business: BusinessId,
    /// The kinds of messages it may send.
    pub may_send: Vec<&'static str>,
    /// Why it may or may not advertise.
    pub marketing_reasons: Vec<Cow<'static, str>>,
}

pub(super) fn links(prepared: &Prepared, who: &Who) -> Vec<LinkHeld> {
    let rows = link_rows(prepared, &mut Stage::new("links → published"));
    let theirs =
        |row: &LinkRow| who.accounts.contains(&row.account) || who.people.contains(&row.user);
    let held = |row: LinkRow| LinkHeld {
        purpose: row.purpose,
        account: row.account,
        user: row.user,
        from: row.from.to_string(),
        until: row.until.map(|until| until.to_string()),
        probability: row.probability.to_f64(),
        evidence: row.evidence,
    };
    rows.into_iter().filter(theirs).map(held).collect()
}

pub(super) fn suggestions(prepared: &Prepared, who: &Who) -> Vec<Given> {
    let Some(friends) = &prepared.friends else {
        return Vec::new();
    };
    let k = prepared.world.params.suggest.k();
    let mut given = Vec::new();
    for &user in &who.people {
        let mut list = Vec::new();
        friends.suggest_into(user, k, &mut list);
        given.extend(list.into_iter().zip(1..).map(|(one, rank)| Given {
            user,
            rank,
            candidate: one.candidate,
            score: one.score,
            reasons: one.reasons().map(|why| why.to_string()).collect(),
        }));
    }
    given
}

pub(super) fn ads(prepared: &Prepared, who: &Who) -> Result<Vec<AdGiven>, EngineError> {
    let Some(ads) = &prepared.ads else {
        return Ok(Vec::new());
    };
    let k = prepared.world.params.ads.k();
    let mut given = Vec::new();
    for &user in &who.people {
        let list = ads.of_person(&prepared.world, user, k)?;
        given.extend(list.into_iter().map(|score| AdGiven {
            user,
            rank: score.rank,
            ad: score.ad_id,
            p_click: score.p_click,
            reasons: score.reasons,
        }));
    }
    Ok(given)
}

pub(super) fn spam(prepared: &Prepared, who: &Who) -> Vec<Scored> {
    let mut stage = Stage::new("spam scores → published");
    let rows = prepared.abuse.as_ref().map(|abuse| abuse.rows(&mut stage));
    let rows = rows.into_iter().flatten();
    rows.filter(|row| who.accounts.contains(&row.account))
        .map(|row| Scored {
            account: row.account,
            score: row.score,
            outcome: row.outcome.as_str(),
            reasons: row.reasons,
        })
        .collect()
}

pub(super) fn businesses(prepared: &Prepared, who: &Who) -> Vec<Reachable> {
    let mut stage = Stage::new("verdicts → published");
    let rows = prepared
        .business
        .as_ref()
        .map(|business| business.rows(&mut stage));
    let rows = rows.into_iter().flatten();
    rows.filter(|row| who.accounts.contains(&row.account))
        .map(|row| {
            let kinds = [
                ("service", row.service),
                ("utility", row.utility),
                ("authentication", row.authentication),
                ("marketing", row.marketing),
            ];
            let may_send = kinds.into_iter().filter(|(_, allowed)| *allowed);
            Reachable {
                account: row.account,
                business: row.business,
                may_send: may_send.map(|(kind, _)| kind).collect(),
                marketing_reasons: row.marketing_reasons,
            }
        })
        .collect()
}
