//! Metrics of predictions: rows per second at three sizes, by the room and by the definitions read out one after another
//! in one thread.

use acquaint::learn::{ClickMetrics, Clicks, GroupWeight, Predicted, grouped_auc};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const SIZES: [u64; 3] = [20_000, 200_000, 2_000_000];

/// One step of splitmix64.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn unit(x: u64) -> f64 {
    (mix(x) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Single impressions, clicked as often as predicted.
fn rows(n: u64) -> Vec<Predicted> {
    let row = |i| {
        let p = 0.002 + 0.2 * unit(2 * i).powi(4);
        let target = Clicks {
            clicks: u32::from(unit(2 * i + 1) < p),
            impressions: 1,
        };
        Predicted { p, target }
    };
    (0..n).map(row).collect()
}

/// Log loss, area, calibration error and ratio, a pass for each.
fn naive(rows: &[Predicted]) -> [f64; 4] {
    let n = rows.len() as f64;
    let clicked = |row: &&Predicted| row.target.clicks > 0;
    let said = |row: &Predicted| {
        if row.target.clicks > 0 {
            row.p
        } else {
            1.0 - row.p
        }
    };
    let log_loss = rows.iter().map(|row| -said(row).ln()).sum::<f64>() / n;
    let clicks = rows.iter().filter(clicked).count() as f64;
    let ratio = rows.iter().map(|row| row.p).sum::<f64>() / clicks;
    let mut sorted = rows.to_vec();
    sorted.sort_unstable_by(|a, b| a.p.total_cmp(&b.p));
    let (mut won, mut below) = (0.0, 0.0);
    for same in sorted.chunk_by(|a, b| a.p == b.p) {
        let here = same.iter().filter(clicked).count() as f64;
        let others = same.len() as f64 - here;
        won += here * (below + others / 2.0);
        below += others;
    }
    let gap = |bin: &[Predicted]| {
        let clicks = bin.iter().filter(clicked).count() as f64;
        (clicks - bin.iter().map(|row| row.p).sum::<f64>()).abs()
    };
    let ece = sorted.chunks(rows.len().div_ceil(10)).map(gap).sum::<f64>() / n;
    [log_loss, won / (clicks * (n - clicks)), ece, ratio]
}

fn metrics(c: &mut Criterion) {
    let mut group = c.benchmark_group("metrics");
    group.sample_size(10);
    for n in SIZES {
        let rows = rows(n);
        group.throughput(Throughput::Elements(n));
        for n_threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n_threads)
                .build();
            let pool = pool.expect("a pool");
            let id = BenchmarkId::new(format!("{n_threads}-threads"), n);
            group.bench_function(id, |b| {
                b.iter(|| pool.install(|| ClickMetrics::of(black_box(&rows))));
            });
        }
        group.bench_function(BenchmarkId::new("naive", n), |b| {
            b.iter(|| naive(black_box(&rows)));
        });
        let groups: Vec<u64> = (0..n).map(|i| mix(i) % (n / 20)).collect();
        group.bench_function(BenchmarkId::new("by-group", n), |b| {
            b.iter(|| grouped_auc(black_box(&rows), &groups, GroupWeight::Impressions));
        });
    }
    group.finish();
}

criterion_group!(benches, metrics);
criterion_main!(benches);
