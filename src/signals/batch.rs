//! Rows handed over in batches, with what was rejected among them and what was counted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::devices::KeptDevices;
use super::own::Columns;
use super::record::Record;
use super::rejection::{Rejection, RejectionReason};
use super::row::{Cells, Fault, Row};
use super::salvage::{self, Salvage};
use super::table::Table;
use super::terms::KeptTerms;

/// Where a row stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Index of its file in [`TableSummary::files`].
    pub file: u32,
    /// The row in that file: the first row after the header is 1.
    pub row: u64,
}

/// Some consecutive rows of one file.
#[derive(Clone, Debug)]
pub struct Batch<R> {
    /// The records, in file order.
    pub records: Vec<R>,
    /// Where each record stood, in the same order.
    pub origins: Vec<Origin>,
    /// The rows among them that could not be used, in file order.
    pub rejections: Vec<Rejection>,
    /// For each rejection from whom its row may take something away.
    pub salvages: Vec<Salvage>,
}

impl<R> Batch<R> {
    /// Nothing yet.
    pub(super) const fn new() -> Self {
        Self {
            records: Vec::new(),
            origins: Vec::new(),
            rejections: Vec::new(),
            salvages: Vec::new(),
        }
    }

    fn n_rows(&self) -> usize {
        self.records.len() + self.rejections.len()
    }
}

/// A file that was read or written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputFile {
    /// Its name, relative to the signals directory, with `/` between parts.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 of its bytes, 64 hexadecimal digits.
    pub blake3: String,
    /// Its rows, without a header.
    pub rows: u64,
    /// Whether it is the file that the sums of its directory list; without sums nobody knows.
    pub is_proved: bool,
}

/// What was read of a table. `n_rows` is `n_records` and all that was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSummary {
    /// The table.
    pub table: Table,
    /// Its files, in the order they were read; none if the table is not there.
    pub files: Vec<InputFile>,
    /// How many rows its files have.
    pub n_rows: u64,
    /// How many of them became records.
    pub n_records: u64,
    /// How many did not, by reason.
    pub rejected: BTreeMap<RejectionReason, u64>,
    /// What became of the terms of its records.
    pub terms: KeptTerms,
    /// What became of the device ids of its records.
    pub devices: KeptDevices,
    /// Columns that no record has, by file, in file order.
    pub ignored_columns: BTreeMap<String, Vec<String>>,
}

impl TableSummary {
    /// Nothing was read.
    pub(super) const fn new(table: Table) -> Self {
        Self {
            table,
            files: Vec::new(),
            n_rows: 0,
            n_records: 0,
            rejected: BTreeMap::new(),
            terms: KeptTerms {
                kept: 0,
                refused: BTreeMap::new(),
                contacts: 0,
                own: BTreeMap::new(),
            },
            devices: KeptDevices {
                kept: 0,
                placeholders: 0,
            },
            ignored_columns: BTreeMap::new(),
        }
    }

    /// How many rows did not become records.
    #[must_use]
    pub fn n_rejected(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Takes records back that were rejected after all.
    pub(super) fn reject(&mut self, reason: RejectionReason, n_rows: u64) {
        *self.rejected.entry(reason).or_default() += n_rows;
        self.n_records -= n_rows;
    }
}

/// Every row of a table.
#[derive(Clone, Debug)]
pub struct TableRows<R> {
    /// The records.
    pub records: Vec<R>,
    /// Where each record stood, in the same order.
    pub origins: Vec<Origin>,
    /// The rows that could not be used.
    pub rejections: Vec<Rejection>,
    /// For each rejection from whom its row may take something away.
    pub salvages: Vec<Salvage>,
    /// What was read.
    pub summary: TableSummary,
}

/// Rows that one core reads at a time; fewer are not worth handing on.
pub(super) const ROWS_A_JOB: usize = 256;

/// What a row became. Rows are read on every core, and taken one after the other.
pub(super) enum Taken<R> {
    /// A record, and what was left out of it.
    Kept(R, KeptTerms, KeptDevices),
    /// None, and from whom the row may take something away.
    Refused(Fault, Salvage),
}

impl<R: Record> Taken<R> {
    pub(super) fn of(cells: &dyn Cells, columns: &Columns) -> Self {
        let reading = columns.reading();
        if reading.is_plain() {
            return Self::read(cells, columns);
        }
        Self::read(&reading.of(cells), columns)
    }

