//! Consent: from events to a snapshot, and decisions per second at the gate.

use std::hint::black_box;

use acquaint::consent::{
    AccountFacts, AsOf, Decision, Event, EventKind, For, FriendSuggestions, Ledger, PolicyId,
    PolicyVersion, Subject, TextDigest, ValidConsentParams,
};
use acquaint::hash::HashMap;
use acquaint::ids::{AccountId, EventId, Owned, Region, UserId};
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
        let links: Vec<Owned> = (0..n_accounts)
            .map(|id| Owned {
                user: UserId(id),
                account: AccountId(id),
            })
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
                        .filter(|owned| gate.permit(black_box(owned.user)).is_ok())
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

/// What a backend might keep instead of a gate: a struct for each account in a hash map.
struct Status {
    _registered_at: Timestamp,
    _last_seen_at: Timestamp,
    _region: Option<Region>,
    allowed: [bool; 6],
}

/// More accounts than caches hold, asked in an order that no prefetcher guesses.
fn many_decisions(c: &mut Criterion) {
    const N: u64 = 4_000_000;
    const STEP: u64 = 2_654_435_761;
    let mut group = c.benchmark_group("consent/decisions");
    group.sample_size(10);
    for (ids, spread) in [("dense", 1), ("spread", 4_500_000_000_019)] {
        let id = |n: u64| AccountId(n.wrapping_mul(spread) & (u64::MAX >> 1));
        let renamed = |event: Event| match event.subject {
            Subject::Account(account) => Event {
                subject: Subject::Account(id(account.0)),
                ..event
            },
            _ => event,
        };
        let events = events(N).into_iter().map(renamed).collect();
        let facts: Vec<AccountFacts> = facts(N)
            .into_iter()
            .map(|facts| AccountFacts {
                account: id(facts.account.0),
                ..facts
            })
            .collect();
        let snapshot =
            ledger_of(events).snapshot(AsOf::at(day(60)), &facts, &ValidConsentParams::default());
        let gate = snapshot.accounts::<FriendSuggestions>();
        let twin: HashMap<AccountId, Status> = facts
            .iter()
            .map(|facts| {
                let is_allowed = matches!(gate.decision(facts.account), Decision::Allowed { .. });
                let status = Status {
                    _registered_at: facts.registered_at,
                    _last_seen_at: facts.last_seen_at,
                    _region: facts.residence,
                    allowed: [is_allowed; 6],
                };
                (facts.account, status)
            })
            .collect();
        drop(snapshot);
        let asked: Vec<AccountId> = (0..N).map(|n| id(n.wrapping_mul(STEP) % N)).collect();
        let places: Vec<u32> = asked
            .iter()
            .map(|&id| u32::try_from(gate.place(id).expect("known")).expect("few"))
            .collect();
        group.throughput(Throughput::Elements(N));
        group.bench_function(BenchmarkId::new("place", ids), |b| {
            b.iter(|| {
                places
                    .iter()
                    .filter(|&&at| gate.allows(at as usize))
                    .count()
            });
        });
        group.bench_function(BenchmarkId::new("id", ids), |b| {
            b.iter(|| asked.iter().filter(|&&id| gate.permit(id).is_ok()).count());
        });
        group.bench_function(BenchmarkId::new("hash map of structs", ids), |b| {
            let allows = |id: &&AccountId| {
                twin.get(*id)
                    .is_some_and(|s| s.allowed[FriendSuggestions::PURPOSE as usize])
            };
            b.iter(|| asked.iter().filter(allows).count());
        });
    }
    group.finish();
}

criterion_group!(benches, snapshots, decisions, many_decisions);
criterion_main!(benches);
