//! The limits of the rules, and what was never published.

use serde::{Deserialize, Serialize};

use super::quiet::{Quiet, QuietHours};
use crate::params::{ParamError, require};

/// Unchecked limits of the rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BusinessParams {
    /// For how many days of 86,400 s a business may answer somebody who wrote, at instants for which no rule of the messenger is
    /// known (before June 2019), 1 to 3,650; default 30.
    pub service_window_days: u32,
    /// The spam score from which a business may not write to anybody, 0 to 1; default 0.8.
    pub spam_score_limit: f64,
    /// How many marketing messages of all businesses together reach a person in 24 hours, 1 to 1,000; default 2, which was
    /// reported when the cap began. Its height is not published.
    pub marketing_cap: u32,
    /// The share of people reached in 7 days who blocked or reported, from which quality is no longer high, 0 to 1; default 0.01.
    /// Not published.
    pub quality_medium: f64,
    /// The share from which it is low, at least [`quality_medium`](Self::quality_medium), to 1; default 0.03. Not published.
    pub quality_low: f64,
    /// Hours in which nothing is sent, by region; default none.
    pub quiet: Vec<QuietHours>,
}

impl Default for BusinessParams {
    fn default() -> Self {
        Self {
            service_window_days: 30,
            spam_score_limit: 0.8,
            marketing_cap: 2,
            quality_medium: 0.01,
            quality_low: 0.03,
            quiet: Vec::new(),
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
        let share = 0.0..=1.0;
        let limit = self.spam_score_limit;
        require(
            share.contains(&limit),
            "business.spam_score_limit",
            limit,
            "0 to 1",
        )?;
        let cap = self.marketing_cap;
        require(
            (1..=1_000).contains(&cap),
            "business.marketing_cap",
            cap,
            "1 to 1,000",
        )?;
        let medium = self.quality_medium;
        require(
            share.contains(&medium),
            "business.quality_medium",
            medium,
            "0 to 1",
        )?;
        let low = self.quality_low;
        let is_share = (medium..=1.0).contains(&low);
        require(is_share, "business.quality_low", low, "quality_medium to 1")?;
        let quiet = Quiet::check(&self.quiet)?;
        Ok(ValidBusinessParams { given: self, quiet })
    }
}

/// Checked limits of the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidBusinessParams {
    given: BusinessParams,
    quiet: Quiet,
}

impl ValidBusinessParams {
    /// For how many days a business may answer somebody who wrote, where no rule is known.
    #[must_use]
    pub const fn service_window_days(&self) -> u32 {
        self.given.service_window_days
    }

    /// The spam score from which a business may not write to anybody, in [0, 1].
    #[must_use]
    pub const fn spam_score_limit(&self) -> f64 {
        self.given.spam_score_limit
    }

    /// How many marketing messages reach a person in the window of the cap.
    #[must_use]
    pub const fn marketing_cap(&self) -> u32 {
        self.given.marketing_cap
    }

    /// The share of blocks and reports from which quality is no longer high.
    #[must_use]
    pub const fn quality_medium(&self) -> f64 {
        self.given.quality_medium
    }

    /// The share from which it is low.
    #[must_use]
    pub const fn quality_low(&self) -> f64 {
        self.given.quality_low
    }

    pub(super) const fn quiet(&self) -> &Quiet {
        &self.quiet
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
    fn bounds_of_what_is_not_published() {
        let cap = Some("business.marketing_cap");
        for (n, name) in [(0, cap), (1, None), (1_000, None), (1_001, cap)] {
            assert_eq!(name_of(|p| p.marketing_cap = n), name, "{n}");
        }
        let medium = Some("business.quality_medium");
        assert_eq!(name_of(|p| p.quality_medium = -0.01), medium);
        assert_eq!(name_of(|p| p.quality_medium = f64::NAN), medium);
        let low = Some("business.quality_low");
        for (share, name) in [
            (0.009, low),
            (0.01, None),
            (1.0, None),
            (1.01, low),
            (f64::NAN, low),
        ] {
            assert_eq!(name_of(|p| p.quality_low = share), name, "{share}");
        }
    }

    #[test]
    fn deny_unknown_fields() {
        assert!(toml::from_str::<BusinessParams>("window = 3").is_err());
    }
}
