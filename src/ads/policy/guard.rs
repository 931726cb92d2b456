//! The guard: everything an ad has to get past to reach a person.

use super::ineligible::Ineligible;
use super::params::ValidPolicyParams;
use super::restrictions::{ByPerson, HiddenAd, Restrictions, count_showings, hide};
use super::targeting::{chooses_protected, meets_all};
use crate::ads::audience::Audiences;
use crate::ads::profile::{TrainingRow, UserProfile};
use crate::consent::{AdRelevance, LimitedAds, Permitted};
use crate::ids::UserId;
use crate::signals::Ad;
use crate::time::{Interval, Timestamp};

/// What may be shown to whom at one moment.
///
/// It knows no list, nothing hidden and nothing shown until it is told.
#[derive(Clone, Debug)]
pub struct Guard {
    as_of: Timestamp,
    policy: ValidPolicyParams,
    by_person: ByPerson,
    audiences: Audiences,
}

impl Guard {
    /// The guard of a moment.
    #[must_use]
    pub fn new(as_of: Timestamp, policy: &ValidPolicyParams) -> Self {
        Self {
            as_of,
            policy: policy.clone(),
            by_person: ByPerson::default(),
            audiences: Audiences::default(),
        }
    }

    /// Whoever hid something does not get it.
    #[must_use]
    pub fn with_hidden(mut self, hidden: &[Permitted<HiddenAd, AdRelevance>]) -> Self {
        hide(&mut self.by_person, hidden);
        self
    }

    /// The same of people who allow limited ads alone: what somebody hid is kept from them whatever they allow.
    #[must_use]
    pub fn with_hidden_of_limited(mut self, hidden: &[Permitted<HiddenAd, LimitedAds>]) -> Self {
        hide(&mut self.by_person, hidden);
        self
    }

    /// Whoever has seen something as often as the caps allow does not get it again.
    #[must_use]
    pub fn with_showings(
        mut self,
        rows: &[Permitted<TrainingRow, AdRelevance>],
        ads: &[Ad],
    ) -> Self {
        count_showings(&mut self.by_person, rows, ads, self.as_of, &self.policy);
        self
    }

    /// Ads for customer lists reach whom these say.
    #[must_use]
    pub fn with_audiences(mut self, audiences: Audiences) -> Self {
        self.audiences = audiences;
        self
    }

    /// Who can be reached by customer lists.
    #[must_use]
    pub const fn audiences(&self) -> &Audiences {
        &self.audiences
    }

    /// How the policy is applied.
    #[must_use]
    pub const fn policy(&self) -> &ValidPolicyParams {
        &self.policy
    }

    /// May this ad be scored for this person?
    ///
    /// # Errors
    /// The first reason why not, in the order of [`Ineligible::ALL`].
    pub fn eligibility(&self, profile: &UserProfile, ad: &Ad) -> Result<(), Ineligible> {
        self.for_anybody(ad)?;
        if let Some(reason) = self
            .restrictions(profile.user)
            .and_then(|own| own.refusal(ad))
        {
            return Err(reason);
        }
        meets_all(profile, &ad.targeting)?;
        let reached = self.audiences.reached(ad);
        let is_reached = |people: &[UserId]| people.binary_search(&profile.user).is_ok();
        check(reached.is_none_or(is_reached), Ineligible::NotInAudience)
    }

    /// What can be said of an ad without looking at a person.
    pub(in crate::ads) fn for_anybody(&self, ad: &Ad) -> Result<(), Ineligible> {
        let running = Interval {
            from: ad.starts_at,
            until: ad.ends_at,
        };
        let declared = ad.special_category.is_some();
        check(ad.bid.is_finite() && ad.bid >= 0.0, Ineligible::Bid)?;
        check(ad.quality.is_finite(), Ineligible::Bid)?;
        check(ad.bid >= self.policy.reserve(), Ineligible::BelowReserve)?;
        check(running.contains(self.as_of), Ineligible::NotRunning)?;
        let undeclared = !declared && ad.category.implied_special().is_some();
        check(!undeclared, Ineligible::SpecialCategoryUndeclared)?;
        check(
            !(declared && chooses_protected(ad)),
            Ineligible::SpecialCategoryTargeting,
        )?;
        self.audiences.for_anybody(ad)
    }

    /// What a person is not shown, if there is anything.
    pub(in crate::ads) fn restrictions(&self, user: UserId) -> Option<&Restrictions> {
        self.by_person.get(&user)
    }
}

