//! Reading numbers, making tokens and points of them.

use std::hint::black_box;

use acquaint::consent::{Abuse, Permitted, Purpose};
use acquaint::identity::psi::{Held, OwnSide, PsiSecret};
use acquaint::identity::{E164, KeyRing, ObjectionKey, ObjectionList, Typed, normalise};
use acquaint::ids::{AccountId, Region};
use acquaint::signals::RawPhone;
use acquaint::time::Timestamp;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use rayon::prelude::*;

#[path = "common/gates.rs"]
mod gates;
#[path = "common/pools.rs"]
mod pools;
#[path = "common/scatter.rs"]
mod scatter;

const SIZES: [u64; 3] = [1_000, 10_000, 100_000];

fn number(counter: u64) -> E164 {
    let subscriber = scatter::scatter(counter) % 100_000_000;
    E164::from_digits(4_915_100_000_000 + subscriber).expect("thirteen digits")
}

/// Half as stored by a telephone, half as typed at home.
fn column(n_rows: u64) -> Vec<Typed<RawPhone>> {
    (0..n_rows)
        .map(|row| {
            let subscriber = scatter::scatter(row) % 100_000_000;
            if row.is_multiple_of(2) {
                Typed::new(RawPhone::new(format!("+49151{subscriber:08}")), None)
            } else {
                Typed::new(
                    RawPhone::new(format!("0151 {subscriber:08}")),
                    Region::parse("DE"),
                )
            }
        })
        .collect()
}

fn parse(c: &mut Criterion) {
    let mut group = c.benchmark_group("normalise");
    group.sample_size(10);
    for n_rows in SIZES {
        let column = column(n_rows);
        group.throughput(Throughput::Elements(n_rows));
        for pool in pools::pools() {
            let id = BenchmarkId::new(format!("threads-{}", pool.current_num_threads()), n_rows);
            group.bench_function(id, |b| b.iter(|| pool.install(|| normalise(&column))));
        }
    }
    group.finish();
}

/// Beginnings of mobile numbers, and how many digits follow.
const PREFIXES: [(&str, u8); 12] = [
    ("+49151", 8),
    ("+447400", 6),
    ("+33612", 6),
    ("+39333", 7),
    ("+919812", 6),
    ("+5511987", 6),
    ("+12025", 6),
    ("+628121", 7),
    ("+234803", 7),
    ("+2010", 8),
    ("+8190", 8),
    ("+79161", 6),
];

/// Numbers of twelve countries, in no order, as a telephone stores them.
fn clean_column(n_rows: u64) -> Vec<Typed<RawPhone>> {
    (0..n_rows)
        .map(|row| {
            let random = scatter::scatter(row);
            let kind = usize::try_from(random % PREFIXES.len() as u64).expect("one of a dozen");
            let (prefix, n_digits) = PREFIXES[kind];
            let rest = (random >> 8) % 10_u64.pow(n_digits.into());
            let width = n_digits.into();
            Typed::new(RawPhone::new(format!("{prefix}{rest:0width$}")), None)
        })
        .collect()
}

/// Clean numbers, one thread, beside libphonenumber's own way in the same run.
fn clean(c: &mut Criterion) {
    const N_ROWS: u64 = 100_000;
    let column = clean_column(N_ROWS);
    let n_valid = normalise(&column)
        .iter()
        .filter(|read| read.is_ok())
        .count();
    assert!(n_valid as u64 * 10 > N_ROWS * 9, "only {n_valid} are valid");
    let mut group = c.benchmark_group("clean");
    group.sample_size(20);
    group.throughput(Throughput::Elements(N_ROWS));
    group.bench_function("acquaint", |b| {
        b.iter(|| {
            let read = column
                .iter()
                .filter(|typed| E164::parse(&typed.raw, typed.region).is_ok());
            assert_eq!(read.count(), n_valid);
        });
    });
    group.bench_function("rlibphonenumber", |b| {
        b.iter(|| {
            let read = column.iter().filter(|typed| {
                let number = rlibphonenumber::PHONE_NUMBER_UTIL.parse(typed.raw.expose(), None);
                number.is_ok_and(|number| number.is_valid())
            });
            assert_eq!(read.count(), n_valid);
        });
    });
    group.finish();
}

