//! A signals directory: which tables are there, and their rows.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::{Batch, Batcher, InputFile, TableRows, TableSummary};
use super::csv_in::{io_error as json_error, read_csv};
use super::error::SignalsError;
use super::forms::{Layout, Packing};
use super::frame::{self, Frames};
use super::frame_in::read_frame;
use super::header::is_known;
use super::json_in::{JsonAsCsv, keys};
use super::limits::ValidReadLimits;
use super::listing::{Part, tables};
use super::mapping::TableMappings;
use super::names::fold;
use super::own::{Columns, OwnColumns};
use super::parquet_in::read_parquet;
use super::partition::said;
use super::record::Record;
use super::rejection::{Rejection, RejectionReason};
use super::salvage::Salvage;
use super::source::Source;
use super::table::Table;
use super::unpack::{Digested, Unpacked};
use super::weigh::refuse_bombs;
use crate::hash::{HashMap, HashSet};
use crate::publish::{Proof, shown};

/// A directory of tables, listed once.
///
/// A table `NAME` is one file `NAME.parquet`, `NAME.csv` or `NAME.tsv`, the last two also with `.gz` or `.zst` behind,
/// or a folder `NAME` of such files with any names, read in the order of their paths. Folders inside it have to be
/// named `COLUMN=VALUE`. Whatever else stands under a table's name, or in its folder, is one of a few files that are
/// known to hold no rows, or is refused: neither a misspelt table nor a part of one is taken for a missing one.
#[derive(Clone, Debug)]
pub struct SignalsDir {
    dir: PathBuf,
    limits: ValidReadLimits,
    files: BTreeMap<Table, Vec<Part>>,
    proof: Option<Arc<Proof>>,
    own: OwnColumns,
    frames: Frames,
    mappings: TableMappings,
}

impl SignalsDir {
    /// Lists a directory. Nothing is read yet.
    ///
    /// # Errors
    /// If it cannot be listed, a table or a part of one is there twice, something looks like a table but has no table's
    /// name, or like a part of one but is not read, or a table is a link, a pipe, a device or an empty folder.
    pub fn open(dir: &Path, limits: &ValidReadLimits) -> Result<Self, SignalsError> {
        Self::open_mapped(dir, limits, TableMappings::default())
    }

    /// Lists a directory some of whose tables have other names, columns and forms.
    ///
    /// # Errors
    /// As [`open`](Self::open), and if a file is mapped that is not there or whose format nobody can tell.
    pub fn open_mapped(
        dir: &Path,
        limits: &ValidReadLimits,
        mappings: TableMappings,
    ) -> Result<Self, SignalsError> {
        let proof = Proof::read(dir).map_err(SignalsError::Proof)?;
        Ok(Self {
            proof: proof.map(Arc::new),
            dir: dir.to_owned(),
            limits: limits.clone(),
            files: tables(dir, &mappings)?,
            own: OwnColumns::default(),
            frames: Frames::default(),
            mappings,
        })
    }

    /// With columns of a configuration's own, which each file of their table then has to have.
    #[must_use]
    pub fn with_own(self, own: OwnColumns) -> Self {
        Self { own, ..self }
    }

    /// With tables in memory beside those of its files.
    ///
    /// # Errors
    /// If a table is both in memory and in a file.
    pub fn with_frames(self, frames: &Frames) -> Result<Self, SignalsError> {
        for (table, _) in frames.tables() {
            if let Some(part) = self.files.get(&table).and_then(|parts| parts.first()) {
                return Err(SignalsError::TwoForms {
                    table,
                    first: frame::label(table),
                    second: part.name.clone(),
                });
            }
        }
        let frames = frames.clone();
        Ok(Self { frames, ..self })
    }

    /// The tables in memory.
    pub(super) const fn frames(&self) -> &Frames {
        &self.frames
    }

    /// The columns of a configuration's own.
    #[must_use]
    pub const fn own(&self) -> &OwnColumns {
        &self.own
    }

