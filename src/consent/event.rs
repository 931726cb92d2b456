//! What happened: the events of the ledger, and the policies and orders they refer to.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::level::AdLevel;
use super::purpose::Purpose;
use crate::ids::{AccountId, DeviceId, EventId, NumberToken, Region};
use crate::time::{Interval, Timestamp};

/// Whom an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// One life of a messenger account.
    Account(AccountId),
    /// A number that belongs to nobody's account, known only by a keyed token.
    NonUser(NumberToken),
    /// Every account seen on a device: for signals sent by a browser or an operating system.
    Device(DeviceId),
}

/// The version of the terms: a number that only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyId(pub u32);

/// The BLAKE3 digest of the text a person was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextDigest(pub [u8; 32]);

impl TextDigest {
    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Self> {
        blake3::Hash::from_hex(hex.trim())
            .ok()
            .map(|hash| Self(*hash.as_bytes()))
    }

    /// The digest of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(*blake3::hash(text.as_bytes()).as_bytes())
    }
}

impl fmt::Display for TextDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

/// One event: what happened, to whom, when it happened and when the ledger learned of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Unique; a repeated id is a no-op.
    pub event_id: EventId,
    /// Whom it is about.
    pub subject: Subject,
    /// What happened.
    pub kind: EventKind,
    /// When the act happened.
    pub valid_time: Timestamp,
    /// When the ledger learned of it.
    pub known_time: Timestamp,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EventKind {
    /// A notice of new terms was shown.
    NoticeServed {
        /// The terms.
        policy: PolicyId,
        /// The digest of the text that was shown.
        digest: TextDigest,
    },
    /// "Not now."
    Defer,
    /// The terms were accepted, with sharing left on or turned off.
    Accept {
        /// Whether sharing was left on.
        share: bool,
    },
    /// A new account, after the cohort cut.
    Register,
    /// Sharing was turned off.
    OptOut,
    /// An explicit opt-in for one purpose.
    Grant {
        /// For what.
        purpose: Purpose,
        /// Whether we asked (an answer to a question needs 365 days since the last refusal).
        asked: bool,
    },
    /// An explicit opt-in for ads that says how far it goes. One that says *limited* takes away what it does not name.
    GrantAds {
        /// How far.
        level: AdLevel,
        /// Whether we asked.
        asked: bool,
    },
    /// A grant was taken back.
    Withdraw {
        /// For what.
        purpose: Purpose,
    },
    /// A browser or operating system said "do not sell or share".
    Signal,
    /// The account moved to another number.
    NumberChange,
    /// The number went to somebody else.
    Recycled,
    /// The account was deleted.
    Delete,
    /// Somebody without an account objected.
    NonUserObjects,
    /// Somebody without an account opened one.
    NonUserJoins,
}

impl EventKind {
    /// The name used in the `kind` column of `consent_events`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoticeServed { .. } => "notice_served",
            Self::Defer => "defer",
            Self::Accept { .. } => "accept",
            Self::Register => "register",
            Self::OptOut => "opt_out",
            Self::Grant { .. } | Self::GrantAds { .. } => "grant",
            Self::Withdraw { .. } => "withdraw",
            Self::Signal => "signal",
            Self::NumberChange => "number_change",
            Self::Recycled => "recycled",
            Self::Delete => "delete",
            Self::NonUserObjects => "non_user_objects",
            Self::NonUserJoins => "non_user_joins",
        }
    }
}

/// One version of the terms, in all the texts it was shown in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Its number.
    pub policy: PolicyId,
    /// Locale and digest of each text.
    pub texts: Vec<(String, TextDigest)>,
    /// When it was announced.
    pub announced_at: Timestamp,
    /// Until when it can be accepted, exclusive.
    pub accept_by: Timestamp,
    /// How long after acceptance one can still opt out, in days of 86,400 s.
    pub window_days: u32,
    /// Accounts registered at or after this instant never had the toggle.
    pub cohort_cut: Timestamp,
}

/// A regulator's order for a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlay {
    /// Where: by number or by residence, the stricter wins.
    pub region: Region,
    /// For what.
    pub purpose: Purpose,
    /// When it is in force.
    pub interval: Interval,
    /// What it orders.
    pub effect: OverlayEffect,
}

/// What a regulator orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayEffect {
    /// No use at all.
    Deny,
    /// Only data collected at or after a date may be used.
    CutOff(Timestamp),
    /// Only an explicit consent that was given at or after a date counts; silence is no.
    Express(Express),
}

/// What an explicit consent has to be under an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Express {
    /// Given since when.
    pub since: Timestamp,
    /// How far a consent for ads goes that does not say so.
    pub unnamed: AdLevel,
}

/// What the ledger has to know about an account besides its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountFacts {
    /// The account.
    pub account: AccountId,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When it was last seen.
    pub last_seen_at: Timestamp,
    /// The region of its number, if known.
    pub number_region: Option<Region>,
    /// The region it says it lives in, if known.
    pub residence: Option<Region>,
    /// The device it was last seen on, if known.
    pub device: Option<DeviceId>,
}
