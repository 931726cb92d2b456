//! Which ads may be scored for whom. Asked before any score; every no has a reason and is counted.
//!
//! An attribute that is not known does not meet a condition on it. Ages are calendar-year differences, so a
//! person may be a year younger than they look: the lower bound is held against the younger age, the upper
//! against the older. Ads of a special category may choose neither gender nor age, except 18 and over.

use serde::{Deserialize, Serialize};

use super::profile::{Attributes, UserProfile};
use crate::signals::{Ad, Targeting};
use crate::time::{Interval, Timestamp};

/// Why an ad is not for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ineligible {
    /// Its bid is negative or not a finite number.
    Bid,
    /// It does not run at this time.
    NotRunning,
    /// It is for a customer list, and nobody is known to be on one.
    AudienceUnknown,
    /// It is of a special category and chooses people by gender or age.
    SpecialCategoryTargeting,
    /// Not in its regions.
    Region,
    /// Not in its languages.
    Language,
    /// Not of its genders.
    Gender,
    /// Outside its ages.
    Age,
    /// None of its interests.
    Interests,
}

impl Ineligible {
    /// Every reason, in the order they are asked.
    pub const ALL: [Self; 9] = [
        Self::Bid,
        Self::NotRunning,
        Self::AudienceUnknown,
        Self::SpecialCategoryTargeting,
        Self::Region,
        Self::Language,
        Self::Gender,
        Self::Age,
        Self::Interests,
    ];

    /// The name under which pairs are counted.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bid => "bid",
            Self::NotRunning => "not_running",
            Self::AudienceUnknown => "audience_unknown",
            Self::SpecialCategoryTargeting => "special_category_targeting",
            Self::Region => "region",
            Self::Language => "language",
            Self::Gender => "gender",
            Self::Age => "age",
            Self::Interests => "interests",
        }
    }
}

/// May this ad be scored for this person at this time?
///
/// # Errors
/// The first reason why not, in the order of [`Ineligible::ALL`].
pub fn eligibility(profile: &UserProfile, ad: &Ad, as_of: Timestamp) -> Result<(), Ineligible> {
    for_anybody(ad, as_of)?;
    for_person(profile, &ad.targeting)
}

/// What can be said of an ad without looking at a person.
pub(crate) fn for_anybody(ad: &Ad, as_of: Timestamp) -> Result<(), Ineligible> {
    let running = Interval {
        from: ad.starts_at,
        until: ad.ends_at,
    };
    check(ad.bid.is_finite() && ad.bid >= 0.0, Ineligible::Bid)?;
    check(running.contains(as_of), Ineligible::NotRunning)?;
    check(ad.audience_id.is_none(), Ineligible::AudienceUnknown)?;
    let special = ad.special_category.is_some();
    check(
        !(special && chooses_protected(&ad.targeting)),
        Ineligible::SpecialCategoryTargeting,
    )
}

fn chooses_protected(targeting: &Targeting) -> bool {
    !targeting.genders.is_empty()
        || targeting.age_max.is_some()
        || targeting.age_min.is_some_and(|min| min > 18)
}

/// Does this person meet the targeting?
pub(crate) fn for_person(profile: &UserProfile, targeting: &Targeting) -> Result<(), Ineligible> {
    let who = &profile.attributes;
    check(in_regions(who, targeting), Ineligible::Region)?;
    check(speaks(who, targeting), Ineligible::Language)?;
    check(of_genders(who, targeting), Ineligible::Gender)?;
    check(of_age(profile.age, targeting), Ineligible::Age)?;
    check(interested(who, targeting), Ineligible::Interests)
}

fn check(holds: bool, otherwise: Ineligible) -> Result<(), Ineligible> {
    if holds { Ok(()) } else { Err(otherwise) }
}

fn in_regions(who: &Attributes, targeting: &Targeting) -> bool {
    targeting.regions.is_empty() || who.region.is_some_and(|r| targeting.regions.contains(&r))
}

