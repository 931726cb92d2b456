//! Synthetic worlds: people per second, three sizes, one thread.

use acquaint::synth::{SynthParams, world};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn worlds(c: &mut Criterion) {
    let mut group = c.benchmark_group("synth/world");
    group.sample_size(10);
    for users in [300, 3_000, 30_000] {
        let params = SynthParams::default().users(users).seed(1).check();
        let params = params.expect("sizes are in range");
        group.throughput(Throughput::Elements(u64::from(users)));
        group.bench_function(BenchmarkId::new("threads=1", users), |b| {
            b.iter(|| world(&params));
        });
    }
    group.finish();
}

criterion_group!(benches, worlds);
criterion_main!(benches);
