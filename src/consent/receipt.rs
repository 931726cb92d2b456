//! Receipts: what a person can be handed about their consent.
//!
//! The structure follows ISO/IEC TS 27560:2023 (a record with a header, the notice and purposes it is about, and the
//! events), in JSON; states are those of the Data Privacy Vocabulary ([DPV] 2), named by their full address. Its guide
//! "Consent Records and Receipts as per ISO/IEC TS 27560:2023 using DPV" has the mapping we follow.
//!
//! [DPV]: https://w3id.org/dpv

use serde::Serialize;

use super::event::{Event, EventKind, Subject};
use super::gate::Decision;
use super::params::AsOf;
use super::purpose::Purpose;
use super::snapshot::AccountStatus;
use super::state::State;
use crate::ids::AccountId;
use crate::time::Timestamp;

/// A receipt for one account at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The profile the record follows.
    pub schema_version: &'static str,
    /// BLAKE3 of everything below it: the same for the same contents.
    pub record_id: String,
    /// The account.
    pub pii_principal_id: AccountId,
    /// The moment it speaks of,
    pub as_of: Timestamp,
    /// as known then.
    pub known_at: Timestamp,
    /// Who decides what the data is used for, as the caller names them.
    pub pii_controller: String,
    /// The state of the consent as a whole, in the terms of the vocabulary.
    pub state: &'static str,
    /// The same in ours.
    pub ledger_state: &'static str,
    /// Each purpose, and what was decided.
    pub purposes: Vec<ReceiptPurpose>,
    /// The events it rests on, as they happened.
    pub events: Vec<ReceiptEvent>,
}

/// A purpose of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceiptPurpose {
    /// Which.
    pub purpose: Purpose,
    /// Whether it is allowed.
    pub is_allowed: bool,
    /// Only for data collected since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// An event of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceiptEvent {
    /// When it happened.
    pub event_time: Timestamp,
    /// When it became known.
    pub known_time: Timestamp,
    /// Its id.
    pub event_id: u64,
    /// What happened, in our terms.
    pub event_type: &'static str,
    /// The state of the vocabulary it leads to, if it leads to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_state: Option<&'static str>,
    /// The version of the terms and the digest of the text, for a notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy_notice: Option<String>,
    /// The purpose, for a grant or a withdrawal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
}

impl Receipt {
    /// The receipt of an account, from its status and its events, in any order.
    ///
    /// Events of others, and those that had not happened or were not known by then, are left out.
    #[must_use]
    pub fn new(status: &AccountStatus, as_of: AsOf, events: &[Event], controller: &str) -> Self {
        let account = status.account();
        let counts = |event: &&Event| {
            event.subject == Subject::Account(account)
                && event.valid_time <= as_of.valid
                && event.known_time <= as_of.known
        };
        let mut events: Vec<ReceiptEvent> = events.iter().filter(counts).map(entry).collect();
        events.sort_by_key(|event| (event.event_time, event.known_time, event.event_id));
        events.dedup();
        let mut receipt = Self {
            schema_version: "https://w3id.org/dpv/schema/dpv-27560#record",
            record_id: String::new(),
            pii_principal_id: account,
            as_of: as_of.valid,
            known_at: as_of.known,
            pii_controller: controller.to_owned(),
            state: vocabulary_state(status.state()),
            ledger_state: status.state().as_str(),
            purposes: Purpose::ALL
                .map(|purpose| decided(purpose, status.decision(purpose)))
                .to_vec(),
            events,
        };
        let contents =
            serde_json::to_vec(&receipt).expect("numbers and text can be written as JSON");
        receipt.record_id = blake3::hash(&contents).to_hex().to_string();
        receipt
    }
}

fn decided(purpose: Purpose, decision: Decision) -> ReceiptPurpose {
    let (is_allowed, since, reason) = match decision {
        Decision::Allowed { since } => (true, (since != Timestamp::MIN).then_some(since), None),
        Decision::Denied(reason) => (false, None, Some(reason.as_str())),
    };
    ReceiptPurpose {
        purpose,
        is_allowed,
        since,
        reason,
    }
}

fn entry(event: &Event) -> ReceiptEvent {
    let (privacy_notice, purpose) = match event.kind {
        EventKind::NoticeServed { policy, digest } => {
            (Some(format!("version {}, blake3:{digest}", policy.0)), None)
        }
        EventKind::Grant { purpose, .. } | EventKind::Withdraw { purpose } => (None, Some(purpose)),
        EventKind::GrantAds { .. } => (None, Some(Purpose::AdRelevance)),
        _ => (None, None),
    };
    ReceiptEvent {
        event_time: event.valid_time,
        known_time: event.known_time,
        event_id: event.event_id.0,
        event_type: event.kind.as_str(),
        event_state: vocabulary_event(&event.kind),
        privacy_notice,
        purpose,
    }
}

