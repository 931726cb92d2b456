//! Entries of the log, and the bytes their leaves are hashed from.

use serde::{Deserialize, Serialize};

use super::codec::{Holder, SEALED, SUBJECT};
use super::merkle::{self, NodeHash};
use crate::consent::{
    AdLevel, Express, Overlay, OverlayEffect, PolicyId, PolicyVersion, Purpose, TextDigest,
};
use crate::ids::{EventId, Region};
use crate::time::{Interval, Timestamp};

/// What an entry is. Numbers are part of the format and are never used for anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryKind {
    /// An event.
    Event = 1,
    /// An event whose id says something else elsewhere.
    Contradiction = 2,
    /// A version of the terms.
    Policy = 3,
    /// A regulator's order.
    Overlay = 4,
    /// The digest of a text; events name it by how many texts came before.
    Text = 5,
    /// A segment is complete: its place and digest.
    Segment = 6,
    /// The keys of a subject were destroyed.
    Erasure = 7,
    /// A number without an account is on the objection list: the digest of its point.
    Objection = 8,
    /// The objection list has another key: the digest of the whole list.
    Rekeyed = 9,
    /// Which key the objection list is under from here on: the number of the key and its check value.
    KeyCheck = 10,
    /// Nothing before this entry can have become known later than the moment it names.
    TimeRepair = 11,
}

impl EntryKind {
    const ALL: [Self; 11] = [
        Self::Event,
        Self::Contradiction,
        Self::Policy,
        Self::Overlay,
        Self::Text,
        Self::Segment,
        Self::Erasure,
        Self::Objection,
        Self::Rekeyed,
        Self::KeyCheck,
        Self::TimeRepair,
    ];

    pub(in crate::ledger) fn read(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == tag)
    }

    /// Does the entry hold an event?
    pub(in crate::ledger) const fn is_event(self) -> bool {
        matches!(self, Self::Event | Self::Contradiction)
    }
}

/// An entry as the database keeps it. The body of an event is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Row {
    pub(in crate::ledger) entry: u64,
    pub(in crate::ledger) kind: u8,
    pub(in crate::ledger) event_id: Option<u64>,
    pub(in crate::ledger) subject: Option<Vec<u8>>,
    pub(in crate::ledger) body: Vec<u8>,
}

impl Row {
    pub(in crate::ledger) fn plain(entry: u64, kind: EntryKind, body: Vec<u8>) -> Self {
        Self {
            entry,
            kind: kind as u8,
            event_id: None,
            subject: None,
            body,
        }
    }

    pub(in crate::ledger) fn holder(&self) -> Option<Holder> {
        Holder::read(self.subject.as_deref()?)
    }

    /// What is wrong with the parts of the entry, before what they say.
    ///
    /// The leaf is hashed over the parts one behind the other, so that an entry must have exactly the parts of its kind:
    /// an absent part, or a byte that moved from one part to the next, would leave the leaf as it was.
    pub(in crate::ledger) fn fault(&self) -> Option<&'static str> {
        let Some(kind) = EntryKind::read(self.kind) else {
            return Some("of a kind that is not known");
        };
        let is_about_somebody = kind.is_event() || kind == EntryKind::Erasure;
        if self.subject.is_some() != is_about_somebody
            || is_about_somebody && self.holder().is_none()
        {
            return Some("about nobody, or about somebody where its kind is about nobody");
        }
        if self.event_id.is_some() != kind.is_event() {
            return Some("without the id of an event, or with one that its kind has not");
        }
        let is_right = match kind {
            EntryKind::Event | EntryKind::Contradiction => self.body.len() == SEALED,
            EntryKind::Policy => read_policy(&self.body).is_some(),
            EntryKind::Overlay => read_overlay(&self.body).is_some(),
            EntryKind::Text => self.body.len() == 32,
            EntryKind::Segment => self.body.len() == SEALING,
            EntryKind::Erasure => self.body.is_empty(),
            EntryKind::Objection | EntryKind::Rekeyed | EntryKind::KeyCheck => {
                self.body.len() == NUMBERED
            }
            EntryKind::TimeRepair => self.body.len() == 8,
        };
        (!is_right).then_some("does not say what an entry of its kind says")
    }

    /// Is it of a kind?
    pub(in crate::ledger) const fn is(&self, kind: EntryKind) -> bool {
        self.kind == kind as u8
    }

    /// Does it hold an event?
    pub(in crate::ledger) fn is_event(&self) -> bool {
        EntryKind::read(self.kind).is_some_and(EntryKind::is_event)
    }

    /// The leaf of the entry. Absent parts count as zeros: which parts an entry has follows from its kind.
    pub(in crate::ledger) fn leaf(&self) -> NodeHash {
        let mut bytes = Vec::with_capacity(1 + 8 + SUBJECT + self.body.len());
        bytes.push(self.kind);
        bytes.extend(self.event_id.unwrap_or(0).to_le_bytes());
        match &self.subject {
            Some(subject) => bytes.extend(subject),
            None => bytes.extend([0; SUBJECT]),
        }
        bytes.extend(&self.body);
        merkle::leaf(&bytes)
    }
}

