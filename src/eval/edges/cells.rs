//! A line in cells.

use std::ops::Range;

use super::error::Reason;

/// What divides the cells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::eval) enum Separator {
    /// This character, each time.
    Each(char),
    /// White space, a run of it once.
    Blanks,
}

impl Separator {
    /// As a line has it: commas, or else semicolons, tabs or bars, or else white space.
    pub(in crate::eval) fn of(line: &str) -> Self {
        let mut is_quoted = false;
        let outside = |c: &char| {
            is_quoted ^= *c == '"';
            !is_quoted
        };
        let bare: String = line.chars().filter(outside).collect();
        let each = [',', ';', '\t', '|']
            .into_iter()
            .find(|&c| bare.contains(c));
        each.map_or(Self::Blanks, Self::Each)
    }

    fn is_end(self, c: char) -> bool {
        match self {
            Self::Each(separator) => c == separator,
            Self::Blanks => c.is_whitespace(),
        }
    }
}

/// The places of the cells of a line, without the blanks and quotes around them.
///
/// A quote opens a cell only at its beginning, and ends it: what a spreadsheet would read otherwise is an error.
pub(in crate::eval) fn split(
    line: &str,
    separator: Separator,
    cells: &mut Vec<Range<usize>>,
) -> Result<(), Reason> {
    cells.clear();
    let mut at = 0;
    loop {
        at += blanks(&line[at..], separator);
        if separator == Separator::Blanks && at == line.len() {
            return Ok(());
        }
        let Cell { text, len } = if line[at..].starts_with('"') {
            quoted(&line[at..], separator)?
        } else {
            plain(&line[at..], separator)
        };
        cells.push(at + text.start..at + text.end);
        at += len;
        let Some(end) = line[at..].chars().next() else {
            return Ok(());
        };
        at += end.len_utf8();
    }
}

/// How many bytes of blanks a text begins with that are no separator.
fn blanks(text: &str, separator: Separator) -> usize {
    let is_blank =
        |c: char| c.is_whitespace() && (separator == Separator::Blanks || !separator.is_end(c));
    text.len() - text.trim_start_matches(is_blank).len()
}

/// A cell at the beginning of a text.
struct Cell {
    /// Where its text is.
    text: Range<usize>,
    /// How long it is, with what is left out around that.
    len: usize,
}

fn plain(text: &str, separator: Separator) -> Cell {
    let len = text.find(|c| separator.is_end(c)).unwrap_or(text.len());
    Cell {
        text: 0..text[..len].trim_end().len(),
        len,
    }
}

fn quoted(text: &str, separator: Separator) -> Result<Cell, Reason> {
    let close = closing(text).ok_or("a quote is opened and not closed")?;
    let behind = close + 1;
    let skipped = behind + blanks_in_line(&text[behind..], separator);
    let ends = text[skipped..]
        .chars()
        .next()
        .is_none_or(|c| separator.is_end(c));
    if ends {
        Ok(Cell {
            text: 1..close,
            len: skipped,
        })
    } else {
        Err("there is text behind a closing quote".into())
    }
}

/// White space behind a quote ends a cell that white space divides.
fn blanks_in_line(text: &str, separator: Separator) -> usize {
    match separator {
        Separator::Each(_) => blanks(text, separator),
        Separator::Blanks => 0,
    }
}

/// Where the quote is that ends a text that begins with one; two of them are one in the text.
fn closing(text: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text[at..].find('"')?;
        if !text[at + 1..].starts_with('"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(line: &str) -> Result<Vec<&str>, Reason> {
        let mut places = Vec::new();
        split(line, Separator::of(line), &mut places)?;
        Ok(places.into_iter().map(|place| &line[place]).collect())
    }

    #[test]
    fn cells_are_found_however_they_are_divided() {
        for (line, expected) in [
            ("1,2", vec!["1", "2"]),
            (" 1 , 2 ", vec!["1", "2"]),
            ("1;2;", vec!["1", "2", ""]),
            (",source,target", vec!["", "source", "target"]),
            ("\tsource\ttarget", vec!["", "source", "target"]),
            ("1\t\t2", vec!["1", "", "2"]),
            ("  1   2\t", vec!["1   2", ""]),
            ("  1   2 ", vec!["1", "2"]),
            ("\"a, b\",\"c\"", vec!["a, b", "c"]),
            ("\"a b\" \"c\"  d", vec!["a b", "c", "d"]),
            ("\"\",\"from\",\"to\"", vec!["", "from", "to"]),
            ("\"a \"\"b\"\"\",c", vec!["a \"\"b\"\"", "c"]),
            ("1|2", vec!["1", "2"]),
            ("", vec![]),
        ] {
            assert_eq!(cells(line).unwrap(), expected, "{line:?}");
        }
    }

    #[test]
    fn deny_quotes_that_do_not_fit() {
        for line in ["\"1,2", "1,\"2", "\"1\"2,3", "\"1\"\"2", "1 \"2"] {
            assert!(cells(line).is_err(), "{line:?}");
        }
    }
}
