//! Explanations: which field added how much to the log-odds of a click, and where it is from.

use super::click_model::{ClickModel, Predictor};
use super::factor_clicks::FactorClicks;
use super::features::{AdField, AdHashes, Feature, Field, UserField, UserValue};
use super::logistic::Logistic;
use super::profile::UserProfile;
use crate::learn::sigmoid;
use crate::publish::without_numbers;
use crate::signals::Ad;

/// What one field adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// Which field, or which two of them.
    pub field: Field,
    /// What the person has in it, if it is a person's; what own columns say of the ad. Nothing of what friends did: it would tell who knows all of them but one what
    /// that one did.
    pub value: Option<String>,
    /// What it adds to the log-odds of a click.
    pub log_odds: f64,
    /// Does it rest on what is known of the person? In a factor model a field of the ad's has half of what it says together with
    /// the person's, so there all but the base rate do.
    pub is_personal: bool,
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
    /// The columns its values are from: `table.column`, or `table.*` for columns of the configuration's own, which the value names.
    /// What they mean was learned from `impressions`.
    #[must_use]
    pub fn sources(self) -> Vec<&'static str> {
        match self {
            Self::Bias => vec!["impressions.clicks", "impressions.impressions"],
            Self::Ad(field) => field.sources().to_vec(),
            Self::User(field) => field.sources().to_vec(),
            Self::Cross(user, ad) => [user.sources(), ad.sources()].concat(),
            Self::Surface => vec!["impressions.surface", "impressions.position"],
            Self::Position => vec!["impressions.position"],
            Self::Hour | Self::Weekday => vec!["impressions.at", "social_accounts.region"],
            Self::OwnShown => vec!["impressions.*"],
        }
    }

    /// Is it a field of the person?
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
            Self::Hour => "hour".to_owned(),
            Self::Weekday => "weekday".to_owned(),
            Self::OwnShown => "own column of impressions".to_owned(),
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
            Self::Own => &["social_accounts.*"],
            Self::DeviceType => &["messenger_accounts.device_type"],
            Self::Os => &["messenger_accounts.os"],
            Self::OsVersion => &["messenger_accounts.os_version"],
            Self::AppVersion => &["messenger_accounts.app_version"],
            Self::Sessions => &["messenger_accounts.sessions_30d"],
            Self::Groups => &["messenger_accounts.groups"],
            Self::Person => &["impressions.user_id"],
            Self::Showings | Self::LastShown => &["impressions.user_id", "impressions.at"],
            Self::OwnRate | Self::LastClicked => &["impressions.user_id", "impressions.clicks"],
            Self::OwnCategory | Self::OwnAdvertiser | Self::OwnAd => &[
                "impressions.user_id",
                "impressions.ad_id",
                "impressions.clicks",
            ],
            Self::FriendsCategory | Self::FriendsAdvertiser => &[
                "friendships.user_id",
                "address_book.phone",
                "impressions.ad_id",
                "impressions.clicks",
            ],
            Self::OnList => &["audience_members.token"],
            Self::FriendsHidCategory | Self::FriendsHidAdvertiser => &[
                "friendships.user_id",
                "address_book.phone",
                "ad_feedback.ad_id",
                "ad_feedback.advertiser_id",
            ],
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
            Self::Own => &["ads.*"],
        }
    }
}

impl ClickModel {
    /// Takes the probability of a click apart, for an ad wherever it stands on average.
    ///
    /// Parts of the logistic model are its terms. In a factor model what two values say together counts half for each.
    ///
    /// # Complexity
    /// O(d) for d features; of a factor model O(d²·k).
    #[must_use]
    pub fn contributions(&self, profile: &UserProfile, ad: &Ad) -> Contributions {
        let hashes = self.hashes(ad);
        let values = profile.values_for(ad);
        let of_person: Vec<_> = values.iter().map(UserValue::hashed).collect();
        let (parts, logit) = match self.predictor() {
            Predictor::Logistic(model) => {
                let logit = model.logit(&hashes, &of_person, None);
                (terms(model, &hashes, &values, &self.own_words(ad)), logit)
            }
            Predictor::Factors(model) => {
                let logit = model.logit(&hashes, &of_person);
                (halves(model, &hashes, &values), logit)
            }
        };
        Contributions {
            parts,
            logit,
            p_uncalibrated: sigmoid(logit),
            p_click: self.probability(logit, self.shift(ad, None)),
        }
    }
}

