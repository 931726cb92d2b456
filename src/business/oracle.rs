//! The rules again, from the dated facts alone: no file of rules is read here, nothing is sorted and nothing is kept. Every list is
//! walked from end to end for every question.

use super::tests::World;
use crate::ids::{AccountId, BusinessId};
use crate::signals::{BusinessEventKind, MessageKind, PersonsWord, SendingLimit, StartedBy};
use crate::time::Timestamp;

const HOUR: i64 = 3_600_000_000;
const EEA: &str =
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK";

fn day(text: &str) -> i64 {
    Timestamp::parse(&format!("{text}T00:00:00Z"))
        .unwrap()
        .micros()
}

/// One question.
#[derive(Clone, Copy)]
pub(super) struct Question {
    pub(super) business: BusinessId,
    pub(super) account: AccountId,
    pub(super) kind: MessageKind,
    pub(super) at: Timestamp,
}

/// May it be sent? Only for pairs that have a thread or an opt-in by then, and for accounts that consent.
pub(super) fn allows(world: &World, asked: Question) -> bool {
    let Question {
        business,
        account,
        kind,
        at,
    } = asked;
    let now = at.micros();
    let row = world
        .businesses
        .iter()
        .find(|row| row.business_id == business)
        .unwrap();
    if row.verified_at.is_none_or(|verified| verified > at) {
        return false;
    }
    let wrote = last_write(world, business, account, now);
    let window = if now >= day("2019-06-01") {
        24 * HOUR
    } else {
        30 * 24 * HOUR
    };
    let mut open = wrote.is_some_and(|wrote| now - wrote < window);
    if now >= day("2019-06-01") {
        open |= entry_open(world, business, account, now);
    }
    if last(world, business, account, PersonsWord::Block, now).is_some_and(|block| {
        last(world, business, account, PersonsWord::Unblock, now).is_none_or(|yes| yes <= block)
    }) {
        return false;
    }
    if kind == MessageKind::Service {
        return open;
    }
    if (kind == MessageKind::Marketing || !open) && !asked_for(world, business, account, kind, now)
    {
        return false;
    }
    if kind == MessageKind::Marketing && !marketing(world, asked, now) {
        return false;
    }
    open || now < day("2019-06-01") || within_limit(world, business, account, now)
}

fn marketing(world: &World, asked: Question, now: i64) -> bool {
    let Question {
        business, account, ..
    } = asked;
    let stopped = last(world, business, account, PersonsWord::Stop, now);
    let resumed = last(world, business, account, PersonsWord::Resume, now);
    if stopped.is_some_and(|stop| resumed.is_none_or(|resumed| resumed <= stop)) {
        return false;
    }
    let region = world.regions.get(&account).map(ToString::to_string);
    if now >= day("2025-04-01") {
        match region.as_deref() {
            None | Some("US" | "AS" | "GU" | "MP") => return false,
            Some(_) => {}
        }
    }
    if now < day("2024-05-23") {
        return true;
    }
    let spared = format!("{EEA} GB JP KR");
    let is_spared = |region: Option<String>| region.is_some_and(|region| spared.contains(&region));
    let of_business = world
        .business_regions
        .get(&business)
        .map(ToString::to_string);
    if now >= day("2026-04-29") && (is_spared(region) || is_spared(of_business)) {
        return true;
    }
    if reply_open(world, business, account, now) {
        return true;
    }
    let counted = sent(world).filter(|(of, to, kind, at)| {
        *to == account
            && *kind == MessageKind::Marketing
            && *at <= now
            && now - *at < 24 * HOUR
            && !reply_open(world, *of, *to, *at)
    });
    counted.count() < 2
}

/// Did the person reply to marketing less than 24 hours ago?
fn reply_open(world: &World, business: BusinessId, account: AccountId, now: i64) -> bool {
    writes(world, business, account).any(|wrote| {
        let is_reply = sent(world).any(|(of, to, kind, at)| {
            (of, to, kind) == (business, account, MessageKind::Marketing)
                && at <= wrote
                && wrote - at < 24 * HOUR
        });
        wrote <= now && now - wrote < 24 * HOUR && is_reply
    })
}

