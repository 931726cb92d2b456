//! How the rules are applied, and the moment a question is asked about.

use serde::{Deserialize, Serialize};

use crate::params::ParamError;
use crate::time::Timestamp;

/// What silence means for friend suggestions, ads and analytics once the terms are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Yes until somebody says no: the offer of 2016.
    #[default]
    NoticeAndOptOut,
    /// No until somebody says yes. Also applied to accounts of unknown region.
    OptIn,
}

/// What an opt-out after the window does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LateOptOut {
    /// The same as one inside the window.
    #[default]
    Honour,
    /// It is kept and flagged, takes back explicit grants, and decides at the next acceptance.
    RecordOnly,
}

/// How the rules are applied; unchecked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsentParams {
    /// What silence means; default [`Profile::NoticeAndOptOut`].
    pub profile: Profile,
    /// Whether ads and friend suggestions wait until the window to opt out has passed, so that nothing
    /// ever has to be recalled; default no.
    pub hold_until_window_end: bool,
    /// What an opt-out after the window does; default [`LateOptOut::Honour`].
    pub late_opt_out: LateOptOut,
}

impl ConsentParams {
    /// The checked parameters. Every combination is valid today.
    ///
    /// # Errors
    /// None yet; the signature is that of every other room.
    pub fn check(self) -> Result<ValidConsentParams, ParamError> {
        Ok(ValidConsentParams(self))
    }
}

/// How the rules are applied; checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValidConsentParams(ConsentParams);

impl ValidConsentParams {
    /// What silence means.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.0.profile
    }

    /// Whether ads and friend suggestions wait until the window has passed.
    #[must_use]
    pub const fn hold_until_window_end(&self) -> bool {
        self.0.hold_until_window_end
    }

    /// What an opt-out after the window does.
    #[must_use]
    pub const fn late_opt_out(&self) -> LateOptOut {
        self.0.late_opt_out
    }
}

/// The moment a question is about: what was allowed at `valid`, as known at `known`?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// Acts after this instant do not count, and deadlines and windows are judged at it.
    pub valid: Timestamp,
    /// What the ledger learned after this instant does not count.
    pub known: Timestamp,
}

impl AsOf {
    /// What was allowed at an instant, as known at that same instant.
    #[must_use]
    pub const fn at(instant: Timestamp) -> Self {
        Self {
            valid: instant,
            known: instant,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_spells_the_values_with_hyphens() {
        let text =
            "profile = \"opt-in\"\nhold_until_window_end = true\nlate_opt_out = \"record-only\"";
        let params: ConsentParams = toml::from_str(text).unwrap();
        let valid = params.check().unwrap();
        assert_eq!(valid.profile(), Profile::OptIn);
        assert!(valid.hold_until_window_end());
        assert_eq!(valid.late_opt_out(), LateOptOut::RecordOnly);
    }

    #[test]
    fn the_default_is_the_offer_of_2016() {
        let params: ConsentParams = toml::from_str("").unwrap();
        assert_eq!(params, ConsentParams::default());
        assert_eq!(params.profile, Profile::NoticeAndOptOut);
        assert_eq!(params.late_opt_out, LateOptOut::Honour);
        assert!(!params.hold_until_window_end);
    }

    #[test]
    fn deny_unknown_names_and_values() {
        for bad in [
            "profil = \"opt-in\"",
            "profile = \"yes\"",
            "late_opt_out = \"ignore\"",
        ] {
            assert!(toml::from_str::<ConsentParams>(bad).is_err(), "{bad}");
        }
    }
}
