//! Ads for whoever allows them at the level *limited* alone.
//!
//! What counts of such a person is in [`LimitedProfile`], and nothing else can be: it has no place for interests, gender, devices,
//! history, friends, customer lists or own columns. It passes the gate of [`LimitedAds`], and what passes that gate alone is
//! taken by nothing that a model is trained from, a graph is built from or a list is resolved with.

use std::sync::Arc;

use super::age_band::AgeBand;
use super::click_model::ClickModel;
use super::explain::Contributions;
use super::policy::{Guard, Ineligible};
use super::profile::UserProfile;
use super::relevance::{Offered, RankedAds, rank_profiles};
use super::{AdsError, shared::Shared};
use crate::consent::{About, LimitedAds, Permitted};
use crate::ids::{Region, UserId};
use crate::signals::{Ad, Attributes, OwnValues, SocialAccount};
use crate::time::Timestamp;

/// All that counts of somebody who allows ads at the level *limited*.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitedProfile {
    user: UserId,
    region: Option<Region>,
    /// For what the law keeps from minors, and the band.
    age: Option<u16>,
    language: Option<String>,
}

impl LimitedProfile {
    /// What counts of an account in a calendar year.
    #[must_use]
    pub fn new(account: &SocialAccount, year: i16) -> Self {
        Self {
            user: account.user_id,
            region: account.region,
            age: account.age_in(year),
            language: account.language.clone(),
        }
    }

    /// Who.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// As the models see them.
    fn seen(&self) -> UserProfile {
        UserProfile {
            user: self.user,
            age: self.age,
            attributes: Arc::new(Attributes {
                region: self.region,
                age_band: self.age.and_then(AgeBand::of).map(|band| band.to_string()),
                gender: None,
                language: self.language.clone(),
                interests: Vec::new(),
            }),
            own: OwnValues::default(),
            shared: Shared::default(),
            about: Vec::new(),
        }
    }

    /// May an ad be scored for them?
    pub(crate) fn eligibility(&self, guard: &Guard, ad: &Ad) -> Result<(), Ineligible> {
        guard.eligibility(&self.seen(), ad)
    }

    /// What speaks for an ad and against it.
    pub(crate) fn contributions(&self, model: &ClickModel, ad: &Ad) -> Contributions {
        model.contributions(&self.seen(), ad)
    }
}

impl About for LimitedProfile {
    type Id = UserId;
    type Ids = [UserId; 1];

    fn about(&self) -> [UserId; 1] {
        [self.user]
    }

    /// A profile is what the network knows now.
    fn collected_at(&self) -> Timestamp {
        Timestamp::MAX
    }
}

/// As [`rank_ready`](super::rank_ready), for people who allow ads at the level *limited* alone.
///
/// # Errors
/// As [`rank_ads`](super::rank_ads).
pub(crate) fn rank_limited(
    people: &[Permitted<LimitedProfile, LimitedAds>],
    offered: Offered<'_>,
    model: &ClickModel,
    guard: &Guard,
    k: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<RankedAds, AdsError> {
    let seen: Vec<UserProfile> = people.iter().map(|one| one.get().seen()).collect();
    rank_profiles(seen.iter().collect(), offered, model, guard, k, progress)
}
