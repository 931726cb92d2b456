//! Communities: people with more ties among each other than their numbers of ties make likely.
//!
//! Blondel, Guillaume, Lambiotte and Lefebvre, "Fast unfolding of communities in large networks", 2008. People in the order of
//! their nodes move to the community of a neighbour where modularity gains most, until nobody moves; then communities are
//! nodes, and it begins again. Gains are whole numbers and the order is fixed, so the same ties give the same communities for
//! any number of threads. They are made anew of the ties there are: whoever is not among them leaves no trace.

use super::Csr;

/// Passes over all nodes of one level, at most.
const PASSES: usize = 20;
/// Levels at most; each has fewer nodes than the one below.
const LEVELS: usize = 20;

/// Everybody's community twice: of the first level, and of the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Communities {
    close: Partition,
    wide: Partition,
}

impl Communities {
    /// # Complexity
    /// O(passes · ties); 12 bytes an entry of the ties.
    pub(crate) fn of(ties: &Csr) -> Self {
        let mut level = Level::of(ties);
        let close = level.settled();
        let mut wide = close.clone();
        let mut joins = close.clone();
        for _ in 1..LEVELS {
            level = level.joined(&joins);
            joins = level.settled();
            if joins.n_parts() == level.n_nodes() {
                break;
            }
            wide = wide.joined(&joins);
        }
        Self { close, wide }
    }

    /// Before communities were joined to greater ones.
    pub(crate) const fn close(&self) -> &Partition {
        &self.close
    }

    /// When joining two gained nothing more.
    pub(crate) const fn wide(&self) -> &Partition {
        &self.wide
    }
}

/// Everybody in one part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Partition {
    of: Vec<u32>,
    sizes: Vec<u32>,
}

impl Partition {
    /// Parts are numbered in the order of their first nodes.
    fn of_labels(labels: &[u32]) -> Self {
        let mut number = vec![u32::MAX; labels.len()];
        let mut made = Self::default();
        for &label in labels {
            let part = &mut number[label as usize];
            if *part == u32::MAX {
                *part = u32::try_from(made.sizes.len()).expect("no more parts than nodes");
                made.sizes.push(0);
            }
            made.sizes[*part as usize] += 1;
            made.of.push(*part);
        }
        made
    }

    /// Parts of parts are parts.
    fn joined(&self, joins: &Self) -> Self {
        let labels: Vec<u32> = self.of.iter().map(|&part| joins.part(part)).collect();
        Self::of_labels(&labels)
    }

    fn n_parts(&self) -> usize {
        self.sizes.len()
    }

    /// The part that a node is in.
    pub(crate) fn part(&self, node_idx: u32) -> u32 {
        self.of[node_idx as usize]
    }

    /// How many are in it, the node included.
    pub(crate) fn size_around(&self, node_idx: u32) -> u32 {
        self.sizes[self.part(node_idx) as usize]
    }
}

/// A graph whose ties weigh something. A loop weighs twice the ties that were joined in it.
struct Level {
    offsets: Vec<usize>,
    neighbours: Vec<u32>,
    weights: Vec<u64>,
    /// Everything at a node, its loop included.
    degrees: Vec<u64>,
    /// The sum of these: twice the ties.
    total: u64,
}

impl Level {
    fn of(ties: &Csr) -> Self {
        let degree = |u: u32| u64::from(ties.degree(u));
        Self {
            offsets: std::iter::once(0)
                .chain(ties.nodes().map(|u| ties.range(u).end))
                .collect(),
            neighbours: ties.neighbours().to_vec(),
            weights: vec![1; ties.n_entries()],
            degrees: ties.nodes().map(degree).collect(),
            total: ties.n_entries() as u64,
        }
    }

    fn n_nodes(&self) -> usize {
        self.degrees.len()
    }

    fn row(&self, u: usize) -> impl Iterator<Item = (u32, u64)> + '_ {
        let range = self.offsets[u]..self.offsets[u + 1];
        let weights = self.weights[range.clone()].iter().copied();
        self.neighbours[range].iter().copied().zip(weights)
    }

    /// Nodes move until nobody gains by it.
    fn settled(&self) -> Partition {
        let n = u32::try_from(self.n_nodes()).expect("nodes are u32");
        let mut moving = Moving {
            label: (0..n).collect(),
            inside: self.degrees.clone(),
            weight: vec![0; self.n_nodes()],
            touched: Vec::new(),
        };
        for _ in 0..PASSES {
            let moved = (0..self.n_nodes()).filter(|&u| moving.step(self, u));
            if moved.count() == 0 {
                break;
            }
        }
        Partition::of_labels(&moving.label)
    }

    /// Parts become nodes.
    fn joined(&self, parts: &Partition) -> Self {
        let mut members = vec![Vec::new(); parts.n_parts()];
        for (u, &part) in parts.of.iter().enumerate() {
            members[part as usize].push(u);
        }
        let mut made = Self {
            offsets: vec![0],
            neighbours: Vec::new(),
            weights: Vec::new(),
            degrees: Vec::new(),
            total: self.total,
        };
        let mut row: Vec<(u32, u64)> = Vec::new();
        for members in members {
            let own = members.iter().flat_map(|&u| self.row(u));
            row.extend(own.map(|(v, weight)| (parts.part(v), weight)));
            row.sort_unstable();
            for same in row.chunk_by(|a, b| a.0 == b.0) {
                made.neighbours.push(same[0].0);
                made.weights
                    .push(same.iter().map(|(_, weight)| weight).sum());
            }
            row.clear();
            made.offsets.push(made.neighbours.len());
            made.degrees
                .push(members.iter().map(|&u| self.degrees[u]).sum());
        }
        made
    }
}

