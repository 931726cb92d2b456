//! Identifiers: one newtype per kind of thing, so that an account is never taken for a person.
//!
//! All of them are plain numbers or digests. None of them is, or is made from, a phone number except
//! [`NumberToken`], which is keyed (see `identity::token`) and therefore prints as redacted.

mod device;
mod placeholders;

use std::fmt;

use serde::{Deserialize, Serialize};

mod region;

pub use region::{Region, RegionRefused};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[repr(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<u64> for $name {
            fn from(id: u64) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// One life of one messenger account: an *account epoch* in the words of the consent rules.
    ///
    /// A number that changes hands gets a new epoch, and with it a new id.
    AccountId;
    /// A person's account on the social network.
    UserId;
    /// An advertisement.
    AdId;
    /// Whoever pays for an advertisement.
    AdvertiserId;
    /// A customer list an advertiser brought.
    AudienceId;
    /// A business that writes to people on the messenger.
    BusinessId;
    /// Several numbers of one business, whose limits are shared since October 2025.
    PortfolioId;
    /// A template of a business's messages.
    TemplateId;
    /// An event of the consent ledger.
    EventId;
}

/// A messenger account, and the person whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owned {
    /// The person.
    pub user: UserId,
    /// The account.
    pub account: AccountId,
}

/// A device, known only by the first 128 bits of the BLAKE3 digest of its identifier.
///
/// The text itself is not kept: equality is all that matching and linking ever ask of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(u128);

impl DeviceId {
    /// The id of a device identifier as it stands in a table; none for empty text and for what only stands in the
    /// place of an id, such as zeros (`data/devices`).
    ///
    /// Text of the form `d-` and 32 lower-case hexadecimal digits is an id already, as [`Display`](fmt::Display)
    /// writes it, and is taken as it is: a table that was written reads back as the same ids. A UUID, or another long
    /// hexadecimal number, is one id in capitals or not, with dashes or without, in braces, and behind a spreadsheet's
    /// apostrophe.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || Self::is_placeholder(text) {
            return None;
        }
        Some(Self::written(text).unwrap_or_else(|| Self::digest(&device::one_form(text))))
    }

    /// Does this text stand in the place of an id, as `NULL` or zeros do? Many strangers share it by accident
    /// (`data/devices`). Empty text is no id and no placeholder.
    #[must_use]
    pub fn is_placeholder(text: &str) -> bool {
        let text = text.trim();
        match Self::written(text) {
            Some(device) => placeholders::is_digest_of_one(device),
            None => !text.is_empty() && placeholders::is_placeholder(text),
        }
    }

    fn digest(text: &str) -> Self {
        Self(first_128_bits(&blake3::hash(text.as_bytes())))
    }

    fn written(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("d-").filter(|hex| hex.len() == 32)?;
        let lower_hex = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        let bits = u128::from_str_radix(hex, 16).ok()?;
        hex.bytes().all(lower_hex).then_some(Self(bits))
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "d-{:032x}", self.0)
    }
}

/// A keyed digest of a phone number. Only `identity::token` makes one from a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumberToken(u128);

impl NumberToken {
    /// A token from the first 128 bits of a keyed digest.
    #[must_use]
    pub fn from_keyed_digest(digest: &blake3::Hash) -> Self {
        Self(first_128_bits(digest))
    }

    /// A token as it is written: 32 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let bits = is_hex.then(|| u128::from_str_radix(text, 16))?;
        bits.ok().map(Self)
    }

    /// The token's bits, for the places that write tokens out on request.
    #[must_use]
    pub fn expose(&self) -> u128 {
        self.0
    }
}

impl fmt::Debug for NumberToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NumberToken(redacted)")
    }
}

impl DeviceId {
    /// The id's bits, for digests.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// The id that has these [`bits`](Self::bits).
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }
}

fn first_128_bits(digest: &blake3::Hash) -> u128 {
    let (head, _) = digest
        .as_bytes()
        .split_first_chunk::<16>()
        .expect("a BLAKE3 digest has 32 bytes");
    u128::from_le_bytes(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_ids_read_back_as_written() {
        let device = DeviceId::of("A-phone's serial number").unwrap();
        assert_eq!(DeviceId::of(&device.to_string()), Some(device));
        // Anything but the exact written form is an identifier like any other.
        let upper = device.to_string().to_uppercase();
        let plus = format!("d-+{}", "0".repeat(31));
        for other in [upper.as_str(), plus.as_str(), "d-", "d-0"] {
            assert_ne!(DeviceId::of(other), Some(device), "{other}");
            assert_ne!(DeviceId::of(other), Some(DeviceId(0)), "{other}");
        }
        assert_eq!(DeviceId::of("  "), None);
    }

    #[test]
    fn tokens_read_back_as_written() {
        let token = NumberToken::from_keyed_digest(&blake3::hash(b"x"));
        let written = format!("{:032x}", token.expose());
        assert_eq!(NumberToken::parse(&written), Some(token));
        for bad in ["", "0", &written[1..], &format!("+{}", &written[1..])] {
            assert_eq!(NumberToken::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn number_token_never_prints() {
        let token = NumberToken::from_keyed_digest(&blake3::hash(b"x"));
        assert_eq!(format!("{token:?}"), "NumberToken(redacted)");
    }
}
