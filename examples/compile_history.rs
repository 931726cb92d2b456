//! How much memory a snapshot of a hundred million events takes: `cargo run --release --example compile_history`.
//!
//! The events are made while they are read, four to an account, so that nothing but the snapshot is held.

use std::convert::Infallible;

use acquaint::consent::{
    AccountFacts, AsOf, Event, EventKind, Flaw, FriendSuggestions, History, Overlay, PolicyId,
    PolicyVersion, Snapshot, Subject, TextDigest, ValidConsentParams,
};
use acquaint::ids::{AccountId, EventId, Region};
use acquaint::time::Timestamp;

const ACCOUNTS_PER_BATCH: u64 = 1 << 13;

/// A store that makes its events up.
struct MadeUp {
    accounts: u64,
}

fn day(day: u64) -> Timestamp {
    Timestamp::from_secs(1_470_000_000).plus_days(i64::try_from(day).expect("a few days"))
}

fn terms() -> PolicyVersion {
    PolicyVersion {
        policy: PolicyId(1),
        texts: vec![("en".into(), TextDigest::of("terms"))],
        announced_at: day(0),
        accept_by: day(30),
        window_days: 30,
        cohort_cut: day(0),
    }
}

impl History for MadeUp {
    type Error = Infallible;

    fn policies(&self) -> Result<Vec<PolicyVersion>, Infallible> {
        Ok(vec![terms()])
    }

    fn overlays(&self) -> Result<Vec<Overlay>, Infallible> {
        Ok(Vec::new())
    }

    fn others(&self) -> Result<Vec<Event>, Infallible> {
        Ok(Vec::new())
    }

    fn flaws(&self) -> Result<Vec<Flaw>, Infallible> {
        Ok(Vec::new())
    }

    fn accounts(&self, visit: &mut dyn FnMut(&[Event])) -> Result<(), Infallible> {
        let mut from = 0;
        while from < self.accounts {
            let to = (from + ACCOUNTS_PER_BATCH).min(self.accounts);
            let batch: Vec<Event> = (from..to).flat_map(events_of).collect();
            visit(&batch);
            from = to;
        }
        Ok(())
    }
}

/// A notice, an acceptance, a move, and for one in five an opt-out.
fn events_of(account: u64) -> [Event; 4] {
    let notice = EventKind::NoticeServed {
        policy: PolicyId(1),
        digest: TextDigest::of("terms"),
    };
    let last = if account.is_multiple_of(5) {
        EventKind::OptOut
    } else {
        EventKind::NumberChange
    };
    let kinds = [
        (notice, 1),
        (EventKind::Accept { share: true }, 2),
        (EventKind::NumberChange, 3),
        (last, 4),
    ];
    let mut number = 4 * account;
    kinds.map(|(kind, after)| {
        number += 1;
        Event {
            event_id: EventId(number),
            subject: Subject::Account(AccountId(account)),
            kind,
            valid_time: day(after),
            known_time: day(after),
        }
    })
}

fn main() {
    let events: u64 = std::env::args()
        .nth(1)
        .map_or(100_000_000, |n| n.parse().expect("a number of events"));
    let accounts = events / 4;
    let facts: Vec<AccountFacts> = (0..accounts)
        .map(|account| AccountFacts {
            account: AccountId(account),
            registered_at: day(0).plus_days(-100),
            last_seen_at: day(50),
            number_region: Region::parse("US"),
            residence: None,
            device: None,
        })
        .collect();
    let params = ValidConsentParams::default();
    let Ok(snapshot) = Snapshot::compile(&MadeUp { accounts }, AsOf::at(day(60)), &facts, &params);
    println!(
        "{events} events, {accounts} accounts: {:?}",
        snapshot.state_counts()
    );
    drop(facts);
    let gate = snapshot.accounts::<FriendSuggestions>();
    let allowed = (0..accounts).filter(|&id| {
        let place = gate.place(AccountId(id));
        place.is_some_and(|place| gate.allows(place))
    });
    println!("{} allow friend suggestions", allowed.count());
}
