//! How well friendships that were held out are found again: AUC and recall at 10 of five heuristics.
//!
//! The protocol can be redone in any language. With `mix` = splitmix64, an edge lo < hi is held out when
//! `mix(lo · 2³² + hi) mod one_in = 0`, ids as in the file. Nodes are then numbered by rank among the n ids
//! that have an edge. Non-edges, as many as held-out edges: for k = 0, 1, 2 …, r = `mix(k)`,
//! u = (r >> 32) mod n, v = (r mod 2³²) mod n; a pair with u = v or an edge of the whole graph is skipped, a
//! repeat is kept.
//!
//! - **AUC**: the probability that a held-out edge scores higher than a non-edge, ties counting half
//!   (Mann and Whitney, 1947), with scores from the training edges.
//! - **Recall at 10**: for each node with held-out edges, its non-neighbours with at least one mutual
//!   friend, by score and then by smaller number, the first 10; hits summed over nodes, divided by the sum of
//!   min(10, held-out edges of that node).
//!
//! Scores are sums of `f64` over ascending intermediaries, rounded to 9 digits before they are compared.
//!
//! The product of degrees ("PA", preferential attachment) is a yardstick only: it knows nothing of the two.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use crate::graph::Csr;
pub use crate::hash::mix;

/// The heuristics under the names of the published table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Method {
    /// Common neighbours.
    #[serde(rename = "CN")]
    CommonNeighbours,
    /// Jaccard.
    Jaccard,
    /// Preferential attachment: the product of degrees.
    #[serde(rename = "PA")]
    PreferentialAttachment,
    /// Adamic–Adar.
    #[serde(rename = "AA")]
    AdamicAdar,
    /// Resource allocation.
    #[serde(rename = "RA")]
    ResourceAllocation,
}

impl Method {
    /// Every method, in the order of their columns.
    pub const ALL: [Self; 5] = [
        Self::CommonNeighbours,
        Self::Jaccard,
        Self::PreferentialAttachment,
        Self::AdamicAdar,
        Self::ResourceAllocation,
    ];

    /// The name in tables and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CommonNeighbours => "CN",
            Self::Jaccard => "Jaccard",
            Self::PreferentialAttachment => "PA",
            Self::AdamicAdar => "AA",
            Self::ResourceAllocation => "RA",
        }
    }
}

/// How well one method did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MethodScores {
    /// In [0, 1]; none if nothing was held out.
    pub auc: Option<f64>,
    /// In [0, 1]; none if nothing was held out.
    pub recall_at_10: Option<f64>,
}

/// How well every method did on one graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FriendsEvaluation {
    /// How many ids have an edge.
    pub nodes: usize,
    /// How many edges the scores are made from.
    pub train_edges: usize,
    /// How many edges are to be found.
    pub held_out: usize,
    /// By name.
    pub heuristics: BTreeMap<&'static str, MethodScores>,
}

/// Holds out one edge in ten and evaluates every method on the rest.
///
/// `edges` are a simple undirected graph, smaller id first, each once, as
/// [`EdgeList::undirected`](super::EdgeList::undirected) gives them.
///
/// # Complexity
/// O(two-paths of nodes with held-out edges) time, in the caller's rayon pool; O(nodes) space a thread.
#[must_use]
pub fn evaluate_edges(edges: &[(u64, u64)]) -> FriendsEvaluation {
    evaluate_edges_holding_out(edges, 10)
}

/// As [`evaluate_edges`], holding out one edge in `one_in`.
///
/// # Panics
/// If `one_in` is 0.
#[must_use]
pub fn evaluate_edges_holding_out(edges: &[(u64, u64)], one_in: u64) -> FriendsEvaluation {
    let split = Split::of(edges, one_in);
    let aucs = split.aucs();
    let recalls = split.recalls_at_10();
    let scores = |i: usize| MethodScores {
        auc: aucs.map(|all| all[i]),
        recall_at_10: recalls.map(|all| all[i]),
    };
    FriendsEvaluation {
        nodes: split.train.n_nodes(),
        train_edges: split.train.n_entries() / 2,
        held_out: split.held_out.len(),
        heuristics: Method::ALL
            .iter()
            .enumerate()
            .map(|(i, m)| (m.as_str(), scores(i)))
            .collect(),
    }
}

