//! What people show: messenger accounts, social accounts, friendships, and what they say about suggestions.

use rand::Rng;

use super::accounts::{Account, Accounts, Holder};
use super::calendar::AS_OF;
use super::claimants::{self, Profile};
use super::devices::{Device, Recorder};
use super::draw::{
    Stream, Topic, about, between, chance, index, pick, spread_id, stream, weighted,
};
use super::numbers::{Exchange, Number, PLANS};
use super::params::ValidSynthParams;
use super::people::{Closeness, Person, Society, names};
use crate::ids::{Region, UserId};
use crate::signals::{
    DeviceFacts, Feedback, FeedbackKind, Friendship, MessengerAccount, PhonePurpose, RawPhone,
    SocialAccount,
};
use crate::time::Timestamp;

/// When the social network opened: 2006-01-01.
pub(super) const OPENED: Timestamp = Timestamp::from_secs(1_136_073_600);

/// The region of a numbering plan.
pub(super) fn region(plan: u8) -> Option<Region> {
    Region::parse(PLANS[usize::from(plan)].region)
}

/// The plan in which somebody's phone reads national numbers, if both services agree on it.
pub(super) fn reads_in(person: &Person) -> Option<u8> {
    (person.home == person.lives_in).then_some(person.home)
}

/// The social account id of each person, by position; none without one.
pub(super) fn user_ids(seed: u64, society: &Society) -> Vec<Option<UserId>> {
    let id = |(i, person): (usize, &Person)| person.social.then(|| UserId(spread_id(seed, 2, i)));
    society.people.iter().enumerate().map(id).collect()
}

/// One row for each number of each account, in order of account and time.
pub(super) fn messenger_accounts(
    seed: u64,
    society: &Society,
    accounts: &Accounts,
    recorder: &mut Recorder,
) -> Vec<MessengerAccount> {
    let mut rng = stream(seed, Topic::Usage);
    let mut rows = Vec::with_capacity(accounts.all.len() * 6 / 5);
    for account in &accounts.all {
        let device = recorder.record(account.device.facts(seed), seed);
        add_account(&device, society, account, &mut rng, &mut rows);
    }
    rows.sort_unstable();
    rows
}

/// One row for each number of an account.
pub(super) fn add_account(
    device: &DeviceFacts,
    society: &Society,
    account: &Account,
    rng: &mut Stream,
    rows: &mut Vec<MessengerAccount>,
) {
    let person = match account.holder {
        Holder::Person(i) => Some(&society.people[i as usize]),
        Holder::Spammer | Holder::Business(_) => None,
    };
    let lives_in = person.map_or(account.first.plan, |p| p.lives_in);
    let app_version = Some(format!("2.16.{}", rng.gen_range(200..340)));
    let sessions_30d = chance(rng, 0.9).then(|| index(about(rng, 60.0)));
    let groups = chance(rng, 0.9).then(|| index(about(rng, 6.0)));
    for (number, since, until) in account.bindings() {
        rows.push(MessengerAccount {
            account_id: account.id,
            phone: RawPhone::new(number.international()),
            region: region(lives_in),
            registered_at: account.registered_at,
            last_seen_at: account.last_seen_at,
            number_since: since,
            number_until: until,
            device: device.clone(),
            app_version: app_version.clone(),
            sessions_30d,
            groups,
        });
    }
}

/// The social accounts, ascending.
pub(super) fn social_accounts(
    params: &ValidSynthParams,
    society: &Society,
    users: &[Option<UserId>],
    accounts: &Accounts,
    exchange: &mut Exchange,
    recorder: &mut Recorder,
) -> Vec<SocialAccount> {
    let seed = params.seed();
    let mut rng = stream(seed, Topic::SocialAccounts);
    let people = (0u32..).zip(society.people.iter().zip(users));
    let there = people.filter_map(|(i, (person, user))| Some((i, person, (*user)?)));
    let mut profiles: Vec<Profile> = there
        .map(|(i, person, user)| {
            social_account(seed, i, person, user, accounts, exchange, &mut rng)
        })
        .collect();
    claimants::add_claims(params, accounts, &mut profiles);
    let mut rows: Vec<_> = profiles
        .into_iter()
        .map(|profile| profile.account)
        .collect();
    for row in &mut rows {
        row.device = recorder.record(std::mem::take(&mut row.device), seed);
        row.phone_since = recorder.date(row.phone_since);
    }
    rows.sort_unstable();
    rows
}

