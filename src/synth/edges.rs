//! Public data as a world: everyone in it has accepted, every edge is a friendship, ids are kept.
//!
//! Public graphs have no numbers and no consent. Each person gets one messenger account with the person's own
//! id, a number made from their rank among the ids, and one acceptance; so a run on the result scores the
//! whole graph, and opting somebody out is one more event.

use super::calendar::{ACCEPT_BY, ANNOUNCED, AS_OF, STARTED, WINDOW_DAYS};
use crate::consent::{Event, EventKind, PolicyId, Subject, TextDigest};
use crate::ids::{AccountId, EventId, Region, UserId};
use crate::signals::{
    AddressBookEntry, ConsentEventRow, DeviceFacts, Friendship, MessengerAccount, PhonePurpose,
    PolicyText, RawPhone, SocialAccount,
};
use crate::time::Timestamp;

/// The one policy everyone accepted.
const POLICY: PolicyId = PolicyId(1);
/// What they were shown.
const TEXT: &str = "An imported edge list: everyone in it has accepted.";
/// How many numbers there are to give: eleven digits beginning with 13, a Chinese mobile range that is
/// assigned as a whole.
const N_NUMBERS: u64 = 1_000_000_000;

/// The tables of an imported edge list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EdgeWorld {
    /// One account a person, ascending.
    pub messenger_accounts: Vec<MessengerAccount>,
    /// One person an id, ascending.
    pub social_accounts: Vec<SocialAccount>,
    /// The edges, the smaller id first, ascending.
    pub friendships: Vec<Friendship>,
    /// The directed edges: who saved whose number.
    pub address_book: Vec<AddressBookEntry>,
    /// A notice and an acceptance a person.
    pub consent_events: Vec<ConsentEventRow>,
    /// What was accepted.
    pub policy_versions: Vec<PolicyText>,
}

/// Everybody named in public data, each with an account and an acceptance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PublicPeople {
    /// One account a person, ascending.
    pub messenger_accounts: Vec<MessengerAccount>,
    /// One person an id, ascending.
    pub social_accounts: Vec<SocialAccount>,
    /// A notice and an acceptance a person.
    pub consent_events: Vec<ConsentEventRow>,
    /// What was accepted.
    pub policy_versions: Vec<PolicyText>,
}

/// There are more people than numbers to give them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{n_people} people, but numbers for {N_NUMBERS} at most")]
pub struct TooManyPeople {
    /// How many there are.
    pub n_people: usize,
}

/// The world of some friendships, and of saved numbers as pairs of who saved and whose number.
///
/// Loops are left out; repeats are folded, friendships without regard to direction.
///
/// # Errors
/// If there are more than 10⁹ people.
///
/// # Complexity
/// O(n log n) for n edges.
pub fn world_of_edges(
    friendships: &[(u64, u64)],
    contacts: &[(u64, u64)],
) -> Result<EdgeWorld, TooManyPeople> {
    let people = people(friendships, contacts);
    let PublicPeople {
        messenger_accounts,
        social_accounts,
        consent_events,
        policy_versions,
    } = public_people(&people, AS_OF)?;
    Ok(EdgeWorld {
        messenger_accounts,
        social_accounts,
        friendships: undirected(friendships)
            .into_iter()
            .map(friendship)
            .collect(),
        address_book: saved(&people, contacts),
        consent_events,
        policy_versions,
    })
}

/// Accounts and acceptances of people, by ids that ascend, as of a moment that is not before 2016-11-15: whoever was seen, or
/// asked, too long before it would count as gone.
///
/// # Errors
/// If there are more than 10⁹ people.
///
/// # Complexity
/// O(n) for n people.
pub fn public_people(people: &[u64], as_of: Timestamp) -> Result<PublicPeople, TooManyPeople> {
    if people.len() as u64 > N_NUMBERS {
        return Err(TooManyPeople {
            n_people: people.len(),
        });
    }
    let as_of = as_of.max(AS_OF);
    let later = as_of.micros() - AS_OF.micros();
    Ok(PublicPeople {
        messenger_accounts: ranked(people)
            .map(|(rank, id)| account(rank, id, as_of))
            .collect(),
        social_accounts: ranked(people).map(|(rank, id)| person(rank, id)).collect(),
        consent_events: ranked(people)
            .flat_map(|(rank, id)| accepted(rank, id, moved(ANNOUNCED, later)))
            .collect(),
        policy_versions: vec![policy(later)],
    })
}

