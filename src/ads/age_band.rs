//! Age bands, as reports on advertising use them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An age band, as reports on advertising use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AgeBand {
    /// 13 to 17 years.
    From13,
    /// 18 to 24 years.
    From18,
    /// 25 to 29 years.
    From25,
    /// 30 to 34 years.
    From30,
    /// 35 to 39 years.
    From35,
    /// 40 to 44 years.
    From40,
    /// 45 to 49 years.
    From45,
    /// 50 to 54 years.
    From50,
    /// 55 to 64 years.
    From55,
    /// 65 years and over.
    From65,
}

impl AgeBand {
    /// The band of an age in years; none below 13.
    #[must_use]
    pub const fn of(age: u16) -> Option<Self> {
        Some(match age {
            0..13 => return None,
            13..18 => Self::From13,
            18..25 => Self::From18,
            25..30 => Self::From25,
            30..35 => Self::From30,
            35..40 => Self::From35,
            40..45 => Self::From40,
            45..50 => Self::From45,
            50..55 => Self::From50,
            55..65 => Self::From55,
            65.. => Self::From65,
        })
    }

    /// The name used in files, such as `30-34`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::From13 => "13-17",
            Self::From18 => "18-24",
            Self::From25 => "25-29",
            Self::From30 => "30-34",
            Self::From35 => "35-39",
            Self::From40 => "40-44",
            Self::From45 => "45-49",
            Self::From50 => "50-54",
            Self::From55 => "55-64",
            Self::From65 => "65+",
        }
    }
}

impl fmt::Display for AgeBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
