//! Tenures: who held a number when, with contradictions made explicit.
//!
//! A number passes from account to account: it is recycled, swapped, given up and taken back. Where the
//! [`Binding`]s of two accounts overlap, at most one can be right and nothing says which, so neither counts there.

use std::collections::BTreeSet;

use super::E164;
use crate::consent::About;
use crate::ids::AccountId;
use crate::signals::MessengerAccount;
use crate::time::{Interval, Timestamp};

/// A messenger account held a number for some time.
///
/// It has room for a messenger account only: a number given to the social network, for whatever reason, makes none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binding {
    /// The number.
    pub number: E164,
    /// Whose it was.
    pub account: AccountId,
    /// When its tenure began: `number_since`.
    pub since: Timestamp,
    /// When it ended, exclusive: `number_until`, or [`Timestamp::MAX`].
    pub until: Timestamp,
}

impl Binding {
    /// The binding a row of `messenger_accounts` states, its number already normalised.
    #[must_use]
    pub fn of(row: &MessengerAccount, number: E164) -> Self {
        Self {
            number,
            account: row.account_id,
            since: row.number_since,
            until: row.number_until.unwrap_or(Timestamp::MAX),
        }
    }

    /// When it held.
    #[must_use]
    pub const fn interval(&self) -> Interval {
        Interval {
            from: self.since,
            until: self.until,
        }
    }
}

impl About for Binding {
    type Id = AccountId;
    type Ids = [AccountId; 1];

    fn about(&self) -> [AccountId; 1] {
        [self.account]
    }

    /// That an account exists under its number is as recent as can be; what is dated is who saved it.
    fn collected_at(&self) -> Timestamp {
        Timestamp::MAX
    }
}

/// Who holds a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// One account.
    Account(AccountId),
    /// Several at once, so nobody.
    Contested,
    /// A business.
    Business,
}

/// A number that an account held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    pub(super) account: AccountId,
    pub(super) interval: Interval,
}

/// Where an account begins or ends to hold a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Boundary {
    at: Timestamp,
    account: AccountId,
    begins: bool,
}

/// Who holds a number during an interval that is never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tenure {
    pub(super) interval: Interval,
    pub(super) holder: Holder,
}

/// The tenures of one number: disjoint, ascending, neighbours with the same holder joined.
///
/// Takes bindings in any order. O(k log k) for k bindings.
pub(super) fn tenures(bindings: &[Held]) -> Vec<Tenure> {
    if let &[binding] = bindings {
        return Vec::from_iter(only_tenure(binding));
    }
    let united = unite(bindings);
    let mut active = BTreeSet::new();
    let mut pieces = Vec::new();
    let mut from = Timestamp::MIN;
    for Boundary {
        at,
        account,
        begins,
    } in boundaries(&united)
    {
        pieces.extend(
            holder(&active).and_then(|held_by| tenure(Interval { from, until: at }, held_by)),
        );
        if begins {
            active.insert(account);
        } else {
            active.remove(&account);
        }
        from = at;
    }
    join(pieces)
}

/// The tenure of a number with one binding.
pub(super) fn only_tenure(Held { account, interval }: Held) -> Option<Tenure> {
    tenure(interval, Holder::Account(account))
}

fn tenure(interval: Interval, holder: Holder) -> Option<Tenure> {
    (interval.from < interval.until).then_some(Tenure { interval, holder })
}

fn holder(active: &BTreeSet<AccountId>) -> Option<Holder> {
    match active.len() {
        0 => None,
        1 => active.first().copied().map(Holder::Account),
        _ => Some(Holder::Contested),
    }
}

/// Joins what one account says twice: intervals of one account that touch or overlap become one.
fn unite(bindings: &[Held]) -> Vec<Held> {
    let mut sorted: Vec<_> = bindings
        .iter()
        .filter(|held| held.interval.from < held.interval.until)
        .copied()
        .collect();
    sorted.sort_unstable();
    let mut united: Vec<Held> = Vec::with_capacity(sorted.len());
    // Those of one account in `united` are disjoint and do not touch; the next begins no earlier than the last of them.
    for held in sorted {
        match united.last_mut() {
            Some(last)
                if last.account == held.account && held.interval.from <= last.interval.until =>
            {
                last.interval.until = last.interval.until.max(held.interval.until);
            }
            _ => united.push(held),
        }
    }
    united
}

/// Where intervals begin and end, ascending in time.
fn boundaries(united: &[Held]) -> Vec<Boundary> {
    let mut boundaries: Vec<_> = united
        .iter()
        .flat_map(|&Held { account, interval }| {
            [(interval.from, true), (interval.until, false)].map(|(at, begins)| Boundary {
                at,
                account,
                begins,
            })
        })
        .collect();
    boundaries.sort_unstable();
    boundaries
}

fn join(pieces: Vec<Tenure>) -> Vec<Tenure> {
    let mut joined: Vec<Tenure> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match joined.last_mut() {
            Some(last)
                if last.holder == piece.holder && last.interval.until == piece.interval.from =>
            {
                last.interval.until = piece.interval.until;
            }
            _ => joined.push(piece),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(from: i64, until: i64) -> Interval {
        Interval {
            from: Timestamp::from_secs(from),
            until: Timestamp::from_secs(until),
        }
    }

    fn naive(bindings: &[Held], at: Timestamp) -> Option<Holder> {
        let holders: BTreeSet<_> = bindings
            .iter()
            .filter(|held| held.interval.contains(at))
            .map(|held| held.account)
            .collect();
        holder(&holders)
    }

    fn held(account: AccountId, from: i64, until: i64) -> Held {
        Held {
            account,
            interval: span(from, until),
        }
    }

    fn found(tenures: &[Tenure], at: Timestamp) -> Option<Holder> {
        tenures
            .iter()
            .find(|t| t.interval.contains(at))
            .map(|t| t.holder)
    }

    #[test]
    fn a_swap_on_one_day_is_no_contradiction() {
        let (a, b) = (AccountId(1), AccountId(2));
        let found = tenures(&[held(b, 5, 9), held(a, 1, 5)]);
        assert_eq!(
            found,
            [
                Tenure {
                    interval: span(1, 5),
                    holder: Holder::Account(a)
                },
                Tenure {
                    interval: span(5, 9),
                    holder: Holder::Account(b)
                },
            ]
        );
    }

    #[test]
    fn empty_bindings_hold_nothing() {
        assert_eq!(tenures(&[held(AccountId(1), 5, 5)]), []);
        assert_eq!(
            tenures(&[held(AccountId(1), 5, 4), held(AccountId(2), 3, 3)]),
            []
        );
    }

    proptest! {
        #[test]
        fn prop_oracle_every_instant_has_the_naive_holder(
            bindings in proptest::collection::vec((0_u64..4, 0_i64..12, 0_i64..12), 0..8),
        ) {
            let bindings: Vec<_> = bindings
                .into_iter()
                .map(|(account, from, until)| held(AccountId(account), from, until))
                .collect();
            let tenures = tenures(&bindings);
            for at in (-1..13).map(Timestamp::from_secs) {
                prop_assert_eq!(found(&tenures, at), naive(&bindings, at));
            }
            for pair in tenures.windows(2) {
                prop_assert!(pair[0].interval.until <= pair[1].interval.from);
                prop_assert!(pair[0].interval.until < pair[1].interval.from || pair[0].holder != pair[1].holder);
            }
        }
    }
}
