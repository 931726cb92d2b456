//! Errors as Python raises them, by what there is to mend.

use std::error::Error;

use acquaint::engine::EngineError;
use acquaint::params::ParamError;
use acquaint::signals::SignalsError as TableError;
use pyo3::PyErr;
use pyo3::exceptions::PyException;

pyo3::create_exception!(
    acquaint,
    AcquaintError,
    PyException,
    "Something could not be done; every other error of this package is one."
);
pyo3::create_exception!(
    acquaint,
    SignalsError,
    AcquaintError,
    "A table is missing, cannot be read, or holds a refusal of which nobody can tell whose it is."
);
pyo3::create_exception!(
    acquaint,
    ConfigError,
    AcquaintError,
    "A setting is unknown, of the wrong type or outside its range."
);
pyo3::create_exception!(
    acquaint,
    LedgerError,
    AcquaintError,
    "A ledger cannot be read or written, or an event is none."
);
pyo3::create_exception!(
    acquaint,
    OutputError,
    AcquaintError,
    "An output may not stand where it was asked for, or is not what was written."
);
pyo3::create_exception!(
    acquaint,
    StaleModelError,
    AcquaintError,
    "A model has seen people who may have opted out since: train it again."
);

/// The text of an error and of its causes, once each.
fn told(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.contains(&cause) {
            text
        } else {
            format!("{text}: {cause}")
        }
    })
}

/// An error of no special kind.
pub(crate) fn failed(error: &dyn Error) -> PyErr {
    AcquaintError::new_err(told(error))
}

pub(crate) fn of_engine(error: &EngineError) -> PyErr {
    let text = told(error);
    match error {
        EngineError::Signals(_) | EngineError::LostRestriction { .. } => {
            SignalsError::new_err(text)
        }
        EngineError::Params(_) => ConfigError::new_err(text),
        EngineError::Ledger(_)
        | EngineError::TwoLedgers { .. }
        | EngineError::NoObjectionKey { .. } => LedgerError::new_err(text),
        EngineError::OtherSnapshot { .. } | EngineError::OtherAdSnapshot { .. } => {
            StaleModelError::new_err(text)
        }
        EngineError::Output(_) | EngineError::Published { .. } => OutputError::new_err(text),
        _ => AcquaintError::new_err(text),
    }
}

pub(crate) fn of_signals(error: &TableError) -> PyErr {
    SignalsError::new_err(told(error))
}

pub(crate) fn of_params(error: &ParamError) -> PyErr {
    ConfigError::new_err(told(error))
}

pub(crate) fn of_config(error: &dyn Error) -> PyErr {
    ConfigError::new_err(told(error))
}

pub(crate) fn of_ledger(error: &dyn Error) -> PyErr {
    LedgerError::new_err(told(error))
}

pub(crate) fn of_output(error: &dyn Error) -> PyErr {
    OutputError::new_err(told(error))
}
