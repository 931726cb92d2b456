//! What this room finds out: matches between accounts, links between accounts of one person.

use std::fmt;
use std::num::NonZeroU64;

use crate::consent::About;
use crate::ids::{AccountId, UserId};
use crate::time::{Interval, Timestamp};

/// A phone number in E.164 form: at most fifteen digits, the first not zero, held as a number.
///
/// Prints as redacted and has no `Display`; [`E164::expose`] is the one way to its digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct E164(pub(in crate::identity) NonZeroU64);

impl E164 {
    /// The digits after the plus sign, as a number.
    #[must_use]
    pub const fn expose(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("E164(redacted)")
    }
}

/// A contact resolved to an account: `from` saved the number that was `to`'s at the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Match {
    /// Who saved the number.
    pub from: AccountId,
    /// Whose number it was when it was saved.
    pub to: AccountId,
    /// When it was saved.
    pub saved_at: Timestamp,
}

impl About for Match {
    type Id = AccountId;
    type Ids = [AccountId; 2];

    fn about(&self) -> [AccountId; 2] {
        [self.from, self.to]
    }

    fn collected_at(&self) -> Timestamp {
        self.saved_at
    }
}

/// Two accounts of one person: a messenger account and a social account. A link is never an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The messenger account.
    pub account: AccountId,
    /// The social account.
    pub user: UserId,
    /// When both held the number.
    pub interval: Interval,
    /// How probable it is that they are one person.
    pub probability: Probability,
    /// What the link rests on.
    pub evidence: Evidence,
}

/// A probability in millionths: compared and sorted without rounding surprises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Probability(u32);

impl Probability {
    /// Certain.
    pub const ONE: Self = Self(1_000_000);

    /// The nearest millionth; what is below 0 or no number is 0, what is above 1 is 1.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float casts saturate, NaN becomes 0"
    )]
    pub fn of(value: f64) -> Self {
        Self((value * 1e6).round() as u32).min(Self::ONE)
    }

    /// As a real number in [0, 1].
    #[must_use]
    pub fn to_f64(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

impl Evidence {
    /// The names of what holds, as outputs spell them.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let held = [
            (self.number, "number"),
            (self.device_id, "device_id"),
            (self.device_type, "device_type"),
            (self.os, "os"),
            (self.region, "region"),
            (self.given_while_held, "given_while_held"),
        ];
        let held = held.into_iter().filter(|(holds, _)| *holds);
        held.map(|(_, name)| name).collect()
    }
}

/// What a link rests on. A device alone never links.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent signals, each there or not"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The same number, given as a way to be found.
    pub number: bool,
    /// The same device id.
    pub device_id: bool,
    /// The same device type.
    pub device_type: bool,
    /// The same operating system and version.
    pub os: bool,
    /// The same region.
    pub region: bool,
    /// The number was given while the account held it.
    pub given_while_held: bool,
}
