//! Bins of numbers: edges between about as many values each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::params::{OwnFeature, OwnFeatures};
use crate::ads::profile::TrainingRow;
use crate::hash::HashMap;
use crate::ids::UserId;
use crate::signals::{Ad, OwnKind, OwnValue, OwnValues, Table};

/// Values a bin has at least, so that an edge stands for several people.
const MIN_A_BIN: usize = 5;

/// Edges of one table's numbers, by column.
type ByColumn = BTreeMap<String, Edges>;

/// Where the bins of one column begin: ascending, finite.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>")]
struct Edges(Vec<f64>);

impl TryFrom<Vec<f64>> for Edges {
    type Error = &'static str;

    fn try_from(read: Vec<f64>) -> Result<Self, Self::Error> {
        if read.iter().all(|edge| edge.is_finite()) && read.is_sorted_by(|a, b| a < b) {
            Ok(Self(read))
        } else {
            Err("edges of bins that do not ascend")
        }
    }
}

/// Where the bins of numbers in own columns begin, as a model learnt them.
///
/// An edge is a quantile of the values seen in training, rounded to two significant digits, and every bin holds at least five of
/// them: so no bin is one person's. With n values there are at most n / 5 bins. Of people each counts once, however many ads they were shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::ads) struct OwnBins {
    impressions: ByColumn,
    ads: ByColumn,
    social_accounts: ByColumn,
}

impl OwnBins {
    /// From the rows a model learns from, and the ads.
    ///
    /// # Complexity
    /// O(n log n) for n numbers.
    pub(in crate::ads) fn fit<'a>(
        features: &OwnFeatures,
        rows: impl Iterator<Item = &'a TrainingRow> + Clone,
        ads: &'a [Ad],
    ) -> Self {
        if features.is_empty() {
            return Self::default();
        }
        let mut people: HashMap<UserId, &OwnValues> = HashMap::default();
        for row in rows.clone() {
            if let Some(user) = row.user {
                people.entry(user).or_insert(&row.own.person);
            }
        }
        Self {
            impressions: fit(&features.impressions, rows.map(|row| &row.own.showing)),
            ads: fit(&features.ads, ads.iter().map(|ad| &ad.own)),
            social_accounts: fit(&features.social_accounts, people.into_values()),
        }
    }

    /// Are there none?
    pub(in crate::ads) fn is_empty(&self) -> bool {
        [&self.impressions, &self.ads, &self.social_accounts]
            .iter()
            .all(|edges| edges.is_empty())
    }

    /// A value of a table in words: `plan: premium`, `price: 10 to under 25`.
    pub(super) fn words(&self, table: Table, value: &OwnValue) -> String {
        let column = value.column();
        let edges = match table {
            Table::Impressions => &self.impressions,
            Table::Ads => &self.ads,
            _ => &self.social_accounts,
        };
        let said = match value.as_number() {
            Some(number) => bin(edges.get(column).map_or(&[], |edges| &edges.0), number),
            None => value.as_word().unwrap_or_default().to_owned(),
        };
        format!("{column}: {said}")
    }
}

/// The bin of a number among edges, in words.
fn bin(edges: &[f64], number: f64) -> String {
    let at = edges.partition_point(|&edge| edge <= number);
    match (at.checked_sub(1).map(|at| edges[at]), edges.get(at)) {
        (None, None) => "any number".to_owned(),
        (None, Some(to)) => format!("under {to}"),
        (Some(from), None) => format!("{from} or more"),
        (Some(from), Some(to)) => format!("{from} to under {to}"),
    }
}

fn fit<'a>(
    features: &BTreeMap<String, OwnFeature>,
    rows: impl Iterator<Item = &'a OwnValues>,
) -> ByColumn {
    let is_number = |feature: &&OwnFeature| feature.kind == OwnKind::Number;
    let numbers: BTreeMap<&str, &OwnFeature> = features
        .iter()
        .map(|(name, feature)| (name.as_str(), feature))
        .filter(|(_, feature)| is_number(feature))
        .collect();
    let mut seen: BTreeMap<&str, Vec<f64>> = numbers.keys().map(|&name| (name, vec![])).collect();
    for value in rows.flat_map(OwnValues::iter) {
        if let (Some(number), Some(seen)) = (value.as_number(), seen.get_mut(value.column())) {
            seen.push(number);
        }
    }
    let edges = |(name, seen): (&str, Vec<f64>)| {
        let edges = edges(seen, numbers[name].n_bins());
        (name.to_owned(), Edges(edges))
    };
    seen.into_iter().map(edges).collect()
}

