//! What is wrong with tables, all at once.

use acquaint::engine;
use pyo3::prelude::*;

use crate::arguments::{Asked, Asking};
use crate::errors::of_engine;
use crate::json::{escaped, to_python};
use crate::progress::Told;

/// What a run would stop at, reject and leave out.
#[pyclass(frozen, module = "acquaint")]
pub(crate) struct Checked(engine::Checked);

/// Checks tables without scoring anybody.
#[pyfunction]
#[pyo3(signature = (asking, progress=None))]
pub(crate) fn check(
    py: Python<'_>,
    asking: Asking<'_>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Checked> {
    let asked = Asked::read(&asking)?;
    let source = asked.ledger.source();
    let request = asked.request(source.as_ref());
    let told = Told::new(progress);
    let checked = py.detach(|| engine::check(&request, &told));
    checked.map(Checked).map_err(|error| of_engine(&error))
}

impl Checked {
    fn lines(&self) -> Vec<String> {
        let found = &self.0;
        let stops = found.stops.iter().map(|stop| format!("stops: {stop}"));
        let rejected = found.rejected.iter().map(|rows| {
            let (file, n) = (&rows.file, rows.rows);
            let (column, what, cure) = (&rows.column, &rows.what, &rows.cure);
            format!("{file}: rows not used: {n}; {column} {what}; {cure}")
        });
        let findings = found.findings.iter().map(ToString::to_string);
        stops.chain(rejected).chain(findings).collect()
    }
}

#[pymethods]
impl Checked {
    /// Would a run finish, and find nothing that somebody has to look at?
    #[getter]
    fn is_clean(&self) -> bool {
        self.0.is_clean()
    }

    /// What a run would stop at, each with what to do about it.
    #[getter]
    fn stops(&self) -> Vec<String> {
        self.0.stops.clone()
    }

    /// What a run would tell somebody to look at.
    #[getter]
    fn findings(&self) -> Vec<String> {
        self.0.findings.iter().map(ToString::to_string).collect()
    }

    /// Everything that was found, as `acquaint check --json` has it under `found`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0)
    }

    fn __str__(&self) -> String {
        let lines = self.lines();
        if lines.is_empty() {
            return "a run would finish, and nothing has to be looked at".to_owned();
        }
        lines.join("\n")
    }

    fn __repr__(&self) -> String {
        let (n_stops, n_findings) = (self.0.stops.len(), self.0.findings.len());
        format!("<acquaint.Checked: {n_stops} stops, {n_findings} findings>")
    }

    fn _repr_html_(&self) -> String {
        let lines = self.lines();
        let items = lines
            .iter()
            .map(|line| format!("<li>{}</li>", escaped(line)));
        match lines.len() {
            0 => format!("<p>{}</p>", self.__str__()),
            _ => format!("<ul>{}</ul>", items.collect::<String>()),
        }
    }
}
