//! Reading tables: the first byte names the file, the rest is what stands in it.

#![no_main]

use std::sync::LazyLock;

use acquaint::signals::{
    AddressBookEntry, ConsentEventRow, MessengerAccount, ReadLimits, Record, Rejection, SignalsDir,
};
use libfuzzer_sys::fuzz_target;
use rayon::ThreadPool;
use tempfile::TempDir;

/// A directory in memory where there is one.
static DIR: LazyLock<TempDir> = LazyLock::new(|| {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a directory")
});
static ONE: LazyLock<ThreadPool> = LazyLock::new(|| pool(1));
static THREE: LazyLock<ThreadPool> = LazyLock::new(|| pool(3));

fn pool(threads: usize) -> ThreadPool {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().expect("threads")
}

fuzz_target!(|data: &[u8]| {
    let Some((&form, content)) = data.split_first() else {
        return;
    };
    let (table, check): (&str, fn()) = match form % 3 {
        0 => ("consent_events", same::<ConsentEventRow>),
        1 => ("messenger_accounts", same::<MessengerAccount>),
        _ => ("address_book", same::<AddressBookEntry>),
    };
    let ending = ["csv", "tsv", "parquet", "csv.gz"][usize::from(form / 3) % 4];
    let file = DIR.path().join(format!("{table}.{ending}"));
    std::fs::write(&file, content).expect("a file");
    check();
    std::fs::remove_file(&file).expect("a file");
});

/// Nothing panics, and threads change nothing: neither rows nor what is said of them.
fn same<R: Record + std::fmt::Debug>() {
    let (one, three) = (ONE.install(read::<R>), THREE.install(read::<R>));
    assert_eq!(one, three);
}

fn read<R: Record>() -> Result<(Vec<R>, Vec<Rejection>), String> {
    let limits = ReadLimits::default()
        .check()
        .expect("defaults are in range");
    let dir = SignalsDir::open(DIR.path(), &limits).map_err(|error| error.to_string())?;
    let rows = dir.read::<R>().map_err(|error| error.to_string())?;
    assert_eq!(
        rows.records.len() as u64 + rows.summary.n_rejected(),
        rows.summary.n_rows
    );
    Ok((rows.records, rows.rejections))
}
