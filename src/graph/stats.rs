//! Statistics of a graph, for the manifest and the report: what to expect of its size and its hubs.

use rayon::prelude::*;
use serde::Serialize;

use super::{Csr, EdgeKinds, Graph};

/// How many neighbours nodes have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct DegreeStats {
    /// Nodes.
    pub nodes: u64,
    /// Entries; an undirected edge has two.
    pub entries: u64,
    /// Nodes without neighbours.
    pub isolated: u64,
    /// The smallest degree.
    pub degree_min: u32,
    /// The lower median: half of the nodes, rounded up, have at most this degree.
    pub degree_median: u32,
    /// Entries per node; 0 without nodes.
    pub degree_mean: f64,
    /// The smallest degree that at least 99 of 100 nodes do not exceed.
    pub degree_p99: u32,
    /// The largest degree.
    pub degree_max: u32,
    /// Unordered pairs of neighbours of one node, Σ d (d − 1) / 2: the work of counting all mutual friends.
    /// Saturates at 2⁶⁴ − 1.
    pub two_paths: u64,
}

impl DegreeStats {
    /// The statistics of adjacency lists.
    ///
    /// # Complexity
    /// O(n log n) in parallel; 4 bytes a node.
    #[must_use]
    pub fn of(csr: &Csr) -> Self {
        let mut degrees: Vec<u32> = csr
            .nodes()
            .into_par_iter()
            .map(|node| csr.degree(node))
            .collect();
        degrees.par_sort_unstable();
        Self {
            nodes: degrees.len() as u64,
            entries: csr.n_entries() as u64,
            isolated: degrees.partition_point(|degree| *degree == 0) as u64,
            degree_min: degrees.first().copied().unwrap_or(0),
            degree_median: quantile(&degrees, 50),
            degree_mean: ratio(csr.n_entries(), degrees.len()),
            degree_p99: quantile(&degrees, 99),
            degree_max: degrees.last().copied().unwrap_or(0),
            two_paths: two_paths(&degrees),
        }
    }
}

/// A graph's size and shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct GraphStats {
    /// Of ties: friends and mutual contacts.
    pub ties: DegreeStats,
    /// Of contacts; a degree is the number of people whose number somebody saved.
    pub contacts: DegreeStats,
    /// Contacts that are mutual, as a share of all; 0 without contacts.
    pub mutual_share: f64,
}

impl GraphStats {
    /// The statistics of a graph.
    ///
    /// # Complexity
    /// O(n log n + m) in parallel; 4 bytes a person.
    #[must_use]
    pub fn of<P: Sync>(graph: &Graph<P>) -> Self {
        Self {
            ties: DegreeStats::of(graph.ties()),
            contacts: DegreeStats::of(graph.contacts()),
            mutual_share: mutual_share(graph.contact_kinds()),
        }
    }
}

/// The smallest value that `percent` of the ascending values do not exceed (nearest rank); 0 of none.
fn quantile(ascending: &[u32], percent: usize) -> u32 {
    let rank = (ascending.len() * percent).div_ceil(100);
    ascending.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

fn two_paths(degrees: &[u32]) -> u64 {
    let pairs = |degree: &u32| {
        let degree = u64::from(*degree);
        degree * degree.saturating_sub(1) / 2
    };
    degrees.iter().map(pairs).fold(0, u64::saturating_add)
}

fn mutual_share(kinds: &[EdgeKinds]) -> f64 {
    let n_mutual = kinds
        .par_iter()
        .filter(|kinds| kinds.contains(EdgeKinds::MUTUAL_CONTACT))
        .count();
    ratio(n_mutual, kinds.len())
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::graph;
    use super::*;

    #[test]
    fn a_star_and_somebody_alone() {
        let stats = DegreeStats::of(graph("a-b a-c a-d a-e z").ties());
        let expected = DegreeStats {
            nodes: 6,
            entries: 8,
            isolated: 1,
            degree_min: 0,
            degree_median: 1,
            degree_mean: 8.0 / 6.0,
            degree_p99: 4,
            degree_max: 4,
            two_paths: 6,
        };
        assert_eq!(stats, expected);
    }

    #[test]
    fn nobody_has_no_degrees() {
        assert_eq!(GraphStats::of(&graph("")), GraphStats::default());
    }

    #[test]
    fn half_of_the_contacts_are_mutual() {
        let stats = GraphStats::of(&graph("a=b a>c d>a c-d"));
        assert_eq!(
            (
                stats.mutual_share,
                stats.contacts.entries,
                stats.ties.entries
            ),
            (0.5, 4, 4)
        );
    }

    #[test]
    fn quantiles_are_nearest_ranks() {
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!((quantile(&hundred, 50), quantile(&hundred, 99)), (50, 99));
        assert_eq!((quantile(&[7], 50), quantile(&[], 99)), (7, 0));
    }

    /// The published counts of a real graph, if it is there.
    #[test]
    fn oracle_ego_facebook() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../shared/datasets/graphs/ego_facebook.csv.gz"
        );
        let Ok(file) = std::fs::File::open(path) else {
            eprintln!("skipped: {path} not there");
            return;
        };
        let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
        let pairs: Vec<(u32, u32)> = reader.deserialize().map(Result::unwrap).collect();
        let stats = DegreeStats::of(&Csr::from_undirected(4_039, pairs).unwrap());
        assert_eq!(
            (stats.nodes, stats.entries, stats.degree_max),
            (4_039, 2 * 88_234, 1_045)
        );
    }
}