/// `en` is also met by `en-gb`, but `en-gb` not by `en` (the basic filtering of RFC 4647, section 3.3.1).
fn speaks(who: &Attributes, targeting: &Targeting) -> bool {
    let meets = |language: &str, range: &String| {
        language
            .strip_prefix(range.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    targeting.languages.is_empty()
        || who
            .language
            .as_deref()
            .is_some_and(|language| targeting.languages.iter().any(|r| meets(language, r)))
}

fn of_genders(who: &Attributes, targeting: &Targeting) -> bool {
    targeting.genders.is_empty()
        || who
            .gender
            .as_ref()
            .is_some_and(|g| targeting.genders.contains(g))
}

fn of_age(age: Option<u16>, targeting: &Targeting) -> bool {
    let Some(oldest) = age else {
        return targeting.age_min.is_none() && targeting.age_max.is_none();
    };
    let youngest = oldest.saturating_sub(1);
    targeting.age_min.is_none_or(|min| min <= youngest)
        && targeting.age_max.is_none_or(|max| oldest <= max)
}

fn interested(who: &Attributes, targeting: &Targeting) -> bool {
    let wanted = &targeting.interests;
    wanted.is_empty()
        || wanted
            .iter()
            .any(|interest| who.interests.contains(interest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::testing::{account, ad, interests};
    use crate::ids::{AudienceId, Region};
    use crate::signals::SpecialCategory;

    fn verdict(change: impl FnOnce(&mut UserProfile, &mut Ad)) -> Result<(), Ineligible> {
        let mut profile = UserProfile::new(&account(1), 2016);
        let mut ad = ad(1, "food", 1.0);
        change(&mut profile, &mut ad);
        eligibility(&profile, &ad, Timestamp::from_secs(1_000))
    }

    #[test]
    fn everyone_gets_an_ad_for_everyone() {
        assert_eq!(verdict(|_, _| ()), Ok(()));
    }

    #[test]
    fn deny_ads_that_do_not_run() {
        let at = Timestamp::from_secs(1_000);
        let after = Timestamp::from_secs(1_001);
        assert_eq!(
            verdict(|_, ad| (ad.starts_at, ad.ends_at) = (at, after)),
            Ok(())
        );
        assert_eq!(
            verdict(|_, ad| ad.ends_at = at),
            Err(Ineligible::NotRunning)
        );
        assert_eq!(
            verdict(|_, ad| ad.starts_at = after),
            Err(Ineligible::NotRunning)
        );
    }

    #[test]
    fn deny_bids_that_are_no_amount() {
        for bid in [f64::NAN, f64::INFINITY, -0.01] {
            assert_eq!(verdict(|_, ad| ad.bid = bid), Err(Ineligible::Bid));
        }
    }

    #[test]
    fn deny_customer_lists_nobody_is_known_to_be_on() {
        let listed = verdict(|_, ad| ad.audience_id = Some(AudienceId(1)));
        assert_eq!(listed, Err(Ineligible::AudienceUnknown));
    }

    #[test]
    fn deny_special_categories_that_choose_gender_or_age() {
        let special = |change: fn(&mut Targeting)| {
            verdict(|profile, ad| {
                profile.age = Some(40);
                profile.attributes.gender = Some("f".into());
                ad.special_category = Some(SpecialCategory::Housing);
                change(&mut ad.targeting);
            })
        };
        assert_eq!(special(|t| t.age_min = Some(18)), Ok(()));
        let denied = Err(Ineligible::SpecialCategoryTargeting);
        assert_eq!(special(|t| t.age_min = Some(19)), denied);
        assert_eq!(special(|t| t.age_max = Some(65)), denied);
        assert_eq!(special(|t| t.genders = vec!["f".into()]), denied);
    }

    #[test]
    fn deny_unknown_and_other_attributes() {
        let region = |code: &str| Region::parse(code).unwrap();
        let asked = |known: Option<&str>| {
            verdict(|profile, ad| {
                profile.attributes.region = known.map(region);
                ad.targeting.regions = vec![region("DE"), region("FR")];
            })
        };
        assert_eq!(asked(Some("FR")), Ok(()));
        assert_eq!(asked(Some("IT")), Err(Ineligible::Region));
        assert_eq!(asked(None), Err(Ineligible::Region));
        let gender = |known: Option<&str>| {
            verdict(|profile, ad| {
                profile.attributes.gender = known.map(Into::into);
                ad.targeting.genders = vec!["f".into()];
            })
        };
        assert_eq!(gender(Some("f")), Ok(()));
        assert_eq!(gender(Some("m")), Err(Ineligible::Gender));
        assert_eq!(gender(None), Err(Ineligible::Gender));
    }

    #[test]
    fn languages_match_whole_subtags() {
        let asked = |known: &str, range: &str| {
            verdict(|profile, ad| {
                profile.attributes.language = Some(known.into());
                ad.targeting.languages = vec![range.into()];
            })
        };
        assert_eq!(asked("en-gb", "en"), Ok(()));
        assert_eq!(asked("en", "en-gb"), Err(Ineligible::Language));
        assert_eq!(asked("eng", "en"), Err(Ineligible::Language));
    }

    #[test]
    fn ages_are_held_against_both_sides_of_the_birthday() {
        let asked = |age: Option<u16>, min, max| {
            verdict(|profile, ad| {
                profile.age = age;
                (ad.targeting.age_min, ad.targeting.age_max) = (min, max);
            })
        };
        assert_eq!(asked(Some(19), Some(18), None), Ok(()));
        assert_eq!(
            asked(Some(18), Some(18), None),
            Err(Ineligible::Age),
            "may be 17"
        );
        assert_eq!(asked(Some(30), None, Some(30)), Ok(()));
        assert_eq!(
            asked(Some(31), None, Some(30)),
            Err(Ineligible::Age),
            "may be 31"
        );
        assert_eq!(asked(None, None, Some(30)), Err(Ineligible::Age));
    }

    #[test]
    fn one_interest_is_enough() {
        let asked = |known: &[&str]| {
            verdict(|profile, ad| {
                profile.attributes.interests = interests(known);
                ad.targeting.interests = interests(&["food", "art"]);
            })
        };
        assert_eq!(asked(&["art", "cars"]), Ok(()));
        assert_eq!(asked(&["cars"]), Err(Ineligible::Interests));
        assert_eq!(asked(&[]), Err(Ineligible::Interests));
    }

    #[test]
    fn every_reason_is_listed_once() {
        assert!(Ineligible::ALL.is_sorted_by(|a, b| a < b));
        assert_eq!(Ineligible::ALL.last(), Some(&Ineligible::Interests));
    }
}
