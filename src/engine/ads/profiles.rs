//! What is known of everybody who may get ads.

use crate::ads::UserProfile;
use crate::consent::{AdRelevance, Permitted};
use crate::engine::world::World;
use crate::engine::world::view::View;
use crate::hash::HashMap;
use crate::ids::UserId;

/// Profiles that passed the gate, to be found by person.
#[derive(Debug)]
pub(in crate::engine) struct Profiles {
    all: Vec<Permitted<UserProfile, AdRelevance>>,
    place_of: HashMap<UserId, usize>,
}

impl Profiles {
    /// The profiles of everybody who passes.
    pub(in crate::engine) fn of_view(world: &World, view: &View<AdRelevance>) -> Self {
        let year = world.standing.as_of.valid.year();
        let gate = &view.gates.people;
        let social = world.inputs.social.rows().iter();
        let permitted = |account| gate.permit(UserProfile::new(account, year)).ok();
        Self::new(social.filter_map(permitted).collect())
    }

    /// These profiles.
    pub(in crate::engine) fn new(all: Vec<Permitted<UserProfile, AdRelevance>>) -> Self {
        let people = all.iter().enumerate();
        let place_of = people.map(|(at, one)| (one.get().user, at)).collect();
        Self { all, place_of }
    }

    /// All of them.
    pub(in crate::engine) fn all(&self) -> &[Permitted<UserProfile, AdRelevance>] {
        &self.all
    }

    /// That of one person; none of somebody who may not get any ads.
    pub(in crate::engine) fn of(
        &self,
        user: UserId,
    ) -> Option<&Permitted<UserProfile, AdRelevance>> {
        self.place_of.get(&user).map(|&at| &self.all[at])
    }
}
