//! How many different numbers of an address book are nobody's account.

use super::Contact;
use super::different::Different;
use crate::hash::HashMap;
use crate::ids::AccountId;

/// How many different numbers of an account's book are nobody's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strangers {
    /// Who saved them.
    pub account: AccountId,
    /// How many.
    pub n_numbers: u32,
}

/// Counts, for every account, the different numbers it saved that are nobody's account.
///
/// # Complexity
/// 8 bytes for each different number of an account, up to 131,072 numbers; of an account with more the count is near.
#[derive(Debug, Default)]
pub struct StrangersSaved {
    by_account: HashMap<AccountId, Different<()>>,
}

impl StrangersSaved {
    /// Counts an entry.
    pub fn add(&mut self, contact: &Contact) {
        let saved = self.by_account.entry(contact.from);
        let saved = saved.or_insert_with(|| Different::up_to(0));
        saved.add(contact.number, ());
    }

    /// How many strangers each account saved, ascending by account.
    #[must_use]
    pub fn by_account(self) -> Vec<Strangers> {
        let counted = self.by_account.into_iter();
        let counted = counted.map(|(account, mut saved)| {
            let n_numbers = u32::try_from(saved.n()).unwrap_or(u32::MAX);
            Strangers { account, n_numbers }
        });
        let mut counts: Vec<_> = counted.collect();
        counts.sort_unstable();
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::E164;
    use crate::time::Timestamp;

    #[test]
    fn every_number_counts_once_for_each_account() {
        let mut strangers = StrangersSaved::default();
        for i in 0..9_000_u64 {
            strangers.add(&Contact {
                from: AccountId(2 - i % 2),
                number: E164::from_digits(4_915_100_000_000 + i % 6).unwrap(),
                saved_at: Timestamp::from_secs(i.cast_signed()),
            });
        }
        let expected = [1, 2].map(|account| Strangers {
            account: AccountId(account),
            n_numbers: 3,
        });
        assert_eq!(strangers.by_account(), expected);
        assert_eq!(StrangersSaved::default().by_account(), []);
    }
}
