//! A graph with some of its friendships hidden.

use super::super::view::View;
use crate::graph::{Csr, EdgeKinds};
use crate::hash::mix;
use crate::time::Timestamp;

/// What is left of a graph, and what was hidden.
#[derive(Clone, Debug)]
pub(crate) struct Hidden<'a> {
    ties: Csr,
    tie_kinds: Vec<EdgeKinds>,
    /// The whole graph, whose saved numbers are all known.
    whole: View<'a>,
    /// Since when each of the ties that are left holds; empty if it is not known.
    times: Vec<Timestamp>,
    /// The pairs whose friendship was hidden, both ways.
    withheld: Csr,
}

/// Why adjacency can be made of parts of another.
const PART: &str = "a part of an adjacency is one";

impl<'a> Hidden<'a> {
    /// Hides the friendships that `is_hidden` names by both nodes, the smaller first, and the time of the tie.
    ///
    /// Who also saved each other's numbers stays tied by that.
    ///
    /// # Complexity
    /// O(ties) time and space.
    pub(crate) fn of(
        view: View<'a>,
        times: &[Timestamp],
        is_hidden: &dyn Fn(u32, u32, Option<Timestamp>) -> bool,
    ) -> Self {
        let mut left = Part::default();
        let mut hidden = Part::default();
        let (mut tie_kinds, mut left_times) = (Vec::new(), Vec::new());
        for u in view.ties.nodes() {
            for at in view.ties.range(u) {
                let (v, mut kinds) = (view.ties.neighbours()[at], view.tie_kinds[at]);
                let time = times.get(at).copied();
                if kinds.contains(EdgeKinds::FRIENDSHIP) && is_hidden(u.min(v), u.max(v), time) {
                    hidden.neighbours.push(v);
                    kinds = kinds.without(EdgeKinds::FRIENDSHIP);
                    if !kinds.contains(EdgeKinds::MUTUAL_CONTACT) {
                        continue;
                    }
                }
                left.neighbours.push(v);
                tie_kinds.push(kinds);
                left_times.extend(time);
            }
            left.end_row();
            hidden.end_row();
        }
        Self {
            ties: left.csr(),
            tie_kinds,
            whole: view,
            times: left_times,
            withheld: hidden.csr(),
        }
    }

    pub(crate) fn view(&self) -> View<'_> {
        View {
            ties: &self.ties,
            tie_kinds: &self.tie_kinds,
            ..self.whole
        }
    }

    pub(crate) fn times(&self) -> &[Timestamp] {
        &self.times
    }

    pub(crate) const fn hidden(&self) -> &Csr {
        &self.withheld
    }
}

struct Part {
    offsets: Vec<u64>,
    neighbours: Vec<u32>,
}

impl Default for Part {
    fn default() -> Self {
        Self {
            offsets: vec![0],
            neighbours: Vec::new(),
        }
    }
}

impl Part {
    fn end_row(&mut self) {
        self.offsets.push(self.neighbours.len() as u64);
    }

    fn csr(self) -> Csr {
        Csr::from_parts(self.offsets, self.neighbours).expect(PART)
    }
}

/// Is the friendship of two people, the smaller id first, hidden in this round?
pub(super) fn by_hash(lo: u64, hi: u64, one_in: u64, round: u64) -> bool {
    mix(mix(mix(round) ^ lo) ^ hi).is_multiple_of(one_in)
}

/// The time from which ties are hidden so that about one friendship in `one_in` is, the newest; none, if times are not
/// known.
pub(super) fn newest(view: View<'_>, times: &[Timestamp], one_in: u64) -> Option<Timestamp> {
    let friendships = view.tie_kinds.iter().zip(times);
    let mut times: Vec<Timestamp> = friendships
        .filter(|(kinds, _)| kinds.contains(EdgeKinds::FRIENDSHIP))
        .map(|(_, &at)| at)
        .collect();
    let n_hidden = usize::try_from(times.len() as u64 / one_in).expect("fewer than there are");
    let first = times.len().checked_sub(n_hidden.max(1))?;
    Some(*times.select_nth_unstable(first).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest::Plain;

    #[test]
    fn deny_a_friendship_that_is_hidden_in_both_rows() {
        let plain = Plain::new(4, &[(0, 1), (1, 2), (2, 3)], &[(1, 2), (2, 1), (0, 3)]);
        let times: Vec<Timestamp> = (0..6).map(Timestamp::from_micros).collect();
        let hidden = Hidden::of(plain.view(), &times, &|u, v, _| (u, v) != (2, 3));
        assert_eq!(hidden.hidden().row(1), [0, 2]);
        let view = hidden.view();
        // 1 and 2 saved each other's number; 0 and 1 did not.
        assert_eq!(view.ties.row(1), [2]);
        assert!(!view.tie(1, 2).contains(EdgeKinds::FRIENDSHIP));
        assert!(view.tie(2, 1).contains(EdgeKinds::MUTUAL_CONTACT));
        assert!(view.tie(3, 2).contains(EdgeKinds::FRIENDSHIP));
        assert_eq!(hidden.times().len(), view.ties.n_entries());
        assert_eq!(view.contacts.row(0), [3]);
    }

    #[test]
    fn the_newest_are_hidden() {
        let friends: Vec<(u32, u32)> = (0..10).map(|i| (i, i + 1)).collect();
        let plain = Plain::new(11, &friends, &[]);
        let view = plain.view();
        let time = |u: u32, v: u32| Timestamp::from_micros(i64::from(u.min(v)));
        let times: Vec<Timestamp> = (view.ties.nodes())
            .flat_map(|u| view.ties.row(u).iter().map(move |&v| time(u, v)))
            .collect();
        assert_eq!(newest(view, &times, 5), Some(Timestamp::from_micros(8)));
        assert_eq!(newest(view, &[], 5), None);
    }
}
