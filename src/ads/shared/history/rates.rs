//! How often an ad could be expected to be clicked, by what was known the day before.
//!
//! The rate of an ad is drawn towards that of its advertiser, that towards its category's, and that towards the rate of all
//! rows, each by the weight of [`STRENGTH`] clicks:
//!
//! ```text
//! rate(ad) = (clicks(ad) + STRENGTH) / (impressions(ad) + STRENGTH / rate(advertiser))
//! ```
//!
//! which is the mean of a gamma posterior whose prior has the parent's rate for its mean (empirical Bayes; B. Efron and C. Morris,
//! "Data Analysis Using Stein's Estimator", JASA 1975). A new ad so has its advertiser's rate, and a new advertiser its
//! category's. Days are of UTC; a row's own day is never counted, so no row sees itself.

use super::events::{Advertised, Catalogue};
use crate::ads::profile::TrainingRow;
use crate::hash::HashMap;
use crate::learn::ClickTotals;
use crate::time::Timestamp;

/// Clicks that a parent's rate counts for.
const STRENGTH: f64 = 2.0;

const MICROS_A_DAY: i64 = 86_400_000_000;

/// The day of an instant, from 1970-01-01.
pub(super) fn day(at: Timestamp) -> i64 {
    at.micros().div_euclid(MICROS_A_DAY)
}

/// Clicks and impressions up to and with a day.
#[derive(Clone, Copy, Debug, Default)]
struct Until {
    day: i64,
    clicks: u64,
    impressions: u64,
}

/// Sums of one thing by day, ascending.
#[derive(Clone, Debug, Default)]
struct Days(Vec<Until>);

impl Days {
    /// Sums before a day.
    fn before(&self, day: i64) -> ClickTotals {
        let at = self.0.partition_point(|until| until.day < day);
        let last = at.checked_sub(1).map(|at| self.0[at]);
        let last = last.unwrap_or_default();
        ClickTotals {
            clicks: last.clicks,
            impressions: last.impressions,
        }
    }

    /// From sums of single days, in any order.
    fn of(mut days: Vec<Until>) -> Self {
        days.sort_unstable_by_key(|until| until.day);
        let mut sums: Vec<Until> = Vec::new();
        for one in days {
            let before = sums.last().copied().unwrap_or_default();
            if !sums.is_empty() && before.day == one.day {
                sums.pop();
            }
            sums.push(Until {
                day: one.day,
                clicks: before.clicks + one.clicks,
                impressions: before.impressions + one.impressions,
            });
        }
        Self(sums)
    }
}

/// Rates by day of ads, advertisers, categories and everything.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    prior: Prior,
    all: Days,
    categories: Vec<Days>,
    advertisers: Vec<Days>,
    ads: Vec<Days>,
}

/// The rate that is expected of ads before any row.
#[derive(Clone, Copy, Debug)]
pub(in crate::ads) struct Prior {
    /// Clicks an impression.
    pub(in crate::ads) rate: f64,
    /// Impressions that it counts for.
    pub(in crate::ads) impressions: f64,
}

impl Prior {
    /// The rate of all rows, drawn towards it; strictly between 0 and 1.
    fn rate(self, clicks: u64, impressions: u64) -> f64 {
        let n = impressions as f64 + self.impressions;
        let rate = (clicks as f64 + self.rate * self.impressions) / n;
        // Without prior weight the totals alone may say never or always.
        let rate = if n > 0.0 { rate } else { self.rate };
        rate.clamp(1e-9, 1.0 - 1e-9)
    }
}

impl Rates {
    /// From all rows of ads that the catalogue has.
    ///
    /// # Complexity
    /// O(rows + d log d) for d pairs of an ad and a day.
    pub(super) fn of<'a>(
        rows: impl Iterator<Item = &'a TrainingRow>,
        catalogue: &Catalogue,
        prior: Prior,
    ) -> Self {
        let mut by_day: HashMap<(u32, i64), (u64, u64)> = HashMap::default();
        for row in rows {
            let Some(ad) = catalogue.place(row.ad_id) else {
                continue;
            };
            let sums = by_day.entry((ad, day(row.at))).or_default();
            sums.0 += u64::from(row.target.clicks);
            sums.1 += u64::from(row.target.impressions);
        }
        let mut rates = Gathered::new(catalogue);
        for ((ad, day), (clicks, impressions)) in by_day {
            let one = Until {
                day,
                clicks,
                impressions,
            };
            rates.add(ad, catalogue.advertised(ad), one);
        }
        rates.summed(prior)
    }

    /// What could be expected of an ad on a day.
    pub(super) fn rate(&self, ad: u32, of: Advertised, day: i64) -> f64 {
        let all = self.all.before(day);
        let all = self.prior.rate(all.clicks, all.impressions);
        let category = drawn(self.categories[of.category as usize].before(day), all);
        let advertiser = drawn(
            self.advertisers[of.advertiser as usize].before(day),
            category,
        );
        drawn(self.ads[ad as usize].before(day), advertiser)
    }
}

fn drawn(until: ClickTotals, parent: f64) -> f64 {
    (until.clicks as f64 + STRENGTH) / (until.impressions as f64 + STRENGTH / parent)
}

/// Sums of single days.
struct Gathered {
    all: Vec<Until>,
    categories: Vec<Vec<Until>>,
    advertisers: Vec<Vec<Until>>,
    ads: Vec<Vec<Until>>,
}

impl Gathered {
    fn new(catalogue: &Catalogue) -> Self {
        Self {
            all: Vec::new(),
            categories: vec![Vec::new(); catalogue.n_categories()],
            advertisers: vec![Vec::new(); catalogue.n_advertisers()],
            ads: vec![Vec::new(); catalogue.n_ads()],
        }
    }

    fn add(&mut self, ad: u32, of: Advertised, one: Until) {
        self.all.push(one);
        self.categories[of.category as usize].push(one);
        self.advertisers[of.advertiser as usize].push(one);
        self.ads[ad as usize].push(one);
    }

    fn summed(self, prior: Prior) -> Rates {
        let each = |days: Vec<Vec<Until>>| days.into_iter().map(Days::of).collect();
        Rates {
            prior,
            all: Days::of(self.all),
            categories: each(self.categories),
            advertisers: each(self.advertisers),
            ads: each(self.ads),
        }
    }
}
