//! Events as bytes of a fixed width.
//!
//! An event has a part in the clear, its id and whom it is about, and a sealed part of [`SEALED`] bytes: when and what.
//! Numbers of kinds are part of the format and are never used for anything else.

use super::error::LedgerError;
use crate::consent::{AdLevel, Event, EventKind, PolicyId, Purpose, Subject, TextDigest};
use crate::ids::{AccountId, DeviceId, EventId, NumberToken};
use crate::time::Timestamp;

/// Bytes of the sealed part of an event: two times, kind, argument, policy and text.
pub(in crate::ledger) const SEALED: usize = 8 + 8 + 1 + 1 + 4 + 4;
/// Bytes of a subject.
pub(in crate::ledger) const SUBJECT: usize = 17;

/// An event to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Unique; a repeated id is a no-op.
    pub event_id: EventId,
    /// Whom it is about.
    pub subject: NewSubject,
    /// What happened.
    pub kind: EventKind,
    /// When the act happened.
    pub valid_time: Timestamp,
    /// When it became known.
    pub known_time: Timestamp,
}

/// Whom an event to be recorded is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewSubject {
    /// An account.
    Account(AccountId),
    /// Every account seen on a device.
    Device(DeviceId),
    /// The holder of a number that is nobody's account.
    NonUser(ObjectionPoint),
}

/// What the ledger keeps of a number without an account: a curve point made with a secret key, and a bucket that many
/// numbers share. `Debug` shows neither.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ObjectionPoint {
    /// The compressed point.
    pub point: [u8; 32],
    /// Its bucket.
    pub bucket: u32,
}

impl std::fmt::Debug for ObjectionPoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ObjectionPoint(redacted)")
    }
}

impl ObjectionPoint {
    /// The token by which the snapshot knows the number.
    #[must_use]
    pub fn token(&self) -> NumberToken {
        NumberToken::from_keyed_digest(&blake3::hash(&self.point))
    }
}

impl NewEvent {
    /// An event about an account or a device; none if it is about a number, which only its point can stand for.
    #[must_use]
    pub const fn of(event: &Event) -> Option<Self> {
        let subject = match event.subject {
            Subject::Account(account) => NewSubject::Account(account),
            Subject::Device(device) => NewSubject::Device(device),
            Subject::NonUser(_) => return None,
        };
        Some(Self {
            event_id: event.event_id,
            subject,
            kind: event.kind,
            valid_time: event.valid_time,
            known_time: event.known_time,
        })
    }
}

/// Whom a recorded event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::ledger) enum Holder {
    Account(AccountId),
    Device(DeviceId),
    /// The number of a row of the objection list.
    Objection(u64),
}

impl Holder {
    /// Most significant byte first, so that bytes sort as subjects do.
    pub(in crate::ledger) fn bytes(self) -> [u8; SUBJECT] {
        let (tag, bits) = match self {
            Self::Account(account) => (0, u128::from(account.0)),
            Self::Device(device) => (1, device.bits()),
            Self::Objection(number) => (2, u128::from(number)),
        };
        let mut bytes = [0; SUBJECT];
        bytes[0] = tag;
        bytes[1..].copy_from_slice(&bits.to_be_bytes());
        bytes
    }

    pub(in crate::ledger) fn read(bytes: &[u8]) -> Option<Self> {
        let (&tag, bits) = bytes.split_first()?;
        let bits = u128::from_be_bytes(bits.try_into().ok()?);
        let small = || u64::try_from(bits).ok();
        Some(match tag {
            0 => Self::Account(AccountId(small()?)),
            1 => Self::Device(DeviceId::from_bits(bits)),
            2 => Self::Objection(small()?),
            _ => return None,
        })
    }
}

/// The sealed part of an event, opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ledger) struct Opened {
    pub(in crate::ledger) valid_time: Timestamp,
    pub(in crate::ledger) known_time: Timestamp,
    pub(in crate::ledger) act: Act,
}

/// What happened, in numbers: a kind, its argument, and the policy and text of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ledger) struct Act {
    kind: u8,
    argument: u8,
    policy: u32,
    text: u32,
}

