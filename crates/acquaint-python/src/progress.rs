//! Progress as a Python function hears it.

use acquaint::engine::Progress;
use pyo3::prelude::*;

/// Calls a function with the name of every stage that begins, and with every note.
pub(crate) struct Told {
    listener: Option<Py<PyAny>>,
}

impl Told {
    pub(crate) const fn new(listener: Option<Py<PyAny>>) -> Self {
        Self { listener }
    }

    fn tell(&self, stage: &str, total: Option<u64>) {
        let Some(listener) = &self.listener else {
            return;
        };
        Python::attach(|py| {
            // Whoever listens decides nothing: what goes wrong there is told and stops no run.
            if let Err(error) = listener.call1(py, (stage, total)) {
                error.write_unraisable(py, None);
            }
        });
    }
}

impl Progress for Told {
    fn begin(&self, stage: &'static str, total: Option<u64>) {
        self.tell(stage, total);
    }

    /// Told by stages alone: threads at work do not wait for the interpreter.
    fn advance(&self, _n: u64) {}

    fn note(&self, text: &str) {
        self.tell(text, None);
    }
}
