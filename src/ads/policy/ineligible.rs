//! Why an ad is not for a person.

use serde::{Deserialize, Serialize};

/// Why an ad is not for a person: the first of these that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ineligible {
    /// Its bid is negative or not a finite number.
    Bid,
    /// Its bid is below the reserve price.
    BelowReserve,
    /// It does not run at this time.
    NotRunning,
    /// Its category speaks of homes, jobs or loans, and the ad does not say so.
    SpecialCategoryUndeclared,
    /// It is of a special category and chooses people by gender, age, region or likeness.
    SpecialCategoryTargeting,
    /// It is for a customer list and chooses by something else too, which would cut the list into small parts.
    AudienceNarrowed,
    /// It is for a customer list nobody has seen.
    AudienceUnknown,
    /// Too few people of its customer list are there and allow it.
    AudienceTooSmall,
    /// Its customer list differs from another of its advertiser's by too few people, or by none.
    AudienceTooAlike,
    /// The person hid it.
    HiddenAd,
    /// The person hid its advertiser.
    HiddenAdvertiser,
    /// The person has seen it often enough.
    AdCap,
    /// The person has seen its advertiser often enough.
    AdvertiserCap,
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
    /// Not on its customer list, nor like those on it.
    NotInAudience,
}

impl Ineligible {
    /// Every reason, in the order they are asked.
    pub const ALL: [Self; 19] = [
        Self::Bid,
        Self::BelowReserve,
        Self::NotRunning,
        Self::SpecialCategoryUndeclared,
        Self::SpecialCategoryTargeting,
        Self::AudienceNarrowed,
        Self::AudienceUnknown,
        Self::AudienceTooSmall,
        Self::AudienceTooAlike,
        Self::HiddenAd,
        Self::HiddenAdvertiser,
        Self::AdCap,
        Self::AdvertiserCap,
        Self::Region,
        Self::Language,
        Self::Gender,
        Self::Age,
        Self::Interests,
        Self::NotInAudience,
    ];

    /// The name under which pairs are counted.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bid => "bid",
            Self::BelowReserve => "below_reserve",
            Self::NotRunning => "not_running",
            Self::SpecialCategoryUndeclared => "special_category_undeclared",
            Self::SpecialCategoryTargeting => "special_category_targeting",
            Self::AudienceNarrowed => "audience_narrowed",
            Self::AudienceUnknown => "audience_unknown",
            Self::AudienceTooSmall => "audience_too_small",
            Self::AudienceTooAlike => "audience_too_alike",
            Self::HiddenAd => "hidden_ad",
            Self::HiddenAdvertiser => "hidden_advertiser",
            Self::AdCap => "ad_cap",
            Self::AdvertiserCap => "advertiser_cap",
            Self::Region => "region",
            Self::Language => "language",
            Self::Gender => "gender",
            Self::Age => "age",
            Self::Interests => "interests",
            Self::NotInAudience => "not_in_audience",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_listed_once() {
        assert!(Ineligible::ALL.is_sorted_by(|a, b| a < b));
        for (at, reason) in Ineligible::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, at);
            let written = serde_json::to_value(reason).unwrap();
            assert_eq!(written, reason.as_str(), "counted and written alike");
        }
        assert_eq!(Ineligible::ALL.last(), Some(&Ineligible::NotInAudience));
    }
}
