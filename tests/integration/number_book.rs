//! A number book is matched as the address book it was made of, however many threads and however little memory there are.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use acquaint::consent::Purpose;
use acquaint::engine::{
    BookFiles, BookMatched, MatchRequest, RunParams, Silent, Times, ValidRunParams,
};
use acquaint::hash::HashMap;
use acquaint::identity::{E164, number_region};
use acquaint::ids::{AccountId, Region};
use acquaint::publish::Sums;
use acquaint::signals::TableForm;
use acquaint::synth::World;
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt64Type};
use arrow_array::{ArrayRef, RecordBatch, TimestampMicrosecondArray, UInt64Array};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::support::{read_table, small_world, write_world};

/// Where each account's numbers are read.
fn regions(world: &World) -> HashMap<AccountId, Region> {
    let region = |account: &acquaint::signals::MessengerAccount| {
        let of_number = || number_region(E164::parse(&account.phone, None).ok()?);
        Some((account.account_id, account.region.or_else(of_number)?))
    };
    world.messenger_accounts.iter().filter_map(region).collect()
}

/// Writes the entries whose numbers can be read, a few hundred to a row group.
fn write_book(path: &Path, world: &World) {
    let regions = regions(world);
    let mut columns: (Vec<u64>, Vec<u64>, Vec<i64>) = Default::default();
    for entry in &world.address_book {
        let region = regions.get(&entry.account_id).copied();
        if let Ok(number) = E164::parse(&entry.phone, region) {
            columns.0.push(entry.account_id.0);
            columns.1.push(number.expose());
            columns.2.push(entry.saved_at.micros());
        }
    }
    write_batches(path, 300, std::iter::once(batch(columns)));
}

/// Entries by column: who saved, which number, when in microseconds.
pub(crate) fn batch((accounts, numbers, saved_at): (Vec<u64>, Vec<u64>, Vec<i64>)) -> RecordBatch {
    let saved_at = TimestampMicrosecondArray::from(saved_at).with_timezone("UTC");
    let columns: [(&str, ArrayRef); 3] = [
        ("account_id", Arc::new(UInt64Array::from(accounts))),
        ("number", Arc::new(UInt64Array::from(numbers))),
        ("saved_at", Arc::new(saved_at)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Writes a number book with so many rows to a row group.
pub(crate) fn write_batches(
    path: &Path,
    n_rows_of_group: usize,
    mut batches: impl Iterator<Item = RecordBatch>,
) {
    let first = batches.next().unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(n_rows_of_group))
        .build();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, first.schema(), Some(properties)).unwrap();
    writer.write(&first).unwrap();
    batches.for_each(|rows| writer.write(&rows).unwrap());
    writer.close().unwrap();
}

pub(crate) fn read_matches(path: &Path) -> Vec<(u64, u64, i64)> {
    let mut found = Vec::new();
    for rows in read_table(path) {
        let ids = |column: usize| rows.column(column).as_primitive::<UInt64Type>().values();
        let saved_at = rows.column(2).as_primitive::<TimestampMicrosecondType>();
        let pairs = ids(0).iter().zip(ids(1)).zip(saved_at.values());
        found.extend(pairs.map(|((&from, &to), &at)| (from, to, at)));
    }
    found
}

pub(crate) fn request<'a>(signals: &'a Path, params: &'a ValidRunParams) -> MatchRequest<'a> {
    MatchRequest {
        signals,
        ledger: None,
        params,
        times: Times::default(),
        purpose: Purpose::FriendSuggestions,
    }
}

pub(crate) fn matched(
    request: &MatchRequest<'_>,
    dir: &Path,
    n_threads: usize,
    max_bytes: usize,
) -> (BookMatched, Vec<u8>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads);
    let out = dir.join("matches.parquet");
    let files = BookFiles {
        reads: &[],
        book: &dir.join("book.parquet"),
        out: &out,
        max_bytes,
    };
    let pool = pool.build().unwrap();
    let matched = pool.install(|| request.number_book(&files, &Silent));
    (matched.unwrap(), fs::read(out).unwrap())
}

#[test]
fn same_as_the_address_book_for_any_threads_and_memory() {
    let dir = tempfile::tempdir().unwrap();
    let world = small_world(900, 31);
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Parquet, &world);
    write_book(&dir.path().join("book.parquet"), &world);
    let params = RunParams::default().check().unwrap();
    let found = same_for_any_threads_and_memory(&request(&signals, &params), dir.path());
    assert!(found.over_budget.is_empty());
    // A budget that some keep and some do not.
    let tight = "[identity.budget]\nentries = 40\nburst = 25\nper_day = 1";
    let params = RunParams::from_toml(tight).unwrap().check().unwrap();
    let found = same_for_any_threads_and_memory(&request(&signals, &params), dir.path());
    assert!(found.over_budget.len() > 10, "{}", found.over_budget.len());
}

fn same_for_any_threads_and_memory(request: &MatchRequest<'_>, dir: &Path) -> BookMatched {
    let of_address_book = request.address_book(&Silent).unwrap();
    let (in_memory, bytes) = matched(request, dir, 1, 1 << 30);
    assert_eq!(in_memory.spilled.rows, 0);
    for (n_threads, max_bytes) in [(2, 1 << 30), (1, 0), (2, 0), (3, 4_000)] {
        let (spilled, same) = matched(request, dir, n_threads, max_bytes);
        assert_eq!(spilled.spilled.rows > 0, max_bytes < 1 << 30);
        assert_eq!(spilled.stage, in_memory.stage);
        assert_eq!(same, bytes, "{n_threads} threads, {max_bytes} bytes");
    }
    let expected: Vec<_> = of_address_book
        .matches
        .iter()
        .map(|one| (one.from.0, one.to.0, one.saved_at.micros()))
        .collect();
    assert!(expected.len() > 1_000, "{}", expected.len());
    assert_eq!(read_matches(&dir.join("matches.parquet")), expected);
    let sums = fs::read_to_string(dir.join("matches.parquet.sums.json")).unwrap();
    let sums: Sums = serde_json::from_str(&sums).unwrap();
    let digest = blake3::hash(&bytes).to_hex();
    assert!(sums.is_whole());
    assert_eq!(sums.files[0].file, "matches.parquet");
    assert_eq!(sums.files[0].blake3, digest.as_str());
    assert_eq!(in_memory.stage.rows_out, of_address_book.stage.rows_out);
    assert_eq!(in_memory.over_budget, of_address_book.over_budget);
    in_memory
}

#[test]
fn nothing_is_left_of_a_book_that_breaks_off() {
    let dir = tempfile::tempdir().unwrap();
    let world = small_world(60, 32);
    let signals = dir.path().join("signals");
    write_world(&signals, TableForm::Parquet, &world);
    let book = dir.path().join("book.parquet");
    write_book(&book, &world);
    // The footer stands; the header of the first page, behind the four bytes of every such file, does not.
    let mut bytes = fs::read(&book).unwrap();
    bytes[4..24].fill(0xFF);
    fs::write(&book, bytes).unwrap();
    let params = RunParams::default().check().unwrap();
    let out = dir.path().join("out").join("matches.parquet");
    fs::create_dir(dir.path().join("out")).unwrap();
    let files = BookFiles {
        reads: &[],
        book: &book,
        out: &out,
        max_bytes: 1 << 20,
    };
    let broken = request(&signals, &params).number_book(&files, &Silent);
    let error = broken.unwrap_err().to_string();
    assert!(error.contains("book.parquet"), "{error}");
    assert_eq!(fs::read_dir(dir.path().join("out")).unwrap().count(), 0);
}
