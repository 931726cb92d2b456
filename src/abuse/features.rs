//! What is counted about an account, all of it from permitted data.

use rayon::prelude::*;

use crate::consent::{About, For, Permitted};
use crate::identity::{Match, OverBudget, Strangers};
use crate::ids::{AccountId, DeviceId};
use crate::time::Timestamp;

/// An account and the device it runs on: all that this room has to know of an account by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountOnDevice {
    /// The account.
    pub account: AccountId,
    /// The device it was last seen on, if known.
    pub device: Option<DeviceId>,
}

impl About for AccountOnDevice {
    type Id = AccountId;
    type Ids = [AccountId; 1];

    fn about(&self) -> [AccountId; 1] {
        [self.account]
    }

    /// That an account exists, and where it runs, is as recent as can be.
    fn collected_at(&self) -> Timestamp {
        Timestamp::MAX
    }
}

/// Somebody reported an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Report {
    /// Who.
    pub reporter: AccountId,
    /// Whom.
    pub reported: AccountId,
    /// When.
    pub at: Timestamp,
}

impl About for Report {
    type Id = AccountId;
    type Ids = [AccountId; 2];

    fn about(&self) -> [AccountId; 2] {
        [self.reporter, self.reported]
    }

    fn collected_at(&self) -> Timestamp {
        self.at
    }
}

/// What was counted about one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpamFeatures {
    /// The account.
    pub account: AccountId,
    /// Size of its address book: different accounts it matched, and different numbers that matched none; or, if it is over
    /// budget, the different numbers that were counted.
    pub book_size: u32,
    /// Did it have more numbers looked up than an address book may hold?
    pub is_over_budget: bool,
    /// Different accounts whose number it saved.
    pub n_matched: u32,
    /// Those of them that saved its number too; at most `n_matched`.
    pub n_reciprocated: u32,
    /// Accounts on its device, itself included; 1 if the device is unknown.
    pub n_accounts_on_device: u32,
    /// Different accounts that reported it.
    pub n_reporters: u32,
}

impl SpamFeatures {
    /// The share of its contacts that saved its number too, in [0, 1]; none without contacts.
    #[must_use]
    pub fn reciprocity(&self) -> Option<f64> {
        (self.n_matched > 0).then(|| f64::from(self.n_reciprocated) / f64::from(self.n_matched))
    }
}

/// What is known of the address books of all accounts.
#[derive(Debug)]
pub struct AddressBooks<'a, P> {
    /// Who saved whose number.
    pub matches: &'a [Permitted<Match, P>],
    /// How many different numbers of an account's book are nobody's account: counts only, because nothing else about those
    /// people may be kept. Several counts for an account add up. Empty where such counts are not permitted.
    pub unmatched: &'a [Strangers],
    /// Whose book matched nobody for being too large.
    pub over_budget: &'a OverBudget,
}

/// Counts everything for every account, in ascending order of account. Matches and reports count once for a pair,
/// however often they occur, and nobody matches or reports themselves.
///
/// # Complexity
/// O(m log m) time and O(m) space for m accounts, matches, counts and reports; sorted in the caller's rayon pool.
#[must_use]
pub fn extract<P: For>(
    accounts: &[Permitted<AccountOnDevice, P>],
    books: &AddressBooks<'_, P>,
    reports: &[Permitted<Report, P>],
) -> Vec<SpamFeatures> {
    let accounts = one_row_each(accounts);
    let saved = pairs(books.matches, |m| (m.from, m.to));
    let saved_by = sorted(saved.par_iter().map(|&(from, to)| (to, from)).collect());
    let reported = pairs(reports, |r| (r.reported, r.reporter));
    let devices = sorted(accounts.iter().filter_map(|a| a.device).collect());
    let unmatched = sorted(books.unmatched.to_vec());
    let features = |on: &AccountOnDevice| {
        let contacts = row(&saved, |pair| pair.0, on.account);
        let savers = row(&saved_by, |pair| pair.0, on.account);
        let strangers = row(&unmatched, |entry| entry.account, on.account);
        let strangers: u64 = strangers
            .iter()
            .map(|entry| u64::from(entry.n_numbers))
            .sum();
        let looked_up = books.over_budget.n_numbers(on.account);
        SpamFeatures {
            account: on.account,
            book_size: count((contacts.len() as u64 + strangers).max(looked_up.unwrap_or(0))),
            is_over_budget: looked_up.is_some(),
            n_matched: count(contacts.len() as u64),
            n_reciprocated: count(n_common(contacts, savers)),
            n_accounts_on_device: on.device.map_or(1, |device| {
                count(row(&devices, |d| *d, device).len() as u64)
            }),
            n_reporters: count(row(&reported, |pair| pair.0, on.account).len() as u64),
        }
    };
    accounts.par_iter().map(features).collect()
}

