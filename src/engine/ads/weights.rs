//! Explain the model: which fields move it, over people and ads of the run.

use super::Ads;
use crate::ads::{ModelWeights, PersonsAds, UserProfile};
use crate::consent::Permitted;
use crate::engine::world::World;
use crate::hash::mix_two;
use crate::signals::Ad;

/// Ads looked at of each person.
const ADS: u64 = 8;
/// Salt of which ones.
const SALT: u64 = 0x3E16;

impl Ads {
    /// How far each field moves the model.
    pub(in crate::engine) fn weights(&self, world: &World) -> ModelWeights {
        let pairs = |person| PersonsAds {
            person,
            ads: self.drawn(world, person),
        };
        let people = self.profiles.all().iter().map(Permitted::get);
        let people: Vec<PersonsAds<'_>> = people.map(pairs).collect();
        let people_min = u64::from(world.params.ads.signals().friends_min);
        ModelWeights::of(&self.model, &people, people_min)
    }

    /// Some ads that the policy lets somebody have: those on which the draws of a hash fall, each once.
    fn drawn<'a>(&self, world: &'a World, person: &UserProfile) -> Vec<&'a Ad> {
        let ads = &world.inputs.ads;
        let Some(n_ads) = std::num::NonZeroU64::new(ads.len() as u64) else {
            return Vec::new();
        };
        let draw = |n| usize::try_from(mix_two(SALT ^ n, person.user.0) % n_ads);
        let mut places: Vec<usize> = (0..ADS).filter_map(|n| draw(n).ok()).collect();
        places.sort_unstable();
        places.dedup();
        let drawn = places.into_iter().map(|at| &ads[at]);
        drawn
            .filter(|ad| self.guard.eligibility(person, ad).is_ok())
            .collect()
    }
}
