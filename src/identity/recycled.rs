//! Accounts on numbers that were somebody else's before.

use super::{Binding, E164};
use crate::consent::{For, Permitted};
use crate::hash::HashSet;
use crate::ids::AccountId;
use crate::time::Timestamp;

/// The accounts whose newest number another account held before, among bindings that passed the gate: a former holder who is
/// out has never been.
///
/// # Complexity
/// O(n log n) for n bindings.
#[must_use]
pub fn on_recycled_numbers<P: For>(bindings: &[Permitted<Binding, P>]) -> HashSet<AccountId> {
    let mut all: Vec<Binding> = bindings.iter().map(|one| *one.get()).collect();
    all.sort_unstable_by_key(|one| (one.account, one.since, one.number.expose()));
    let newest: HashSet<(AccountId, E164, Timestamp)> = all
        .chunk_by(|a, b| a.account == b.account)
        .filter_map(|of_one| of_one.last())
        .map(|one| (one.account, one.number, one.since))
        .collect();
    all.sort_unstable_by_key(|one| (one.number.expose(), one.since, one.account));
    let mut found = HashSet::default();
    for holders in all.chunk_by(|a, b| a.number == b.number) {
        for (i, one) in holders.iter().enumerate() {
            let before = &holders[..i];
            let is_second = before.iter().any(|other| other.account != one.account);
            if is_second && newest.contains(&(one.account, one.number, one.since)) {
                found.insert(one.account);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::testing::gate_of;
    use crate::consent::{Abuse, Gate};

    fn found(rows: &[(u64, u64, i64)], permitted: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let gate: Gate<Abuse, AccountId> = gate_of(permitted.into_iter().map(AccountId));
        let binding = |&(account, number, since): &(u64, u64, i64)| Binding {
            number: E164::from_digits(4_915_100_000_000 + number).unwrap(),
            account: AccountId(account),
            since: Timestamp::from_secs(since),
            until: Timestamp::MAX,
        };
        let bindings = rows.iter().filter_map(|row| gate.permit(binding(row)).ok());
        let found = on_recycled_numbers(&bindings.collect::<Vec<_>>());
        let mut found: Vec<u64> = found.into_iter().map(|account| account.0).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn the_second_holder_is_on_a_recycled_number() {
        assert_eq!(found(&[(1, 7, 0), (2, 7, 5)], 0..9), [2]);
        // Not if the number is not its newest, nor if it was its own before.
        assert_eq!(found(&[(1, 7, 0), (2, 7, 5), (2, 8, 9)], 0..9), [0; 0]);
        assert_eq!(found(&[(1, 7, 0), (1, 7, 5)], 0..9), [0; 0]);
        // Somebody returned to a number that another had in between.
        assert_eq!(found(&[(1, 7, 0), (2, 7, 5), (1, 7, 9)], 0..9), [1, 2]);
    }

    #[test]
    fn deny_a_former_holder_who_is_out() {
        assert_eq!(found(&[(1, 7, 0), (2, 7, 5)], 2..9), [0; 0]);
    }
}
