//! What is shared about people besides their profiles: device and usage of their messenger, what they were shown and clicked
//! before, and what their friends did.
//!
//! [`SharedFacts`] holds what tables say of people who permit it, [`History`] what happened, and each row and each profile gets
//! its [`Shared`] from the two: values for every ad, and levels. Nothing of it counts for ads of special categories.

mod history;
mod level;
mod levels;
mod params;
mod usage;

use std::sync::Arc;

pub use history::History;
pub use level::Level;
pub(in crate::ads) use level::Scale;
use levels::Levels;
pub use params::SharedParams;
pub use usage::{Hid, Tie, Usage};

use super::audience::{Audiences, ListMember};
use super::features::{HashedValue, UserValue};
use crate::consent::{AdRelevance, Permitted};
use crate::hash::HashMap;
use crate::ids::{AdId, AdvertiserId, AudienceId, UserId};
use crate::signals::{Ad, AdCategory};
use crate::time::Timestamp;

/// What an ad has to be for a level to count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdKey {
    /// This very ad.
    Ad(AdId),
    /// An ad of this advertiser.
    Advertiser(AdvertiserId),
    /// An ad of this category.
    Category(AdCategory),
}

impl AdKey {
    /// Is an ad one of these?
    pub(in crate::ads) fn is_of(&self, ad: &Ad) -> bool {
        match self {
            Self::Ad(id) => *id == ad.ad_id,
            Self::Advertiser(id) => *id == ad.advertiser_id,
            Self::Category(category) => *category == ad.category,
        }
    }
}

/// A level that counts for some ads only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Told {
    /// The level.
    pub level: Level,
    /// For which ads.
    pub key: AdKey,
}

/// What is shared about a person at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shared {
    /// Device, usage and the person themselves, by field.
    facts: Arc<[Fact]>,
    /// Levels that count for the ad in question, by field.
    pub(in crate::ads) levels: Levels,
    /// What own columns say of the showing, hashed.
    pub(in crate::ads) showing: Box<[u64]>,
}

impl Shared {
    /// Every value and level, in words, in the order of their features.
    pub(in crate::ads) fn values(&self) -> impl Iterator<Item = UserValue> + '_ {
        let levels = self.levels.iter().map(|level| UserValue::from(*level));
        let facts = self.facts.iter().map(|fact| fact.value.clone());
        facts.chain(levels)
    }

    /// The same, hashed.
    pub(in crate::ads) fn hashed(&self) -> impl Iterator<Item = HashedValue> + '_ {
        let facts = self.facts.iter().map(Fact::hashed);
        facts.chain(self.levels.iter().map(|level| level.hashed()))
    }

    /// Facts and levels, which are put in order on the way.
    fn told(facts: &Arc<[Fact]>, levels: &mut [Level]) -> Self {
        Self {
            facts: Arc::clone(facts),
            levels: Levels::of(levels),
            showing: Box::default(),
        }
    }
}

/// A value with its hash: rows and rankings ask for it again and again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Fact {
    value: UserValue,
    hash: u64,
}

impl Fact {
    const fn hashed(&self) -> HashedValue {
        HashedValue {
            field: self.value.field,
            hash: self.hash,
        }
    }
}

impl From<UserValue> for Fact {
    fn from(value: UserValue) -> Self {
        Self {
            hash: value.hashed().hash,
            value,
        }
    }
}

impl From<Level> for UserValue {
    fn from(level: Level) -> Self {
        Self {
            field: level.field,
            value: level.words(),
        }
    }
}

impl Level {
    pub(in crate::ads) fn hashed(self) -> HashedValue {
        HashedValue {
            field: self.field,
            hash: self.hash(),
        }
    }
}

/// What tables say of permitted people besides their profiles.
#[derive(Clone, Debug, Default)]
pub struct SharedFacts {
    facts: HashMap<UserId, Arc<[Fact]>>,
    /// By person, friends by id, and since when.
    friends: HashMap<UserId, Vec<(UserId, Timestamp)>>,
    /// By person, what they hid.
    hid: HashMap<UserId, Vec<Hid>>,
    /// By person, the advertisers on whose lists they are, and since when.
    lists: HashMap<UserId, Vec<(AdvertiserId, Timestamp)>>,
}

