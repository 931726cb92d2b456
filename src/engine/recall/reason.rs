//! Why a published row no longer stands.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::consent::DenialReason;
use crate::suggest::Exclusion;

/// Why a published row no longer stands; of several reasons the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecallReason {
    /// The gate denies somebody whom the row names.
    Denied(DenialReason),
    /// The two whom a suggestion names are kept apart; it is not said who said so.
    KeptApart(Exclusion),
    /// A tie that a suggestion counted has ended.
    TieEnded,
    /// The person hid the ad.
    HiddenAd,
    /// The person hid the advertiser.
    HiddenAdvertiser,
    /// The person took back what they had asked the business for.
    OptInWithdrawn,
    /// The person said no to the business.
    BusinessRefused,
}

impl RecallReason {
    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied(reason) => reason.as_str(),
            Self::KeptApart(why) => why.as_str(),
            Self::TieEnded => "tie_ended",
            Self::HiddenAd => "hidden_ad",
            Self::HiddenAdvertiser => "hidden_advertiser",
            Self::OptInWithdrawn => "opt_in_withdrawn",
            Self::BusinessRefused => "business_refused",
        }
    }
}

impl fmt::Display for RecallReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RecallReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
