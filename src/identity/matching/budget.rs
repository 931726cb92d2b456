//! How many numbers an account may have looked up.
//!
//! Whoever saves every number of a prefix and uploads that as an address book would learn who holds each of them
//! (Hagen, Weinert, Sendner, Dmitrienko and Schneider, *All the Numbers are US: Large-scale Abuse of Contact Discovery in
//! Mobile Messengers*, NDSS 2021). Such a book matches nobody: not its first entries either, for the order of entries is
//! its uploader's choice. Two bounds hold at once, one on the book and one on how fast it grew; the second takes the
//! uploader's word for when an entry was saved, the first takes nobody's.
//!
//! What counts is how many different numbers there are. Phones upload their address books again and again, and a number that is
//! looked up a second time teaches nothing.

use serde::{Deserialize, Serialize};

use super::Contact;
use super::different::Different;
use crate::consent::{For, Permitted};
use crate::hash::HashMap;
use crate::ids::AccountId;
use crate::params::{ParamError, require};
use crate::time::Timestamp;

/// Unchecked bounds on address books.
///
/// A book of n different numbers, saved over d whole days from the first to the last, each when it was first saved, is within
/// its budget if
///
/// ```text
/// n ≤ entries   and   n ≤ burst + per_day · d
/// ```
///
/// the second being a token bucket (ITU-T I.371) looked at from its ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BookBudget {
    /// Different numbers of a book, 1 to 1,000,000,000; default 20,000.
    pub entries: u32,
    /// Different numbers of a book that was saved at once, 1 to 1,000,000,000; default 10,000.
    pub burst: u32,
    /// Different numbers a day beyond those, 0 to 1,000,000; default 200.
    pub per_day: u32,
}

impl Default for BookBudget {
    fn default() -> Self {
        Self {
            entries: 20_000,
            burst: 10_000,
            per_day: 200,
        }
    }
}

impl BookBudget {
    /// Checks every range.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn check(self) -> Result<ValidBookBudget, ParamError> {
        let billion = 1..=1_000_000_000;
        require(
            billion.contains(&self.entries),
            "identity.budget.entries",
            self.entries,
            "1 to 1,000,000,000",
        )?;
        require(
            billion.contains(&self.burst),
            "identity.budget.burst",
            self.burst,
            "1 to 1,000,000,000",
        )?;
        require(
            self.per_day <= 1_000_000,
            "identity.budget.per_day",
            self.per_day,
            "0 to 1,000,000",
        )?;
        Ok(ValidBookBudget(self))
    }
}

/// [`BookBudget`] within its ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidBookBudget(BookBudget);

impl ValidBookBudget {
    /// So many numbers are within the budget however fast they were saved.
    #[must_use]
    pub fn always_allowed(&self) -> u32 {
        self.0.entries.min(self.0.burst)
    }

    fn allows(&self, n: u64, n_days: u64) -> bool {
        let bucket = u64::from(self.0.burst) + u64::from(self.0.per_day).saturating_mul(n_days);
        n <= u64::from(self.0.entries) && n <= bucket
    }
}

/// The numbers that every account had looked up, and when it first saved each. What is counted does not depend on the order.
///
/// # Complexity
/// 16 bytes for each different number of an account, up to the greater of its budget and 131,072 numbers; of an account with
/// more the count is near, and certainly over budget.
#[derive(Clone, Debug)]
pub struct BookUses<'b> {
    budget: &'b ValidBookBudget,
    by_account: HashMap<AccountId, Different<Timestamp>>,
}

impl<'b> BookUses<'b> {
    /// Nothing counted yet, to be held against a budget.
    #[must_use]
    pub fn new(budget: &'b ValidBookBudget) -> Self {
        Self {
            budget,
            by_account: HashMap::default(),
        }
    }

    /// Counts an entry.
    #[inline]
    pub fn add<P: For>(&mut self, contact: &Permitted<Contact, P>) {
        let contact = contact.get();
        let entries = self.budget.0.entries;
        let book = self.by_account.entry(contact.from);
        let book = book.or_insert_with(|| Different::up_to(entries));
        book.add(contact.number, contact.saved_at);
    }

    /// Counts what another counted.
    pub fn append(&mut self, other: Self) {
        for (account, counted) in other.by_account {
            let held = self.by_account.entry(account);
            held.and_modify(|held| held.append(&counted))
                .or_insert(counted);
        }
    }

    /// The accounts that are over the budget.
    #[must_use]
    pub fn over(self) -> OverBudget {
        let books = self.by_account.into_iter();
        let over = books.filter_map(|(account, mut book)| {
            let n = book.n();
            (!self.budget.allows(n, n_days(&mut book))).then_some((account, n))
        });
        OverBudget {
            numbers: over.collect(),
        }
    }
}

/// Whole days from when the first number was saved to when the last new one was.
fn n_days(book: &mut Different<Timestamp>) -> u64 {
    let saved = book.values().map(|at| (at, at));
    let ends = saved.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    ends.map_or(0, |(first, last)| {
        u64::try_from(last.days_since(first)).unwrap_or(0)
    })
}

/// Accounts whose address books are over budget, and how many different numbers those have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverBudget {
    numbers: HashMap<AccountId, u64>,
}

impl OverBudget {
    /// Nobody.
    #[must_use]
    pub fn nobody() -> Self {
        Self::default()
    }

    /// Is it nobody?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// How many accounts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Is this account one of them?
    #[inline]
    #[must_use]
    pub fn contains(&self, account: AccountId) -> bool {
        self.numbers.contains_key(&account)
    }