fn social_account(
    seed: u64,
    i: u32,
    person: &Person,
    user: UserId,
    accounts: &Accounts,
    exchange: &mut Exchange,
    rng: &mut Stream,
) -> Profile {
    let created_at = between(rng, OPENED, AS_OF.plus_days(-30));
    let given = chance(rng, 0.87).then(|| give((i, person, created_at), accounts, exchange, rng));
    let contact = chance(rng, 0.78);
    let own = accounts.of(i).next().map(|account| account.device);
    let device = own
        .filter(|_| chance(rng, 0.75))
        .unwrap_or(Device::without_account(i));
    let account = SocialAccount {
        user_id: user,
        phone: given.map(|(number, _)| RawPhone::new(number.written(reads_in(person), rng))),
        phone_given_for: if contact {
            PhonePurpose::Contact
        } else {
            PhonePurpose::Security
        },
        phone_since: given.map(|(_, at)| at),
        region: region(person.lives_in),
        created_at,
        device: device.facts(seed),
        birth_year: chance(rng, 0.95).then_some(person.birth_year),
        gender: chance(rng, 0.95).then(|| person.gender.to_owned()),
        language: Some(person.language.to_owned()),
        interests: names(&person.interests),
        own: crate::signals::OwnValues::default(),
    };
    Profile {
        person: i,
        number: given.map(|(number, _)| number),
        account,
    }
}

/// The number somebody gave, and when: mostly the one they have now; sometimes one they had then and have no more, which
/// may be somebody else's by now. They gave it while it was theirs, and their first one was theirs before they used
/// the messenger, unless it came to them from somebody else.
fn give(
    (i, person, created_at): (u32, &Person, Timestamp),
    accounts: &Accounts,
    exchange: &mut Exchange,
    rng: &mut Stream,
) -> (Number, Timestamp) {
    let own: Vec<&Account> = accounts.of(i).collect();
    let held = (!own.is_empty()).then(|| {
        let account = *pick(rng, &own);
        let newest = chance(rng, 0.92);
        let mut bindings = account.bindings();
        let first = bindings.next().expect("an account has a number");
        let (number, since, until) = bindings.last().filter(|_| newest).unwrap_or(first);
        let is_first = number == account.first && !account.is_recycled;
        let from = if is_first {
            created_at
        } else {
            since.max(created_at)
        };
        (number, from, until.unwrap_or(AS_OF))
    });
    match held.filter(|(_, from, until)| from < until) {
        Some((number, from, until)) => (number, between(rng, from, until)),
        None => (
            exchange.assign(person.home),
            between(rng, created_at, AS_OF),
        ),
    }
}

/// Friendships: most of those who know each other and are both there, closer people more often.
pub(super) fn friendships(
    seed: u64,
    society: &Society,
    users: &[Option<UserId>],
) -> Vec<Friendship> {
    let mut rng = stream(seed, Topic::Friendships);
    let mut rows = Vec::new();
    for tie in &society.ties {
        let befriended = match tie.closeness {
            Closeness::Family => 0.85,
            Closeness::Circle => 0.65,
            Closeness::Acquaintance => 0.45,
        };
        let since = between(&mut rng, OPENED, AS_OF);
        if let (true, Some(a), Some(b)) = (
            chance(&mut rng, befriended),
            users[tie.a as usize],
            users[tie.b as usize],
        ) {
            rows.push(Friendship {
                user_a: a.min(b),
                user_b: a.max(b),
                since,
            });
        }
    }
    rows.sort_unstable();
    rows
}

/// What people say about each other and about suggestions: one row for three people.
pub(super) fn feedback(seed: u64, society: &Society, users: &[Option<UserId>]) -> Vec<Feedback> {
    let mut rng = stream(seed, Topic::Feedback);
    let mut rows = Vec::new();
    for &user in users.iter().flatten() {
        if chance(&mut rng, 0.33) {
            rows.extend(said(user, society, users, &mut rng));
        }
    }
    rows.sort_unstable();
    rows.dedup_by_key(|row| (row.user_id, row.other_id, row.kind));
    rows
}

fn said(
    user: UserId,
    society: &Society,
    users: &[Option<UserId>],
    rng: &mut Stream,
) -> Option<Feedback> {
    use FeedbackKind::{Block, Dismiss, Hide, Report};
    let kind = [Dismiss, Block, Hide, Report][weighted(rng, &[0.7, 0.15, 0.1, 0.05])];
    let other = users[rng.gen_range(0..society.people.len())]?;
    // Hiding oneself from oneself means: suggest me to nobody.
    let other = if kind == Hide && chance(rng, 0.3) {
        user
    } else {
        other
    };
    (other != user || kind == Hide).then(|| Feedback {
        user_id: user,
        other_id: other,
        kind,
        at: between(rng, AS_OF.plus_days(-400), AS_OF),
    })
}
