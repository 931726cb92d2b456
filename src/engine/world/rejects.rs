//! How many rows may be rejected before somebody has to look.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How many rows may be rejected: a share of each table, or a number over all tables.
///
/// Written `5%` or `0.05` for a share and `12` for a number: what has neither a point nor a percent sign is a number of
/// rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "String")]
pub enum MaxRejects {
    /// Of the rows of each table, those that only repeat another aside; from 0 to 1.
    Share(f64),
    /// Of all tables together, every rejected row counted.
    Rows(u64),
}

/// As a configuration may spell it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Rows(u64),
    Share(f64),
    Spelled(String),
}

/// A text that is neither a share nor a number of rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither a share of a table's rows, such as 5% or 0.05, nor a number of rows, such as 12"
)]
pub struct MaxRejectsError(String);

impl Default for MaxRejects {
    /// One row in twenty of any table.
    fn default() -> Self {
        Self::Share(0.05)
    }
}

impl MaxRejects {
    fn share(share: f64, text: &str) -> Result<Self, MaxRejectsError> {
        if (0.0..=1.0).contains(&share) {
            Ok(Self::Share(share))
        } else {
            Err(MaxRejectsError(text.to_owned()))
        }
    }

    /// Are so many rejected rows of a table too many for a share of it?
    pub(in crate::engine) fn is_exceeded_by_table(self, n_rejected: u64, n_rows: u64) -> bool {
        match self {
            Self::Share(share) => n_rejected as f64 > share * n_rows as f64,
            Self::Rows(_) => false,
        }
    }

    /// Are so many rejected rows of all tables too many?
    pub(in crate::engine) const fn is_exceeded_by_all(self, n_rejected: u64) -> bool {
        match self {
            Self::Share(_) => false,
            Self::Rows(allowed) => n_rejected > allowed,
        }
    }
}

impl FromStr for MaxRejects {
    type Err = MaxRejectsError;

    fn from_str(text: &str) -> Result<Self, MaxRejectsError> {
        let unreadable = |_| MaxRejectsError(text.to_owned());
        if let Some(percent) = text.trim().strip_suffix('%') {
            let percent: f64 = percent.trim().parse().map_err(unreadable)?;
            return Self::share(percent / 100.0, text);
        }
        match text.trim().parse() {
            Ok(rows) => Ok(Self::Rows(rows)),
            Err(_) => Self::share(text.trim().parse().map_err(unreadable)?, text),
        }
    }
}

impl TryFrom<Text> for MaxRejects {
    type Error = MaxRejectsError;

    fn try_from(text: Text) -> Result<Self, MaxRejectsError> {
        match text {
            Text::Rows(rows) => Ok(Self::Rows(rows)),
            Text::Share(share) => Self::share(share, &share.to_string()),
            Text::Spelled(text) => text.parse(),
        }
    }
}

impl fmt::Display for MaxRejects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(f, "{}%", share * 100.0),
            Self::Rows(rows) => write!(f, "{rows}"),
        }
    }
}

impl From<MaxRejects> for String {
    fn from(max: MaxRejects) -> Self {
        max.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_a_point_or_a_percent_sign() {
        for (text, read) in [
            ("5%", MaxRejects::Share(0.05)),
            (" 12.5 % ", MaxRejects::Share(0.125)),
            ("0.05", MaxRejects::Share(0.05)),
            ("1.0", MaxRejects::Share(1.0)),
            ("0%", MaxRejects::Share(0.0)),
            ("0", MaxRejects::Rows(0)),
            ("12", MaxRejects::Rows(12)),
        ] {
            assert_eq!(text.parse(), Ok(read), "{text}");
            assert_eq!(read.to_string().parse(), Ok(read));
        }
    }

    #[test]
    fn deny_what_is_neither() {
        for text in ["", "many", "101%", "-1", "1.5", "5 %%", "NaN", "inf"] {
            assert!(text.parse::<MaxRejects>().is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_hold_at_them_and_not_past_them() {
        let share = MaxRejects::Share(0.05);
        assert!(!share.is_exceeded_by_table(5, 100));
        assert!(share.is_exceeded_by_table(6, 100));
        assert!(!share.is_exceeded_by_all(u64::MAX));
        assert!(!MaxRejects::Rows(3).is_exceeded_by_all(3));
        assert!(MaxRejects::Rows(3).is_exceeded_by_all(4));
        assert!(!MaxRejects::Rows(3).is_exceeded_by_table(100, 100));
    }
}