    /// Which tables have other names, columns and forms.
    #[must_use]
    pub const fn mappings(&self) -> &TableMappings {
        &self.mappings
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// The files of every table that is there.
    pub(super) const fn parts(&self) -> &BTreeMap<Table, Vec<Part>> {
        &self.files
    }

    /// Is the table there?
    #[must_use]
    pub fn has(&self, table: Table) -> bool {
        self.files.contains_key(&table) || self.frames.get(table).is_some()
    }

    /// The name of a table's file, by its place among them, relative to the directory, as it may be shown.
    #[must_use]
    pub fn file(&self, table: Table, index: u32) -> Option<String> {
        if self.frames.get(table).is_some() {
            return (index == 0).then(|| frame::label(table));
        }
        let index = usize::try_from(index).ok()?;
        Some(shown(&self.files.get(&table)?.get(index)?.name))
    }

    /// The file of a table that is called so wherever it is told of.
    pub(super) fn part_named(&self, table: Table, label: &str) -> Option<&Part> {
        let mut labels = Labels::default();
        let mut parts = self.files.get(&table).into_iter().flatten();
        parts.find(|part| labels.of(&part.name) == label)
    }

    /// Checks that tables are there.
    ///
    /// # Errors
    /// The first that is not.
    pub fn require(&self, tables: &[Table]) -> Result<(), SignalsError> {
        match tables.iter().find(|&&table| !self.has(table)) {
            None => Ok(()),
            Some(&table) => Err(SignalsError::MissingTable {
                table,
                dir: self.dir.clone(),
            }),
        }
    }

    /// Reads a table batch by batch, in file order; a table that is not there has no rows.
    ///
    /// A batch holds rows of one file, at most [`ReadLimits::batch_rows`](super::ReadLimits::batch_rows) of
    /// them. Each file is read twice: once for its digest, once for its rows.
    ///
    /// # Errors
    /// If a file cannot be read at all, or what `on_batch` returns; batches may have been handed over before.
    ///
    /// # Complexity
    /// O(bytes) time; space for one batch and, for Parquet, the pages that its rows are on.
    pub fn stream<R, E>(
        &self,
        mut on_batch: impl FnMut(Batch<R>) -> Result<(), E>,
    ) -> Result<TableSummary, E>
    where
        R: Record,
        E: From<SignalsError>,
    {
        let mut summary = TableSummary::new(R::TABLE);
        let columns = self.own.columns::<R>();
        let columns = columns.mapped(self.mappings.of(R::TABLE));
        let (mut seen, mut labels) = (Seen::new(&columns), Labels::default());
        for part in self.files.get(&R::TABLE).into_iter().flatten() {
            let label = labels.of(&part.name);
            let (file, content) =
                self.stream_file((part, &label), &columns, &mut summary, &mut on_batch)?;
            seen.refuse_again::<R>(part, &file, content)?;
            summary.files.push(file);
        }
        if let Some(frame) = self.frames.get(R::TABLE) {
            let label = frame::label(R::TABLE);
            let n_rows = self.limits.batch_rows();
            let batcher = Batcher::new(&label, n_rows, &columns, &mut summary, &mut on_batch);
            let file = read_frame(frame, &label, &self.limits, batcher)?;
            summary.files.push(file);
        }
        Ok(summary)
    }

    /// Reads a whole table. All rejected rows are counted; of those that take nothing from anybody the first ten thousand of each
    /// file and reason are listed, but every consent event.
    ///
    /// # Errors
    /// If a file cannot be read at all.
    pub fn read<R: Record>(&self) -> Result<TableRows<R>, SignalsError> {
        let mut all = Batch::new();
        let mut listed = Listed::default();
        let summary = self.stream(|mut batch: Batch<R>| {
            all.records.append(&mut batch.records);
            all.origins.append(&mut batch.origins);
            let rejected = batch.rejections.into_iter().zip(batch.salvages);
            let rejected = rejected.filter(|(one, left)| listed.keeps(R::TABLE, one, left));
            let (rejections, salvages): (Vec<_>, Vec<_>) = rejected.unzip();
            all.rejections.extend(rejections);
            all.salvages.extend(salvages);
            Ok::<(), SignalsError>(())
        })?;
        // They grew by doubling, and are held for the whole run.
        all.records.shrink_to_fit();
        all.origins.shrink_to_fit();
        Ok(TableRows {
            records: all.records,
            origins: all.origins,
            rejections: all.rejections,
            salvages: all.salvages,
            summary,
        })
    }

    /// Reads a file; returns what it was, and the digest of its content whatever it is packed in.
    fn stream_file<R, F, E>(
        &self,
        (part, label): (&Part, &str),
        columns: &Columns,
        summary: &mut TableSummary,
        on_batch: &mut F,
    ) -> Result<(InputFile, blake3::Hash), E>
    where
        R: Record,
        F: FnMut(Batch<R>) -> Result<(), E>,
        E: From<SignalsError>,
    {
        let source = Source::open(&self.dir, &part.name)?;
        let blake3 = source.digest()?;
        let proof = self.proof.as_ref();
        proof
            .map_or(Ok(()), |proof| proof.check(&part.name, &blake3))
            .map_err(SignalsError::Proof)?;
        let batcher = Batcher::new(label, self.limits.batch_rows(), columns, summary, on_batch);
        let (rows, content) = match (part.form.layout, part.form.packing) {
            (Layout::Parquet, _) => (read_parquet(&source, &self.limits, batcher)?, blake3),
            (Layout::Json, packing) => {
                let mut lines = Digested::new(self.json_lines(&source, packing)?);
                let rows = read_csv(&source, &mut lines, b',', &self.limits, batcher)?;
                (rows, lines.digest())
            }
            (Layout::Lines(by), Packing::Plain) => (
                read_csv(&source, &source.file, by, &self.limits, batcher)?,
                blake3,
            ),
            (Layout::Lines(by), packing) => {
                refuse_bombs(&source, self.unpacked(&source, packing)?, &self.limits)?;
                source.rewind()?;
                let mut unpacked = Digested::new(self.unpacked(&source, packing)?);
                let rows = read_csv(&source, &mut unpacked, by, &self.limits, batcher)?;
                (rows, unpacked.digest())
            }
        };
        source.refuse_changes()?;
        let file = InputFile {
            path: label.to_owned(),
            bytes: source.bytes,
            blake3: blake3.to_hex().to_string(),
            rows,
            is_proved: proof.is_some(),
        };
        Ok((file, content))
    }

    /// The lines of JSON of a file, as CSV: read once for the names of their keys, and once more by the caller.
    pub(super) fn json_lines<'s>(
        &self,
        source: &'s Source,
        packing: Packing,
    ) -> Result<impl Read + 's, SignalsError> {
        let max_line = self.limits.given().max_row_bytes;
        let failed = |error| json_error(source, error, max_line);
        if packing != Packing::Plain {
            refuse_bombs(source, self.unpacked(source, packing)?, &self.limits)?;
            source.rewind()?;
        }
        let keys = keys(self.plain(source, packing)?, max_line).map_err(failed)?;
        source.rewind()?;
        JsonAsCsv::new(self.plain(source, packing)?, keys, max_line).map_err(failed)
    }

    /// The bytes of a file, unpacked if they are packed.
    fn plain<'s>(
        &self,
        source: &'s Source,
        packing: Packing,
    ) -> Result<Box<dyn Read + 's>, SignalsError> {
        Ok(match packing {
            Packing::Plain => Box::new(&source.file),
            packing => Box::new(self.unpacked(source, packing)?),
        })
    }

    pub(super) fn unpacked<'s>(
        &self,
        source: &'s Source,
        packing: Packing,
    ) -> Result<Unpacked<'s>, SignalsError> {
        source.refuse_other_packing(packing)?;
        let allowed = self.limits.allowed_bytes(source.bytes);
        Unpacked::new(source, packing, allowed).map_err(|error| source.unreadable(error))
    }
}

