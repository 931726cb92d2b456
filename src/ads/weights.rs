//! What a model looks at most: how far each field moves the log-odds of a click over many people and ads.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::click_model::ClickModel;
use super::explain::Contribution;
use super::features::{AdField, Field};
use super::profile::UserProfile;
use crate::signals::Ad;

/// People whose contributions are held at once.
const CHUNK: usize = 1_024;

/// What one field adds to the log-odds, over pairs of a person and an ad.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldWeight {
    /// Which field, such as `interest × category`.
    pub field: String,
    /// The columns its values are from.
    pub sources: Vec<&'static str>,
    /// Is it a field of a person, or crossed with one? In a factor model a field of an ad says half of what it says together with
    /// people's values.
    pub is_personal: bool,
    /// The standard deviation of what it adds, over all pairs; a pair that lacks the field counts with 0.
    pub moves: f64,
    /// The mean of what it adds.
    pub mean: f64,
    /// Its values that enough people share, those that add or take most first.
    pub values: Vec<ValueWeight>,
    /// Values that are not named, because too few people have them.
    pub n_unnamed: u64,
}

/// What one value of a field adds on average.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValueWeight {
    /// What the people have in it, if it is a field of a person.
    pub person: Option<String>,
    /// What the ads have in it, if it is a field of an ad.
    pub ad: Option<String>,
    /// The mean of what it adds to the log-odds where it is there.
    pub log_odds: f64,
    /// People in whose pairs it is.
    pub people: u64,
}

/// A person, and the ads they are looked at with.
pub(crate) struct PersonsAds<'a> {
    pub(crate) person: &'a UserProfile,
    pub(crate) ads: Vec<&'a Ad>,
}

/// What fields add over pairs of people and ads, those that move most first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelWeights {
    /// People looked at.
    pub people: u64,
    /// Pairs of a person and an ad.
    pub pairs: u64,
    /// Values of fewer people are not named.
    pub people_min: u64,
    /// The fields.
    pub fields: Vec<FieldWeight>,
}

impl ModelWeights {
    /// Sums what [`ClickModel::contributions`] says of each pair, person after person, so that threads change no bit.
    ///
    /// # Complexity
    /// One call of [`ClickModel::contributions`] a pair; memory O(values).
    pub(crate) fn of(model: &ClickModel, people: &[PersonsAds<'_>], people_min: u64) -> Self {
        let mut sums: BTreeMap<Field, FieldSums> = BTreeMap::new();
        for chunk in people.chunks(CHUNK) {
            let found = chunk.par_iter().map(|person| of_person(model, person));
            for person in found.collect::<Vec<_>>() {
                for (field, own) in person {
                    sums.entry(field).or_default().add(&own);
                }
            }
        }
        let pairs: u64 = people.iter().map(|one| one.ads.len() as u64).sum();
        let of_field = |(field, sums): (Field, FieldSums)| sums.weight(field, pairs, people_min);
        let mut fields: Vec<FieldWeight> = sums.into_iter().map(of_field).collect();
        fields.sort_by(|a, b| b.moves.total_cmp(&a.moves));
        Self {
            people: people.iter().filter(|one| !one.ads.is_empty()).count() as u64,
            pairs,
            people_min,
            fields,
        }
    }
}

/// A person's value, and an ad's.
type Value = (Option<String>, Option<String>);

/// Sums over pairs that have a field.
#[derive(Default)]
struct FieldSums {
    sum: f64,
    squares: f64,
    values: BTreeMap<Value, ValueSums>,
}

#[derive(Clone, Copy, Default)]
struct ValueSums {
    sum: f64,
    times: u64,
    people: u64,
}

impl FieldSums {
    fn add(&mut self, one: &Self) {
        self.sum += one.sum;
        self.squares += one.squares;
        for (value, own) in &one.values {
            let all = self.values.entry(value.clone()).or_default();
            all.sum += own.sum;
            all.times += own.times;
            all.people += 1;
        }
    }

