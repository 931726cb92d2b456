//! Tables written by a verb, and what is said about them afterwards.

use std::fs::File;
use std::path::{Path, PathBuf};

use acquaint::publish::{
    FileSum, Input, Main, Ours, StagedFile, Staging, publish_together, shown, sums_beside,
    sums_of_file,
};
use acquaint::signals::{InputFile, Record, TableForm, TableWriter, write_table};
use serde_json::json;

use crate::args::Form;
use crate::exit::{Failure, print};
use crate::output;

/// A signals directory being written aside, table by table; it appears all at once.
pub(crate) struct Written {
    out: PathBuf,
    staging: Staging,
    form: TableForm,
    tables: Vec<(String, u64)>,
    sums: Vec<FileSum>,
}

impl Written {
    /// Begins the directory, before any work is done: it is none of what the verb reads, and nothing but tables that a verb wrote is
    /// replaced.
    pub(crate) fn begin(out: &Path, form: Form, reads: Vec<Input>) -> Result<Self, Failure> {
        Ok(Self {
            out: out.to_owned(),
            staging: output::tables(out, reads)?,
            form: form.into(),
            tables: Vec::new(),
            sums: Vec::new(),
        })
    }

    /// Writes a table.
    pub(crate) fn table<R: Record>(&mut self, rows: &[R]) -> Result<(), Failure> {
        let file = write_table(&self.staging.dir(), self.form, rows)?;
        self.add::<R>(file);
        Ok(())
    }

    /// Begins a table that is written some rows at a time.
    pub(crate) fn writer<R: Record>(&self) -> Result<TableWriter<R>, Failure> {
        Ok(TableWriter::create(&self.staging.dir(), self.form)?)
    }

    /// Ends such a table.
    pub(crate) fn end<R: Record>(&mut self, writer: TableWriter<R>) -> Result<(), Failure> {
        let file = writer.finish()?;
        self.add::<R>(file);
        Ok(())
    }

    /// Begins another file among the tables.
    pub(crate) fn create(&self, name: &str) -> Result<File, Failure> {
        Ok(self.staging.create(name)?)
    }

    /// Ends such a file.
    pub(crate) fn add_file(&mut self, name: &str) -> Result<(), Failure> {
        self.sums.push(self.staging.sum_of(name)?);
        Ok(())
    }

    /// A file that goes with the tables: in their directory, or anywhere else.
    pub(crate) fn beside(&mut self, path: &Path, reads: Vec<Input>) -> Result<Beside, Failure> {
        match self.staging.name_of(path) {
            Some(name) => Ok(Beside::Within(name)),
            None => Ok(Beside::Elsewhere(Box::new(Elsewhere {
                path: path.to_owned(),
                sums: output::file(&sums_beside(path), Ours::SUMS, reads.clone())?,
                file: output::file(path, Ours::SUMMED, reads)?,
            }))),
        }
    }

    /// Where a file that goes with the tables is written.
    pub(crate) fn path_of(&self, file: &Beside) -> PathBuf {
        match file {
            Beside::Within(name) => self.staging.path(name),
            Beside::Elsewhere(beside) => beside.file.path(),
        }
    }

    /// Publishes the tables, and the files that go with them.
    pub(crate) fn publish(
        mut self,
        beside: impl IntoIterator<Item = Beside>,
    ) -> Result<Tables, Failure> {
        let mut files = Vec::new();
        for beside in beside {
            match beside {
                Beside::Within(name) => self.add_file(&name)?,
                Beside::Elsewhere(beside) => {
                    let sums = sums_of_file(&beside.file.path(), &beside.path);
                    beside.sums.write(sums?.as_bytes())?;
                    // A file without its sums would be nobody's: they come first.
                    files.extend([beside.sums, beside.file]);
                }
            }
        }
        self.staging.write_sums(self.sums)?;
        output::tell(&publish_together(Main::Directory(self.staging), files)?);
        Ok(Tables {
            out: self.out,
            tables: self.tables,
        })
    }

    fn add<R: Record>(&mut self, file: InputFile) {
        self.tables.push((R::TABLE.name().to_owned(), file.rows));
        self.sums.push(FileSum {
            file: file.path,
            bytes: file.bytes,
            blake3: file.blake3,
        });
    }
}

/// A file that goes with tables.
pub(crate) enum Beside {
    /// In their directory, under this name.
    Within(String),
    /// Elsewhere.
    Elsewhere(Box<Elsewhere>),
}

/// A file on its own, with the sums that make it one that a later call may replace.
pub(crate) struct Elsewhere {
    path: PathBuf,
    file: StagedFile,
    sums: StagedFile,
}

/// Tables that were published.
pub(crate) struct Tables {
    out: PathBuf,
    tables: Vec<(String, u64)>,
}

impl Tables {
    /// Says what was written.
    pub(crate) fn tell(self, as_json: bool) -> Result<(), Failure> {
        self.tell_with(as_json, &serde_json::Map::new())
    }

    /// Says what was written; `more` is for JSON alone.
    pub(crate) fn tell_with(
        self,
        as_json: bool,
        more: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<(), Failure> {
        if as_json {
            let tables: serde_json::Map<_, _> = self
                .tables
                .into_iter()
                .map(|(name, n)| (name, json!(n)))
                .collect();
            let mut told = json!({ "directory": shown(&self.out), "rows": tables });
            told.as_object_mut()
                .expect("made as an object")
                .extend(more.clone());
            return print(&told.to_string());
        }
        let width = self
            .tables
            .iter()
            .map(|(name, _)| name.len())
            .max()
            .unwrap_or(0);
        let rows: Vec<String> = self
            .tables
            .iter()
            .map(|(name, n)| format!("{name:width$}  {n:>10}\n"))
            .collect();
        print(&format!("{}wrote {}\n", rows.concat(), shown(&self.out)))
    }
}

impl From<Form> for TableForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Parquet => Self::Parquet,
            Form::Csv => Self::Csv,
            Form::CsvGz => Self::CsvGz,
        }
    }
}
