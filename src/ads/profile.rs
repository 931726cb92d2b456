//! Who an ad is for, and what was shown to whom.

use std::sync::Arc;

use super::age_band::AgeBand;
use super::clock::Clock;
use super::features::{HashedValue, Placement, UserValue, hashed_values, user_values};
use super::shared::{Shared, SharedParams, Told};
use crate::consent::About;
use crate::hash::{mix_two as mix, unit};
use crate::ids::{AdId, UserId};
use crate::learn::Clicks;
use crate::signals::{Ad, Attributes, Impression, OwnValues, SocialAccount, Surface};
use crate::time::Timestamp;

/// Keeps the folds independent of other splits by the same hash.
const FOLD_SALT: u64 = 0xF01D;

/// Keeps draws of rows independent of how they were split.
const DRAW_SALT: u64 = 0xD4A3;

/// A person as the ad models see them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserProfile {
    /// Who.
    pub user: UserId,
    /// The age reached in the calendar year of scoring, in years: as old as the person can be.
    pub age: Option<u16>,
    /// What the models see of the social account.
    pub attributes: Arc<Attributes>,
    /// What stands in columns of the configuration's own.
    pub own: OwnValues,
    /// What else is shared about them, and counts for every ad.
    pub shared: Shared,
    /// And what counts for some ads, in order.
    pub about: Vec<Told>,
}

impl SocialAccount {
    /// The age reached in a calendar year; none if the birth year is unknown or later.
    pub(in crate::ads) fn age_in(&self, year: i16) -> Option<u16> {
        let birth = i16::try_from(self.birth_year?).ok()?;
        u16::try_from(year.checked_sub(birth)?).ok()
    }
}

impl UserProfile {
    /// The profile of an account in a calendar year. A birth year in the future is as good as none.
    #[must_use]
    pub fn new(account: &SocialAccount, year: i16) -> Self {
        let age = account.age_in(year);
        let attributes = Attributes {
            region: account.region,
            age_band: age.and_then(AgeBand::of).map(|band| band.to_string()),
            gender: account.gender.clone(),
            language: account.language.clone(),
            interests: account.interests.clone(),
        };
        Self {
            user: account.user_id,
            age,
            attributes: Arc::new(attributes).in_order(),
            own: account.own.clone(),
            shared: Shared::default(),
            about: Vec::new(),
        }
    }

    /// All that counts for every ad, in the order of its features.
    pub(in crate::ads) fn values(&self) -> Vec<UserValue> {
        let mut values = user_values(&self.attributes);
        values.extend(self.shared.values());
        values
    }

    /// All that counts for an ad, in the order of its features.
    pub(in crate::ads) fn values_for(&self, ad: &Ad) -> Vec<UserValue> {
        let about = self.about.iter().filter(|told| told.key.is_of(ad));
        let mut values = self.values();
        values.extend(about.map(|told| UserValue::from(told.level)));
        values
    }

    /// All that counts for every ad, hashed.
    pub(in crate::ads) fn hashed(&self) -> Vec<HashedValue> {
        let mut hashed = hashed_values(&self.attributes);
        hashed.extend(self.shared.hashed());
        hashed
    }

    /// All that counts for an ad, hashed, in the same order.
    pub(in crate::ads) fn hashed_for(&self, ad: &Ad) -> Vec<HashedValue> {
        let about = self.about.iter().filter(|told| told.key.is_of(ad));
        let mut hashed = self.hashed();
        hashed.extend(about.map(|told| told.level.hashed()));
        hashed
    }
}

/// Does a hash fall into this share, by a salt?
pub(in crate::ads) fn in_share(salt: u64, hash: u64, share: f64) -> bool {
    unit(mix(salt, hash)) < share
}

impl About for UserProfile {
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

/// An ad was shown, once or many times, to one person or to many.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrainingRow {
    /// To whom; none for totals over many people.
    pub user: Option<UserId>,
    /// Which ad.
    pub ad_id: AdId,
    /// When.
    pub at: Timestamp,
    /// Where.
    pub surface: Surface,
    /// How far down, from 0 at the top.
    pub position: Option<u8>,
    /// What is known of them.
    pub attributes: Arc<Attributes>,
    /// What stands in columns of the configuration's own.
    pub own: RowsOwn,
    /// How often, and how often it was clicked.
    pub target: Clicks,
}

impl TrainingRow {
    /// The row of an impression. Attributes it lacks are taken from the profile of the person it names; a
    /// profile of somebody else is not looked at.
    #[must_use]
    pub fn new(impression: &Impression, profile: Option<&UserProfile>) -> Self {
        let own = impression.attributes.in_order();
        let theirs = profile.filter(|profile| Some(profile.user) == impression.user_id);
        let of_person = theirs.map(|profile| profile.own.clone());
        Self {
            user: impression.user_id,
            ad_id: impression.ad_id,
            at: impression.at,
            surface: impression.surface,
            position: impression.position,
            attributes: theirs
                .map_or_else(|| Arc::clone(&own), |profile| own.or(&profile.attributes)),
            own: RowsOwn {
                person: of_person.unwrap_or_default(),
                showing: impression.own.clone(),
            },
            target: Clicks {
                clicks: impression.clicks,
                impressions: impression.impressions,
            },
        }
    }

