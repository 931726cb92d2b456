//! Accidents: inputs that can be read and yet leave nobody to score, so that a night's outputs would be empty and nobody
//! would know why.
//!
//! That everybody opted out is no accident. That nobody was ever shown a notice, or that one table's ids are not another's,
//! is.

use std::collections::BTreeMap;

use crate::consent::{
    AccountStatus, Decision, DenialReason, EventKind, INACTIVE_DAYS, Purpose, State, Subject,
};
use crate::engine::world::inputs::Inputs;
use crate::engine::world::standing::{Span, Standing};
use crate::engine::{RunFinding, Stage};
use crate::hash::HashSet;
use crate::ids::{AccountId, BusinessId, DeviceId, EventId, UserId};
use crate::signals::RejectionReason;
use crate::time::Timestamp;

/// After how many days without any consent event the events must be old ones.
const STALE_DAYS: i64 = 365;

/// What is wrong with the inputs as a whole.
pub(in crate::engine) fn of_inputs(inputs: &Inputs, standing: &Standing) -> Vec<RunFinding> {
    let mut found = Vec::new();
    found.extend(unread_numbers(inputs));
    found.extend(moment(inputs, standing));
    found.extend(accepted_without_notice(standing));
    let purposes = [Purpose::FriendSuggestions, Purpose::AdRelevance];
    found.extend(
        purposes
            .into_iter()
            .filter_map(|purpose| nobody_allowed(standing, purpose)),
    );
    found.extend(strangers_only(inputs));
    found
}

/// Every number of a table is unreadable.
fn unread_numbers(inputs: &Inputs) -> impl Iterator<Item = RunFinding> + use<> {
    let columns = [
        (
            "messenger_accounts",
            inputs.accounts.texts().count(),
            inputs.accounts.n_numbers(),
        ),
        (
            "social_accounts",
            inputs.social.texts().count(),
            inputs.social.n_numbers(),
        ),
        (
            "businesses",
            inputs.businesses.texts().count(),
            inputs.businesses.n_numbers(),
        ),
    ];
    let unread = columns
        .into_iter()
        .filter(|(_, n, n_read)| *n > 0 && *n_read == 0);
    unread.map(|(table, n, _)| {
        RunFinding::new(
            "no_numbers",
            format!("none of the {n} numbers of {table} can be read"),
            "write numbers as text with a plus and the country's code, or give their region",
        )
    })
}

/// The moment the run speaks of lies far from what the tables tell of.
fn moment(inputs: &Inputs, standing: &Standing) -> Option<RunFinding> {
    let as_of = standing.as_of.valid;
    let cure = "give the moment of the data with --as-of, or newer tables";
    let Span { first, last } = standing.events?;
    if as_of < first {
        let what = format!(
            "the moment of the run, {as_of}, is before every consent event; the first is of {first}"
        );
        return Some(RunFinding::new("moment_before_consent", what, cure));
    }
    let seen = inputs
        .accounts
        .rows()
        .iter()
        .map(|row| row.last_seen_at)
        .max()?;
    if seen.plus_days(INACTIVE_DAYS) <= as_of {
        let what = format!(
            "the moment of the run, {as_of}, is more than {INACTIVE_DAYS} days after any account was seen ({seen}): all count \
             as gone"
        );
        return Some(RunFinding::new("moment_after_signals", what, cure));
    }
    (last.plus_days(STALE_DAYS) <= as_of).then(|| {
        let what = format!(
            "the newest consent event, of {last}, is more than {STALE_DAYS} days older than the moment of the run, {as_of}: \
             later opt-outs may be missing"
        );
        RunFinding::new("moment_after_consent", what, "check that every consent event is in the tables")
    })
}

/// Signals about devices on which no account is seen: a signal takes something away, and these take it from nobody.
pub(in crate::engine) fn unknown_devices(inputs: &Inputs, as_of: Timestamp) -> Option<RunFinding> {
    let signals = inputs
        .consent
        .events
        .iter()
        .filter_map(|event| match event.subject {
            Subject::Device(device) if event.valid_time <= as_of => Some((event.event_id, device)),
            _ => None,
        });
    let signals: Vec<_> = signals.collect();
    if signals.is_empty() {
        return None;
    }
    let rows = inputs.accounts.rows().iter();
    let known: HashSet<DeviceId> = rows.filter_map(|row| row.device.device_id).collect();
    let unknown = signals.iter().filter(|(_, device)| !known.contains(device));
    let ids: Vec<EventId> = unknown.map(|(event_id, _)| *event_id).collect();
    let first = ids.iter().min()?;
    Some(RunFinding::new(
        "unknown_device",
        format!(
            "{} signals are about a device that no account is seen on, the first of them event {first}: they take nothing \
             from anybody",
            ids.len()
        ),
        "write device_id in consent_events as in messenger_accounts, or name the account instead",
    ))
}

/// Most of those who accepted were, by the tables, never shown what they accepted.
fn accepted_without_notice(standing: &Standing) -> Option<RunFinding> {
    let has_accepted = |status: &&AccountStatus| {
        let mut events = standing.ledger.history(Subject::Account(status.account()));
        events.any(|event| matches!(event.kind, EventKind::Accept { .. }))
    };
    let statuses = standing.snapshot.statuses().iter();
    let (mut n_without, mut n_with) = (0_u64, 0_u64);
    for status in statuses {
        match status.underneath() {
            State::NotNotified => n_without += u64::from(has_accepted(&status)),
            State::Accepted { .. } | State::OptedOut(_) | State::Granted(_) => n_with += 1,
            _ => {}
        }
    }
    let n = n_without + n_with;
    (n_without > n_with).then(|| {
        RunFinding::new(
            "accepted_without_notice",
            format!("{n_without} of {n} accounts accepted without a notice: nobody of them can be scored"),
            "add the notice_served events, with the digest of the text that was shown",
        )
    })
}

