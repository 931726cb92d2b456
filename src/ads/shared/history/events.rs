//! What was shown to whom, in the order in which it happened.

use rayon::prelude::*;

use super::rates::{Rates, day};
use crate::ads::profile::TrainingRow;
use crate::hash::HashMap;
use crate::ids::{AdId, AdvertiserId, UserId};
use crate::signals::{Ad, AdCategory, Hidden};
use crate::time::Timestamp;

/// Who advertises an ad, and what it is about: numbers of the catalogue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Advertised {
    pub(super) advertiser: u32,
    pub(super) category: u32,
}

/// Whose ads somebody hid and, if it was one ad, what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HidOf {
    pub(super) advertiser: u32,
    pub(super) category: Option<u32>,
}

/// Ads, advertisers and categories, numbered.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalogue {
    places: HashMap<AdId, u32>,
    ids: Vec<AdId>,
    advertised: Vec<Advertised>,
    advertisers: Vec<AdvertiserId>,
    advertiser_places: HashMap<AdvertiserId, u32>,
    categories: Vec<AdCategory>,
}

impl Catalogue {
    /// Ads by id, whatever the order of their table.
    pub(super) fn of(ads: &[Ad]) -> Self {
        let mut by_id: Vec<&Ad> = ads.iter().collect();
        by_id.sort_by_key(|ad| ad.ad_id);
        let mut found = Self::default();
        let mut advertisers = HashMap::default();
        let mut categories = HashMap::default();
        for ad in by_id {
            let number = to_u32(found.ids.len());
            if found.places.try_insert(ad.ad_id, number).is_err() {
                continue;
            }
            let advertiser = *advertisers.entry(ad.advertiser_id).or_insert_with(|| {
                found.advertisers.push(ad.advertiser_id);
                to_u32(found.advertisers.len() - 1)
            });
            let category = *categories.entry(&ad.category).or_insert_with(|| {
                found.categories.push(ad.category.clone());
                to_u32(found.categories.len() - 1)
            });
            found.advertiser_places.insert(ad.advertiser_id, advertiser);
            found.ids.push(ad.ad_id);
            found.advertised.push(Advertised {
                advertiser,
                category,
            });
        }
        found
    }

    pub(super) fn place(&self, ad: AdId) -> Option<u32> {
        self.places.get(&ad).copied()
    }

    pub(super) fn advertiser_place(&self, id: AdvertiserId) -> Option<u32> {
        self.advertiser_places.get(&id).copied()
    }

    /// What an ad or an advertiser is of; none if no ad is.
    pub(super) fn hidden(&self, hidden: Hidden) -> Option<HidOf> {
        Some(match hidden {
            Hidden::Ad(ad) => {
                let of = self.advertised(self.place(ad)?);
                HidOf {
                    advertiser: of.advertiser,
                    category: Some(of.category),
                }
            }
            Hidden::Advertiser(id) => HidOf {
                advertiser: self.advertiser_place(id)?,
                category: None,
            },
        })
    }

    pub(super) fn advertised(&self, ad: u32) -> Advertised {
        self.advertised[ad as usize]
    }

    pub(super) fn ad(&self, ad: u32) -> AdId {
        self.ids[ad as usize]
    }

    pub(super) fn advertiser(&self, advertiser: u32) -> AdvertiserId {
        self.advertisers[advertiser as usize]
    }

    pub(super) fn category(&self, category: u32) -> &AdCategory {
        &self.categories[category as usize]
    }

    pub(super) const fn n_ads(&self) -> usize {
        self.ids.len()
    }

    pub(super) const fn n_advertisers(&self) -> usize {
        self.advertisers.len()
    }

    pub(super) const fn n_categories(&self) -> usize {
        self.categories.len()
    }
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).expect("ads are fewer than 2³²")
}

/// Parts of a click that expected clicks are counted in.
pub(super) const BILLIONTHS: f64 = 1e9;

/// Clicks that could be expected of so many impressions, in [billionths](BILLIONTHS).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "fewer than 2³² impressions at a rate of at most 1"
)]
pub(super) fn expected(impressions: u32, rate: f64) -> u64 {
    (f64::from(impressions) * rate.min(1.0) * BILLIONTHS).round() as u64
}

/// An ad was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    pub(super) at: Timestamp,
    pub(super) ad: u32,
    pub(super) impressions: u32,
    pub(super) clicks: u32,
    /// Clicks that could be expected the day before, in [billionths](BILLIONTHS): sums of whole numbers come out the same in any
    /// order.
    pub(super) expected: u64,
}

/// A row, and what happened in it.
pub(super) type Happened<'r> = (&'r TrainingRow, Event);

impl Event {
    /// Of each row, in their order; rows of ads that the catalogue does not have are left out.
    ///
    /// # Complexity
    /// O(n log d) for n rows of d days, on every core.
    pub(super) fn all<'r>(
        rows: impl ParallelIterator<Item = &'r TrainingRow>,
        catalogue: &Catalogue,
        rates: &Rates,
    ) -> Vec<Happened<'r>> {
        let event = |row: &'r TrainingRow| {
            let ad = catalogue.place(row.ad_id)?;
            let rate = rates.rate(ad, catalogue.advertised(ad), day(row.at));
            let event = Self {
                at: row.at,
                ad,
                impressions: row.target.impressions,
                clicks: row.target.clicks,
                expected: expected(row.target.impressions, rate),
            };
            Some((row, event))
        };
        rows.filter_map(event).collect()
    }
}

/// What was shown to each person, by time.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    of_user: HashMap<UserId, Vec<Event>>,
}

impl Events {
    /// From the rows that name a person.
    ///
    /// # Complexity
    /// O(n log n) for n rows.
    pub(super) fn of(happened: &[Happened<'_>]) -> Self {
        let mut of_user: HashMap<UserId, Vec<Event>> = HashMap::default();
        for (row, event) in happened {
            if let Some(user) = row.user {
                of_user.entry(user).or_default().push(*event);
            }
        }
        for events in of_user.values_mut() {
            events.sort_unstable();
        }
        Self { of_user }
    }

    pub(super) fn of_user(&self, user: UserId) -> &[Event] {
        self.of_user.get(&user).map_or(&[], Vec::as_slice)
    }
}
