//! Reading numbers, making tokens and points of them, linking accounts by them.

use std::hint::black_box;

use acquaint::consent::Purpose;
use acquaint::hash::HashSet;
use acquaint::identity::{
    AccountClaim, Binding, DeviceCodes, E164, Given, KeyRing, LinkKey, LinkModel, ObjectionKey,
    ObjectionList, Probability, SocialClaim, link, normalise,
};
use acquaint::ids::{AccountId, DeviceId, Region, UserId};
use acquaint::signals::{DeviceFacts, PhonePurpose, RawPhone};
use acquaint::time::Timestamp;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

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
fn column(n_rows: u64) -> Vec<(RawPhone, Option<Region>)> {
    (0..n_rows)
        .map(|row| {
            let subscriber = scatter::scatter(row) % 100_000_000;
            if row.is_multiple_of(2) {
                (RawPhone::new(format!("+49151{subscriber:08}")), None)
            } else {
                (
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
fn clean_column(n_rows: u64) -> Vec<(RawPhone, Option<Region>)> {
    (0..n_rows)
        .map(|row| {
            let random = scatter::scatter(row);
            let kind = usize::try_from(random % PREFIXES.len() as u64).expect("one of a dozen");
            let (prefix, n_digits) = PREFIXES[kind];
            let rest = (random >> 8) % 10_u64.pow(n_digits.into());
            let width = n_digits.into();
            (RawPhone::new(format!("{prefix}{rest:0width$}")), None)
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
                .filter(|(raw, region)| E164::parse(raw, *region).is_ok());
            assert_eq!(read.count(), n_valid);
        });
    });
    group.bench_function("rlibphonenumber", |b| {
        b.iter(|| {
            let read = column.iter().filter(|(raw, _)| {
                let number = rlibphonenumber::PHONE_NUMBER_UTIL.parse(raw.expose(), None);
                number.is_ok_and(|number| number.is_valid())
            });
            assert_eq!(read.count(), n_valid);
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

/// Three hundred devices of forty models on four versions of two systems.
fn devices() -> Vec<DeviceFacts> {
    (0..300_u32)
        .map(|i| DeviceFacts {
            device_id: DeviceId::of(&format!("device {i}")),
            device_type: Some(format!("model {}", i * i % 40)),
            os: Some(if i % 4 == 0 { "ios" } else { "android" }.to_owned()),
            os_version: Some((i % 4).to_string()),
        })
        .collect()
}

/// One account and one claim on each number, half of them on one device.
fn claims(n_pairs: u64) -> (Vec<AccountClaim>, Vec<SocialClaim>) {
    let facts = devices();
    let codes = DeviceCodes::of(&facts);
    let device = |i: u64| codes.code(&facts[usize::try_from(i % 300).expect("below 300")]);
    let held = (0..n_pairs).map(|i| AccountClaim {
        binding: Binding {
            number: number(i),
            account: AccountId(i),
            since: Timestamp::from_secs(10),
            until: Timestamp::MAX,
        },
        device: device(i),
        region: Region::parse("DE"),
    });
    let claimed = (0..n_pairs).map(|i| SocialClaim {
        key: LinkKey::new(number(i), PhonePurpose::Contact).expect("given as a contact"),
        user: UserId(i),
        given: Given::At(Timestamp::from_secs(i64::from(i % 3 == 0) * 20)),
        device: device(i * (1 + i % 2)),
        region: Region::parse(if i % 50 == 0 { "FR" } else { "DE" }),
    });
    (held.collect(), claimed.collect())
}

/// Pairs compared, scored and decided, sorting included.
fn linking(c: &mut Criterion) {
    let model = LinkModel::default().check().expect("the default is valid");
    let mut group = c.benchmark_group("link");
    group.sample_size(10);
    for n_pairs in SIZES {
        let (accounts, social) = claims(n_pairs);
        group.throughput(Throughput::Elements(n_pairs));
        for pool in pools::pools() {
            let id = BenchmarkId::new(format!("threads-{}", pool.current_num_threads()), n_pairs);
            let run = || {
                link(
                    accounts.iter().copied(),
                    social.iter().copied(),
                    &HashSet::default(),
                    &model,
                    Probability::of(0.99),
                )
            };
            group.bench_function(id, |b| b.iter(|| pool.install(run)));
        }
    }
    group.finish();
}

criterion_group!(
    benches,
    clean,
    parse,
    token,
    objection_points,
    objection_checks,
    linking
);
criterion_main!(benches);
