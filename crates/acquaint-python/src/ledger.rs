//! The consent ledger.

use std::io;
use std::path::PathBuf;

use acquaint::engine::ConsentRules;
use acquaint::identity::ObjectionKey;
use acquaint::ids::AccountId;
use acquaint::ledger::{Entropy, NewEvent, Reader, Root, Writer};
use acquaint::publish::shown;
use acquaint::signals::{
    ConsentEventRow, complete_event, event_json, json_object, record_from_json,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use serde_json::{Value, json};

use crate::clock::{latest, now};
use crate::errors::{LedgerError, of_ledger};
use crate::json::{to_json, to_python};

/// Consent events on disk, append-only, under one Merkle tree.
#[pyclass(frozen, module = "acquaint")]
pub(crate) struct Ledger {
    dir: PathBuf,
    key: Option<ObjectionKey>,
}

#[pymethods]
impl Ledger {
    /// A ledger in a directory; it is made by the first `append`.
    #[new]
    #[pyo3(signature = (path, *, objection_key=None))]
    fn new(path: PathBuf, objection_key: Option<PathBuf>) -> PyResult<Self> {
        let key = objection_key.as_deref().map(ObjectionKey::read);
        Ok(Self {
            dir: path,
            key: key.transpose().map_err(|error| of_ledger(&error))?,
        })
    }

    /// How many entries it has, and the hash of the tree over them.
    #[getter]
    fn root<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.reader()?.root())
    }

    /// Records events, all or none: dictionaries with the columns of `consent_events`. They are on the disk when this returns. An
    /// event without `known_time` is known now; without `valid_time` it happened when it became known.
    fn append<'py>(
        &self,
        py: Python<'py>,
        events: &Bound<'py, PyList>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let events = events.iter().enumerate().map(|(index, event)| {
            let event = self.event(event.cast::<PyDict>()?);
            event.map_err(|why| LedgerError::new_err(format!("event {index}: {}", why.value(py))))
        });
        let events = events.collect::<PyResult<Vec<NewEvent>>>()?;
        let appended = py.detach(|| {
            let mut writer = Writer::open(&self.dir, entropy())?;
            if let Some(key) = &self.key {
                writer.use_key(key.check())?;
            }
            writer.append(&events, now())
        });
        let appended = appended.map_err(|error| of_ledger(&error))?;
        let told = json!({
            "new": appended.n_new,
            "repeated": appended.n_repeated,
            "contradicting": appended.n_contradicting,
            "root": appended.root,
        });
        to_python(py, &told)
    }

    /// Everything that is held about an account, by when it happened.
    fn history<'py>(&self, py: Python<'py>, account: u64) -> PyResult<Bound<'py, PyAny>> {
        let events = self.reader()?.history(AccountId(account));
        let mut events = events.map_err(|error| of_ledger(&error))?;
        events.sort_by_key(|event| (event.valid_time, event.known_time));
        let told: Vec<Value> = events.iter().map(event_json).collect();
        to_python(py, &told)
    }

    /// Looks for anything edited, dropped, moved or put in, and says what is wrong; nothing is if the list is empty. `since` is an
    /// earlier `root` that was kept elsewhere.
    #[pyo3(signature = (since=None))]
    fn check(&self, py: Python<'_>, since: Option<&Bound<'_, PyDict>>) -> PyResult<Vec<String>> {
        let since = since.map(|root| {
            serde_json::from_str::<Root>(&to_json(root)?).map_err(|error| of_ledger(&error))
        });
        let since = since.transpose()?;
        let reader = self.reader()?;
        let faults = py.detach(|| reader.check(since.as_ref()));
        let faults = faults.map_err(|error| of_ledger(&error))?;
        Ok(faults.iter().map(ToString::to_string).collect())
    }

    fn __repr__(&self) -> String {
        format!("<acquaint.Ledger: {}>", shown(&self.dir))
    }
}

impl Ledger {
    fn reader(&self) -> PyResult<Reader> {
        let reader = Reader::open(&self.dir).map_err(|error| of_ledger(&error))?;
        Ok(reader.with_clock(now()))
    }

    fn event(&self, given: &Bound<'_, PyDict>) -> PyResult<NewEvent> {
        let mut object = json_object(&to_json(given)?).map_err(|error| of_ledger(&error))?;
        complete_event(&mut object, now());
        let row: ConsentEventRow = record_from_json(&object).map_err(|error| of_ledger(&error))?;
        let rules = ConsentRules {
            latest: Some(latest()),
        };
        let named = rules.event(&row).map_err(|fault| {
            let (column, why) = (fault.column, fault.reason.phrase());
            LedgerError::new_err(format!("`{column}` {why}; {}", fault.cure()))
        })?;
        named.recorded(self.key.as_ref()).ok_or_else(|| {
            LedgerError::new_err("an event about a number without an account needs objection_key")
        })
    }
}

fn entropy() -> Entropy {
    Box::new(|bytes| getrandom::fill(bytes).map_err(io::Error::other))
}
