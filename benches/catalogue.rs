//! Everybody's ten best ads of a catalogue, 64 coordinates: ours by score and by value, with masks, and a dense product in blocks
//! followed by a scan.
//!
//! `benches/compare/catalogue.py` does the same with faiss.

#![expect(clippy::cast_possible_truncation, reason = "any number will do")]

use acquaint::learn::sigmoid;
use acquaint::retrieve::{Catalogue, Curve, Offer, People, Reached};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use std::hint::black_box;

const WIDTH: usize = 64;
const K: usize = 10;

/// People of one dense product: with 20,000 ads its result is 10 MiB.
const BLOCK: usize = 128;

/// Numbers from a normal distribution, by splitmix64 and Box and Muller.
struct Normal(u64);

impl Normal {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn next(&mut self) -> f32 {
        let (a, b) = (1.0 - self.unit(), self.unit());
        ((-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()) as f32
    }
}

struct World {
    people: Array2<f32>,
    ads: Array2<f32>,
    biases: Vec<f32>,
    offers: Vec<Offer>,
}

fn world(n_people: usize, n_ads: usize) -> World {
    let mut normal = Normal(7);
    World {
        people: Array2::from_shape_fn((n_people, WIDTH), |_| 0.3 * normal.next()),
        ads: Array2::from_shape_fn((n_ads, WIDTH), |_| 0.3 * normal.next()),
        biases: (0..n_ads).map(|_| 0.3 * normal.next() - 4.0).collect(),
        offers: (0..n_ads)
            .map(|_| Offer {
                bid: f64::from(normal.next()).exp(),
                quality: 0.0,
            })
            .collect(),
    }
}

/// A dense product of a block of people with all ads, then a scan of each row for what reaches its ten best.
fn dense(people: ArrayView2<'_, f32>, ads: &Array2<f32>, biases: &[f32]) -> Vec<Vec<(f32, u32)>> {
    let blocks: Vec<_> = people.axis_chunks_iter(Axis(0), BLOCK).collect();
    let of_block = |block: ArrayView2<'_, f32>| {
        let scores = block.dot(&ads.t());
        let rows = scores.rows().into_iter();
        rows.map(|row| {
            scan(
                row.as_slice().expect("a row of a product is contiguous"),
                biases,
            )
        })
        .collect::<Vec<_>>()
    };
    blocks.into_par_iter().flat_map_iter(of_block).collect()
}

fn scan(scores: &[f32], biases: &[f32]) -> Vec<(f32, u32)> {
    let mut best: Vec<(f32, u32)> = Vec::with_capacity(K + 1);
    let mut least = f32::NEG_INFINITY;
    for ((score, bias), ad) in scores.iter().zip(biases).zip(0..) {
        let score = score + bias;
        if score > least {
            let place = best.partition_point(|held| held.0 >= score);
            best.insert(place, (score, ad));
            best.truncate(K);
            if best.len() == K {
                least = best[K - 1].0;
            }
        }
    }
    best
}

fn ranking(c: &mut Criterion) {
    let mut group = c.benchmark_group("catalogue");
    group.sample_size(10);
    for (n_people, n_ads) in [(20_000, 10_000), (20_000, 20_000), (10_000, 100_000)] {
        let world = world(n_people, n_ads);
        let World {
            people,
            ads,
            biases,
            offers,
        } = &world;
        let catalogue = Catalogue::with_offers(ads.view(), biases, offers).expect("all finite");
        let by_score = Catalogue::new(ads.view(), biases).expect("all finite");
        let everything = Reached::everything(&by_score, n_people);
        let tenth = by_score.ad_set(|ad| ad % 10 == 0);
        let mut one_in_ten = Reached::new(&by_score, vec![tenth]).expect("its own set");
        (0..n_people).for_each(|_| one_in_ten.push(0, &[7]).expect("the only set"));
        let curve = Curve::new(sigmoid).expect("it rises");
        let all = Reached::everything(&catalogue, n_people);
        let asked = People::new(people.view());
        group.throughput(Throughput::Elements((n_people * n_ads) as u64));
        for threads in [1, 2] {
            let size = format!("{n_people}x{n_ads}/{threads}");
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().expect("threads start");
            group.bench_function(BenchmarkId::new("score", &size), |b| {
                b.iter(|| pool.install(|| by_score.rank_by_score(asked, &everything, K)));
            });
            group.bench_function(BenchmarkId::new("dense", &size), |b| {
                b.iter(|| pool.install(|| black_box(dense(people.view(), ads, biases))));
            });
            group.bench_function(BenchmarkId::new("value", &size), |b| {
                b.iter(|| pool.install(|| catalogue.rank_by_value(asked, &all, K, &curve)));
            });
            group.bench_function(BenchmarkId::new("one-in-ten", &size), |b| {
                b.iter(|| pool.install(|| by_score.rank_by_score(asked, &one_in_ten, K)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, ranking);
criterion_main!(benches);
