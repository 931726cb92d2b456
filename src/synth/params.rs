//! How large a synthetic world is and how much of everything is in it.

use serde::{Deserialize, Serialize};

use super::effects::Effects;
use crate::params::{ParamError, require};

/// Unchecked parameters of a synthetic world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SynthParams {
    /// People with an account on the social network, 1 to 100,000,000; default 1,000.
    pub users: u32,
    /// The seed: the same seed and sizes give the same world; default 1.
    pub seed: u64,
    /// Share of messenger accounts that belong to spammers, 0 to 0.5; default 0.005.
    pub spammer_share: f64,
    /// Largest address book of a spammer, 10 to 1,000,000; default 20,000.
    pub spam_book_max: u32,
    /// Rows of `impressions` for each person, on average, 0 to 1,000; default 20.
    pub impressions_per_user: f64,
    /// Share of rows with a device whose facts are missing or another device's, half each, 0 to 1; default 0.
    pub device_noise: f64,
    /// Share of social accounts of which nobody recorded when they gave their number, 0 to 1; default 0.03.
    pub undated_share: f64,
    /// Of numbers that their holder gave as a way to be found, the share that a former holder whom the messenger never knew
    /// had given before, 0 to 0.5; default 0.
    pub former_share: f64,
    /// Of the same numbers, the share that somebody else gives as well, 0 to 0.5; default 0.
    pub shared_share: f64,
    /// Of those who give somebody else's number, the share who are on that person's phone, 0 to 1; default 0.
    pub one_phone_share: f64,
    /// People for each business, 1 to 1,000,000; default 40.
    pub users_per_business: u32,
    /// People for each ad, 1 to 1,000,000; default 25.
    pub users_per_ad: u32,
    /// How many ads there are, 1 to 10,000,000; by default as many as `users_per_ad` says, and at least eight.
    pub ads: Option<u32>,
    /// How strongly the shared signals shift true clicks; not at all by default.
    pub effects: Effects,
    /// Attackers of six kinds, as a share of the accounts of the world without them, 0 to 0.5; default 0. With them come honest
    /// heavy users, half as many, and `trust_seeds`.
    pub attackers: f64,
}

impl Default for SynthParams {
    fn default() -> Self {
        Self {
            users: 1_000,
            seed: 1,
            spammer_share: 0.005,
            spam_book_max: 20_000,
            impressions_per_user: 20.0,
            device_noise: 0.0,
            undated_share: 0.03,
            former_share: 0.0,
            shared_share: 0.0,
            one_phone_share: 0.0,
            users_per_business: 40,
            users_per_ad: 25,
            ads: None,
            effects: Effects::NONE,
            attackers: 0.0,
        }
    }
}

impl SynthParams {
    /// Sets the number of people on the social network.
    #[must_use]
    pub const fn users(mut self, users: u32) -> Self {
        self.users = users;
        self
    }

    /// Sets the seed.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the mean number of impression rows for each person.
    #[must_use]
    pub const fn impressions_per_user(mut self, rows: f64) -> Self {
        self.impressions_per_user = rows;
        self
    }

    /// Sets the share of rows whose device is missing or wrong.
    #[must_use]
    pub const fn device_noise(mut self, share: f64) -> Self {
        self.device_noise = share;
        self
    }

    /// Sets the share of social accounts of which nobody recorded when they gave their number.
    #[must_use]
    pub const fn undated_share(mut self, share: f64) -> Self {
        self.undated_share = share;
        self
    }

    /// Sets the share of numbers that a former holder gave before.
    #[must_use]
    pub const fn former_share(mut self, share: f64) -> Self {
        self.former_share = share;
        self
    }

    /// Sets the share of numbers that somebody else gives as well.
    #[must_use]
    pub const fn shared_share(mut self, share: f64) -> Self {
        self.shared_share = share;
        self
    }

    /// Sets the share of those who give somebody else's number who are on that person's phone.
    #[must_use]
    pub const fn one_phone_share(mut self, share: f64) -> Self {
        self.one_phone_share = share;
        self
    }

    /// Sets the number of ads, in place of one for so many people.
    #[must_use]
    pub const fn ads(mut self, ads: Option<u32>) -> Self {
        self.ads = ads;
        self
    }

    /// Sets how strongly the shared signals shift true clicks.
    #[must_use]
    pub const fn effects(mut self, effects: Effects) -> Self {
        self.effects = effects;
        self
    }

    /// Sets the share of attackers.
    #[must_use]
    pub const fn attackers(mut self, share: f64) -> Self {
        self.attackers = share;
        self
    }

