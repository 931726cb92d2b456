//! How far a consent for ads goes.

use serde::{Deserialize, Serialize};

/// How far a consent for ads goes: the choice that people in the European Union have since January 2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdLevel {
    /// Ads that are less personalised: of the person nothing counts but region, language and age band.
    Limited,
    /// All that is shared for ads.
    Full,
}

impl AdLevel {
    /// The name used in files and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limited => "limited",
            Self::Full => "full",
        }
    }

    /// The level of a name used in files.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Limited, Self::Full]
            .into_iter()
            .find(|level| level.as_str() == name)
    }
}