impl Act {
    /// `text` is the number of the notice's text, and only asked for a notice.
    pub(in crate::ledger) fn of(kind: &EventKind, text: impl FnOnce(TextDigest) -> u32) -> Self {
        let (tag, argument) = match *kind {
            EventKind::NoticeServed { policy, digest } => {
                return Self {
                    kind: 1,
                    argument: 0,
                    policy: policy.0,
                    text: text(digest),
                };
            }
            EventKind::Defer => (2, 0),
            EventKind::Accept { share } => (3, u8::from(share)),
            EventKind::Register => (4, 0),
            EventKind::OptOut => (5, 0),
            EventKind::Grant { purpose, asked } => (6, purpose as u8 | u8::from(asked) << 7),
            EventKind::GrantAds { level, asked } => (14, level as u8 | u8::from(asked) << 7),
            EventKind::Withdraw { purpose } => (7, purpose as u8),
            EventKind::Signal => (8, 0),
            EventKind::NumberChange => (9, 0),
            EventKind::Recycled => (10, 0),
            EventKind::Delete => (11, 0),
            EventKind::NonUserObjects => (12, 0),
            EventKind::NonUserJoins => (13, 0),
        };
        Self {
            kind: tag,
            argument,
            policy: 0,
            text: 0,
        }
    }

    /// As [`EventKind::takes_away`].
    pub(in crate::ledger) const fn takes_away(self) -> bool {
        matches!(
            (self.kind, self.argument),
            (3, 0) | (5 | 7 | 8 | 10 | 11 | 12, _) | (14, 0 | 0x80)
        )
    }

    /// The same act, with the text of a notice under another number.
    pub(in crate::ledger) fn with_text(self, number: impl FnOnce(u32) -> u32) -> Self {
        match self.kind {
            1 => Self {
                text: number(self.text),
                ..self
            },
            _ => self,
        }
    }

    pub(in crate::ledger) fn event_kind(self, texts: &[TextDigest]) -> Option<EventKind> {
        let purpose = |bits: u8| Purpose::ALL.get(usize::from(bits)).copied();
        let levels = [AdLevel::Limited, AdLevel::Full];
        let level = |bits: u8| levels.get(usize::from(bits)).copied();
        let plain = |kind| (self.argument == 0).then_some(kind);
        if self.kind != 1 && (self.policy != 0 || self.text != 0) {
            return None;
        }
        match self.kind {
            1 => plain(EventKind::NoticeServed {
                policy: PolicyId(self.policy),
                digest: *texts.get(usize::try_from(self.text).ok()?)?,
            }),
            2 => plain(EventKind::Defer),
            3 if self.argument <= 1 => Some(EventKind::Accept {
                share: self.argument == 1,
            }),
            4 => plain(EventKind::Register),
            5 => plain(EventKind::OptOut),
            6 => Some(EventKind::Grant {
                purpose: purpose(self.argument & 0x7f)?,
                asked: self.argument >> 7 == 1,
            }),
            7 => Some(EventKind::Withdraw {
                purpose: purpose(self.argument)?,
            }),
            8 => plain(EventKind::Signal),
            9 => plain(EventKind::NumberChange),
            10 => plain(EventKind::Recycled),
            11 => plain(EventKind::Delete),
            12 => plain(EventKind::NonUserObjects),
            13 => plain(EventKind::NonUserJoins),
            14 => Some(EventKind::GrantAds {
                level: level(self.argument & 0x7f)?,
                asked: self.argument >> 7 == 1,
            }),
            _ => None,
        }
    }
}

impl Opened {
    pub(in crate::ledger) fn bytes(&self) -> [u8; SEALED] {
        let mut bytes = [0; SEALED];
        bytes[0..8].copy_from_slice(&self.valid_time.micros().to_le_bytes());
        bytes[8..16].copy_from_slice(&self.known_time.micros().to_le_bytes());
        bytes[16] = self.act.kind;
        bytes[17] = self.act.argument;
        bytes[18..22].copy_from_slice(&self.act.policy.to_le_bytes());
        bytes[22..26].copy_from_slice(&self.act.text.to_le_bytes());
        bytes
    }