fn check(holds: bool, otherwise: Ineligible) -> Result<(), Ineligible> {
    if holds { Ok(()) } else { Err(otherwise) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ads::PolicyParams;
    use crate::ads::testing::{account, ad};
    use crate::ids::{AudienceId, Region};
    use crate::signals::{AdCategory, SpecialCategory};

    const AS_OF: Timestamp = Timestamp::from_secs(1_000);

    fn verdict(change: impl FnOnce(&mut UserProfile, &mut Ad)) -> Result<(), Ineligible> {
        let mut profile = UserProfile::new(&account(1), 2016);
        let mut ad = ad(1, "food", 1.0);
        change(&mut profile, &mut ad);
        let policy = PolicyParams {
            reserve: 0.02,
            ..PolicyParams::default()
        };
        Guard::new(AS_OF, &policy.check().unwrap()).eligibility(&profile, &ad)
    }

    #[test]
    fn everyone_gets_an_ad_for_everyone() {
        assert_eq!(verdict(|_, _| ()), Ok(()));
    }

    #[test]
    fn deny_ads_that_do_not_run() {
        let after = Timestamp::from_secs(1_001);
        let runs = verdict(|_, ad| (ad.starts_at, ad.ends_at) = (AS_OF, after));
        assert_eq!(runs, Ok(()));
        let denied = Err(Ineligible::NotRunning);
        assert_eq!(verdict(|_, ad| ad.ends_at = AS_OF), denied);
        assert_eq!(verdict(|_, ad| ad.starts_at = after), denied);
    }

    #[test]
    fn deny_bids_that_are_no_amount_or_below_the_reserve() {
        for bid in [f64::NAN, f64::INFINITY, -0.01] {
            assert_eq!(verdict(|_, ad| ad.bid = bid), Err(Ineligible::Bid));
        }
        assert_eq!(verdict(|_, ad| ad.quality = f64::NAN), Err(Ineligible::Bid));
        assert_eq!(verdict(|_, ad| ad.bid = 0.02), Ok(()));
        let below = verdict(|_, ad| ad.bid = 0.0199);
        assert_eq!(below, Err(Ineligible::BelowReserve));
    }

    #[test]
    fn deny_customer_lists_nobody_has_seen() {
        let unknown = Err(Ineligible::AudienceUnknown);
        let listed = verdict(|_, ad| ad.audience_id = Some(AudienceId(1)));
        assert_eq!(listed, unknown);
        let like = verdict(|_, ad| ad.lookalike_of = Some(AudienceId(1)));
        assert_eq!(like, unknown);
    }

    #[test]
    fn deny_special_categories_that_choose_their_people() {
        let special = |change: fn(&mut Ad)| {
            verdict(|profile, ad| {
                profile.age = Some(40);
                Arc::make_mut(&mut profile.attributes).gender = Some("f".into());
                Arc::make_mut(&mut profile.attributes).region = Region::parse("DE");
                ad.special_category = Some(SpecialCategory::Housing);
                change(ad);
            })
        };
        assert_eq!(special(|ad| ad.targeting.age_min = Some(18)), Ok(()));
        let denied = Err(Ineligible::SpecialCategoryTargeting);
        assert_eq!(special(|ad| ad.targeting.age_min = Some(19)), denied);
        assert_eq!(special(|ad| ad.targeting.age_max = Some(65)), denied);
        assert_eq!(
            special(|ad| ad.targeting.genders = vec!["f".into()]),
            denied
        );
        let in_germany =
            |ad: &mut Ad| ad.targeting.regions = Region::parse("DE").into_iter().collect();
        assert_eq!(special(in_germany), denied);
        assert_eq!(special(|ad| ad.lookalike_of = Some(AudienceId(1))), denied);
    }

    #[test]
    fn deny_homes_jobs_and_loans_under_another_name() {
        let sells = |category: &str, special| {
            verdict(|_, ad| {
                ad.category = AdCategory::parse(category).unwrap();
                ad.special_category = special;
            })
        };
        let undeclared = Err(Ineligible::SpecialCategoryUndeclared);
        assert_eq!(sells("apartments", None), undeclared);
        assert_eq!(sells("student loans", None), undeclared);
        assert_eq!(sells("apartments", Some(SpecialCategory::Housing)), Ok(()));
        assert_eq!(sells("steve jobs biographies", None), Ok(()));
    }
}
