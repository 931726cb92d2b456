//! Homes, jobs and loans: ads whose people may not be chosen by who they are.

use std::fmt;

/// What an ad for a home, a job or a loan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpecialCategory {
    /// A home to rent or buy, or its insurance.
    Housing,
    /// A job.
    Employment,
    /// A loan, a credit card, a mortgage.
    Credit,
}

impl SpecialCategory {
    /// Every special category, in order.
    pub const ALL: [Self; 3] = [Self::Housing, Self::Employment, Self::Credit];

    /// The name in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Housing => "housing",
            Self::Employment => "employment",
            Self::Credit => "credit",
        }
    }

    /// The special category of a name, in any case; whatever is not on the list is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|special| special.as_str().eq_ignore_ascii_case(name.trim()))
    }
}

impl fmt::Display for SpecialCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
