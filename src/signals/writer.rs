//! Tables out: the same records give the same bytes, and a table is there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use super::batch::InputFile;
use super::csv_out::CsvOut;
use super::error::SignalsError;
use super::forms::Form;
use super::own::{Columns, OwnColumns};
use super::parquet_out::ParquetOut;
use super::record::Record;
use super::source::Source;
use super::values::Values;

/// The file of a directory that says which text each id of an imported edge list stands for. It is no table.
pub const EDGE_IDS_FILE: &str = "ids.csv";

/// The form a table is written in; it is read in a few more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableForm {
    /// `NAME.parquet`, compressed with Zstandard.
    Parquet,
    /// `NAME.csv`
    Csv,
    /// `NAME.csv.gz`
    CsvGz,
}

impl TableForm {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Parquet, Self::Csv, Self::CsvGz];

    /// What its files end in.
    pub(super) const fn ending(self) -> &'static str {
        match self {
            Self::Parquet => ".parquet",
            Self::Csv => ".csv",
            Self::CsvGz => ".csv.gz",
        }
    }
}

/// Writes a table into a directory that is there; see [`TableWriter`].
///
/// # Errors
/// If the table is there in another form, a file cannot be written, or a record holds a value that the table
/// cannot say.
pub fn write_table<R: Record>(
    dir: &Path,
    form: TableForm,
    records: &[R],
) -> Result<InputFile, SignalsError> {
    write_table_with(dir, form, &OwnColumns::default(), records)
}

/// As [`write_table`], with columns of a configuration's own.
///
/// # Errors
/// As [`write_table`].
pub fn write_table_with<R: Record>(
    dir: &Path,
    form: TableForm,
    own: &OwnColumns,
    records: &[R],
) -> Result<InputFile, SignalsError> {
    let mut writer = TableWriter::create_with(dir, form, own)?;
    writer.write(records)?;
    writer.finish()
}

/// A table being written, some rows at a time.
///
/// It is written under a hidden name and renamed when [`finish`](Self::finish) has put all of it on disk; a
/// writer that is dropped before leaves nothing. Only the owner may read the file.
pub struct TableWriter<R> {
    unfinished: Unfinished,
    dir: PathBuf,
    name: String,
    columns: Columns,
    out: Out,
    n_rows: u64,
    records: PhantomData<fn(&R)>,
}

/// A file form, being written.
enum Out {
    Csv(Box<CsvOut>),
    Parquet(Box<ParquetOut>),
}

impl<R: Record> TableWriter<R> {
    /// Begins a table; one of the same form is replaced when this one is finished.
    ///
    /// # Errors
    /// If the table is there in another form, or a file cannot be made.
    pub fn create(dir: &Path, form: TableForm) -> Result<Self, SignalsError> {
        Self::create_with(dir, form, &OwnColumns::default())
    }

    /// As [`create`](Self::create), with columns of a configuration's own.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_with(
        dir: &Path,
        form: TableForm,
        own: &OwnColumns,
    ) -> Result<Self, SignalsError> {
        let columns = own.columns::<R>();
        let name = format!("{}{}", R::TABLE, form.ending());
        refuse_other_forms::<R>(dir, &name)?;
        let unfinished = Unfinished(dir.join(format!(".{name}.tmp")));
        let failed = write_error(&name);
        let file = BufWriter::new(create(&unfinished.0).map_err(&failed)?);
        let out = match form {
            TableForm::Parquet => Out::Parquet(Box::new(
                ParquetOut::new(file, columns.all()).map_err(&failed)?,
            )),
            TableForm::Csv => Out::Csv(Box::new(
                CsvOut::plain(file, columns.all()).map_err(&failed)?,
            )),
            TableForm::CsvGz => {
                Out::Csv(Box::new(CsvOut::gz(file, columns.all()).map_err(&failed)?))
            }
        };
        Ok(Self {
            unfinished,
            dir: dir.to_owned(),
            name,
            columns,
            out,
            n_rows: 0,
            records: PhantomData,
        })
    }

    /// Writes some rows.
    ///
    /// # Errors
    /// If the file cannot be written, or a record holds a value that the table cannot say.
    pub fn write(&mut self, records: &[R]) -> Result<(), SignalsError> {
        for chunk in records.chunks(8192) {
            let columns = &self.columns;
            let values = |record| Self::values(record, columns);
            let rows: Vec<Values<'_>> = chunk.iter().map(values).collect();
            self.refuse_unwritable(&rows)?;
            let written = match &mut self.out {
                Out::Csv(out) => out.write(&rows),
                Out::Parquet(out) => out.write(&rows),
            };
            written.map_err(write_error(&self.name))?;
            self.n_rows += chunk.len() as u64;
        }
        Ok(())
    }

    /// Puts the table on disk and gives it its name.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(self) -> Result<InputFile, SignalsError> {
        let failed = write_error(&self.name);
        let file = match self.out {
            Out::Csv(out) => out.finish(),
            Out::Parquet(out) => out.finish(),
        };
        file.and_then(|file| file.sync_all()).map_err(&failed)?;
        fs::rename(&self.unfinished.0, self.dir.join(&self.name)).map_err(&failed)?;
        // A name is only safe when the folder it stands in is.
        File::open(&self.dir)
            .and_then(|dir| dir.sync_all())
            .map_err(&failed)?;
        let written = Source::open(&self.dir, &self.name)?;
        Ok(InputFile {
            blake3: written.digest()?.to_hex().to_string(),
            path: written.name,
            bytes: written.bytes,
            rows: self.n_rows,
            is_proved: false,
        })
    }

    fn values<'a>(record: &'a R, columns: &'a Columns) -> Values<'a> {
        let mut values = Values::new(columns);
        record.write(&mut values);
        values
    }

    fn refuse_unwritable(&self, rows: &[Values<'_>]) -> Result<(), SignalsError> {
        for (row, values) in (self.n_rows + 1..).zip(rows) {
            if let Some(column) = values.unwritable {
                return Err(SignalsError::Unwritable {
                    table: R::TABLE,
                    row,
                    column,
                });
            }
        }
        Ok(())
    }
}

/// A file under a name that no reader looks at; it goes away with the writer.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove, and nobody to tell if there is.
        let _ = fs::remove_file(&self.0);
    }
}

fn write_error(name: &str) -> impl Fn(io::Error) -> SignalsError + use<> {
    let file = name.to_owned();
    move |source| SignalsError::Write {
        file: file.clone(),
        source,
    }
}

fn refuse_other_forms<R: Record>(dir: &Path, name: &str) -> Result<(), SignalsError> {
    for ending in Form::ALL.map(|form| form.ending).into_iter().chain([""]) {
        let other = format!("{}{ending}", R::TABLE);
        if other != name && dir.join(&other).symlink_metadata().is_ok() {
            return Err(SignalsError::TwoForms {
                table: R::TABLE,
                first: other,
                second: name.to_owned(),
            });
        }
    }
    Ok(())
}

/// Makes a file that only its owner may read, without following a link that stands in its place.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Ends buffering; the file is complete up to here but not yet on disk.
pub(super) fn unbuffered(mut buffered: BufWriter<File>) -> io::Result<File> {
    buffered.flush()?;
    buffered
        .into_inner()
        .map_err(io::IntoInnerError::into_error)
}
