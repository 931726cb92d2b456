//! Ad scores as rows.

use crate::ads::LimitedProfile;
use crate::ads::{
    AdCounts, AdScore, Ineligible, Offered, RankedAds, rank_limited, rank_own, rank_ready,
};
use crate::consent::{Decision, LimitedAds, Permitted};
use crate::engine::ads::Ads;
use crate::engine::outputs::AdRow;
use crate::engine::publishing::{Ranks, keep};
use crate::engine::world::World;
use crate::engine::{EngineError, Progress, RunFinding, Stage, Staged};
use crate::hash::HashMap;
use crate::ids::{AdId, UserId};
use crate::signals::Ad;

/// From how many people on it is no chance that none of them is shown an ad.
const READERS_EXPECTED_FROM: usize = 10;

impl Ads {
    /// Everybody's best ads, with the sums of how they came about.
    pub(in crate::engine) fn everybody(
        &self,
        world: &World,
        progress: &dyn Progress,
    ) -> Result<Staged<Vec<AdScore>>, EngineError> {
        progress.begin("ranking ads", None);
        let everybody = self.profiles.all();
        let (k, done) = (world.params.ads.k(), |n| progress.advance(n));
        let offered = self.offered(world);
        let mut ranked = rank_ready(everybody, offered, &self.model, &self.guard, k, &done)?;
        if !self.limited.all().is_empty() {
            ranked = ranked.and(self.rank_limited(world, self.limited.all(), k)?);
        }
        Ok(Staged {
            value: ranked.scores,
            stage: stage(&ranked.counts),
        })
    }

    /// A finding, if nobody is shown any ad where somebody was expected.
    pub(in crate::engine) fn if_empty(
        &self,
        world: &World,
        scores: &[AdScore],
    ) -> Option<RunFinding> {
        let (n_ads, n_readers) = (world.inputs.ads.len(), self.n_readers());
        (scores.is_empty() && n_ads > 0 && n_readers >= READERS_EXPECTED_FROM).then(|| {
            RunFinding::new(
                "empty_output",
                format!("{n_readers} people may be shown {n_ads} ads, and none is shown to anybody"),
                "check starts_at and ends_at against the moment of the run, and whom the ads are for",
            )
        })
    }

    /// The `k` best ads of one person; none for somebody who may not get any.
    pub(in crate::engine) fn of_person(
        &self,
        world: &World,
        user: UserId,
        k: usize,
    ) -> Result<Vec<AdScore>, EngineError> {
        // A ranking makes at least one place.
        if k == 0 {
            return Ok(Vec::new());
        }
        if let Some(profile) = self.limited.of_user(user) {
            let ranked = self.rank_limited(world, std::slice::from_ref(profile), k)?;
            return Ok(ranked.scores);
        }
        let Some(profile) = self.profiles.of(user) else {
            return Ok(Vec::new());
        };
        let (person, offered) = (std::slice::from_ref(profile), self.offered(world));
        let ranked = rank_ready(person, offered, &self.model, &self.guard, k, &|_| ())?;
        Ok(ranked.scores)
    }

    /// The first `k` of the ads for which a caller says how probable a click is. None for whoever does not allow everything that is
    /// shared to count: nobody knows what the caller's probabilities rest on.
    pub(in crate::engine) fn rank_own(
        &self,
        world: &World,
        user: UserId,
        given: impl Iterator<Item = (AdId, f64)>,
        k: usize,
    ) -> Vec<(AdId, f64)> {
        let is_allowed = self.view.gates.people.decision(user).is_allowed();
        let Some(profile) = self.profiles.of(user).filter(|_| is_allowed) else {
            return Vec::new();
        };
        let ads: HashMap<AdId, &Ad> = world.inputs.ads.iter().map(|ad| (ad.ad_id, ad)).collect();
        let known = given.filter_map(|(id, p_click)| Some((*ads.get(&id)?, p_click)));
        rank_own(profile, known, &self.guard, k)
    }

    fn rank_limited(
        &self,
        world: &World,
        people: &[Permitted<LimitedProfile, LimitedAds>],
        k: usize,
    ) -> Result<RankedAds, EngineError> {
        let offered = self.offered(world);
        let (model, guard) = (&self.model, &self.guard);
        Ok(rank_limited(people, offered, model, guard, k, &|_| ())?)
    }

    fn n_readers(&self) -> usize {
        self.profiles.all().len() + self.limited.all().len()
    }

    /// What the gate says of somebody at the level they chose.
    pub(in crate::engine) fn decision(&self, user: UserId) -> Decision {
        let full = || self.view.gates.people.decision(user);
        self.limited.decision(user).unwrap_or_else(full)
    }

    fn offered<'a>(&'a self, world: &'a World) -> Offered<'a> {
        Offered {
            ads: &world.inputs.ads,
            ready: &self.ready,
        }
    }

    /// Ad scores as rows, by person and rank.
    pub(in crate::engine) fn rows<'a>(
        &'a self,
        scores: &'a [AdScore],
        stage: &'a mut Stage,
    ) -> impl Iterator<Item = AdRow> + 'a {
        let mut ranks = Ranks::default();
        scores
            .iter()
            .filter(move |score| keep(stage, [self.decision(score.user)]))
            .map(move |score| AdRow {
                user: score.user,
                rank: ranks.next(score.user),
                ad: score.ad_id,
                p_click: score.p_click,
                value: score.value,
                price: score.price,
                reasons: score.reasons.clone(),
            })
    }
}

fn stage(counts: &AdCounts) -> Stage {
    let mut stage = Stage::new("people × ads → ad scores");
    stage.pass(counts.emitted);
    for (reason, n) in &counts.ineligible {
        stage.drop(reason.as_str(), *n);
    }
    stage.drop(Ineligible::AdvertiserCap.as_str(), counts.advertiser_full);
    stage.drop("beyond_k", counts.beyond_k);
    stage
}