    fn weight(self, field: Field, pairs: u64, people_min: u64) -> FieldWeight {
        let (n, all) = (pairs.max(1) as f64, self.values.len());
        let mean = self.sum / n;
        let is_named = |(_, sums): &(Value, ValueSums)| sums.people >= people_min;
        let value = |((person, ad), sums): (Value, ValueSums)| ValueWeight {
            person,
            ad,
            log_odds: sums.sum / sums.times as f64,
            people: sums.people,
        };
        let named = self.values.into_iter().filter(is_named);
        let mut values: Vec<ValueWeight> = named.map(value).collect();
        values.sort_by(|a, b| b.log_odds.abs().total_cmp(&a.log_odds.abs()));
        FieldWeight {
            field: field.name(),
            sources: field.sources(),
            is_personal: field.is_personal(),
            moves: (self.squares / n - mean * mean).max(0.0).sqrt(),
            mean,
            n_unnamed: (all - values.len()) as u64,
            values,
        }
    }
}

/// The sums of one person's pairs.
fn of_person(model: &ClickModel, pairs: &PersonsAds<'_>) -> BTreeMap<Field, FieldSums> {
    let mut sums: BTreeMap<Field, FieldSums> = BTreeMap::new();
    for ad in &pairs.ads {
        let mut of_pair: BTreeMap<Field, f64> = BTreeMap::new();
        for part in model.contributions(pairs.person, ad).parts {
            *of_pair.entry(part.field).or_default() += part.log_odds;
            let own = sums.entry(part.field).or_default();
            let value = own.values.entry(value_of(model, &part, ad)).or_default();
            value.sum += part.log_odds;
            value.times += 1;
        }
        for (field, log_odds) in of_pair {
            let own = sums.entry(field).or_default();
            own.sum += log_odds;
            own.squares += log_odds * log_odds;
        }
    }
    sums
}

fn value_of(model: &ClickModel, part: &Contribution, ad: &Ad) -> Value {
    let of_ad = match part.field {
        Field::Ad(field) | Field::Cross(_, field) => in_ad(model, field, ad),
        _ => None,
    };
    (part.value.clone(), of_ad)
}

fn in_ad(model: &ClickModel, field: AdField, ad: &Ad) -> Option<String> {
    match field {
        AdField::Ad => Some(ad.ad_id.0.to_string()),
        AdField::Advertiser => Some(ad.advertiser_id.0.to_string()),
        AdField::Category => Some(ad.category.to_string()),
        AdField::SpecialCategory => ad
            .special_category
            .map(|special| special.as_str().to_owned()),
        AdField::Own => {
            let words = model.own_words(ad);
            (!words.is_empty()).then(|| words.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ads::testing::{account, ad, impression, interests, permit_all};
    use crate::ads::{AdsParams, TrainingRow, train};
    use crate::learn::FtrlParams;

    /// Whoever likes cars clicks twice as often; gender is drawn and says nothing.
    fn world() -> (ClickModel, Vec<UserProfile>, Vec<Ad>) {
        let person = |user: u64| {
            let mut person = account(user);
            person.gender = Some(["f", "m"][usize::from(user % 7 < 3)].into());
            person.interests = interests(&[["art", "cars"][usize::from(user.is_multiple_of(2))]]);
            UserProfile::new(&person, 2016)
        };
        let people: Vec<UserProfile> = (0..200).map(person).collect();
        let shown = people.iter().map(|person| {
            let clicks = if person.user.0.is_multiple_of(2) {
                40
            } else {
                20
            };
            TrainingRow::new(
                &impression(Some(person.user.0), person.user.0 % 3, 100, clicks),
                Some(person),
            )
        });
        let ads: Vec<Ad> = (0..3).map(|id| ad(id, "food", 1.0)).collect();
        let params = AdsParams {
            ftrl: FtrlParams::default().bits(12).alpha(0.1).epochs(10),
            ..AdsParams::default()
        };
        let model = train(&permit_all(shown), &ads, &params.check().unwrap())
            .unwrap()
            .model;
        (model, people, ads)
    }

    fn pairs<'a>(people: &'a [UserProfile], ads: &'a [Ad]) -> Vec<PersonsAds<'a>> {
        people
            .iter()
            .map(|person| PersonsAds {
                person,
                ads: ads.iter().collect(),
            })
            .collect()
    }

    fn field<'w>(weights: &'w ModelWeights, name: &str) -> &'w FieldWeight {
        let mut fields = weights.fields.iter();
        fields.find(|field| field.field == name).unwrap()
    }

    #[test]
    fn what_decides_moves_most_and_is_named() {
        let (model, people, ads) = world();
        let weights = ModelWeights::of(&model, &pairs(&people, &ads), 5);
        assert_eq!((weights.people, weights.pairs), (200, 600));
        let of = |name: &str| field(&weights, name);
        assert!(of("interest").moves > 5.0 * of("gender").moves);
        assert!(weights.fields[0].field.starts_with("interest"));
        let named = |value: &str| {
            let values = &of("interest").values;
            let is_it = |one: &&ValueWeight| one.person.as_deref() == Some(value);
            values.iter().find(is_it).unwrap()
        };
        assert!(named("cars").log_odds > named("art").log_odds);
        assert_eq!(
            (named("cars").people, named("cars").ad.as_deref()),
            (100, None)
        );
        let crossed = &of("interest × category").values[0];
        assert_eq!(crossed.ad.as_deref(), Some("food"));
    }

    /// Naive: every contribution of every pair, squared and summed in one loop.
    #[test]
    fn spread_and_mean_are_those_of_all_pairs() {
        let (model, people, ads) = world();
        let weights = ModelWeights::of(&model, &pairs(&people, &ads), 5);
        let field = field(&weights, "interest × ad");
        let mut added = Vec::new();
        for person in &people {
            for ad in &ads {
                let parts = model.contributions(person, ad).parts;
                let own = parts
                    .iter()
                    .filter(|part| part.field.name() == "interest × ad");
                added.push(own.map(|part| part.log_odds).sum::<f64>());
            }
        }
        let mean = added.iter().sum::<f64>() / added.len() as f64;
        let spread = added.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / added.len() as f64;
        assert!((field.mean - mean).abs() < 1e-12);
        assert!((field.moves - spread.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn never_name_a_value_that_few_people_have() {
        let (model, mut people, ads) = world();
        for person in people.iter_mut().take(4) {
            Arc::make_mut(&mut person.attributes).interests = interests(&["rare"]);
        }
        let weights = ModelWeights::of(&model, &pairs(&people, &ads), 5);
        let field = field(&weights, "interest");
        assert_eq!(field.n_unnamed, 1);
        assert!(field.values.iter().all(|value| value.people >= 5));
        let told = serde_json::to_string(&weights).unwrap();
        assert!(!told.contains("rare"));
    }
}