/// What the parts of a table are called wherever they are told of: those that differ by nothing but a phone number are
/// numbered.
#[derive(Default)]
struct Labels {
    taken: HashSet<String>,
    /// By name as it may be shown, the number given last.
    last: HashMap<String, u64>,
}

impl Labels {
    fn of(&mut self, name: &str) -> String {
        let shown = shown(name);
        let number = self.last.entry(shown.clone()).or_insert(1);
        let mut label = shown.clone();
        while !self.taken.insert(label.clone()) {
            *number += 1;
            label = format!("{shown} ({number})");
        }
        label
    }
}

/// Rejected rows that take nothing away are listed up to so many of a file and a reason.
const LISTED: u64 = 10_000;

/// How many rejected rows of the file that is being read are listed, by reason.
#[derive(Default)]
struct Listed {
    file: String,
    by_reason: BTreeMap<RejectionReason, u64>,
}

impl Listed {
    fn keeps(&mut self, table: Table, rejection: &Rejection, left: &Salvage) -> bool {
        if self.file != rejection.file {
            self.file.clone_from(&rejection.file);
            self.by_reason.clear();
        }
        let n = self.by_reason.entry(rejection.reason).or_default();
        *n += 1;
        *n <= LISTED || *left != Salvage::Harmless || table == Table::ConsentEvents
    }
}

/// What a part of a table holds: the digest of its rows, and what the folders above it add to each of them.
type Content = ([u8; 32], Vec<(String, Option<String>)>);

/// The parts of a table that were read, by what they hold.
struct Seen<'a> {
    columns: &'a Columns,
    parts: BTreeMap<Content, String>,
}

impl<'a> Seen<'a> {
    const fn new(columns: &'a Columns) -> Self {
        Self {
            columns,
            parts: BTreeMap::new(),
        }
    }

    /// Refuses a part that holds what another one held; parts without a row are all the same.
    fn refuse_again<R: Record>(
        &mut self,
        part: &Part,
        file: &InputFile,
        digest: blake3::Hash,
    ) -> Result<(), SignalsError> {
        if file.rows == 0 {
            return Ok(());
        }
        let said = said(&part.name).into_iter();
        let said = said.filter(|said| is_known(self.columns.all(), &said.column));
        let added = said.map(|said| (fold(&said.column), said.value)).collect();
        match self
            .parts
            .insert((*digest.as_bytes(), added), file.path.clone())
        {
            None => Ok(()),
            Some(first) => Err(SignalsError::SamePart {
                table: R::TABLE,
                first,
                second: file.path.clone(),
                why: "they hold the same rows",
            }),
        }
    }
}
