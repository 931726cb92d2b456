//! What the tables of a world are made from: it takes a fifth of their memory.

use super::accounts::{self, Accounts, Holder};
use super::ads;
use super::attackers::Added;
use super::blocks::{BLOCK, Blocks};
use super::books::{self, Sources};
use super::businesses;
use super::clicks::TrueClickModel;
use super::consent;
use super::devices::Recorder;
use super::effects::{Signals, TrueEffects};
use super::lists;
use super::numbers::{Exchange, Number};
use super::params::ValidSynthParams;
use super::people::{self, Society};
use super::profiles;
use super::showings::{self, Audience, Seen};
use crate::ids::{AccountId, BusinessId, NumberToken, Owned, Region, UserId};
use crate::signals::{
    Ad, AddressBookEntry, Business, MessengerAccount, RawPhone, Record, SocialAccount,
};

/// Where tables go, one after another, some rows at a time.
pub trait TableSink {
    /// Why a table could not go there.
    type Error;

    /// Takes all rows of a table.
    ///
    /// # Errors
    /// Whatever the sink says.
    fn table<R: Record>(&mut self, blocks: impl Iterator<Item = Vec<R>>)
    -> Result<(), Self::Error>;
}

/// Everything about a world that many tables look at.
pub(super) struct Draft<'a> {
    params: &'a ValidSynthParams,
    pub(super) society: Society,
    /// By person.
    pub(super) users: Vec<Option<UserId>>,
    pub(super) accounts: Accounts,
    numbers: Vec<(u8, Number)>,
    pub(super) messenger_accounts: Vec<MessengerAccount>,
    pub(super) social_accounts: Vec<SocialAccount>,
    pub(super) ads: Vec<Ad>,
    pub(super) businesses: Vec<Business>,
    pub(super) shown: Seen,
    pub(super) clicks: TrueClickModel,
    pub(super) added: Added,
}

impl<'a> Draft<'a> {
    pub(super) fn new(params: &'a ValidSynthParams) -> Self {
        let seed = params.seed();
        let mut exchange = Exchange::new(seed);
        let society = people::society(params);
        let users = profiles::user_ids(seed, &society);
        let numbers = businesses::business_numbers(params, &mut exchange);
        let accounts = accounts::accounts(params, &society, &mut exchange, &numbers);
        let mut recorder = Recorder::new(params);
        let messenger_accounts =
            profiles::messenger_accounts(seed, &society, &accounts, &mut recorder);
        let social_accounts = profiles::social_accounts(
            params,
            &society,
            &users,
            &accounts,
            &mut exchange,
            &mut recorder,
        );
        let signals = Signals {
            seed,
            society: &society,
            accounts: &accounts,
            rows: &messenger_accounts,
        };
        let effects = TrueEffects::of(params.effects(), &signals);
        let (mut ads, traits) = ads::ads(params);
        let mut clicks = TrueClickModel::new(&society, &users, traits, effects);
        let audience = Audience {
            society: &society,
            users: &users,
            ads: &ads,
        };
        let shown = showings::seen(params, &audience, &mut clicks);
        lists::furnish(seed, &mut ads);
        let added = Added::of(params, &society, &accounts, &mut exchange);
        Self {
            added,
            params,
            businesses: businesses::businesses(seed, &numbers),
            society,
            users,
            accounts,
            numbers,
            messenger_accounts,
            social_accounts,
            ads,
            shown,
            clicks,
        }
    }

    pub(super) fn audience(&self) -> Audience<'_> {
        Audience {
            society: &self.society,
            users: &self.users,
            ads: &self.ads,
        }
    }

    /// The rows of `address_book`, one account at a time.
    pub(super) fn address_books(&self) -> impl Iterator<Item = Vec<AddressBookEntry>> {
        let sources = Sources {
            society: &self.society,
            accounts: &self.accounts,
            businesses: &self.numbers,
        };
        books::address_books(self.params, sources)
    }

    /// Messenger accounts whose holder also has a social account, with that account; ascending.
    pub(super) fn owners(&self) -> Vec<Owned> {
        let owner = |account: &accounts::Account| match account.holder {
            Holder::Person(person) => self.users[person as usize].map(|user| Owned {
                user,
                account: account.id,
            }),
            Holder::Spammer | Holder::Business(_) => None,
        };
        let mut owners: Vec<_> = self.accounts.all.iter().filter_map(owner).collect();
        owners.sort_unstable_by_key(|owned: &Owned| owned.account);
        owners
    }

    pub(super) fn acquaintances(&self) -> Vec<(UserId, UserId)> {
        let both = |tie: &people::Tie| {
            let (a, b) = (self.users[tie.a as usize]?, self.users[tie.b as usize]?);
            Some((a.min(b), a.max(b)))
        };
        let mut pairs: Vec<_> = self.society.ties.iter().filter_map(both).collect();
        pairs.sort_unstable();
        pairs
    }

    pub(super) fn spammers(&self) -> Vec<AccountId> {
        let all = self.accounts.all.iter();
        let spammers = all.filter(|account| account.holder == Holder::Spammer);
        let mut ids: Vec<AccountId> = spammers.map(|account| account.id).collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn business_accounts(&self) -> Vec<(AccountId, BusinessId)> {
        let of = |account: &accounts::Account| match account.holder {
            Holder::Business(i) => Some((account.id, self.businesses[i as usize].business_id)),
            Holder::Person(_) | Holder::Spammer => None,
        };
        let mut ids: Vec<_> = self.accounts.all.iter().filter_map(of).collect();
        ids.sort_unstable();
        ids
    }
}

