//! The topics nobody may be sorted by.

use std::fmt;

/// A sensitive topic. The list is closed: `data/topics/sensitive.toml` has words for these and for no others.
///
/// # References
/// GDPR, Articles 9(1) and 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Health: diseases, disabilities, pregnancy, treatment.
    Health,
    /// Genetic data.
    Genetics,
    /// Biometric data for identifying somebody.
    Biometrics,
    /// Religious or philosophical beliefs.
    Religion,
    /// Political opinions, causes and figures.
    Politics,
    /// Membership in a trade union.
    TradeUnion,
    /// Racial or ethnic origin.
    Ethnicity,
    /// Sexual orientation and gender identity.
    SexualOrientation,
    /// Sex life.
    SexLife,
    /// Criminal convictions.
    CriminalRecord,
}

impl Topic {
    /// Every topic, in order.
    pub const ALL: [Self; 10] = [
        Self::Health,
        Self::Genetics,
        Self::Biometrics,
        Self::Religion,
        Self::Politics,
        Self::TradeUnion,
        Self::Ethnicity,
        Self::SexualOrientation,
        Self::SexLife,
        Self::CriminalRecord,
    ];

    /// The name the list of topics uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.reason().split_at("sensitive_".len()).1
    }

    /// The name under which refusals are counted.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Health => "sensitive_health",
            Self::Genetics => "sensitive_genetics",
            Self::Biometrics => "sensitive_biometrics",
            Self::Religion => "sensitive_religion",
            Self::Politics => "sensitive_politics",
            Self::TradeUnion => "sensitive_trade_union",
            Self::Ethnicity => "sensitive_ethnicity",
            Self::SexualOrientation => "sensitive_sexual_orientation",
            Self::SexLife => "sensitive_sex_life",
            Self::CriminalRecord => "sensitive_criminal_record",
        }
    }

    /// The topic of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == name)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
