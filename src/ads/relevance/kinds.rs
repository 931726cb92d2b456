//! What adds the same for all ads of a kind.
//!
//! A kind is a category, and whether its ads are of a special one. The values of a person that are crossed with no more than the
//! category add one number a kind, however many ads there are.

use rayon::prelude::*;

use super::People;
use crate::ads::features::{AdField, AdHashes, Crossing, HashedValue};
use crate::ads::logistic::Logistic;
use crate::ads::profile::UserProfile;
use crate::ads::shared::AdKey;
use crate::hash::HashMap;
use crate::ids::{AdId, AdvertiserId};
use crate::signals::{Ad, AdCategory, SpecialCategory};

/// A kind of ad, and one ad of it.
#[derive(Debug)]
struct Kind {
    category: AdCategory,
    example: AdHashes,
}

/// The kinds of the ads that run, numbered.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    numbers: HashMap<(AdCategory, Option<SpecialCategory>), u32>,
    all: Vec<Kind>,
}

impl Kinds {
    /// The number of an ad's kind.
    pub(super) fn number(&mut self, ad: &Ad, hashes: &AdHashes) -> u32 {
        let all = &mut self.all;
        let new = || {
            all.push(Kind {
                category: ad.category.clone(),
                example: hashes.clone(),
            });
            u32::try_from(all.len() - 1).expect("fewer than 2³² ads")
        };
        let key = (ad.category.clone(), ad.special_category);
        *self.numbers.entry(key).or_insert_with(new)
    }
}

/// What values add by kind.
pub(super) struct ByKind<'a> {
    logistic: &'a Logistic,
    kinds: &'a Kinds,
    /// Kinds that are not special, by category.
    of_category: HashMap<&'a AdCategory, usize>,
    /// Shape (broad values, kinds).
    parts: Vec<f64>,
    /// By person, what their values add that are crossed with nothing.
    own: Vec<f64>,
}

impl<'a> ByKind<'a> {
    /// # Complexity
    /// O(values · kinds).
    pub(super) fn of(logistic: &'a Logistic, kinds: &'a Kinds, people: &People<'_>) -> Self {
        let part = |&value: &HashedValue| {
            let of_kind = move |kind: &Kind| logistic.value_part(&kind.example, value);
            kinds.all.iter().map(of_kind)
        };
        let own = |profile: &&UserProfile| {
            let values = profile.shared.hashed();
            let own = values.filter(|value| value.field.crossing() == Crossing::Nothing);
            own.fold(0.0, |sum, value| sum + logistic.plain_part(value))
        };
        let plain = kinds.all.iter().enumerate();
        let plain = plain.filter(|(_, kind)| !kind.example.is_special());
        Self {
            logistic,
            kinds,
            of_category: plain.map(|(at, kind)| (&kind.category, at)).collect(),
            parts: people.broad.par_iter().flat_map_iter(part).collect(),
            own: people.profiles.par_iter().map(own).collect(),
        }
    }

    /// What a value adds that is crossed with nothing.
    pub(super) fn plain(&self, value: HashedValue) -> f64 {
        self.logistic.plain_part(value)
    }

    /// What somebody's values add by kind: those crossed with the category, those crossed with nothing, those about the category.
    pub(super) fn fill(&self, people: &People<'_>, person: usize, scratch: &mut KindSums) {
        let KindSums { sums, about } = scratch;
        let n_kinds = self.kinds.all.len();
        sums.clear();
        sums.resize(n_kinds, 0.0);
        for &value in &people.broad_ids[person] {
            let from = value as usize * n_kinds;
            for (sum, part) in sums.iter_mut().zip(&self.parts[from..from + n_kinds]) {
                *sum += part;
            }
        }
        let own = self.own[person];
        for (sum, kind) in sums.iter_mut().zip(&self.kinds.all) {
            *sum += if kind.example.is_special() { 0.0 } else { own };
        }
        self.sum_categories(people.profiles[person], about);
        for (sum, part) in sums.iter_mut().zip(about) {
            *sum += *part;
        }
    }

    /// What is about a category, by kind.
    fn sum_categories(&self, profile: &UserProfile, about: &mut Vec<f64>) {
        let crossing = Crossing::About(AdField::Category);
        let told = profile.about.iter();
        about.clear();
        about.resize(self.kinds.all.len(), 0.0);
        for one in told.filter(|one| one.level.field.crossing() == crossing) {
            let AdKey::Category(category) = &one.key else {
                continue;
            };
            if let Some(&kind) = self.of_category.get(category) {
                about[kind] += self.plain(one.level.hashed());
            }
        }
    }
}

/// Sums by kind, reused from person to person.
#[derive(Default)]
pub(super) struct KindSums {
    pub(super) sums: Vec<f64>,
    about: Vec<f64>,
}

/// Where the ads of an advertiser stand in a block, and where an ad does.
pub(super) struct Places {
    of_ad: HashMap<AdId, u16>,
    of_advertiser: HashMap<AdvertiserId, Vec<u16>>,
}

impl Places {
    pub(super) fn of<'a>(ads: impl Iterator<Item = &'a Ad>) -> Self {
        let mut places = Self {
            of_ad: HashMap::default(),
            of_advertiser: HashMap::default(),
        };
        for (at, ad) in (0..).zip(ads) {
            places.of_ad.insert(ad.ad_id, at);
            let own = places.of_advertiser.entry(ad.advertiser_id).or_default();
            own.push(at);
        }
        places
    }

    /// The places of the ads that a key is about; none for a category's.
    pub(super) fn of_key(&self, key: &AdKey) -> &[u16] {
        match key {
            AdKey::Ad(ad) => self.of_ad.get(ad).map_or(&[], std::slice::from_ref),
            AdKey::Advertiser(of) => self.of_advertiser.get(of).map_or(&[], Vec::as_slice),
            AdKey::Category(_) => &[],
        }
    }
}
