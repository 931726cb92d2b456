//! Tables written by a verb, and what is said about them afterwards.

use std::path::{Path, PathBuf};

use acquaint::signals::{Record, TableForm, write_table};
use serde_json::json;

use crate::args::Form;
use crate::exit::{Failure, print};

/// A signals directory being written, table by table.
pub(crate) struct Written {
    dir: PathBuf,
    form: TableForm,
    tables: Vec<(String, usize)>,
}

impl Written {
    /// Makes the directory, if it is not there.
    pub(crate) fn new(dir: &Path, form: Form) -> Result<Self, Failure> {
        std::fs::create_dir_all(dir)
            .map_err(|error| Failure::new(format!("making {}", dir.display()), error))?;
        Ok(Self {
            dir: dir.to_owned(),
            form: form.into(),
            tables: Vec::new(),
        })
    }

    /// Writes a table.
    pub(crate) fn table<R: Record>(&mut self, rows: &[R]) -> Result<(), Failure> {
        write_table(&self.dir, self.form, rows)?;
        self.tables.push((R::TABLE.name().to_owned(), rows.len()));
        Ok(())
    }

    /// Says what was written.
    pub(crate) fn finish(self, as_json: bool) -> Result<(), Failure> {
        if as_json {
            let tables: serde_json::Map<_, _> = self
                .tables
                .into_iter()
                .map(|(name, n)| (name, json!(n)))
                .collect();
            return print(&json!({ "directory": self.dir, "rows": tables }).to_string());
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
        print(&format!("{}wrote {}\n", rows.concat(), self.dir.display()))
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
