//! Linking: who of both networks is one person? Two tables of numbers in, links out.
//!
//! `ACQUAINT_LINK_NUMBERS` says how many numbers, 1 million by default. `benches/compare/linking.py` scores the same pairs
//! with Splink.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use acquaint::hash::HashSet;
use acquaint::identity::{
    AccountClaim, Binding, DeviceCodes, E164, Given, LinkKey, LinkModel, Linking, Probability,
    SocialClaim, ValidLinkModel, link,
};
use acquaint::ids::{AccountId, DeviceId, Region, UserId};
use acquaint::signals::{DeviceFacts, PhonePurpose};
use acquaint::time::Timestamp;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt32Array, UInt64Array};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use parquet::arrow::ArrowWriter;

#[path = "common/pools.rs"]
mod pools;
#[path = "common/scatter.rs"]
mod scatter;

const YEAR: u64 = 365 * 86_400;

/// One number for each counter below a hundred million.
fn number(counter: u64) -> u64 {
    4_915_100_000_000 + counter * 61_803_399 % 100_000_000
}

/// A device; each has an id of its own.
#[derive(Clone, Copy)]
struct Device {
    id: u64,
    model: u32,
    version: u32,
}

impl Device {
    /// The smaller of two draws: some models are common, most are not.
    fn new(id: u64) -> Self {
        let random = scatter::scatter(id);
        let draw = |shift: u32| u32::try_from(random >> shift & 0xFFFF).expect("two bytes") % 300;
        Self {
            id,
            model: draw(0).min(draw(16)),
            version: draw(32) % 4,
        }
    }

    const fn os(self) -> u32 {
        self.model % 2
    }

    fn facts(self) -> DeviceFacts {
        DeviceFacts {
            device_id: DeviceId::of(&self.id.to_string()),
            device_type: Some(format!("model {}", self.model)),
            os: Some(self.os().to_string()),
            os_version: Some(self.version.to_string()),
        }
    }
}

/// A row of either table: who, which number, since when, on what, where.
#[derive(Clone, Copy)]
struct Row {
    id: u64,
    number: u64,
    since: u64,
    device: Device,
    region: u32,
}

/// Everybody's account.
fn accounts(n_numbers: u64) -> Vec<Row> {
    let account = |id| Row {
        id,
        number: number(id),
        since: scatter::scatter(id << 32) % (4 * YEAR),
        device: Device::new(id),
        region: u32::from(scatter::scatter(id << 33).is_multiple_of(30)),
    };
    (0..n_numbers).map(account).collect()
}

/// A claim on every number by its holder, half of them on the same device, and on every fourth one by somebody else.
fn social(n_numbers: u64) -> Vec<Row> {
    let claim = |id: u64| {
        let random = scatter::scatter(id << 34);
        let is_holder = id < n_numbers;
        let of = if is_holder { id } else { (id - n_numbers) * 4 };
        let is_same = is_holder && random.is_multiple_of(2);
        Row {
            id,
            number: number(of),
            since: (random >> 8) % (5 * YEAR),
            device: Device::new(if is_same { of } else { n_numbers + id }),
            region: u32::from(
                if is_holder {
                    scatter::scatter(of << 33)
                } else {
                    random
                }
                .is_multiple_of(30),
            ),
        }
    };
    (0..n_numbers + n_numbers / 4).map(claim).collect()
}

const REGIONS: [&str; 2] = ["DE", "FR"];

fn instant(secs: u64) -> Timestamp {
    Timestamp::from_secs(secs.cast_signed())
}

fn region(row: &Row) -> Option<Region> {
    Region::parse(REGIONS[usize::from(row.region == 1)])
}

fn e164(row: &Row) -> E164 {
    E164::from_digits(row.number).expect("thirteen digits")
}

/// Both tables as the library takes them.
fn claims(accounts: &[Row], social: &[Row]) -> (Vec<AccountClaim>, Vec<SocialClaim>) {
    let facts =
        |rows: &[Row]| -> Vec<DeviceFacts> { rows.iter().map(|row| row.device.facts()).collect() };
    let (of_accounts, of_social) = (facts(accounts), facts(social));
    let codes = DeviceCodes::of(of_accounts.iter().chain(&of_social));
    let held = accounts
        .iter()
        .zip(&of_accounts)
        .map(|(row, facts)| AccountClaim {
            binding: Binding {
                number: e164(row),
                account: AccountId(row.id),
                since: instant(row.since),
                until: Timestamp::MAX,
            },
            device: codes.code(facts),
            region: region(row),
        });
    let claimed = social
        .iter()
        .zip(&of_social)
        .map(|(row, facts)| SocialClaim {
            key: LinkKey::new(e164(row), PhonePurpose::Contact).expect("given as a contact"),
            user: UserId(row.id),
            given: Given::At(instant(row.since)),
            device: codes.code(facts),
            region: region(row),
        });
    (held.collect(), claimed.collect())
}

/// For Splink: every fact as a whole number.
fn write(name: &str, rows: &[Row]) {
    let wide = |of: fn(&Row) -> u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(of)))
    };
    let narrow = |of: fn(&Row) -> u32| -> ArrayRef {
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(of)))
    };
    let since = rows.iter().map(|row| row.since.cast_signed());
    let columns: [(&str, ArrayRef); 8] = [
        ("unique_id", wide(|row| row.id)),
        ("number", wide(|row| row.number)),
        ("since", Arc::new(Int64Array::from_iter_values(since))),
        ("device", wide(|row| row.device.id)),
        (
            "build",
            narrow(|row| row.device.model * 4 + row.device.version),
        ),
        ("model", narrow(|row| row.device.model)),
        ("os", narrow(|row| row.device.os())),
        ("region", narrow(|row| row.region)),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let file = File::create(path).expect("a file in the target directory");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a footer");
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs it chooses the size"
)]
fn n_numbers() -> u64 {
    let numbers = std::env::var("ACQUAINT_LINK_NUMBERS");
    numbers.map_or(1_000_000, |n| n.parse().expect("a number of numbers"))
}

fn linked(claims: &(Vec<AccountClaim>, Vec<SocialClaim>), model: &ValidLinkModel) -> Linking {
    link(
        claims.0.iter().copied(),
        claims.1.iter().copied(),
        &HashSet::default(),
        model,
        Probability::of(0.99),
    )
}

/// Sorted, compared, scored, decided, and the links in order.
fn linking(c: &mut Criterion) {
    let n_numbers = n_numbers();
    let (accounts, social) = (accounts(n_numbers), social(n_numbers));
    write("link-accounts.parquet", &accounts);
    write("link-social.parquet", &social);
    let claims = claims(&accounts, &social);
    let model = LinkModel::default().check().expect("the default is valid");
    println!("{} links", linked(&claims, &model).links.len());
    let n_pairs = social.len() as u64;
    let mut group = c.benchmark_group("link");
    group.sample_size(10);
    group.throughput(Throughput::Elements(n_pairs));
    for pool in pools::pools() {
        let id = BenchmarkId::new(format!("threads-{}", pool.current_num_threads()), n_pairs);
        group.bench_function(id, |b| {
            b.iter(|| pool.install(|| linked(&claims, &model).links.len()));
        });
    }
    group.finish();
}

criterion_group!(benches, linking);
criterion_main!(benches);
