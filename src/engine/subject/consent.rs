//! What each account allows, and how it came to that.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::who::Who;
use crate::consent::{Decision, Event, History, Purpose, Subject as EventSubject};
use crate::engine::EngineError;
use crate::engine::world::World;
use crate::engine::world::consent_source::LedgerSource;
use crate::ids::AccountId;
use crate::ledger::Reader;
use crate::signals::{ConsentEventRow, SignalsDir, event_json};
use crate::time::Timestamp;

/// What one account allows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountConsent {
    /// Which.
    pub account: AccountId,
    /// Its state; none if no event and no row says anything of it.
    pub state: Option<&'static str>,
    /// Whether it ever refused anything.
    pub opted_out_ever: bool,
    /// By purpose, `allowed`, `allowed since` a cut-off, or why not.
    pub purposes: BTreeMap<&'static str, String>,
    /// Every event about it, by when it happened.
    pub history: Vec<Value>,
    /// Whether its events were erased from the ledger.
    pub is_erased: bool,
}

pub(super) fn of_accounts(
    world: &World,
    dir: &SignalsDir,
    ledger: Option<&LedgerSource<'_>>,
    who: &Who,
) -> Result<Vec<AccountConsent>, EngineError> {
    let mut events = match ledger {
        Some(source) => of_ledger(source, who)?,
        None => of_tables(dir, who)?,
    };
    events.sort_by_key(|event| (event.valid_time, event.known_time));
    let reader = ledger.map(|source| Reader::open(source.dir)).transpose()?;
    let one = |&account: &AccountId| {
        let status = world.standing.snapshot.status(account);
        let own = |event: &&Event| event.subject == EventSubject::Account(account);
        let is_erased = match &reader {
            Some(reader) => reader.is_erased(account)?,
            None => false,
        };
        Ok(AccountConsent {
            account,
            state: status.map(|status| status.state().as_str()),
            opted_out_ever: status.is_some_and(crate::consent::AccountStatus::opted_out_ever),
            purposes: status.map_or_else(BTreeMap::new, |status| {
                let each = Purpose::ALL.into_iter();
                each.map(|purpose| (purpose.as_str(), told(status.decision(purpose))))
                    .collect()
            }),
            history: events.iter().filter(own).map(event_json).collect(),
            is_erased,
        })
    };
    who.accounts.iter().map(one).collect()
}

fn told(decision: Decision) -> String {
    match decision {
        Decision::Allowed { since } if since == Timestamp::MIN => "allowed".to_owned(),
        Decision::Allowed { since } => format!("allowed since {since}"),
        Decision::Denied(reason) => reason.as_str().to_owned(),
    }
}

fn of_ledger(source: &LedgerSource<'_>, who: &Who) -> Result<Vec<Event>, EngineError> {
    let reader = Reader::open(source.dir)?;
    // Of a ledger that is damaged nothing is read.
    if !reader.flaws()?.is_empty() {
        return Ok(Vec::new());
    }
    let mut events = Vec::new();
    for &account in &who.accounts {
        events.extend(reader.history(account)?);
    }
    Ok(events)
}

fn of_tables(dir: &SignalsDir, who: &Who) -> Result<Vec<Event>, EngineError> {
    let rows = dir.read::<ConsentEventRow>()?.records.into_iter();
    let theirs = rows.filter_map(|row| match row {
        ConsentEventRow::Known(event) => Some(event),
        ConsentEventRow::NonUser { .. } => None,
    });
    let is_theirs = |event: &Event| match event.subject {
        EventSubject::Account(account) => who.accounts.contains(&account),
        EventSubject::Device(_) | EventSubject::NonUser(_) => false,
    };
    Ok(theirs.filter(is_theirs).collect())
}
