//! Is an output what it would be without everybody who is out?

use std::path::PathBuf;

use acquaint::engine::outputs::Manifest;
use acquaint::engine::{self, VerifyRequest};
use acquaint::report::render;
use pyo3::prelude::*;
use pyo3::types::PyMapping;

use crate::arguments::{AskedLedger, Signals, list_key};
use crate::errors::of_engine;
use crate::json::{escaped, to_python};
use crate::progress::Told;

/// What was found of an output.
#[pyclass(frozen, module = "acquaint")]
pub(crate) struct Verdict(engine::Verdict);

/// Verifies an output against its manifest and against the world without everybody who is out.
#[pyfunction]
#[pyo3(signature = (out, signals, *, frames=None, ledger=None, objection_key=None, audience_key=None, audience_epoch=None, max_reruns=0, progress=None))]
#[expect(clippy::too_many_arguments, reason = "Python passes them by name")]
pub(crate) fn verify(
    py: Python<'_>,
    out: PathBuf,
    signals: &Bound<'_, PyAny>,
    frames: Option<&Bound<'_, PyMapping>>,
    ledger: Option<PathBuf>,
    objection_key: Option<PathBuf>,
    audience_key: Option<PathBuf>,
    audience_epoch: Option<u32>,
    max_reruns: u32,
    progress: Option<Py<PyAny>>,
) -> PyResult<Verdict> {
    let signals = Signals::read(signals, frames)?;
    let ledger = AskedLedger::read(ledger, objection_key.as_deref())?;
    let key = list_key(audience_key.as_deref(), audience_epoch)?;
    let source = ledger.source();
    let request = VerifyRequest {
        out: &out,
        signals: signals.dir(),
        ledger: source.as_ref(),
        audience_key: key.as_ref(),
        keep: None,
        max_reruns,
    };
    let told = Told::new(progress);
    let page = |manifest: &Manifest| Ok(render(manifest)?);
    let verdict = py.detach(|| engine::verify_with(&request, &signals.frames, &page, &told));
    verdict.map(Verdict).map_err(|error| of_engine(&error))
}

#[pymethods]
impl Verdict {
    /// Is every file what was written, and every row the same without everybody who is out?
    #[getter]
    fn is_clean(&self) -> bool {
        self.0.is_clean()
    }

    /// Everything that was found, as `acquaint verify --json` has it.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0)
    }

    fn __bool__(&self) -> bool {
        self.is_clean()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<acquaint.Verdict: is_clean={}>", self.is_clean())
    }

    fn _repr_html_(&self) -> String {
        format!("<pre>{}</pre>", escaped(&self.0.to_string()))
    }
}
