//! One person's past, walked from the first showing on.
//!
//! A walk is asked at one moment after another, and answers by what happened strictly before: what the person was shown and
//! clicked, and what their friends were. What friends did is told only where at least so many of them stand behind a value, and
//! as a sum.

use super::events::{Advertised, Catalogue, Event, HidOf};
use super::segments::Sums;
use crate::ads::features::UserField;
use crate::ads::shared::level::Level;
use crate::ads::shared::{AdKey, SharedParams, Told};
use crate::hash::{HashMap, HashSet};
use crate::time::Timestamp;

/// Expected clicks that a parent's ratio counts for.
const STRENGTH: f64 = 2.0;
/// The same for a category or advertiser beside the person's ratio.
const STRENGTH_WITHIN: f64 = 1.0;
/// The same for friends.
const STRENGTH_OF_FRIENDS: f64 = 3.0;

/// Something that happened before a friend's or one's own next row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    /// From when on it is known.
    pub(super) at: Timestamp,
    /// Which friend it was, from 1; oneself is 0.
    pub(super) who: u32,
    pub(super) what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Shown(Event),
    /// Told of friends alone: what one hid oneself is not shown at all.
    Hid(HidOf),
    /// Told of oneself alone: an advertiser has one on a list.
    Listed(u32),
}

/// How often one ad was shown to one person.
#[derive(Clone, Copy, Debug, Default)]
struct Shown {
    impressions: u64,
    clicks: u64,
}

/// What friends did with one category or advertiser.
#[derive(Clone, Copy, Debug, Default)]
struct OfFriends {
    sums: Sums,
    /// How many friends stand behind it.
    n_friends: u32,
}

/// What friends did with each category, or with each advertiser.
#[derive(Debug, Default)]
struct ByFriends {
    of: HashMap<u32, OfFriends>,
    /// Which friend stands behind which of them: one set for all, for a walk has many and most are small.
    who: HashSet<(u32, u32)>,
}

impl ByFriends {
    fn add(&mut self, key: u32, who: u32, sums: Sums) {
        let found = self.of.entry(key).or_default();
        found.sums.add(sums);
        found.n_friends += u32::from(self.who.insert((key, who)));
    }
}

/// One person's past up to a moment.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    catalogue: &'a Catalogue,
    params: SharedParams,
    steps: Vec<Step>,
    next: usize,
    own: Sums,
    impressions: u64,
    last_shown: Option<Timestamp>,
    last_clicked: Option<Timestamp>,
    by_category: HashMap<u32, Sums>,
    by_advertiser: HashMap<u32, Sums>,
    by_ad: HashMap<u32, Shown>,
    friends: Sums,
    friends_by_category: ByFriends,
    friends_by_advertiser: ByFriends,
    hid_category: HashMap<u32, HashSet<u32>>,
    hid_advertiser: HashMap<u32, HashSet<u32>>,
    lists: HashMap<u32, u64>,
}

impl<'a> Walk<'a> {
    /// Of steps in any order.
    pub(super) fn new(
        mut steps: Vec<Step>,
        catalogue: &'a Catalogue,
        params: SharedParams,
    ) -> Self {
        steps.sort_unstable();
        Self {
            catalogue,
            params,
            steps,
            next: 0,
            own: Sums::default(),
            impressions: 0,
            last_shown: None,
            last_clicked: None,
            by_category: HashMap::default(),
            by_advertiser: HashMap::default(),
            by_ad: HashMap::default(),
            friends: Sums::default(),
            friends_by_category: ByFriends::default(),
            friends_by_advertiser: ByFriends::default(),
            hid_category: HashMap::default(),
            hid_advertiser: HashMap::default(),
            lists: HashMap::default(),
        }
    }

    /// Goes on to a moment not before the last: what is known by then, but nothing of that very instant.
    pub(super) fn go_to(&mut self, now: Timestamp) {
        while let Some(&step) = self.steps.get(self.next).filter(|step| step.at < now) {
            self.next += 1;
            match step.what {
                What::Shown(event) if step.who == 0 => self.take_own(event),
                What::Shown(event) => self.take_friends(step.who, event),
                What::Hid(of) => self.take_hidden(step.who, of),
                What::Listed(advertiser) => *self.lists.entry(advertiser).or_default() += 1,
            }
        }
    }

    fn take_own(&mut self, event: Event) {
        let Advertised {
            advertiser,
            category,
        } = self.catalogue.advertised(event.ad);
        let sums = sums_of(event);
        self.own.add(sums);
        self.impressions += u64::from(event.impressions);
        self.by_category.entry(category).or_default().add(sums);
        self.by_advertiser.entry(advertiser).or_default().add(sums);
        let shown = self.by_ad.entry(event.ad).or_default();
        shown.impressions += u64::from(event.impressions);
        shown.clicks += u64::from(event.clicks);
        self.last_shown = Some(event.at);
        if event.clicks > 0 {
            self.last_clicked = Some(event.at);
        }
    }

    fn take_friends(&mut self, who: u32, event: Event) {
        let Advertised {
            advertiser,
            category,
        } = self.catalogue.advertised(event.ad);
        let sums = sums_of(event);
        self.friends.add(sums);
        self.friends_by_category.add(category, who, sums);
        self.friends_by_advertiser.add(advertiser, who, sums);
    }

    fn take_hidden(&mut self, who: u32, of: HidOf) {
        let advertiser = self.hid_advertiser.entry(of.advertiser);
        advertiser.or_default().insert(who);
        if let Some(category) = of.category {
            self.hid_category.entry(category).or_default().insert(who);
        }
    }

