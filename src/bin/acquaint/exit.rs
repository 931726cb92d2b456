//! How a verb ends: what is printed about a failure, and which exit code a script sees.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind, StdoutLock, Write};
use std::panic;
use std::process::ExitCode;

use acquaint::publish::shown;
use acquaint::signals::are_panics_caught;

use crate::telling::{self, Level};

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
            add_cause(&mut parts, error.to_string());
            cause = error.source();
        }
        f.write_str(&parts.join(": "))
    }
}

/// Some errors say what their cause says too: once is enough.
fn add_cause(parts: &mut Vec<String>, text: String) {
    match parts.last_mut() {
        Some(last) if last.contains(&text) => {}
        Some(last) if text.starts_with(last.as_str()) => *last = text,
        _ => parts.push(text),
    }
}

/// Prints a failure, and turns the way a verb ended into an exit code.
pub(crate) fn code(ended: Result<Outcome, Failure>) -> ExitCode {
    match ended {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(failure) => {
            telling::tell(Level::Error, format_args!("acquaint: {failure}"));
            fail_for_programs(&failure.to_string())
        }
    }
}

/// Prints a line to standard error.
pub(crate) fn say(text: impl fmt::Display) {
    telling::tell(Level::Info, text);
}

/// Under --json a program is told too: on standard error, for standard output may hold what came before the failure.
fn fail_for_programs(message: &str) -> ExitCode {
    if telling::wants_json() {
        // If that is gone, the exit code still speaks.
        let _ = writeln!(io::stderr(), "{}", telling::failure(message));
    }
    ExitCode::from(2)
}

/// Says nothing of panics that are caught: the Parquet reader has some for damaged files, and they become errors that name the file.
pub(crate) fn hide_caught_panics() {
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !are_panics_caught() {
            told(panic);
        }
    }));
}

/// A file that may grow no further is an error of whatever writes it, like a full disk: the signal would end the process without a
/// word.
pub(crate) fn survive_file_limits() {
    #[cfg(unix)]
    #[expect(
        unsafe_code,
        reason = "ignoring a signal runs no code of ours, and no thread has been started yet"
    )]
    // SAFETY: SIG_IGN is a valid disposition of SIGXFSZ.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// Help and version are no failure; wrong arguments are.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let text = safe(&error.render().to_string());
        let _ = io::stderr().write_all(text.as_bytes());
        return fail_for_programs(text.trim());
    }
    code(print(&error.render().to_string()).map(|()| Outcome::Done))
}

/// What is wrong with the arguments, without the numbers that were among them, and nothing that a terminal obeys.
fn safe(text: &str) -> String {
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    without_numbers(text, &arguments)
}

fn without_numbers(text: &str, arguments: &[String]) -> String {
    let is_sign = |c: char| !c.is_alphanumeric();
    let values = arguments.iter().flat_map(|argument| {
        let value = argument.split_once('=').map_or("", |(_, value)| value);
        [
            argument,
            value,
            argument.trim_start_matches(is_sign),
            value.trim_start_matches(is_sign),
        ]
    });
    let told = values
        .filter(|value| !value.is_empty() && shown(value) != **value)
        .fold(text.to_owned(), |text, value| {
            text.replace(value, &shown(value))
        });
    let is_safe = |c: &char| *c == '\n' || !c.is_control();
    told.chars().filter(is_safe).collect()
}

/// Prints to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = Output::new();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Standard output.
///
/// Whoever read it, `head` for example, may have seen enough and gone: what is written then goes nowhere, and the verb ends as it
/// would have, with its findings. Any other error names standard output.
pub(crate) struct Output {
    out: StdoutLock<'static>,
    is_closed: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self {
            out: io::stdout().lock(),
            is_closed: false,
        }
    }

    fn told<T>(&mut self, done: io::Result<T>, if_closed: T) -> io::Result<T> {
        match done {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(if_closed)
            }
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                Err(io::Error::new(error.kind(), OutputError(error)))
            }
            done => done,
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Ok(bytes.len());
        }
        let done = self.out.write(bytes);
        self.told(done, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let done = self.out.flush();
        self.told(done, ())
    }
}

/// The error of standard output in one of the writer of CSV, which hides what caused it.
pub(crate) fn of_output(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Standard output cannot be written: it is a full disk, for example.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
struct OutputError(#[source] io::Error);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_prints_one_chain() {
        let failure = Failure::new("reading acquaint.toml", io::Error::other("line 3"));
        assert_eq!(failure.to_string(), "reading acquaint.toml: line 3");
    }

    #[test]
    fn arguments_are_told_without_numbers() {
        let arguments = ["--users=+491512345678".to_owned(), "a\u{7}b".to_owned()];
        let told = without_numbers(
            "'+491512345678' for '--users': 491512345678 is not in 0..=4294967295, a\u{7}b\n",
            &arguments,
        );
        let expected = "'+(number)' for '--users': (number) is not in 0..=4294967295, a\\u{7}b\n";
        assert_eq!(told, expected);
    }

    #[test]
    fn no_cause_is_told_twice() {
        let told = |causes: &[&str]| {
            let mut parts = Vec::new();
            for cause in causes {
                add_cause(&mut parts, (*cause).to_owned());
            }
            parts.join(": ")
        };
        assert_eq!(
            told(&["reading a", "no such file", "no such file"]),
            "reading a: no such file"
        );
        assert_eq!(
            told(&["reading a: no such file", "no such file"]),
            "reading a: no such file"
        );
        assert_eq!(
            told(&["reading a", "reading a: no such file"]),
            "reading a: no such file"
        );
        assert_eq!(
            told(&["reading a", "row 2", "no number"]),
            "reading a: row 2: no number"
        );
    }

    #[test]
    fn a_full_output_is_named_and_a_closed_one_is_none() {
        let mut out = Output::new();
        let full = out.told::<()>(Err(ErrorKind::StorageFull.into()), ());
        let failure = Failure::from(full.unwrap_err()).to_string();
        assert!(
            failure.starts_with("cannot write to standard output: "),
            "{failure}"
        );
        assert!(!out.is_closed);
        let rows = csv::Error::from(io::Error::new(
            ErrorKind::StorageFull,
            OutputError(ErrorKind::StorageFull.into()),
        ));
        let failure = Failure::from(of_output(rows)).to_string();
        assert!(failure.ends_with("output: no storage space"), "{failure}");
        out.told(Err(ErrorKind::BrokenPipe.into()), ()).unwrap();
        assert!(out.is_closed);
        assert_eq!(out.write(b"more").unwrap(), 4);
    }
}
