//! Matching: whose number was it when it was saved? A Parquet file of entries in, a Parquet file of matches out.
//!
//! `ACQUAINT_BOOK_ROWS` says how many entries, 20 million by default; half of them are measured as well, for twice as many
//! must cost twice the time. `benches/compare/matching.py` joins the same files with two databases.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acquaint::consent::{Abuse, Gate, Permitted};
use acquaint::engine::outputs::{MatchesFile, NewMatches};
use acquaint::engine::{BookMatched, BookRequest, Silent, match_book};
use acquaint::hash::HashSet;
use acquaint::identity::{Binding, BookBudget, Contact, Directory, E164, NumberSet, match_entries};
use acquaint::ids::AccountId;
use acquaint::signals::{NumberBook, ReadLimits};
use acquaint::time::Timestamp;
use arrow_array::{ArrayRef, RecordBatch, TimestampMicrosecondArray, UInt64Array};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;

#[path = "common/gates.rs"]
mod gates;
#[path = "common/pools.rs"]
mod pools;
#[path = "common/scatter.rs"]
mod scatter;

const N_ACCOUNTS: u64 = 2_000_000;
/// Entries of one person's book.
const BOOK: u64 = 50;
/// Entries are saved, and accounts made, within five years.
const SPAN: u64 = 5 * 365 * 86_400;
/// The largest batch that is matched in memory, in the order it came in.
const IN_MEMORY: u64 = 10_000_000;

/// One number for each counter below a hundred million.
fn number(counter: u64) -> E164 {
    let subscriber = counter * 61_803_399 % 100_000_000;
    E164::from_digits(4_915_100_000_000 + subscriber).expect("thirteen digits")
}

fn instant(below: u64, random: u64) -> Timestamp {
    Timestamp::from_secs((random % below).cast_signed())
}

fn binding(account: u64) -> Binding {
    Binding {
        number: number(account),
        account: AccountId(account),
        since: instant(SPAN / 2, scatter::scatter(account << 32)),
        until: Timestamp::MAX,
    }
}

/// An entry of somebody's book: half of the numbers are nobody's.
fn contact(entry: u64) -> Contact {
    let random = scatter::scatter(entry);
    Contact {
        from: AccountId(entry / BOOK % N_ACCOUNTS),
        number: number((random >> 32) % (2 * N_ACCOUNTS)),
        saved_at: instant(SPAN, random & 0xFFFF_FFFF),
    }
}

fn micros(instants: impl Iterator<Item = Timestamp>) -> ArrayRef {
    let instants = TimestampMicrosecondArray::from_iter_values(instants.map(Timestamp::micros));
    Arc::new(instants.with_timezone("UTC"))
}

fn wholes(numbers: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(UInt64Array::from_iter_values(numbers))
}

/// Writes a table a million rows at a time.
fn write(path: &Path, n_rows: u64, columns: impl Fn(std::ops::Range<u64>) -> RecordBatch) {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(1 << 20))
        .build();
    let file = File::create(path).expect("a file in the target directory");
    let schema = columns(0..0).schema();
    let mut writer = ArrowWriter::try_new(file, schema, Some(properties)).expect("a writer");
    for first in (0..n_rows).step_by(1 << 20) {
        let rows = columns(first..n_rows.min(first + (1 << 20)));
        writer.write(&rows).expect("rows");
    }
    writer.close().expect("a footer");
}

fn write_book(path: &Path, n_rows: u64) {
    write(path, n_rows, |rows| {
        let entries = rows.map(contact);
        let columns = [
            ("account_id", wholes(entries.clone().map(|one| one.from.0))),
            (
                "number",
                wholes(entries.clone().map(|one| one.number.expose())),
            ),
            ("saved_at", micros(entries.map(|one| one.saved_at))),
        ];
        RecordBatch::try_from_iter(columns).expect("columns of one length")
    });
}