/// The leaf of an event about an account: what [`Row::leaf`] gives, without making a row.
pub(in crate::ledger) fn event_leaf(
    event_id: EventId,
    holder: Holder,
    sealed: &[u8; SEALED],
) -> NodeHash {
    let mut bytes = [0; 1 + 8 + SUBJECT + SEALED];
    bytes[0] = EntryKind::Event as u8;
    bytes[1..9].copy_from_slice(&event_id.0.to_le_bytes());
    bytes[9..26].copy_from_slice(&holder.bytes());
    bytes[26..].copy_from_slice(sealed);
    merkle::leaf(&bytes)
}

/// Bytes of the body of an entry that ends a segment.
const SEALING: usize = 3 * 8 + 32;
/// Bytes of a number and a digest.
const NUMBERED: usize = 8 + 32;

/// A number and a digest as the body of an entry.
pub(in crate::ledger) fn numbered(number: u64, digest: &[u8; 32]) -> Vec<u8> {
    let mut body = number.to_le_bytes().to_vec();
    body.extend(digest);
    body
}

/// The number and the digest in the body of an entry.
pub(in crate::ledger) fn read_numbered(body: &[u8]) -> Option<(u64, [u8; 32])> {
    let (number, digest) = body.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), digest.try_into().ok()?))
}

/// The body of the entry that ends a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Sealing {
    pub(in crate::ledger) segment: u64,
    pub(in crate::ledger) first_entry: u64,
    pub(in crate::ledger) n_events: u64,
    pub(in crate::ledger) digest: [u8; 32],
}

impl Sealing {
    pub(in crate::ledger) fn bytes(&self) -> Vec<u8> {
        let numbers = [self.segment, self.first_entry, self.n_events];
        let mut bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        bytes.extend(self.digest);
        bytes
    }
}

/// A version of the terms as JSON: few, and better read by people than packed.
#[derive(Serialize, Deserialize)]
struct PolicyBody {
    policy: u32,
    texts: Vec<(String, String)>,
    announced_at: i64,
    accept_by: i64,
    window_days: u32,
    cohort_cut: i64,
}

/// An order as JSON.
#[derive(Serialize, Deserialize)]
struct OverlayBody {
    region: Region,
    purpose: String,
    from: i64,
    until: i64,
    cut_off: Option<i64>,
    /// Not written where there is none, so that older orders keep their bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    express: Option<ExpressBody>,
}

/// What an order that asks for explicit consent says of it.
#[derive(Serialize, Deserialize)]
struct ExpressBody {
    since: i64,
    unnamed: AdLevel,
}

/// The body of a policy entry: the same bytes for the same version.
pub(in crate::ledger) fn policy_body(version: &PolicyVersion) -> Vec<u8> {
    let mut texts: Vec<(String, String)> = version
        .texts
        .iter()
        .map(|(locale, digest)| (locale.clone(), digest.to_string()))
        .collect();
    texts.sort_unstable();
    texts.dedup();
    let body = PolicyBody {
        policy: version.policy.0,
        texts,
        announced_at: version.announced_at.micros(),
        accept_by: version.accept_by.micros(),
        window_days: version.window_days,
        cohort_cut: version.cohort_cut.micros(),
    };
    serde_json::to_vec(&body).expect("numbers and text can be written as JSON")
}

pub(in crate::ledger) fn read_policy(body: &[u8]) -> Option<PolicyVersion> {
    let body: PolicyBody = serde_json::from_slice(body).ok()?;
    let texts = body
        .texts
        .into_iter()
        .map(|(locale, digest)| Some((locale, TextDigest::parse(&digest)?)));
    Some(PolicyVersion {
        policy: PolicyId(body.policy),
        texts: texts.collect::<Option<_>>()?,
        announced_at: Timestamp::from_micros(body.announced_at),
        accept_by: Timestamp::from_micros(body.accept_by),
        window_days: body.window_days,
        cohort_cut: Timestamp::from_micros(body.cohort_cut),
    })
}

/// The body of an overlay entry: the same bytes for the same order.
pub(in crate::ledger) fn overlay_body(overlay: &Overlay) -> Vec<u8> {
    let body = OverlayBody {
        region: overlay.region,
        purpose: overlay.purpose.as_str().to_owned(),
        from: overlay.interval.from.micros(),
        until: overlay.interval.until.micros(),
        cut_off: match overlay.effect {
            OverlayEffect::Deny | OverlayEffect::Express(_) => None,
            OverlayEffect::CutOff(at) => Some(at.micros()),
        },
        express: match overlay.effect {
            OverlayEffect::Express(express) => Some(ExpressBody {
                since: express.since.micros(),
                unnamed: express.unnamed,
            }),
            OverlayEffect::Deny | OverlayEffect::CutOff(_) => None,
        },
    };
    serde_json::to_vec(&body).expect("numbers and text can be written as JSON")
}

pub(in crate::ledger) fn read_overlay(body: &[u8]) -> Option<Overlay> {
    let body: OverlayBody = serde_json::from_slice(body).ok()?;
    let effect = match (body.cut_off, body.express) {
        (None, None) => OverlayEffect::Deny,
        (Some(at), None) => OverlayEffect::CutOff(Timestamp::from_micros(at)),
        (None, Some(ExpressBody { since, unnamed })) => OverlayEffect::Express(Express {
            since: Timestamp::from_micros(since),
            unnamed,
        }),
        (Some(_), Some(_)) => return None,
    };
    Some(Overlay {
        region: body.region,
        purpose: Purpose::parse(&body.purpose)?,
        interval: Interval {
            from: Timestamp::from_micros(body.from),
            until: Timestamp::from_micros(body.until),
        },
        effect,
    })
}