fn people(friendships: &[(u64, u64)], contacts: &[(u64, u64)]) -> Vec<u64> {
    let mut ids: Vec<u64> = friendships
        .iter()
        .chain(contacts)
        .flat_map(|&(a, b)| [a, b])
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn ranked(people: &[u64]) -> impl Iterator<Item = (u64, u64)> {
    people
        .iter()
        .copied()
        .enumerate()
        .map(|(rank, id)| (rank as u64, id))
}

fn undirected(edges: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let sorted = |&(a, b): &(u64, u64)| (a != b).then_some((a.min(b), a.max(b)));
    let mut pairs: Vec<(u64, u64)> = edges.iter().filter_map(sorted).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn saved(people: &[u64], contacts: &[(u64, u64)]) -> Vec<AddressBookEntry> {
    let mut pairs: Vec<(u64, u64)> = contacts
        .iter()
        .copied()
        .filter(|(from, to)| from != to)
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let entry = |(from, to): (u64, u64)| {
        let rank = people
            .binary_search(&to)
            .expect("people are taken from these very edges");
        AddressBookEntry {
            account_id: AccountId(from),
            phone: number(rank as u64),
            saved_at: ANNOUNCED,
        }
    };
    pairs.into_iter().map(entry).collect()
}

fn number(rank: u64) -> RawPhone {
    RawPhone::new(format!("+8613{rank:09}"))
}

fn region() -> Option<Region> {
    Region::parse("CN")
}

/// A moment of the calendar, so many microseconds later.
const fn moved(at: Timestamp, later: i64) -> Timestamp {
    Timestamp::from_micros(at.micros() + later)
}

fn account(rank: u64, id: u64, as_of: Timestamp) -> MessengerAccount {
    MessengerAccount {
        account_id: AccountId(id),
        phone: number(rank),
        region: region(),
        registered_at: STARTED,
        last_seen_at: as_of,
        number_since: STARTED,
        number_until: None,
        device: DeviceFacts::default(),
        app_version: None,
        sessions_30d: None,
        groups: None,
    }
}

fn person(rank: u64, id: u64) -> SocialAccount {
    SocialAccount {
        user_id: UserId(id),
        phone: Some(number(rank)),
        phone_given_for: PhonePurpose::Contact,
        phone_since: Some(STARTED),
        region: region(),
        created_at: STARTED,
        device: DeviceFacts::default(),
        birth_year: None,
        gender: None,
        language: None,
        interests: Vec::new(),
        own: crate::signals::OwnValues::default(),
    }
}

fn friendship((a, b): (u64, u64)) -> Friendship {
    Friendship {
        user_a: UserId(a),
        user_b: UserId(b),
        since: STARTED,
    }
}

fn accepted(rank: u64, id: u64, announced: Timestamp) -> [ConsentEventRow; 2] {
    let notice = EventKind::NoticeServed {
        policy: POLICY,
        digest: TextDigest::of(TEXT),
    };
    let event = |event_id, kind, at| {
        ConsentEventRow::Known(Event {
            event_id: EventId(event_id),
            subject: Subject::Account(AccountId(id)),
            kind,
            valid_time: at,
            known_time: at,
        })
    };
    let accept = EventKind::Accept { share: true };
    [
        event(2 * rank + 1, notice, announced),
        event(2 * rank + 2, accept, announced.plus_days(1)),
    ]
}

fn policy(later: i64) -> PolicyText {
    PolicyText {
        policy: POLICY,
        locale: "en".to_owned(),
        digest: TextDigest::of(TEXT),
        announced_at: moved(ANNOUNCED, later),
        accept_by: moved(ACCEPT_BY, later),
        window_days: WINDOW_DAYS,
        cohort_cut: moved(ANNOUNCED, later),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_and_repeats_are_folded_and_ids_kept() {
        let world = world_of_edges(&[(7, 0), (0, 7), (3, 3)], &[(7, 0), (0, 7)]).unwrap();
        let ids: Vec<u64> = world.social_accounts.iter().map(|p| p.user_id.0).collect();
        assert_eq!(ids, [0, 3, 7]);
        assert_eq!(world.friendships.len(), 1);
        assert_eq!(
            world.address_book.len(),
            2,
            "saving a number has a direction"
        );
        assert_eq!(world.consent_events.len(), 6);
    }
}
