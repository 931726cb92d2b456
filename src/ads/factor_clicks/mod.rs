//! A factorisation machine over the features of clicks.
//!
//! Fields are those of people, then where an ad stood, then the ad's. A feature is one value of one field, as in the logistic
//! model but without its crosses: what two values say together is the inner product of their vectors.
//!
//! **Where ads stood** is not known when they are ranked. Surface and position then count with the shares of the impressions
//! they had in training. The log-odds are linear in each field's values, so that is the mean over places that are drawn
//! independently of the pair; what surface and position add by themselves is the mean over where ads really stood.
//!
//! **One inner product.** With P, C and A the sides of person, place and ad (see [`Side`]), and `own` what each adds alone,
//!
//! ```text
//! logit = [own(A) + ⟨C, A⟩ + mean own(C)] + [own(P + C) − own(C)] + ⟨P, A⟩
//!         bias of the ad, in f32            own of the person
//! ```
//!
//! summed as [`catalogue`](super::catalogue) sums it, which makes ranking and every other question give the same bits.
//!
//! **Special categories.** For an ad of homes, jobs or loans the person's side is made without age, gender and region, so neither
//! their own weights nor any pair they are in can count.

mod fields;
mod file;
mod parts;
mod place;

use serde::{Deserialize, Serialize};

pub(in crate::ads) use self::fields::{N_FIELDS, batch, entries};
use self::fields::{N_PEOPLES, N_PLACES, value_entries};
use self::file::FactorClicksFile;
use self::place::Place;
use super::features::{AdHashes, HashedValue, Showing, ShownAt};
use crate::learn::factor::{FactorModel, Interaction, Side};
use crate::retrieve::dot;

/// A machine, and where ads stood when it learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "FactorClicksFile", into = "FactorClicksFile")]
pub(in crate::ads) struct FactorClicks {
    machine: FactorModel,
    place: Place,
}

/// An ad's vector, and what it adds whoever it is shown to.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ads) struct AdSide {
    pub(in crate::ads) vector: Vec<f32>,
    pub(in crate::ads) bias: f32,
}

impl FactorClicks {
    /// A machine of [`N_FIELDS`] fields, and how many impressions ads had where they stood.
    pub(in crate::ads) fn new(machine: FactorModel, shown: &[ShownAt]) -> Self {
        let place = Place::of(&machine, shown);
        Self { machine, place }
    }

    pub(in crate::ads) const fn machine(&self) -> &FactorModel {
        &self.machine
    }

    /// Log-odds where ads stood on average.
    pub(in crate::ads) fn logit(&self, ad: &AdHashes, values: &[HashedValue]) -> f64 {
        let (person, ad) = (self.person(values, ad.is_special()), self.ad(ad));
        f64::from(ad.bias) + person.own + dot(&person.vector, &ad.vector) + 0.0
    }

    /// Log-odds where the ad stood.
    pub(in crate::ads) fn logit_shown(
        &self,
        ad: &AdHashes,
        values: &[HashedValue],
        showing: Showing<'_>,
    ) -> f64 {
        let bits = self.machine.params().bits();
        let with_ad = values.iter().flat_map(|&value| ad.features_with(value));
        let features = ad.features().chain(with_ad);
        let entries: Vec<_> = entries(features.chain(showing.features()), bits).collect();
        self.machine.logit(batch(&self.machine, &[entries]).row(0))
    }

    /// Coordinates of a side's vector.
    pub(in crate::ads) fn width(&self) -> usize {
        let all = self.machine.side_width(N_PEOPLES + N_PLACES);
        match self.machine.params().interaction() {
            // Those of places come last; they are in the ad's bias.
            Interaction::FieldAware => all / (N_PEOPLES + N_PLACES) * N_PEOPLES,
            Interaction::FieldWeighted | Interaction::Plain => all,
        }
    }

    /// A person's side, for ads of special categories or for others.
    pub(in crate::ads) fn person(&self, values: &[HashedValue], is_special: bool) -> Side {
        let bits = self.machine.params().bits();
        let own: Vec<_> = value_entries(values, is_special, bits).collect();
        let placed: Vec<_> = own.iter().copied().chain(self.place.entries()).collect();
        let rows = batch(&self.machine, &[own, placed]);
        let side = |row| {
            self.machine
                .person_side(rows.row(row), N_PEOPLES + N_PLACES)
        };
        let Side { mut vector, .. } = side(0);
        vector.truncate(self.width());
        Side {
            vector,
            own: side(1).own - self.place.side().own,
        }
    }

    /// An ad's side.
    pub(in crate::ads) fn ad(&self, ad: &AdHashes) -> AdSide {
        let slots = self.machine.params().bits();
        let rows = batch(&self.machine, &[entries(ad.features(), slots).collect()]);
        let side = self.machine.ad_side(rows.row(0), N_PEOPLES + N_PLACES);
        let Side { mut vector, own } = side;
        let whoever = own + dot(&self.place.side().vector, &vector) + self.place.mean_own();
        vector.truncate(self.width());
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a catalogue's biases are f32"
        )]
        let bias = whoever as f32;
        AdSide { vector, bias }
    }
}

#[cfg(test)]
mod tests;
