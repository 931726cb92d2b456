//! Messenger accounts and the numbers they hold over time.
//!
//! Six in seven people have an account, one in six of those a second one. One in five accounts moved to
//! another number within two years; some were abandoned or deleted. A number that became free goes, with
//! probability 0.6 and after 45 days at the earliest, to somebody else in the same country, who opens a new
//! account on it: old address books still hold it.

use rand::Rng;

use super::calendar::{ANNOUNCED, AS_OF, STARTED};
use super::devices::Device;
use super::draw::{
    Stream, Topic, between, chance, index, spread_id, stream, weighted, whole, within_days,
};
use super::numbers::{Exchange, Number, PLANS};
use super::params::ValidSynthParams;
use super::people::{Person, Society};
use crate::ids::AccountId;
use crate::time::Timestamp;

/// How long a number rests before somebody else may get it.
const REST_DAYS: i64 = 45;
/// Two years: how far back numbers change hands.
const CHURN_DAYS: i64 = 730;

/// Whose account it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    Person(u32),
    Spammer,
    Business(u32),
}

/// How an account ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Alive,
    /// Not used any more; nobody told us.
    Abandoned,
    Deleted(Timestamp),
    /// Its number went to somebody else.
    Recycled(Timestamp),
}

/// A messenger account.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) id: AccountId,
    pub(super) holder: Holder,
    pub(super) registered_at: Timestamp,
    pub(super) last_seen_at: Timestamp,
    pub(super) first: Number,
    /// Whether its first number was somebody else's before.
    pub(super) is_recycled: bool,
    /// When it moved to another number, and which.
    pub(super) moved: Option<(Timestamp, Number)>,
    pub(super) fate: Fate,
    pub(super) device: Device,
}

impl Account {
    /// Its numbers: which, since when, until when.
    pub(super) fn bindings(&self) -> impl Iterator<Item = (Number, Timestamp, Option<Timestamp>)> {
        let until = match self.fate {
            Fate::Alive | Fate::Abandoned => None,
            Fate::Deleted(at) | Fate::Recycled(at) => Some(at),
        };
        let (first_until, second) = match self.moved {
            Some((at, number)) => (Some(at), Some((number, at, until))),
            None => (until, None),
        };
        std::iter::once((self.first, self.registered_at, first_until)).chain(second)
    }

    /// The number it holds last.
    pub(super) fn number(&self) -> Number {
        self.moved.map_or(self.first, |(_, number)| number)
    }

    /// The number it held at an instant, if any.
    pub(super) fn number_at(&self, at: Timestamp) -> Option<Number> {
        self.bindings()
            .find(|&(_, since, until)| since <= at && until.is_none_or(|until| at < until))
            .map(|(number, ..)| number)
    }
}

/// All accounts, and those of each person.
pub(super) struct Accounts {
    pub(super) all: Vec<Account>,
    /// For each person where their part of `positions` begins, and where the last one ends.
    offsets: Vec<u32>,
    /// Positions in `all`, by person, then in order of creation.
    positions: Vec<u32>,
}

impl Accounts {
    fn new(all: Vec<Account>, n_people: usize) -> Self {
        let holder = |account: &Account| match account.holder {
            Holder::Person(person) => Some(person),
            Holder::Spammer | Holder::Business(_) => None,
        };
        let of = |(i, account): (u32, &Account)| Some((holder(account)?, i));
        let mut of_person: Vec<(u32, u32)> = (0u32..).zip(&all).filter_map(of).collect();
        of_person.sort_unstable();
        let begins = |person: u32| index(of_person.partition_point(|&(p, _)| p < person));
        Self {
            offsets: (0..=index(n_people)).map(begins).collect(),
            positions: of_person.iter().map(|&(_, position)| position).collect(),
            all,
        }
    }

    /// The accounts of a person, in order of creation.
    pub(super) fn of(&self, person: u32) -> impl ExactSizeIterator<Item = &Account> {
        let [from, until] = [0, 1].map(|next| self.offsets[person as usize + next] as usize);
        let row = &self.positions[from..until];
        row.iter().map(|&account| &self.all[account as usize])
    }
}

/// A number that became free.
struct Released {
    number: Number,
    at: Timestamp,
    /// The position of the account that still holds it without using it.
    abandoned: Option<usize>,
    /// Who had it.
    by: u32,
}

/// Everybody's accounts, spammers' and businesses' included.
pub(super) fn accounts(
    params: &ValidSynthParams,
    society: &Society,
    exchange: &mut Exchange,
    businesses: &[(u8, Number)],
) -> Accounts {
    let mut all = Vec::with_capacity(society.people.len() * 5 / 4);
    let released = add_people(params, society, exchange, &mut all);
    recycle(params, society, &released, &mut all);
    add_spammers(params, exchange, &mut all);
    add_businesses(params, businesses, &mut all);
    for (i, account) in all.iter_mut().enumerate() {
        account.id = AccountId(spread_id(params.seed(), 1, i));
    }
    Accounts::new(all, society.people.len())
}

fn add_people(
    params: &ValidSynthParams,
    society: &Society,
    exchange: &mut Exchange,
    all: &mut Vec<Account>,
) -> Vec<Released> {
    let mut rng = stream(params.seed(), Topic::Accounts);
    let mut released = Vec::new();
    for (i, person) in (0u32..).zip(&society.people) {
        let device = Device::of_person(i, person.family, &mut rng);
        for _ in 0..n_accounts(person, &mut rng) {
            let device = if chance(&mut rng, 0.7) {
                device
            } else {
                Device::spare(all.len())
            };
            let account = add_life(
                new_account(i, person.home, device, exchange, &mut rng),
                exchange,
                &mut rng,
            );
            released.extend(freed(&account, all.len(), i));
            all.push(account);
        }
    }
    released
}