    fn read(cells: &dyn Cells, columns: &Columns) -> Self {
        let row = Row::read_by(cells, columns);
        match R::read(&row) {
            Ok(record) => {
                let (terms, devices) = row.into_kept();
                Self::Kept(record, terms, devices)
            }
            Err(fault) => Self::Refused(fault, left_of::<R>(&row, fault)),
        }
    }

    /// Of a row of the wrong shape.
    pub(super) const fn malformed(left: Salvage) -> Self {
        let fault = Fault::new(&R::COLUMNS[0], RejectionReason::Malformed);
        Self::Refused(fault, left)
    }
}

/// What is left of a row that is no record. One that sets somebody against themselves takes nothing away.
fn left_of<R: Record>(row: &Row<'_>, fault: Fault) -> Salvage {
    if fault.reason == RejectionReason::SelfReference {
        return Salvage::Harmless;
    }
    salvage::of_row::<R>(row)
}

/// Collects rows into batches and hands each over when it is full.
pub(super) struct Batcher<'f, R, F> {
    on_batch: &'f mut F,
    batch: Batch<R>,
    batch_rows: usize,
    columns: &'f Columns,
    file: String,
    file_index: u32,
    row: u64,
    summary: &'f mut TableSummary,
}

impl<'f, R: Record, F> Batcher<'f, R, F> {
    /// Ready for the first row of a file.
    pub(super) fn new(
        file: &str,
        batch_rows: usize,
        columns: &'f Columns,
        summary: &'f mut TableSummary,
        on_batch: &'f mut F,
    ) -> Self {
        Self {
            on_batch,
            batch: Batch::new(),
            batch_rows,
            columns,
            file: file.to_owned(),
            file_index: u32::try_from(summary.files.len()).expect("no directory holds 2³² files"),
            row: 0,
            summary,
        }
    }

    /// The columns that rows are read by.
    pub(super) const fn columns(&self) -> &'f Columns {
        self.columns
    }

    /// How many rows of the file were taken.
    pub(super) const fn n_rows(&self) -> u64 {
        self.row
    }

    /// Remembers the file's columns that no record has.
    pub(super) fn ignore(&mut self, columns: Vec<String>) {
        if !columns.is_empty() {
            self.summary
                .ignored_columns
                .insert(self.file.clone(), columns);
        }
    }

    /// Takes the next row.
    pub(super) fn take<E>(&mut self, taken: Taken<R>) -> Result<(), E>
    where
        F: FnMut(Batch<R>) -> Result<(), E>,
    {
        self.row += 1;
        match taken {
            Taken::Kept(record, terms, devices) => {
                self.keep(record);
                self.summary.terms.add(terms);
                self.summary.devices.add(devices);
            }
            Taken::Refused(fault, left) => self.reject(fault, left),
        }
        self.hand_over_if_full()
    }

    /// Hands over what is left.
    pub(super) fn finish<E>(mut self) -> Result<u64, E>
    where
        F: FnMut(Batch<R>) -> Result<(), E>,
    {
        if self.batch.n_rows() > 0 {
            self.hand_over()?;
        }
        Ok(self.row)
    }

    fn keep(&mut self, record: R) {
        self.batch.records.push(record);
        self.batch.origins.push(Origin {
            file: self.file_index,
            row: self.row,
        });
    }

    fn reject(&mut self, fault: Fault, left: Salvage) {
        self.batch.rejections.push(Rejection {
            file: self.file.clone(),
            row: self.row,
            column: fault.column,
            reason: fault.reason,
        });
        self.batch.salvages.push(left);
    }

    fn hand_over_if_full<E>(&mut self) -> Result<(), E>
    where
        F: FnMut(Batch<R>) -> Result<(), E>,
    {
        if self.batch.n_rows() < self.batch_rows {
            return Ok(());
        }
        self.hand_over()
    }

    fn hand_over<E>(&mut self) -> Result<(), E>
    where
        F: FnMut(Batch<R>) -> Result<(), E>,
    {
        let batch = std::mem::replace(&mut self.batch, Batch::new());
        self.summary.n_rows += batch.n_rows() as u64;
        self.summary.n_records += batch.records.len() as u64;
        for rejection in &batch.rejections {
            *self.summary.rejected.entry(rejection.reason).or_default() += 1;
        }
        (self.on_batch)(batch)
    }
}
