//! How things are told on standard error: lines for people, or an object a line for programs.

use std::fmt;
use std::io::{self, Write};
use std::sync::OnceLock;

use clap::ValueEnum;
use serde_json::json;

use crate::clock::now;

/// How lines on standard error are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line; docs/formats.md has its keys
    Json,
}

/// What the command line says of telling.
#[derive(Clone, Copy, Debug, Default)]
struct Telling {
    format: LogFormat,
    is_verbose: bool,
}

static TELLING: OnceLock<Telling> = OnceLock::new();

/// Settles how things are told, once, before any verb begins.
pub(crate) fn settle(format: LogFormat, is_verbose: bool) {
    let _ = TELLING.set(Telling { format, is_verbose });
}

/// Is every stage told as it ends?
pub(crate) fn is_verbose() -> bool {
    TELLING.get().is_some_and(|telling| telling.is_verbose)
}

/// Are lines written for programs?
pub(crate) fn is_json() -> bool {
    TELLING
        .get()
        .is_some_and(|telling| telling.format == LogFormat::Json)
}

/// How grave a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    Error,
}

/// Writes a line to standard error; if that is gone too, the exit code still speaks.
pub(crate) fn tell(level: Level, text: impl fmt::Display) {
    let text = text.to_string();
    let line = if is_json() {
        object(level, &text)
    } else {
        text
    };
    let _ = writeln!(io::stderr(), "{line}");
}

fn object(level: Level, text: &str) -> String {
    let level = match level {
        Level::Info => "info",
        Level::Error => "error",
    };
    let message = text.strip_prefix("acquaint: ").unwrap_or(text);
    json!({
        "format": "acquaint-log/1",
        "time": now().to_string(),
        "level": level,
        "message": message,
    })
    .to_string()
}

/// A failure for programs.
pub(crate) fn failure(message: &str) -> String {
    json!({
        "format": "acquaint-error/1",
        "error": message,
        "exit_code": 2,
    })
    .to_string()
}

/// Did whoever calls ask for JSON? Asked of the arguments themselves: they may be what is wrong.
pub(crate) fn wants_json() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.any(|argument| argument == "--json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_object_without_the_programs_name() {
        let line: serde_json::Value =
            serde_json::from_str(&object(Level::Error, "acquaint: \"x\" is wrong")).unwrap();
        assert_eq!(line["message"], "\"x\" is wrong");
        assert_eq!(line["level"], "error");
        assert_eq!(line["format"], "acquaint-log/1");
    }
}