/// Makes the token of a number for customer lists, and of its region where the number does not say it.
pub type ListToken<'a> = &'a dyn Fn(&RawPhone, Option<Region>) -> Option<NumberToken>;

/// Sends the tables of a world to a sink, without ever holding all of them; returns which accounts are whose, as
/// [`Truth::owners`](super::Truth::owners) has them.
///
/// Rows are those of [`world`](super::world()) in the same order, after [`make_lists`](super::World::make_lists) if there
/// is a way to make tokens. Customer lists grow with the square of the number of people, so that they are neither
/// drawn without a token nor held together.
///
/// # Errors
/// The first one of the sink.
pub fn write_world<S: TableSink>(
    params: &ValidSynthParams,
    token: Option<ListToken<'_>>,
    sink: &mut S,
) -> Result<Vec<Owned>, S::Error> {
    let mut draft = Draft::new(params);
    let mut accounts = std::mem::take(&mut draft.messenger_accounts);
    accounts.append(&mut draft.added.rows);
    sink.table(once(accounts))?;
    let added = once(std::mem::take(&mut draft.added.book));
    sink.table(Blocks::of(draft.address_books().chain(added)))?;
    sink.table(copied(&draft.social_accounts))?;
    draft.write_people(sink)?;
    sink.table(copied(&draft.ads))?;
    if let Some(token) = token {
        draft.write_lists(token, sink)?;
    }
    draft.social_accounts = Vec::new();
    draft.write_showings(sink)?;
    draft.write_businesses(sink)?;
    Ok(draft.owners())
}

/// Rows that are still looked at afterwards.
fn copied<R: Clone>(rows: &[R]) -> impl Iterator<Item = Vec<R>> {
    rows.chunks(BLOCK).map(<[R]>::to_vec)
}

fn once<R>(rows: Vec<R>) -> impl Iterator<Item = Vec<R>> {
    std::iter::once(rows)
}

impl Draft<'_> {
    fn write_people<S: TableSink>(&self, sink: &mut S) -> Result<(), S::Error> {
        let (seed, society, users) = (self.params.seed(), &self.society, &self.users);
        sink.table(once(profiles::friendships(seed, society, users)))?;
        sink.table(once(profiles::feedback(seed, society, users)))?;
        let mut events = consent::consent_events(self.params, society, &self.accounts);
        events.extend(self.added.events.iter().cloned());
        sink.table(once(events))?;
        sink.table(once(consent::policy_texts()))?;
        sink.table(once(consent::overlays()))
    }

    /// The table of customer lists, if anybody is on one.
    fn write_lists<S: TableSink>(
        &self,
        token: ListToken<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let (seed, people) = (self.params.seed(), &self.social_accounts);
        let mut members = Blocks::of(lists::members(seed, &self.ads, people, token)).peekable();
        if members.peek().is_none() {
            return Ok(());
        }
        sink.table(members)
    }

    fn write_showings<S: TableSink>(&self, sink: &mut S) -> Result<(), S::Error> {
        let audience = self.audience();
        sink.table(once(lists::hidden(
            self.params.seed(),
            &self.ads,
            &self.shown,
        )))?;
        sink.table(self.shown.impressions(&audience))?;
        sink.table(self.shown.truth(&audience))
    }

    fn write_businesses<S: TableSink>(&self, sink: &mut S) -> Result<(), S::Error> {
        let (seed, businesses) = (self.params.seed(), &self.businesses);
        sink.table(copied(businesses))?;
        sink.table(once(businesses::threads(seed, businesses, &self.accounts)))?;
        sink.table(once(businesses::opt_ins(seed, businesses, &self.accounts)))?;
        let mut reports = businesses::reports(seed, &self.accounts);
        reports.extend(self.added.reports.iter().cloned());
        sink.table(once(reports))?;
        // A world without attackers has no such table.
        if self.added.seeds.is_empty() {
            return Ok(());
        }
        sink.table(copied(&self.added.seeds))
    }
}
