//! Ads: what they are about, whom they are for, and what decides whether they are clicked.

use rand::Rng;

use super::calendar::AS_OF;
use super::clicks::AdTraits;
use super::draw::{Stream, Topic, between, chance, normal, pick, spread_id, stream};
use super::params::ValidSynthParams;
use super::people::{INTERESTS, names};
use super::profiles::region;
use crate::ids::{AdId, AdvertiserId, AudienceId};
use crate::signals::{Ad, AdCategory, SpecialCategory, Targeting};

/// The ads, ascending, and what decides whether people click on each.
pub(super) fn ads(params: &ValidSynthParams) -> (Vec<Ad>, Vec<AdTraits>) {
    let mut rng = stream(params.seed(), Topic::Ads);
    let mut made: Vec<(Ad, AdTraits)> = (0..params.n_ads())
        .map(|i| ad(params.seed(), i, &mut rng))
        .collect();
    made.sort_by_key(|(ad, _)| ad.ad_id);
    made.into_iter().unzip()
}

fn ad(seed: u64, i: usize, rng: &mut Stream) -> (Ad, AdTraits) {
    let category = rng.gen_range(0..16u8);
    let special = chance(rng, 0.08).then(|| *pick(rng, &SpecialCategory::ALL));
    let starts_at = between(rng, AS_OF.plus_days(-90), AS_OF.plus_days(-5));
    let ad = Ad {
        ad_id: AdId(spread_id(seed, 4, i)),
        advertiser_id: AdvertiserId(spread_id(seed, 5, i / 3)),
        category: AdCategory::parse(INTERESTS[usize::from(category)])
            .expect("interests are harmless"),
        bid: (normal(rng).mul_add(0.6, -1.0).exp() * 100.0)
            .round()
            .max(1.0)
            / 100.0,
        starts_at,
        ends_at: between(rng, starts_at.plus_days(20), AS_OF.plus_days(60)),
        // Ads for homes, jobs and loans may not choose their people.
        targeting: if special.is_some() {
            Targeting::default()
        } else {
            targeting(category, rng)
        },
        special_category: special,
        audience_id: chance(rng, 0.1).then(|| AudienceId(spread_id(seed, 7, i))),
        lookalike_of: None,
        quality: 0.0,
        own: crate::signals::OwnValues::default(),
    };
    let traits = AdTraits {
        id: ad.ad_id,
        category,
        quality: normal(rng),
        peak_age: rng.gen_range(18.0..60.0),
    };
    (ad, traits)
}

fn targeting(category: u8, rng: &mut Stream) -> Targeting {
    let age_min = chance(rng, 0.3).then(|| rng.gen_range(18..40));
    let some_region = |rng: &mut Stream| region(rng.gen_range(0..6));
    Targeting {
        regions: if chance(rng, 0.25) {
            some_region(rng).into_iter().collect()
        } else {
            Vec::new()
        },
        languages: if chance(rng, 0.1) {
            vec!["en".to_owned()]
        } else {
            Vec::new()
        },
        genders: if chance(rng, 0.08) {
            vec!["female".to_owned()]
        } else {
            Vec::new()
        },
        age_min,
        age_max: age_min.map(|min| min + rng.gen_range(10..40)),
        interests: if chance(rng, 0.2) {
            names(&[category])
        } else {
            Vec::new()
        },
    }
}