/// German numbers as people there type them, two in five as at home, and every twentieth no number.
fn messy_column(n_rows: u64) -> Vec<Typed<RawPhone>> {
    let region = Region::parse("DE");
    let typed = |row: u64| {
        let line = format!("{:08}", scatter::scatter(row) % 100_000_000);
        let (first, last) = line.split_at(3);
        match row % 20 {
            0..6 => format!("0151 {first} {last}"),
            6..8 => format!("(0151) {first}-{last}"),
            8..13 => format!("+49 151 {first} {last}"),
            13..15 => format!("+49 (0)151 {first}{last}"),
            15..17 => format!("0049-151-{first}-{last}"),
            17 => format!("tel:+49151{line}"),
            18 => format!("+49 151 {line} ext. 12"),
            _ => format!("call {first}"),
        }
    };
    let typed = (0..n_rows).map(typed);
    typed
        .map(|text| Typed::new(RawPhone::new(text), region))
        .collect()
}

/// What people type, one thread, beside libphonenumber's own way in the same run.
fn messy(c: &mut Criterion) {
    const N_ROWS: u64 = 20_000;
    let column = messy_column(N_ROWS);
    // Not by `normalise`: the regular expressions behind both sides are quickest in the thread that used them first.
    let parsed = column
        .iter()
        .map(|typed| E164::parse(&typed.raw, typed.region));
    let n_valid = parsed.flatten().count();
    assert!(n_valid as u64 * 10 > N_ROWS * 7, "only {n_valid} are valid");
    let mut group = c.benchmark_group("messy");
    group.sample_size(20);
    group.throughput(Throughput::Elements(N_ROWS));
    group.bench_function("acquaint", |b| {
        b.iter(|| {
            let read = column
                .iter()
                .filter(|typed| E164::parse(&typed.raw, typed.region).is_ok());
            assert_eq!(read.count(), n_valid);
        });
    });
    group.bench_function("rlibphonenumber", |b| {
        b.iter(|| {
            let util = &rlibphonenumber::PHONE_NUMBER_UTIL;
            let germany = rlibphonenumber::Region::from_code("DE").ok();
            let read = column.iter().filter(|typed| {
                let number = util.parse(typed.raw.expose(), germany);
                number.is_ok_and(|number| number.is_valid())
            });
            black_box(read.count())
        });
    });
    group.finish();
}

fn token(c: &mut Criterion) {
    let ring = KeyRing::from_key(&std::array::from_fn(|i| u8::try_from(i).expect("i < 32")));
    let mut group = c.benchmark_group("token");
    for n_numbers in SIZES {
        let numbers: Vec<E164> = (0..n_numbers).map(number).collect();
        group.throughput(Throughput::Elements(n_numbers));
        group.bench_function(BenchmarkId::new("threads-1", n_numbers), |b| {
            b.iter(|| {
                for number in &numbers {
                    black_box(ring.token(Purpose::Abuse, *number));
                }
            });
        });
    }
    group.finish();
}

fn objection_key(secret: u8) -> ObjectionKey {
    ObjectionKey::from_keys(&[secret; 32], &[1; 32])
}

/// Points from numbers, and points from points.
fn objection_points(c: &mut Criterion) {
    let (old, new) = (objection_key(2), objection_key(3));
    let numbers: Vec<E164> = (0..1_000).map(number).collect();
    let points: Vec<_> = numbers.iter().map(|n| old.objection(*n)).collect();
    let mut group = c.benchmark_group("objection-points");
    group.sample_size(10);
    group.throughput(Throughput::Elements(numbers.len() as u64));
    group.bench_function("threads-1", |b| {
        b.iter(|| {
            for number in &numbers {
                black_box(old.objection(*number));
            }
        });
    });
    for pool in pools::pools() {
        let id = BenchmarkId::new("rekey", format!("threads-{}", pool.current_num_threads()));
        group.bench_function(id, |b| {
            b.iter(|| pool.install(|| black_box(old.rekey(&new, &points))));
        });
    }
    group.finish();
}

/// Numbers of an address book, hardly any of whose holders objected, against lists of three lengths.
fn objection_checks(c: &mut Criterion) {
    const N_CHECKED: u64 = 100_000;
    let checked: Vec<E164> = (0..N_CHECKED).map(number).collect();
    let mut group = c.benchmark_group("objection-checks");
    group.sample_size(10);
    group.throughput(Throughput::Elements(N_CHECKED));
    for n_objections in [0, 1_000, 100_000] {
        let key = objection_key(2);
        let objected = (N_CHECKED..N_CHECKED + n_objections).map(number);
        let list = ObjectionList::new(key.clone(), objected.map(|n| key.objection(n)));
        group.bench_function(BenchmarkId::new("threads-1", n_objections), |b| {
            b.iter(|| checked.iter().filter(|n| list.contains(**n)).count());
        });
    }
    group.finish();
}

