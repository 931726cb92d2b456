//! Explain: one person and one ad of a run, from the gate to the price.

use serde::Serialize;

use crate::ads::{
    AdScore, ClickModel, Contribution, Contributions, Guard, Ineligible, LimitedProfile,
    UserProfile,
};
use crate::consent::{AdLevel, Decision, Purpose};
use crate::engine::EngineError;
use crate::engine::ads::Ads;
use crate::engine::world::World;
use crate::ids::{AccountId, AdId, UserId};
use crate::signals::Ad;
use crate::time::Timestamp;

/// Why somebody is shown an ad, or why not. No phone number is in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AdExplained {
    /// To whom.
    pub user: UserId,
    /// Which ad.
    pub ad_id: AdId,
    /// From 1; none if it is not given out.
    pub rank: Option<u32>,
    /// Probability of a click per impression, calibrated; none if a rule forbids the pair.
    pub p_click: Option<f64>,
    /// Bid × probability + quality, currency units per impression; none if a rule forbids the pair.
    pub value: Option<f64>,
    /// What a click costs, currency units; none if it is not given out.
    pub price: Option<f64>,
    /// Currency units per click.
    pub bid: Option<f64>,
    /// Currency units per impression.
    pub quality: Option<f64>,
    /// Why, strongest first, as it is published.
    pub reasons: Vec<String>,
    /// The log-odds of a click; the sum of the parts.
    pub log_odds: Option<f64>,
    /// The probability before calibration.
    pub p_uncalibrated: Option<f64>,
    /// What each field adds to the log-odds, largest first.
    pub parts: Vec<AdPart>,
    /// What the person allowed; none if the gate says no.
    pub grant: Option<Grant>,
    /// What keeps the ad from the person; none if it is given out.
    pub why_not: Option<NotShown>,
}

/// What one field adds to the log-odds of a click.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AdPart {
    /// Which field, such as `interest × category`.
    pub field: String,
    /// What the person has in it, if it is the person's.
    pub value: Option<String>,
    /// What it adds.
    pub log_odds: f64,
    /// The columns it is from.
    pub sources: Vec<&'static str>,
    /// The purpose the person allowed it for; none if it does not rest on what is known of the person.
    pub granted_for: Option<Purpose>,
}

/// What somebody allowed, account by account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// For what.
    pub purpose: Purpose,
    /// Their messenger accounts and where each stands with the terms, orders of regulators aside.
    pub accounts: Vec<(AccountId, &'static str)>,
    /// How far ads may go.
    pub level: AdLevel,
    /// If an order spares newer data only: collected since when.
    pub since: Option<Timestamp>,
}

/// What keeps an ad from a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
#[non_exhaustive]
pub enum NotShown {
    /// Nobody knows who that is: no row of `social_accounts` that can be used is theirs, at the moment asked about.
    UnknownPerson,
    /// The gate lets the person not through.
    Gate {
        /// Why.
        reason: &'static str,
    },
    /// No table has the ad, or its row was rejected.
    UnknownAd,
    /// A rule of the policy.
    Policy {
        /// Which.
        reason: Ineligible,
    },
    /// The list has as many ads of its advertiser as its cap leaves.
    AdvertiserFull,
    /// Others are worth more.
    BeyondK {
        /// The place it would have, from 1.
        place: u32,
        /// How many are given out.
        k: usize,
    },
}

impl Ads {
    /// Explains one person and one ad of the run.
    pub(in crate::engine) fn explain(
        &self,
        world: &World,
        user: UserId,
        ad_id: AdId,
    ) -> Result<AdExplained, EngineError> {
        let mut explained = AdExplained::of(user, ad_id);
        let Some(person) = self.person(user) else {
            explained.why_not = Some(if world.inputs.knows(user) {
                let reason = self.view.gates.denial(user);
                NotShown::Gate { reason }
            } else {
                NotShown::UnknownPerson
            });
            return Ok(explained);
        };
        explained.grant = Some(self.grant(world, user));
        let Some(ad) = world.inputs.ads.iter().find(|ad| ad.ad_id == ad_id) else {
            explained.why_not = Some(NotShown::UnknownAd);
            return Ok(explained);
        };
        (explained.bid, explained.quality) = (Some(ad.bid), Some(ad.quality));
        if let Err(reason) = person.eligibility(&self.guard, ad) {
            explained.why_not = Some(NotShown::Policy { reason });
            return Ok(explained);
        }
        let parts = person.contributions(&self.model, ad);
        explained.take_apart(&parts, ad);
        self.place(world, &mut explained)?;
        Ok(explained)
    }