impl SharedFacts {
    /// From usage and ties that passed the gate. Of several accounts of a person the last in the order of usage counts.
    ///
    /// # Complexity
    /// O(usage + ties · log ties).
    #[must_use]
    pub fn new(
        usage: &[Permitted<Usage, AdRelevance>],
        ties: &[Permitted<Tie, AdRelevance>],
    ) -> Self {
        let facts = |one: &Usage| usage::values(one).into_iter().map(Fact::from).collect();
        let usage = usage.iter().map(Permitted::get);
        Self {
            facts: usage.map(|one| (one.user, facts(one))).collect(),
            friends: usage::friends(ties.iter().map(Permitted::get)),
            hid: HashMap::default(),
            lists: HashMap::default(),
        }
    }

    /// With what people hid, told to their friends in numbers of people.
    #[must_use]
    pub fn with_hid(mut self, hid: &[Permitted<Hid, AdRelevance>]) -> Self {
        for one in hid.iter().map(Permitted::get) {
            self.hid.entry(one.user).or_default().push(*one);
        }
        self
    }

    /// With the customer lists that people are on: those that their advertiser may use.
    #[must_use]
    pub fn with_lists(
        mut self,
        members: &[Permitted<ListMember, AdRelevance>],
        audiences: &Audiences,
    ) -> Self {
        let mut on: Vec<(UserId, AdvertiserId, AudienceId, Timestamp)> = Vec::new();
        for member in members.iter().map(Permitted::get) {
            let usable = audiences.usable_with(member);
            on.extend(usable.map(|owner| (member.user, owner, member.audience, member.added_at)));
        }
        on.sort_unstable();
        // A list counts once, from when on the person was first on it.
        on.dedup_by_key(|(user, owner, list, _)| (*user, *owner, *list));
        for (user, owner, _, since) in on {
            self.lists.entry(user).or_default().push((owner, since));
        }
        self
    }

    /// Is anybody on a list?
    #[must_use]
    pub fn has_lists(&self) -> bool {
        !self.lists.is_empty()
    }

    /// What is known of some people alone, each with those of their friends who are among them.
    #[must_use]
    pub fn of_those(&self, is_in: &dyn Fn(UserId) -> bool) -> Self {
        let facts = self.facts.iter().filter(|(user, _)| is_in(**user));
        let friends = self.friends.iter().filter(|(user, _)| is_in(**user));
        let lists = self.lists.iter().filter(|(user, _)| is_in(**user));
        let hid = self.hid.iter().filter(|(user, _)| is_in(**user));
        let those = |friends: &[(UserId, Timestamp)]| {
            let those = friends.iter().filter(|(friend, _)| is_in(*friend));
            those.copied().collect()
        };
        Self {
            facts: facts.map(|(user, own)| (*user, Arc::clone(own))).collect(),
            friends: friends.map(|(user, own)| (*user, those(own))).collect(),
            hid: hid.map(|(user, own)| (*user, own.clone())).collect(),
            lists: lists.map(|(user, own)| (*user, own.clone())).collect(),
        }
    }

    /// What of it a model looks at, and what own columns say of the person.
    fn facts(
        &self,
        user: UserId,
        own_columns: impl Iterator<Item = UserValue>,
        params: &SharedParams,
    ) -> Arc<[Fact]> {
        let own = self
            .facts
            .get(&user)
            .into_iter()
            .flat_map(|facts| facts.iter());
        let looked_at = own.filter(|fact| params.looks_at(fact.value.field));
        let person = params.person.then(|| usage::person(user).into());
        let own_columns = own_columns.map(Fact::from);
        looked_at
            .cloned()
            .chain(person)
            .chain(own_columns)
            .collect()
    }

    fn lists(&self, user: UserId) -> &[(AdvertiserId, Timestamp)] {
        self.lists.get(&user).map_or(&[], Vec::as_slice)
    }

    fn hid(&self, user: UserId) -> &[Hid] {
        self.hid.get(&user).map_or(&[], Vec::as_slice)
    }

    fn friends(&self, user: UserId) -> &[(UserId, Timestamp)] {
        self.friends.get(&user).map_or(&[], Vec::as_slice)
    }
}
