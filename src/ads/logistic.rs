//! The logistic model over clicks: features and crosses of them, summed.

use serde::{Deserialize, Serialize};

use super::features::{AdField, AdHashes, Crossing, Feature, Field, HashedValue, Showing, ShownAt};
use crate::learn::{FtrlModel, bits};

/// Log-odds summed as `base(ad) + Σ part(value, ad)` over a person's values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ads) struct Logistic {
    ftrl: FtrlModel,
    /// What surface and position added to the log-odds on average over the impressions trained on.
    #[serde(with = "bits")]
    context: f64,
    /// What own columns of showings did; it counts for no ad of a special category.
    #[serde(with = "bits", default, skip_serializing_if = "is_nothing")]
    own_context: f64,
}

/// Models without own columns are written without it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_nothing(context: &f64) -> bool {
    *context == 0.0
}

impl Logistic {
    /// A regression, with what surface and position add averaged over where ads stood: impressions by place.
    pub(in crate::ads) fn new(ftrl: FtrlModel, shown: &[ShownAt]) -> Self {
        let all: u64 = shown.iter().map(|at| at.impressions).sum();
        let model = Self {
            ftrl,
            context: 0.0,
            own_context: 0.0,
        };
        let mean = |part: &dyn Fn(&ShownAt) -> f64| {
            let sum: f64 = shown
                .iter()
                .map(|at| at.impressions as f64 * part(at))
                .sum();
            if all > 0 { sum / all as f64 } else { 0.0 }
        };
        let (context, own_context) = (
            mean(&|at| model.sum(at.place.features())),
            mean(&|at| model.sum(at.showing().own_features())),
        );
        Self {
            context,
            own_context,
            ..model
        }
    }

    pub(in crate::ads) const fn ftrl(&self) -> &FtrlModel {
        &self.ftrl
    }

    /// What a place adds.
    pub(in crate::ads) fn at(&self, showing: Showing<'_>) -> f64 {
        self.sum(showing.features())
    }

    /// Log-odds, with what the place adds; averaged over places if it is not known.
    ///
    /// The order of the sum is that of ranking, to the last bit: what is crossed with the ad one by one; then, as one, what is
    /// crossed with its category, what is crossed with nothing, and what is about its category; then what is about its advertiser
    /// and what is about the ad.
    pub(in crate::ads) fn logit(
        &self,
        ad: &AdHashes,
        values: &[HashedValue],
        showing: Option<Showing<'_>>,
    ) -> f64 {
        let context = showing.map_or_else(|| self.context_of(ad), |showing| self.at(showing));
        let own = self.ftrl.offset() + self.ad_part(ad) + context;
        let part = |sum, value: &HashedValue| sum + self.value_part(ad, *value);
        let of = |crossing| {
            let is_it = move |value: &&HashedValue| value.field.crossing() == crossing;
            values.iter().filter(is_it)
        };
        let sum = |crossing| of(crossing).fold(0.0, part);
        let of_category = sum(Crossing::Category) + sum(Crossing::Nothing);
        let of_category = of_category + sum(Crossing::About(AdField::Category));
        let logit = of(Crossing::Ad).fold(own, part) + of_category;
        let logit = of(Crossing::About(AdField::Advertiser)).fold(logit, part);
        of(Crossing::About(AdField::Ad)).fold(logit, part)
    }

    /// Log-odds of an ad before anything is known of a person.
    pub(in crate::ads) fn base(&self, ad: &AdHashes) -> f64 {
        self.ftrl.offset() + self.ad_part(ad) + self.context_of(ad)
    }

    /// What showings of an ad add on average.
    fn context_of(&self, ad: &AdHashes) -> f64 {
        if ad.is_special() {
            self.context
        } else {
            self.context + self.own_context
        }
    }

    /// What an ad's own features add.
    pub(in crate::ads) fn ad_part(&self, ad: &AdHashes) -> f64 {
        self.sum(ad.features())
    }

    /// What one value of a person's adds for an ad.
    pub(in crate::ads) fn value_part(&self, ad: &AdHashes, value: HashedValue) -> f64 {
        self.sum(ad.features_with(value))
    }

    /// What a value adds that is crossed with nothing, for ads that may look at it.
    pub(in crate::ads) fn plain_part(&self, value: HashedValue) -> f64 {
        let plain = Feature {
            field: Field::User(value.field),
            hash: value.hash,
        };
        self.sum(std::iter::once(plain))
    }

    fn sum(&self, features: impl Iterator<Item = Feature>) -> f64 {
        let bits = self.ftrl.params().bits();
        features.map(|f| self.ftrl.weight(f.slot(bits))).sum()
    }
}
