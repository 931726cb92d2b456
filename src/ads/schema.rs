//! The feature schema: what each field is, which table it is read from, and which purpose has to permit it.

use serde::{Deserialize, Serialize};

use super::features::{AdField, UserField};
use super::own::OwnFeatures;
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

/// Every field of the click model and the columns of the configuration's own, as saved with a model.
#[must_use]
pub fn feature_sources(own: &OwnFeatures) -> Vec<FeatureSource> {
    let source = |field: &str, tables: &[&str], purpose| FeatureSource {
        field: field.to_owned(),
        tables: tables.iter().map(|&table| table.to_owned()).collect(),
        purpose,
    };
    let person =
        |field: UserField| source(field.as_str(), tables(field), Some(AdRelevance::PURPOSE));
    let ad = |field: AdField| source(field.as_str(), &["ads"], None);
    let shown = |field| source(field, &["impressions"], Some(AdRelevance::PURPOSE));
    let people = UserField::ALL
        .into_iter()
        .filter(|field| *field != UserField::Own);
    let people = people.map(person);
    let ads = AdField::ALL
        .into_iter()
        .filter(|field| *field != AdField::Own);
    let ads = ads.map(ad);
    let own = own.by_table().flat_map(|(table, features)| {
        features.iter().map(move |(name, feature)| {
            source(
                &format!("own column {name}"),
                &[table.name()],
                feature.purpose,
            )
        })
    });
    people
        .chain(ads)
        .chain(["surface", "position", "hour", "weekday"].map(shown))
        .chain(own)
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
        UserField::Own => &["social_accounts"],
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
        UserField::OnList => &["audience_members"],
        UserField::FriendsHidCategory | UserField::FriendsHidAdvertiser => {
            &["friendships", "address_book", "ad_feedback"]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_known_of_people_needs_their_permission() {
        let own = OwnFeatures::default();
        for source in feature_sources(&own) {
            let is_about_ads = source.tables == ["ads"];
            assert_eq!(source.purpose.is_none(), is_about_ads, "{source:?}");
        }
        assert_eq!(feature_sources(&own).len(), 32);
    }
}
