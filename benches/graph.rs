//! Packing pairs into adjacency lists, and describing them.

use acquaint::graph::{Csr, DegreeStats};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[path = "common/pools.rs"]
mod pools;
#[path = "common/scatter.rs"]
mod scatter;

/// Ten pairs a node.
const N_NODES: [u32; 3] = [1_000, 10_000, 100_000];

fn pairs(n_nodes: u32) -> Vec<(u32, u32)> {
    let node = |counter: u64| {
        let node = scatter::scatter(counter) % u64::from(n_nodes);
        u32::try_from(node).expect("less than n_nodes")
    };
    (0..10 * u64::from(n_nodes))
        .map(|i| (node(2 * i), node(2 * i + 1)))
        .filter(|(u, v)| u != v)
        .collect()
}

fn pack(c: &mut Criterion) {
    let mut group = c.benchmark_group("from_undirected");
    group.sample_size(10);
    for n_nodes in N_NODES {
        let pairs = pairs(n_nodes);
        group.throughput(Throughput::Elements(pairs.len() as u64));
        for pool in pools::pools() {
            let id = BenchmarkId::new(format!("threads-{}", pool.current_num_threads()), n_nodes);
            let run = |pairs| pool.install(|| Csr::from_undirected(n_nodes as usize, pairs));
            group.bench_function(id, |b| {
                b.iter_batched(|| pairs.clone(), run, BatchSize::LargeInput);
            });
        }
    }
    group.finish();
}

fn stats(c: &mut Criterion) {
    let mut group = c.benchmark_group("degree_stats");
    group.sample_size(10);
    for n_nodes in N_NODES {
        let csr =
            Csr::from_undirected(n_nodes as usize, pairs(n_nodes)).expect("pairs are in range");
        group.throughput(Throughput::Elements(u64::from(n_nodes)));
        for pool in pools::pools() {
            let id = BenchmarkId::new(format!("threads-{}", pool.current_num_threads()), n_nodes);
            group.bench_function(id, |b| b.iter(|| pool.install(|| DegreeStats::of(&csr))));
        }
    }
    group.finish();
}

criterion_group!(benches, pack, stats);
criterion_main!(benches);
