//! The ads room: rows learnt and predicted per second, at three sizes each; beside them how many cells of a table of that size the
//! machine can change at random, and linfa's dense FTRL.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use acquaint::learn::{ClickDataset, ClickTargets, Clicks, FtrlModel, FtrlParams, SparseBatch};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use linfa::traits::{FitWith, Predict, PredictInplace};
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, Array2};
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;

const BITS: u8 = 22;
const NON_ZEROS: usize = 20;

/// One step of splitmix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A random number below n.
fn below(state: &mut u64, n: usize) -> usize {
    usize::try_from(next(state) % n as u64).expect("less than a usize")
}

fn slot(place: usize) -> u32 {
    u32::try_from(place).expect("at most 26 bits")
}

fn rows(n: usize, bits: u8) -> ClickDataset {
    let mut state = 7;
    let mut batch = SparseBatch::new(1 << bits);
    let mut targets = Vec::with_capacity(n);
    for _ in 0..n {
        let row: Vec<(u32, f32)> = (0..NON_ZEROS)
            .map(|_| (slot(below(&mut state, 1 << bits)), 1.0))
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

fn model(bits: u8) -> FtrlModel {
    let params = FtrlParams::default().bits(bits).epochs(1);
    FtrlModel::at_rate(&params.check().expect("in range"), 0.02).expect("a rate")
}

fn learning(c: &mut Criterion) {
    let mut group = c.benchmark_group("ads/train");
    group.sample_size(10);
    for (bits, n) in [
        (BITS, 1_000),
        (BITS, 10_000),
        (BITS, 100_000),
        (BITS, 400_000),
        (18, 100_000),
    ] {
        let params = FtrlParams::default().bits(bits).epochs(1);
        let params = params.check().expect("in range");
        let data = rows(n, bits);
        group.throughput(Throughput::Elements(n as u64));
        let id = BenchmarkId::new(format!("2^{bits} slots, rows"), n);
        group.bench_with_input(id, &data, |b, data| {
            b.iter_batched(
                || model(bits),
                |model| params.fit_with(Some(model), data).expect("shapes fit"),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// The machine's limit: cells of 16 bytes read and written at random places that nothing has to be waited for.
fn cells(c: &mut Criterion) {
    const CHANGED: u64 = 1_000_000;
    let mut group = c.benchmark_group("ads/cells");
    group.sample_size(20);
    for bits in [18, BITS] {
        let n_cells = 1_usize << bits;
        let mut table = vec![[1.0_f64; 2]; n_cells];
        group.throughput(Throughput::Elements(CHANGED));
        group.bench_function(BenchmarkId::new("random of 2^", bits), |b| {
            let mut state = 3;
            b.iter(|| {
                for _ in 0..CHANGED {
                    let cell = &mut table[below(&mut state, n_cells)];
                    cell[0] += cell[1];
                }
            });
        });
    }
    group.finish();
}

/// One row at a time, as linfa's FTRL has to be fed for the paper's algorithm.
fn linfa_dense(c: &mut Criterion) {
    const WIDTH: usize = 1 << 18;
    let mut group = c.benchmark_group("ads/linfa-ftrl");
    group.sample_size(10);
    let params = linfa_ftrl::FtrlParams::default_with_rng(Xoshiro256Plus::seed_from_u64(7));
    let params = params.check().expect("in range");
    let mut state = 7;
    let mut row = Array2::<f64>::zeros((1, WIDTH));
    for _ in 0..NON_ZEROS {
        row[(0, below(&mut state, WIDTH))] = 1.0;
    }
    let row = DatasetBase::new(row, Array1::from_elem(1, true));
    let mut model = params.fit_with(None, &row).ok();
    group.throughput(Throughput::Elements(1));
    group.bench_function("2^18 features, row", |b| {
        b.iter(|| model = params.fit_with(model.take(), &row).ok());
    });
    group.finish();
}

/// How many of the shared rows are predicted rather than learnt: the last tenth.
const HELD_OUT: usize = 10;

/// Rows with something to learn: 20 fields whose values are the rarer the greater, each with an effect of its own.
fn row_to_share(state: &mut u64) -> (Vec<(u32, f32)>, Clicks) {
    let mut logit = -3.0;
    let row = (0..NON_ZEROS).map(|field| {
        let drawn = below(state, 1 << 20) as f64 / f64::from(1 << 20);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and small"
        )]
        let value = (drawn.powi(4) * 200_000.0) as u64;
        let mut hash = value * NON_ZEROS as u64 + field as u64;
        let place = below(&mut hash, 1 << BITS);
        logit += below(&mut hash, 1_000) as f64 / 1_000.0 - 0.5;
        (slot(place), 1.0)
    });
    let row = row.collect();
    let p = 1.0 / (1.0 + (-logit).exp());
    let clicked = (below(state, 1 << 20) as f64) < p * f64::from(1 << 20);
    let target = Clicks {
        clicks: u32::from(clicked),
        impressions: 1,
    };
    (row, target)
}

/// One line of Vowpal Wabbit's text: numbers are slots as they are.
fn line(out: &mut impl Write, row: &[(u32, f32)], target: Clicks) -> io::Result<()> {
    write!(out, "{} |", if target.clicks == 1 { "1" } else { "-1" })?;
    for (slot, _) in row {
        write!(out, " {slot}")?;
    }
    writeln!(out)
}

/// The rows with a constant beside them, as Vowpal Wabbit adds one unasked.
fn dataset(rows: &[(Vec<(u32, f32)>, Clicks)]) -> ClickDataset {
    let mut batch = SparseBatch::new(1 << BITS);
    for (row, _) in rows {
        let with_constant: Vec<_> = row.iter().copied().chain([(0, 1.0)]).collect();
        batch.push_row(&with_constant).expect("slots lie inside");
    }
    let targets = rows.iter().map(|(_, target)| *target).collect();
    ClickDataset::new(
        batch,
        ClickTargets::new(targets).expect("at most one click"),
    )
}

/// Rows that `benches/compare/ads_training.py` learns too, written to `target/tmp`, if their number is asked for by
/// `ACQUAINT_ADS_ROWS`.
fn shared(c: &mut Criterion) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a bench, not the library: how many rows is the caller's affair"
    )]
    let n = std::env::var("ACQUAINT_ADS_ROWS");
    let Ok(n) = n else {
        return;
    };
    let n: usize = n.parse().expect("a number of rows");
    let mut state = 11;
    let rows: Vec<_> = (0..n).map(|_| row_to_share(&mut state)).collect();
    let (test, train) = rows.split_at(n / HELD_OUT);
    for (name, rows) in [("ads-train.vw", train), ("ads-test.vw", test)] {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let mut out = BufWriter::new(File::create(path).expect("target/tmp is there"));
        for (row, target) in rows {
            line(&mut out, row, *target).expect("room on the disk");
        }
    }
    let clicks = train.iter().filter(|(_, target)| target.clicks > 0).count();
    let rate = clicks as f64 / train.len() as f64;
    let (train, test) = (dataset(train), dataset(test));
    let params = FtrlParams::default().bits(BITS).epochs(1);
    let params = params.alpha(0.1).beta(1.0).l1(0.0).l2(0.0);
    let params = params.check().expect("in range");
    let start = || FtrlModel::at_rate(&params, rate).expect("a rate");
    let model = params.fit_with(Some(start()), &train).expect("shapes fit");
    let loss = |(p, target): (&f64, &Clicks)| -if target.clicks == 1 { *p } else { 1.0 - p }.ln();
    let p = model.predict(&test);
    let targets = test.targets().as_slice();
    let sum: f64 = p.iter().zip(targets).map(loss).sum();
    eprintln!(
        "log loss of rows held out: {:.6}",
        sum / targets.len() as f64
    );
    let mut group = c.benchmark_group("ads/shared");
    group.sample_size(10);
    group.throughput(Throughput::Elements(train.records().n_rows() as u64));
    group.bench_function("rows", |b| {
        b.iter_batched(
            start,
            |model| params.fit_with(Some(model), &train).expect("shapes fit"),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn predicting(c: &mut Criterion) {
    let mut group = c.benchmark_group("ads/predict");
    group.sample_size(10);
    for n in [1_000, 10_000, 100_000] {
        let data = rows(n, BITS);
        let trained = FtrlParams::default()
            .bits(BITS)
            .epochs(1)
            .check()
            .expect("in range");
        let start = Some(model(BITS));
        let trained = trained.fit_with(start, &data).expect("shapes fit");
        let mut out = trained.default_target(data.records());
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::new("rows", n), |b| {
            b.iter(|| trained.predict_inplace(black_box(data.records()), &mut out));
        });
    }
    group.finish();
}

criterion_group!(benches, learning, cells, linfa_dense, predicting, shared);
criterion_main!(benches);
