//! Ties that are set aside: nothing is found through them, and they count nowhere.

use rayon::prelude::*;
use serde::Serialize;

use super::{Csr, EdgeKinds, Graph};

/// Why a tie was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyAside {
    /// One of the two has a number that many strangers to each other saved.
    SensitiveNumber,
    /// One of the two shares the callers of their number with strangers only: a practice.
    Practice,
    /// Ties of its kind and age count nothing.
    NoWeight,
}

/// A tie that was set aside, as it stands in one of its two rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TieAside {
    /// Whose row it stands in.
    pub from: u32,
    /// The other.
    pub to: u32,
    /// What it consisted of.
    pub kinds: EdgeKinds,
    /// Why it counts no more.
    pub why: WhyAside,
}

impl<P> Graph<P> {
    /// The ties that were set aside, each in both rows, ascending by `(from, to)`.
    #[must_use]
    pub fn ties_aside(&self) -> &[TieAside] {
        &self.aside
    }

    /// Sets ties aside; `places` are places of entries, ascending, each tie by both. Says how many were, each counted once.
    ///
    /// A contact whose tie counts nothing is no mutual contact either; whoever has the number still has it.
    ///
    /// # Complexity
    /// O(ties); a second copy of them while it runs.
    pub(in crate::graph) fn set_aside(&mut self, places: &[usize], why: WhyAside) -> u64 {
        if places.is_empty() {
            return 0;
        }
        let entry = |(from, at): (u32, usize)| TieAside {
            from,
            to: self.ties.neighbours()[at],
            kinds: self.tie_kinds[at],
            why,
        };
        let aside: Vec<TieAside> = entries(&self.ties, places).map(entry).collect();
        let kept = others(places, self.ties.n_entries());
        self.ties = pick_rows(&self.ties, &kept);
        self.tie_kinds = pick(&self.tie_kinds, &kept);
        self.tie_times = pick(&self.tie_times, &kept);
        if why == WhyAside::NoWeight {
            for tie in &aside {
                self.forget_mutual(tie);
            }
        }
        self.aside.extend(aside);
        self.aside.sort_unstable();
        (places.len() / 2) as u64
    }

    /// Sets aside every tie that counts nothing by its kinds and since when it holds.
    ///
    /// # Complexity
    /// That of [`untie_contacts`](Self::untie_contacts).
    pub fn set_weightless_aside(&mut self, places: &[usize]) -> u64 {
        self.set_aside(places, WhyAside::NoWeight)
    }

    fn forget_mutual(&mut self, tie: &TieAside) {
        if let Some(at) = self.contacts.find(tie.from, tie.to) {
            self.contact_kinds[at] = self.contact_kinds[at].without(EdgeKinds::MUTUAL_CONTACT);
        }
    }
}

/// The rows of some entries, which are ascending.
fn entries<'a>(ties: &'a Csr, places: &'a [usize]) -> impl Iterator<Item = (u32, usize)> + 'a {
    // Places ascend, so `u` never goes back: every row before it ends at or before the place.
    let mut u = 0;
    places.iter().map(move |&at| {
        while ties.range(u).end <= at {
            u += 1;
        }
        (u, at)
    })
}

/// The places below `n` that are not among some, ascending.
fn others(places: &[usize], n: usize) -> Vec<usize> {
    let mut next = places.iter().copied().peekable();
    (0..n)
        .filter(|&at| next.next_if_eq(&at).is_none())
        .collect()
}

/// The places of both entries of every tie that `is_out` names by either.
pub(in crate::graph) fn both_places(
    ties: &Csr,
    is_out: impl Fn(u32, u32, usize) -> bool + Sync,
) -> Vec<usize> {
    let of = |u: u32| {
        let is_out = &is_out;
        ties.range(u).filter(move |&at| {
            let v = ties.neighbours()[at];
            is_out(u, v, at) || ties.find(v, u).is_some_and(|back| is_out(v, u, back))
        })
    };
    let rows = ties.nodes().into_par_iter().with_min_len(256);
    rows.flat_map_iter(of).collect()
}

/// The rows with the entries at some places, ascending.
fn pick_rows(csr: &Csr, places: &[usize]) -> Csr {
    let offset = |end: &u64| places.partition_point(|&at| (at as u64) < *end) as u64;
    let offsets = csr.offsets().par_iter().map(offset).collect();
    Csr::from_parts(offsets, pick(csr.neighbours(), places))
        .expect("rows of a graph without some entries are rows of a graph")
}

/// What is at some places.
fn pick<T: Copy + Send + Sync>(all: &[T], places: &[usize]) -> Vec<T> {
    places.par_iter().map(|&at| all[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::graph;
    use super::*;

    #[test]
    fn what_is_set_aside_is_in_no_row_and_is_remembered() {
        let mut graph = graph("a-b a=c b-c c-d");
        let out = both_places(graph.ties(), |u, v, _| (u, v) == (0, 2));
        assert_eq!(graph.set_aside(&out, WhyAside::Practice), 1);
        assert_eq!(graph.ties().row(0), [1]);
        assert_eq!(graph.ties().row(2), [1, 3]);
        assert_eq!(graph.tie_kinds().len(), graph.ties().n_entries());
        let ends: Vec<_> = graph.ties_aside().iter().map(|t| (t.from, t.to)).collect();
        assert_eq!(ends, [(0, 2), (2, 0)]);
        assert_eq!(graph.ties_aside()[0].kinds, EdgeKinds::MUTUAL_CONTACT);
        // They still saved each other's number.
        let kinds = graph.contact_kinds()[graph.contacts().find(0, 2).unwrap()];
        assert!(kinds.contains(EdgeKinds::MUTUAL_CONTACT));
    }

    #[test]
    fn a_tie_without_weight_is_no_mutual_contact() {
        let mut graph = graph("a=b a-c");
        let out = both_places(graph.ties(), |u, v, _| u < 2 && v < 2);
        assert_eq!(graph.set_weightless_aside(&out), 1);
        for (u, v) in [(0, 1), (1, 0)] {
            let kinds = graph.contact_kinds()[graph.contacts().find(u, v).unwrap()];
            assert_eq!(kinds, EdgeKinds::CONTACT);
        }
        assert_eq!(graph.set_weightless_aside(&[]), 0);
        assert_eq!(graph.ties_aside().len(), 2);
    }
}
