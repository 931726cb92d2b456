//! Why nothing can be said of what sharing is worth.

use crate::ads::AdsError;

/// Why nothing can be said of what sharing is worth.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorthError {
    /// There are no friendships.
    #[error("no friendship of two people who permit friend suggestions is known")]
    NoFriendships,
    /// Too few friendships.
    #[error("none of {known} friendships is hidden: one in ten is, by a hash of the two people")]
    NoneHidden {
        /// How many there are.
        known: u64,
    },
    /// There are no impressions.
    #[error("no impression of anybody who permits ad relevance is known")]
    NoImpressions,
    /// No ad of an impression is known.
    #[error("none of {known} impressions is of an ad that the table `ads` describes")]
    NoAds {
        /// How many rows of impressions there are.
        known: u64,
    },
    /// Too few impressions of somebody.
    #[error(
        "none of {known} rows of impressions, {of_somebody} of them of somebody, is hidden: one in five of these is, by a hash of what it \
         says"
    )]
    NoRowHidden {
        /// How many there are.
        known: u64,
        /// How many name a person: the others are totals.
        of_somebody: u64,
    },
    /// Training failed.
    #[error(transparent)]
    Ads(#[from] AdsError),
}

impl WorthError {
    /// Is there merely nothing to measure?
    #[must_use]
    pub const fn is_nothing_to_measure(&self) -> bool {
        !matches!(self, Self::Ads(_))
    }
}
