//! The logistic model over clicks: features and crosses of them, summed.

use serde::{Deserialize, Serialize};

use super::features::{AdHashes, Feature, HashedValue, context_features};
use crate::learn::{FtrlModel, bits};
use crate::signals::Surface;

/// Log-odds summed as `base(ad) + Σ part(value, ad)` over a person's values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ads) struct Logistic {
    ftrl: FtrlModel,
    /// What surface and position added to the log-odds on average over the impressions trained on.
    #[serde(with = "bits")]
    context: f64,
}

impl Logistic {
    /// A regression, with what surface and position add averaged over where ads stood: impressions by place.
    pub(in crate::ads) fn new(ftrl: FtrlModel, shown: &[((Surface, Option<u8>), u64)]) -> Self {
        let mut model = Self { ftrl, context: 0.0 };
        let all: u64 = shown.iter().map(|(_, impressions)| impressions).sum();
        let part = |&(place, n): &((Surface, Option<u8>), u64)| n as f64 * model.at(place);
        let sum: f64 = shown.iter().map(part).sum();
        model.context = if all > 0 { sum / all as f64 } else { 0.0 };
        model
    }

    pub(in crate::ads) const fn ftrl(&self) -> &FtrlModel {
        &self.ftrl
    }

    /// What a place adds.
    pub(in crate::ads) fn at(&self, (surface, position): (Surface, Option<u8>)) -> f64 {
        self.sum(context_features(surface, position))
    }

    /// Log-odds, with what the place adds; averaged over places if it is not known.
    pub(in crate::ads) fn logit(
        &self,
        ad: &AdHashes,
        values: &[HashedValue],
        place: Option<(Surface, Option<u8>)>,
    ) -> f64 {
        let context = place.map_or(self.context, |place| self.at(place));
        let own = self.ftrl.offset() + self.ad_part(ad) + context;
        values
            .iter()
            .fold(own, |sum, &v| sum + self.value_part(ad, v))
    }

    /// Log-odds of an ad before anything is known of a person.
    pub(in crate::ads) fn base(&self, ad: &AdHashes) -> f64 {
        self.ftrl.offset() + self.ad_part(ad) + self.context
    }

    /// What an ad's own features add.
    pub(in crate::ads) fn ad_part(&self, ad: &AdHashes) -> f64 {
        self.sum(ad.features())
    }

    /// What one value of a person's adds for an ad.
    pub(in crate::ads) fn value_part(&self, ad: &AdHashes, value: HashedValue) -> f64 {
        self.sum(ad.features_with(value))
    }

    fn sum(&self, features: impl Iterator<Item = Feature>) -> f64 {
        let bits = self.ftrl.params().bits();
        features.map(|f| self.ftrl.weight(f.slot(bits))).sum()
    }
}
