//! Evidence: everything that is known of one account, all of it from permitted data.

use rayon::prelude::*;

use super::features::{AccountOnDevice, AddressBooks, Report, SpamFeatures, extract};
use super::lockstep::Lockstep;
use super::reporters::{brigades, weights};
use super::trust::MutualContacts;
use crate::consent::{About, For, Permitted};
use crate::hash::{HashMap, HashSet};
use crate::identity::{Match, Strangers};
use crate::ids::AccountId;
use crate::time::{DAY_MICROS, Timestamp};

/// When an account began, and when it took its newest number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tenure {
    /// The account.
    pub account: AccountId,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// Since when it has its newest number.
    pub number_since: Timestamp,
}

impl About for Tenure {
    type Id = AccountId;
    type Ids = [AccountId; 1];

    fn about(&self) -> [AccountId; 1] {
        [self.account]
    }

    /// That an account exists is as recent as can be.
    fn collected_at(&self) -> Timestamp {
        Timestamp::MAX
    }
}

/// An account whose holder somebody checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verified {
    /// The account.
    pub account: AccountId,
    /// When it was checked.
    pub at: Timestamp,
}

impl About for Verified {
    type Id = AccountId;
    type Ids = [AccountId; 1];

    fn about(&self) -> [AccountId; 1] {
        [self.account]
    }

    fn collected_at(&self) -> Timestamp {
        self.at
    }
}

/// Everything that evidence is made from.
#[derive(Debug)]
pub struct Signs<'a, P> {
    /// Accounts and their devices.
    pub accounts: &'a [Permitted<AccountOnDevice, P>],
    /// When they began.
    pub tenures: &'a [Permitted<Tenure, P>],
    /// Those whose number another permitted account had before.
    pub recycled: &'a HashSet<AccountId>,
    /// Their address books.
    pub books: AddressBooks<'a, P>,
    /// Who reported whom.
    pub reports: &'a [Permitted<Report, P>],
    /// Where trust starts.
    pub verified: &'a [Permitted<Verified, P>],
    /// The moment to speak of.
    pub as_of: Timestamp,
}

/// What is known of one account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// Counts of its book, its device and reports.
    pub counts: SpamFeatures,
    /// The numbers of its book that are nobody's account; all 0 where they may not be counted.
    pub strangers: Strangers,
    /// Most contacts it saved within one day, by the days of UTC.
    pub most_in_a_day: u32,
    /// Accounts of its lockstep group, itself included; 1 if there is none.
    pub in_step: u32,
    /// Reports against it, weighted by the reporters' record.
    pub report_weight: f64,
    /// Accounts it reported within an hour of others in step with it, and nobody else reported.
    pub brigaded: u32,
    /// Whole days since it was registered.
    pub age_days: u32,
    /// Whole days since it took its newest number.
    pub number_days: u32,
    /// Had another account its number before?
    pub is_recycled: bool,
    /// The trust that reaches it, 1 being that of a walk without end; none if nobody is verified.
    pub trust: Option<f64>,
}

impl Evidence {
    /// The account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.counts.account
    }
}

/// The evidence of every account, ascending by account.
///
/// # Complexity
/// That of [`extract`], [`Lockstep::of`] and ⌈log₂ n⌉ rounds of [`MutualContacts::trust`].
#[must_use]
pub fn gather<P: For>(signs: &Signs<'_, P>) -> Vec<Evidence> {
    let counts = extract(signs.accounts, &signs.books, signs.reports);
    let lockstep = Lockstep::of(signs.books.matches, signs.reports);
    let report_weights = weights(signs.reports, &lockstep);
    let brigades = brigades(signs.reports, &lockstep);
    let paces = paces(signs.books.matches);
    let tenures = tenures(signs.tenures);
    let strangers = signs.books.unmatched.iter();
    let strangers: HashMap<_, _> = strangers.map(|one| (one.account, *one)).collect();
    let verified: Vec<AccountId> = signs.verified.iter().map(|one| one.get().account).collect();
    let contacts = MutualContacts::of(signs.books.matches);
    let trust = contacts.trust(&verified, None);
    let one = |counts: SpamFeatures| {
        let account = counts.account;
        let tenure = tenures.get(&account);
        let days = |since: fn(&Tenure) -> Timestamp| {
            let days = tenure.map_or(0, |tenure| signs.as_of.days_since(since(tenure)));
            u32::try_from(days.max(0)).unwrap_or(u32::MAX)
        };
        Evidence {
            counts,
            strangers: strangers
                .get(&account)
                .copied()
                .unwrap_or(Strangers::none(account)),
            most_in_a_day: paces.get(&account).copied().unwrap_or(0),
            in_step: lockstep.size(account),
            report_weight: report_weights.get(&account).copied().unwrap_or(0.0),
            brigaded: brigades.get(&account).copied().unwrap_or(0),
            age_days: days(|tenure| tenure.registered_at),
            number_days: days(|tenure| tenure.number_since),
            is_recycled: signs.recycled.contains(&account),
            trust: trust.as_ref().map(|trust| trust.of(account)),
        }
    };
    counts.into_par_iter().map(one).collect()
}

/// Of several rows of one account the first registration and the newest number.
fn tenures<P: For>(rows: &[Permitted<Tenure, P>]) -> HashMap<AccountId, Tenure> {
    let mut tenures: HashMap<AccountId, Tenure> = HashMap::default();
    for row in rows.iter().map(Permitted::get) {
        let held = tenures.entry(row.account).or_insert(*row);
        held.registered_at = held.registered_at.min(row.registered_at);
        held.number_since = held.number_since.max(row.number_since);
    }
    tenures
}

/// The most matches each account saved within one day.
fn paces<P: For>(matches: &[Permitted<Match, P>]) -> HashMap<AccountId, u32> {
    let day = |at: Timestamp| at.micros().div_euclid(DAY_MICROS);
    let saved = matches.par_iter().map(Permitted::get);
    let mut days: Vec<(AccountId, i64)> = saved.map(|one| (one.from, day(one.saved_at))).collect();
    days.par_sort_unstable();
    let mut paces: HashMap<AccountId, u32> = HashMap::default();
    for same in days.chunk_by(|a, b| a == b) {
        let most = paces.entry(same[0].0).or_default();
        *most = (*most).max(u32::try_from(same.len()).unwrap_or(u32::MAX));
    }
    paces
}