    pub(in crate::ledger) fn read(bytes: &[u8; SEALED]) -> Self {
        fn part<const N: usize>(bytes: &[u8; SEALED], from: usize) -> [u8; N] {
            bytes[from..from + N]
                .try_into()
                .expect("a slice of N bytes")
        }
        Self {
            valid_time: Timestamp::from_micros(i64::from_le_bytes(part(bytes, 0))),
            known_time: Timestamp::from_micros(i64::from_le_bytes(part(bytes, 8))),
            act: Act {
                kind: bytes[16],
                argument: bytes[17],
                policy: u32::from_le_bytes(part(bytes, 18)),
                text: u32::from_le_bytes(part(bytes, 22)),
            },
        }
    }

    /// The same act: what makes two events of one id about one subject the same event.
    pub(in crate::ledger) fn is_same_act(&self, other: &Self) -> bool {
        (self.valid_time, self.act) == (other.valid_time, other.act)
    }

    pub(in crate::ledger) fn event(
        &self,
        event_id: EventId,
        subject: Subject,
        texts: &[TextDigest],
    ) -> Result<Event, LedgerError> {
        let kind = self.act.event_kind(texts).ok_or_else(|| {
            LedgerError::damaged(
                format!("event {event_id}"),
                "its kind is none that is known",
            )
        })?;
        Ok(Event {
            event_id,
            subject,
            kind,
            valid_time: self.valid_time,
            known_time: self.known_time,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds() -> Vec<EventKind> {
        let digest = TextDigest::of("terms");
        let mut kinds = vec![
            EventKind::NoticeServed {
                policy: PolicyId(3),
                digest,
            },
            EventKind::Defer,
            EventKind::Accept { share: true },
            EventKind::Accept { share: false },
            EventKind::Register,
            EventKind::OptOut,
            EventKind::Signal,
            EventKind::NumberChange,
            EventKind::Recycled,
            EventKind::Delete,
            EventKind::NonUserObjects,
            EventKind::NonUserJoins,
        ];
        for purpose in Purpose::ALL {
            kinds.push(EventKind::Withdraw { purpose });
            kinds.extend([true, false].map(|asked| EventKind::Grant { purpose, asked }));
        }
        for level in [AdLevel::Limited, AdLevel::Full] {
            kinds.extend([true, false].map(|asked| EventKind::GrantAds { level, asked }));
        }
        kinds
    }

    #[test]
    fn every_kind_reads_back() {
        let texts = [TextDigest::of("other"), TextDigest::of("terms")];
        for kind in kinds() {
            let opened = Opened {
                valid_time: Timestamp::from_micros(-5),
                known_time: Timestamp::MAX,
                act: Act::of(&kind, |_| 1),
            };
            let read = Opened::read(&opened.bytes());
            assert_eq!(read, opened);
            assert_eq!(read.act.event_kind(&texts), Some(kind));
            assert_eq!(read.act.takes_away(), kind.takes_away(), "{kind:?}");
        }
    }

    #[test]
    fn bytes_that_say_nothing_are_refused() {
        let texts = [TextDigest::of("terms")];
        let known: Vec<Act> = kinds().iter().map(|kind| Act::of(kind, |_| 0)).collect();
        for kind in 0..=u8::MAX {
            for argument in 0..=u8::MAX {
                let act = Act {
                    kind,
                    argument,
                    policy: 0,
                    text: 0,
                };
                let is_known = known
                    .iter()
                    .any(|one| (one.kind, one.argument) == (kind, argument));
                assert_eq!(act.event_kind(&texts).is_some(), is_known, "{act:?}");
            }
        }
    }

    #[test]
    fn subjects_sort_as_their_bytes() {
        let holders = [
            Holder::Account(AccountId(1)),
            Holder::Account(AccountId(256)),
            Holder::Account(AccountId(u64::MAX)),
            Holder::Device(DeviceId::of("one").unwrap()),
            Holder::Objection(0),
            Holder::Objection(300),
        ];
        for pair in holders.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].bytes() < pair[1].bytes());
        }
        for holder in holders {
            assert_eq!(Holder::read(&holder.bytes()), Some(holder));
        }
        assert_eq!(Holder::read(&[3; SUBJECT]), None);
    }
}
