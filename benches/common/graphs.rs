//! Seeded graphs for benches: the same edges on every machine.

use acquaint::eval::mix;

/// Numbers from a seed, one after another.
pub(crate) struct Draw {
    state: u64,
}

impl Draw {
    /// A stream of its own for each seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: mix(seed) }
    }

    /// The next number below `n`; the bias of the remainder is below 2⁻³² for the sizes used here.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state) % n
    }
}

/// A power-law graph by preferential attachment: every newcomer ties to `m` ends of earlier edges
/// (Barabási and Albert, "Emergence of scaling in random networks", 1999). Few two-paths close.
pub(crate) fn power_law(n: u64, m: u64, seed: u64) -> Vec<(u64, u64)> {
    let mut draw = Draw::new(seed);
    let mut edges: Vec<(u64, u64)> = (1..=m).map(|i| (0, i)).collect();
    for newcomer in m + 1..n {
        let n_before = edges.len() as u64;
        for _ in 0..m {
            let end = draw.below(2 * n_before);
            let (a, b) = edges[usize::try_from(end / 2).expect("edges are in memory")];
            edges.push((if end.is_multiple_of(2) { a } else { b }, newcomer));
        }
    }
    simple(edges)
}

/// A school: years of students, dormitories across years, and a few who know everybody. About four ties in
/// five are within the year or the dormitory, as in the Facebook graphs of 2005, so many two-paths close.
pub(crate) fn school(n: u64, mean_degree: u64, seed: u64) -> Vec<(u64, u64)> {
    let mut draw = Draw::new(seed);
    let (n_years, n_dorms) = (5, 1 + n / 200);
    let n_edges = n * mean_degree / 2;
    let edges = (0..n_edges).map(|_| {
        // The smaller of two draws: small numbers have more ties, as outgoing people have.
        let a = draw.below(n).min(draw.below(n));
        let any = draw.below(n).min(draw.below(n));
        let b = match draw.below(10) {
            0..4 => any - any % n_years + a % n_years,
            4..8 => any - any % n_dorms + a % n_dorms,
            _ => any,
        };
        (a, b.min(n - 1))
    });
    simple(edges.collect())
}

/// Any two people may be tied, and a few people are to hundreds of thousands: hub `i` has about `largest / (i + 1)²` ties more.
#[allow(
    dead_code,
    reason = "not every bench that shares these graphs needs hubs"
)]
pub(crate) fn hubs(n: u64, n_edges: u64, largest: u64, seed: u64) -> Vec<(u64, u64)> {
    let mut draw = Draw::new(seed);
    let mut edges = Vec::with_capacity(usize::try_from(n_edges).expect("edges are in memory"));
    for hub in 0..n {
        let n_ties = largest / (hub + 1).pow(2);
        if n_ties == 0 {
            break;
        }
        if n_ties * 100 > n {
            edges.extend((0..n).filter(|_| draw.below(n) < n_ties).map(|v| (hub, v)));
        } else {
            edges.extend((0..n_ties).map(|_| (hub, draw.below(n))));
        }
    }
    while (edges.len() as u64) < n_edges {
        edges.push((draw.below(n), draw.below(n)));
    }
    simple(edges)
}

fn simple(mut edges: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    for edge in &mut edges {
        *edge = (edge.0.min(edge.1), edge.0.max(edge.1));
    }
    edges.retain(|(a, b)| a != b);
    edges.sort_unstable();
    edges.dedup();
    edges
}
