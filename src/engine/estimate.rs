//! What a run will take, before it begins: from the sizes of its tables alone.
//!
//! Memory and time are sums over tables of what one of their rows takes, fitted to runs of synthetic worlds of 20,000, 100,000 and
//! 400,000 people, and for impressions again to the first two; `benches/record/2026-11-30-run.md` has the fit and how far it was off. Time depends on the machine: what is
//! told is that of the machine the fit was made on, divided by the share of its threads that a run keeps busy.

use std::path::Path;

use serde::Serialize;

use crate::engine::{EngineError, ValidRunParams};
use crate::signals::{Table, TableSize};

/// What a process takes without any row.
const BASE_BYTES: f64 = 80e6;
const BASE_SECONDS: f64 = 0.1;
/// The share of its time that a thread beyond the first is busy.
const BUSY: f64 = 0.5;

/// What a row of a table takes.
struct Cost {
    table: Table,
    /// Bytes at the peak.
    bytes: f64,
    /// Nanoseconds of processor time.
    nanos: f64,
}

const fn cost(table: Table, bytes: f64, nanos: f64) -> Cost {
    Cost {
        table,
        bytes,
        nanos,
    }
}

/// What rows take of the tables that are large.
const COSTS: [Cost; 6] = [
    cost(Table::MessengerAccounts, 900.0, 5_400.0),
    cost(Table::SocialAccounts, 600.0, 7_200.0),
    cost(Table::AddressBook, 72.0, 1_700.0),
    cost(Table::Friendships, 120.0, 1_100.0),
    cost(Table::ConsentEvents, 500.0, 4_500.0),
    cost(Table::Impressions, 170.0, 4_800.0),
];
/// What rows of any other take.
const OTHERS: Cost = cost(Table::Overlays, 150.0, 1_000.0);

/// What a run will take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The tables it reads.
    pub tables: Vec<TableSize>,
    /// The most memory it will hold, bytes, within a third or so.
    pub peak_bytes: u64,
    /// How long it will take, seconds, on a machine like that of the record.
    pub seconds: f64,
}

impl Estimate {
    /// Of a directory of signals, on the threads of the current pool.
    ///
    /// # Errors
    /// If the directory cannot be listed, or a file in it cannot be opened.
    ///
    /// # Complexity
    /// A footer for each file, and some 8 MiB of text for each table; no row is read.
    pub fn of(signals: &Path, params: &ValidRunParams) -> Result<Self, EngineError> {
        let mut tables = params.open(signals)?.sizes()?;
        tables.retain(|size| size.table != Table::AdTruth);
        Ok(Self::of_tables(tables, rayon::current_num_threads()))
    }

    fn of_tables(tables: Vec<TableSize>, n_threads: usize) -> Self {
        let total = |of: fn(&Cost) -> f64| -> f64 {
            let each = tables
                .iter()
                .map(|size| size.rows as f64 * of(cost_of(size.table)));
            each.sum()
        };
        let busy = 1.0 + BUSY * (n_threads.max(1) - 1) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a sum of counts times positive bytes"
        )]
        let peak_bytes = (BASE_BYTES + total(|cost| cost.bytes)) as u64;
        Self {
            peak_bytes,
            seconds: BASE_SECONDS + total(|cost| cost.nanos) / 1e9 / busy,
            tables,
        }
    }

    /// Refuses a run that will not fit.
    ///
    /// # Errors
    /// If it needs more than the limit.
    pub fn hold_to(&self, memory_limit: u64) -> Result<(), EngineError> {
        if self.peak_bytes <= memory_limit {
            return Ok(());
        }
        Err(EngineError::Memory {
            needed: self.peak_bytes,
            limit: memory_limit,
        })
    }
}

fn cost_of(table: Table) -> &'static Cost {
    let known = COSTS.iter().find(|cost| cost.table == table);
    known.unwrap_or(&OTHERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(people: u64) -> Vec<TableSize> {
        let sizes = [
            (Table::MessengerAccounts, 1.55),
            (Table::SocialAccounts, 1.0),
            (Table::AddressBook, 27.0),
            (Table::Friendships, 5.25),
            (Table::ConsentEvents, 2.8),
            (Table::Impressions, 19.1),
        ];
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rows of a world"
        )]
        let size = |(table, a_person): (Table, f64)| TableSize {
            table,
            n_files: 1,
            bytes: 0,
            rows: (people as f64 * a_person) as u64,
            is_exact: true,
        };
        sizes.into_iter().map(size).collect()
    }

    /// As measured on worlds of `acquaint synth`, within 30 %.
    #[test]
    fn memory_is_what_was_measured() {
        for (people, measured) in [(20_000, 0.292e9), (100_000, 1.02e9)] {
            let estimate = Estimate::of_tables(world(people), 2);
            let off = estimate.peak_bytes as f64 / measured;
            assert!((0.7..1.3).contains(&off), "{people}: {off}");
        }
    }

    #[test]
    fn deny_what_does_not_fit() {
        let estimate = Estimate::of_tables(world(400_000), 2);
        assert!(estimate.hold_to(estimate.peak_bytes).is_ok());
        let told = estimate.hold_to(512_000_000).unwrap_err().to_string();
        assert!(told.contains("512 MB"), "{told}");
    }

    #[test]
    fn more_threads_take_less_time() {
        let seconds = |threads| Estimate::of_tables(world(1_000), threads).seconds;
        assert!(seconds(1) > seconds(2) && seconds(2) > seconds(8));
    }
}