fn within_limit(world: &World, business: BusinessId, account: AccountId, now: i64) -> bool {
    let portfolios = now >= day("2025-10-07");
    let own = |id: BusinessId| {
        let portfolio = |id| {
            let row = world.businesses.iter().find(|row| row.business_id == id);
            row.unwrap().portfolio_id
        };
        id == business
            || (portfolios && portfolio(id).is_some() && portfolio(id) == portfolio(business))
    };
    let started = |until: i64, hours: i64| -> Vec<AccountId> {
        let rows = sent(world).filter(|(of, to, kind, at)| {
            let wrote = last_write(world, *of, *to, *at);
            own(*of)
                && *kind != MessageKind::Service
                && *at <= until
                && until - *at < hours * HOUR
                && wrote.is_none_or(|wrote| *at - wrote >= 24 * HOUR)
        });
        distinct(rows.map(|row| row.1))
    };
    let quality = |until: i64| {
        let week = |at: i64| at <= until && until - at < 7 * 24 * HOUR;
        let reached = sent(world)
            .filter(|(of, _, kind, at)| own(*of) && *kind != MessageKind::Service && week(*at));
        let reached = distinct(reached.map(|row| row.1)).len();
        let bad = world.events.iter().filter_map(|row| match row.what {
            BusinessEventKind::Said {
                account,
                word: PersonsWord::Block | PersonsWord::Report,
            } if own(row.business_id) && week(row.at.micros()) => Some(account),
            _ => None,
        });
        let bad = distinct(bad).len();
        // Hundredths: below 1 of 100 is high, from 3 of 100 on low.
        match reached {
            0 => 'm',
            _ if bad * 100 < reached => 'h',
            _ if bad * 100 < 3 * reached => 'm',
            _ => 'l',
        }
    };
    let levels: Vec<u32> = if portfolios {
        vec![250, 2_000, 10_000, 100_000, u32::MAX]
    } else {
        vec![250, 1_000, 10_000, 100_000, u32::MAX]
    };
    let rows = || world.businesses.iter().filter(|row| own(row.business_id));
    let told = rows().filter(|row| row.tier_since.is_none_or(|since| since.micros() <= now));
    let told = told.filter_map(|row| match row.tier? {
        SendingLimit::People(people) => Some(people),
        SendingLimit::Unlimited => Some(u32::MAX),
    });
    let told = told.max().unwrap_or(0);
    let mut level = levels.iter().rposition(|level| *level <= told).unwrap_or(0);
    if portfolios {
        let verified = rows().any(|row| row.verified_at.is_some_and(|at| at.micros() <= now));
        let delivered = started(now, 30 * 24).len() >= 2_000 && quality(now) == 'h';
        if verified || delivered {
            level = level.max(1);
        }
        let then = now - 6 * HOUR;
        let half = level < 4 && started(then, 7 * 24).len() * 2 >= levels[level] as usize;
        if half && quality(then) == 'h' {
            level += 1;
        }
    } else if quality(now) == 'l' {
        level = level.saturating_sub(1);
    }
    let today = started(now, 24);
    levels[level] == u32::MAX || today.contains(&account) || today.len() < levels[level] as usize
}

fn distinct(accounts: impl Iterator<Item = AccountId>) -> Vec<AccountId> {
    let mut seen = Vec::new();
    for account in accounts {
        if !seen.contains(&account) {
            seen.push(account);
        }
    }
    seen
}

fn sent(world: &World) -> impl Iterator<Item = (BusinessId, AccountId, MessageKind, i64)> + '_ {
    world.events.iter().filter_map(|row| match row.what {
        BusinessEventKind::Sent { account, kind } => {
            Some((row.business_id, account, kind, row.at.micros()))
        }
        _ => None,
    })
}

fn last(
    world: &World,
    business: BusinessId,
    account: AccountId,
    said: PersonsWord,
    now: i64,
) -> Option<i64> {
    let said = BusinessEventKind::Said {
        account,
        word: said,
    };
    let rows = world
        .events
        .iter()
        .filter(|row| row.business_id == business && row.what == said);
    rows.map(|row| row.at.micros())
        .filter(|at| *at <= now)
        .max()
}

fn writes(
    world: &World,
    business: BusinessId,
    account: AccountId,
) -> impl Iterator<Item = i64> + '_ {
    let rows = world
        .threads
        .iter()
        .filter(move |row| (row.business_id, row.account_id) == (business, account));
    rows.flat_map(|row| {
        let first = (row.started_by == StartedBy::Person).then_some(row.started_at);
        first
            .into_iter()
            .chain(row.last_from_person_at)
            .map(Timestamp::micros)
    })
}

fn last_write(world: &World, business: BusinessId, account: AccountId, now: i64) -> Option<i64> {
    writes(world, business, account)
        .filter(|at| *at <= now)
        .max()
}

/// Of several visits the last counts, and of several answers to it the last.
fn entry_open(world: &World, business: BusinessId, account: AccountId, now: i64) -> bool {
    let rows = world
        .threads
        .iter()
        .filter(|row| (row.business_id, row.account_id) == (business, account));
    let came = rows.filter_map(|row| {
        let came = row.entry_at?.micros();
        let answered = row.answered_at.map(Timestamp::micros);
        (came <= now).then_some((came, answered.filter(|at| *at <= now && *at >= came)))
    });
    matches!(came.max(), Some((came, Some(answered))) if answered - came < 24 * HOUR && now - answered < 72 * HOUR)
}

fn asked_for(
    world: &World,
    business: BusinessId,
    account: AccountId,
    kind: MessageKind,
    now: i64,
) -> bool {
    let rows = || {
        world.opt_ins.iter().filter(move |row| {
            (row.business_id, row.account_id, row.kind) == (business, account, kind)
        })
    };
    let yes = rows()
        .map(|row| row.opted_in_at.micros())
        .filter(|at| *at <= now)
        .max();
    let no = rows()
        .filter_map(|row| row.opted_out_at)
        .map(Timestamp::micros)
        .filter(|at| *at <= now)
        .max();
    yes.is_some_and(|yes| no.is_none_or(|no| no < yes))
}