/// Numbers whose holders permit the fight against abuse.
fn permitted(numbers: std::ops::Range<u64>) -> Vec<Permitted<Held, Abuse>> {
    let gate = gates::open::<Abuse>(numbers.clone());
    numbers
        .map(|i| Held {
            account: AccountId(i),
            number: number(i),
            collected_at: Timestamp::from_secs(0),
        })
        .map(|held| gate.permit(held).expect("everybody accepted"))
        .collect()
}

fn hash_to_group(number: E164) -> RistrettoPoint {
    let mut wide = [0; 64];
    blake3::Hasher::new_derive_key("acquaint 2016-08-25 private set intersection: number")
        .update(&number.expose().to_le_bytes())
        .finalize_xof()
        .fill(&mut wide);
    RistrettoPoint::from_uniform_bytes(&wide)
}

/// Both rounds of private set intersection, beside a plain loop over the same library for curves.
fn psi(c: &mut Criterion) {
    const N: u64 = 10_000;
    let (ours, theirs) = (permitted(0..N), permitted(N / 2..N + N / 2));
    let numbers: Vec<E164> = ours.iter().map(|held| held.get().number).collect();
    let secrets = [1, 2].map(|seed| PsiSecret::from_seed(&mut [seed; 32]));
    let own = OwnSide::blind(&secrets[0], &ours);
    let peer = OwnSide::blind(&secrets[1], &theirs);
    let (points, _) = peer.message()[88..].as_chunks::<32>();
    let scalar = Scalar::from_bytes_mod_order_wide(&[7; 64]);
    let mut group = c.benchmark_group("psi");
    group.sample_size(10);
    group.throughput(Throughput::Elements(N));
    for pool in pools::pools() {
        let id = |name| BenchmarkId::new(name, format!("threads-{}", pool.current_num_threads()));
        let plain_blind = || -> Vec<CompressedRistretto> {
            let blinded = numbers.par_iter();
            blinded
                .map(|number| (hash_to_group(*number) * scalar).compress())
                .collect()
        };
        let plain_reply = || -> Option<Vec<CompressedRistretto>> {
            let multiplied = points.par_iter().map(|point| {
                let point = CompressedRistretto(*point).decompress()?;
                Some((point * scalar).compress())
            });
            multiplied.collect()
        };
        group.bench_function(id("blind/plain"), |b| {
            b.iter(|| pool.install(plain_blind));
        });
        group.bench_function(id("blind/acquaint"), |b| {
            b.iter(|| pool.install(|| OwnSide::blind(&secrets[0], &ours)));
        });
        group.bench_function(id("reply/plain"), |b| {
            b.iter(|| pool.install(plain_reply));
        });
        group.bench_function(id("reply/acquaint"), |b| {
            b.iter(|| pool.install(|| own.reply(&secrets[0], peer.message())));
        });
    }
    group.finish();
}

/// Where the time of private set intersection goes, one thread.
fn psi_parts(c: &mut Criterion) {
    const N: u64 = 1_000;
    let scalar = Scalar::from_bytes_mod_order_wide(&[7; 64]);
    let numbers: Vec<E164> = (0..N).map(number).collect();
    let points: Vec<RistrettoPoint> = numbers.iter().map(|n| hash_to_group(*n)).collect();
    let encoded: Vec<CompressedRistretto> = points.iter().map(RistrettoPoint::compress).collect();
    let mut group = c.benchmark_group("psi-parts");
    group.sample_size(10);
    group.throughput(Throughput::Elements(N));
    group.bench_function("hash", |b| {
        b.iter(|| {
            numbers
                .iter()
                .map(|n| hash_to_group(*n))
                .collect::<Vec<_>>()
        });
    });
    group.bench_function("multiply", |b| {
        b.iter(|| points.iter().map(|p| p * scalar).collect::<Vec<_>>());
    });
    group.bench_function("decode", |b| {
        b.iter(|| {
            let decoded = encoded.iter().map(CompressedRistretto::decompress);
            decoded.collect::<Vec<_>>()
        });
    });
    group.bench_function("encode/one-by-one", |b| {
        b.iter(|| {
            points
                .iter()
                .map(RistrettoPoint::compress)
                .collect::<Vec<_>>()
        });
    });
    group.bench_function("encode/256-at-once", |b| {
        b.iter(|| {
            let chunks = points.chunks(256);
            chunks
                .map(RistrettoPoint::double_and_compress_batch)
                .collect::<Vec<_>>()
        });
    });
    group.finish();
}

criterion_group!(
    benches,
    psi,
    psi_parts,
    clean,
    messy,
    parse,
    token,
    objection_points,
    objection_checks
);
criterion_main!(benches);
