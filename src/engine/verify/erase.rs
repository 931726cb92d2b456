//! Who is out, and what is deleted with them.

use std::collections::{BTreeMap, BTreeSet};

use crate::consent::{Decision, DenialReason, For, Subject};
use crate::engine::contacts::default_regions;
use crate::engine::inputs::Inputs;
use crate::engine::view::Gates;
use crate::hash::{HashMap, HashSet};
use crate::identity::{E164, Link};
use crate::ids::{AccountId, Region, UserId};

/// Who is out for a purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Erased {
    pub(in crate::engine) users: BTreeSet<UserId>,
    pub(in crate::engine) accounts: BTreeSet<AccountId>,
}

impl Erased {
    /// Everybody whom the gates turn away, with their accounts.
    pub(in crate::engine) fn of<P: For>(gates: &Gates<P>, inputs: &Inputs, links: &[Link]) -> Self {
        let people = inputs.social.iter().map(|row| row.user_id);
        let users = people
            .filter(|&user| is_out(gates.people.decision(user)))
            .collect();
        let accounts = inputs.accounts.iter().map(|row| row.account_id);
        let out = accounts.filter(|&account| is_out(gates.accounts.decision(account)));
        let mut erased = Self {
            users,
            accounts: out.collect(),
        };
        erased.take_their_accounts(links);
        erased
    }

    /// Every account that is turned away for two purposes that share an output.
    pub(in crate::engine) fn of_both<P: For, Q: For>(
        one: &Gates<P>,
        other: &Gates<Q>,
        inputs: &Inputs,
    ) -> Self {
        let accounts = inputs.accounts.iter().map(|row| row.account_id);
        let is_out_for_both = |account: &AccountId| {
            is_out(one.accounts.decision(*account)) && is_out(other.accounts.decision(*account))
        };
        Self {
            users: BTreeSet::new(),
            accounts: accounts.filter(is_out_for_both).collect(),
        }
    }

    /// An account goes with its holder, unless somebody who stays held it too.
    fn take_their_accounts(&mut self, links: &[Link]) {
        let mut holders: BTreeMap<AccountId, Vec<UserId>> = BTreeMap::new();
        for link in links {
            holders.entry(link.account).or_default().push(link.user);
        }
        for (account, users) in holders {
            if users.iter().all(|user| self.users.contains(user)) {
                self.accounts.insert(account);
            }
        }
    }

    /// One by one: each person with their accounts, and each account of nobody's.
    pub(in crate::engine) fn people(&self, links: &[Link]) -> Vec<Self> {
        let mut of: BTreeMap<UserId, Self> = BTreeMap::new();
        for &user in &self.users {
            of.entry(user).or_default().users.insert(user);
        }
        let mut left = self.accounts.clone();
        for link in links {
            if let Some(person) = of.get_mut(&link.user)
                && left.remove(&link.account)
            {
                person.accounts.insert(link.account);
            }
        }
        let alone = left.into_iter().map(|account| Self {
            users: BTreeSet::new(),
            accounts: BTreeSet::from([account]),
        });
        of.into_values().chain(alone).collect()
    }

    /// All of some.
    pub(in crate::engine) fn union(people: &[Self]) -> Self {
        let mut all = Self::default();
        for person in people {
            all.users.extend(&person.users);
            all.accounts.extend(&person.accounts);
        }
        all
    }
}

/// Turned away for a reason: that nothing is known is none.
fn is_out(decision: Decision) -> bool {
    match decision {
        Decision::Allowed { .. } | Decision::Denied(DenialReason::NoRecord) => false,
        Decision::Denied(_) => true,
    }
}

/// Who is gone, and which numbers with them.
pub(in crate::engine) struct Gone {
    users: HashSet<UserId>,
    accounts: HashSet<AccountId>,
    numbers: HashSet<E164>,
    regions: HashMap<AccountId, Region>,
}

impl Gone {
    pub(in crate::engine) fn new(erased: &Erased, inputs: &Inputs) -> Self {
        let accounts: HashSet<AccountId> = erased.accounts.iter().copied().collect();
        let held = inputs.accounts.iter().zip(&inputs.account_numbers);
        let (theirs, others): (Vec<_>, Vec<_>) =
            held.partition(|(row, _)| accounts.contains(&row.account_id));
        let kept: HashSet<E164> = others
            .into_iter()
            .filter_map(|(_, number)| *number)
            .collect();
        let numbers = theirs.into_iter().filter_map(|(_, number)| *number);
        Self {
            users: erased.users.iter().copied().collect(),
            numbers: numbers.filter(|number| !kept.contains(number)).collect(),
            regions: default_regions(inputs),
            accounts,
        }
    }

    pub(in crate::engine) fn keeps_user(&self, user: UserId) -> bool {
        !self.users.contains(&user)
    }

    pub(in crate::engine) fn keeps_account(&self, account: AccountId) -> bool {
        !self.accounts.contains(&account)
    }

    pub(in crate::engine) fn keeps_subject(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Account(account) => self.keeps_account(*account),
            Subject::Device(_) | Subject::NonUser(_) => true,
        }
    }

    pub(in crate::engine) fn keeps_number(&self, number: E164) -> bool {
        !self.numbers.contains(&number)
    }

    /// Where an account's entries are read.
    pub(in crate::engine) fn region(&self, account: AccountId) -> Option<Region> {
        self.regions.get(&account).copied()
    }
}
