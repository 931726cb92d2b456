//! What happened before: what every person was shown and clicked, and what their friends were.
//!
//! Nothing of a row's own moment or later is ever looked at, so that training sees what serving will see. Whoever is in none of
//! the rows and ties that are given is in no sum here.
//!
//! | level | of | counts for |
//! |---|---|---|
//! | showings | the person's impressions so far | every ad |
//! | own rate | clicks over expected clicks ([`rates`]), drawn towards the segment's ([`segments`]) | every ad |
//! | last shown, last clicked | how long ago | every ad |
//! | own category, own advertiser | their clicks there over expected, beside the person's own rate | ads of it |
//! | own ad | how often it was shown to them, and whether they clicked | that ad |
//! | lists | how many lists of the advertiser the person was on | ads of it |
//! | friends' category, friends' advertiser | clicks of all their friends together over expected ones, if enough stand behind it | ads of it |
//! | friends who hid in the category, of the advertiser | how many of them, if they are enough | ads of it |

mod events;
mod rates;
mod segments;
#[cfg(test)]
mod tests;
mod walk;

use rayon::prelude::*;

use self::events::{Catalogue, Event, Events};
pub(in crate::ads) use self::rates::Prior;
use self::rates::{Rates, day};
use self::segments::Segments;
use self::walk::{Step, Walk, What};
use super::{Level, Shared, SharedFacts, SharedParams, Told};
use crate::ads::own::OwnBins;
use crate::ads::params::ValidAdsParams;
use crate::ads::profile::{TrainingRow, UserProfile};
use crate::consent::{AdRelevance, Permitted};
use crate::hash::HashMap;
use crate::ids::UserId;
use crate::signals::Ad;
use crate::time::Timestamp;

/// People whose rows are told their past before any is put in its place: what is told twice is held for so many alone.
const PEOPLE_AT_ONCE: usize = 4_096;

/// The past that rows and profiles are told.
#[derive(Clone, Debug)]
pub struct History<'a> {
    facts: &'a SharedFacts,
    params: SharedParams,
    catalogue: Catalogue,
    events: Events,
    segments: Segments,
    own: OwnBins,
}

impl<'a> History<'a> {
    /// From rows of the past; of rows of unknown ads, or with more clicks than impressions, nothing is taken.
    ///
    /// # Complexity
    /// O(n log n) for n rows.
    #[must_use]
    pub fn of(
        rows: &[Permitted<TrainingRow, AdRelevance>],
        ads: &[Ad],
        facts: &'a SharedFacts,
        params: &ValidAdsParams,
    ) -> Self {
        let looks_at = params.signals();
        let is_wanted = looks_at.looks_back();
        let catalogue = if is_wanted {
            Catalogue::of(ads)
        } else {
            Catalogue::default()
        };
        let is_possible =
            |row: &&TrainingRow| is_wanted && row.target.clicks <= row.target.impressions;
        let possible = rows.iter().map(Permitted::get).filter(is_possible);
        let prior = Prior {
            rate: params.prior_ctr(),
            impressions: params.prior_impressions(),
        };
        let rates = Rates::of(possible, &catalogue, prior);
        let possible = rows.par_iter().map(Permitted::get).filter(is_possible);
        let happened = Event::all(possible, &catalogue, &rates);
        Self {
            events: Events::of(&happened),
            segments: Segments::of(&happened),
            catalogue,
            facts,
            params: looks_at,
            own: OwnBins::fit(params.features(), rows.iter().map(Permitted::get), ads),
        }
    }

    /// The same with the bins of a model that was trained before.
    pub(in crate::ads) fn with_own(self, own: OwnBins) -> Self {
        Self { own, ..self }
    }

    /// Where bins of numbers begin.
    pub(in crate::ads) const fn own(&self) -> &OwnBins {
        &self.own
    }

