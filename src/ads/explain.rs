//! Explanations: which field added how much to the log-odds of a click, and where it is from.

use super::click_model::ClickModel;
use super::features::{AdField, AdHashes, Feature, Field, UserField, UserValue, user_values};
use super::profile::Attributes;
use super::sigmoid;
use crate::signals::Ad;

/// What one field adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// Which field, or which two of them.
    pub field: Field,
    /// What the person has in it, if it is a person's.
    pub value: Option<String>,
    /// What it adds to the log-odds of a click.
    pub log_odds: f64,
}

/// A probability, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributions {
    /// What each field adds, as the model sums them.
    pub parts: Vec<Contribution>,
    /// The log-odds: their sum, but for rounding.
    pub logit: f64,
    /// The probability before calibration.
    pub p_uncalibrated: f64,
    /// The calibrated probability of a click per impression.
    pub p_click: f64,
}

impl Field {
    /// The columns its values are from: `table.column`. What they mean was learned from `impressions`.
    #[must_use]
    pub const fn sources(self) -> &'static [&'static str] {
        match self {
            Self::Bias => &["impressions.clicks", "impressions.impressions"],
            Self::Ad(field) => field.sources(),
            Self::User(field) => field.sources(),
            Self::Cross(user, AdField::Category) => match user {
                UserField::Region => &["social_accounts.region", "ads.category"],
                UserField::AgeBand => &["social_accounts.birth_year", "ads.category"],
                UserField::Gender => &["social_accounts.gender", "ads.category"],
                UserField::Language => &["social_accounts.language", "ads.category"],
                UserField::Interest => &["social_accounts.interests", "ads.category"],
            },
            Self::Cross(user, _) => match user {
                UserField::Region => &["social_accounts.region", "ads.ad_id"],
                UserField::AgeBand => &["social_accounts.birth_year", "ads.ad_id"],
                UserField::Gender => &["social_accounts.gender", "ads.ad_id"],
                UserField::Language => &["social_accounts.language", "ads.ad_id"],
                UserField::Interest => &["social_accounts.interests", "ads.ad_id"],
            },
            Self::Surface => &["impressions.surface", "impressions.position"],
            Self::Position => &["impressions.position"],
        }
    }

    /// Is it about the person, so that it rests on what the person allowed?
    #[must_use]
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::User(_) | Self::Cross(..))
    }

    /// Its name, such as `interest × category`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Bias => "base rate".to_owned(),
            Self::Ad(field) => field.as_str().to_owned(),
            Self::User(field) => field.as_str().to_owned(),
            Self::Cross(user, ad) => format!("{} × {}", user.as_str(), ad.as_str()),
            Self::Surface => "place, on average".to_owned(),
            Self::Position => "position".to_owned(),
        }
    }
}

impl UserField {
    const fn sources(self) -> &'static [&'static str] {
        match self {
            Self::Region => &["social_accounts.region"],
            Self::AgeBand => &["social_accounts.birth_year"],
            Self::Gender => &["social_accounts.gender"],
            Self::Language => &["social_accounts.language"],
            Self::Interest => &["social_accounts.interests"],
        }
    }
}

impl AdField {
    const fn sources(self) -> &'static [&'static str] {
        match self {
            Self::Ad => &["ads.ad_id"],
            Self::Advertiser => &["ads.advertiser_id"],
            Self::Category => &["ads.category"],
            Self::SpecialCategory => &["ads.special_category"],
        }
    }
}

