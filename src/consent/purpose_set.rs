//! A set of purposes, one bit each.

use std::fmt;

use super::purpose::Purpose;

/// A set of purposes.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurposeSet(u8);

impl PurposeSet {
    /// No purpose.
    pub const EMPTY: Self = Self(0);
    /// What the toggle of the terms closes: ads and friend suggestions.
    pub const TOGGLE: Self =
        Self(1 << Purpose::FriendSuggestions as u8 | 1 << Purpose::AdRelevance as u8);

    /// The set of one purpose.
    #[must_use]
    pub const fn of(purpose: Purpose) -> Self {
        Self(1 << purpose as u8)
    }

    /// The purposes in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Is the purpose in the set?
    #[must_use]
    pub const fn contains(self, purpose: Purpose) -> bool {
        self.0 & Self::of(purpose).0 != 0
    }

    /// Is there nothing in the set?
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The purposes of the set, in order.
    pub fn iter(self) -> impl Iterator<Item = Purpose> {
        Purpose::ALL
            .into_iter()
            .filter(move |&purpose| self.contains(purpose))
    }

    /// The set as bits, bit `p as u8` for purpose `p`.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl FromIterator<Purpose> for PurposeSet {
    fn from_iter<I: IntoIterator<Item = Purpose>>(purposes: I) -> Self {
        purposes
            .into_iter()
            .fold(Self::EMPTY, |set, purpose| set.union(Self::of(purpose)))
    }
}

impl fmt::Debug for PurposeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
