//! Whether predicted clicks are as many as clicks: for people by how much they are said to click, and for single ads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Test;
use crate::learn::Predicted;

/// Groups of people.
const DECILES: usize = 10;
/// Ads with fewer held-out clicks say nothing: the standard error of 100 clicks is a tenth of them.
const MIN_CLICKS: u64 = 100;
/// Predicted clicks over clicks that count as right for a single ad.
const RIGHT: std::ops::RangeInclusive<f64> = 0.9..=1.1;

/// People who are said to click about equally often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PersonDecile {
    /// How many people.
    pub people: u64,
    /// Their held-out impressions.
    pub impressions: u64,
    /// Clicks of these.
    pub clicks: u64,
    /// Clicks predicted.
    pub predicted: f64,
    /// Predicted clicks over clicks; none without clicks.
    pub calibration_ratio: Option<f64>,
}

/// How many of the ads with enough held-out clicks to tell are predicted right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdCalibration {
    /// Ads with at least 100 held-out clicks.
    pub ads: u64,
    /// Those with predicted clicks within 0.9 to 1.1 of the clicks.
    pub within: u64,
}

/// Sums over the rows of a person or an ad.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    impressions: u64,
    clicks: u64,
    predicted: f64,
}

impl Sums {
    fn add(&mut self, row: &Predicted) {
        self.impressions += u64::from(row.target.impressions);
        self.clicks += u64::from(row.target.clicks);
        self.predicted += row.p * f64::from(row.target.impressions);
    }

    fn mean_p(&self) -> f64 {
        self.predicted / self.impressions.max(1) as f64
    }

    fn ratio(&self) -> Option<f64> {
        (self.clicks > 0).then(|| self.predicted / self.clicks as f64)
    }
}

/// People by ascending mean prediction, in tenths of about as many; none where rows name nobody.
pub(super) fn by_person(test: &Test<'_>, predicted: &[Predicted]) -> Vec<PersonDecile> {
    let mut people: BTreeMap<u64, Sums> = BTreeMap::new();
    for ((row, _), said) in test.rows.iter().zip(predicted) {
        if let Some(user) = row.user {
            people.entry(user.0).or_default().add(said);
        }
    }
    let mut people: Vec<Sums> = people.into_values().collect();
    // Stable: equal people stay in the order of their ids.
    people.sort_by(|a, b| a.mean_p().total_cmp(&b.mean_p()));
    let end = |tenth: usize| people.len() * tenth / DECILES;
    let tenths = (0..DECILES).map(|tenth| &people[end(tenth)..end(tenth + 1)]);
    tenths
        .filter(|people| !people.is_empty())
        .map(decile)
        .collect()
}

fn decile(people: &[Sums]) -> PersonDecile {
    let mut all = Sums::default();
    for person in people {
        all.impressions += person.impressions;
        all.clicks += person.clicks;
        all.predicted += person.predicted;
    }
    PersonDecile {
        people: people.len() as u64,
        impressions: all.impressions,
        clicks: all.clicks,
        predicted: all.predicted,
        calibration_ratio: all.ratio(),
    }
}

/// Ads with enough clicks, and how many of them are right.
pub(super) fn by_ad(test: &Test<'_>, predicted: &[Predicted]) -> AdCalibration {
    let mut ads: BTreeMap<u64, Sums> = BTreeMap::new();
    for ((row, _), said) in test.rows.iter().zip(predicted) {
        ads.entry(row.ad_id.0).or_default().add(said);
    }
    let enough = ads.values().filter(|ad| ad.clicks >= MIN_CLICKS);
    let ratios: Vec<f64> = enough.filter_map(Sums::ratio).collect();
    AdCalibration {
        ads: ratios.len() as u64,
        within: ratios.iter().filter(|ratio| RIGHT.contains(ratio)).count() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ad, data, shown};
    use super::*;
    use crate::ads::TrainingRow;
    use crate::consent::Permitted;
    use crate::ids::UserId;

    /// Person i has one row of ad i % 2, predicted i in 1,000, and as many clicks; those of ad 0 are said to click half as often
    /// again.
    fn judged() -> (Vec<TrainingRow>, Vec<crate::signals::Ad>) {
        let ads = vec![ad(0, 1, "food"), ad(1, 1, "food")];
        let shown = (1..=100).map(|i| shown(i % 2, 7, 1000, u32::try_from(i).unwrap()));
        let (rows, ads) = data(shown, ads);
        let rows = rows.iter().map(Permitted::get).cloned();
        let rows = rows.zip(1..).map(|(mut row, user)| {
            row.user = Some(UserId(user));
            row
        });
        (rows.collect(), ads)
    }

    #[test]
    fn by_person_and_by_ad_by_hand() {
        let (rows, ads) = judged();
        let test = Test::new(rows.iter(), &ads);
        let said: Vec<Predicted> = test
            .rows
            .iter()
            .map(|(row, ad)| Predicted {
                p: f64::from(row.target.clicks) / if ad.ad_id.0 == 0 { 667.0 } else { 1000.0 },
                target: row.target,
            })
            .collect();
        let ads = by_ad(&test, &said);
        assert_eq!((ads.ads, ads.within), (2, 1));
        let deciles = by_person(&test, &said);
        assert_eq!(deciles.len(), 10);
        assert!(deciles.iter().all(|decile| decile.people == 10));
        let clicks: u64 = deciles.iter().map(|decile| decile.clicks).sum();
        assert_eq!(clicks, 5_050);
        // The last are the even ones, all of ad 0: 82 to 100.
        let last = deciles[9];
        assert_eq!(last.clicks, (82..=100).step_by(2).sum::<u64>());
        assert!((last.calibration_ratio.unwrap() - 1.5).abs() < 1e-3);
    }
}
