//! Who is meant: everything that belongs to one person.

use std::collections::BTreeSet;

use super::SubjectAsked;
use crate::engine::world::World;
use crate::identity::E164;
use crate::ids::{AccountId, UserId};

/// The accounts, the people and the numbers of whoever is asked about.
#[derive(Clone, Debug, Default)]
pub(super) struct Who {
    /// An id that may be either, as it was asked.
    id: Option<u64>,
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) people: BTreeSet<UserId>,
    pub(super) numbers: BTreeSet<E164>,
}

impl Who {
    /// Follows links from what was asked, until nothing is added.
    ///
    /// A number alone leads to nobody else: it may have been passed on.
    pub(super) fn of(world: &World, asked: SubjectAsked) -> Self {
        let mut who = Self::default();
        match asked {
            SubjectAsked::Id(id) => who.id = Some(id),
            SubjectAsked::Number(number) => {
                who.numbers.insert(number);
            }
        }
        who.see_rows(world);
        let links = world.standing.everyones_links();
        loop {
            let before = (who.accounts.len(), who.people.len());
            for link in links {
                if who.accounts.contains(&link.account) || who.people.contains(&link.user) {
                    who.accounts.insert(link.account);
                    who.people.insert(link.user);
                }
            }
            if before == (who.accounts.len(), who.people.len()) {
                break;
            }
        }
        who.see_numbers(world);
        who
    }

    /// Whoever has the id or the number that was asked about.
    fn see_rows(&mut self, world: &World) {
        let asked = self.numbers.clone();
        let is_asked = |number: Option<E164>| number.is_some_and(|number| asked.contains(&number));
        for holder in world.inputs.accounts.iter() {
            let account = holder.row.account_id;
            if self.id == Some(account.0) || is_asked(holder.number) {
                self.accounts.insert(account);
            }
        }
        for holder in world.inputs.social.iter() {
            let user = holder.row.user_id;
            if self.id == Some(user.0) || is_asked(holder.number) {
                self.people.insert(user);
            }
        }
    }

    /// The numbers of those accounts and people.
    fn see_numbers(&mut self, world: &World) {
        for holder in world.inputs.accounts.iter() {
            if self.accounts.contains(&holder.row.account_id) {
                self.numbers.extend(holder.number);
            }
        }
        for holder in world.inputs.social.iter() {
            if self.people.contains(&holder.row.user_id) {
                self.numbers.extend(holder.number);
            }
        }
    }

    /// Takes somebody in who has no row among the accounts but is named by others, such as an account of which only events are left.
    pub(super) fn names(&mut self, accounts: &[AccountId], users: &[UserId]) -> bool {
        let is_account = |account: &&AccountId| self.id == Some(account.0);
        let is_user = |user: &&UserId| self.id == Some(user.0);
        let (account, user) = (accounts.iter().find(is_account), users.iter().find(is_user));
        self.accounts.extend(account);
        self.people.extend(user);
        accounts
            .iter()
            .any(|account| self.accounts.contains(account))
            || users.iter().any(|user| self.people.contains(user))
    }
}
