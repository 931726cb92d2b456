//! Reading and writing an address book of three sizes, in every form, in rows per second.

use std::hint::black_box;

use acquaint::signals::{
    AddressBookEntry, Batch, RawPhone, ReadLimits, SignalsDir, SignalsError, TableForm, write_table,
};
use acquaint::time::Timestamp;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[path = "common/scatter.rs"]
mod scatter;
use scatter::scatter;

const SIZES: [u64; 3] = [1_000, 30_000, 1_000_000];

fn entries(n_rows: u64) -> Vec<AddressBookEntry> {
    (0..n_rows)
        .map(|row| AddressBookEntry {
            account_id: (row / 200).into(),
            phone: RawPhone::new(format!("+49151{:08}", scatter(row) % 100_000_000)),
            saved_at: Timestamp::from_secs(
                1_400_000_000 + (scatter(!row) % 60_000_000).cast_signed(),
            ),
        })
        .collect()
}

fn count_rows(dir: &SignalsDir) -> Result<u64, SignalsError> {
    let mut n_rows = 0;
    dir.stream(|batch: Batch<AddressBookEntry>| {
        n_rows += black_box(&batch.records).len() as u64;
        Ok::<(), SignalsError>(())
    })?;
    Ok(n_rows)
}

fn read(c: &mut Criterion) {
    let limits = ReadLimits::default()
        .check()
        .expect("defaults are in range");
    let mut group = c.benchmark_group("signals/read");
    group.sample_size(10);
    for n_rows in SIZES {
        let records = entries(n_rows);
        group.throughput(Throughput::Elements(n_rows));
        for form in TableForm::ALL {
            let dir = tempfile::tempdir().expect("a temporary directory");
            write_table(dir.path(), form, &records).expect("a table is written");
            let dir = SignalsDir::open(dir.path(), &limits).map(|open| (open, dir));
            let (dir, _kept) = dir.expect("the directory opens");
            group.bench_function(BenchmarkId::new(format!("{form:?}"), n_rows), |b| {
                b.iter(|| count_rows(&dir).expect("the table reads"));
            });
        }
    }
    group.finish();
}

fn write(c: &mut Criterion) {
    let mut group = c.benchmark_group("signals/write");
    group.sample_size(10);
    for n_rows in SIZES {
        let records = entries(n_rows);
        group.throughput(Throughput::Elements(n_rows));
        for form in TableForm::ALL {
            let dir = tempfile::tempdir().expect("a temporary directory");
            group.bench_function(BenchmarkId::new(format!("{form:?}"), n_rows), |b| {
                b.iter(|| write_table(dir.path(), form, &records).expect("a table is written"));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, read, write);
criterion_main!(benches);
