//! The ads room: training rows, predictions and (person, ad) pairs per second, at three sizes each.

use acquaint::ads::{ClickDataset, ClickTargets, Clicks, FtrlModel, FtrlParams, SparseBatch};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use linfa::ParamGuard;
use linfa::traits::{FitWith, PredictInplace};
use std::hint::black_box;

const BITS: u8 = 22;
const NON_ZEROS: usize = 20;

/// One step of splitmix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn rows(n: usize) -> ClickDataset {
    let mut state = 7;
    let mut batch = SparseBatch::new(1 << BITS);
    let mut targets = Vec::with_capacity(n);
    for _ in 0..n {
        let row: Vec<(u32, f32)> = (0..NON_ZEROS)
            .map(|_| ((next(&mut state) % (1 << BITS)) as u32, 1.0))
            .collect();
        batch.push_row(&row).expect("slots lie inside");
        targets.push(Clicks {
            clicks: u32::from(next(&mut state).is_multiple_of(50)),
            impressions: 1,
        });
    }
    ClickDataset::new(
        batch,
        ClickTargets::new(targets).expect("at most one click"),
    )
}

fn model() -> FtrlModel {
    let params = FtrlParams::default().bits(BITS).epochs(1);
    FtrlModel::at_rate(&params.check().expect("in range"), 0.02).expect("a rate")
}

fn learning(c: &mut Criterion) {
    let mut group = c.benchmark_group("ads/train");
    group.sample_size(10);
    let params = FtrlParams::default().bits(BITS).epochs(1);
    let params = params.check().expect("in range");
    for n in [1_000, 10_000, 100_000] {
        let data = rows(n);
        group.throughput(Throughput::Elements(n as u64));
        group.bench_with_input(BenchmarkId::new("rows", n), &data, |b, data| {
            b.iter_batched(
                model,
                |model| params.fit_with(Some(model), data).expect("shapes fit"),
                criterion::BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn predicting(c: &mut Criterion) {
    let mut group = c.benchmark_group("ads/predict");
    group.sample_size(10);
    for n in [1_000, 10_000, 100_000] {
        let data = rows(n);
        let trained = FtrlParams::default()
            .bits(BITS)
            .epochs(1)
            .check()
            .expect("in range");
        let trained = trained.fit_with(Some(model()), &data).expect("shapes fit");
        let mut out = trained.default_target(data.records());
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::new("rows", n), |b| {
            b.iter(|| trained.predict_inplace(black_box(data.records()), &mut out));
        });
    }
    group.finish();
}

criterion_group!(benches, learning, predicting);
criterion_main!(benches);