/// Labels as they move.
struct Moving {
    label: Vec<u32>,
    /// By label, the degrees of those who have it.
    inside: Vec<u64>,
    /// By label, what ties the node that is asked about to it; 0 between nodes.
    weight: Vec<u64>,
    touched: Vec<u32>,
}

impl Moving {
    /// Moves a node where modularity gains most, among equals to the smallest label; says whether it moved.
    fn step(&mut self, level: &Level, u: usize) -> bool {
        let from = self.label[u];
        for (v, weight) in level.row(u).filter(|&(v, _)| v as usize != u) {
            let label = self.label[v as usize];
            if self.weight[label as usize] == 0 {
                self.touched.push(label);
            }
            self.weight[label as usize] += weight;
        }
        self.inside[from as usize] -= level.degrees[u];
        let degree = i128::from(level.degrees[u]);
        let gain = |label: u32| {
            let ties = i128::from(self.weight[label as usize]) * i128::from(level.total);
            ties - degree * i128::from(self.inside[label as usize])
        };
        let mut best = (gain(from), from);
        self.touched.sort_unstable();
        for &label in &self.touched {
            if gain(label) > best.0 {
                best = (gain(label), label);
            }
        }
        for label in self.touched.drain(..) {
            self.weight[label as usize] = 0;
        }
        self.label[u] = best.1;
        self.inside[best.1 as usize] += level.degrees[u];
        best.1 != from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Circles of people who all know each other, each with one tie to the next.
    fn ring_of_circles(n_circles: u32, size: u32) -> Csr {
        let mut pairs = Vec::new();
        for circle in 0..n_circles {
            let first = circle * size;
            for a in first..first + size {
                pairs.extend((a + 1..first + size).map(|b| (a, b)));
            }
            pairs.push((first + 1, (first + size) % (n_circles * size)));
        }
        Csr::from_undirected((n_circles * size) as usize, pairs).unwrap()
    }

    fn modularity(ties: &Csr, parts: &Partition) -> f64 {
        let total = ties.n_entries() as f64;
        let mut inside = vec![0.0; parts.n_parts()];
        let mut degrees = vec![0.0; parts.n_parts()];
        for u in ties.nodes() {
            let part = parts.part(u);
            let own = ties.row(u).iter().filter(|&&v| parts.part(v) == part);
            inside[part as usize] += own.count() as f64;
            degrees[part as usize] += f64::from(ties.degree(u));
        }
        let terms = inside.iter().zip(degrees);
        terms.map(|(i, d)| i / total - (d / total).powi(2)).sum()
    }

    #[test]
    fn circles_are_communities() {
        let ties = ring_of_circles(6, 5);
        let found = Communities::of(&ties);
        for u in ties.nodes() {
            assert_eq!(found.close().part(u), u / 5);
            assert_eq!(found.close().size_around(u), 5);
        }
        assert_eq!(found.wide(), found.close(), "joining circles gains nothing");
    }

    #[test]
    fn golden_thirty_circles_are_joined_in_pairs() {
        // The example of the paper, Figure 2: 30 cliques of 5, joined in pairs by the resolution limit (Q = 0.888).
        let ties = ring_of_circles(30, 5);
        let found = Communities::of(&ties);
        assert_eq!(found.close().n_parts(), 30);
        assert_eq!(found.wide().n_parts(), 15);
        let (close, wide) = (
            modularity(&ties, found.close()),
            modularity(&ties, found.wide()),
        );
        assert!((close - 0.876).abs() < 5e-4, "{close}");
        assert!((wide - 0.888).abs() < 5e-4, "{wide}");
    }

    #[test]
    fn people_without_ties_are_alone() {
        let ties = Csr::from_undirected(4, vec![(1, 2)]).unwrap();
        let found = Communities::of(&ties);
        let sizes: Vec<u32> = (0..4).map(|u| found.wide().size_around(u)).collect();
        assert_eq!(sizes, [1, 2, 2, 1]);
        let nobody = Communities::of(&Csr::from_undirected(0, Vec::new()).unwrap());
        assert_eq!(nobody, Communities::default());
    }

    #[test]
    fn a_coarser_partition_joins_whole_communities() {
        let pairs = |i: u64| {
            let draw = crate::hash::mix(i);
            let node = |n: u64| u32::try_from(n % 300).unwrap();
            (node(draw), node(draw >> 32))
        };
        let pairs: Vec<_> = (0..900).map(pairs).filter(|(a, b)| a != b).collect();
        let ties = Csr::from_undirected(300, pairs).unwrap();
        let found = Communities::of(&ties);
        assert!(found.wide().n_parts() < found.close().n_parts());
        for (u, v) in ties.nodes().zip(ties.nodes().skip(1)) {
            if found.close().part(u) == found.close().part(v) {
                assert_eq!(found.wide().part(u), found.wide().part(v));
            }
        }
        let gained = modularity(&ties, found.wide()) - modularity(&ties, found.close());
        assert!(gained > 0.0, "{gained}");
    }
}
