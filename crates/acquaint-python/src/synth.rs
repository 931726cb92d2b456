//! Synthetic worlds.

use std::path::PathBuf;

use acquaint::publish::{FileSum, Staging, TABLES_LISTING, Target};
use acquaint::signals::{InputFile, Record, SignalsError, TableForm, TableWriter};
use acquaint::synth::{SynthParams, TableSink, write_world};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors::{of_output, of_params, of_signals};

/// Tables that are written aside, one after the other.
struct Written {
    staging: Staging,
    form: TableForm,
    sums: Vec<FileSum>,
}

impl TableSink for Written {
    type Error = SignalsError;

    fn table<R: Record>(
        &mut self,
        blocks: impl Iterator<Item = Vec<R>>,
    ) -> Result<(), SignalsError> {
        let mut writer = TableWriter::<R>::create(&self.staging.dir(), self.form)?;
        for block in blocks {
            writer.write(&block)?;
        }
        let InputFile {
            path: file,
            bytes,
            blake3,
            ..
        } = writer.finish()?;
        self.sums.push(FileSum {
            file,
            bytes,
            blake3,
        });
        Ok(())
    }
}

/// Writes a synthetic world with every table.
#[pyfunction]
#[pyo3(signature = (out, *, users=1000, seed=1, form="parquet"))]
pub(crate) fn synth(
    py: Python<'_>,
    out: PathBuf,
    users: u32,
    seed: u64,
    form: &str,
) -> PyResult<PathBuf> {
    let form = match form {
        "parquet" => TableForm::Parquet,
        "csv" => TableForm::Csv,
        "csv.gz" => TableForm::CsvGz,
        other => {
            return Err(PyValueError::new_err(format!(
                "{other:?} is no form of a table: parquet, csv or csv.gz"
            )));
        }
    };
    let params = SynthParams::default().users(users).seed(seed).check();
    let params = params.map_err(|error| of_params(&error))?;
    let staging = Staging::begin(Target::directory(&out, &TABLES_LISTING));
    let mut written = Written {
        staging: staging.map_err(|error| of_output(&error))?,
        form,
        sums: Vec::new(),
    };
    let done = py.detach(|| write_world(&params, None, &mut written).map(drop));
    done.map_err(|error| of_signals(&error))?;
    let Written { staging, sums, .. } = written;
    staging
        .write_sums(sums)
        .map_err(|error| of_output(&error))?;
    staging.publish().map_err(|error| of_output(&error))?;
    Ok(out)
}
