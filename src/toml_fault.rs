//! What is wrong with a TOML file: where, and in words that may be printed.

use crate::near;
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
    let near = expected_near(error.message())
        .map_or_else(String::new, |near| format!("; the nearest is `{near}`"));
    format!("line {line}, column {column}: {cause}{near}")
}

/// Of the names that a message expects in the place of another, the one that is fewest edits away, if most of it stays.
fn expected_near(message: &str) -> Option<&str> {
    let rest = message
        .strip_prefix("unknown field `")
        .or_else(|| message.strip_prefix("unknown variant `"))?;
    let (name, expected) = rest.split_once('`')?;
    let names = expected.split('`').skip(1).step_by(2);
    near::nearest(name, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_told_and_no_far_one() {
        let message =
            "unknown field `min_intermediarys`, expected one of `k`, `score`, `min_intermediaries`";
        assert_eq!(expected_near(message), Some("min_intermediaries"));
        let message = "unknown variant `Jacard`, expected `jaccard` or `cosine`";
        assert_eq!(expected_near(message), Some("jaccard"));
        assert_eq!(
            expected_near("unknown field `colour`, expected one of `k`, `score`"),
            None
        );
        assert_eq!(
            expected_near("invalid type: string \"x\", expected u32"),
            None
        );
    }
}
