//! What is wrong with a TOML file: where, and in words that may be printed.

use crate::publish::shown;

/// The line, the column and the cause. Not the line itself, as the parser would have it: it may hold anything.
pub(crate) fn told(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map_or(0, |span| span.start);
    let before = text.get(..at).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |feed| feed + 1);
    let (line, column) = (
        1 + before.matches('\n').count(),
        1 + before[line_start..].chars().count(),
    );
    let cause = shown(error.message());
    format!("line {line}, column {column}: {cause}")
}