/// The state of the vocabulary for one of ours. Where ours says more, the nearest that allows no more.
const fn vocabulary_state(state: State) -> &'static str {
    match state {
        State::NotNotified | State::NonUser => "https://w3id.org/dpv#ConsentUnknown",
        State::Notified => "https://w3id.org/dpv#ConsentRequested",
        State::Deferred => "https://w3id.org/dpv#ConsentRequestDeferred",
        State::Accepted { .. } | State::NewAccepted | State::Granted(_) => {
            "https://w3id.org/dpv#ConsentGiven"
        }
        State::OptedOut(_) => "https://w3id.org/dpv#ConsentWithdrawn",
        State::Lapsed | State::DeletionPending | State::Deleted | State::Superseded => {
            "https://w3id.org/dpv#ConsentExpired"
        }
        State::Suspended => "https://w3id.org/dpv#ConsentRevoked",
        State::Invalidated => "https://w3id.org/dpv#ConsentInvalidated",
        State::NonUserObjected => "https://w3id.org/dpv#ConsentRefused",
    }
}

const fn vocabulary_event(kind: &EventKind) -> Option<&'static str> {
    Some(match kind {
        EventKind::NoticeServed { .. } => "https://w3id.org/dpv#ConsentRequested",
        EventKind::Defer => "https://w3id.org/dpv#ConsentRequestDeferred",
        EventKind::Accept { share: true }
        | EventKind::Register
        | EventKind::Grant { .. }
        | EventKind::GrantAds { .. } => "https://w3id.org/dpv#ConsentGiven",
        EventKind::Accept { share: false } | EventKind::NonUserObjects => {
            "https://w3id.org/dpv#ConsentRefused"
        }
        EventKind::OptOut | EventKind::Withdraw { .. } | EventKind::Signal => {
            "https://w3id.org/dpv#ConsentWithdrawn"
        }
        EventKind::Recycled | EventKind::Delete => "https://w3id.org/dpv#ConsentExpired",
        EventKind::NumberChange | EventKind::NonUserJoins => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::{AccountFacts, ConsentParams, Ledger, PolicyId, PolicySet, TextDigest};
    use crate::ids::{EventId, Region};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn event(id: u64, kind: EventKind, valid: &str, known: &str) -> Event {
        Event {
            event_id: EventId(id),
            subject: Subject::Account(AccountId(7)),
            kind,
            valid_time: at(valid),
            known_time: at(known),
        }
    }

    fn receipt(as_of: &str, events: &[Event]) -> Receipt {
        let policies = PolicySet::shipped();
        let ledger = Ledger::new(policies.versions(), policies.overlays(), events.to_vec());
        let facts = AccountFacts {
            account: AccountId(7),
            registered_at: at("2015-01-01T00:00:00Z"),
            last_seen_at: at(as_of),
            number_region: Region::parse("US"),
            residence: None,
            device: None,
        };
        let as_of = AsOf::at(at(as_of));
        let params = ConsentParams::default().check().unwrap();
        let snapshot = ledger.snapshot(as_of, &[facts], &params);
        Receipt::new(
            snapshot.status(AccountId(7)).unwrap(),
            as_of,
            events,
            "the social network",
        )
    }

    fn events() -> Vec<Event> {
        let digest = PolicySet::shipped().versions()[0].texts[1].1;
        let policy = PolicyId(1);
        vec![
            event(
                2,
                EventKind::Accept { share: true },
                "2016-09-02T10:00:00Z",
                "2016-09-02T10:00:01Z",
            ),
            event(
                1,
                EventKind::NoticeServed { policy, digest },
                "2016-09-01T10:00:00Z",
                "2016-09-01T10:00:01Z",
            ),
            event(
                3,
                EventKind::OptOut,
                "2016-09-10T10:00:00Z",
                "2016-09-10T10:00:01Z",
            ),
        ]
    }

    #[test]
    fn a_receipt_reads_as_json() {
        insta::assert_json_snapshot!(receipt("2016-10-01T00:00:00Z", &events()));
    }

    #[test]
    fn what_was_not_known_is_not_on_it() {
        let before = receipt("2016-09-05T00:00:00Z", &events());
        assert_eq!(before.events.len(), 2);
        assert!(before.state.ends_with("#ConsentGiven"));
        let after = receipt("2016-10-01T00:00:00Z", &events());
        assert!(after.state.ends_with("#ConsentWithdrawn"));
        assert_ne!(before.record_id, after.record_id);
        let mut reordered = events();
        reordered.reverse();
        assert_eq!(receipt("2016-10-01T00:00:00Z", &reordered), after);
    }

    #[test]
    fn an_unknown_text_is_invalid() {
        let mut events = events();
        events[1].kind = EventKind::NoticeServed {
            policy: PolicyId(1),
            digest: TextDigest::of("something else"),
        };
        assert!(
            receipt("2016-10-01T00:00:00Z", &events)
                .state
                .ends_with("#ConsentInvalidated")
        );
    }
}
