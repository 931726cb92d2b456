//! The classic "people you might know" exercise on LiveJournal, all 49,124 people of it, against a second
//! way to count.

use std::path::Path;

use super::{PublicGraph, read_edges};
use crate::graph::Csr;
use crate::suggest::{Everybody, Heuristic, SuggestParams, everybody};

/// The two-hop list of a person, sorted, with equal neighbours counted; then the 10 best.
fn naive(ties: &Csr, u: u32) -> Vec<(u32, u32)> {
    let friends = ties.row(u);
    let mut reached: Vec<u32> = friends
        .iter()
        .flat_map(|&z| ties.row(z))
        .copied()
        .filter(|v| *v != u && friends.binary_search(v).is_err())
        .collect();
    reached.sort_unstable();
    let runs = reached.chunk_by(|a, b| a == b);
    let mut counted: Vec<_> = runs
        .map(|run| (std::cmp::Reverse(run.len()), run[0]))
        .collect();
    counted.sort_unstable();
    let ten = counted.into_iter().take(10);
    ten.map(|(n, v)| (u32::try_from(n.0).unwrap(), v)).collect()
}

#[test]
fn golden_people_you_might_know() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/datasets/graphs/livejournal_49995.csv.gz"
    );
    let Ok(list) = read_edges(Path::new(file)) else {
        eprintln!("skipped: {file} not there");
        return;
    };
    let pairs = list.undirected().pairs;
    let graph = PublicGraph::new(&pairs);
    let ids = graph.ids();
    let params = SuggestParams::default().score(Heuristic::CommonNeighbours);
    let params = params.min_intermediaries(1).check().unwrap();
    let Everybody {
        suggestions: found,
        counts,
    } = everybody(&graph.scorer(&params), &|_| ());
    assert!(counts.check_sums());
    for (u, row) in found.iter() {
        let row: Vec<_> = row.iter().map(|s| (s.mutual_count, s.candidate)).collect();
        assert_eq!(row, naive(graph.ties(), u), "node {u}");
    }
    let of_11 = u32::try_from(ids.binary_search(&11).unwrap()).unwrap();
    let answer: Vec<u64> = found
        .row(of_11)
        .iter()
        .map(|s| ids[s.candidate as usize])
        .collect();
    let published = [
        27552, 7785, 27573, 27574, 27589, 27590, 27600, 27617, 27620, 27667,
    ];
    assert_eq!(answer, published);
}
