//! The clock, which the library does not read, and moments as Python writes them.

use std::time::{SystemTime, UNIX_EPOCH};

use acquaint::consent::latest_believable;
use acquaint::engine::Times;
use acquaint::time::Timestamp;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// What time it is.
#[expect(
    clippy::disallowed_methods,
    reason = "the package is where the time comes from"
)]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The latest moment a row can be from.
pub(crate) fn latest() -> Timestamp {
    latest_believable(now())
}

/// The moments a function was asked about, and the clock.
pub(crate) fn times(
    as_of: Option<&Bound<'_, PyAny>>,
    known_at: Option<&Bound<'_, PyAny>>,
) -> PyResult<Times> {
    Ok(Times {
        as_of: as_of.map(moment).transpose()?,
        known_at: known_at.map(moment).transpose()?,
        latest: Some(latest()),
    })
}

/// A moment: text as RFC 3339 has it, or a `datetime` that knows its zone.
pub(crate) fn moment(given: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    let text = match given.extract::<String>() {
        Ok(text) => text,
        Err(_) => given.call_method0("isoformat")?.extract()?,
    };
    Timestamp::parse(&text).map_err(|_| {
        PyValueError::new_err(format!(
            "{text:?} is no moment: give RFC 3339 text with an offset, such as \"2016-09-01T00:00:00Z\", or a datetime with a zone"
        ))
    })
}
