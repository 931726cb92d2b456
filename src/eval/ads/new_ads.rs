//! How good the model is on ads that nobody was shown in training, and what their advertiser and their category are worth there.

use serde::{Deserialize, Serialize};

use super::fitted::Fitted;
use super::{AdsEvaluationOptions, FOLDS, Rows, Test, click_rate, totals};
use crate::ads::{AdsError, ValidAdsParams};
use crate::consent::Permitted;
use crate::eval::mix;
use crate::hash::HashMap;
use crate::ids::{AdId, AdvertiserId};
use crate::learn::{ClickMetrics, ClickTotals, Predicted};
use crate::signals::{Ad, AdCategory};

/// Salt of the choice of ads.
const SALT: u64 = 0x4E57;

/// Held-out quality on the rows of one ad in five, the model trained on the rows of the other four.
///
/// The model has no table of priors: what it expects of a new ad is the sum of what its advertiser, its category and the people add.
/// Leaving them out one after another says what each is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NewAds {
    /// Ads held out that were shown.
    pub ads: u64,
    /// Their rows.
    pub rows: u64,
    /// Their impressions.
    pub impressions: u64,
    /// Their clicks.
    pub clicks: u64,
    /// The model as it is: advertiser and category are known from other ads.
    pub model: ClickMetrics,
    /// As if the advertiser were new too.
    pub new_advertiser: ClickMetrics,
    /// As if nobody had advertised in the category either: people, surface and position alone.
    pub new_category: ClickMetrics,
    /// One answer for all, the click rate of the other ads.
    pub base_rate: ClickMetrics,
}

/// Trains without one ad in five, by a hash of its id and the seed, and predicts their rows.
///
/// # Complexity
/// That of [`train`], once.
pub(super) fn new_ads(
    rows: &Rows,
    ads: &[Ad],
    params: &ValidAdsParams,
    options: &AdsEvaluationOptions<'_>,
) -> Result<NewAds, AdsError> {
    let is_new = |id: AdId| mix(id.0 ^ mix(options.seed ^ SALT)).is_multiple_of(FOLDS);
    let (new, known): (Vec<_>, Vec<_>) = rows
        .iter()
        .cloned()
        .partition(|row| is_new(row.get().ad_id));
    let params = params.clone().with_learning_curve(false);
    let fitted = Fitted::of(&options.set(&known, ads), &params)?;
    let test = Test::new(new.iter().map(Permitted::get), ads);
    let rows = test.rows.iter().map(|(row, _)| *row);
    let ClickTotals {
        clicks,
        impressions,
    } = totals(rows.clone());
    let mut shown: Vec<AdId> = rows.map(|row| row.ad_id).collect();
    shown.sort_unstable();
    shown.dedup();
    let metrics = |as_if: &dyn Fn(&Ad) -> Ad| ClickMetrics::of(&predicted(&test, &fitted, as_if));
    let base_rate = click_rate(known.iter().map(Permitted::get));
    Ok(NewAds {
        ads: shown.len() as u64,
        rows: test.rows.len() as u64,
        impressions,
        clicks,
        model: metrics(&Ad::clone),
        new_advertiser: metrics(&|ad| of_nobody(ad, ads)),
        new_category: metrics(&|ad| of_no_category(of_nobody(ad, ads))),
        base_rate: ClickMetrics::of(&test.answered(base_rate)),
    })
}

/// The test's rows, predicted for another ad in the place of each.
fn predicted(test: &Test<'_>, fitted: &Fitted<'_>, as_if: &dyn Fn(&Ad) -> Ad) -> Vec<Predicted> {
    let mut asked: HashMap<AdId, Ad> = HashMap::default();
    for &(_, ad) in &test.rows {
        asked.entry(ad.ad_id).or_insert_with(|| as_if(ad));
    }
    fitted.predicted_of(test, test.rows.iter().map(|(_, ad)| &asked[&ad.ad_id]))
}

/// The ad of an advertiser who has none in the table.
fn of_nobody(ad: &Ad, ads: &[Ad]) -> Ad {
    let taken = |id: AdvertiserId| ads.iter().any(|ad| ad.advertiser_id == id);
    let mut free = (0..).map(|i| AdvertiserId(mix(SALT ^ i)));
    Ad {
        advertiser_id: free
            .find(|id| !taken(*id))
            .expect("a table has fewer than 2⁶⁴ advertisers"),
        ..ad.clone()
    }
}

/// The ad in a category that no table has.
fn of_no_category(ad: Ad) -> Ad {
    Ad {
        category: AdCategory::parse("acquaint: no category at all").expect("harmless"),
        ..ad
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ad, data, shown};
    use super::*;
    use crate::ads::AdsParams;

    fn seed(seed: u64) -> AdsEvaluationOptions<'static> {
        AdsEvaluationOptions {
            seed,
            ..AdsEvaluationOptions::default()
        }
    }

    /// Forty ads each of a good and of a bad advertiser, in one category.
    #[test]
    fn an_advertiser_known_from_other_ads_is_worth_something() {
        let ads: Vec<Ad> = (0..80).map(|id| ad(id, id % 2, "food")).collect();
        let rows = (0..4_000_u32).map(|i| {
            let id = u64::from(i % 80);
            let clicks = if id.is_multiple_of(2) { 9 } else { 3 };
            shown(id, i64::from(i), 100, clicks)
        });
        let (rows, ads) = data(rows, ads);
        let params = AdsParams::default().check().unwrap();
        let found = new_ads(&rows, &ads, &params, &seed(0)).unwrap();
        assert!(found.ads > 5 && found.ads < 30, "{}", found.ads);
        assert_eq!(found.rows, found.ads * 50);
        let (known, unknown) = (found.model.log_loss, found.new_advertiser.log_loss);
        assert!(
            known.unwrap() < 0.98 * unknown.unwrap(),
            "{known:?} {unknown:?}"
        );
        assert!(known < found.base_rate.log_loss);
        let other = new_ads(&rows, &ads, &params, &seed(1)).unwrap();
        assert_ne!(other.clicks, found.clicks);
    }

    #[test]
    fn without_rows_nothing_is_claimed() {
        let params = AdsParams::default().check().unwrap();
        let found = new_ads(&[], &[], &params, &seed(0)).unwrap();
        assert_eq!(found, NewAds::default());
    }
}
