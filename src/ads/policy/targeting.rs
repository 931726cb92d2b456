//! Targeting: what an ad may choose people by, and whether a person meets it.
//!
//! An attribute that is not known does not meet a condition on it. Ages are calendar-year differences, so a
//! person may be a year younger than they look: the lower bound is held against the younger age, the upper
//! against the older.
//!
//! Ads of a special category choose nobody by gender, region, age or likeness to others; that they are for adults
//! they may say, because minors sign no contracts.

use super::ineligible::Ineligible;
use crate::ads::profile::UserProfile;
use crate::signals::{Ad, Attributes, Targeting};

/// A condition of an ad on a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ads) enum Condition {
    Region,
    Language,
    Gender,
    Age,
    Interests,
}

impl Condition {
    /// Every condition, in the order they are asked.
    pub(in crate::ads) const ALL: [Self; 5] = [
        Self::Region,
        Self::Language,
        Self::Gender,
        Self::Age,
        Self::Interests,
    ];

    /// What is said of whoever does not meet it.
    pub(in crate::ads) const fn unmet(self) -> Ineligible {
        match self {
            Self::Region => Ineligible::Region,
            Self::Language => Ineligible::Language,
            Self::Gender => Ineligible::Gender,
            Self::Age => Ineligible::Age,
            Self::Interests => Ineligible::Interests,
        }
    }
}

/// Does a person meet one condition?
pub(in crate::ads) fn meets(
    who: &UserProfile,
    targeting: &Targeting,
    condition: Condition,
) -> bool {
    match condition {
        Condition::Region => in_regions(&who.attributes, targeting),
        Condition::Language => speaks(&who.attributes, targeting),
        Condition::Gender => of_genders(&who.attributes, targeting),
        Condition::Age => of_age(who.age, targeting),
        Condition::Interests => interested(&who.attributes, targeting),
    }
}

/// Does a person meet every condition?
///
/// # Errors
/// The first that is not met.
pub(in crate::ads) fn meets_all(
    who: &UserProfile,
    targeting: &Targeting,
) -> Result<(), Ineligible> {
    let unmet = |condition: &Condition| !meets(who, targeting, *condition);
    match Condition::ALL.into_iter().find(unmet) {
        None => Ok(()),
        Some(condition) => Err(condition.unmet()),
    }
}

/// Does an ad of a special category choose people by what it may not?
pub(super) fn chooses_protected(ad: &Ad) -> bool {
    let Targeting {
        regions,
        genders,
        age_min,
        age_max,
        ..
    } = &ad.targeting;
    let by_age = age_max.is_some() || age_min.is_some_and(|min| min > 18);
    by_age || !regions.is_empty() || !genders.is_empty() || ad.lookalike_of.is_some()
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
    use std::sync::Arc;

    use super::*;
    use crate::ads::testing::{account, interests};
    use crate::ids::Region;

    fn verdict(change: impl FnOnce(&mut UserProfile, &mut Targeting)) -> Result<(), Ineligible> {
        let mut profile = UserProfile::new(&account(1), 2016);
        let mut targeting = Targeting::default();
        change(&mut profile, &mut targeting);
        meets_all(&profile, &targeting)
    }

    #[test]
    fn everyone_meets_nothing() {
        assert_eq!(verdict(|_, _| ()), Ok(()));
    }

    #[test]
    fn deny_unknown_and_other_attributes() {
        let region = |code: &str| Region::parse(code).unwrap();
        let asked = |known: Option<&str>| {
            verdict(|profile, targeting| {
                Arc::make_mut(&mut profile.attributes).region = known.map(region);
                targeting.regions = vec![region("DE"), region("FR")];
            })
        };
        assert_eq!(asked(Some("FR")), Ok(()));
        assert_eq!(asked(Some("IT")), Err(Ineligible::Region));
        assert_eq!(asked(None), Err(Ineligible::Region));
        let gender = |known: Option<&str>| {
            verdict(|profile, targeting| {
                Arc::make_mut(&mut profile.attributes).gender = known.map(Into::into);
                targeting.genders = vec!["f".into()];
            })
        };
        assert_eq!(gender(Some("f")), Ok(()));
        assert_eq!(gender(Some("m")), Err(Ineligible::Gender));
        assert_eq!(gender(None), Err(Ineligible::Gender));
    }

    #[test]
    fn languages_match_whole_subtags() {
        let asked = |known: &str, range: &str| {
            verdict(|profile, targeting| {
                Arc::make_mut(&mut profile.attributes).language = Some(known.into());
                targeting.languages = vec![range.into()];
            })
        };
        assert_eq!(asked("en-gb", "en"), Ok(()));
        assert_eq!(asked("en", "en-gb"), Err(Ineligible::Language));
        assert_eq!(asked("eng", "en"), Err(Ineligible::Language));
    }

    #[test]
    fn ages_are_held_against_both_sides_of_the_birthday() {
        let asked = |age: Option<u16>, min, max| {
            verdict(|profile, targeting| {
                profile.age = age;
                (targeting.age_min, targeting.age_max) = (min, max);
            })
        };
        assert_eq!(asked(Some(19), Some(18), None), Ok(()));
        let may_be_17 = asked(Some(18), Some(18), None);
        assert_eq!(may_be_17, Err(Ineligible::Age));
        assert_eq!(asked(Some(30), None, Some(30)), Ok(()));
        let may_be_31 = asked(Some(31), None, Some(30));
        assert_eq!(may_be_31, Err(Ineligible::Age));
        assert_eq!(asked(None, None, Some(30)), Err(Ineligible::Age));
    }

    #[test]
    fn one_interest_is_enough() {
        let asked = |known: &[&str]| {
            verdict(|profile, targeting| {
                Arc::make_mut(&mut profile.attributes).interests = interests(known);
                targeting.interests = interests(&["food", "art"]);
            })
        };
        assert_eq!(asked(&["art", "cars"]), Ok(()));
        assert_eq!(asked(&["cars"]), Err(Ineligible::Interests));
        assert_eq!(asked(&[]), Err(Ineligible::Interests));
    }
}