/// Is an edge held out? Ids from 2³² on wrap around; the split is then still fixed, though no longer the
/// published one.
#[must_use]
pub fn is_held_out(lo: u64, hi: u64, one_in: u64) -> bool {
    mix((lo << 32).wrapping_add(hi)).is_multiple_of(one_in)
}

/// The ids that occur, ascending: a node is its id's rank.
pub(super) fn ids(edges: &[(u64, u64)]) -> Vec<u64> {
    let mut ids = Vec::with_capacity(2 * edges.len());
    ids.extend(edges.iter().flat_map(|&(a, b)| [a, b]));
    ids.sort_unstable();
    ids.dedup();
    ids.shrink_to_fit();
    ids
}

/// Edges by node instead of by id.
pub(super) fn by_rank(ids: &[u64], edges: &[(u64, u64)]) -> Vec<(u32, u32)> {
    let rank = |id: u64| {
        let rank = ids
            .binary_search(&id)
            .expect("the ids are those of the edges");
        u32::try_from(rank).expect("edge lists have fewer than 2^32 nodes")
    };
    edges.iter().map(|&(a, b)| (rank(a), rank(b))).collect()
}

/// Why an adjacency can be made from an edge list.
pub(super) const SIMPLE: &str = "edge lists number their nodes and have no loops";

/// A graph in two parts, and pairs that are in neither.
struct Split {
    train: Csr,
    held_out: Vec<(u32, u32)>,
    /// The held-out edges again, by node.
    hidden: Csr,
    non_edges: Vec<(u32, u32)>,
}

impl Split {
    fn of(edges: &[(u64, u64)], one_in: u64) -> Self {
        let ids = ids(edges);
        let n_nodes = ids.len();
        let (held_out, train): (Vec<_>, Vec<_>) = edges
            .iter()
            .partition(|&&(a, b)| is_held_out(a.min(b), a.max(b), one_in));
        let held_out = by_rank(&ids, &held_out);
        let train = Csr::from_undirected(n_nodes, by_rank(&ids, &train)).expect(SIMPLE);
        let hidden = Csr::from_undirected(n_nodes, held_out.clone()).expect(SIMPLE);
        let non_edges = non_edges(&train, &hidden, held_out.len());
        Self {
            train,
            held_out,
            hidden,
            non_edges,
        }
    }

    fn aucs(&self) -> Option<[f64; 5]> {
        if self.held_out.is_empty() || self.non_edges.is_empty() {
            return None;
        }
        let positive = pair_scores(&self.train, &self.held_out);
        let negative = pair_scores(&self.train, &self.non_edges);
        Some(std::array::from_fn(|m| auc(&positive[m], &negative[m])))
    }

    fn recalls_at_10(&self) -> Option<[f64; 5]> {
        let asked: Vec<u32> = (0..)
            .zip(0..self.hidden.n_nodes())
            .map(|(u, _)| u)
            .filter(|&u| self.hidden.degree(u) > 0)
            .collect();
        let hits = asked
            .par_chunks(64)
            .map_init(
                || Sums::new(self.train.n_nodes()),
                |sums, nodes| self.hits(sums, nodes),
            )
            .reduce(|| [0; 5], |a, b| std::array::from_fn(|m| a[m] + b[m]));
        let possible: u64 = asked
            .iter()
            .map(|&u| u64::from(self.hidden.degree(u).min(10)))
            .sum();
        (possible > 0).then(|| hits.map(|n| n as f64 / possible as f64))
    }

    /// Hits among the first 10 of each of these nodes, by method. Whole numbers: any order sums the same.
    fn hits(&self, sums: &mut Sums, nodes: &[u32]) -> [u64; 5] {
        let mut hits = [0; 5];
        for &u in nodes {
            let first = sums.first_10(&self.train, u);
            let hidden = self.hidden.row(u);
            for (hits, first) in hits.iter_mut().zip(first) {
                *hits += first.n_among(hidden);
            }
        }
        hits
    }
}