    /// How many different numbers its book has, if it is one of them; of more than 131,072 about how many.
    #[must_use]
    pub fn n_numbers(&self, account: AccountId) -> Option<u64> {
        self.numbers.get(&account).copied()
    }

    /// The accounts and their numbers, by account.
    #[must_use]
    pub fn by_account(&self) -> Vec<(AccountId, u64)> {
        let mut all: Vec<_> = self.numbers.iter().map(|(&a, &n)| (a, n)).collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::testing::gate_of;
    use crate::consent::{Abuse, Gate};
    use crate::identity::E164;

    const DAY: i64 = 86_400;

    fn gate() -> Gate<Abuse, AccountId> {
        gate_of((0..10).map(AccountId))
    }

    /// Who saved which number when.
    type Row = (u64, u64, i64);

    fn contact(gate: &Gate<Abuse, AccountId>, row: Row) -> Permitted<Contact, Abuse> {
        let (from, number, at) = row;
        let contact = Contact {
            from: AccountId(from),
            number: E164::from_digits(4_915_100_000_000 + number).unwrap(),
            saved_at: Timestamp::from_secs(at),
        };
        gate.permit(contact).unwrap()
    }

    fn used<'b>(rows: &[Row], budget: &'b ValidBookBudget) -> BookUses<'b> {
        let gate = gate();
        let mut uses = BookUses::new(budget);
        for &row in rows {
            uses.add(&contact(&gate, row));
        }
        uses
    }

    fn over(rows: &[Row], budget: BookBudget) -> Vec<(AccountId, u64)> {
        used(rows, &budget.check().unwrap()).over().by_account()
    }

    #[test]
    fn the_last_number_is_within_the_budget_and_the_next_is_not() {
        let budget = || BookBudget {
            entries: 4,
            burst: 4,
            per_day: 0,
        };
        let book = |n: u64| (0..n).map(|i| (1, i, 0)).collect::<Vec<_>>();
        assert_eq!(over(&book(4), budget()), []);
        assert_eq!(over(&book(5), budget()), [(AccountId(1), 5)]);
    }

    #[test]
    fn a_number_counts_once_in_any_order() {
        let budget = || BookBudget {
            entries: 2,
            burst: 2,
            per_day: 0,
        };
        let twice: Vec<Row> = (0..20_001).map(|i| (1, 5 + i % 2, 7)).collect();
        assert_eq!(over(&twice, budget()), []);
        let halves: Vec<Row> = (0..20_001_u64).map(|i| (1, i / 10_001, 9)).collect();
        assert_eq!(over(&halves, budget()), []);
        let thrice: Vec<Row> = (0..20_001).map(|i| (1, i % 3, 9)).collect();
        assert_eq!(over(&thrice, budget()), [(AccountId(1), 3)]);
        // Between other people's entries.
        let between: Vec<Row> = (0..999).map(|i| (i % 9, i % 2, 9)).collect();
        assert_eq!(over(&between, budget()), []);
    }

    #[test]
    fn a_book_may_grow_by_the_day() {
        let budget = || BookBudget {
            entries: 100,
            burst: 3,
            per_day: 2,
        };
        let book = |last: i64| [0, 0, 0, 0, last];
        let book = |last: i64| {
            (0..)
                .zip(book(last))
                .map(|(i, at)| (2, i, at))
                .collect::<Vec<Row>>()
        };
        assert_eq!(over(&book(DAY), budget()), []);
        assert_eq!(over(&book(DAY - 1), budget()), [(AccountId(2), 5)]);
        // Saving the first again, later, is no growth.
        let again = [book(DAY - 1), vec![(2, 0, 9 * DAY)]].concat();
        assert_eq!(over(&again, budget()), [(AccountId(2), 5)]);
        // Nor is a later repetition of what came last taken for when it came.
        let last_again = [vec![(2, 4, 9 * DAY)], book(DAY)].concat();
        assert_eq!(over(&last_again, budget()), []);
        // However old the first entry says it is, the book is bounded.
        let forever: Vec<_> = (0..101_i64)
            .map(|i| (3, i.cast_unsigned(), i * 1000 * DAY))
            .collect();
        assert_eq!(over(&forever, budget()), [(AccountId(3), 101)]);
    }

    #[test]
    fn counted_alike_in_any_order_and_any_parts() {
        let rows: Vec<Row> = (0..1_500)
            .map(|i: u64| {
                let at = (i * 7919 % 500).cast_signed() * 600;
                (crate::hash::mix(i) % 7, crate::hash::mix(i / 2) % 300, at)
            })
            .collect();
        let budget = BookBudget {
            entries: 155,
            burst: 140,
            per_day: 1,
        };
        let valid = budget.clone().check().unwrap();
        let whole = over(&rows, budget.clone());
        assert!(!whole.is_empty() && whole.len() < 7, "{whole:?}");
        let mut backwards = rows.clone();
        backwards.reverse();
        assert_eq!(over(&backwards, budget), whole);
        let mut sum = BookUses::new(&valid);
        for part in rows.chunks(77) {
            sum.append(used(part, &valid));
        }
        assert_eq!(sum.over().by_account(), whole);
    }

    #[test]
    fn every_bound_is_checked() {
        let refused = |change: fn(&mut BookBudget)| {
            let mut budget = BookBudget::default();
            change(&mut budget);
            budget.check().expect_err("must be refused").name
        };
        assert_eq!(refused(|b| b.entries = 0), "identity.budget.entries");
        assert_eq!(refused(|b| b.burst = 0), "identity.budget.burst");
        assert_eq!(
            refused(|b| b.per_day = 1_000_001),
            "identity.budget.per_day"
        );
        assert!(BookBudget::default().check().is_ok());
    }
}
