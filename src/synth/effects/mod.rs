//! True effects of the shared signals on clicks, so that what is learnt from them can be held against the truth.
//!
//! Each effect draws from its own stream: switching one on changes no other draw, and with none of them a world
//! has the bytes it had before there were any.

mod clock;
mod habits;
mod intercept;
mod phone;
mod strengths;
mod taste;

pub(super) use intercept::{Pull, balancing};
use rayon::prelude::*;
pub use strengths::{Effects, EffectsError};

use super::accounts::Accounts;
use super::devices::Device;
use super::draw::index;
use super::people::{INTERESTS, Society};
use crate::signals::MessengerAccount;
use crate::time::Timestamp;
use habits::Habits;
use phone::PhoneTerms;
use taste::{Own, Taste};

const N_CATEGORIES: usize = INTERESTS.len();

/// How often somebody was shown something before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// The same ad.
    pub ad: u32,
    /// Any ad of the advertiser, the same one too.
    pub advertiser: u32,
}

/// What effects look at, apart from the parameters.
pub(super) struct Signals<'a> {
    pub(super) seed: u64,
    pub(super) society: &'a Society,
    pub(super) accounts: &'a Accounts,
    /// By account.
    pub(super) rows: &'a [MessengerAccount],
}

/// The effects of a world in which at least one is on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TrueEffects {
    strengths: Effects,
    /// For each person what holds at any time, by category.
    people: Vec<[f64; N_CATEGORIES]>,
    /// Keeps the share of clicks where it would be without effects.
    pub(super) intercept: f64,
}

impl TrueEffects {
    /// Of a world; none if every strength is 0.
    pub(super) fn of(strengths: Effects, signals: &Signals<'_>) -> Option<Self> {
        if strengths.is_none() {
            return None;
        }
        let phones = (strengths.device > 0.0).then(|| PhoneTerms::draw(signals.seed));
        let common =
            (strengths.friends > 0.0).then(|| taste::in_common(signals.seed, signals.society));
        let leaning = |person: u32| {
            let common = common.as_ref().map(|tastes| &tastes[person as usize]);
            signals.leaning(person, strengths, phones.as_ref(), common)
        };
        let n = index(signals.society.people.len());
        Some(Self {
            strengths,
            people: (0..n).into_par_iter().map(leaning).collect(),
            intercept: 0.0,
        })
    }

    /// What a showing adds to the log-odds, without the intercept.
    pub(super) fn of_showing(&self, person: u32, category: u8, moment: &Moment) -> f64 {
        self.people[person as usize][usize::from(category)]
            + self.strengths.time * clock::time(moment.lives_in, moment.at)
            + self.strengths.fatigue * fatigue(moment.earlier)
    }
}

/// What of a showing is not the same every time.
pub(super) struct Moment {
    /// The country whose clock counts.
    pub(super) lives_in: u8,
    pub(super) at: Timestamp,
    pub(super) earlier: Earlier,
}

fn fatigue(earlier: Earlier) -> f64 {
    let doublings = |n: u32| (1.0 + f64::from(n)).log2();
    -doublings(earlier.ad) - 0.5 * doublings(earlier.advertiser)
}

impl Signals<'_> {
    /// What a person adds to the log-odds at any time, by category.
    fn leaning(
        &self,
        person: u32,
        strengths: Effects,
        phones: Option<&PhoneTerms>,
        common: Option<&Taste>,
    ) -> [f64; N_CATEGORIES] {
        let habits = Habits::of(self.seed, person, self.row(person));
        let own = Own::draw(self.seed, person);
        let kind = self.device(person).kind(self.seed);
        let any_category = strengths.usage * habits.usage()
            + strengths.recency * habits.recency()
            + strengths.history * 0.6 * own.readiness;
        std::array::from_fn(|category| {
            let phone = phones.map_or(0.0, |terms| terms.of(kind, category));
            let common = common.map_or(0.0, |taste| f64::from(taste[category]));
            any_category
                + strengths.history * 0.8 * own.taste[category]
                + strengths.device * phone
                + strengths.friends * common
        })
    }

    /// The row of somebody's first account, if they have one.
    fn row(&self, person: u32) -> Option<&MessengerAccount> {
        let first = self.accounts.of(person).next()?.id;
        let i = self.rows.partition_point(|row| row.account_id < first);
        self.rows.get(i)
    }

    fn device(&self, person: u32) -> Device {
        let first = self.accounts.of(person).next();
        first.map_or(Device::without_account(person), |account| account.device)
    }
}

#[cfg(test)]
mod tests;
