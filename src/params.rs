//! Parameters: unchecked builders become checked values, and only checked values have algorithms.

use std::fmt::Display;

/// A parameter outside its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {value}, but must be {expected}")]
pub struct ParamError {
    /// The parameter's full name as a configuration file spells it, such as `suggest.k`.
    pub name: &'static str,
    /// What was given.
    pub value: String,
    /// What is accepted, in words.
    pub expected: &'static str,
}

/// Passes a value that meets its condition, or says which parameter did not.
///
/// # Errors
/// If `holds` is false.
pub fn require(
    holds: bool,
    name: &'static str,
    value: impl Display,
    expected: &'static str,
) -> Result<(), ParamError> {
    if holds {
        Ok(())
    } else {
        Err(ParamError {
            name,
            value: value.to_string(),
            expected,
        })
    }
}
