//! Ledger: appended, imported and read events per second, beside plain SQLite in the same run.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use acquaint::consent::{Event, EventKind, History, Subject};
use acquaint::ids::{AccountId, EventId};
use acquaint::ledger::{Entropy, NewEvent, Reader, SEGMENT_EVENTS, Writer};
use acquaint::time::Timestamp;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Events, four to an account, in no order.
fn events(n: u64) -> Vec<NewEvent> {
    some_events(0..n, n)
}

/// Some of `n` such events.
fn some_events(range: Range<u64>, n: u64) -> Vec<NewEvent> {
    let event = |i: u64| {
        let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let at = Timestamp::from_secs(1_472_688_000 + i64::try_from(i).expect("a bench is short"));
        let event = Event {
            event_id: EventId(mixed),
            subject: Subject::Account(AccountId((mixed >> 20) % (n / 4).max(1))),
            kind: EventKind::OptOut,
            valid_time: at,
            known_time: at,
        };
        NewEvent::of(&event).expect("about an account")
    };
    range.map(event).collect()
}

fn entropy() -> Entropy {
    let mut reader = blake3::Hasher::new().finalize_xof();
    Box::new(move |bytes| {
        reader.fill(bytes);
        Ok(())
    })
}

fn writer(dir: &Path) -> Writer {
    Writer::open(dir, entropy()).expect("a fresh directory")
}

fn append(c: &mut Criterion) {
    let mut group = c.benchmark_group("ledger/append");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    for size in [1, 100, 10_000] {
        let dir = tempfile::tempdir().expect("a directory");
        let mut writer = writer(dir.path());
        let mut next = 0;
        group.throughput(Throughput::Elements(size));
        group.bench_function(BenchmarkId::new("group of", size), |b| {
            b.iter_batched(
                || {
                    next += size;
                    some_events(next - size..next, 1 << 20)
                },
                |group| {
                    writer
                        .append(&group, Timestamp::MAX)
                        .expect("room on the disk")
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// The same events as rows of one table, as durable: what SQLite takes in when nothing is sealed, hashed or proven.
fn plain(dir: &Path, events: &[NewEvent]) {
    let database = rusqlite::Connection::open(dir.join("plain.sqlite")).expect("a database");
    database
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE events (id INTEGER PRIMARY KEY, account INTEGER, kind TEXT, valid INTEGER, known INTEGER);
             CREATE INDEX by_account ON events (account);
             BEGIN",
        )
        .expect("a table");
    {
        let mut insert = database
            .prepare("INSERT OR IGNORE INTO events VALUES (?1, ?2, ?3, ?4, ?5)")
            .expect("a statement");
        for event in events {
            let acquaint::ledger::NewSubject::Account(account) = event.subject else {
                continue;
            };
            insert
                .execute(rusqlite::params![
                    event.event_id.0.cast_signed(),
                    account.0.cast_signed(),
                    event.kind.as_str(),
                    event.valid_time.micros(),
                    event.known_time.micros()
                ])
                .expect("a row");
        }
    }
    database.execute_batch("COMMIT").expect("room on the disk");
}

fn import(c: &mut Criterion) {
    const N: u64 = 4_000_000;
    let events = events(N);
    let mut group = c.benchmark_group("ledger/import");
    group.sample_size(10).throughput(Throughput::Elements(N));
    let directory = || tempfile::tempdir().expect("a directory");
    group.bench_function("ledger", |b| {
        b.iter_batched(
            directory,
            |dir| {
                let mut writer = writer(dir.path());
                let mut import = writer.import(SEGMENT_EVENTS / 2, Timestamp::MAX);
                for event in &events {
                    import.push(event).expect("a good event");
                }
                import.finish().expect("room on the disk");
                dir
            },
            BatchSize::PerIteration,
        );
    });
    // A quarter is enough to know: it only becomes slower.
    group.throughput(Throughput::Elements(N / 4));
    group.bench_function("plain SQLite", |b| {
        b.iter_batched(
            directory,
            |dir| {
                plain(dir.path(), &events[..events.len() / 4]);
                dir
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
    let dir = directory();
    let mut writer = writer(dir.path());
    let mut import = writer.import(SEGMENT_EVENTS / 2, Timestamp::MAX);
    for event in &events {
        import.push(event).expect("a good event");
    }
    import.finish().expect("room on the disk");
    let reader = Reader::open(dir.path()).expect("a ledger");
    let mut group = c.benchmark_group("ledger/read");
    group.sample_size(10).throughput(Throughput::Elements(N));
    group.bench_function("by account", |b| {
        b.iter(|| {
            let mut n = 0;
            reader
                .accounts(&mut |batch| n += batch.len())
                .expect("a ledger");
            n
        });
    });
    group.bench_function("check", |b| {
        b.iter(|| reader.check(None).expect("a ledger"));
    });
    group.finish();
}

criterion_group!(benches, append, import);
criterion_main!(benches);
