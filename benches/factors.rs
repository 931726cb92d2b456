//! Field-aware factorisation machines: rows learnt and predicted per second, ten fields, eight coordinates, 2^20 slots.
//!
//! `field-aware-16` has weights of 16 bits; `scalar` is the plain twin: weights and sums in two tables, every pair on its own, one
//! coordinate after the other.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small numbers, made here"
)]

use acquaint::learn::factor::{
    FactorModel, FactorParams, FieldBatch, FieldDataset, FieldEntry, Interaction, WeightBits,
};
use acquaint::learn::{ClickTargets, Clicks, sigmoid};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use linfa::ParamGuard;
use linfa::traits::{FitWith, PredictInplace};
use std::hint::black_box;

const BITS: u8 = 20;
const FIELDS: usize = 10;
const K: usize = 8;
const WIDTHS: [(&str, WeightBits); 2] = [
    ("field-aware", WeightBits::ThirtyTwo),
    ("field-aware-16", WeightBits::Sixteen),
];

/// One step of splitmix64, as a number from 0 to 1.
fn unit(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// One value of each field; `even` values are all alike likely, others few of them often, as in logs.
fn rows(n: usize, even: bool) -> FieldDataset {
    let mut state = 7;
    let mut batch = FieldBatch::new(1 << BITS, FIELDS);
    let mut targets = Vec::with_capacity(n);
    let values = (1 << BITS) / FIELDS;
    for _ in 0..n {
        let row: Vec<FieldEntry> = (0..FIELDS)
            .map(|field| {
                let u = unit(&mut state);
                let u = if even { u } else { u.powi(4) };
                let slot = field * values + (u * values as f64) as usize;
                FieldEntry::new(field as u8, slot as u32, 1.0)
            })
            .collect();
        batch.push_row(&row).expect("slots lie inside");
        targets.push(Clicks {
            clicks: u32::from(unit(&mut state) < 0.02),
            impressions: 1,
        });
    }
    FieldDataset::new(
        batch,
        ClickTargets::new(targets).expect("at most one click"),
    )
}

fn params(kind: Interaction) -> FactorParams {
    FactorParams::default()
        .interaction(kind)
        .bits(BITS)
        .k(K)
        .epochs(1)
}

fn model(kind: Interaction) -> FactorModel {
    let valid = params(kind).check().expect("in range");
    FactorModel::at_rate(&valid, FIELDS, 0.02).expect("a rate")
}

/// The plain twin.
struct Scalar {
    offset: f64,
    weights: Vec<f32>,
    squares: Vec<f32>,
    linear: Vec<f32>,
    linear_squares: Vec<f32>,
}

impl Scalar {
    fn new() -> Self {
        let n = (1 << BITS) * FIELDS * K;
        let mut state = 1;
        Self {
            offset: -3.9,
            weights: (0..n)
                .map(|_| 0.2 * (unit(&mut state) - 0.5) as f32)
                .collect(),
            squares: vec![1.0; n],
            linear: vec![0.0; 1 << BITS],
            linear_squares: vec![1.0; 1 << BITS],
        }
    }

    fn learn(&mut self, data: &FieldDataset, eta: f32, l2: f32) {
        for (row, target) in data.targets().as_slice().iter().enumerate() {
            let row = data.records().row(row);
            let n = row.slots.len();
            let at = |i: usize, j: usize| {
                (row.slots[i] as usize * FIELDS + usize::from(row.fields[j])) * K
            };
            let mut sum = self.offset;
            for i in 0..n {
                sum += f64::from(self.linear[row.slots[i] as usize] * row.values[i]);
                for j in 0..i {
                    let (a, b) = (at(i, j), at(j, i));
                    let mut dot = 0.0;
                    for d in 0..K {
                        dot += self.weights[a + d] * self.weights[b + d];
                    }
                    sum += f64::from(dot * row.values[i] * row.values[j]);
                }
            }
            let slope = (sigmoid(sum) - f64::from(target.clicks)) as f32;
            for i in 0..n {
                let slot = row.slots[i] as usize;
                let g = slope * row.values[i] + l2 * self.linear[slot];
                self.linear_squares[slot] += g * g;
                self.linear[slot] -= eta * g / self.linear_squares[slot].sqrt();
                for j in 0..i {
                    let (a, b) = (at(i, j), at(j, i));
                    let scale = slope * row.values[i] * row.values[j];
                    for d in 0..K {
                        let (wa, wb) = (self.weights[a + d], self.weights[b + d]);
                        let (ga, gb) = (scale * wb + l2 * wa, scale * wa + l2 * wb);
                        self.squares[a + d] += ga * ga;
                        self.squares[b + d] += gb * gb;
                        self.weights[a + d] -= eta * ga / self.squares[a + d].sqrt();
                        self.weights[b + d] -= eta * gb / self.squares[b + d].sqrt();
                    }
                }
            }
        }
    }
}

fn learning(c: &mut Criterion) {
    let mut group = c.benchmark_group("factors/train");
    group.sample_size(10);
    for (spread, even) in [("even", true), ("skewed", false)] {
        for n in [10_000, 50_000, 200_000] {
            let data = rows(n, even);
            group.throughput(Throughput::Elements(n as u64));
            for (name, weight_bits) in WIDTHS {
                let params = params(Interaction::FieldAware).weight_bits(weight_bits);
                let valid = params.check().expect("in range");
                // The table is as after a pass: memory is there and vectors have begun.
                let started = valid.fit_with(None, &data).expect("shapes fit");
                group.bench_function(BenchmarkId::new(format!("{name}/{spread}"), n), |b| {
                    b.iter_batched(
                        || started.clone(),
                        |model| valid.fit_with(Some(model), &data).expect("shapes fit"),
                        BatchSize::PerIteration,
                    );
                });
            }
            let mut scalar = Scalar::new();
            scalar.learn(&data, 0.1, 1e-5);
            group.bench_function(BenchmarkId::new(format!("scalar/{spread}"), n), |b| {
                b.iter(|| scalar.learn(&data, 0.1, 1e-5));
            });
        }
    }
    for (name, kind) in [
        ("field-weighted", Interaction::FieldWeighted),
        ("plain", Interaction::Plain),
    ] {
        let data = rows(200_000, false);
        let valid = params(kind).check().expect("in range");
        group.throughput(Throughput::Elements(200_000));
        group.bench_function(BenchmarkId::new(format!("{name}/skewed"), 200_000), |b| {
            b.iter_batched(
                || model(kind),
                |model| valid.fit_with(Some(model), &data).expect("shapes fit"),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn predicting(c: &mut Criterion) {
    let mut group = c.benchmark_group("factors/predict");
    group.sample_size(10);
    for n in [10_000, 50_000, 200_000] {
        let data = rows(n, false);
        group.throughput(Throughput::Elements(n as u64));
        for (name, weight_bits) in WIDTHS {
            let params = params(Interaction::FieldAware).weight_bits(weight_bits);
            let valid = params.check().expect("in range");
            let trained = valid.fit_with(None, &data).expect("shapes fit");
            let mut out = trained.default_target(data.records());
            for threads in [1, 2] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let pool = pool.build().expect("threads start");
                group.bench_function(BenchmarkId::new(format!("{name}/{threads}"), n), |b| {
                    let run = |out: &mut _| trained.predict_inplace(black_box(data.records()), out);
                    b.iter(|| pool.install(|| run(&mut out)));
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, learning, predicting);
criterion_main!(benches);
