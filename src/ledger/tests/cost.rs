//! What opening, appending and checking cost: figures for `docs/reliability.md`. Run with
//! `cargo test --lib -- --ignored --nocapture ledger::tests::cost`.
#![expect(
    clippy::disallowed_methods,
    reason = "what something costs is told by the clock"
)]

use std::time::Instant;

use super::{entropy, event, new};
use crate::consent::History;
use crate::ledger::{NewEvent, Reader, Writer};
use crate::time::Timestamp;

/// Ids in no order, four events to an account.
fn events(range: std::ops::Range<u64>, n: u64) -> Vec<NewEvent> {
    let one = |i: u64| {
        let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        new(&event(mixed, (mixed >> 20) % (n / 4).max(1), 3, 9))
    };
    range.map(one).collect()
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    println!("{what}: {:.2} s", start.elapsed().as_secs_f64());
    done
}

fn measure(n: u64, are_rows: bool) {
    let dir = tempfile::tempdir().unwrap();
    let form = if are_rows { "rows" } else { "segments" };
    println!("{n} events in {form}");
    let mut writer = Writer::open(dir.path(), entropy(1)).unwrap();
    timed("  recorded", || {
        let mut import = writer.import(1 << 22, Timestamp::MAX);
        for event in events(0..if are_rows { 0 } else { n }, n) {
            import.push(&event).unwrap();
        }
        import.finish().unwrap();
        for from in (0..if are_rows { n } else { 0 }).step_by(10_000) {
            let group = events(from..from + 10_000, n);
            writer.append(&group, Timestamp::MAX).unwrap();
        }
    });
    drop(writer);
    let mut writer = timed("  opened to write", || {
        Writer::open(dir.path(), entropy(2)).unwrap()
    });
    timed("  1,000 single appends", || {
        for at in n..n + 1_000 {
            writer
                .append(&events(at..at + 1, n), Timestamp::MAX)
                .unwrap();
        }
    });
    drop(writer);
    timed("  read and proven", || {
        let reader = Reader::open(dir.path()).unwrap();
        assert_eq!(reader.flaws().unwrap(), []);
    });
    timed("  checked", || {
        let reader = Reader::open(dir.path()).unwrap();
        assert_eq!(reader.check(None).unwrap(), []);
    });
}

#[test]
#[ignore = "a minute, for its figures"]
fn of_a_million() {
    measure(1_000_000, true);
    measure(1_000_000, false);
}

#[test]
#[ignore = "many minutes, for its figures"]
fn of_ten_million() {
    measure(10_000_000, true);
    measure(10_000_000, false);
}
