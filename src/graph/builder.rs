//! The builder: permitted people and permitted edges in, packed adjacency lists out.
//!
//! It takes nothing that has not passed the gate for its purpose, and an edge only between people who have.
//! People are numbered by ascending id and rows are made by sorting, so the graph depends neither on the
//! order in which edges come nor on the number of threads.
//!
//! # What becomes of edges
//! - A *contact* u → v stands in `contacts`, directed. If v → u is there too, both are mutual.
//! - A *tie* u – v stands in `ties`, undirected, if the two are friends or mutual contacts.
//! - Of several edges that say the same, the earliest counts. A mutual contact holds since the later of its two contacts, and
//!   a tie that is both holds since the later of its friendship and its mutual contact.

use std::marker::PhantomData;

use rayon::prelude::*;

use super::csr::check_n_nodes;
use super::index::NodeIndex;
use super::{Csr, Edge, EdgeKind, EdgeKinds, Graph, GraphError};
use crate::consent::{For, Permitted};
use crate::ids::UserId;
use crate::time::Timestamp;

/// An edge between nodes: 16 bytes instead of 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    from: u32,
    to: u32,
    at: Timestamp,
}

impl Row {
    const fn pair(&self) -> (u32, u32) {
        (self.from, self.to)
    }

    const fn reversed(self) -> Self {
        Self {
            from: self.to,
            to: self.from,
            at: self.at,
        }
    }
}

/// What went into a graph. Every edge is counted under exactly one of the last five.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct GraphCounts {
    /// People.
    pub nodes: u64,
    /// People named more than once, each further time.
    pub duplicate_nodes: u64,
    /// Edges given.
    pub edges: u64,
    /// Edges from somebody to themselves, dropped.
    pub self_edges: u64,
    /// Edges to or from somebody who is no node, dropped.
    pub unknown_endpoints: u64,
    /// Edges that say what an earlier or equally early one says, folded into it.
    pub duplicates: u64,
    /// Contacts kept, each direction on its own.
    pub contacts: u64,
    /// Friendships kept.
    pub friendships: u64,
}

/// A graph, and what went into it.
#[derive(Clone, Debug)]
pub struct Built<P> {
    /// The graph.
    pub graph: Graph<P>,
    /// What went into it, and what did not.
    pub counts: GraphCounts,
}

/// Collects edges between permitted people and packs them into a [`Graph`].
#[derive(Debug)]
pub struct GraphBuilder<P> {
    users: Vec<UserId>,
    index: NodeIndex,
    contacts: Vec<Row>,
    friendships: Vec<Row>,
    counts: GraphCounts,
    purpose: PhantomData<P>,
}

impl<P: For> GraphBuilder<P> {
    /// A builder for these people.
    ///
    /// # Errors
    /// If there are more than 2³² − 2 of them.
    ///
    /// # Complexity
    /// O(n log n) in parallel; about 10 bytes a person.
    pub fn new(people: impl IntoIterator<Item = Permitted<UserId, P>>) -> Result<Self, GraphError> {
        let mut users: Vec<UserId> = people.into_iter().map(Permitted::into_inner).collect();
        let n_given = users.len();
        users.par_sort_unstable();
        users.dedup();
        check_n_nodes(users.len())?;
        let counts = GraphCounts {
            nodes: users.len() as u64,
            duplicate_nodes: (n_given - users.len()) as u64,
            ..GraphCounts::default()
        };
        Ok(Self {
            index: NodeIndex::of(&users),
            users,
            contacts: Vec::new(),
            friendships: Vec::new(),
            counts,
            purpose: PhantomData,
        })
    }

