//! Parameters of identity: how many numbers a book may hold, the model of links, and how probable one must be for what.

use serde::{Deserialize, Serialize};

use super::{BookBudget, LinkModel, Probability, ValidBookBudget, ValidLinkModel};
use crate::consent::Purpose;
use crate::params::{ParamError, require};

/// Unchecked parameters of identity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdentityParams {
    /// How probable a link must be, by what it is for.
    pub thresholds: Thresholds,
    /// How many numbers an account may have looked up.
    pub budget: BookBudget,
    /// What agreement says; `acquaint identity fit` prints one.
    pub model: LinkModel,
}

/// The smallest probability at which a link is made, each from 0.5 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// For suggestions; default 0.99.
    pub friend_suggestions: f64,
    /// For ads; default 0.99.
    pub ad_relevance: f64,
    /// For spam scores, which speak of accounts more than of people; default 0.9.
    pub abuse: f64,
    /// For analytics; default 0.9.
    pub analytics: f64,
    /// For messages a business owes; default 0.99.
    pub business_service: f64,
    /// For advertising by businesses; default 0.99.
    pub business_marketing: f64,
    /// For carrying an opt-out to the other accounts of a person; default 0.5.
    pub opt_out: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            friend_suggestions: 0.99,
            ad_relevance: 0.99,
            abuse: 0.9,
            analytics: 0.9,
            business_service: 0.99,
            business_marketing: 0.99,
            opt_out: 0.5,
        }
    }
}

impl Thresholds {
    fn of(&self, purpose: Purpose) -> (f64, &'static str) {
        use Purpose as P;
        match purpose {
            P::FriendSuggestions => (
                self.friend_suggestions,
                "identity.thresholds.friend_suggestions",
            ),
            P::AdRelevance => (self.ad_relevance, "identity.thresholds.ad_relevance"),
            P::Abuse => (self.abuse, "identity.thresholds.abuse"),
            P::Analytics => (self.analytics, "identity.thresholds.analytics"),
            P::BusinessService => (
                self.business_service,
                "identity.thresholds.business_service",
            ),
            P::BusinessMarketing => (
                self.business_marketing,
                "identity.thresholds.business_marketing",
            ),
        }
    }
}

impl IdentityParams {
    /// Checks every range. An opt-out must travel at least as far as any use of a link.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn check(self) -> Result<ValidIdentityParams, ParamError> {
        let carries = (self.thresholds.opt_out, "identity.thresholds.opt_out");
        let purposes = Purpose::ALL.map(|purpose| self.thresholds.of(purpose));
        for (value, name) in purposes.into_iter().chain([carries]) {
            require((0.5..=1.0).contains(&value), name, value, "0.5 to 1")?;
        }
        let smallest = purposes.iter().map(|(value, _)| *value).fold(1.0, f64::min);
        require(
            carries.0 <= smallest,
            carries.1,
            carries.0,
            "no larger than any other threshold",
        )?;
        Ok(ValidIdentityParams {
            budget: self.budget.check()?,
            model: self.model.check()?,
            thresholds: Purpose::ALL.map(|purpose| Probability::of(self.thresholds.of(purpose).0)),
            opt_out: Probability::of(self.thresholds.opt_out),
        })
    }
}

/// Checked parameters of identity.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidIdentityParams {
    budget: ValidBookBudget,
    model: ValidLinkModel,
    /// In the order of [`Purpose::ALL`].
    thresholds: [Probability; Purpose::ALL.len()],
    opt_out: Probability,
}

impl ValidIdentityParams {
    /// How many numbers an account may have looked up.
    #[must_use]
    pub const fn budget(&self) -> &ValidBookBudget {
        &self.budget
    }

    /// The model.
    #[must_use]
    pub const fn model(&self) -> &ValidLinkModel {
        &self.model
    }

    /// How probable a link must be for a purpose.
    #[must_use]
    pub fn threshold(&self, purpose: Purpose) -> Probability {
        let found = Purpose::ALL.iter().position(|one| *one == purpose);
        found.map_or(Probability::ONE, |index| self.thresholds[index])
    }

    /// How probable a link must be to carry an opt-out.
    #[must_use]
    pub const fn opt_out_threshold(&self) -> Probability {
        self.opt_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(change: impl FnOnce(&mut Thresholds)) -> Option<&'static str> {
        let mut params = IdentityParams::default();
        change(&mut params.thresholds);
        params.check().err().map(|error| error.name)
    }

    #[test]
    fn deny_thresholds_outside_their_range() {
        assert_eq!(name_of(|_| ()), None);
        assert_eq!(name_of(|t| t.abuse = 1.0), None);
        for bad in [0.49, 1.01, f64::NAN] {
            let found = name_of(|t| t.abuse = bad);
            assert_eq!(found, Some("identity.thresholds.abuse"));
        }
    }

    #[test]
    fn deny_opt_outs_that_travel_less_far_than_ads() {
        let found = name_of(|t| t.opt_out = 0.95);
        assert_eq!(found, Some("identity.thresholds.opt_out"));
    }

    #[test]
    fn every_purpose_has_its_own_threshold() {
        let mut params = IdentityParams::default();
        params.thresholds.abuse = 0.75;
        let valid = params.check().unwrap();
        assert_eq!(valid.threshold(Purpose::Abuse), Probability::of(0.75));
        assert_eq!(valid.threshold(Purpose::AdRelevance), Probability::of(0.99));
    }
}
