//! Which columns of a configuration's own become features.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::consent::{AdRelevance, For, Purpose};
use crate::params::{ParamError, require};
use crate::signals::{OwnColumns, OwnKind, Table};

/// Columns of the configuration's own, by table and name; none by default.
///
/// ```
/// use acquaint::ads::OwnFeatures;
///
/// let features: OwnFeatures = toml::from_str(
///     r#"
///     [social_accounts]
///     plan = { kind = "category", purpose = "ad_relevance" }
///     [ads]
///     price = { kind = "number", bins = 8 }
///     "#,
/// )?;
/// assert_eq!(features.columns()?.is_empty(), false);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnFeatures {
    /// What is known of a showing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub impressions: BTreeMap<String, OwnFeature>,
    /// What is known of an ad.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ads: BTreeMap<String, OwnFeature>,
    /// What is known of a person.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub social_accounts: BTreeMap<String, OwnFeature>,
}

/// A column of the configuration's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnFeature {
    /// What it holds.
    pub kind: OwnKind,
    /// The purpose that permits it: `ad_relevance` for what is known of people and showings, none for what is known of an ad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// Of a number, into how many bins of about as many values it is put at most: 2 to 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bins: Option<u32>,
}

impl OwnFeature {
    /// Bins where the configuration says nothing.
    const BINS: u32 = 10;

    pub(super) fn n_bins(&self) -> usize {
        self.bins.unwrap_or(Self::BINS) as usize
    }
}

impl OwnFeatures {
    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_table().all(|(_, features)| features.is_empty())
    }

    /// The columns to read.
    ///
    /// # Errors
    /// The first that is refused: by its name, for want of a purpose, or for bins that are none.
    pub fn columns(&self) -> Result<OwnColumns, ParamError> {
        let mut columns = OwnColumns::default();
        for (table, features) in self.by_table() {
            for (name, feature) in features {
                check(table, name, feature)?;
                columns
                    .add(table, name, feature.kind)
                    .map_err(|refused| ParamError {
                        name: "ads.features",
                        value: format!("{table}.{name} ({refused})"),
                        expected: "a column that people may be sorted by",
                    })?;
            }
        }
        Ok(columns)
    }

    /// The tables with their features.
    pub(in crate::ads) fn by_table(
        &self,
    ) -> impl Iterator<Item = (Table, &BTreeMap<String, OwnFeature>)> {
        [
            (Table::Impressions, &self.impressions),
            (Table::Ads, &self.ads),
            (Table::SocialAccounts, &self.social_accounts),
        ]
        .into_iter()
    }
}

fn check(table: Table, name: &str, feature: &OwnFeature) -> Result<(), ParamError> {
    let is_about_people = table != Table::Ads;
    require(
        !is_about_people || feature.purpose == Some(AdRelevance::PURPOSE),
        "ads.features",
        format!("{table}.{name} for another purpose or none"),
        "a column with purpose = \"ad_relevance\": the model learns only of those who permit it",
    )?;
    require(
        is_about_people || feature.purpose.is_none(),
        "ads.features",
        format!("{table}.{name} with a purpose"),
        "a column without one: an ad is about nobody",
    )?;
    let Some(bins) = feature.bins else {
        return Ok(());
    };
    require(
        feature.kind == OwnKind::Number,
        "ads.features",
        format!("{table}.{name} with bins"),
        "a column without them: only a number has bins",
    )?;
    require(
        (2..=64).contains(&bins),
        "ads.features",
        format!("{table}.{name} with {bins} bins"),
        "a column with 2 to 64 bins",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(toml: &str) -> String {
        let features: OwnFeatures = toml::from_str(toml).unwrap();
        features.columns().unwrap_err().to_string()
    }

    #[test]
    fn deny_people_without_their_purpose() {
        for purpose in ["", ", purpose = \"analytics\""] {
            for table in ["impressions", "social_accounts"] {
                let toml = format!("[{table}]\nplan = {{ kind = \"category\"{purpose} }}");
                let said = refused(&toml);
                assert!(
                    said.contains("plan") && said.contains("ad_relevance"),
                    "{said}"
                );
            }
        }
        let toml = "[ads]\nplan = { kind = \"category\", purpose = \"ad_relevance\" }";
        assert!(refused(toml).contains("about nobody"));
    }

    #[test]
    fn deny_names_nobody_may_be_sorted_by() {
        let toml =
            "[social_accounts]\nreligion = { kind = \"category\", purpose = \"ad_relevance\" }";
        assert!(refused(toml).contains("religion"));
        let toml = "[ads]\nbid = { kind = \"number\" }";
        assert!(refused(toml).contains("always has the column bid"));
    }

    #[test]
    fn deny_bins_that_are_none() {
        assert!(refused("[ads]\nx = { kind = \"category\", bins = 4 }").contains("only a number"));
        for bins in [0, 1, 65] {
            let toml = format!("[ads]\nx = {{ kind = \"number\", bins = {bins} }}");
            assert!(refused(&toml).contains("2 to 64"));
        }
        let unknown: Result<OwnFeatures, _> = toml::from_str("[ads]\nx = { kind = \"text\" }");
        assert!(unknown.is_err());
        let unknown: Result<OwnFeatures, _> = toml::from_str("[friendships]\nx = {}");
        assert!(unknown.is_err());
    }
}
