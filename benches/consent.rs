//! Consent: from events to a snapshot, and decisions per second at the gate.

use std::hint::black_box;

use acquaint::consent::{
    AccountFacts, AsOf, Event, EventKind, FriendSuggestions, Ledger, PolicyId, PolicyVersion,
    Subject, TextDigest, ValidConsentParams,
};
use acquaint::ids::{AccountId, EventId, Region, UserId};
use acquaint::time::Timestamp;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const SIZES: [u64; 3] = [1_000, 10_000, 100_000];
const EVENTS_PER_ACCOUNT: u64 = 3;

fn day(days: u64) -> Timestamp {
    Timestamp::from_secs(1_470_000_000).plus_days(i64::try_from(days).expect("a bench is short"))
}

fn policy() -> PolicyVersion {
    PolicyVersion {
        policy: PolicyId(1),
        texts: vec![("en".into(), TextDigest::of("terms"))],
        announced_at: day(0),
        accept_by: day(30),
        window_days: 30,
        cohort_cut: day(0),
    }
}

/// A notice, an acceptance and, for every fourth account, an opt-out; ids are spread so that sorting works.
fn events(n_accounts: u64) -> Vec<Event> {
    let notice = EventKind::NoticeServed {
        policy: PolicyId(1),
        digest: TextDigest::of("terms"),
    };
    (0..n_accounts * EVENTS_PER_ACCOUNT)
        .map(|row| {
            // A prime step that divides no size visits every place once.
            let place = row * 7919 % (n_accounts * EVENTS_PER_ACCOUNT);
            let account = place % n_accounts;
            let (kind, at) = match place / n_accounts {
                0 => (notice, day(1 + account % 20)),
                1 => (
                    EventKind::Accept {
                        share: !account.is_multiple_of(7),
                    },
                    day(21 + account % 20),
                ),
                _ if account.is_multiple_of(4) => (EventKind::OptOut, day(45)),
                _ => (EventKind::NumberChange, day(45)),
            };
            Event {
                event_id: EventId(row),
                subject: Subject::Account(AccountId(account)),
                kind,
                valid_time: at,
                known_time: at,
            }
        })
        .collect()
}

fn facts(n_accounts: u64) -> Vec<AccountFacts> {
    (0..n_accounts)
        .map(|account| AccountFacts {
            account: AccountId(account),
            registered_at: Timestamp::MIN,
            last_seen_at: day(50),
            number_region: Region::parse("IN"),
            residence: None,
            device: None,
        })
        .collect()
}

fn ledger_of(events: Vec<Event>) -> Ledger {
    Ledger::new(vec![policy()], Vec::new(), events)
}

fn snapshots(c: &mut Criterion) {
    let mut group = c.benchmark_group("consent/snapshot");
    let as_of = AsOf::at(day(60));
    let params = ValidConsentParams::default();
    for n_accounts in SIZES {
        let (events, facts) = (events(n_accounts), facts(n_accounts));
        let ledger = ledger_of(events.clone());
        group.throughput(Throughput::Elements(n_accounts * EVENTS_PER_ACCOUNT));
        group.bench_with_input(
            BenchmarkId::new("ledger", n_accounts),
            &events,
            |b, events| {
                b.iter_batched(|| events.clone(), ledger_of, BatchSize::LargeInput);
            },
        );
        group.bench_with_input(
            BenchmarkId::new("replay", n_accounts),
            &facts,
            |b, facts| {
                b.iter(|| ledger.snapshot(as_of, facts, &params));
            },
        );
    }
    group.finish();
}

fn decisions(c: &mut Criterion) {
    let mut group = c.benchmark_group("consent/permit");
    for n_accounts in SIZES {
        let snapshot = ledger_of(events(n_accounts)).snapshot(
            AsOf::at(day(60)),
            &facts(n_accounts),
            &ValidConsentParams::default(),
        );
        let links: Vec<_> = (0..n_accounts)
            .map(|id| (UserId(id), AccountId(id)))
            .collect();
        let gate = snapshot.people::<FriendSuggestions>(&links);
        group.throughput(Throughput::Elements(n_accounts));
        group.bench_with_input(
            BenchmarkId::new("person", n_accounts),
            &links,
            |b, links| {
                b.iter(|| {
                    links
                        .iter()
                        .filter(|(user, _)| gate.permit(black_box(*user)).is_ok())
                        .count()
                });
            },
        );
        group.bench_with_input(
            BenchmarkId::new("people", n_accounts),
            &links,
            |b, links| {
                b.iter(|| snapshot.people::<FriendSuggestions>(links));
            },
        );
    }
    group.finish();
}

criterion_group!(benches, snapshots, decisions);
criterion_main!(benches);
