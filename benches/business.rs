//! Business messages: verdicts per second, with every rule that spoke, one thread and all; and the order of businesses.

use std::hint::black_box;

use acquaint::business::{
    BusinessAt, BusinessParams, Entry, Judge, Message, PairAt, PersonAt, RuleBook,
};
use acquaint::ids::Region;
use acquaint::signals::{MessageKind, SendingLimit};
use acquaint::time::Timestamp;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;

/// What lies between a business and a person, and both of them: every branch of every check is met.
struct Case {
    business: BusinessAt,
    person: PersonAt,
    pair: PairAt,
    kind: MessageKind,
}

fn case(n: u32, now: Timestamp) -> Case {
    let hash = n.wrapping_mul(2_654_435_761);
    let ago = |hours: u32| {
        Some(Timestamp::from_secs(
            now.micros() / 1_000_000 - i64::from(hours) * 3_600,
        ))
    };
    let region = |n: u32| Region::parse(["DE", "US", "BR", "IN", "JP"][n as usize % 5]);
    let is = |bit: u32| hash >> bit & 1 == 1;
    Case {
        business: BusinessAt {
            is_verified: !hash.is_multiple_of(16),
            region: region(hash >> 3),
            started: hash >> 7 & 511,
            limit: Some(SendingLimit::People(250)),
        },
        person: PersonAt {
            region: region(hash >> 11),
            marketing: hash >> 13 & 3,
        },
        pair: PairAt {
            wrote_at: ago(hash >> 15 & 63).filter(|_| is(1)),
            entry: ago(hash >> 9 & 127).filter(|_| is(2)).map(|came_at| Entry {
                came_at,
                answered_at: Some(came_at),
            }),
            asked_at: [ago(hash >> 5 & 255), ago(9), ago(hash >> 4 & 255)],
            withdrawn_at: [None, ago(9).filter(|_| is(3)), ago(100).filter(|_| is(4))],
            stopped_at: ago(5).filter(|_| is(5)),
            resumed_at: ago(4).filter(|_| is(6)),
            ..PairAt::default()
        },
        kind: MessageKind::ALL[n as usize % 4],
    }
}

/// How many are allowed, and how many reasons there were: each verdict is looked at whole.
fn judged(judge: &Judge<'_>, cases: &[Case]) -> usize {
    let of = |case: &Case| {
        let message = Message {
            kind: case.kind,
            denial: None,
            spam: Some(0.1),
            template: None,
        };
        let verdict = judge.verdict(message, &case.business, &case.person, &case.pair);
        usize::from(verdict.allowed) + verdict.reasons().count()
    };
    let shares = cases.par_chunks(1 << 14);
    shares.map(|some| some.iter().map(of).sum::<usize>()).sum()
}

fn verdicts(c: &mut Criterion) {
    let book = RuleBook::shipped();
    let params = BusinessParams::default().check();
    let params = params.expect("defaults are in range");
    let now = Timestamp::parse("2026-11-30T12:00:00Z").expect("it is an instant");
    let judge = Judge::new(book.at(now), &params);
    let mut group = c.benchmark_group("business/verdicts");
    group.sample_size(20);
    for n in [10_000, 100_000, 1_000_000] {
        let cases: Vec<Case> = (0..n).map(|n| case(n, now)).collect();
        group.throughput(Throughput::Elements(u64::from(n)));
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.expect("two threads can be started");
            let id = BenchmarkId::new(format!("threads={threads}"), n);
            group.bench_with_input(id, &cases, |b, cases| {
                b.iter(|| pool.install(|| judged(&judge, black_box(cases))));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, verdicts);
criterion_main!(benches);