/// The accounts in ascending order; of several rows for one account the one with the greatest device stays.
fn one_row_each<P: For>(accounts: &[Permitted<AccountOnDevice, P>]) -> Vec<AccountOnDevice> {
    let mut rows = sorted(accounts.iter().map(|a| *a.get()).collect());
    // Known devices sort after unknown ones; deduplication keeps the first of a reversed list.
    rows.reverse();
    rows.dedup_by_key(|row| row.account);
    rows.reverse();
    rows
}

fn pairs<T: Copy + Sync, P: For>(
    data: &[Permitted<T, P>],
    ends: impl Fn(T) -> (AccountId, AccountId) + Sync,
) -> Vec<(AccountId, AccountId)> {
    let pairs = data.par_iter().map(|datum| ends(*datum.get()));
    let mut pairs = sorted(pairs.filter(|(a, b)| a != b).collect());
    pairs.dedup();
    pairs
}

/// Equal items are indistinguishable, so an unstable parallel sort has one result only.
fn sorted<T: Ord + Send>(mut items: Vec<T>) -> Vec<T> {
    items.par_sort_unstable();
    items
}

/// The items with a key among items ascending by that key.
fn row<T, K: Copy + Ord>(items: &[T], key: impl Fn(&T) -> K, of: K) -> &[T] {
    let from = items.partition_point(|item| key(item) < of);
    let len = items[from..].partition_point(|item| key(item) <= of);
    &items[from..from + len]
}

type Pair = (AccountId, AccountId);

/// How many pairs two ascending lists without repeats have in common.
fn n_common(mut one: &[Pair], mut other: &[Pair]) -> u64 {
    let mut common = 0;
    while let ([first, one_rest @ ..], [second, other_rest @ ..]) = (one, other) {
        common += u64::from(first == second);
        if first <= second {
            one = one_rest;
        }
        if second <= first {
            other = other_rest;
        }
    }
    common
}