    /// Where the ad stands on the list that is published, or would stand on a longer one.
    fn place(&self, world: &World, explained: &mut AdExplained) -> Result<(), EngineError> {
        let k = world.params.ads.k();
        let rank = |k| -> Result<Option<AdScore>, EngineError> {
            let mut scores = self.of_person(world, explained.user, k)?.into_iter();
            Ok(scores.find(|score| score.ad_id == explained.ad_id))
        };
        if let Some(score) = rank(k)? {
            explained.rank = Some(score.rank);
            explained.price = Some(score.price);
            explained.reasons = score.reasons;
            return Ok(());
        }
        explained.why_not = Some(match rank(world.inputs.ads.len())? {
            None => NotShown::AdvertiserFull,
            Some(score) => NotShown::BeyondK {
                place: score.rank,
                k,
            },
        });
        Ok(())
    }

    /// What counts of somebody who may get ads.
    fn person(&self, user: UserId) -> Option<Person<'_>> {
        let limited = self.limited.of_user(user);
        let limited = limited.map(|one| Person::Limited(one.get()));
        limited.or_else(|| Some(Person::Full(self.profiles.of(user)?.get())))
    }

    fn grant(&self, world: &World, user: UserId) -> Grant {
        let links = self.limited.links_of(user).unwrap_or(&self.view.links);
        let links = links.iter().filter(|link| link.user == user);
        let state = |account| {
            Some((
                account,
                world
                    .standing
                    .snapshot
                    .status(account)?
                    .underneath()
                    .as_str(),
            ))
        };
        let mut accounts: Vec<_> = links.filter_map(|link| state(link.account)).collect();
        accounts.sort_unstable();
        accounts.dedup();
        let since = match self.view.gates.people.decision(user) {
            Decision::Allowed { since } if since > Timestamp::MIN => Some(since),
            Decision::Allowed { .. } | Decision::Denied(_) => None,
        };
        let level = match self.limited.of_user(user) {
            Some(_) => AdLevel::Limited,
            None => AdLevel::Full,
        };
        Grant {
            purpose: Purpose::AdRelevance,
            level,
            accounts,
            since,
        }
    }
}

/// What counts of somebody, by how far they let ads go.
#[derive(Clone, Copy)]
enum Person<'a> {
    Full(&'a UserProfile),
    Limited(&'a LimitedProfile),
}

impl Person<'_> {
    fn eligibility(self, guard: &Guard, ad: &Ad) -> Result<(), Ineligible> {
        match self {
            Self::Full(profile) => guard.eligibility(profile, ad),
            Self::Limited(profile) => profile.eligibility(guard, ad),
        }
    }

    fn contributions(self, model: &ClickModel, ad: &Ad) -> Contributions {
        match self {
            Self::Full(profile) => model.contributions(profile, ad),
            Self::Limited(profile) => profile.contributions(model, ad),
        }
    }
}

impl AdExplained {
    pub(in crate::engine) const fn of(user: UserId, ad_id: AdId) -> Self {
        Self {
            user,
            ad_id,
            rank: None,
            p_click: None,
            value: None,
            price: None,
            bid: None,
            quality: None,
            reasons: Vec::new(),
            log_odds: None,
            p_uncalibrated: None,
            parts: Vec::new(),
            grant: None,
            why_not: None,
        }
    }

    fn take_apart(&mut self, found: &Contributions, ad: &Ad) {
        self.p_click = Some(found.p_click);
        self.p_uncalibrated = Some(found.p_uncalibrated);
        self.log_odds = Some(found.logit);
        self.value = Some(crate::ads::ad_value(ad, found.p_click));
        self.parts = found.parts.iter().map(part).collect();
        self.parts
            .sort_by(|a, b| b.log_odds.abs().total_cmp(&a.log_odds.abs()));
    }
}

fn part(part: &Contribution) -> AdPart {
    AdPart {
        field: part.field.name(),
        value: part.value.clone(),
        log_odds: part.log_odds,
        sources: part.field.sources(),
        granted_for: part.is_personal.then_some(Purpose::AdRelevance),
    }
}
