//! The part of a graph that the kernels read.

use crate::consent::FriendSuggestions;
use crate::graph::{Csr, EdgeKinds, Graph};

/// Borrowed adjacency arrays: ties both ways, and each person's own uploads.
///
/// Outside this crate there is no way to make one but from a permitted graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// Friends and mutual contacts.
    pub(crate) ties: &'a Csr,
    /// Parallel to the entries of `ties`.
    pub(crate) tie_kinds: &'a [EdgeKinds],
    /// Row `u`: whose numbers `u` saved.
    pub(crate) contacts: &'a Csr,
}

impl<'a> View<'a> {
    pub(crate) fn of(graph: &'a Graph<FriendSuggestions>) -> Self {
        Self {
            ties: graph.ties(),
            tie_kinds: graph.tie_kinds(),
            contacts: graph.contacts(),
        }
    }

    /// What ties `u` to `v`; nothing, if they are not tied.
    pub(crate) fn tie(self, u: u32, v: u32) -> EdgeKinds {
        let found = self.ties.row(u).binary_search(&v);
        found.map_or(EdgeKinds::default(), |at| {
            self.tie_kinds[self.ties.range(u)][at]
        })
    }

    /// The ties of `u` and what each consists of.
    pub(crate) fn ties_of(self, u: u32) -> impl Iterator<Item = (u32, EdgeKinds)> + 'a {
        let kinds = &self.tie_kinds[self.ties.range(u)];
        self.ties.row(u).iter().copied().zip(kinds.iter().copied())
    }
}

/// Adjacency arrays from plain pairs, for evaluation and tests, where no consent is asked: the data are
/// public, and nothing leaves.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    ties: Csr,
    tie_kinds: Vec<EdgeKinds>,
    contacts: Csr,
}

fn without_loops(pairs: &[(u32, u32)]) -> Vec<(u32, u32)> {
    pairs.iter().copied().filter(|(a, b)| a != b).collect()
}

/// Why adjacency can be made of them.
const SIMPLE: &str = "edge lists number their nodes and have no loops";

impl Plain {
    /// Ties are the friendships and the contacts that both saved.
    pub(crate) fn new(n_nodes: usize, friends: &[(u32, u32)], contacts: &[(u32, u32)]) -> Self {
        let contacts = Csr::from_pairs(n_nodes, without_loops(contacts)).expect(SIMPLE);
        let friends = Csr::from_undirected(n_nodes, without_loops(friends)).expect(SIMPLE);
        let ties = Csr::from_undirected(n_nodes, tied(&friends, &contacts)).expect(SIMPLE);
        let tie_kinds = (0..)
            .zip(0..n_nodes)
            .flat_map(|(u, _)| ties.row(u).iter().map(move |&v| (u, v)))
            .map(|(u, v)| kinds(&friends, &contacts, u, v))
            .collect();
        Self {
            ties,
            tie_kinds,
            contacts,
        }
    }

    pub(crate) fn view(&self) -> View<'_> {
        View {
            ties: &self.ties,
            tie_kinds: &self.tie_kinds,
            contacts: &self.contacts,
        }
    }
}

fn holds(csr: &Csr, u: u32, v: u32) -> bool {
    csr.row(u).binary_search(&v).is_ok()
}

fn entries(csr: &Csr) -> impl Iterator<Item = (u32, u32)> {
    (0..)
        .zip(0..csr.n_nodes())
        .flat_map(|(u, _)| csr.row(u).iter().map(move |&v| (u, v)))
}

fn tied(friends: &Csr, contacts: &Csr) -> Vec<(u32, u32)> {
    let mutual = entries(contacts).filter(|&(u, v)| holds(contacts, v, u));
    entries(friends).chain(mutual).collect()
}

fn kinds(friends: &Csr, contacts: &Csr, u: u32, v: u32) -> EdgeKinds {
    let (saved, saved_back) = (holds(contacts, u, v), holds(contacts, v, u));
    [
        (holds(friends, u, v), EdgeKinds::FRIENDSHIP),
        (saved, EdgeKinds::CONTACT),
        (saved && saved_back, EdgeKinds::MUTUAL_CONTACT),
    ]
    .into_iter()
    .filter(|&(holds, _)| holds)
    .fold(EdgeKinds::default(), |all, (_, kind)| all.union(kind))
}
