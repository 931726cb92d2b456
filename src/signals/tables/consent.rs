//! `consent_events`: one event, about exactly one of an account, a device and a number.

use crate::consent::{AdLevel, Event, EventKind, PolicyId, Purpose, Subject, TextDigest};
use crate::ids::DeviceId;
use crate::signals::column::{Column, columns};
use crate::signals::record::Record;
use crate::signals::records::{ConsentEventRow, RawPhone};
use crate::signals::rejection::RejectionReason;
use crate::signals::row::{Fault, Row};
use crate::signals::salvage::Named;
use crate::signals::table::Table;
use crate::signals::values::Values;

columns! {
    mod event {
        EVENT_ID = "event_id" Whole required;
        ACCOUNT_ID = "account_id" Whole optional;
        DEVICE_ID = "device_id" Text optional;
        PHONE = "phone" Text optional;
        REGION = "region" Text optional;
        KIND = "kind" Text required;
        VALID_TIME = "valid_time" Instant required;
        KNOWN_TIME = "known_time" Instant required;
        POLICY = "policy" Whole optional;
        TEXT_DIGEST = "text_digest" Text optional;
        SHARE = "share" Truth optional;
        PURPOSE = "purpose" Text optional;
        ASKED = "asked" Truth optional;
        LEVEL = "level" Text optional;
    }
}

impl Record for ConsentEventRow {
    const TABLE: Table = Table::ConsentEvents;
    const COLUMNS: &'static [Column] = event::ALL;

    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let kind = kind(row)?;
        let event_id = row.id(event::EVENT_ID)?;
        let valid_time = row.instant(event::VALID_TIME)?;
        let known_time = row.instant(event::KNOWN_TIME)?;
        if is_of_non_user(&kind) {
            return Ok(Self::NonUser {
                phone: phone(row)?,
                region: row.region_if(event::REGION)?,
                event_id,
                kind,
                valid_time,
                known_time,
            });
        }
        Ok(Self::Known(Event {
            event_id,
            subject: subject(row, &kind)?,
            kind,
            valid_time,
            known_time,
        }))
    }

    fn write<'a>(&'a self, values: &mut Values<'a>) {
        match self {
            Self::Known(known) => write_known(known, values),
            Self::NonUser {
                phone,
                region,
                event_id,
                kind,
                valid_time,
                known_time,
            } => {
                values.set(event::EVENT_ID, event_id.0);
                values.set(event::VALID_TIME, *valid_time);
                values.set(event::KNOWN_TIME, *known_time);
                values.set(event::PHONE, phone.expose());
                values.set(event::REGION, *region);
                write_kind(kind, values);
                refuse_if(!is_of_non_user(kind), event::PHONE, values);
                refuse_if(phone.expose().trim().is_empty(), event::PHONE, values);
            }
        }
    }

    const RESTRICTS: bool = true;

    /// An event whose kind cannot be read may have been an opt-out. One of a kind that gives, gives nothing; but one that names
    /// a level may have taken away what is above it.
    fn may_restrict(row: &Row<'_>) -> bool {
        let gives = |name| GIVING.contains(&name);
        row.has(event::LEVEL) || !row.text(event::KIND).is_ok_and(gives)
    }

    /// An account, a device or both. A number is not enough: nobody can tell whether an objection was taken back.
    fn named(row: &Row<'_>) -> Option<Named> {
        let is_of_account = |name| OF_ACCOUNTS.contains(&name);
        if row.has(event::PHONE) && !row.text(event::KIND).is_ok_and(is_of_account) {
            return None;
        }
        let account = if row.has(event::ACCOUNT_ID) {
            Some(row.id_salvaged(event::ACCOUNT_ID)?)
        } else {
            None
        };
        let device = device(row).ok()?;
        (account.is_some() || device.is_some()).then(|| Named {
            device,
            ..Named::accounts(account)
        })
    }
}

/// What is never about a number.
const OF_ACCOUNTS: [&str; 11] = [
    "notice_served",
    "defer",
    "accept",
    "register",
    "opt_out",
    "grant",
    "withdraw",
    "signal",
    "number_change",
    "recycled",
    "delete",
];

/// What takes nothing away: lost with whoever it is about, it allows nothing that it would not have allowed.
const GIVING: [&str; 6] = [
    "notice_served",
    "defer",
    "register",
    "grant",
    "number_change",
    "non_user_joins",
];

fn kind(row: &Row<'_>) -> Result<EventKind, Fault> {
    let name = row.text(event::KIND)?;
    Ok(match name {
        "notice_served" => EventKind::NoticeServed {
            policy: PolicyId(row.whole(event::POLICY)?),
            digest: row.named(event::TEXT_DIGEST, TextDigest::parse)?,
        },
        "defer" => EventKind::Defer,
        "accept" => EventKind::Accept {
            share: row.truth(event::SHARE)?,
        },
        "register" => EventKind::Register,
        "opt_out" => EventKind::OptOut,
        "grant" => grant(row)?,
        "withdraw" => EventKind::Withdraw {
            purpose: row.named(event::PURPOSE, Purpose::parse)?,
        },
        "signal" => EventKind::Signal,
        "number_change" => EventKind::NumberChange,
        "recycled" => EventKind::Recycled,
        "delete" => EventKind::Delete,
        "non_user_objects" => EventKind::NonUserObjects,
        "non_user_joins" => EventKind::NonUserJoins,
        _ => return Err(Fault::new(event::KIND, RejectionReason::OutOfRange)),
    })
}