/// Nobody may be scored, and not because they said so.
fn nobody_allowed(standing: &Standing, purpose: Purpose) -> Option<RunFinding> {
    let mut denied: BTreeMap<DenialReason, u64> = BTreeMap::new();
    for status in standing.snapshot.statuses() {
        match status.decision(purpose) {
            Decision::Allowed { .. } => return None,
            Decision::Denied(reason) => *denied.entry(reason).or_default() += 1,
        }
    }
    let n: u64 = denied.values().sum();
    let by_accident = denied.iter().filter(|(reason, _)| is_accident(**reason));
    let n_by_accident: u64 = by_accident.map(|(_, n)| n).sum();
    (n > 0 && 2 * n_by_accident >= n).then(|| {
        let told: Vec<String> = denied.iter().map(|(why, n)| format!("{why} {n}")).collect();
        RunFinding::new(
            "nobody_permitted",
            format!("none of {n} accounts may be used for {purpose}: {}", told.join(", ")),
            "check that consent_events, policy_versions and messenger_accounts speak of the same accounts and texts",
        )
    })
}

/// Does this reason speak of missing or damaged data rather than of what somebody did?
const fn is_accident(reason: DenialReason) -> bool {
    matches!(
        reason,
        DenialReason::NoRecord
            | DenialReason::NotNotified
            | DenialReason::Invalidated
            | DenialReason::UnreadableRestriction
    )
}

/// Tables whose every row is about somebody that no other table knows: their ids are other ids.
fn strangers_only(inputs: &Inputs) -> Vec<RunFinding> {
    let users: HashSet<UserId> = inputs.social.rows().iter().map(|row| row.user_id).collect();
    let accounts: HashSet<AccountId> = inputs
        .accounts
        .rows()
        .iter()
        .map(|row| row.account_id)
        .collect();
    let businesses: HashSet<BusinessId> = inputs
        .businesses
        .rows()
        .iter()
        .map(|row| row.business_id)
        .collect();
    let user = |id| users.contains(&id);
    let account = |id| accounts.contains(&id);
    let of = |id, business| account(id) && businesses.contains(&business);
    let shown = inputs.impressions.iter().filter_map(|row| row.user_id);
    [
        joined(
            "friendships",
            inputs
                .friendships
                .iter()
                .map(|row| user(row.user_a) && user(row.user_b)),
        ),
        joined(
            "feedback",
            inputs
                .feedback
                .iter()
                .map(|row| user(row.user_id) || user(row.other_id)),
        ),
        joined(
            "ad_feedback",
            inputs.ad_feedback.iter().map(|row| user(row.user_id)),
        ),
        joined("impressions", shown.map(user)),
        joined(
            "abuse_reports",
            inputs
                .reports
                .iter()
                .map(|row| account(row.reporter) || account(row.reported)),
        ),
        joined(
            "business_threads",
            inputs
                .threads
                .iter()
                .map(|row| of(row.account_id, row.business_id)),
        ),
        joined(
            "business_opt_ins",
            inputs
                .opt_ins
                .iter()
                .map(|row| of(row.account_id, row.business_id)),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A finding if there are rows and none of them joins.
fn joined(table: &str, mut rows: impl Iterator<Item = bool>) -> Option<RunFinding> {
    let mut n = 0_u64;
    let joins = rows.any(|joins| {
        n += 1;
        joins
    });
    (n > 0 && !joins).then(|| {
        RunFinding::new(
            "ids_do_not_join",
            format!("none of the {n} rows of {table} is about anybody the other tables know"),
            "check that its ids are those of messenger_accounts, social_accounts and businesses",
        )
    })
}

/// Every number of an address book is unreadable, as the stage that matches it tells.
pub(in crate::engine) fn unread_book(stage: &Stage) -> Option<RunFinding> {
    let reasons = [
        RejectionReason::NotANumber,
        RejectionReason::NumberAsFloat,
        RejectionReason::BusinessScopedId,
        RejectionReason::Username,
    ];
    let dropped = |reason: RejectionReason| stage.dropped.get(reason.as_str()).copied();
    let n_unread: u64 = reasons.into_iter().filter_map(dropped).sum();
    let n_numbers = stage.rows_in - stage.dropped.get("not_yet").copied().unwrap_or(0);
    (n_unread > 0 && n_unread == n_numbers).then(|| {
        RunFinding::new(
            "no_numbers",
            format!("none of the {n_unread} numbers of address_book can be read"),
            "write numbers as text with a plus and the country's code, or give the region of who saved them",
        )
    })
}

/// Accounts may be scored, and none is linked to a person.
pub(in crate::engine) fn nobody_linked(
    inputs: &Inputs,
    standing: &Standing,
    n_people: usize,
) -> Option<RunFinding> {
    let purpose = Purpose::FriendSuggestions;
    let statuses = standing.snapshot.statuses().iter();
    let n_allowed = statuses
        .filter(|status| status.decision(purpose).is_allowed())
        .count();
    let n = inputs.social.rows().len();
    (n > 0 && n_people == 0 && n_allowed > 0).then(|| {
        RunFinding::new(
            "nobody_linked",
            format!("{n_allowed} accounts may be scored, and none of {n} people is linked to one of them"),
            "check the phone, phone_given_for and region columns of social_accounts and messenger_accounts",
        )
    })
}
