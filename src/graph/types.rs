//! What goes into a graph and what comes out of the builder.

use std::marker::PhantomData;

use super::{Beside, Csr, TieAside};
use crate::consent::About;
use crate::ids::UserId;
use crate::time::Timestamp;

/// How one person is tied to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// `from` saved `to`'s number.
    Contact,
    /// They are friends on the social network.
    Friendship,
}

/// A tie between two people, before it passes the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// Who saved the number, or either friend.
    pub from: UserId,
    /// Whose number was saved, or the other friend.
    pub to: UserId,
    /// How they are tied.
    pub kind: EdgeKind,
    /// When the number was saved, or since when they are friends.
    pub at: Timestamp,
}

impl About for Edge {
    type Id = UserId;
    type Ids = [UserId; 2];

    fn about(&self) -> [UserId; 2] {
        [self.from, self.to]
    }

    /// A saved number was collected when it was saved. A friendship is what the network itself knows now; were
    /// it left out as older than a cut-off, friends would be suggested to each other.
    fn collected_at(&self) -> Timestamp {
        match self.kind {
            EdgeKind::Contact => self.at,
            EdgeKind::Friendship => Timestamp::MAX,
        }
    }
}

/// The kinds of an entry in an adjacency list, as bits: one pair can be tied in several ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeKinds(u8);

impl EdgeKinds {
    /// The row's owner saved the neighbour's number.
    pub const CONTACT: Self = Self(1);
    /// Both saved each other's number.
    pub const MUTUAL_CONTACT: Self = Self(2);
    /// They are friends.
    pub const FRIENDSHIP: Self = Self(4);

    /// Does this hold all the bits of `other`?
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets of bits together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bits of this that `other` does not have.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// From [`bits`](Self::bits); none if there are others.
    pub(crate) const fn from_bits(bits: u8) -> Option<Self> {
        if bits < 8 { Some(Self(bits)) } else { None }
    }
}

/// The graph of everyone permitted for purpose `P`, and of nobody else.
///
/// Nodes are numbered by ascending user id, so the numbering depends on nothing but who is there.
#[derive(Clone, Debug)]
pub struct Graph<P> {
    pub(in crate::graph) users: Vec<UserId>,
    /// Friends and mutual contacts: undirected, so every tie stands in two rows.
    pub(in crate::graph) ties: Csr,
    pub(in crate::graph) tie_kinds: Vec<EdgeKinds>,
    /// The later of the times of a tie's parts: since when it holds.
    pub(in crate::graph) tie_times: Vec<Timestamp>,
    /// Numbers saved: directed from who saved to whose number it is, mutual ones included.
    pub(in crate::graph) contacts: Csr,
    pub(in crate::graph) contact_kinds: Vec<EdgeKinds>,
    pub(in crate::graph) contact_times: Vec<Timestamp>,
    /// Ties that are in no row any more.
    pub(in crate::graph) aside: Vec<TieAside>,
    /// What they share besides ties.
    pub(in crate::graph) beside: Beside,
    pub(in crate::graph) purpose: PhantomData<P>,
}

impl<P> Graph<P> {
    /// How many people there are.
    #[must_use]
    pub fn n_users(&self) -> usize {
        self.users.len()
    }

    /// Everyone, ascending: node `i` is `users()[i]`.
    #[must_use]
    pub fn users(&self) -> &[UserId] {
        &self.users
    }

    /// The node of a person, if they are in the graph.
    #[must_use]
    pub fn node(&self, user: UserId) -> Option<u32> {
        let found = self.users.binary_search(&user).ok()?;
        Some(u32::try_from(found).expect("the builder admits no more nodes than u32 counts"))
    }

    /// Friends and mutual contacts, undirected: the ties that two-paths run over.
    #[must_use]
    pub const fn ties(&self) -> &Csr {
        &self.ties
    }

    /// The kinds of [`ties`](Self::ties), parallel to its entries.
    #[must_use]
    pub fn tie_kinds(&self) -> &[EdgeKinds] {
        &self.tie_kinds
    }

    /// Since when each of [`ties`](Self::ties) holds.
    #[must_use]
    pub fn tie_times(&self) -> &[Timestamp] {
        &self.tie_times
    }

    /// Numbers saved: row `u` holds everyone whose number `u` saved.
    #[must_use]
    pub const fn contacts(&self) -> &Csr {
        &self.contacts
    }

    /// The kinds of [`contacts`](Self::contacts), parallel to its entries.
    #[must_use]
    pub fn contact_kinds(&self) -> &[EdgeKinds] {
        &self.contact_kinds
    }

    /// When each of [`contacts`](Self::contacts) was first saved.
    #[must_use]
    pub fn contact_times(&self) -> &[Timestamp] {
        &self.contact_times
    }
}
