//! The model value by value of a field: where it is right, and where it is not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::folds::Judged;
use crate::ads::TrainingRow;
use crate::learn::{ClickMetrics, Predicted};
use crate::signals::{Ad, Surface};

/// Values of one field shown at most, those with most impressions.
const SHOWN: usize = 20;

/// The model by the values of one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breakdown {
    /// The field.
    pub field: String,
    /// Its values, most impressions first; at most 20 of them.
    pub values: Vec<FieldValue>,
    /// Values beyond the 20.
    pub values_left_out: u64,
}

/// The model on the rows of one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldValue {
    /// The value; empty where it is not known.
    pub value: String,
    /// Held-out rows.
    pub rows: u64,
    /// Their impressions.
    pub impressions: u64,
    /// Their clicks.
    pub clicks: u64,
    /// The model on them.
    pub model: ClickMetrics,
    /// The base rate of all rows on them.
    pub base_rate: ClickMetrics,
}

/// A field's value for a row.
type Of = fn(&TrainingRow, &Ad) -> String;

/// The fields that are broken down: of the showing and of the ad, and of people only age band and gender, to see whether
/// the model is as right for some as for others.
const FIELDS: [(&str, Of); 6] = [
    ("surface", |row, _| surface(row.surface).to_owned()),
    ("position", |row, _| {
        row.position.map_or_else(String::new, |p| p.to_string())
    }),
    ("category", |_, ad| ad.category.to_string()),
    ("special category", |_, ad| {
        ad.special_category
            .map_or_else(String::new, |special| special.to_string())
    }),
    ("age band", |row, _| {
        row.attributes.age_band.clone().unwrap_or_default()
    }),
    ("gender", |row, _| {
        row.attributes.gender.clone().unwrap_or_default()
    }),
];

const fn surface(surface: Surface) -> &'static str {
    match surface {
        Surface::Feed => "feed",
        Surface::RightColumn => "right_column",
        Surface::Stories => "stories",
        Surface::Marketplace => "marketplace",
        Surface::Search => "search",
        Surface::Video => "video",
    }
}

pub(super) fn by_field(judged: &Judged<'_>) -> Vec<Breakdown> {
    let seen = judged.seen.iter().map(|seen| seen.as_str().to_owned());
    let seen = breakdown("seen in training", seen.collect(), judged);
    let of = |&(field, of): &(&str, Of)| {
        let rows = judged.test.rows.iter();
        breakdown(field, rows.map(|(row, ad)| of(row, ad)).collect(), judged)
    };
    std::iter::once(seen).chain(FIELDS.iter().map(of)).collect()
}

/// What the model and the base rate say of the rows of a value.
type Pairs = Vec<(Predicted, Predicted)>;

/// By the value of each row.
fn breakdown(field: &str, values: Vec<String>, judged: &Judged<'_>) -> Breakdown {
    let mut groups: BTreeMap<String, Pairs> = BTreeMap::new();
    let said = judged.predicted.iter().zip(&judged.base_rate);
    for (value, (&model, &base)) in values.into_iter().zip(said) {
        groups.entry(value).or_default().push((model, base));
    }
    let n_values = groups.len();
    let mut values: Vec<FieldValue> = groups.into_iter().map(field_value).collect();
    // Stable: equal values stay in the order of their names.
    values.sort_by_key(|value| std::cmp::Reverse(value.impressions));
    values.truncate(SHOWN);
    Breakdown {
        field: field.to_owned(),
        values_left_out: (n_values - values.len()) as u64,
        values,
    }
}

fn field_value((value, pairs): (String, Pairs)) -> FieldValue {
    let (rows, base): (Vec<Predicted>, Vec<Predicted>) = pairs.into_iter().unzip();
    let sum = |of: fn(&Predicted) -> u32| rows.iter().map(|row| u64::from(of(row))).sum();
    FieldValue {
        value,
        rows: rows.len() as u64,
        impressions: sum(|row| row.target.impressions),
        clicks: sum(|row| row.target.clicks),
        model: ClickMetrics::of(&rows),
        base_rate: ClickMetrics::of(&base),
    }
}