    /// Adds edges, in any order and in as many calls as suit the caller's memory.
    ///
    /// # Complexity
    /// Two searches among n people an edge, in parallel; 16 bytes an edge kept.
    pub fn add_edges(&mut self, edges: &[Permitted<Edge, P>]) {
        let placed: Vec<Placed> = edges
            .par_iter()
            .map(|edge| place(&self.users, &self.index, edge.get()))
            .collect();
        self.counts.edges += placed.len() as u64;
        for place in placed {
            match place {
                Placed::Contact(row) => self.contacts.push(row),
                Placed::Friendship(row) => self.friendships.push(row),
                Placed::SelfEdge => self.counts.self_edges += 1,
                Placed::UnknownEndpoint => self.counts.unknown_endpoints += 1,
            }
        }
    }

    /// Packs what was added.
    ///
    /// # Complexity
    /// O(m log m) in parallel; at its peak about 64 bytes a contact or friendship.
    #[must_use]
    pub fn build(mut self) -> Built<P> {
        let n_nodes = self.users.len();
        self.counts.duplicates = fold(&mut self.contacts) + fold(&mut self.friendships);
        self.counts.contacts = self.contacts.len() as u64;
        self.counts.friendships = self.friendships.len() as u64;
        let contacts = Layer::pack(n_nodes, &self.contacts);
        drop(self.contacts);
        let friends = Layer::pack(n_nodes, &both_ways(self.friendships));
        let ties = tie_rows(&contacts, &friends);
        let graph = Graph {
            users: self.users,
            contact_kinds: contact_kinds(&contacts, &friends),
            contacts: contacts.csr,
            contact_times: contacts.times,
            ties: Csr::from_sorted(n_nodes, &ties, |tie| tie.row.pair()),
            tie_kinds: ties.par_iter().map(|tie| tie.kinds).collect(),
            tie_times: ties.par_iter().map(|tie| tie.row.at).collect(),
            aside: Vec::new(),
            beside: super::Beside::default(),
            purpose: PhantomData,
        };
        Built {
            graph,
            counts: self.counts,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Placed {
    Contact(Row),
    Friendship(Row),
    SelfEdge,
    UnknownEndpoint,
}

fn place(users: &[UserId], index: &NodeIndex, edge: &Edge) -> Placed {
    if edge.from == edge.to {
        return Placed::SelfEdge;
    }
    let (Some(from), Some(to)) = (index.node(users, edge.from), index.node(users, edge.to)) else {
        return Placed::UnknownEndpoint;
    };
    let row = Row {
        from,
        to,
        at: edge.at,
    };
    match edge.kind {
        EdgeKind::Contact => Placed::Contact(row),
        EdgeKind::Friendship if from < to => Placed::Friendship(row),
        EdgeKind::Friendship => Placed::Friendship(row.reversed()),
    }
}

/// Sorts rows and keeps the earliest of each pair; says how many went.
fn fold(rows: &mut Vec<Row>) -> u64 {
    let n_before = rows.len();
    rows.par_sort_unstable();
    rows.dedup_by_key(|row| row.pair());
    (n_before - rows.len()) as u64
}

/// Friendships in both rows, ascending.
fn both_ways(mut rows: Vec<Row>) -> Vec<Row> {
    let n_rows = rows.len();
    rows.reserve_exact(n_rows);
    for row_idx in 0..n_rows {
        rows.push(rows[row_idx].reversed());
    }
    rows.par_sort_unstable();
    rows
}

/// Adjacency lists with a time for each entry.
#[derive(Debug)]
struct Layer {
    csr: Csr,
    times: Vec<Timestamp>,
}

impl Layer {
    fn pack(n_nodes: usize, rows: &[Row]) -> Self {
        Self {
            csr: Csr::from_sorted(n_nodes, rows, Row::pair),
            times: rows.par_iter().map(|row| row.at).collect(),
        }
    }

    fn row(&self, node: u32) -> impl Iterator<Item = (u32, Timestamp)> {
        let range = self.csr.range(node);
        self.csr
            .row(node)
            .iter()
            .copied()
            .zip(self.times[range].iter().copied())
    }

    fn time(&self, u: u32, v: u32) -> Option<Timestamp> {
        Some(self.times[self.csr.find(u, v)?])
    }
}

#[derive(Clone, Copy, Debug)]
struct Tie {
    row: Row,
    kinds: EdgeKinds,
}

/// All ties in ascending order of their pairs, each row gathered by one task.
fn tie_rows(contacts: &Layer, friends: &Layer) -> Vec<Tie> {
    contacts
        .csr
        .nodes()
        .into_par_iter()
        .with_min_len(256)
        .flat_map_iter(|node| ties_of(node, contacts, friends))
        .collect()
}

/// One row: the merge of a node's friends and its mutual contacts, both ascending.
fn ties_of(node: u32, contacts: &Layer, friends: &Layer) -> Vec<Tie> {
    let mut ties: Vec<Tie> = friends
        .row(node)
        .map(|(friend, at)| tie(node, friend, at, EdgeKinds::FRIENDSHIP))
        .collect();
    ties.extend(contacts.row(node).filter_map(|(other, at)| {
        let back = contacts.time(other, node)?;
        Some(tie(node, other, at.max(back), EdgeKinds::MUTUAL_CONTACT))
    }));
    ties.sort_unstable_by_key(|tie| tie.row.to);
    ties.dedup_by(|second, first| absorb(first, second));
    ties
}

const fn tie(from: u32, to: u32, at: Timestamp, kinds: EdgeKinds) -> Tie {
    Tie {
        row: Row { from, to, at },
        kinds,
    }
}

/// Takes a tie to the same neighbour into another, if it is one.
fn absorb(into: &mut Tie, other: &Tie) -> bool {
    let same = into.row.to == other.row.to;
    if same {
        into.row.at = into.row.at.max(other.row.at);
        into.kinds = into.kinds.union(other.kinds);
    }
    same
}

fn contact_kinds(contacts: &Layer, friends: &Layer) -> Vec<EdgeKinds> {
    contacts
        .csr
        .nodes()
        .into_par_iter()
        .with_min_len(256)
        .flat_map_iter(|node| {
            contacts
                .csr
                .row(node)
                .iter()
                .map(move |&other| kinds(node, other, contacts, friends))
        })
        .collect()
}

fn kinds(node: u32, other: u32, contacts: &Layer, friends: &Layer) -> EdgeKinds {
    let mut kinds = EdgeKinds::CONTACT;
    if contacts.csr.find(other, node).is_some() {
        kinds = kinds.union(EdgeKinds::MUTUAL_CONTACT);
    }
    if friends.csr.find(node, other).is_some() {
        kinds = kinds.union(EdgeKinds::FRIENDSHIP);
    }
    kinds
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::super::testing::{built, edges, graph, user};
    use super::*;
    use crate::consent::FriendSuggestions;
    use crate::consent::testing::gate_of;

    /// Neighbour → (kinds, seconds), by user.
    type Naive = BTreeMap<(UserId, UserId), (u8, i64)>;

    fn secs(at: Timestamp) -> i64 {
        at.micros() / 1_000_000
    }

    fn entries(
        graph: &Graph<FriendSuggestions>,
        csr: &Csr,
        kinds: &[EdgeKinds],
        times: &[Timestamp],
    ) -> Naive {
        assert!(kinds.len() == csr.n_entries() && times.len() == csr.n_entries());
        let name = |node: u32| graph.users()[node as usize];
        let row = |u: u32| {
            csr.range(u).map(move |i| {
                (
                    (name(u), name(csr.neighbours()[i])),
                    (kinds[i].bits(), secs(times[i])),
                )
            })
        };
        csr.nodes().flat_map(row).collect()
    }

    fn ties(graph: &Graph<FriendSuggestions>) -> Naive {
        entries(graph, graph.ties(), graph.tie_kinds(), graph.tie_times())
    }

    fn contacts(graph: &Graph<FriendSuggestions>) -> Naive {
        entries(
            graph,
            graph.contacts(),
            graph.contact_kinds(),
            graph.contact_times(),
        )
    }

    /// Earliest time of every directed contact and of every friendship, smaller id first.
    fn naive_earliest(edges: &[Edge], kind: EdgeKind) -> BTreeMap<(UserId, UserId), i64> {
        let mut earliest = BTreeMap::new();
        for edge in edges
            .iter()
            .filter(|edge| edge.kind == kind && edge.from != edge.to)
        {
            let pair = match kind {
                EdgeKind::Contact => (edge.from, edge.to),
                EdgeKind::Friendship => (edge.from.min(edge.to), edge.from.max(edge.to)),
            };
            let at = earliest.entry(pair).or_insert(i64::MAX);
            *at = secs(edge.at).min(*at);
        }
        earliest
    }

    /// Contacts and ties, pair by pair, from the definitions.
    fn naive(edges: &[Edge]) -> (Naive, Naive) {
        let saved = naive_earliest(edges, EdgeKind::Contact);
        let friends = naive_earliest(edges, EdgeKind::Friendship);
        let friends_since = |u: UserId, v: UserId| friends.get(&(u.min(v), u.max(v))).copied();
        let mut contacts = Naive::new();
        let mut ties = Naive::new();
        for (&(u, v), &at) in &saved {
            let back = saved.get(&(v, u)).copied();
            let since = friends_since(u, v);
            let bits = 1 | if back.is_some() { 2 } else { 0 } | if since.is_some() { 4 } else { 0 };
            contacts.insert((u, v), (bits, at));
            if let Some(back) = back {
                ties.insert((u, v), (2, at.max(back)));
            }
        }
        for (&(a, b), &since) in &friends {
            for pair in [(a, b), (b, a)] {
                let tie = ties.entry(pair).or_insert((0, i64::MIN));
                *tie = (tie.0 | 4, tie.1.max(since));
            }
        }
        (contacts, ties)
    }

    fn check_against_naive(line: &str) {
        let graph = graph(line);
        let (naive_contacts, naive_ties) = naive(&edges(line));
        assert_eq!(contacts(&graph), naive_contacts, "{line}");
        assert_eq!(ties(&graph), naive_ties, "{line}");
    }

    #[test]
    fn oracle_small_graphs() {
        for line in [
            "",
            "a",
            "a-b b-c c>d",
            "a=b@3 b>a@9 a>b@1",
            "a-b@5 a=b@7 b-a@2",
            "a>a a-a b=b",
            "a>b@4 b>a@6 a-b@5 z 900-17",
        ] {
            check_against_naive(line);
        }
    }

    #[test]
    fn a_tie_holds_since_the_later_of_its_parts() {
        let graph = graph("a>b@4 b>a@6 b-c@3 a-b@5");
        let ab = (user("a"), user("b"));
        assert_eq!(ties(&graph)[&ab], (2 | 4, 6));
        assert_eq!(contacts(&graph)[&ab], (1 | 2 | 4, 4));
    }

    #[test]
    fn every_edge_is_counted_once() {
        let counts = built::<FriendSuggestions>("a-b b-a@2 a>b a>b@1 b>a a>a c-c d").counts;
        assert_eq!(counts.nodes, 4);
        assert_eq!((counts.self_edges, counts.duplicates), (2, 2));
        assert_eq!((counts.contacts, counts.friendships), (2, 1));
        let kept = counts.contacts + counts.friendships;
        let dropped = counts.self_edges + counts.unknown_endpoints + counts.duplicates;
        assert_eq!(counts.edges, kept + dropped);
    }

    #[test]
    fn deny_edges_to_people_who_are_no_nodes() {
        let gate = gate_of::<FriendSuggestions, UserId>([UserId(1), UserId(2), UserId(3)]);
        let people = [1, 2].map(|id| gate.permit(UserId(id)).unwrap());
        let mut builder = GraphBuilder::new(people).unwrap();
        let permitted: Vec<_> = edges("a-c c>b a-b")
            .into_iter()
            .map(|edge| gate.permit(edge).unwrap())
            .collect();
        builder.add_edges(&permitted);
        let built = builder.build();
        assert_eq!(
            (built.counts.unknown_endpoints, built.counts.friendships),
            (2, 1)
        );
        assert_eq!(built.graph.users(), [UserId(1), UserId(2)]);
    }

    fn random_line() -> impl Strategy<Value = String> {
        let token = (0_u64..12, 0_usize..3, 0_u64..12, 0_i64..5)
            .prop_map(|(a, kind, b, at)| format!("{a}{}{b}@{at}", ["-", "=", ">"][kind]));
        proptest::collection::vec(token, 0..60).prop_map(|tokens| tokens.join(" "))
    }

    proptest! {
        #[test]
        fn prop_oracle_random_edges(line in random_line()) {
            let graph = graph(&line);
            let (naive_contacts, naive_ties) = naive(&edges(&line));
            prop_assert_eq!(contacts(&graph), naive_contacts);
            prop_assert_eq!(ties(&graph), naive_ties);
        }

        #[test]
        fn prop_same_for_any_threads_and_order(line in random_line()) {
            let backwards: Vec<_> = line.split(' ').rev().collect();
            let in_pool = |n_threads, line: &str| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
                pool.install(|| graph(line))
            };
            let (one, three) = (in_pool(1, &line), in_pool(3, &backwards.join(" ")));
            prop_assert_eq!(one.users(), three.users());
            prop_assert_eq!(contacts(&one), contacts(&three));
            prop_assert_eq!(ties(&one), ties(&three));
        }

        #[test]
        fn prop_packed_rows_are_valid(line in random_line()) {
            let graph = graph(&line);
            for csr in [graph.ties(), graph.contacts()] {
                let again = Csr::from_parts(csr.offsets().to_vec(), csr.neighbours().to_vec());
                prop_assert_eq!(again.as_ref(), Ok(csr));
            }
            let users: BTreeSet<_> = graph.users().iter().collect();
            prop_assert_eq!(users.len(), graph.n_users());
        }
    }

    #[test]
    fn same_for_a_graph_of_many_chunks() {
        let gate = gate_of::<FriendSuggestions, UserId>((0..3_000).map(|id| UserId(id * 7)));
        let edge = |i: u64| Edge {
            from: UserId(scatter(i) % 3_000 * 7),
            to: UserId(scatter(i + 77_777) % 3_000 * 7),
            kind: if i.is_multiple_of(2) {
                EdgeKind::Contact
            } else {
                EdgeKind::Friendship
            },
            at: Timestamp::from_secs(i64::try_from(scatter(i) % 100).unwrap()),
        };
        let edges: Vec<_> = (0..60_000).map(|i| gate.permit(edge(i)).unwrap()).collect();
        let build = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n_threads)
                .build()
                .unwrap();
            pool.install(|| {
                let people = gate.known().into_iter().map(|id| gate.permit(id).unwrap());
                let mut builder = GraphBuilder::new(people).unwrap();
                edges
                    .chunks(10_001)
                    .for_each(|chunk| builder.add_edges(chunk));
                builder.build()
            })
        };
        let (one, three) = (build(1), build(3));
        assert_eq!(one.counts, three.counts);
        assert_eq!(
            (ties(&one.graph), contacts(&one.graph)),
            (ties(&three.graph), contacts(&three.graph))
        );
        let plain: Vec<Edge> = edges.iter().map(|edge| *edge.get()).collect();
        assert_eq!((contacts(&one.graph), ties(&one.graph)), naive(&plain));
    }

    /// One step of a multiplicative generator, enough to scatter test edges.
    fn scatter(i: u64) -> u64 {
        (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29) >> 3
    }
}