fn n_accounts(person: &Person, rng: &mut Stream) -> usize {
    // Without a social account they are in this world only because of the messenger.
    let any = !person.social || chance(rng, 0.85);
    if any {
        1 + usize::from(chance(rng, 0.16))
    } else {
        0
    }
}

fn new_account(
    person: u32,
    home: u8,
    device: Device,
    exchange: &mut Exchange,
    rng: &mut Stream,
) -> Account {
    let registered_at = if chance(rng, 0.93) {
        between(rng, STARTED, ANNOUNCED)
    } else {
        between(rng, ANNOUNCED, AS_OF.plus_days(-5))
    };
    blank(
        Holder::Person(person),
        registered_at,
        exchange.assign(home),
        device,
        rng,
    )
}

fn blank(
    holder: Holder,
    registered_at: Timestamp,
    number: Number,
    device: Device,
    rng: &mut Stream,
) -> Account {
    Account {
        id: AccountId(0),
        holder,
        registered_at,
        last_seen_at: within_days(rng, AS_OF.plus_days(-4), 4).max(registered_at),
        first: number,
        is_recycled: false,
        moved: None,
        fate: Fate::Alive,
        device,
    }
}

/// What happens to an account: it moves to another number, is abandoned or deleted.
fn add_life(mut account: Account, exchange: &mut Exchange, rng: &mut Stream) -> Account {
    let earliest = account
        .registered_at
        .plus_days(1)
        .max(AS_OF.plus_days(-CHURN_DAYS));
    if chance(rng, 0.2) && earliest < AS_OF {
        let number = exchange.assign(account.first.plan);
        account.moved = Some((between(rng, earliest, AS_OF), number));
    }
    let settled = account.moved.map_or(earliest, |(at, _)| at).plus_days(1);
    if settled < AS_OF.plus_days(-130) {
        end_life(&mut account, settled, rng);
    }
    account
}

fn end_life(account: &mut Account, settled: Timestamp, rng: &mut Stream) {
    match weighted(rng, &[0.95, 0.035, 0.015]) {
        1 => {
            account.fate = Fate::Abandoned;
            account.last_seen_at = between(rng, settled, AS_OF.plus_days(-125));
        }
        2 => {
            let at = between(rng, settled, AS_OF);
            account.fate = Fate::Deleted(at);
            account.last_seen_at = at;
        }
        _ => {}
    }
}

/// The numbers that an account has let go.
fn freed(account: &Account, position: usize, by: u32) -> Vec<Released> {
    let moved = account.moved.map(|(at, _)| Released {
        number: account.first,
        at,
        abandoned: None,
        by,
    });
    let end = |at, abandoned| Released {
        number: account.number(),
        at,
        abandoned,
        by,
    };
    let ended = match account.fate {
        Fate::Alive | Fate::Recycled(_) => None,
        Fate::Abandoned => Some(end(account.last_seen_at, Some(position))),
        Fate::Deleted(at) => Some(end(at, None)),
    };
    moved.into_iter().chain(ended).collect()
}

fn recycle(
    params: &ValidSynthParams,
    society: &Society,
    released: &[Released],
    all: &mut Vec<Account>,
) {
    let mut rng = stream(params.seed(), Topic::Recycling);
    for old in released {
        let at = within_days(&mut rng, old.at.plus_days(REST_DAYS), 60);
        let home = usize::from(old.number.plan);
        let heir = rng.gen_range(society.countries[home]..society.countries[home + 1]);
        if chance(&mut rng, 0.6) && at < AS_OF.plus_days(-2) && heir != old.by {
            if let Some(position) = old.abandoned {
                all[position].fate = Fate::Recycled(at);
            }
            let device = Device::spare(all.len());
            all.push(Account {
                is_recycled: true,
                ..blank(Holder::Person(heir), at, old.number, device, &mut rng)
            });
        }
    }
}

fn add_spammers(params: &ValidSynthParams, exchange: &mut Exchange, all: &mut Vec<Account>) {
    let mut rng = stream(params.seed(), Topic::Spammers);
    let wanted = all.len() as f64 * params.spammer_share();
    let n = if wanted > 0.0 {
        whole(wanted.round()).max(1)
    } else {
        0
    };
    let mut left_in_farm = 0;
    let mut farm = 0;
    for i in 0..n {
        if left_in_farm == 0 {
            left_in_farm = rng.gen_range(3..=12);
            farm = index(i);
        }
        left_in_farm -= 1;
        let plan = weighted(&mut rng, &PLANS.map(|p| p.weight));
        let number = exchange.assign(u8::try_from(plan).expect("a handful of plans"));
        let registered_at = between(&mut rng, AS_OF.plus_days(-300), AS_OF.plus_days(-30));
        all.push(blank(
            Holder::Spammer,
            registered_at,
            number,
            Device::of_farm(farm),
            &mut rng,
        ));
    }
}

fn add_businesses(params: &ValidSynthParams, businesses: &[(u8, Number)], all: &mut Vec<Account>) {
    let mut rng = stream(params.seed(), Topic::BusinessAccounts);
    for (i, &(_, number)) in (0u32..).zip(businesses) {
        // Some write through other software and have no account of their own.
        if chance(&mut rng, 0.6) {
            let registered_at = between(&mut rng, AS_OF.plus_days(-900), AS_OF.plus_days(-20));
            let device = Device::spare(all.len());
            all.push(blank(
                Holder::Business(i),
                registered_at,
                number,
                device,
                &mut rng,
            ));
        }
    }
}
