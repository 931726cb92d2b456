//! Address books: whom people saved, when, and how they typed it.

use super::accounts::{Account, Accounts, Holder};
use super::calendar::AS_OF;
use super::draw::{Stream, Topic, between, chance, heavy_tailed, pick, stream};
use super::numbers::{Number, service, stranger};
use super::params::ValidSynthParams;
use super::people::{Closeness, Neighbours, Person, Society};
use super::profiles::reads_in;
use crate::signals::{AddressBookEntry, RawPhone};
use crate::time::Timestamp;

/// Share of accounts that let the messenger read their address book.
const UPLOAD_SHARE: f64 = 0.92;

/// What the books are made from.
pub(super) struct Sources<'a> {
    pub(super) society: &'a Society,
    pub(super) accounts: &'a Accounts,
    pub(super) businesses: &'a [(u8, Number)],
}

impl Sources<'_> {
    /// How many people of each country use neither service but are in somebody's address book.
    fn n_strangers(&self) -> usize {
        n_strangers(self.society)
    }
}

/// As many in each country as there are people in the world.
pub(super) fn n_strangers(society: &Society) -> usize {
    society.people.len()
}

/// Every address book, in the order of its rows, one account at a time.
///
/// An ordinary book holds 60 to 95 % of the people its owner knows, more the closer they are: whom one knows
/// does not always have one's own number. It also holds strangers (a heavy-tailed number), a business or
/// two, numbers of services, the owner's own number, and some numbers twice in different writing.
pub(super) fn address_books(
    params: &ValidSynthParams,
    sources: Sources<'_>,
) -> impl Iterator<Item = Vec<AddressBookEntry>> {
    let mut rng = stream(params.seed(), Topic::Books);
    let spam_book_max = params.spam_book_max();
    let near = Neighbours::of(sources.society.people.len(), &sources.society.ties);
    let mut owners: Vec<&Account> = sources.accounts.all.iter().collect();
    owners.sort_unstable_by_key(|account| account.id);
    owners.into_iter().map(move |account| {
        let mut book = Book::of(account);
        match account.holder {
            Holder::Person(person) if chance(&mut rng, UPLOAD_SHARE) => {
                book.fill(person, &near, &sources, &mut rng);
            }
            Holder::Spammer => book.enumerate(spam_book_max, &sources, &mut rng),
            Holder::Person(_) | Holder::Business(_) => {}
        }
        book.rows.sort_unstable();
        book.rows.dedup();
        book.rows
    })
}

struct Book<'a> {
    owner: &'a Account,
    /// The last instant at which the owner can have saved anything.
    until: Timestamp,
    home: Option<u8>,
    rows: Vec<AddressBookEntry>,
}

impl<'a> Book<'a> {
    fn of(owner: &'a Account) -> Self {
        Self {
            owner,
            until: owner.last_seen_at.min(AS_OF),
            home: Some(owner.first.plan),
            rows: Vec::new(),
        }
    }

    fn fill(&mut self, i: u32, near: &Neighbours, sources: &Sources<'_>, rng: &mut Stream) {
        let person = &sources.society.people[i as usize];
        self.home = reads_in(person);
        for &(other, closeness) in near.row(i) {
            let saved = match closeness {
                Closeness::Family => 0.95,
                Closeness::Circle => 0.75,
                Closeness::Acquaintance => 0.6,
            };
            if chance(rng, saved) {
                self.save_person(other, sources.accounts, rng);
            }
        }
        self.add_the_rest(person, sources, rng);
    }

    /// Saves one of a person's numbers as it was at some time, if they had one.
    fn save_person(&mut self, other: u32, accounts: &Accounts, rng: &mut Stream) {
        let theirs: Vec<&Account> = accounts.of(other).collect();
        if theirs.is_empty() {
            return;
        }
        let at = self.some_time(rng);
        if let Some(number) = pick(rng, &theirs).number_at(at) {
            self.save(number, at, rng);
            if chance(rng, 0.03) {
                self.save(number, at, rng);
            }
        }
    }

    fn add_the_rest(&mut self, person: &Person, sources: &Sources<'_>, rng: &mut Stream) {
        for _ in 0..heavy_tailed(rng, 2.5, 1.6, 300) {
            let number = stranger(person.home, sources.n_strangers(), rng);
            self.save_some_time(number, rng);
        }
        if chance(rng, 0.3) {
            self.save_some_time(self.owner.number(), rng);
        }
        if chance(rng, 0.4) && !sources.businesses.is_empty() {
            let (_, number) = *pick(rng, sources.businesses);
            self.save_some_time(number, rng);
        }
        if chance(rng, 0.35) {
            let (text, at) = (service(person.lives_in, rng), self.some_time(rng));
            self.push(text.to_owned(), at);
        }
    }

    /// A spammer's book: real people in no order and made-up numbers, saved within a few days.
    fn enumerate(&mut self, max: usize, sources: &Sources<'_>, rng: &mut Stream) {
        let people = &sources.accounts.all;
        // In a small world even a spammer finds only so many people.
        let n = heavy_tailed(rng, 250.0, 1.1, max.min(people.len() * 2 + 10));
        let start = between(rng, self.owner.registered_at, AS_OF.plus_days(-8));
        for _ in 0..n {
            let number = if chance(rng, 0.5) {
                pick(rng, people).number()
            } else {
                stranger(self.owner.first.plan, sources.n_strangers(), rng)
            };
            let at = between(rng, start, start.plus_days(7));
            self.push(number.international(), at);
        }
    }

    fn save_some_time(&mut self, number: Number, rng: &mut Stream) {
        let at = self.some_time(rng);
        self.save(number, at, rng);
    }

    fn save(&mut self, number: Number, at: Timestamp, rng: &mut Stream) {
        let text = number.written(self.home, rng);
        self.push(text, at);
    }

    fn push(&mut self, text: String, saved_at: Timestamp) {
        self.rows.push(AddressBookEntry {
            account_id: self.owner.id,
            phone: RawPhone::new(text),
            saved_at,
        });
    }

    fn some_time(&self, rng: &mut Stream) -> Timestamp {
        between(rng, self.owner.registered_at, self.until)
    }
}