/// The terms of a logistic model; `own` are the words of the ad's own columns, in the order of their features.
fn terms(
    model: &Logistic,
    ad: &AdHashes,
    values: &[UserValue],
    own: &[String],
) -> Vec<Contribution> {
    let term = |feature: Feature, value: Option<&UserValue>| Contribution {
        field: feature.field,
        value: value.and_then(UserValue::told),
        log_odds: model
            .ftrl()
            .weight(feature.slot(model.ftrl().params().bits())),
        is_personal: feature.field.is_personal(),
    };
    let mut parts: Vec<Contribution> = ad.features().map(|feature| term(feature, None)).collect();
    let own_parts = parts
        .iter_mut()
        .filter(|part| part.field == Field::Ad(AdField::Own));
    for (part, words) in own_parts.zip(own) {
        part.value = Some(without_numbers(words));
    }
    // The base rate training started from stands with the bias; what is left of the base is the place.
    let offset = model.ftrl().offset();
    parts[0].log_odds += offset;
    parts.push(Contribution {
        field: Field::Surface,
        value: None,
        log_odds: model.base(ad) - model.ad_part(ad) - offset,
        is_personal: false,
    });
    for value in values {
        let features = ad.features_with(value.hashed());
        parts.extend(features.map(|feature| term(feature, Some(value))));
    }
    parts
}

fn halves(model: &FactorClicks, ad: &AdHashes, values: &[UserValue]) -> Vec<Contribution> {
    let found = model.parts(ad, values);
    let with_person = !found.person.is_empty();
    let of_nobody = |field, log_odds, is_personal| Contribution {
        field,
        value: None,
        log_odds,
        is_personal,
    };
    let mut parts = vec![of_nobody(Field::Bias, found.offset, false)];
    let ads = found.ad.into_iter();
    parts.extend(ads.map(|(field, part)| of_nobody(Field::Ad(field), part, with_person)));
    parts.push(of_nobody(Field::Surface, found.place, with_person));
    parts.extend(found.person.into_iter().map(|(at, log_odds)| Contribution {
        field: Field::User(values[at].field),
        value: values[at].told(),
        log_odds,
        is_personal: true,
    }));
    parts
}

