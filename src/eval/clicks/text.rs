//! Tables of clicks as text: a row a line, in columns.

use std::ops::Range;

use super::coded::Coder;
use super::error::{ClicksError, Reason};
use super::raw::Raw;
use super::roles::listed;
use crate::eval::edges::{Lines, Separator, fold, split};

/// Reads a table; with a header, the first line names the columns, else they are `c1`, `c2` and so on.
pub(super) fn read(mut lines: Lines<'_>, has_header: bool) -> Result<Raw, ClicksError> {
    let Some(first) = next(&mut lines)? else {
        return Err(ClicksError::file(lines.path, "there is nothing in it"));
    };
    let separator = separator(&lines, &first);
    let mut places = Vec::new();
    split(&first, separator, &mut places).map_err(|reason| lines.error(reason))?;
    let cells: Vec<String> = places.iter().map(|place| cell(&first, place)).collect();
    let names = if has_header {
        refuse_other_headers(&cells).map_err(|reason| lines.error(reason))?;
        cells.clone()
    } else {
        (1..=cells.len()).map(|n| format!("c{n}")).collect()
    };
    let mut columns: Vec<Coder> = names.iter().map(|name| Coder::new(name)).collect();
    if !has_header {
        for (column, cell) in columns.iter_mut().zip(&cells) {
            column.push(cell);
        }
    }
    while let Some(line) = next(&mut lines)? {
        split(&line, separator, &mut places).map_err(|reason| lines.error(reason))?;
        if places.len() != columns.len() {
            return Err(lines.error(ragged(places.len(), columns.len())).into());
        }
        for (column, place) in columns.iter_mut().zip(&places) {
            column.push(&cell(&line, place));
        }
    }
    Ok(Raw::of_columns(columns))
}

/// The next line that is not empty.
fn next(lines: &mut Lines<'_>) -> Result<Option<String>, ClicksError> {
    while let Some(line) = lines.read()? {
        if !line.trim().is_empty() {
            return Ok(Some(line.to_owned()));
        }
    }
    Ok(None)
}

fn separator(lines: &Lines<'_>, first: &str) -> Separator {
    let name = lines.path.to_string_lossy().to_lowercase();
    if name.contains(".tsv") && first.contains('\t') {
        Separator::Each('\t')
    } else {
        Separator::of(first)
    }
}

fn cell(line: &str, place: &Range<usize>) -> String {
    line[place.clone()].replace("\"\"", "\"")
}

fn refuse_other_headers(cells: &[String]) -> Result<(), Reason> {
    if let Some(number) = cells.iter().find(|cell| cell.parse::<f64>().is_ok()) {
        let cure = "if the first line is a row, say --header no";
        return Err(format!("`{number}` is no name of a column: {cure}").into());
    }
    let mut folded: Vec<String> = cells.iter().map(|name| fold(name)).collect();
    folded.sort_unstable();
    match folded.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(_) => {
            let names: Vec<&str> = cells.iter().map(String::as_str).collect();
            Err(format!("two columns have one name: {}", listed(&names)).into())
        }
        None => Ok(()),
    }
}

fn ragged(found: usize, expected: usize) -> Reason {
    format!("{found} columns, but the first line has {expected}").into()
}
