//! Suggestions for everybody: two-paths per second by size, heuristic and number of threads, against the naive
//! way of sorting every two-hop list; and one person's suggestions on demand.
//!
//! `ACQUAINT_LARGE=hubs`, `people`, `ties` or `growing` measures graphs that take minutes, once each: with hubs, many people or many
//! ties, and one kind of graph at growing size, whose cost a two-path should stay the same.

#[path = "common/graphs.rs"]
mod graphs;

use std::hint::black_box;
use std::path::Path;

use acquaint::eval::{PublicGraph, read_edges};
use acquaint::graph::Csr;
use acquaint::suggest::{self, ForOne as _, Heuristic, SuggestParams, ValidSuggestParams};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rayon::{ThreadPool, ThreadPoolBuilder};

fn graphs() -> Vec<(String, PublicGraph)> {
    let generated = [1_000, 4_000, 16_000].into_iter().flat_map(|n| {
        [
            (format!("power-law-{n}"), graphs::power_law(n, 20, 1)),
            (format!("school-{n}"), graphs::school(n, 80, 1)),
        ]
    });
    let generated = generated.map(|(name, edges)| (name, PublicGraph::new(&edges)));
    let real = ["fb100_Cornell5.csv.gz", "livejournal_49995.csv.gz"];
    generated
        .chain(real.into_iter().filter_map(real_graph))
        .collect()
}

/// A graph of `../shared/datasets`, if it is there.
fn real_graph(file: &str) -> Option<(String, PublicGraph)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/datasets/graphs");
    let edges = read_edges(&root.join(file)).ok()?.undirected().pairs;
    let name = file.split_once('.').map_or(file, |(name, _)| name);
    Some((name.to_owned(), PublicGraph::new(&edges)))
}

fn params(heuristic: Heuristic) -> ValidSuggestParams {
    params_of(heuristic, SuggestParams::default())
}

fn params_of(heuristic: Heuristic, params: SuggestParams) -> ValidSuggestParams {
    let params = params.score(heuristic);
    params.check().expect("what benches ask for is in range")
}

fn pool(n_threads: usize) -> ThreadPool {
    let pool = ThreadPoolBuilder::new().num_threads(n_threads);
    pool.build().expect("threads can be started")
}

fn everybody(c: &mut Criterion) {
    let mut group = c.benchmark_group("suggest/everybody");
    group.sample_size(10);
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    for (name, graph) in graphs() {
        group.throughput(Throughput::Elements(graph.n_two_paths()));
        for heuristic in Heuristic::ALL {
            let params = params(heuristic);
            let scorer = graph.scorer(&params);
            for n_threads in [1, all] {
                let variant = format!("{}/{n_threads}-threads", heuristic.as_str());
                let pool = pool(n_threads);
                group.bench_function(BenchmarkId::new(variant, &name), |b| {
                    b.iter(|| pool.install(|| suggest::everybody(&scorer, &|_| ())));
                });
            }
        }
        group.bench_function(BenchmarkId::new("naive/1-threads", &name), |b| {
            b.iter(|| naive(graph.ties()));
        });
    }
    group.finish();
}

/// The graphs and lengths that `benches/compare/suggest.py` gives to other libraries.
fn beside_peers(c: &mut Criterion) {
    let mut group = c.benchmark_group("suggest/peers");
    group.sample_size(10);
    let files = [
        "fb100_Cornell5.csv.gz",
        "fb100_union_dev.adj.gz",
        "ego_facebook.csv.gz",
        "deezer_europe.csv.gz",
    ];
    for (name, graph) in files.into_iter().filter_map(real_graph) {
        group.throughput(Throughput::Elements(graph.n_two_paths()));
        for heuristic in [Heuristic::CommonNeighbours, Heuristic::AdamicAdar] {
            for (k, n_threads) in [(10, 1), (100, 1), (10, 2)] {
                let params = params_of(heuristic, SuggestParams::default().k(k));
                let scorer = graph.scorer(&params);
                let variant = format!("{}/k-{k}/{n_threads}-threads", heuristic.as_str());
                let pool = pool(n_threads);
                group.bench_function(BenchmarkId::new(variant, &name), |b| {
                    b.iter(|| pool.install(|| suggest::everybody(&scorer, &|_| ())));
                });
            }
        }
    }
    group.finish();
}