    /// What holds whatever the ad; `segment` is the ratio of the person's segment.
    pub(super) fn levels(&self, now: Timestamp, segment: f64, levels: &mut Vec<Level>) {
        if !self.params.history {
            return;
        }
        levels.push(Level::count(UserField::Showings, self.impressions));
        levels.push(Level::ratio(UserField::OwnRate, self.ratio(segment)));
        let since = |field, then: Option<Timestamp>| Some(Level::since(field, then?, now));
        levels.extend(since(UserField::LastShown, self.last_shown));
        levels.extend(since(UserField::LastClicked, self.last_clicked));
    }

    /// What holds for one ad.
    pub(super) fn levels_for(&self, ad: u32, segment: f64, levels: &mut Vec<Level>) {
        let of = self.catalogue.advertised(ad);
        if self.params.history {
            let own = self.ratio(segment);
            let category = self.by_category.get(&of.category);
            levels.extend(category.map(|sums| within(UserField::OwnCategory, *sums, own)));
            let advertiser = self.by_advertiser.get(&of.advertiser);
            levels.extend(advertiser.map(|sums| within(UserField::OwnAdvertiser, *sums, own)));
            levels.extend(self.by_ad.get(&ad).map(|shown| fatigue(*shown)));
        }
        if self.params.lists {
            let n = self.lists.get(&of.advertiser);
            levels.extend(n.map(|&n| Self::listed(n)));
        }
        if self.params.friends {
            let category = self.friends_by_category.of.get(&of.category);
            levels.extend(category.and_then(|f| self.told(UserField::FriendsCategory, f)));
            let advertiser = self.friends_by_advertiser.of.get(&of.advertiser);
            levels.extend(advertiser.and_then(|f| self.told(UserField::FriendsAdvertiser, f)));
            let category = self.hid_category.get(&of.category);
            levels.extend(category.and_then(|f| self.hid(UserField::FriendsHidCategory, f)));
            let advertiser = self.hid_advertiser.get(&of.advertiser);
            levels.extend(advertiser.and_then(|f| self.hid(UserField::FriendsHidAdvertiser, f)));
        }
    }

    /// The lists of an advertiser that one is on.
    fn listed(n: u64) -> Level {
        Level::count(UserField::OnList, n)
    }

    /// Everything that holds for some ads and not for others, in order.
    pub(super) fn about(&self, segment: f64) -> Vec<Told> {
        let mut about = Vec::new();
        let catalogue = self.catalogue;
        let category = |number: u32| AdKey::Category(catalogue.category(number).clone());
        let advertiser = |number: u32| AdKey::Advertiser(catalogue.advertiser(number));
        if self.params.history {
            let own = self.ratio(segment);
            about.extend(self.by_category.iter().map(|(&key, &sums)| Told {
                level: within(UserField::OwnCategory, sums, own),
                key: category(key),
            }));
            about.extend(self.by_advertiser.iter().map(|(&key, &sums)| Told {
                level: within(UserField::OwnAdvertiser, sums, own),
                key: advertiser(key),
            }));
            about.extend(self.by_ad.iter().map(|(&key, &shown)| Told {
                level: fatigue(shown),
                key: AdKey::Ad(catalogue.ad(key)),
            }));
        }
        if self.params.lists {
            about.extend(self.lists.iter().map(|(&number, &n)| Told {
                level: Self::listed(n),
                key: advertiser(number),
            }));
        }
        if self.params.friends {
            let told = |(&number, of): (&u32, &OfFriends)| {
                let level = self.told(UserField::FriendsCategory, of)?;
                let key = category(number);
                Some(Told { level, key })
            };
            about.extend(self.friends_by_category.of.iter().filter_map(told));
            let told = |(&number, of): (&u32, &OfFriends)| {
                let level = self.told(UserField::FriendsAdvertiser, of)?;
                let key = advertiser(number);
                Some(Told { level, key })
            };
            about.extend(self.friends_by_advertiser.of.iter().filter_map(told));
            let told = |(&number, who): (&u32, &HashSet<u32>)| {
                let level = self.hid(UserField::FriendsHidCategory, who)?;
                let key = category(number);
                Some(Told { level, key })
            };
            about.extend(self.hid_category.iter().filter_map(told));
            let told = |(&number, who): (&u32, &HashSet<u32>)| {
                let level = self.hid(UserField::FriendsHidAdvertiser, who)?;
                let key = advertiser(number);
                Some(Told { level, key })
            };
            about.extend(self.hid_advertiser.iter().filter_map(told));
        }
        about.sort_unstable();
        about
    }

    /// How much more often than expected the person clicks.
    fn ratio(&self, segment: f64) -> f64 {
        self.own.ratio(segment, STRENGTH)
    }

    /// How many friends hid something, if they are enough.
    fn hid(&self, field: UserField, who: &HashSet<u32>) -> Option<Level> {
        let is_told = who.len() >= self.params.friends_min as usize;
        is_told.then(|| Level::count(field, who.len() as u64))
    }

    /// What friends did, if enough of them stand behind it; beside what they do otherwise.
    fn told(&self, field: UserField, of: &OfFriends) -> Option<Level> {
        let is_told = of.n_friends >= self.params.friends_min;
        is_told.then(|| {
            let all = self.friends.ratio(1.0, STRENGTH_OF_FRIENDS);
            let ratio = of.sums.ratio(all, STRENGTH_OF_FRIENDS) / all;
            Level::ratio(field, ratio)
        })
    }
}

const fn sums_of(event: Event) -> Sums {
    Sums {
        clicks: event.clicks as u64,
        expected: event.expected,
    }
}

/// Beside what the person does otherwise.
fn within(field: UserField, sums: Sums, own: f64) -> Level {
    Level::ratio(field, sums.ratio(own, STRENGTH_WITHIN) / own)
}

fn fatigue(shown: Shown) -> Level {
    Level::shown(UserField::OwnAd, shown.impressions, shown.clicks > 0)
}