    /// Where the ad stood, and when if the time is looked at.
    pub(in crate::ads) fn placement(&self, looks_at: SharedParams) -> Placement {
        let region = self.attributes.region.filter(|_| looks_at.time);
        Placement {
            surface: self.surface,
            position: self.position,
            clock: region.and_then(|region| Clock::at(self.at, region)),
        }
    }

    /// The fold of a split into `n_folds`, from 0: by a hash of everything but the counts.
    ///
    /// # Panics
    /// If there are no folds.
    #[must_use]
    pub fn fold(&self, n_folds: u64) -> u64 {
        self.fold_of(0, n_folds)
    }

    /// As [`fold`](Self::fold), of another split for each seed.
    ///
    /// # Panics
    /// If there are no folds.
    #[must_use]
    pub fn fold_of(&self, seed: u64, n_folds: u64) -> u64 {
        mix(FOLD_SALT ^ seed, self.split_hash()) % n_folds
    }

    /// Is it in this share of all rows, by a hash of everything but the counts? A smaller share's rows are in every larger
    /// one of the same salt.
    #[must_use]
    pub fn is_in_share(&self, salt: u64, share: f64) -> bool {
        in_share(salt, self.split_hash(), share)
    }

    /// A number made from all but the counts, for drawing rows again.
    #[must_use]
    pub fn draw_hash(&self) -> u64 {
        mix(DRAW_SALT, self.split_hash())
    }

    /// A number made from all but the counts, for splitting: what happened to a row must not decide on
    /// which side it falls, and rows that say the same fall on the same side.
    pub(crate) fn split_hash(&self) -> u64 {
        self.split_hash_of(&hashed_values(&self.attributes))
    }

    /// [`split_hash`](Self::split_hash), the row's own values hashed already.
    pub(crate) fn split_hash_of(&self, values: &[HashedValue]) -> u64 {
        let user = self.user.map_or(0, |user| mix(1, user.0));
        let position = self.position.map_or(0, |p| u64::from(p) + 1);
        let head = [
            user,
            self.ad_id.0,
            self.at.micros().cast_unsigned(),
            position,
        ];
        let values = values.iter().map(|value| value.hash);
        head.into_iter().chain(values).fold(0, mix)
    }
}

/// What stands in own columns of a row that is trained on.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowsOwn {
    /// Of the person, as their account has it.
    pub person: OwnValues,
    /// Of the showing.
    pub showing: OwnValues,
}

impl About for TrainingRow {
    type Id = UserId;
    type Ids = Option<UserId>;

    /// The person it was shown to; a total is about nobody.
    fn about(&self) -> Option<UserId> {
        self.user
    }

    fn collected_at(&self) -> Timestamp {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::testing::{account, impression, interests};
    use crate::consent::testing::gate_of;
    use crate::consent::{AdRelevance, Gate};

    #[test]
    fn bands_meet_without_gaps() {
        let bands: Vec<_> = (13..80).filter_map(AgeBand::of).collect();
        assert_eq!(bands.len(), 67);
        assert!(bands.is_sorted());
        assert_eq!(AgeBand::of(12), None);
        for (age, name) in [(13, "13-17"), (24, "18-24"), (64, "55-64"), (65, "65+")] {
            assert_eq!(AgeBand::of(age).unwrap().as_str(), name);
        }
    }

    #[test]
    fn ages_come_from_the_calendar_year() {
        let mut account = account(1);
        for (birth_year, age) in [(Some(1990), Some(26)), (Some(2017), None), (None, None)] {
            account.birth_year = birth_year;
            assert_eq!(UserProfile::new(&account, 2016).age, age);
        }
    }

    #[test]
    fn missing_attributes_come_from_ones_own_profile_only() {
        let mut account = account(1);
        account.gender = Some("f".into());
        account.interests = interests(&["food", "art", "food"]);
        let profile = UserProfile::new(&account, 2016);
        let mut shown = impression(Some(1), 7, 1, 0);
        Arc::make_mut(&mut shown.attributes).gender = Some("m".into());
        let row = TrainingRow::new(&shown, Some(&profile));
        assert_eq!(row.attributes.gender.as_deref(), Some("m"));
        assert_eq!(row.attributes.interests, ["art", "food"]);
        shown.user_id = Some(UserId(2));
        let row = TrainingRow::new(&shown, Some(&profile));
        assert!(row.attributes.interests.is_empty());
    }

    #[test]
    fn deny_rows_of_people_who_did_not_allow_it() {
        let gate: Gate<AdRelevance, UserId> = gate_of([UserId(1)]);
        let row = |user| TrainingRow::new(&impression(user, 7, 10, 1), None);
        assert!(gate.permit(row(Some(1))).is_ok());
        assert!(gate.permit(row(None)).is_ok(), "totals are about nobody");
        assert!(gate.permit(row(Some(2))).is_err());
    }

    #[test]
    fn splitting_does_not_look_at_clicks() {
        let hash =
            |clicks| TrainingRow::new(&impression(Some(1), 7, 10, clicks), None).split_hash();
        assert_eq!(hash(0), hash(10));
    }
}
