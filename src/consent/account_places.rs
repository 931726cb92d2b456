//! Where each account's status stands: links ask for those of all accounts, again for every purpose and moment.

use super::places::Places;
use super::snapshot::AccountStatus;
use crate::ids::AccountId;

/// The places of accounts in a list of their statuses.
#[derive(Clone, Debug)]
pub(in crate::consent) struct AccountPlaces {
    places: Places,
    /// By place, where the status is in the list.
    at: Vec<u32>,
}

impl AccountPlaces {
    /// Of statuses by ascending account, each once.
    ///
    /// # Complexity
    /// O(n) time; 12 bytes for each account if their ids have no gaps, 20 to 36 otherwise.
    pub(in crate::consent) fn of(statuses: &[AccountStatus]) -> Self {
        let ids: Vec<u64> = statuses.iter().map(|status| status.account().0).collect();
        let places = Places::new(&ids);
        let mut at = vec![0; places.n_slots()];
        for ((place, _), index) in places.ids().zip(0..) {
            at[place] = index;
        }
        Self { places, at }
    }

    /// Where the status of an account is in the list; none if it has none.
    ///
    /// # Complexity
    /// O(1) for ids that are dense or spread evenly, O(log n) at worst.
    pub(in crate::consent) fn find(&self, account: AccountId) -> Option<usize> {
        Some(self.at[self.places.find(account.0)?] as usize)
    }
}