pub(super) fn is_edge(csr: &Csr, u: u32, v: u32) -> bool {
    csr.row(u).binary_search(&v).is_ok()
}

pub(super) fn non_edges(train: &Csr, hidden: &Csr, n: usize) -> Vec<(u32, u32)> {
    let n_nodes = train.n_nodes() as u64;
    let n_pairs = n_nodes * n_nodes.saturating_sub(1);
    // A complete graph has no pair to draw.
    if n_pairs == (train.n_entries() + hidden.n_entries()) as u64 {
        return Vec::new();
    }
    let node = |r: u64| u32::try_from(r % n_nodes).expect("nodes are numbered in 32 bits");
    (0..)
        .map(mix)
        .map(|r| (node(r >> 32), node(r & u64::from(u32::MAX))))
        .filter(|&(u, v)| u != v && !is_edge(train, u, v) && !is_edge(hidden, u, v))
        .take(n)
        .collect()
}

fn rounded(score: f64) -> f64 {
    (score * 1e9).round() / 1e9
}

/// Scores not yet rounded, in the order of [`Method::ALL`].
fn five(train: &Csr, u: u32, v: u32, common: Common) -> [f64; 5] {
    let (du, dv) = (f64::from(train.degree(u)), f64::from(train.degree(v)));
    let n = f64::from(common.n);
    let jaccard = if n > 0.0 { n / (du + dv - n) } else { 0.0 };
    [n, jaccard, du * dv, common.aa, common.ra]
}

/// What two people have in common.
#[derive(Clone, Copy, Default)]
struct Common {
    n: u32,
    aa: f64,
    ra: f64,
}

impl Common {
    /// One intermediary with so many ties.
    fn one(degree: u32) -> Self {
        let degree = f64::from(degree);
        Self {
            n: 1,
            aa: degree.ln().recip(),
            ra: degree.recip(),
        }
    }

    fn add(&mut self, other: Self) {
        self.n += other.n;
        self.aa += other.aa;
        self.ra += other.ra;
    }
}

/// Scores of single pairs, by merging two rows; one list a method.
pub(super) fn pair_scores(train: &Csr, pairs: &[(u32, u32)]) -> [Vec<f64>; 5] {
    let scored: Vec<[f64; 5]> = pairs
        .par_iter()
        .map(|&(u, v)| pair_score(train, u, v))
        .collect();
    std::array::from_fn(|m| scored.iter().map(|five| five[m]).collect())
}

fn pair_score(train: &Csr, u: u32, v: u32) -> [f64; 5] {
    let (small, large) = if train.degree(u) <= train.degree(v) {
        (u, v)
    } else {
        (v, u)
    };
    let mut common = Common::default();
    for &z in train
        .row(small)
        .iter()
        .filter(|&&z| is_edge(train, large, z))
    {
        common.add(Common::one(train.degree(z)));
    }
    five(train, u, v, common).map(rounded)
}

/// The probability that a positive is above a negative, ties counting half.
pub(super) fn auc(positive: &[f64], negative: &[f64]) -> f64 {
    let mut sorted = negative.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let half_wins: u64 = positive
        .iter()
        .map(|x| {
            let below = sorted.partition_point(|y| y < x);
            let not_above = sorted.partition_point(|y| y <= x);
            (below + not_above) as u64
        })
        .sum();
    half_wins as f64 / 2.0 / (positive.len() as f64 * negative.len() as f64)
}

/// Dense sums over two-paths, used again for node after node.
pub(super) struct Sums {
    cells: Vec<Common>,
    touched: Vec<u32>,
}

impl Sums {
    pub(super) fn new(n_nodes: usize) -> Self {
        Self {
            cells: vec![Common::default(); n_nodes],
            touched: Vec::new(),
        }
    }

