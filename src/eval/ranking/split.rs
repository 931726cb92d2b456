//! Which friendships are hidden.

use serde::Serialize;

use crate::eval::edges::EdgeRow;
use crate::eval::friends::mix;

/// Which friendships are hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitBy {
    /// One in ten by a hash of both ids and the seed; seed 0 is the split of [`evaluate_edges`](crate::eval::evaluate_edges).
    #[default]
    Random,
    /// The newest tenth, once: seeds do not matter.
    Time,
}

/// A friendship: the smaller id, the greater one, and when it was first seen, in the file's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimedEdge {
    /// The smaller id.
    pub lo: u64,
    /// The greater id.
    pub hi: u64,
    /// When it was first seen; unknown times are before all others.
    pub at: Option<i64>,
}

impl TimedEdge {
    pub(super) const fn pair(&self) -> (u64, u64) {
        (self.lo, self.hi)
    }
}

/// Every friendship of a log once, the smaller id first, with its first time; nobody is their own friend.
///
/// # Complexity
/// O(n log n) for n rows.
#[must_use]
pub fn simple_edges(rows: &[EdgeRow]) -> Vec<TimedEdge> {
    let edge = |row: &EdgeRow| TimedEdge {
        lo: row.src.min(row.dst),
        hi: row.src.max(row.dst),
        at: row.timestamp,
    };
    let mut edges: Vec<TimedEdge> = rows.iter().map(edge).filter(|e| e.lo != e.hi).collect();
    edges.sort_unstable();
    edges.dedup_by_key(|edge| edge.pair());
    edges
}

/// One friendship in so many is hidden.
pub(super) const ONE_IN: u64 = 10;

/// What is hidden and what is known.
pub(super) struct Split {
    pub(super) hidden: Vec<(u64, u64)>,
    pub(super) known: Vec<TimedEdge>,
}

impl Split {
    pub(super) fn of(edges: &[TimedEdge], by: SplitBy, seed: u64) -> Self {
        let first_hidden = newest(edges);
        let is_hidden = |edge: &&TimedEdge| match by {
            SplitBy::Random => is_hidden(edge, seed),
            SplitBy::Time => Some((edge.at, edge.pair())) >= first_hidden,
        };
        let (hidden, known): (Vec<TimedEdge>, Vec<TimedEdge>) = edges.iter().partition(is_hidden);
        Self {
            hidden: hidden.iter().map(TimedEdge::pair).collect(),
            known,
        }
    }
}

fn is_hidden(edge: &TimedEdge, seed: u64) -> bool {
    let key = (edge.lo << 32).wrapping_add(edge.hi);
    mix(key ^ seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)).is_multiple_of(ONE_IN)
}

type Place = (Option<i64>, (u64, u64));

/// The first of the newest tenth; nothing if there is no edge.
fn newest(edges: &[TimedEdge]) -> Option<Place> {
    let mut places: Vec<Place> = edges.iter().map(|edge| (edge.at, edge.pair())).collect();
    let n_hidden = usize::try_from(places.len() as u64 / ONE_IN).expect("fewer than there are");
    let first = places.len().checked_sub(n_hidden.max(1))?;
    Some(*places.select_nth_unstable(first).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::is_held_out;

    #[test]
    fn a_log_becomes_a_simple_graph() {
        let row = |(src, dst, at)| EdgeRow {
            src,
            dst,
            timestamp: Some(at),
        };
        let found = simple_edges(&[(2, 1, 9), (1, 2, 5), (3, 3, 1), (1, 3, 7)].map(row));
        let edge = |lo, hi, at| TimedEdge {
            lo,
            hi,
            at: Some(at),
        };
        assert_eq!(found, [edge(1, 2, 5), edge(1, 3, 7)]);
    }

    #[test]
    fn seed_0_is_the_published_split() {
        for (lo, hi) in (0..2000).map(|i| (i % 37, 40 + i / 3)) {
            let edge = TimedEdge { lo, hi, at: None };
            assert_eq!(is_hidden(&edge, 0), is_held_out(lo, hi, ONE_IN));
        }
    }

    #[test]
    fn the_newest_tenth_is_hidden() {
        let edge = |i: u64| TimedEdge {
            lo: i,
            hi: i + 1,
            at: i64::try_from(i * 7 % 50).ok(),
        };
        let edges: Vec<TimedEdge> = (0..50).map(edge).collect();
        let split = Split::of(&edges, SplitBy::Time, 9);
        let newest = split.known.iter().map(|e| e.at).max().unwrap();
        assert_eq!((split.hidden.len(), split.known.len()), (5, 45));
        let hidden = |e: &&TimedEdge| split.hidden.contains(&e.pair());
        assert!(edges.iter().filter(hidden).all(|e| e.at > newest));
        assert!(Split::of(&[], SplitBy::Time, 0).hidden.is_empty());
    }
}
