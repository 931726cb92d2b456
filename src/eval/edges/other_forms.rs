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

/// Does a comment say, as KONECT's first line does (`% bip unweighted`), that the two columns are of two kinds?
pub(super) fn is_bipartite(comment: &str) -> bool {
    let said = comment.trim_start().strip_prefix(['%', '#']);
    let word = said.and_then(|said| said.split_whitespace().next());
    word.is_some_and(|word| ["bip", "bipartite"].contains(&word.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_says_that_there_are_two_kinds() {
        for comment in [
            "% bip unweighted",
            "%bip",
            "  % bip weighted positive",
            "%\tbip posweighted",
            "% BIP",
            "# bipartite",
        ] {
            assert!(is_bipartite(comment), "{comment}");
        }
        for comment in [
            "% sym unweighted",
            "% asym positive",
            "% 3 2 2",
            "1 2",
            "",
            "# bipolar",
            "%",
        ] {
            assert!(!is_bipartite(comment), "{comment}");
        }
    }
}