/// For the databases.
fn write_accounts(path: &Path) {
    write(path, N_ACCOUNTS, |rows| {
        let columns = [
            ("to", wholes(rows.clone())),
            ("number", wholes(rows.clone().map(|to| number(to).expose()))),
            ("since", micros(rows.map(|to| binding(to).since))),
        ];
        RecordBatch::try_from_iter(columns).expect("columns of one length")
    });
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// What entries are matched with. A tenth as many people are out as there are accounts.
struct Whom {
    gate: Gate<Abuse, AccountId>,
    directory: Directory<Abuse>,
    out: NumberSet,
}

impl Whom {
    fn new() -> Self {
        let gate = gates::open::<Abuse>(0..N_ACCOUNTS);
        let bindings = (0..N_ACCOUNTS).filter_map(|account| gate.permit(binding(account)).ok());
        Self {
            directory: Directory::build(bindings, &HashSet::default()),
            out: (N_ACCOUNTS..N_ACCOUNTS / 10 * 11).map(number).collect(),
            gate,
        }
    }
}

fn matched(book: &NumberBook, whom: &Whom) -> BookMatched {
    let budget = BookBudget::default().check();
    let budget = &budget.expect("defaults are in range");
    let request = BookRequest {
        book,
        directory: &whom.directory,
        gate: &whom.gate,
        objected: &|_| false,
        of_people_out: &whom.out,
        budget,
        as_of: Timestamp::MAX,
        max_bytes: 4 << 30,
        spill_dir: Path::new(env!("CARGO_TARGET_TMPDIR")),
    };
    let NewMatches {
        file: mut out,
        encoder,
    } = MatchesFile::beside(&file("matches.parquet"), &[]).expect("a file");
    let encode = |matches: &[Permitted<_, _>]| encoder.encode(matches);
    let matched = match_book(&request, &Silent, encode, |encoded| out.append(encoded));
    out.publish().expect("a whole file");
    matched.expect("a readable book")
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs it chooses the size"
)]
fn n_rows() -> u64 {
    let rows = std::env::var("ACQUAINT_BOOK_ROWS");
    rows.map_or(20_000_000, |rows| rows.parse().expect("a number of rows"))
}

fn book(c: &mut Criterion) {
    let n_rows = n_rows();
    let whom = Whom::new();
    write_accounts(&file("accounts.parquet"));
    let mut group = c.benchmark_group("match_book");
    group.sample_size(10);
    for n_rows in [n_rows / 2, n_rows] {
        let path = file(&format!("book-{n_rows}.parquet"));
        write_book(&path, n_rows);
        let limits = ReadLimits::default().check().expect("defaults are fine");
        let book = NumberBook::open(&path, &limits).expect("a book");
        group.throughput(Throughput::Elements(n_rows));
        for pool in pools::pools() {
            let id = BenchmarkId::new(format!("threads-{}", pool.current_num_threads()), n_rows);
            group.bench_function(id, |b| {
                b.iter(|| pool.install(|| matched(&book, &whom).stage.rows_out));
            });
        }
    }
    group.finish();
    in_memory(c, &whom);
}

/// One batch, in the order it came in: what is left of a look-up when nothing is put aside.
fn in_memory(c: &mut Criterion, whom: &Whom) {
    let contacts: Vec<Permitted<Contact, Abuse>> = (0..IN_MEMORY)
        .into_par_iter()
        .filter_map(|entry| whom.gate.permit(contact(entry)).ok())
        .collect();
    let mut group = c.benchmark_group("match_entries");
    group.sample_size(10);
    group.throughput(Throughput::Elements(IN_MEMORY));
    for pool in pools::pools() {
        let id = BenchmarkId::new(format!("threads-{}", pool.current_num_threads()), IN_MEMORY);
        group.bench_function(id, |b| {
            b.iter(|| pool.install(|| match_entries(&whom.directory, &contacts).matches.len()));
        });
    }
    group.finish();
}

criterion_group!(benches, book);
criterion_main!(benches);
