//! The feature schema: what each field is, which table it is read from, and which purpose has to permit it.

use serde::{Deserialize, Serialize};

use super::features::{AdField, UserField};
use crate::consent::{AdRelevance, For, Purpose};

/// Where a field of the click model comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureSource {
    /// The field, as reasons name it; alone or crossed with others.
    pub field: String,
    /// The tables it is read from, the first that has it.
    pub tables: Vec<String>,
    /// The purpose the person has to have permitted; none for what is about nobody.
    pub purpose: Option<Purpose>,
}

/// Every field of the click model, as saved with a model.
#[must_use]
pub fn feature_sources() -> Vec<FeatureSource> {
    let source = |field: &str, tables: &[&str], purpose| FeatureSource {
        field: field.to_owned(),
        tables: tables.iter().map(|&table| table.to_owned()).collect(),
        purpose,
    };
    let person =
        |field: UserField| source(field.as_str(), tables(field), Some(AdRelevance::PURPOSE));
    let ad = |field: AdField| source(field.as_str(), &["ads"], None);
    let shown = |field| source(field, &["impressions"], Some(AdRelevance::PURPOSE));
    let people = UserField::ALL.into_iter().map(person);
    let ads = AdField::ALL.into_iter().map(ad);
    people
        .chain(ads)
        .chain(["surface", "position", "hour", "weekday"].map(shown))
        .collect()
}

/// The tables a field of a person is read from.
const fn tables(field: UserField) -> &'static [&'static str] {
    match field {
        UserField::Region
        | UserField::AgeBand
        | UserField::Gender
        | UserField::Language
        | UserField::Interest => &["impressions", "social_accounts"],
        UserField::DeviceType
        | UserField::Os
        | UserField::OsVersion
        | UserField::AppVersion
        | UserField::Sessions
        | UserField::Groups => &["messenger_accounts"],
        UserField::Person
        | UserField::Showings
        | UserField::OwnRate
        | UserField::LastShown
        | UserField::LastClicked
        | UserField::OwnCategory
        | UserField::OwnAdvertiser
        | UserField::OwnAd => &["impressions"],
        UserField::FriendsCategory | UserField::FriendsAdvertiser => {
            &["friendships", "address_book", "impressions"]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_known_of_people_needs_their_permission() {
        for source in feature_sources() {
            let is_about_ads = source.tables == ["ads"];
            assert_eq!(source.purpose.is_none(), is_about_ads, "{source:?}");
        }
        assert_eq!(feature_sources().len(), 29);
    }
}
