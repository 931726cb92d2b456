//! Matrix Market files: an entry that is not zero is an edge.

use super::error::{EdgesError, Reason};
use super::ids::Ids;
use super::lines::Lines;
use super::{EdgeList, EdgeRow};

/// What a file of this form begins with, in whatever case.
const BANNER: &str = "%%matrixmarket";

/// Is this the first line of a Matrix Market file?
pub(super) fn is_banner(line: &str) -> bool {
    line.get(..BANNER.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(BANNER))
}

/// What the first lines say.
struct Head {
    has_values: bool,
    n_nodes: u64,
    n_entries: u64,
}

/// Reads a file of which the first line was read already.
pub(super) fn read(
    mut lines: Lines<'_>,
    banner: &str,
    ids: &mut Ids,
) -> Result<EdgeList, EdgesError> {
    let Kind {
        is_symmetric,
        has_values,
    } = kind(banner).map_err(|reason| lines.error(reason))?;
    let size = next_line(&mut lines)?
        .ok_or_else(|| lines.file_error("the line with its size is missing"))?;
    let Size { n_nodes, n_entries } = size_of(&size).map_err(|reason| lines.error(reason))?;
    let head = Head {
        has_values,
        n_nodes,
        n_entries,
    };
    let mut list = EdgeList {
        is_symmetric,
        ..EdgeList::default()
    };
    let mut n_read = 0;
    while let Some(line) = next_line(&mut lines)? {
        n_read += 1;
        let taken = take(&line, &head, ids, &mut list);
        taken.map_err(|reason| lines.error(reason))?;
    }
    if n_read != head.n_entries {
        let n = head.n_entries;
        return Err(lines.file_error(format!(
            "its size says {n} entries, and there are {n_read}: is it whole?"
        )));
    }
    let form = if is_symmetric { "symmetric" } else { "general" };
    list.notes.push(format!(
        "read as a {form} matrix of Matrix Market, its ids from 1"
    ));
    Ok(list)
}

fn next_line(lines: &mut Lines<'_>) -> Result<Option<String>, EdgesError> {
    loop {
        let Some(line) = lines.read()? else {
            return Ok(None);
        };
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('%') {
            return Ok(Some(line.to_owned()));
        }
    }
}

/// What the first line says.
struct Kind {
    is_symmetric: bool,
    /// Of entries.
    has_values: bool,
}

fn kind(banner: &str) -> Result<Kind, Reason> {
    let lower = banner.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let [_, object, format, field, symmetry] = words[..] else {
        return Err("expected `%%MatrixMarket matrix coordinate`, a field and a symmetry".into());
    };
    if object != "matrix" || format != "coordinate" {
        return Err(
            "only a matrix in coordinates is a list of edges: write it as `matrix coordinate`"
                .into(),
        );
    }
    let has_values = match field {
        "pattern" => false,
        "real" | "double" | "integer" | "unsigned-integer" => true,
        _ => return Err("values of edges are real, integer or absent (`pattern`)".into()),
    };
    match symmetry {
        "general" => Ok(Kind {
            is_symmetric: false,
            has_values,
        }),
        "symmetric" => Ok(Kind {
            is_symmetric: true,
            has_values,
        }),
        _ => Err("only a general or a symmetric matrix says who is tied to whom: a skew one says it with two signs".into()),
    }
}

/// What the line with the size says.
struct Size {
    n_nodes: u64,
    n_entries: u64,
}

/// A matrix that is not square has rows and columns of different kinds.
fn size_of(line: &str) -> Result<Size, Reason> {
    let numbers: Result<Vec<u64>, _> = line.split_whitespace().map(str::parse).collect();
    match numbers.as_deref() {
        Ok(&[rows, columns, _]) if rows != columns => Err(format!(
            "the matrix has {rows} rows and {columns} columns, so its rows and its columns are not the same people: give the \
             columns ids of their own and write a list of edges"
        )
        .into()),
        Ok(&[n_nodes, _, n_entries]) => Ok(Size { n_nodes, n_entries }),
        _ => Err("expected the size: rows, columns and entries".into()),
    }
}

fn take(line: &str, head: &Head, ids: &mut Ids, list: &mut EdgeList) -> Result<(), Reason> {
    let cells: Vec<&str> = line.split_whitespace().collect();
    if cells.len() != 2 + usize::from(head.has_values) {
        let expected = if head.has_values {
            "expected two ids and a value"
        } else {
            "expected two ids"
        };
        return Err(expected.into());
    }
    let id = |cell: &str| {
        let id = cell
            .parse::<u64>()
            .ok()
            .filter(|id| (1..=head.n_nodes).contains(id));
        id.ok_or("expected ids from 1 to the size of the matrix")
    };
    let (row, column) = (id(cells[0])?, id(cells[1])?);
    let weight = cells
        .get(2)
        .map(|cell| cell.parse::<f64>().ok().filter(|value| value.is_finite()));
    let weight = weight
        .map(|value| value.ok_or("expected a value: a number"))
        .transpose()?;
    let row = EdgeRow {
        src: ids.of(row),
        dst: ids.of(column),
        timestamp: None,
    };
    list.take(row, weight);
    Ok(())
}
