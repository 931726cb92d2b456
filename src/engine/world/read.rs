//! What was read of the tables, and what was not: kept while they are read, and told at the end.

use std::collections::BTreeMap;

use crate::engine::outputs::InputDigest;
use crate::engine::world::dated::{Dated, Newest, Told, is_from_the_future};
use crate::engine::world::lost::Lost;
use crate::engine::world::numbers::{NumberCounts, rejections, stage};
use crate::engine::world::table_count::TableCount;
use crate::engine::{EngineError, Progress, RunFinding, Stage};
use crate::identity::{Holders, HoldsNumber};
use crate::signals::{
    Fault, KeptDevices, KeptTerms, Record, Rejection, RejectionReason, Salvage, SignalsDir, Table,
    TableRows, TableSummary,
};
use crate::time::Timestamp;

/// What was read, and what was not.
#[derive(Debug, Default)]
pub(in crate::engine) struct Read {
    pub(in crate::engine) files: Vec<InputDigest>,
    /// The names of the files of each table that holds numbers, as its rows' origins count them.
    pub(super) files_of: BTreeMap<Table, Vec<String>>,
    pub(in crate::engine) ignored_columns: BTreeMap<String, Vec<String>>,
    pub(in crate::engine) rejections: Vec<Rejection>,
    pub(in crate::engine) stages: Vec<Stage>,
    pub(in crate::engine) findings: Vec<RunFinding>,
    /// Rejected rows of the address book that are beyond those listed.
    pub(in crate::engine) n_unlisted: u64,
    pub(in crate::engine) numbers: NumberCounts,
    /// What was read of each table.
    pub(in crate::engine) counts: Vec<TableCount>,
    /// Rows that take something away and cannot be read.
    pub(in crate::engine) lost: Lost,
    /// The moment after which no row can be from; none if the caller has no clock.
    pub(in crate::engine) latest: Option<Timestamp>,
    /// Whether any row is said to be from after it.
    pub(in crate::engine) has_future: bool,
    /// When the rows of the signals are from, those of the tables of consent and of the address book aside.
    pub(in crate::engine) newest: Newest,
}

impl Read {
    /// Reads a table that may be absent, row by row into records and rejections.
    pub(super) fn table<R: Dated>(
        &mut self,
        dir: &SignalsDir,
        progress: &dyn Progress,
    ) -> Result<Vec<R>, EngineError> {
        self.table_with(dir, progress, |rows, _| rows)
    }

    /// As [`table`](Self::table), sifting the rows before they are counted; beside them are those that are from
    /// after the bound and were rejected.
    pub(super) fn table_with<R: Dated>(
        &mut self,
        dir: &SignalsDir,
        progress: &dyn Progress,
        sift: impl FnOnce(TableRows<R>, Vec<R>) -> TableRows<R>,
    ) -> Result<Vec<R>, EngineError> {
        let mut rows = dir.read()?;
        let lost = self.hold_to_bound(&mut rows);
        let rows = sift(rows, lost);
        self.see(&rows);
        Ok(self.keep(rows, progress))
    }

    /// As [`table_with`](Self::table_with), of rows in which somebody holds a number.
    pub(super) fn holders_with<R: Dated>(
        &mut self,
        dir: &SignalsDir,
        progress: &dyn Progress,
        sift: impl FnOnce(TableRows<R>, Vec<R>) -> TableRows<R>,
    ) -> Result<Holders<R>, EngineError> {
        let (mut origins, mut files) = (Vec::new(), Vec::new());
        let rows = self.table_with(dir, progress, |rows, lost| {
            let rows = sift(rows, lost);
            origins.clone_from(&rows.origins);
            files.extend(rows.summary.files.iter().map(|file| file.path.clone()));
            rows
        })?;
        self.files_of.insert(R::TABLE, files);
        Ok(Holders::new(rows, &origins))
    }

    /// Notes when rows are from, unless that is after the bound.
    fn see<R: Dated>(&mut self, rows: &TableRows<R>) {
        for (row, origin) in rows.records.iter().zip(&rows.origins) {
            let newest = row.newest();
            let believed = newest.filter(|told| self.latest.is_none_or(|latest| told.at <= latest));
            if let Some(Told { column, at }) = believed {
                let reason = RejectionReason::FromTheFuture;
                let place = || rows.rejection(*origin, Fault { column, reason });
                self.newest.see(at, place);
            }
        }
    }