/// Common neighbours by sorting two-hop lists, one thread.
fn naive(ties: &Csr) -> usize {
    let mut n = 0;
    for (u, _) in (0..).zip(0..ties.n_nodes()) {
        let friends = ties.row(u);
        let two_hops = friends.iter().flat_map(|&z| ties.row(z)).copied();
        let mut reached: Vec<u32> = two_hops
            .filter(|v| *v != u && friends.binary_search(v).is_err())
            .collect();
        reached.sort_unstable();
        let runs = reached.chunk_by(|a, b| a == b).filter(|run| run.len() > 1);
        let mut counted: Vec<_> = runs
            .map(|run| (std::cmp::Reverse(run.len()), run[0]))
            .collect();
        counted.sort_unstable();
        counted.truncate(10);
        n += black_box(counted).len();
    }
    n
}

fn on_demand(c: &mut Criterion) {
    let mut group = c.benchmark_group("suggest/on-demand");
    for (name, graph) in graphs() {
        let params = params(Heuristic::default());
        let scorer = graph.scorer(&params);
        let mut scratch = scorer.scratch();
        let mut draw = graphs::Draw::new(2);
        group.bench_function(BenchmarkId::from_parameter(&name), |b| {
            b.iter(|| {
                let u = draw.below(scorer.n_users() as u64);
                let u = u32::try_from(u).expect("nodes are numbered in 32 bits");
                scorer.list(&mut scratch, u, 10).counts.emitted
            });
        });
    }
    group.finish();
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs it chooses, and it is the bench that keeps time"
)]
fn large(_: &mut Criterion) {
    let Ok(kind) = std::env::var("ACQUAINT_LARGE") else {
        return;
    };
    let school = |n, degree| {
        let name = format!("school of {n}, {degree} ties each");
        (name, graphs::school(n, degree, 1))
    };
    let hubs = |n, n_edges, largest| {
        let name = format!("{n} people, {n_edges} ties, at most {largest} each");
        vec![(name, graphs::hubs(n, n_edges, largest, 1))]
    };
    let all = match kind.as_str() {
        "growing" => vec![
            school(10_000, 10),
            school(20_000, 40),
            school(50_000, 120),
            school(100_000, 250),
        ],
        "people" => hubs(2_000_000, 8_000_000, 2_000),
        "ties" => hubs(1_000_000, 50_000_000, 2_000),
        "hubs" => hubs(1_000_000, 22_000_000, 220_000),
        _ => panic!("growing, people, ties or hubs"),
    };
    // What grows with the graph is seen best on one thread, and how long large graphs take on all.
    let threads: &[usize] = if kind == "growing" { &[1, 2] } else { &[2] };
    for (name, edges) in all {
        let graph = PublicGraph::new(&edges);
        drop(edges);
        println!("{name}: packed, peak {}", peak());
        // From here on the peak is that of scoring; elsewhere than on Linux there is no such file.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        for heuristic in [Heuristic::CommonNeighbours, Heuristic::AdamicAdar] {
            let params = params(heuristic);
            let scorer = graph.scorer(&params);
            for &n_threads in threads {
                let start = std::time::Instant::now();
                let found = pool(n_threads)
                    .install(|| suggest::everybody(&scorer, &|_| ()))
                    .suggestions
                    .len();
                let seconds = start.elapsed().as_secs_f64();
                println!(
                    "{name}: {}, {n_threads} threads, {} two-paths, {found} suggestions, {seconds:.2} s, {:.2} ns a two-path, {:.0} M/s, peak {}",
                    heuristic.as_str(),
                    graph.n_two_paths(),
                    seconds * 1e9 / graph.n_two_paths() as f64,
                    graph.n_two_paths() as f64 / seconds / 1e6,
                    peak(),
                );
            }
        }
        on_demand_of(&name, &graph);
    }
}

/// Requests of people drawn at random, one thread: how many a second, and how long the slowest hundredth takes.
#[expect(clippy::disallowed_methods, reason = "it is the bench that keeps time")]
fn on_demand_of(name: &str, graph: &PublicGraph) {
    let params = params(Heuristic::default());
    let scorer = graph.scorer(&params);
    let mut scratch = scorer.scratch();
    let mut draw = graphs::Draw::new(2);
    let mut times: Vec<f64> = (0..20_000)
        .map(|_| {
            let u =
                u32::try_from(draw.below(scorer.n_users() as u64)).expect("32 bits number nodes");
            let start = std::time::Instant::now();
            black_box(scorer.list(&mut scratch, u, 10).counts.emitted);
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    let total: f64 = times.iter().sum();
    times.sort_unstable_by(f64::total_cmp);
    println!(
        "{name}: on demand, 1 thread, {:.0} requests/s, median {:.0} µs, p99 {:.0} µs, most {:.0} µs",
        times.len() as f64 / total * 1e6,
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1],
    );
}

/// The most memory this process has had, where the system tells.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |rest| rest.trim().to_owned())
}

criterion_group!(benches, everybody, beside_peers, on_demand, large);
criterion_main!(benches);
