//! Forms of graphs that are no lists of edges, by how they begin.

/// What a first line is the beginning of, if it is no edge and no header.
pub(super) fn of(first: &str) -> Option<&'static str> {
    let line = first.trim_start();
    let lower = line.to_ascii_lowercase();
    let word = lower
        .split([' ', '\t', '[', '{', '='])
        .next()
        .unwrap_or_default();
    let opens = |bracket: char| lower.contains(bracket);
    match word {
        _ if line.starts_with('<') => Some("XML (GraphML or GEXF)"),
        _ if line.starts_with(['{', '[']) => Some("JSON"),
        _ if line.starts_with('*') => Some("a Pajek network"),
        "graph" if opens('[') => Some("GML"),
        "creator" if opens('"') => Some("GML"),
        "graph" | "digraph" | "strict" if opens('{') => Some("DOT"),
        "dl" if lower.contains("n=") || lower.contains("n =") => Some("a UCINET network"),
        "p" if is_dimacs(&lower) => Some("a DIMACS graph"),
        _ if lower.starts_with("nodedef>") => Some("GDF"),
        _ => None,
    }
}

/// `p edge 5 4`: the problem line of DIMACS.
fn is_dimacs(line: &str) -> bool {
    let mut words = line.split_whitespace().skip(1);
    let is_kind = words
        .next()
        .is_some_and(|kind| ["edge", "col", "sp", "max", "min", "aux"].contains(&kind));
    is_kind && words.all(|word| word.chars().all(|c| c.is_ascii_digit()))
}
