//! A run, and its outputs.

use std::path::{Path, PathBuf};

use acquaint::engine::outputs::{MANIFEST, Manifest, OutputDigest};
use acquaint::engine::{self, GivenModels, REPORT, RunRequest};
use acquaint::publish::{Input, read_plain_text};
use acquaint::report::{render, summary};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use tempfile::TempDir;

use crate::arguments::{Asked, Asking};
use crate::errors::{of_engine, of_output};
use crate::json::{escaped, to_python};
use crate::progress::Told;
use crate::table::Table;
use crate::train::{AdModel, FriendModel};

/// No page is larger.
const MAX_PAGE_BYTES: u64 = 64 << 20;

/// A finished run: where its files are, its manifest and its tables.
#[pyclass(frozen, module = "acquaint")]
pub(crate) struct Run {
    out: PathBuf,
    manifest: Manifest,
    /// Where the outputs of a run are to which nobody gave a place; they go with this object.
    _scratch: Option<TempDir>,
}

/// Scores everybody and writes the outputs.
#[pyfunction]
#[pyo3(signature = (asking, out=None, friend_model=None, ad_model=None, progress=None))]
pub(crate) fn run(
    py: Python<'_>,
    asking: Asking<'_>,
    out: Option<PathBuf>,
    friend_model: Option<Py<FriendModel>>,
    ad_model: Option<Py<AdModel>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Run> {
    let asked = Asked::read(&asking)?;
    let (out, scratch) = place(out)?;
    let source = asked.ledger.source();
    let request = RunRequest {
        signals: asked.signals.dir(),
        ledger: source.as_ref(),
        out: &out,
        params: &asked.params,
        times: asked.times,
        published_known: None,
        models: GivenModels {
            friend_model: friend_model.as_ref().map(|model| &model.get().0),
            ad_model: ad_model.as_ref().map(|model| &model.get().0),
            resume: None,
        },
        reads: &reads(&asking),
    };
    let told = Told::new(progress);
    let page = |manifest: &Manifest| Ok(render(manifest)?);
    let manifest = py
        .detach(|| engine::run(&request, &page, &told))
        .map_err(|error| of_engine(&error))?;
    Ok(Run {
        out,
        manifest,
        _scratch: scratch,
    })
}

/// Opens the outputs of an earlier run, and checks that every file is the one that was written.
#[pyfunction]
pub(crate) fn read_run(py: Python<'_>, out: PathBuf) -> PyResult<Run> {
    let manifest = py.detach(|| engine::read_output(&out));
    Ok(Run {
        manifest: manifest.map_err(|error| of_engine(&error))?,
        out,
        _scratch: None,
    })
}

/// A place for outputs: the one that was given, or one that goes with the run.
fn place(out: Option<PathBuf>) -> PyResult<(PathBuf, Option<TempDir>)> {
    if let Some(out) = out {
        return Ok((out, None));
    }
    let scratch = tempfile::tempdir().map_err(|error| of_output(&error))?;
    Ok((scratch.path().join("out"), Some(scratch)))
}

/// What else is read: an output may stand in the place of none of it.
fn reads(asking: &Asking<'_>) -> Vec<Input> {
    let named = [
        ("the key of the objection list", &asking.objection_key),
        ("the key of customer lists", &asking.audience_key),
    ];
    let config = asking.config.as_ref();
    let config = config.and_then(|config| config.extract::<PathBuf>().ok());
    let mut reads: Vec<Input> = named
        .into_iter()
        .filter_map(|(what, path)| Some(Input::new(what, path.as_ref()?)))
        .collect();
    reads.extend(config.map(|path| Input::new("the configuration", &path)));
    reads.extend(std::env::home_dir().map(|home| Input::home("your home directory", &home)));
    reads
}

impl Run {
    fn file(&self, name: &str) -> Option<PathBuf> {
        let file = format!("{name}.parquet");
        let outputs = &self.manifest.outputs;
        let is_listed = outputs.iter().any(|output| output.file == file);
        is_listed.then(|| self.out.join(file))
    }
}

#[pymethods]
impl Run {
    /// Where its files are.
    #[getter]
    fn out(&self) -> &Path {
        &self.out
    }

    /// What `manifest.json` says, as a dictionary.
    #[getter]
    fn manifest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.manifest)
    }

    /// The text of `manifest.json`.
    #[getter]
    fn manifest_text(&self) -> PyResult<String> {
        let path = self.out.join(MANIFEST);
        read_plain_text(&path, MAX_PAGE_BYTES).map_err(|error| of_output(&error))
    }

    /// What somebody has to look at before anything is shown to anybody; empty if nothing is.
    #[getter]
    fn findings(&self) -> Vec<String> {
        let findings = self.manifest.findings.iter();
        findings.map(ToString::to_string).collect()
    }

    /// The names of its tables.
    #[getter]
    fn tables(&self) -> Vec<&str> {
        let outputs = self.manifest.outputs.iter();
        outputs
            .filter_map(|output| output.file.strip_suffix(".parquet"))
            .collect()
    }

    /// A table by name, such as `run["suggestions"]`.
    fn __getitem__(&self, name: &str) -> PyResult<Table> {
        let Some(file) = self.file(name) else {
            let names = self.tables().join(", ");
            return Err(PyKeyError::new_err(format!(
                "{name:?} is no table of this run: {names}"
            )));
        };
        Table::read(&file)
    }

    /// Who is suggested to whom, as `suggestions.parquet` has it.
    #[getter]
    fn suggestions(&self) -> PyResult<Table> {
        self.__getitem__("suggestions")
    }

    /// Which ads are for whom, as `ad_scores.parquet` has it.
    #[getter]
    fn ad_scores(&self) -> PyResult<Table> {
        self.__getitem__("ad_scores")
    }

    /// The report page.
    #[getter]
    fn report(&self) -> PyResult<String> {
        let path = self.out.join(REPORT);
        read_plain_text(&path, MAX_PAGE_BYTES).map_err(|error| of_output(&error))
    }

    fn __str__(&self) -> String {
        summary(&self.manifest)
    }

    fn __repr__(&self) -> String {
        let rows = self.manifest.outputs.iter();
        let rows: Vec<String> = rows
            .filter_map(|output| {
                Some(format!(
                    "{} {}",
                    output.file.strip_suffix(".parquet")?,
                    output.rows
                ))
            })
            .collect();
        format!("<acquaint.Run: {}>", rows.join(", "))
    }

    fn _repr_html_(&self) -> String {
        let found = match self.manifest.findings.len() {
            0 => "nothing has to be looked at".to_owned(),
            n => format!("{n} to look at: <code>run.findings</code>"),
        };
        let row = |output: &OutputDigest| {
            let (file, rows) = (escaped(&output.file), output.rows);
            format!("<tr><td>{file}</td><td style=\"text-align:right\">{rows}</td></tr>")
        };
        let rows: Vec<String> = self.manifest.outputs.iter().map(row).collect();
        let rows = rows.concat();
        format!(
            "<p><b>acquaint run</b>, as of {}; {found}</p><table><thead><tr><th>file</th><th>rows</th></tr></thead><tbody>{rows}</tbody></table>",
            self.manifest.as_of.valid
        )
    }
}