/// A grant. Only one for ads has a level, and one that has a level nobody knows is none.
fn grant(row: &Row<'_>) -> Result<EventKind, Fault> {
    let purpose = row.named(event::PURPOSE, Purpose::parse)?;
    let asked = row.truth_if(event::ASKED)?.unwrap_or(false);
    if !row.has(event::LEVEL) {
        return Ok(EventKind::Grant { purpose, asked });
    }
    Fault::unless(purpose == Purpose::AdRelevance, event::LEVEL)?;
    let level = row.named(event::LEVEL, AdLevel::parse)?;
    Ok(EventKind::GrantAds { level, asked })
}

const fn is_of_non_user(kind: &EventKind) -> bool {
    matches!(kind, EventKind::NonUserObjects | EventKind::NonUserJoins)
}

/// The number of somebody without an account; a row that names an account or a device as well is about two.
fn phone(row: &Row<'_>) -> Result<RawPhone, Fault> {
    Fault::unless(
        row.whole_if::<u64>(event::ACCOUNT_ID)?.is_none(),
        event::ACCOUNT_ID,
    )?;
    Fault::unless(row.device_if(event::DEVICE_ID)?.is_none(), event::DEVICE_ID)?;
    row.text(event::PHONE).map(RawPhone::new)
}

/// The device, if one is named. Quotes and control characters are in no id: they are what damage leaves.
fn device(row: &Row<'_>) -> Result<Option<DeviceId>, Fault> {
    let text = row.text_if(event::DEVICE_ID)?;
    let is_damaged = |text: &str| text.contains(|c: char| c == '"' || c.is_control());
    Fault::unless(!text.is_some_and(is_damaged), event::DEVICE_ID)?;
    row.device_if(event::DEVICE_ID)
}

/// The account, or for a signal the device. A number is nobody's account.
fn subject(row: &Row<'_>, kind: &EventKind) -> Result<Subject, Fault> {
    let account = row.id_if(event::ACCOUNT_ID)?;
    let device = device(row)?;
    let is_placeholder = device.is_none() && row.text_if(event::DEVICE_ID)?.is_some();
    Fault::unless(row.text_if(event::PHONE)?.is_none(), event::PHONE)?;
    match (account, device) {
        (Some(account), None) => Ok(Subject::Account(account)),
        (None, Some(device)) if *kind == EventKind::Signal => Ok(Subject::Device(device)),
        // It may be anybody's device, so nobody's: the row must not pass for one about an account.
        (None, None) if is_placeholder && *kind == EventKind::Signal => {
            Err(Fault::new(event::DEVICE_ID, RejectionReason::NotADevice))
        }
        (None, None) => Err(Fault::new(event::ACCOUNT_ID, RejectionReason::Missing)),
        (_, Some(_)) => Err(Fault::new(event::DEVICE_ID, RejectionReason::OutOfRange)),
    }
}

fn write_known(known: &Event, values: &mut Values<'_>) {
    values.set(event::EVENT_ID, known.event_id.0);
    values.set(event::VALID_TIME, known.valid_time);
    values.set(event::KNOWN_TIME, known.known_time);
    write_kind(&known.kind, values);
    refuse_if(is_of_non_user(&known.kind), event::PHONE, values);
    match known.subject {
        Subject::Account(account) => values.set(event::ACCOUNT_ID, account.0),
        Subject::Device(device) => {
            values.set(event::DEVICE_ID, device.to_string());
            refuse_if(known.kind != EventKind::Signal, event::DEVICE_ID, values);
        }
        // A token does not lead back to a number.
        Subject::NonUser(_) => values.refuse(event::PHONE),
    }
}

fn write_kind(kind: &EventKind, values: &mut Values<'_>) {
    values.set(event::KIND, kind.as_str());
    match *kind {
        EventKind::NoticeServed { policy, digest } => {
            values.set(event::POLICY, policy.0);
            values.set(event::TEXT_DIGEST, digest.to_string());
        }
        EventKind::Accept { share } => values.set(event::SHARE, share),
        EventKind::Grant { purpose, asked } => {
            values.set(event::PURPOSE, purpose.as_str());
            values.set(event::ASKED, asked);
        }
        EventKind::GrantAds { level, asked } => {
            values.set(event::PURPOSE, Purpose::AdRelevance.as_str());
            values.set(event::ASKED, asked);
            values.set(event::LEVEL, level.as_str());
        }
        EventKind::Withdraw { purpose } => values.set(event::PURPOSE, purpose.as_str()),
        _ => {}
    }
}

fn refuse_if(is_unwritable: bool, column: &Column, values: &mut Values<'_>) {
    if is_unwritable {
        values.refuse(column);
    }
}
