//! Lists of neighbours: a line a node.

use super::EdgeList;
use super::error::{EdgesError, Reason};
use super::ids::{EdgeIds, Ids};
use super::lines::Lines;
use super::table::is_left_out;

/// `*.adj`: line k, from 0, has node k's higher-numbered neighbours as gaps, the first counted from the node, each next
/// one from the neighbour before.
pub(super) fn gap_coded(mut lines: Lines<'_>, ids: &mut Ids) -> Result<EdgeList, EdgesError> {
    let mut list = EdgeList::default();
    list.notes
        .push("read as gap-coded neighbours, a line a node from 0".into());
    for src in 0.. {
        let Some(line) = lines.read()? else { break };
        let neighbours = unfold(src, line).map_err(|reason| lines.error(reason))?;
        for dst in neighbours {
            list.push(ids.of(src), ids.of(dst));
        }
    }
    Ok(list)
}

fn unfold(src: u64, line: &str) -> Result<Vec<u64>, Reason> {
    let mut last = src;
    let gaps = line.split_whitespace().map(|text| {
        let gap = text
            .parse::<u64>()
            .map_err(|_| "expected gaps in whole numbers")?;
        last = last
            .checked_add(gap)
            .ok_or("a gap leads past the largest id")?;
        Ok(last)
    });
    gaps.collect()
}

/// `*.adjlist`, as networkx writes it: a node and its neighbours, divided by blanks.
pub(super) fn neighbours(mut lines: Lines<'_>, ids: &mut Ids) -> Result<EdgeList, EdgesError> {
    let mut list = EdgeList::default();
    list.notes
        .push("read as a list of neighbours: a node, and then its neighbours".into());
    while let Some(line) = lines.read()? {
        if is_left_out(line, EdgeIds::Numbers) {
            continue;
        }
        let taken = take_neighbours(line, ids, &mut list);
        taken.map_err(|reason| lines.error(reason))?;
    }
    Ok(list)
}

fn take_neighbours(line: &str, ids: &mut Ids, list: &mut EdgeList) -> Result<(), Reason> {
    // networkx puts no comment behind a node, but allows one.
    let line = line.split('#').next().unwrap_or(line);
    let mut cells = line.split_whitespace();
    let node = ids.read(cells.next().unwrap_or_default())?;
    let mut is_alone = true;
    for cell in cells {
        list.push(node, ids.read(cell)?);
        is_alone = false;
    }
    list.n_alone += u64::from(is_alone);
    Ok(())
}

/// What the first line of a METIS graph says.
struct Metis {
    n_nodes: u64,
    n_edges: u64,
    /// Numbers in front of a node's neighbours: its size and weights.
    n_of_node: usize,
    /// Does a weight follow each neighbour?
    has_edge_weights: bool,
}

impl Metis {
    fn of(line: &str) -> Result<Self, Reason> {
        const EXPECTED: &str = "expected what a METIS graph begins with: how many nodes and edges it has, and perhaps what \
                                weights; a table of edges needs another name";
        let cells: Vec<&str> = line.split_whitespace().collect();
        let whole = |at: usize| cells.get(at).map_or(Ok(0), |cell| cell.parse::<u64>());
        if !(2..=4).contains(&cells.len()) {
            return Err(EXPECTED.into());
        }
        let (Ok(n_nodes), Ok(n_edges), Ok(kinds), Ok(n_weights)) =
            (whole(0), whole(1), whole(2), whole(3))
        else {
            return Err(EXPECTED.into());
        };
        let [has_sizes, has_weights, has_edge_weights] =
            [100, 10, 1].map(|digit| kinds / digit % 10 == 1);
        let n_weights = usize::try_from(n_weights.max(1)).map_err(|_| EXPECTED)?;
        Ok(Self {
            n_nodes,
            n_edges,
            n_of_node: usize::from(has_sizes) + if has_weights { n_weights } else { 0 },
            has_edge_weights,
        })
    }
}

/// `*.graph`, as METIS reads it: how many nodes and edges, then a line for each node, from 1, with its neighbours.
pub(super) fn metis(mut lines: Lines<'_>, ids: &mut Ids) -> Result<EdgeList, EdgesError> {
    let Some(first) = first_line(&mut lines)? else {
        return Ok(EdgeList::default());
    };
    let head = Metis::of(&first).map_err(|reason| lines.error(reason))?;
    let mut ends = Vec::new();
    let mut n_alone = 0;
    let mut node = 0;
    while node < head.n_nodes {
        let Some(line) = lines.read()? else { break };
        if line.trim_start().starts_with('%') {
            continue;
        }
        node += 1;
        let n_before = ends.len();
        let taken = take_metis(line, node, &head, &mut ends);
        taken.map_err(|reason| lines.error(reason))?;
        n_alone += u64::from(ends.len() == n_before);
    }
    while let Some(line) = lines.read()? {
        if !is_left_out(line, EdgeIds::Numbers) {
            return Err(lines.error("there are more lines than nodes".into()));
        }
    }
    let mut list = each_once(ends, &head, node).map_err(|reason| lines.file_error(reason))?;
    list.n_alone = n_alone;
    list.notes
        .push("read as a METIS graph: a line for each node, with its neighbours".into());
    for row in &mut list.rows {
        (row.src, row.dst) = (ids.of(row.src), ids.of(row.dst));
    }
    Ok(list)
}

fn first_line(lines: &mut Lines<'_>) -> Result<Option<String>, EdgesError> {
    loop {
        let Some(line) = lines.read()? else {
            return Ok(None);
        };
        if !is_left_out(line, EdgeIds::Numbers) {
            return Ok(Some(line.to_owned()));
        }
    }
}

fn take_metis(
    line: &str,
    node: u64,
    head: &Metis,
    ends: &mut Vec<(u64, u64)>,
) -> Result<(), Reason> {
    let mut cells = line.split_whitespace().skip(head.n_of_node);
    while let Some(cell) = cells.next() {
        let neighbour = cell
            .parse::<u64>()
            .ok()
            .filter(|other| (1..=head.n_nodes).contains(other));
        ends.push((
            node,
            neighbour.ok_or("expected neighbours from 1 to the number of nodes")?,
        ));
        if head.has_edge_weights && cells.next().is_none() {
            return Err("the weight of the last neighbour is missing".into());
        }
    }
    Ok(())
}

/// Every edge stands in the lines of both its ends.
fn each_once(mut ends: Vec<(u64, u64)>, head: &Metis, n_lines: u64) -> Result<EdgeList, Reason> {
    if n_lines < head.n_nodes {
        let n = head.n_nodes;
        return Err(
            format!("the first line says {n} nodes, and lines follow for {n_lines}").into(),
        );
    }
    ends.sort_unstable();
    let one_sided = ends
        .iter()
        .find(|(a, b)| ends.binary_search(&(*b, *a)).is_err());
    if let Some((a, b)) = one_sided {
        return Err(format!("node {a} has {b} as a neighbour, but {b} has not {a}").into());
    }
    let mut list = EdgeList::default();
    for (a, b) in ends.iter().filter(|(a, b)| a <= b) {
        list.push(*a, *b);
    }
    if list.rows.len() as u64 != head.n_edges {
        let (n, found) = (head.n_edges, list.rows.len());
        return Err(format!("the first line says {n} edges, and there are {found}").into());
    }
    Ok(list)
}