    /// What happened before each of the rows, in their order; of rows about nobody, nothing.
    ///
    /// # Complexity
    /// O(Σ (e + r) log e) over people with e events of their own and of friends, and r rows.
    #[must_use]
    pub fn before(&self, rows: &[&TrainingRow]) -> Vec<Shared> {
        let mut by_user: HashMap<UserId, Vec<usize>> = HashMap::default();
        for (at, row) in rows.iter().enumerate() {
            if let Some(user) = row.user {
                by_user.entry(user).or_default().push(at);
            }
        }
        let people: Vec<(UserId, Vec<usize>)> = by_user.into_iter().collect();
        let mut all = vec![Shared::default(); rows.len()];
        for people in people.chunks(PEOPLE_AT_ONCE) {
            let told = people.par_iter();
            let told: Vec<_> =
                (told.map(|(user, own)| self.before_own(*user, own, rows))).collect();
            for (at, shared) in told.into_iter().flatten() {
                all[at] = shared;
            }
        }
        let showings = all.par_iter_mut().zip(rows);
        showings.for_each(|(shared, row)| {
            shared.showing = self.own.of_showing(&row.own.showing);
        });
        all
    }

    /// The same for the rows of one person.
    fn before_own(
        &self,
        user: UserId,
        own: &[usize],
        rows: &[&TrainingRow],
    ) -> Vec<(usize, Shared)> {
        let mut own = own.to_vec();
        own.sort_by_key(|&at| rows[at].at);
        let mut walk = self.walk(user);
        let person = own.first().map(|&at| &rows[at].own.person);
        let own_columns = person.into_iter().flat_map(|own| self.own.of_person(own));
        let facts = self.facts.facts(user, own_columns, &self.params);
        let mut levels = Vec::new();
        let told = own.into_iter().map(|at| {
            walk.go_to(rows[at].at);
            self.levels(&walk, rows[at], &mut levels);
            (at, Shared::told(&facts, &mut levels))
        });
        told.collect()
    }

    /// The levels of a row, in the place of those that are there.
    fn levels(&self, walk: &Walk<'_>, row: &TrainingRow, levels: &mut Vec<Level>) {
        levels.clear();
        if self.params.looks_back() {
            let segment = self.segments.ratio(&row.attributes, day(row.at));
            walk.levels(row.at, segment, levels);
            if let Some(ad) = self.catalogue.place(row.ad_id) {
                walk.levels_for(ad, segment, levels);
            }
        }
    }

    /// Tells a profile what happened before a moment.
    #[must_use]
    pub fn tell(&self, mut profile: UserProfile, now: Timestamp) -> UserProfile {
        let mut walk = self.walk(profile.user);
        walk.go_to(now);
        let mut levels = Vec::new();
        let mut about: Vec<Told> = Vec::new();
        if self.params.looks_back() {
            let segment = self.segments.ratio(&profile.attributes, day(now));
            walk.levels(now, segment, &mut levels);
            about = walk.about(segment);
        }
        let own_columns = self.own.of_person(&profile.own);
        let facts = self.facts.facts(profile.user, own_columns, &self.params);
        profile.shared = Shared::told(&facts, &mut levels);
        profile.about = about;
        profile
    }

    /// One's own events, and those of friends from when on they are friends.
    fn walk(&self, user: UserId) -> Walk<'_> {
        let own = self.events.of_user(user).iter().map(|&event| Step {
            at: event.at,
            who: 0,
            what: What::Shown(event),
        });
        let friends = (1..).zip(self.facts.friends(user));
        let of_friends = friends.flat_map(|(who, &(friend, since))| {
            let events = self.events.of_user(friend).iter();
            let shown = events.map(|&event| (event.at, What::Shown(event)));
            let hid = self.facts.hid(friend).iter();
            let hid = hid.filter_map(|hid| {
                let of = self.catalogue.hidden(hid.hidden)?;
                Some((hid.at, What::Hid(of)))
            });
            let all = shown.chain(hid);
            all.map(move |(at, what)| Step {
                at: at.max(since),
                who,
                what,
            })
        });
        let lists = self.facts.lists(user).iter();
        let lists = lists.filter_map(|&(advertiser, at)| {
            let what = What::Listed(self.catalogue.advertiser_place(advertiser)?);
            Some(Step { at, who: 0, what })
        });
        let steps = own.chain(of_friends).chain(lists).collect();
        Walk::new(steps, &self.catalogue, self.params)
    }
}
