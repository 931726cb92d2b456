//! What data may be used for. Each purpose is also a type, so a graph permitted for one cannot be
//! handed to code that works for another.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::gate::{Decision, DenialReason};

/// A purpose that consent is asked for and decided on, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Purpose {
    /// Suggesting friends on the social network.
    FriendSuggestions = 0,
    /// Relevance of ads on the social network. There is no placement on the messenger.
    AdRelevance = 1,
    /// Fighting spam and abuse.
    Abuse = 2,
    /// Usage statistics.
    Analytics = 3,
    /// A business answering a person.
    BusinessService = 4,
    /// A business advertising to a person.
    BusinessMarketing = 5,
}

impl Purpose {
    /// Every purpose, in the order of their discriminants.
    pub const ALL: [Self; 6] = [
        Self::FriendSuggestions,
        Self::AdRelevance,
        Self::Abuse,
        Self::Analytics,
        Self::BusinessService,
        Self::BusinessMarketing,
    ];

    /// The name used in files and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FriendSuggestions => "friend_suggestions",
            Self::AdRelevance => "ad_relevance",
            Self::Abuse => "abuse",
            Self::Analytics => "analytics",
            Self::BusinessService => "business_service",
            Self::BusinessMarketing => "business_marketing",
        }
    }

    /// The purpose of a name used in files.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A purpose as a type.
pub trait For: sealed::Sealed + Copy + fmt::Debug + Send + Sync + 'static {
    /// The purpose this type stands for.
    const PURPOSE: Purpose;

    /// What a decision for the purpose says about what this type lets through.
    #[must_use]
    fn decision(decided: Decision) -> Decision {
        decided
    }
}

/// [`Purpose::AdRelevance`] at the level *limited* at least, as a type.
///
/// Whoever allows no more passes the gate of this type alone. What is permitted for it can be handed to nothing that takes
/// what is permitted for [`AdRelevance`]: no history, graph, device or list of theirs can get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitedAds;
impl sealed::Sealed for LimitedAds {}
impl For for LimitedAds {
    const PURPOSE: Purpose = Purpose::AdRelevance;

    fn decision(decided: Decision) -> Decision {
        match decided {
            Decision::Denied(DenialReason::LimitedLevel) => Decision::ALLOWED,
            decided => decided,
        }
    }
}

macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;
        impl sealed::Sealed for $name {}
        impl For for $name {
            const PURPOSE: Purpose = Purpose::$name;
        }
    )*};
}

purposes! {
    /// [`Purpose::FriendSuggestions`] as a type.
    FriendSuggestions
    /// [`Purpose::AdRelevance`] as a type.
    AdRelevance
    /// [`Purpose::Abuse`] as a type.
    Abuse
    /// [`Purpose::Analytics`] as a type.
    Analytics
    /// [`Purpose::BusinessService`] as a type.
    BusinessService
    /// [`Purpose::BusinessMarketing`] as a type.
    BusinessMarketing
}
