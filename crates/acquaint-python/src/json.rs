//! Facts as Python has them: dictionaries, lists, numbers and text.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Serialize;

use crate::errors::failed;

/// Anything that can be written as JSON, as Python reads that.
pub(crate) fn to_python<'py>(
    py: Python<'py>,
    value: &impl Serialize,
) -> PyResult<Bound<'py, PyAny>> {
    let text = serde_json::to_string(value).map_err(|error| failed(&error))?;
    py.import("json")?.call_method1("loads", (text,))
}

/// A dictionary as JSON text.
pub(crate) fn to_json(given: &Bound<'_, PyDict>) -> PyResult<String> {
    let json = given.py().import("json")?;
    json.call_method1("dumps", (given,))?.extract()
}

/// Text that a page shows as it is.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}
