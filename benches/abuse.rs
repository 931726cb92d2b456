//! Spam scores: accounts per second, one thread and all, three sizes.

use acquaint::abuse::{AbuseParams, SpamFeatures, spam_scores};
use acquaint::ids::AccountId;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// Features that vary in every column; what they say does not matter to the time.
fn features(n: u32) -> Vec<SpamFeatures> {
    let one = |i: u32| SpamFeatures {
        account: AccountId(u64::from(i)),
        book_size: i.wrapping_mul(2_654_435_761) % 2_000,
        is_over_budget: false,
        n_matched: i % 300,
        n_reciprocated: i % 100,
        n_accounts_on_device: 1 + i % 3,
        n_reporters: i % 50 / 48,
    };
    (0..n).map(one).collect()
}

fn spam(c: &mut Criterion) {
    let params = AbuseParams::default()
        .check()
        .expect("defaults are in range");
    let mut group = c.benchmark_group("abuse/spam_scores");
    for n in [10_000, 100_000, 1_000_000] {
        let rows = features(n);
        group.throughput(Throughput::Elements(u64::from(n)));
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.expect("two threads can be started");
            let id = BenchmarkId::new(format!("threads={threads}"), n);
            group.bench_with_input(id, &rows, |b, rows| {
                b.iter(|| pool.install(|| spam_scores(black_box(rows), &params)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, spam);
criterion_main!(benches);
