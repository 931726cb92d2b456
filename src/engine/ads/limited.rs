//! People who allow ads at the level *limited* alone.

use crate::ads::{HiddenAd, LimitedProfile};
use crate::consent::{AdRelevance, Decision, LimitedAds, Permitted};
use crate::engine::Stage;
use crate::engine::world::World;
use crate::engine::world::view::{Gates, View};
use crate::hash::HashMap;
use crate::identity::Link;
use crate::ids::UserId;

/// Whoever passes the gate of limited ads, and not that of all that is shared for ads.
#[derive(Debug, Default)]
pub(in crate::engine) struct LimitedPeople {
    /// None if nobody chose that level.
    gates: Option<Gates<LimitedAds>>,
    profiles: Vec<Permitted<LimitedProfile, LimitedAds>>,
    place_of: HashMap<UserId, usize>,
    pub(in crate::engine) hidden: Vec<Permitted<HiddenAd, LimitedAds>>,
}

impl LimitedPeople {
    /// Everybody who is not in the view of ads and allows them at that level; notes how many there are, if there are any.
    pub(in crate::engine) fn of(world: &mut World, full: &View<AdRelevance>) -> Self {
        if !world.standing.has_limited() {
            return Self::default();
        }
        let gates: Gates<LimitedAds> = world.standing.gates(&world.inputs);
        let is_limited = |user| !full.gates.people.decision(user).is_allowed();
        let year = world.standing.as_of.valid.year();
        let mut stage = Stage::new("social accounts → people (ad_relevance, limited)");
        let accounts = world.inputs.social.rows().iter();
        let accounts = accounts.filter(|account| is_limited(account.user_id));
        let profile = |account| gates.people.permit(LimitedProfile::new(account, year));
        let profiles = stage.keep(accounts.map(profile));
        if !profiles.is_empty() {
            world.stages.push(stage);
        }
        let rows = world.inputs.ad_feedback.iter().map(HiddenAd::from);
        let hidden = rows.filter(|hidden| is_limited(hidden.user));
        let hidden = hidden.filter_map(|hidden| gates.people.permit(hidden).ok());
        let hidden = hidden.collect();
        let people = profiles.iter().enumerate();
        Self {
            place_of: people.map(|(at, one)| (one.get().user(), at)).collect(),
            profiles,
            hidden,
            gates: Some(gates),
        }
    }

    /// All of them.
    pub(in crate::engine) fn all(&self) -> &[Permitted<LimitedProfile, LimitedAds>] {
        &self.profiles
    }

    /// One of them.
    pub(in crate::engine) fn of_user(
        &self,
        user: UserId,
    ) -> Option<&Permitted<LimitedProfile, LimitedAds>> {
        self.place_of.get(&user).map(|&at| &self.profiles[at])
    }

    /// Links among which theirs are, if somebody is one of them.
    pub(in crate::engine) fn links_of(&self, user: UserId) -> Option<&[Link]> {
        self.place_of.get(&user)?;
        Some(self.gates.as_ref()?.links())
    }

    /// What the gate says of one of them; none of anybody else.
    pub(in crate::engine) fn decision(&self, user: UserId) -> Option<Decision> {
        self.place_of.get(&user)?;
        Some(self.gates.as_ref()?.people.decision(user))
    }
}