    /// Checks every range.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn check(self) -> Result<ValidSynthParams, ParamError> {
        within(
            self.users,
            1..=100_000_000,
            "synth.users",
            "1 to 100,000,000",
        )?;
        within(
            self.spammer_share,
            0.0..=0.5,
            "synth.spammer_share",
            "0 to 0.5",
        )?;
        within(
            self.spam_book_max,
            10..=1_000_000,
            "synth.spam_book_max",
            "10 to 1,000,000",
        )?;
        within(
            self.impressions_per_user,
            0.0..=1_000.0,
            "synth.impressions_per_user",
            "0 to 1,000",
        )?;
        within(self.device_noise, 0.0..=1.0, "synth.device_noise", "0 to 1")?;
        within(
            self.undated_share,
            0.0..=1.0,
            "synth.undated_share",
            "0 to 1",
        )?;
        for (share, name) in [
            (self.former_share, "synth.former_share"),
            (self.shared_share, "synth.shared_share"),
        ] {
            within(share, 0.0..=0.5, name, "0 to 0.5")?;
        }
        within(
            self.one_phone_share,
            0.0..=1.0,
            "synth.one_phone_share",
            "0 to 1",
        )?;
        within(
            self.users_per_business,
            1..=1_000_000,
            "synth.users_per_business",
            "1 to 1,000,000",
        )?;
        within(
            self.users_per_ad,
            1..=1_000_000,
            "synth.users_per_ad",
            "1 to 1,000,000",
        )?;
        if let Some(ads) = self.ads {
            within(ads, 1..=10_000_000, "synth.ads", "1 to 10,000,000")?;
        }
        within(self.attackers, 0.0..=0.5, "synth.attackers", "0 to 0.5")?;
        self.effects.check()?;
        Ok(ValidSynthParams(self))
    }
}

fn within<T: PartialOrd + std::fmt::Display>(
    value: T,
    range: std::ops::RangeInclusive<T>,
    name: &'static str,
    expected: &'static str,
) -> Result<(), ParamError> {
    require(range.contains(&value), name, value, expected)
}

/// Checked parameters of a synthetic world.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidSynthParams(SynthParams);

impl ValidSynthParams {
    /// How many people have an account on the social network.
    #[must_use]
    pub fn users(&self) -> usize {
        self.0.users as usize
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.0.seed
    }

    /// The share of messenger accounts that belong to spammers, in [0, 0.5].
    #[must_use]
    pub const fn spammer_share(&self) -> f64 {
        self.0.spammer_share
    }

    /// The largest address book of a spammer.
    #[must_use]
    pub fn spam_book_max(&self) -> usize {
        self.0.spam_book_max as usize
    }

    /// Mean rows of `impressions` for each person.
    #[must_use]
    pub const fn impressions_per_user(&self) -> f64 {
        self.0.impressions_per_user
    }

    /// Share of rows with a device whose facts are missing or wrong.
    #[must_use]
    pub const fn device_noise(&self) -> f64 {
        self.0.device_noise
    }

    /// Share of social accounts of which nobody recorded when they gave their number.
    #[must_use]
    pub const fn undated_share(&self) -> f64 {
        self.0.undated_share
    }

    /// Share of numbers that a former holder gave before.
    #[must_use]
    pub const fn former_share(&self) -> f64 {
        self.0.former_share
    }

    /// Share of numbers that somebody else gives as well.
    #[must_use]
    pub const fn shared_share(&self) -> f64 {
        self.0.shared_share
    }

    /// Share of those who give somebody else's number who are on that person's phone.
    #[must_use]
    pub const fn one_phone_share(&self) -> f64 {
        self.0.one_phone_share
    }

    /// Attackers of six kinds, as a share of the accounts of the world without them.
    #[must_use]
    pub const fn attackers(&self) -> f64 {
        self.0.attackers
    }

    /// How many businesses there are: at least four.
    #[must_use]
    pub fn n_businesses(&self) -> usize {
        self.users()
            .div_ceil(self.0.users_per_business as usize)
            .max(4)
    }

    /// How many ads there are: at least eight, unless fewer were asked for.
    #[must_use]
    pub fn n_ads(&self) -> usize {
        match self.0.ads {
            Some(ads) => ads as usize,
            None => self.users().div_ceil(self.0.users_per_ad as usize).max(8),
        }
    }

    /// How strongly the shared signals shift true clicks.
    #[must_use]
    pub const fn effects(&self) -> Effects {
        self.0.effects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(change: impl FnOnce(&mut SynthParams)) -> Option<&'static str> {
        let mut params = SynthParams::default();
        change(&mut params);
        params.check().err().map(|e| e.name)
    }

