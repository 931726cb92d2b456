//! Parameters of the policy: `[ads.policy]`.

use serde::{Deserialize, Serialize};

use crate::params::{ParamError, require};

/// The fewest people of a customer list an ad may be shown to, unless the world is synthetic: 1,000.
pub const AUDIENCE_MIN: u32 = 1_000;

/// The fewest where nobody exists: a list of one person would be no list.
const AUDIENCE_MIN_SYNTHETIC: u32 = 2;

/// How often one person may be shown one ad, or one advertiser's ads, within some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// Days that count, up to the moment of scoring: 1 to 365.
    pub window_days: u32,
    /// Showings of one ad, at least 1; no limit if absent.
    #[serde(default)]
    pub per_ad: Option<u32>,
    /// Showings of one advertiser's ads together, at least 1; no limit if absent.
    #[serde(default)]
    pub per_advertiser: Option<u32>,
}

/// Parameters of the policy, not yet checked.
///
/// Defaults: `caps` 10 showings of an ad and 30 of an advertiser in 7 days, `reserve` 0, `audience_min`
/// [`AUDIENCE_MIN`], `lookalike_share` 0.01, `synthetic` false.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyParams {
    /// Frequency caps, at most 16; all of them hold.
    pub caps: Vec<Cap>,
    /// The least an advertiser pays for a click, in currency units: finite, not negative. A lower bid gets nothing.
    pub reserve: f64,
    /// How many permitted people a customer list has to match, and by how many two of them have to differ: at least
    /// [`AUDIENCE_MIN`].
    pub audience_min: u32,
    /// The share of all people that are taken as alike to those on a list: above 0, at most 0.2.
    pub lookalike_share: f64,
    /// Nobody in these tables exists: `audience_min` may be as low as 2.
    pub synthetic: bool,
}

impl Default for PolicyParams {
    fn default() -> Self {
        Self {
            caps: vec![Cap {
                window_days: 7,
                per_ad: Some(10),
                per_advertiser: Some(30),
            }],
            reserve: 0.0,
            audience_min: AUDIENCE_MIN,
            lookalike_share: 0.01,
            synthetic: false,
        }
    }
}

/// Checked parameters of the policy.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidPolicyParams(PolicyParams);

impl PolicyParams {
    /// Checks every bound.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn check(self) -> Result<ValidPolicyParams, ParamError> {
        let n_caps = self.caps.len();
        require(n_caps <= 16, "ads.policy.caps", n_caps, "at most 16")?;
        self.caps.iter().try_for_each(Cap::check)?;
        require(
            self.reserve.is_finite() && self.reserve >= 0.0,
            "ads.policy.reserve",
            self.reserve,
            "at least 0",
        )?;
        let (least, expected) = if self.synthetic {
            (AUDIENCE_MIN_SYNTHETIC, "at least 2")
        } else {
            (AUDIENCE_MIN, "at least 1,000, or synthetic")
        };
        require(
            self.audience_min >= least,
            "ads.policy.audience_min",
            self.audience_min,
            expected,
        )?;
        require(
            self.lookalike_share > 0.0 && self.lookalike_share <= 0.2,
            "ads.policy.lookalike_share",
            self.lookalike_share,
            "above 0 and at most 0.2",
        )?;
        Ok(ValidPolicyParams(self))
    }
}

impl Cap {
    fn check(&self) -> Result<(), ParamError> {
        require(
            (1..=365).contains(&self.window_days),
            "ads.policy.caps.window_days",
            self.window_days,
            "1 to 365",
        )?;
        let limits = [
            ("ads.policy.caps.per_ad", self.per_ad),
            ("ads.policy.caps.per_advertiser", self.per_advertiser),
        ];
        for (name, limit) in limits {
            require(limit != Some(0), name, 0, "at least 1, or absent")?;
        }
        let limits_something = self.per_ad.is_some() || self.per_advertiser.is_some();
        let expected = "a cap with per_ad, per_advertiser or both";
        require(limits_something, "ads.policy.caps", "neither", expected)
    }
}

impl ValidPolicyParams {
    /// Frequency caps.
    #[must_use]
    pub fn caps(&self) -> &[Cap] {
        &self.0.caps
    }

    /// The least an advertiser pays for a click.
    #[must_use]
    pub const fn reserve(&self) -> f64 {
        self.0.reserve
    }

    /// How many people a customer list has to match.
    #[must_use]
    pub const fn audience_min(&self) -> usize {
        self.0.audience_min as usize
    }

    /// The share of people taken as alike to those on a list.
    #[must_use]
    pub const fn lookalike_share(&self) -> f64 {
        self.0.lookalike_share
    }

    /// How often somebody may be shown an advertiser they have not seen; none is without limit.
    #[must_use]
    pub fn per_advertiser(&self) -> Option<u32> {
        self.caps()
            .iter()
            .filter_map(|cap| cap.per_advertiser)
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut PolicyParams)) -> Result<ValidPolicyParams, ParamError> {
        let mut params = PolicyParams::default();
        change(&mut params);
        params.check()
    }

    const CAP: Cap = Cap {
        window_days: 1,
        per_ad: Some(1),
        per_advertiser: None,
    };

    #[test]
    fn deny_caps_outside() {
        assert!(with(|p| p.caps = vec![CAP; 16]).is_ok());
        assert!(with(|p| p.caps = vec![CAP; 17]).is_err());
        assert!(with(|p| p.caps = Vec::new()).is_ok());
        for (days, is_ok) in [(0, false), (1, true), (365, true), (366, false)] {
            let cap = Cap {
                window_days: days,
                ..CAP
            };
            assert_eq!(with(|p| p.caps = vec![cap]).is_ok(), is_ok, "{days}");
        }
        for (per_ad, per_advertiser, is_ok) in [
            (Some(0), None, false),
            (None, Some(0), false),
            (None, Some(1), true),
            (None, None, false),
        ] {
            let cap = Cap {
                per_ad,
                per_advertiser,
                ..CAP
            };
            assert_eq!(with(|p| p.caps = vec![cap]).is_ok(), is_ok, "{cap:?}");
        }
    }

    #[test]
    fn deny_reserves_that_are_no_amount() {
        assert!(with(|p| p.reserve = 0.0).is_ok());
        for reserve in [-1e-9, f64::NAN, f64::INFINITY] {
            assert!(with(|p| p.reserve = reserve).is_err(), "{reserve}");
        }
    }

    #[test]
    fn deny_lists_below_the_floor() {
        assert!(with(|p| p.audience_min = 1_000).is_ok());
        let refused = with(|p| p.audience_min = 999).unwrap_err();
        assert_eq!(refused.name, "ads.policy.audience_min");
        let synthetic = |min| with(|p| (p.audience_min, p.synthetic) = (min, true));
        assert!(synthetic(2).is_ok());
        assert!(synthetic(1).is_err());
    }

    #[test]
    fn deny_shares_outside() {
        for (share, is_ok) in [(0.0, false), (1e-9, true), (0.2, true), (0.2001, false)] {
            assert_eq!(
                with(|p| p.lookalike_share = share).is_ok(),
                is_ok,
                "{share}"
            );
        }
        assert!(with(|p| p.lookalike_share = f64::NAN).is_err());
    }

    #[test]
    fn the_strictest_advertiser_cap_counts() {
        assert_eq!(with(|_| ()).unwrap().per_advertiser(), Some(30));
        assert_eq!(with(|p| p.caps = vec![CAP]).unwrap().per_advertiser(), None);
    }
}
