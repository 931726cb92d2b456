//! acquaint for Python.
//!
//! Every function calls the one that the command line calls, so their answers agree to the last byte. Rust works without the
//! interpreter's lock; frames come and go by the Arrow `PyCapsule` interface.

#![expect(
    clippy::needless_pass_by_value,
    reason = "what Python passes is converted for the call, and belongs to it"
)]

mod arguments;
mod check;
mod clicks;
mod clock;
mod edges;
mod engine;
mod errors;
mod evaluate;
mod frames;
mod json;
mod ledger;
mod own_scores;
mod progress;
mod run;
mod synth;
mod table;
mod train;
mod verify;

use pyo3::prelude::*;

/// The part of the package that is written in Rust.
#[pymodule(name = "_acquaint")]
mod module {
    #[pymodule_export]
    use super::check::{Checked, check};
    #[pymodule_export]
    use super::clicks::fit_clicks;
    #[pymodule_export]
    use super::engine::{Engine, Suggested};
    #[pymodule_export]
    use super::errors::{
        AcquaintError, ConfigError, LedgerError, OutputError, SignalsError, StaleModelError,
    };
    #[pymodule_export]
    use super::evaluate::{evaluate_abuse, evaluate_ads, evaluate_friends};
    #[pymodule_export]
    use super::frames::buffer_addresses;
    #[pymodule_export]
    use super::ledger::Ledger;
    #[pymodule_export]
    use super::run::{Run, read_run, run};
    #[pymodule_export]
    use super::synth::synth;
    #[pymodule_export]
    use super::table::Table;
    #[pymodule_export]
    use super::train::{AdModel, FriendModel, train_ads, train_friends};
    #[pymodule_export]
    use super::verify::{Verdict, verify};

    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_init]
    fn version(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
