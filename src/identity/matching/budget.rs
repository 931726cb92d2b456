//! How many numbers an account may have looked up.
//!
//! Whoever saves every number of a prefix and uploads that as an address book would learn who holds each of them
//! (Hagen, Weinert, Sendner, Dmitrienko and Schneider, *All the Numbers are US: Large-scale Abuse of Contact Discovery in
//! Mobile Messengers*, NDSS 2021). Such a book matches nobody: not its first entries either, for the order of entries is
//! its uploader's choice. Two bounds hold at once, one on the book and one on how fast it grew; the second takes the
//! uploader's word for when an entry was saved, the first takes nobody's.

use serde::{Deserialize, Serialize};

use super::Contact;
use crate::consent::{For, Permitted};
use crate::hash::HashMap;
use crate::ids::AccountId;
use crate::params::{ParamError, require};
use crate::time::Timestamp;

/// Unchecked bounds on address books.
///
/// A book of n entries, saved over d whole days from the first to the last, is within its budget if
///
/// ```text
/// n ≤ entries   and   n ≤ burst + per_day · d
/// ```
///
/// the second being a token bucket (ITU-T I.371) looked at from its ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BookBudget {
    /// Entries of a book, 1 to 1,000,000,000; default 20,000.
    pub entries: u32,
    /// Entries of a book that was saved at once, 1 to 1,000,000,000; default 10,000.
    pub burst: u32,
    /// Entries a day beyond those, 0 to 1,000,000; default 200.
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
    /// So many entries are within the budget however fast they were saved.
    #[must_use]
    pub fn always_allowed(&self) -> u32 {
        self.0.entries.min(self.0.burst)
    }

    fn allows(&self, book: &BookUse) -> bool {
        let n_days = u64::try_from(book.last.days_since(book.first)).unwrap_or(0);
        let bucket = u64::from(self.0.burst) + u64::from(self.0.per_day).saturating_mul(n_days);
        book.n <= u64::from(self.0.entries) && book.n <= bucket
    }
}

/// How many numbers an account had looked up, and when it saved the first and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BookUse {
    n: u64,
    first: Timestamp,
    last: Timestamp,
}

impl BookUse {
    const fn of(saved_at: Timestamp) -> Self {
        Self {
            n: 1,
            first: saved_at,
            last: saved_at,
        }
    }

    fn add(&mut self, other: Self) {
        self.n += other.n;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// How many numbers every account had looked up. What is counted does not depend on the order.
#[derive(Clone, Debug, Default)]
pub struct BookUses {
    by_account: HashMap<AccountId, BookUse>,
    /// Entries of one account mostly stand together.
    running: Option<(AccountId, BookUse)>,
}

impl BookUses {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts an entry.
    #[inline]
    pub fn add<P: For>(&mut self, contact: &Permitted<Contact, P>) {
        let contact = contact.get();
        let one = BookUse::of(contact.saved_at);
        match &mut self.running {
            Some((account, book)) if *account == contact.from => book.add(one),
            running => {
                let before = running.replace((contact.from, one));
                self.take(before);
            }
        }
    }

    /// Counts what another counted.
    pub fn append(&mut self, mut other: Self) {
        let running = other.running.take();
        other.take(running);
        for counted in other.by_account {
            self.take(Some(counted));
        }
    }

    /// The accounts that are over a budget.
    #[must_use]
    pub fn over(mut self, budget: &ValidBookBudget) -> OverBudget {
        let running = self.running.take();
        self.take(running);
        let books = self.by_account.into_iter();
        let over = books.filter(|(_, book)| !budget.allows(book));
        OverBudget {
            entries: over.map(|(account, book)| (account, book.n)).collect(),
        }
    }

    fn take(&mut self, counted: Option<(AccountId, BookUse)>) {
        let Some((account, book)) = counted else {
            return;
        };
        let held = self.by_account.entry(account);
        held.and_modify(|held| held.add(book)).or_insert(book);
    }
}

/// Accounts whose address books are over budget, and how many entries those have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverBudget {
    entries: HashMap<AccountId, u64>,
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
        self.entries.is_empty()
    }

    /// How many accounts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is this account one of them?
    #[inline]
    #[must_use]
    pub fn contains(&self, account: AccountId) -> bool {
        self.entries.contains_key(&account)
    }

    /// How many entries its book has, if it is one of them.
    #[must_use]
    pub fn n_entries(&self, account: AccountId) -> Option<u64> {
        self.entries.get(&account).copied()
    }

    /// The accounts and their entries, by account.
    #[must_use]
    pub fn by_account(&self) -> Vec<(AccountId, u64)> {
        let mut all: Vec<_> = self.entries.iter().map(|(&a, &n)| (a, n)).collect();
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

    fn contact(gate: &Gate<Abuse, AccountId>, from: u64, at: i64) -> Permitted<Contact, Abuse> {
        let contact = Contact {
            from: AccountId(from),
            number: E164::from_digits(4_915_112_345_678).unwrap(),
            saved_at: Timestamp::from_secs(at),
        };
        gate.permit(contact).unwrap()
    }

    fn over(books: &[(u64, i64)], budget: BookBudget) -> Vec<(AccountId, u64)> {
        let gate = gate();
        let mut uses = BookUses::new();
        for &(from, at) in books {
            uses.add(&contact(&gate, from, at));
        }
        uses.over(&budget.check().unwrap()).by_account()
    }

    #[test]
    fn the_last_entry_is_within_the_budget_and_the_next_is_not() {
        let budget = || BookBudget {
            entries: 4,
            burst: 4,
            per_day: 0,
        };
        let book = |n: usize| vec![(1, 0); n];
        assert_eq!(over(&book(4), budget()), []);
        assert_eq!(over(&book(5), budget()), [(AccountId(1), 5)]);
    }

    #[test]
    fn a_book_may_grow_by_the_day() {
        let budget = || BookBudget {
            entries: 100,
            burst: 3,
            per_day: 2,
        };
        let book = |last: i64| [0, 0, 0, 0, last].map(|at| (2, at));
        assert_eq!(over(&book(DAY), budget()), []);
        assert_eq!(over(&book(DAY - 1), budget()), [(AccountId(2), 5)]);
        // However old the first entry says it is, the book is bounded.
        let forever: Vec<_> = (0..101).map(|i| (3, i * 1000 * DAY)).collect();
        assert_eq!(over(&forever, budget()), [(AccountId(3), 101)]);
    }

    #[test]
    fn counted_alike_in_any_order_and_any_parts() {
        let gate = gate();
        let rows: Vec<(u64, i64)> = (0..500)
            .map(|i: u64| {
                (
                    crate::hash::mix(i) % 7,
                    (i * 7919 % 500).cast_signed() * 600,
                )
            })
            .collect();
        let budget = BookBudget {
            entries: 80,
            burst: 66,
            per_day: 1,
        };
        let valid = budget.clone().check().unwrap();
        let whole = over(&rows, budget.clone());
        assert!(!whole.is_empty() && whole.len() < 7, "{whole:?}");
        let mut backwards = rows.clone();
        backwards.reverse();
        assert_eq!(over(&backwards, budget), whole);
        let mut sum = BookUses::new();
        for part in rows.chunks(77) {
            let mut uses = BookUses::new();
            for &(from, at) in part {
                uses.add(&contact(&gate, from, at));
            }
            sum.append(uses);
        }
        assert_eq!(sum.over(&valid).by_account(), whole);
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
