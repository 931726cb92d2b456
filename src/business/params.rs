//! The limits of the rules.

use serde::{Deserialize, Serialize};

use crate::params::{ParamError, require};

/// Unchecked limits of the rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BusinessParams {
    /// For how many days of 86,400 s a business may answer somebody who wrote, 1 to 3,650; default 30.
    pub service_window_days: u32,
    /// The spam score from which a business may not write to anybody, 0 to 1; default 0.8.
    pub spam_score_limit: f64,
}

impl Default for BusinessParams {
    fn default() -> Self {
        Self {
            service_window_days: 30,
            spam_score_limit: 0.8,
        }
    }
}

impl BusinessParams {
    /// Checks every range.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn check(self) -> Result<ValidBusinessParams, ParamError> {
        let days = (1..=3_650).contains(&self.service_window_days);
        require(
            days,
            "business.service_window_days",
            self.service_window_days,
            "1 to 3,650",
        )?;
        let limit = (0.0..=1.0).contains(&self.spam_score_limit);
        require(
            limit,
            "business.spam_score_limit",
            self.spam_score_limit,
            "0 to 1",
        )?;
        Ok(ValidBusinessParams(self))
    }
}

/// Checked limits of the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidBusinessParams(BusinessParams);

impl ValidBusinessParams {
    /// For how many days a business may answer somebody who wrote.
    #[must_use]
    pub const fn service_window_days(&self) -> u32 {
        self.0.service_window_days
    }

    /// The spam score from which a business may not write to anybody, in [0, 1].
    #[must_use]
    pub const fn spam_score_limit(&self) -> f64 {
        self.0.spam_score_limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(change: impl FnOnce(&mut BusinessParams)) -> Option<&'static str> {
        let mut params = BusinessParams::default();
        change(&mut params);
        params.check().err().map(|e| e.name)
    }

    #[test]
    fn bounds_of_service_window_days() {
        let name = Some("business.service_window_days");
        assert_eq!(name_of(|p| p.service_window_days = 0), name);
        assert_eq!(name_of(|p| p.service_window_days = 1), None);
        assert_eq!(name_of(|p| p.service_window_days = 3_650), None);
        assert_eq!(name_of(|p| p.service_window_days = 3_651), name);
    }

    #[test]
    fn bounds_of_spam_score_limit() {
        assert_eq!(name_of(|p| p.spam_score_limit = 0.0), None);
        assert_eq!(name_of(|p| p.spam_score_limit = 1.0), None);
        for bad in [-0.01, 1.01, f64::NAN] {
            assert_eq!(
                name_of(|p| p.spam_score_limit = bad),
                Some("business.spam_score_limit")
            );
        }
    }

    #[test]
    fn deny_unknown_fields() {
        assert!(toml::from_str::<BusinessParams>("window = 3").is_err());
    }
}