impl ClickModel {
    /// What own columns say of an ad, in the order of their features.
    pub(super) fn own_words(&self, ad: &Ad) -> Vec<String> {
        self.own().words_of_ad(ad).collect()
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
    use std::sync::Arc;

    use super::*;
    use crate::ads::testing::{account, ad, impression, interests, permit_all};
    use crate::ads::{AdsParams, ModelKind, TrainingRow, UserProfile, train};
    use crate::learn::FtrlParams;
    use crate::learn::factor::{FactorParams, Interaction};
    use crate::signals::SpecialCategory;

    fn models() -> Vec<ClickModel> {
        let factors = |interaction| {
            let factors = FactorParams::default()
                .bits(10)
                .k(4)
                .interaction(interaction);
            let params = AdsParams {
                model: ModelKind::Factors,
                factors,
                ..AdsParams::default()
            };
            model(params)
        };
        let ftrl = FtrlParams::default().bits(12).alpha(0.1).epochs(5);
        let logistic = AdsParams {
            ftrl,
            ..AdsParams::default()
        };
        vec![
            model(logistic),
            factors(Interaction::FieldAware),
            factors(Interaction::FieldWeighted),
            factors(Interaction::Plain),
        ]
    }

    fn model(params: AdsParams) -> ClickModel {
        let shown = (0..300).map(|i| {
            let mut shown = impression(Some(i), i % 4, 100, if i % 4 == 0 { 9 } else { 3 });
            Arc::make_mut(&mut shown.attributes).interests =
                interests(&[["art", "cars"][usize::from(i % 3 == 0)]]);
            shown.position = Some(u8::try_from(i % 5).unwrap());
            TrainingRow::new(&shown, None)
        });
        let ads: Vec<Ad> = (0..4).map(|id| ad(id, "food", 1.0)).collect();
        train(&permit_all(shown), &ads, &params.check().unwrap())
            .unwrap()
            .model
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
        let person = person();
        for model in models() {
            for id in 0..6 {
                let ad = ad(id, "food", 1.0);
                let found = model.contributions(&person, &ad);
                assert!(
                    (found.sum() - found.logit).abs() < 1e-6,
                    "{:?}",
                    model.kind()
                );
                assert_eq!(found.p_click, model.p_click(&person, &ad));
                assert_eq!(found.p_uncalibrated, sigmoid(found.logit));
            }
        }
    }

    /// Taking a value away takes away its own weight and all it says with others: its part and the other halves.
    #[test]
    fn what_two_values_say_together_counts_half_for_each() {
        let (ad, person) = (ad(1, "food", 1.0), person());
        let mut without = person.clone();
        Arc::make_mut(&mut without.attributes).interests = interests(&["art"]);
        for model in &models()[1..] {
            let whole = model.contributions(&person, &ad);
            let less = model.contributions(&without, &ad);
            let part = |found: &Contributions, like: &Contribution| {
                let is_it =
                    |one: &&Contribution| (one.field, &one.value) == (like.field, &like.value);
                found.parts.iter().find(is_it).map(|one| one.log_odds)
            };
            let (mut lost, mut own) = (0.0, 0.0);
            for one in &whole.parts {
                match part(&less, one) {
                    Some(left) => lost += one.log_odds - left,
                    None => own += one.log_odds,
                }
            }
            assert!(
                lost.abs() > 1e-4,
                "the interest says something with others: {lost}"
            );
            assert!((own + lost - (whole.logit - less.logit)).abs() < 1e-6);
            let machine = model.factors().unwrap();
            let cars = person.values_for(&ad).pop().unwrap().hashed();
            let feature = Feature {
                field: Field::User(cars.field),
                hash: cars.hash,
            };
            let row = crate::learn::factor::FieldRow {
                fields: &[4],
                slots: &[feature.slot(machine.params().bits())],
                values: &[1.0],
            };
            let weight = machine.linear_parts(row)[0];
            assert!((own - lost - weight).abs() < 1e-9, "{own} {lost} {weight}");
        }
    }

    #[test]
    fn every_part_names_a_column() {
        for model in models() {
            let found = model.contributions(&person(), &ad(1, "food", 1.0));
            for part in &found.parts {
                let sources = part.field.sources();
                assert!(sources.iter().all(|source| source.contains('.')));
                assert_eq!(part.value.is_some(), part.field.is_personal(), "{part:?}");
                assert!(part.is_personal || part.value.is_none(), "{part:?}");
            }
            let names: Vec<String> = found.parts.iter().map(|part| part.field.name()).collect();
            let together = model.kind() == ModelKind::Logistic;
            assert_eq!(names.contains(&"interest × ad".to_owned()), together);
            assert_eq!(names[0], "base rate");
        }
    }

    #[test]
    fn deny_protected_fields_a_part_in_special_categories() {
        let mut special = ad(1, "food", 1.0);
        special.special_category = Some(SpecialCategory::Employment);
        let protected = |part: &Contribution| match part.field {
            Field::User(user) | Field::Cross(user, _) => user.is_protected(),
            _ => false,
        };
        for model in models() {
            let found = model.contributions(&person(), &special);
            assert!(!found.parts.iter().any(protected));
            assert!(found.parts.iter().any(|part| part.field.is_personal()));
            assert!((found.sum() - found.logit).abs() < 1e-6);
        }
    }
}