    #[test]
    fn bounds_of_users() {
        assert_eq!(name_of(|p| p.users = 0), Some("synth.users"));
        assert_eq!(name_of(|p| p.users = 1), None);
        assert_eq!(name_of(|p| p.users = 100_000_000), None);
        assert_eq!(name_of(|p| p.users = 100_000_001), Some("synth.users"));
    }

    #[test]
    fn bounds_of_spammer_share() {
        assert_eq!(name_of(|p| p.spammer_share = 0.0), None);
        assert_eq!(name_of(|p| p.spammer_share = 0.5), None);
        for bad in [-0.01, 0.51, f64::NAN] {
            assert_eq!(
                name_of(|p| p.spammer_share = bad),
                Some("synth.spammer_share")
            );
        }
    }

    #[test]
    fn bounds_of_spam_book_max() {
        assert_eq!(
            name_of(|p| p.spam_book_max = 9),
            Some("synth.spam_book_max")
        );
        assert_eq!(name_of(|p| p.spam_book_max = 10), None);
        assert_eq!(
            name_of(|p| p.spam_book_max = 1_000_001),
            Some("synth.spam_book_max")
        );
    }

    #[test]
    fn bounds_of_impressions_per_user() {
        assert_eq!(name_of(|p| p.impressions_per_user = 0.0), None);
        for bad in [-0.1, 1_000.1, f64::NAN, f64::INFINITY] {
            assert_eq!(
                name_of(|p| p.impressions_per_user = bad),
                Some("synth.impressions_per_user")
            );
        }
    }

    #[test]
    fn bounds_of_device_noise() {
        assert_eq!(name_of(|p| p.device_noise = 1.0), None);
        for bad in [-0.1, 1.1, f64::NAN] {
            assert_eq!(
                name_of(|p| p.device_noise = bad),
                Some("synth.device_noise")
            );
        }
    }

    #[test]
    fn bounds_of_undated_share() {
        assert_eq!(name_of(|p| p.undated_share = 0.0), None);
        for bad in [-0.1, 1.1, f64::NAN] {
            assert_eq!(
                name_of(|p| p.undated_share = bad),
                Some("synth.undated_share")
            );
        }
    }

    #[test]
    fn bounds_of_claims_by_others() {
        assert_eq!(name_of(|p| p.former_share = 0.5), None);
        assert_eq!(name_of(|p| p.shared_share = 0.5), None);
        for bad in [-0.1, 0.51, f64::NAN] {
            assert_eq!(
                name_of(|p| p.former_share = bad),
                Some("synth.former_share")
            );
            assert_eq!(
                name_of(|p| p.shared_share = bad),
                Some("synth.shared_share")
            );
        }
    }

    #[test]
    fn bounds_of_one_phone_share() {
        assert_eq!(name_of(|p| p.one_phone_share = 1.0), None);
        for bad in [-0.1, 1.1, f64::NAN] {
            assert_eq!(
                name_of(|p| p.one_phone_share = bad),
                Some("synth.one_phone_share")
            );
        }
    }

    #[test]
    fn bounds_of_people_for_each_business_and_ad() {
        assert_eq!(
            name_of(|p| p.users_per_business = 0),
            Some("synth.users_per_business")
        );
        assert_eq!(name_of(|p| p.users_per_business = 1), None);
        assert_eq!(name_of(|p| p.users_per_ad = 0), Some("synth.users_per_ad"));
        assert_eq!(name_of(|p| p.users_per_ad = 1), None);
    }

    #[test]
    fn the_number_of_ads_is_what_was_asked_for() {
        assert_eq!(name_of(|p| p.ads = Some(0)), Some("synth.ads"));
        assert_eq!(name_of(|p| p.ads = Some(10_000_001)), Some("synth.ads"));
        for (ads, expected) in [(None, 40), (Some(1), 1), (Some(7_000), 7_000)] {
            let params = SynthParams::default().ads(ads).check().unwrap();
            assert_eq!(params.n_ads(), expected);
        }
    }

    #[test]
    fn effects_are_checked_with_the_rest() {
        let name = name_of(|p| p.effects.fatigue = -1.0);
        assert_eq!(name, Some("synth.effects.fatigue"));
    }

    #[test]
    fn deny_unknown_fields() {
        assert!(toml::from_str::<SynthParams>("user = 3").is_err());
        let read: SynthParams = toml::from_str("users = 3").unwrap();
        assert_eq!(read, SynthParams::default().users(3));
    }
}