impl ClickModel {
    /// Takes the probability of a click apart, for an ad wherever it stands on average.
    ///
    /// # Complexity
    /// O(d) for d features.
    #[must_use]
    pub fn contributions(&self, attributes: &Attributes, ad: &Ad) -> Contributions {
        let hashes = AdHashes::of(ad);
        let values = user_values(attributes);
        let mut parts: Vec<Contribution> = hashes
            .features()
            .map(|feature| self.contribution(feature, None))
            .collect();
        let own = self.ad_part(&hashes);
        let base = self.base(&hashes);
        // The base rate training started from stands with the bias; what is left of the base is the place.
        parts[0].log_odds += self.ftrl().offset();
        parts.push(Contribution {
            field: Field::Surface,
            value: None,
            log_odds: base - own - self.ftrl().offset(),
        });
        for value in &values {
            let features = hashes.features_with(value.hashed());
            parts.extend(features.map(|feature| self.contribution(feature, Some(value))));
        }
        let value_part = |value: &UserValue| self.value_part(&hashes, value.hashed());
        let logit = values
            .iter()
            .fold(base, |sum, value| sum + value_part(value));
        Contributions {
            parts,
            logit,
            p_uncalibrated: sigmoid(logit),
            p_click: self.probability(logit, self.shift(ad, None)),
        }
    }

    fn contribution(&self, feature: Feature, value: Option<&UserValue>) -> Contribution {
        let bits = self.ftrl().params().bits();
        Contribution {
            field: feature.field,
            value: value.map(|value| value.value.clone()),
            log_odds: self.ftrl().weight(feature.slot(bits)),
        }
    }
}

impl Contributions {
    /// What the parts add up to.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.parts.iter().map(|part| part.log_odds).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::testing::{account, ad, impression, interests, permit_all};
    use crate::ads::{AdsParams, FtrlParams, TrainingRow, UserProfile, train};
    use crate::signals::SpecialCategory;

    fn model() -> ClickModel {
        let shown = (0..300).map(|i| {
            let mut shown = impression(Some(i), i % 4, 100, if i % 4 == 0 { 9 } else { 3 });
            shown.interests = interests(&[["art", "cars"][usize::from(i % 3 == 0)]]);
            shown.position = Some(u8::try_from(i % 5).unwrap());
            TrainingRow::new(&shown, None)
        });
        let ads: Vec<Ad> = (0..4).map(|id| ad(id, "food", 1.0)).collect();
        let ftrl = FtrlParams::default().bits(12).alpha(0.1).epochs(5);
        let params = AdsParams {
            ftrl,
            ..AdsParams::default()
        };
        train(&permit_all(shown), &ads, &params.check().unwrap())
            .unwrap()
            .0
    }

    fn person() -> UserProfile {
        let mut account = account(1);
        account.birth_year = Some(1990);
        account.gender = Some("f".into());
        account.language = Some("de".into());
        account.interests = interests(&["art", "cars"]);
        UserProfile::new(&account, 2016)
    }

    #[test]
    fn parts_sum_to_the_log_odds_of_the_probability() {
        let (model, person) = (model(), person());
        for id in 0..6 {
            let ad = ad(id, "food", 1.0);
            let found = model.contributions(&person.attributes, &ad);
            assert!((found.sum() - found.logit).abs() < 1e-9);
            assert_eq!(found.p_click, model.p_click(&person.attributes, &ad));
            assert_eq!(found.p_uncalibrated, sigmoid(found.logit));
        }
    }

    #[test]
    fn every_part_names_a_column() {
        let found = model().contributions(&person().attributes, &ad(1, "food", 1.0));
        for part in &found.parts {
            assert!(
                part.field
                    .sources()
                    .iter()
                    .all(|source| source.contains('.'))
            );
            assert_eq!(part.value.is_some(), part.field.is_personal(), "{part:?}");
        }
        let names: Vec<String> = found.parts.iter().map(|part| part.field.name()).collect();
        assert!(names.contains(&"interest × ad".to_owned()) && names[0] == "base rate");
    }

    #[test]
    fn deny_protected_fields_a_part_in_special_categories() {
        let mut special = ad(1, "food", 1.0);
        special.special_category = Some(SpecialCategory::Employment);
        let found = model().contributions(&person().attributes, &special);
        let protected = |part: &Contribution| match part.field {
            Field::User(user) | Field::Cross(user, _) => user.is_protected(),
            _ => false,
        };
        assert!(!found.parts.iter().any(protected));
        assert!(found.parts.iter().any(|part| part.field.is_personal()));
    }
}
