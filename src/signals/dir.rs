//! A signals directory: which tables are there, and their rows.

use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::batch::{Batch, Batcher, InputFile, TableRows, TableSummary};
use super::csv_in::read_csv;
use super::error::SignalsError;
use super::limits::ValidReadLimits;
use super::parquet_in::read_parquet;
use super::record::Record;
use super::source::{Source, refuse_all_but_files};
use super::table::Table;
use super::writer::TableForm;

/// A directory of tables, listed once.
///
/// A table `NAME` is one file `NAME.parquet`, `NAME.csv` or `NAME.csv.gz`, or a folder `NAME` of such files
/// with any names, read in the order of their names. Whatever else looks like a table is refused, so that a
/// misspelt one is not taken for a missing one; other files are none of its business.
#[derive(Clone, Debug)]
pub struct SignalsDir {
    dir: PathBuf,
    limits: ValidReadLimits,
    files: BTreeMap<Table, Vec<String>>,
}

impl SignalsDir {
    /// Lists a directory. Nothing is read yet.
    ///
    /// # Errors
    /// If it cannot be listed, a table is there in two forms, something looks like a table but has no table's
    /// name, or a table is a link, a pipe, a device or an empty folder.
    pub fn open(dir: &Path, limits: &ValidReadLimits) -> Result<Self, SignalsError> {
        let mut forms: BTreeMap<Table, String> = BTreeMap::new();
        for name in list(dir, dir)? {
            if let Some(table) = table_of(dir, &name)?
                && let Some(first) = forms.insert(table, name.clone())
            {
                return Err(SignalsError::TwoForms {
                    table,
                    first,
                    second: name,
                });
            }
        }
        let files = forms
            .into_iter()
            .map(|(table, name)| Ok((table, files(dir, name)?)));
        Ok(Self {
            dir: dir.to_owned(),
            limits: limits.clone(),
            files: files.collect::<Result<_, _>>()?,
        })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Is the table there?
    #[must_use]
    pub fn has(&self, table: Table) -> bool {
        self.files.contains_key(&table)
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
        for name in self.files.get(&R::TABLE).into_iter().flatten() {
            let file = self.stream_file(name, &mut summary, &mut on_batch)?;
            summary.files.push(file);
        }
        Ok(summary)
    }

    /// Reads a whole table.
    ///
    /// # Errors
    /// If a file cannot be read at all.
    pub fn read<R: Record>(&self) -> Result<TableRows<R>, SignalsError> {
        let mut all = Batch::new();
        let summary = self.stream(|mut batch: Batch<R>| {
            all.records.append(&mut batch.records);
            all.origins.append(&mut batch.origins);
            all.rejections.append(&mut batch.rejections);
            all.salvages.append(&mut batch.salvages);
            Ok::<(), SignalsError>(())
        })?;
        Ok(TableRows {
            records: all.records,
            origins: all.origins,
            rejections: all.rejections,
            salvages: all.salvages,
            summary,
        })
    }

    fn stream_file<R, F, E>(
        &self,
        name: &str,
        summary: &mut TableSummary,
        on_batch: &mut F,
    ) -> Result<InputFile, E>
    where
        R: Record,
        F: FnMut(Batch<R>) -> Result<(), E>,
        E: From<SignalsError>,
    {
        let source = Source::open(&self.dir, name)?;
        let blake3 = source.digest()?;
        let batcher = Batcher::new(name, self.limits.batch_rows(), summary, on_batch);
        let rows = match TableForm::of(name) {
            TableForm::Parquet => read_parquet(&source, &self.limits, batcher)?,
            TableForm::Csv => read_csv(&source, &source.file, &self.limits, batcher)?,
            TableForm::CsvGz => {
                let plain = BufReader::with_capacity(1 << 16, &source.file);
                read_csv(&source, MultiGzDecoder::new(plain), &self.limits, batcher)?
            }
        };
        source.refuse_changes()?;
        Ok(InputFile {
            path: source.name,
            bytes: source.bytes,
            blake3: blake3.to_hex().to_string(),
            rows,
        })
    }
}

/// The names in a folder, in order. A name that is not Unicode is not a table's.
fn list(dir: &Path, folder: &Path) -> Result<Vec<String>, SignalsError> {
    let unlistable = |source| SignalsError::Directory {
        dir: dir.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unlistable)? {
        names.extend(entry.map_err(unlistable)?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

/// The name without a table's ending, in whatever case; none if it does not end in one.
fn stem(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let form = TableForm::ALL
        .into_iter()
        .find(|form| lower.ends_with(form.ending()))?;
    Some(&name[..name.len() - form.ending().len()])
}

/// Does the name end exactly as a table's file does? `.CSV` only looks as if it did.
fn has_ending(name: &str) -> bool {
    TableForm::ALL
        .into_iter()
        .any(|form| name.ends_with(form.ending()))
}

fn table_of(dir: &Path, name: &str) -> Result<Option<Table>, SignalsError> {
    if let Some(stem) = stem(name) {
        let table = Table::parse(stem).filter(|_| has_ending(name));
        let table = table.ok_or_else(|| unknown(name, stem))?;
        refuse_all_but_files(&dir.join(name), name)?;
        return Ok(Some(table));
    }
    let path = dir.join(name);
    match (Table::parse(name), is_folder(&path)) {
        (Some(table), true) => Ok(Some(table)),
        (Some(_), false) => Err(SignalsError::NotAFile {
            file: name.to_owned(),
        }),
        (None, true) if holds_table_files(dir, &path)? => Err(unknown(name, name)),
        (None, _) => Ok(None),
    }
}

fn unknown(name: &str, stem: &str) -> SignalsError {
    SignalsError::UnknownTable {
        file: name.to_owned(),
        hint: Table::nearest(stem),
    }
}

/// A link to a folder is no folder.
fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn holds_table_files(dir: &Path, folder: &Path) -> Result<bool, SignalsError> {
    Ok(list(dir, folder)?.iter().any(|name| stem(name).is_some()))
}

/// The files of a table, given the one name it has in the directory.
fn files(dir: &Path, name: String) -> Result<Vec<String>, SignalsError> {
    if has_ending(&name) {
        return Ok(vec![name]);
    }
    let mut parts = Vec::new();
    for part in list(dir, &dir.join(&name))? {
        let file = format!("{name}/{part}");
        let path = dir.join(&file);
        if is_folder(&path) {
            // Rows in a folder below would be lost without a word.
            return Err(SignalsError::NotAFile { file });
        }
        if stem(&part).is_some() {
            refuse_all_but_files(&path, &file)?;
            refuse_odd_ending(&part, &file)?;
            parts.push(file);
        }
    }
    if parts.is_empty() {
        return Err(SignalsError::EmptyFolder { file: name });
    }
    Ok(parts)
}

fn refuse_odd_ending(part: &str, file: &str) -> Result<(), SignalsError> {
    if has_ending(part) {
        return Ok(());
    }
    Err(SignalsError::UnknownTable {
        file: file.to_owned(),
        hint: Table::nearest(file.split('/').next().unwrap_or(file)),
    })
}
