//! What both sides say: an account held a number, somebody can be found by it.

use super::super::E164;
use super::super::tenure::Binding;
use super::device::DeviceCode;
use crate::ids::{Region, UserId};
use crate::signals::{MessengerAccount, PhonePurpose, SocialAccount};
use crate::time::Timestamp;

/// A number that may be used to find a social account. One given for security is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkKey(pub(super) E164);

impl LinkKey {
    /// The key a number makes, if it was given as a way to be found.
    #[must_use]
    pub fn new(number: E164, given_for: PhonePurpose) -> Option<Self> {
        match given_for {
            PhonePurpose::Contact => Some(Self(number)),
            PhonePurpose::Security => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> E164 {
        self.0
    }
}

/// A messenger account held a number, on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountClaim {
    /// The number, the account and the time.
    pub binding: Binding,
    /// The account's device.
    pub device: DeviceCode,
    /// Where the account says it lives.
    pub region: Option<Region>,
}

impl AccountClaim {
    /// The claim a row of `messenger_accounts` makes, its number already normalised and its device coded.
    #[must_use]
    pub fn of(row: &MessengerAccount, number: E164, device: DeviceCode) -> Self {
        Self {
            binding: Binding::of(row, number),
            device,
            region: row.region,
        }
    }
}

/// When somebody gave a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// At this moment.
    At(Timestamp),
    /// At some time since this moment, in which the account was created.
    Since(Timestamp),
}

impl Given {
    /// The first moment at which it can have been given.
    #[must_use]
    pub const fn earliest(self) -> Timestamp {
        match self {
            Self::At(at) | Self::Since(at) => at,
        }
    }
}

/// A social account can be found by a number, and was last used on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocialClaim {
    /// The number.
    pub key: LinkKey,
    /// The account.
    pub user: UserId,
    /// When the number was given.
    pub given: Given,
    /// Its device.
    pub device: DeviceCode,
    /// Where the person lives.
    pub region: Option<Region>,
}

impl SocialClaim {
    /// The claim a row of `social_accounts` makes, its number already normalised and its device coded; none if it was given for security.
    #[must_use]
    pub fn of(row: &SocialAccount, number: E164, device: DeviceCode) -> Option<Self> {
        Some(Self {
            key: LinkKey::new(number, row.phone_given_for)?,
            given: row
                .phone_since
                .map_or(Given::Since(row.created_at), Given::At),
            user: row.user_id,
            device,
            region: row.region,
        })
    }
}