    /// The first 10 of the non-neighbours of `u` with at least one mutual friend, by method.
    pub(super) fn first_10(&mut self, train: &Csr, u: u32) -> [First10; 5] {
        for &z in train.row(u) {
            self.add(train.row(z), Common::one(train.degree(z)));
        }
        let mut first = [First10::default(); 5];
        // Neighbours are no candidates, and neither is `u`.
        for &v in train.row(u).iter().chain([&u]) {
            self.cells[v as usize].n = 0;
        }
        for v in self.touched.drain(..) {
            let common = std::mem::take(&mut self.cells[v as usize]);
            if common.n > 0 {
                for (first, score) in first.iter_mut().zip(five(train, u, v, common)) {
                    first.offer(v, score);
                }
            }
        }
        first
    }

    fn add(&mut self, row: &[u32], common: Common) {
        for &v in row {
            let cell = &mut self.cells[v as usize];
            if cell.n == 0 {
                self.touched.push(v);
            }
            cell.add(common);
        }
    }
}

/// The ten best so far, best first: by rounded score descending, then node ascending.
#[derive(Clone, Copy)]
pub(super) struct First10 {
    pub(super) best: [(f64, u32); 10],
}

impl Default for First10 {
    /// Ten places that anybody takes.
    fn default() -> Self {
        Self {
            best: [(f64::NEG_INFINITY, u32::MAX); 10],
        }
    }
}

impl First10 {
    fn offer(&mut self, v: u32, score: f64) {
        // Rounding moves a score by half a unit of the ninth digit; most are further off than that.
        if score + 1e-9 < self.best[9].0 {
            return;
        }
        let score = rounded(score);
        let is_before = |&(other, w): &(f64, u32)| other > score || (other == score && w < v);
        let place = self.best.partition_point(is_before);
        if place < 10 {
            self.best.copy_within(place..9, place + 1);
            self.best[place] = (score, v);
        }
    }

    fn n_among(&self, hidden: &[u32]) -> u64 {
        let is_hit = |(_, v): &&(f64, u32)| hidden.binary_search(v).is_ok();
        self.best.iter().filter(is_hit).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::read_edges;
    use super::*;

    fn datasets() -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/datasets"))
    }

    #[test]
    fn mix_is_splitmix64() {
        // The first two outputs of the reference implementation seeded with 0.
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mix(0x9E37_79B9_7F4A_7C15), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn auc_counts_ties_half() {
        assert_eq!(auc(&[1.0, 2.0], &[0.0, 1.0]), 3.5 / 4.0);
        assert_eq!(auc(&[1.0], &[1.0]), 0.5);
    }

    #[test]
    fn nothing_to_find_is_not_a_score() {
        let evaluation = evaluate_edges(&[]);
        assert_eq!(evaluation.heuristics["CN"].auc, None);
        assert_eq!(evaluation.heuristics["CN"].recall_at_10, None);
        // A complete graph has no non-edge.
        let evaluation = evaluate_edges_holding_out(&[(0, 1), (0, 2), (1, 2)], 1);
        assert_eq!(
            (evaluation.held_out, evaluation.heuristics["AA"].auc),
            (3, None)
        );
    }

    #[test]
    fn golden_published_baselines_are_reproduced() {
        let table = datasets().join("baselines.csv");
        let Ok(text) = std::fs::read_to_string(&table) else {
            eprintln!("skipped: {} not there", table.display());
            return;
        };
        let mut wanted: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
        for line in text.lines().skip(1) {
            let columns: Vec<&str> = line.split(',').collect();
            wanted.entry(columns[0]).or_default().push(columns);
        }
        for (file, rows) in wanted {
            let edges = read_edges(&datasets().join(file))
                .unwrap()
                .undirected()
                .pairs;
            check(file, &evaluate_edges(&edges), &rows);
        }
    }

    fn check(file: &str, found: &FriendsEvaluation, rows: &[Vec<&str>]) {
        for row in rows {
            let sizes = [found.nodes, found.train_edges, found.held_out].map(|n| n.to_string());
            assert_eq!(sizes, row[1..4], "{file}");
            let scores = found.heuristics[row[4]];
            assert_eq!(
                format!("{:.4}", scores.auc.unwrap()),
                row[5],
                "{file} {} auc",
                row[4]
            );
            if !row[6].is_empty() {
                let recall = format!("{:.4}", scores.recall_at_10.unwrap());
                assert_eq!(recall, row[6], "{file} {} recall", row[4]);
            }
        }
    }
}
