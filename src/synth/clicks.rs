//! How likely a click is: the truth behind every row of `impressions`.

use super::effects::{Earlier, Moment, Pull, TrueEffects, balancing};
use super::people::{Person, Society};
use crate::ids::{AdId, UserId};
use crate::signals::Surface;
use crate::time::Timestamp;

/// Surfaces where ads stand, and what each adds to the log-odds of a click.
pub(super) const SURFACES: [(Surface, f64); 4] = [
    (Surface::Feed, 0.0),
    (Surface::RightColumn, -0.9),
    (Surface::Stories, 0.2),
    (Surface::Marketplace, 0.4),
];

/// The year in which ages are counted.
pub(super) const YEAR: u16 = 2016;

/// The true probability of a click, for any person and any ad.
///
/// The log-odds are
///
/// ```text
/// −3.6 + 1.2·[category is an interest] + 0.5·quality + 0.5·max(1 − |age − peak| / 15, −1)
///      + surface − 0.15·min(position, 10)
///      + intercept + Σ strength·term
/// ```
///
/// with a standard normal quality and a peak age between 18 and 60 for each ad, and 0, −0.9, 0.2, 0.4 for feed,
/// right column, stories and marketplace. Region, gender and language have no effect of their own. The last line is
/// that of [`Effects`](super::Effects), which are off by default; its intercept makes as many clicks likely as there
/// would be without effects. Totals without a person have no such line: they are over people of all sorts.
#[derive(Clone, Debug, PartialEq)]
pub struct TrueClickModel {
    /// Ascending by id.
    users: Vec<UserTraits>,
    /// Ascending by id.
    ads: Vec<AdTraits>,
    effects: Option<TrueEffects>,
}

/// One showing of an ad to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Showing {
    /// To whom.
    pub user: UserId,
    /// Which ad.
    pub ad: AdId,
    /// Where it stood.
    pub surface: Surface,
    /// How far from the top.
    pub position: Option<u8>,
    /// When.
    pub at: Timestamp,
    /// How often it had been shown to this person before.
    pub earlier: Earlier,
}

/// What of a person decides whether they click.
#[derive(Clone, Copy, Debug, PartialEq)]
struct UserTraits {
    id: UserId,
    /// The position among everybody.
    person: u32,
    profile: Profile,
    lives_in: u8,
}

/// What the network knows of a person, as far as it decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Profile {
    birth_year: u16,
    /// A bit for each interest.
    interests: u16,
}

/// What of an ad decides whether it is clicked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AdTraits {
    pub(super) id: AdId,
    pub(super) category: u8,
    pub(super) quality: f64,
    pub(super) peak_age: f64,
}

/// Where an ad stood.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) surface: Surface,
    pub(super) position: Option<u8>,
}

impl TrueClickModel {
    /// Of everybody with a social account; ads ascend by id.
    pub(super) fn new(
        society: &Society,
        users: &[Option<UserId>],
        ads: Vec<AdTraits>,
        effects: Option<TrueEffects>,
    ) -> Self {
        let of = |(i, (person, user)): (u32, (&Person, &Option<UserId>))| {
            Some(UserTraits {
                id: (*user)?,
                person: i,
                profile: Profile::of(person),
                lives_in: person.lives_in,
            })
        };
        let people = society.people.iter().zip(users);
        let mut users: Vec<UserTraits> = (0u32..).zip(people).filter_map(of).collect();
        users.sort_unstable_by_key(|user| user.id);
        Self {
            users,
            ads,
            effects,
        }
    }

    /// The probability of a click at a showing; none if the person or the ad is unknown.
    ///
    /// # Complexity
    /// O(log users + log ads).
    #[must_use]
    pub fn probability(&self, showing: &Showing) -> Option<f64> {
        let user = self.users.binary_search_by_key(&showing.user, |u| u.id);
        let ad = self.ads.binary_search_by_key(&showing.ad, |ad| ad.id);
        let (user, ad) = (&self.users[user.ok()?], ad.ok()?);
        let place = Place {
            surface: showing.surface,
            position: showing.position,
        };
        let moment = Moment {
            lives_in: user.lives_in,
            at: showing.at,
            earlier: showing.earlier,
        };
        let base = self.of_anybody(user.profile, ad, place);
        let effect = self.of_person(user.person, ad, &moment);
        Some(probability(base + effect + self.intercept()))
    }

    /// What keeps the share of clicks where it would be without effects: 0 without any.
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.effects
            .as_ref()
            .map_or(0.0, |effects| effects.intercept)
    }

    /// The log-odds as far as they are the same for everybody of a profile.
    pub(super) fn of_anybody(&self, profile: Profile, ad: usize, place: Place) -> f64 {
        let ad = &self.ads[ad];
        let interested = f64::from(profile.interests >> ad.category & 1);
        let age = f64::from(YEAR - profile.birth_year);
        let fit = (1.0 - (age - ad.peak_age).abs() / 15.0).max(-1.0);
        let known = SURFACES.iter().find(|(s, _)| *s == place.surface);
        let surface = known.map_or(0.0, |(_, log_odds)| *log_odds);
        let rank = f64::from(place.position.unwrap_or(0).min(10));
        -3.6 + 1.2 * interested + 0.5 * ad.quality + 0.5 * fit + surface - 0.15 * rank
    }
}

impl TrueClickModel {
    /// What a showing to a person adds to that, without the intercept; nothing without effects.
    pub(super) fn of_person(&self, person: u32, ad: usize, moment: &Moment) -> f64 {
        let category = self.ads[ad].category;
        let effects = self.effects.as_ref();
        effects.map_or(0.0, |effects| effects.of_showing(person, category, moment))
    }

    /// Sets what makes as many clicks likely as without effects.
    pub(super) fn settle(&mut self, pulls: &[Pull]) {
        if let Some(effects) = &mut self.effects {
            effects.intercept = balancing(pulls);
        }
    }

    /// Whether anything is added for a person.
    pub(super) fn has_effects(&self) -> bool {
        self.effects.is_some()
    }
}

/// The probability of log-odds.
pub(super) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

impl Profile {
    pub(super) fn of(person: &Person) -> Self {
        Self {
            birth_year: person.birth_year,
            interests: person.interests.iter().fold(0, |bits, &i| bits | 1 << i),
        }
    }
}