/// Edges between bins of about as many values each.
fn edges(mut seen: Vec<f64>, n_bins: usize) -> Vec<f64> {
    seen.sort_unstable_by(f64::total_cmp);
    let n_bins = n_bins.min(seen.len() / MIN_A_BIN);
    let mut edges = Vec::new();
    let mut n_below = 0;
    for bin in 1..n_bins {
        let edge = rounded(seen[bin * seen.len() / n_bins]);
        let n = seen.partition_point(|&value| value < edge);
        // Equal values and rounding leave fewer between two quantiles than there are by rank. The greatest numbers are
        // rounded to infinity, and nothing is above that.
        if n - n_below >= MIN_A_BIN && seen.len() - n >= MIN_A_BIN {
            edges.push(edge);
            n_below = n;
        }
    }
    edges
}

/// To two significant digits.
fn rounded(number: f64) -> f64 {
    let short = format!("{number:.1e}");
    // −0 would be written with its sign.
    short.parse::<f64>().map_or(number, |rounded| rounded + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_about_as_many_values_each() {
        let values: Vec<f64> = (0..1_000).map(f64::from).collect();
        let edges = edges(values.clone(), 4);
        assert_eq!(edges, [250.0, 500.0, 750.0]);
        let said = |number| bin(&edges, number);
        assert_eq!(said(249.9), "under 250");
        assert_eq!(said(250.0), "250 to under 500");
        assert_eq!(said(999.0), "750 or more");
    }

    #[test]
    fn no_bin_is_one_persons() {
        // By rank 3 would be an edge too, and one value between the two.
        let mut values = vec![1.0; 5];
        values.push(2.0);
        values.extend([3.0; 9]);
        assert_eq!(edges(values, 3), [2.0]);
        // All but one are rounded to one number.
        let mut values: Vec<f64> = (0..20).map(|n| 1_000.0 + f64::from(n)).collect();
        values.push(1_060.0);
        assert!(edges(values, 4).is_empty());
    }

    #[test]
    fn edges_are_finite_whatever_the_values() {
        let values: Vec<f64> = (0..30)
            .map(|n| [1e308, f64::MAX, f64::MIN][n % 3])
            .collect();
        let edges = edges(values, 10);
        assert!(edges.iter().all(|edge| edge.is_finite()), "{edges:?}");
        assert_eq!(edges.len(), 1);
    }

    #[test]
    fn an_edge_is_rounded() {
        let values: Vec<f64> = (0..100).map(|n| 12_345.678 + 97.3 * f64::from(n)).collect();
        let edges = edges(values.clone(), 10);
        assert!(edges.len() > 2);
        assert!(edges.iter().all(|edge| !values.contains(edge)));
        assert_eq!(rounded(12_345.678), 12_000.0);
        assert_eq!(rounded(-0.001_26), -0.001_3);
    }

    #[test]
    fn few_values_have_few_bins() {
        let values = |n: u32| (0..n).map(f64::from).collect::<Vec<_>>();
        assert!(edges(values(9), 10).is_empty());
        assert_eq!(edges(values(10), 10).len(), 1);
        assert!(edges(vec![3.0; 100], 10).is_empty(), "one value is one bin");
        assert!(edges(Vec::new(), 10).is_empty());
        assert_eq!(bin(&[], 3.0), "any number");
    }

    #[test]
    fn deny_edges_that_do_not_ascend() {
        let read = |json: &str| serde_json::from_str::<OwnBins>(json);
        let good = read(r#"{"ads": {"price": [1.0, 2.5]}}"#).unwrap();
        let text = serde_json::to_string(&good).unwrap();
        assert_eq!(read(&text).unwrap(), good);
        assert!(read(r#"{"ads": {"price": [2.5, 1.0]}}"#).is_err());
        assert!(read(r#"{"ads": {"price": [1.0, 1.0]}}"#).is_err());
        assert!(read(r#"{"friendships": {}}"#).is_err());
    }
}