fn count(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::testing::gate_of;
    use crate::consent::{Abuse, FriendSuggestions, Gate};
    use proptest::prelude::*;

    fn extracted<P: For>(
        gate: &Gate<P, AccountId>,
        accounts: &[(u64, Option<&str>)],
        contacts: &[(u64, u64)],
        unmatched: &[Strangers],
        reports: &[(u64, u64)],
    ) -> Vec<SpamFeatures> {
        let at = Timestamp::from_secs(0);
        let accounts = accounts.iter().map(|&(id, device)| AccountOnDevice {
            account: AccountId(id),
            device: device.and_then(DeviceId::of),
        });
        let matches = contacts.iter().map(|&(from, to)| Match {
            from: AccountId(from),
            to: AccountId(to),
            saved_at: at,
        });
        let reports = reports.iter().map(|&(reporter, reported)| Report {
            reporter: AccountId(reporter),
            reported: AccountId(reported),
            at,
        });
        extract(
            &accounts
                .filter_map(|a| gate.permit(a).ok())
                .collect::<Vec<_>>(),
            &AddressBooks {
                matches: &matches
                    .filter_map(|m| gate.permit(m).ok())
                    .collect::<Vec<_>>(),
                unmatched,
                over_budget: &OverBudget::nobody(),
            },
            &reports
                .filter_map(|r| gate.permit(r).ok())
                .collect::<Vec<_>>(),
        )
    }

    fn everyone() -> Gate<Abuse, AccountId> {
        gate_of((0..100).map(AccountId))
    }

    #[test]
    fn everything_is_counted_once_for_a_pair() {
        let found = extracted(
            &everyone(),
            &[(2, Some("x")), (1, Some("x")), (3, None)],
            &[(1, 2), (1, 2), (2, 1), (1, 3), (1, 1)],
            &[(1, 4), (1, 1), (9, 5)].map(|(account, n_numbers)| Strangers {
                n_numbers,
                ..Strangers::none(AccountId(account))
            }),
            &[(2, 1), (2, 1), (3, 1), (1, 1)],
        );
        assert_eq!(
            found,
            [
                SpamFeatures {
                    account: AccountId(1),
                    book_size: 7,
                    is_over_budget: false,
                    n_matched: 2,
                    n_reciprocated: 1,
                    n_accounts_on_device: 2,
                    n_reporters: 2,
                },
                SpamFeatures {
                    account: AccountId(2),
                    book_size: 1,
                    is_over_budget: false,
                    n_matched: 1,
                    n_reciprocated: 1,
                    n_accounts_on_device: 2,
                    n_reporters: 0,
                },
                SpamFeatures {
                    account: AccountId(3),
                    book_size: 0,
                    is_over_budget: false,
                    n_matched: 0,
                    n_reciprocated: 0,
                    n_accounts_on_device: 1,
                    n_reporters: 0,
                },
            ]
        );
        assert_eq!(found[0].reciprocity(), Some(0.5));
        assert_eq!(found[2].reciprocity(), None);
    }

    #[test]
    fn an_account_with_two_rows_counts_once_on_its_device() {
        let found = extracted(
            &everyone(),
            &[(1, None), (1, Some("x")), (1, Some("x"))],
            &[],
            &[],
            &[],
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].n_accounts_on_device, 1);
    }

    /// Whoever is not permitted for a purpose leaves no count in it.
    #[test]
    fn deny_leaves_no_count() {
        let gate: Gate<FriendSuggestions, AccountId> = gate_of([1, 2].map(AccountId));
        let with = extracted(
            &gate,
            &[(1, Some("x")), (2, None), (3, Some("x"))],
            &[(1, 2), (1, 3), (3, 1)],
            &[],
            &[(3, 1)],
        );
        let without = extracted(&gate, &[(1, Some("x")), (2, None)], &[(1, 2)], &[], &[]);
        assert_eq!(with, without);
    }

    fn naive(
        accounts: &[(u64, Option<&str>)],
        contacts: &[(u64, u64)],
        reports: &[(u64, u64)],
    ) -> Vec<SpamFeatures> {
        let distinct = |keep: &dyn Fn(u64) -> bool| (0..12).filter(|&id| keep(id)).count();
        let one = |&(id, device): &(u64, Option<&str>)| {
            let saved = |a, b| a != b && contacts.contains(&(a, b));
            let on_device = accounts.iter().filter(|(_, d)| *d == device).count();
            SpamFeatures {
                account: AccountId(id),
                book_size: count(distinct(&|other| saved(id, other)) as u64),
                is_over_budget: false,
                n_matched: count(distinct(&|other| saved(id, other)) as u64),
                n_reciprocated: count(distinct(&|o| saved(id, o) && saved(o, id)) as u64),
                n_accounts_on_device: if device.is_some() {
                    count(on_device as u64)
                } else {
                    1
                },
                n_reporters: count(distinct(&|o| o != id && reports.contains(&(o, id))) as u64),
            }
        };
        accounts.iter().map(one).collect()
    }

    proptest! {
        #[test]
        fn oracle_prop_counts(
            devices in proptest::collection::vec(proptest::option::of(0..4usize), 1..12),
            contacts in proptest::collection::vec((0..12u64, 0..12u64), 0..60),
            reports in proptest::collection::vec((0..12u64, 0..12u64), 0..20),
        ) {
            let names = ["a", "b", "c", "d"];
            let accounts: Vec<(u64, Option<&str>)> =
                (0u64..).zip(devices.iter().map(|d| d.map(|i| names[i]))).collect();
            let found = extracted(&everyone(), &accounts, &contacts, &[], &reports);
            prop_assert_eq!(found, naive(&accounts, &contacts, &reports));
        }
    }
}