    /// Rejects rows from after the bound. One that takes something away stays and is told: it is honoured.
    fn hold_to_bound<R: Dated>(&mut self, rows: &mut TableRows<R>) -> Vec<R> {
        let latest = self.latest;
        let fault = |row: &R| Fault {
            column: row.newest().map_or(R::COLUMNS[0].name, |told| told.column),
            reason: RejectionReason::FromTheFuture,
        };
        let is_future = |row: &&R| is_from_the_future(*row, latest);
        self.has_future |= rows.records.iter().any(|row| is_future(&row));
        let honoured = rows.records.iter().zip(&rows.origins);
        let honoured = honoured.filter(|(row, _)| is_future(row) && row.takes_away());
        let honoured: Vec<Rejection> = honoured
            .map(|(row, origin)| rows.rejection(*origin, fault(row)))
            .collect();
        self.findings.extend(RunFinding::of_rows(
            "from_the_future",
            "the row takes something away and is dated later than now, so it counts from the moment of the run",
            &honoured,
        ));
        let rejected = rows.reject_where(|row| {
            let is_rejected = is_future(&row) && !row.takes_away();
            is_rejected.then(|| (fault(row), Salvage::Harmless))
        });
        rejected.into_iter().map(|one| one.record).collect()
    }

    /// Counts the rows of a table and keeps its records.
    pub(in crate::engine) fn keep<R: Record>(
        &mut self,
        rows: TableRows<R>,
        progress: &dyn Progress,
    ) -> Vec<R> {
        progress.advance(rows.summary.n_rows);
        let told = self.lost.take(R::TABLE, &rows.rejections, &rows.salvages);
        self.findings.extend(told);
        let n_listed = rows.rejections.len() as u64;
        self.n_unlisted += rows.summary.n_rejected().saturating_sub(n_listed);
        self.rejections.extend(rows.rejections);
        self.take(rows.summary);
        rows.records
    }

    /// Notes what was read of a table.
    pub(in crate::engine) fn take(&mut self, summary: TableSummary) {
        if summary.files.is_empty() {
            return;
        }
        self.counts.push(TableCount::of(&summary));
        let mut stage = Stage::new(&format!("{} → records", summary.table));
        stage.pass(summary.n_records);
        for (reason, n) in &summary.rejected {
            stage.drop(reason.as_str(), *n);
        }
        self.stages.push(stage);
        self.terms(summary.table, &summary.terms);
        self.devices(summary.table, summary.devices);
        self.ignored_columns.extend(summary.ignored_columns);
        self.files
            .extend(summary.files.into_iter().map(|file| InputDigest {
                file: file.path,
                bytes: file.bytes,
                rows: file.rows,
                blake3: file.blake3,
                is_proved: file.is_proved,
            }));
    }

    /// Notes what became of people's terms, if some were left out.
    fn terms(&mut self, table: Table, terms: &KeptTerms) {
        self.findings.extend(unread_columns(table, terms));
        let unreadable = terms.unreadable();
        if terms.refused.is_empty() && terms.contacts == 0 && unreadable == 0 {
            return;
        }
        let mut stage = Stage::new(&format!("{table} → interests"));
        if unreadable > 0 {
            stage.drop("unreadable", unreadable);
        }
        if terms.contacts > 0 {
            stage.drop(RejectionReason::Contact.as_str(), terms.contacts);
        }
        stage.pass(terms.kept);
        for (topic, n) in &terms.refused {
            stage.drop(topic.reason(), *n);
        }
        self.stages.push(stage);
    }

    /// Notes what became of device ids, if some were none.
    fn devices(&mut self, table: Table, devices: KeptDevices) {
        if devices.placeholders == 0 {
            return;
        }
        let mut stage = Stage::new(&format!("{table} → devices"));
        stage.pass(devices.kept);
        stage.drop(RejectionReason::NotADevice.as_str(), devices.placeholders);
        self.stages.push(stage);
    }

    /// Reads the numbers of a table, and lists the rows whose text is none.
    pub(super) fn numbers_of<R: HoldsNumber + Record>(
        &mut self,
        holders: &mut Holders<R>,
    ) -> Vec<Rejection> {
        let (table, read) = (R::TABLE, holders.read_numbers());
        let stage = stage(table, &read);
        if stage.rows_in > 0 {
            self.stages.push(stage);
        }
        self.numbers.add(table, &read);
        let files = self.files_of.get(&table);
        let rejections = rejections(&read, files.map_or(&[], Vec::as_slice));
        self.rejections.extend(rejections.iter().cloned());
        rejections
    }
}

/// Own columns of which more cells cannot be read than can: the configuration says they hold something else.
fn unread_columns(table: Table, terms: &KeptTerms) -> impl Iterator<Item = RunFinding> + '_ {
    let unread = terms
        .own
        .iter()
        .filter(|(_, cells)| cells.unreadable > cells.read);
    unread.map(move |(column, cells)| {
        let n = cells.read + cells.unreadable;
        RunFinding::new(
            "own_column_unread",
            format!(
                "{} of {n} values of the column {column} of {table} cannot be read and are left out",
                cells.unreadable
            ),
            format!("say in [ads.features.{table}] what {column} holds: \"category\", \"number\" or \"list\""),
        )
    })
}
