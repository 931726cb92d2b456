//! How a verb ends: what is printed about a failure, and which exit code a script sees.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1.
    Findings,
}

/// Why a verb failed: exit code 2.
#[derive(Debug)]
pub(crate) struct Failure {
    doing: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure while doing something.
    pub(crate) fn new(
        doing: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            doing: doing.into(),
            source: Some(source.into()),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            doing: String::new(),
            source: Some(error.into()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.doing.is_empty() {
            parts.push(self.doing.clone());
        }
        let mut cause: Option<&dyn Error> = self.source.as_deref().map(|e| e as &dyn Error);
        while let Some(error) = cause {
            parts.push(error.to_string());
            cause = error.source();
        }
        // A transparent error and its source say the same: once is enough.
        parts.dedup();
        f.write_str(&parts.join(": "))
    }
}

/// Prints a failure, and turns the way a verb ended into an exit code.
pub(crate) fn code(ended: Result<Outcome, Failure>) -> ExitCode {
    match ended {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(failure) if is_closed_pipe(&failure) => ExitCode::SUCCESS,
        Err(failure) => {
            // If standard error is gone too, the exit code still speaks.
            let _ = writeln!(io::stderr(), "acquaint: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Help and version are no failure; wrong arguments are.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// Prints to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Whoever read our output, `head` for example, has seen enough.
fn is_closed_pipe(failure: &Failure) -> bool {
    let source = failure.source.as_deref();
    let error = source.and_then(|source| source.downcast_ref::<io::Error>());
    error.is_some_and(|error| {
        let written = error.get_ref().and_then(|inner| inner.downcast_ref());
        kind_of(error, written) == io::ErrorKind::BrokenPipe
    })
}

/// The kind of an error, or of the one that a CSV writer wrapped in it.
fn kind_of(error: &io::Error, written: Option<&csv::Error>) -> io::ErrorKind {
    match written.map(csv::Error::kind) {
        Some(csv::ErrorKind::Io(inner)) => inner.kind(),
        _ => error.kind(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_seen_through_csv() {
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_closed_pipe(&closed().into()));
        let wrapped = io::Error::from(csv::Error::from(closed()));
        assert!(is_closed_pipe(&wrapped.into()));
        assert!(!is_closed_pipe(&io::Error::other("full").into()));
    }

    #[test]
    fn a_failure_prints_one_chain() {
        let failure = Failure::new("reading acquaint.toml", io::Error::other("line 3"));
        assert_eq!(failure.to_string(), "reading acquaint.toml: line 3");
    }
}
