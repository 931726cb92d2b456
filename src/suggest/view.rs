//! The part of a graph that the kernels read.

use super::params::{Direct, ValidSuggestParams};
use super::reasons::Tier;
use crate::consent::FriendSuggestions;
use crate::graph::{Beside, Csr, EdgeKinds, Graph, People, TieAside, WhyAside, practice_ties};

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
    /// Parallel to the entries of `contacts`; who is a friend is not asked here.
    pub(crate) contact_kinds: &'a [EdgeKinds],
    /// Ties that count nowhere, both ways, ascending. Friends are friends all the same.
    pub(crate) aside: &'a [TieAside],
    /// Whom a saved number suggests by itself.
    pub(crate) direct: Direct,
    /// What people share besides ties.
    pub(crate) beside: &'a Beside,
}

impl<'a> View<'a> {
    pub(crate) fn of(graph: &'a Graph<FriendSuggestions>) -> Self {
        Self {
            ties: graph.ties(),
            tie_kinds: graph.tie_kinds(),
            contacts: graph.contacts(),
            contact_kinds: graph.contact_kinds(),
            aside: graph.ties_aside(),
            direct: Direct::default(),
            beside: graph.beside(),
        }
    }

    pub(crate) const fn with_direct(mut self, direct: Direct) -> Self {
        self.direct = direct;
        self
    }

    /// The ties of `u` that were set aside, ascending.
    pub(crate) fn aside_of(self, u: u32) -> &'a [TieAside] {
        let start = self.aside.partition_point(|tie| tie.from < u);
        let rest = &self.aside[start..];
        &rest[..rest.partition_point(|tie| tie.from == u)]
    }

    /// Why the tie of `u` and `v` was set aside, if it was.
    pub(crate) fn why_aside(self, u: u32, v: u32) -> Option<WhyAside> {
        let own = self.aside_of(u);
        let found = own.binary_search_by_key(&v, |tie| tie.to);
        found.ok().map(|at| own[at].why)
    }

    /// The friends of `u` whose friendship counts nothing else, ascending.
    pub(crate) fn friends_aside(self, u: u32) -> impl Iterator<Item = u32> + Clone + 'a {
        let friends = |tie: &&TieAside| tie.kinds.contains(EdgeKinds::FRIENDSHIP);
        self.aside_of(u).iter().filter(friends).map(|tie| tie.to)
    }

    /// Are they friends on the network?
    pub(crate) fn are_friends(self, u: u32, v: u32) -> bool {
        let is_aside = || self.friends_aside(u).any(|friend| friend == v);
        self.tie(u, v).contains(EdgeKinds::FRIENDSHIP) || is_aside()
    }

    /// Those whose number `u` saved, and what the two saved of each other.
    pub(crate) fn contacts_of(self, u: u32) -> impl Iterator<Item = (u32, EdgeKinds)> + 'a {
        let kinds = &self.contact_kinds[self.contacts.range(u)];
        let row = self.contacts.row(u).iter().copied();
        row.zip(kinds.iter().copied())
    }

    /// What `u` and `v` saved of each other; none if `u` did not save the number of `v`.
    pub(crate) fn saved(self, u: u32, v: u32) -> Option<EdgeKinds> {
        let at = self.contacts.find(u, v)?;
        Some(self.contact_kinds[at])
    }

    /// As what somebody whose number was saved is suggested, whoever else they have in common; none if for that alone they are
    /// not.
    pub(crate) fn direct(self, saved: EdgeKinds) -> Option<Tier> {
        let is_mutual = saved.contains(EdgeKinds::MUTUAL_CONTACT);
        match self.direct {
            Direct::Off => None,
            _ if is_mutual => Some(Tier::MutualContact),
            Direct::Own => Some(Tier::OwnUpload),
            Direct::Mutual => None,
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
    contact_kinds: Vec<EdgeKinds>,
    beside: Beside,
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
        let kinds = |(u, v)| kinds(&friends, &contacts, u, v);
        Self {
            tie_kinds: entries(&ties).map(kinds).collect(),
            contact_kinds: entries(&contacts).map(kinds).collect(),
            ties,
            contacts,
            beside: Beside::default(),
        }
    }

    /// With what people share besides ties.
    pub(crate) fn with_beside(self, beside: Beside) -> Self {
        Self { beside, ..self }
    }

    /// Without the ties of practices, as a run leaves them out.
    pub(crate) fn without_practices(mut self, params: &ValidSuggestParams) -> Self {
        let people = People {
            ties: &self.ties,
            kinds: &self.tie_kinds,
            contacts: &self.contacts,
        };
        let out = practice_ties(people, params.practice_from());
        let is_out = |at: &usize| out.binary_search(at).is_ok();
        let kept: Vec<(usize, (u32, u32))> = entries(&self.ties)
            .enumerate()
            .filter(|(at, _)| !is_out(at))
            .collect();
        self.tie_kinds = kept.iter().map(|&(at, _)| self.tie_kinds[at]).collect();
        let pairs = kept.into_iter().map(|(_, pair)| pair).collect();
        self.ties = Csr::from_pairs(self.ties.n_nodes(), pairs).expect(SIMPLE);
        self
    }

    pub(crate) fn view(&self) -> View<'_> {
        View {
            ties: &self.ties,
            tie_kinds: &self.tie_kinds,
            contacts: &self.contacts,
            contact_kinds: &self.contact_kinds,
            aside: &[],
            direct: Direct::default(),
            beside: &self.beside,
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
