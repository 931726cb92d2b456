//! The tree over the log: one hash that stands for every entry and their order.
//!
//! The shape is that of RFC 9162 (section 2.1.1; the same as RFC 6962's): the left subtree of a tree over n leaves
//! has as many leaves as the largest power of two below n. The hash is BLAKE3 keyed with one of three constants
//! instead of RFC 9162's prefix bytes: like them the keys keep leaves and inner nodes apart, and an inner node is one
//! block of 64 bytes instead of two.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// The hash of a subtree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeHash(pub(in crate::ledger) [u8; 32]);

impl NodeHash {
    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Self> {
        blake3::Hash::from_hex(hex.trim())
            .ok()
            .map(|hash| Self(*hash.as_bytes()))
    }
}

impl fmt::Display for NodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for NodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for NodeHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a hash is 64 hexadecimal digits")
    }
}

impl From<NodeHash> for String {
    fn from(hash: NodeHash) -> Self {
        hash.to_string()
    }
}

static LEAF: LazyLock<[u8; 32]> =
    LazyLock::new(|| blake3::derive_key("acquaint 2016-08-25 ledger: leaf", &[]));
static NODE: LazyLock<[u8; 32]> =
    LazyLock::new(|| blake3::derive_key("acquaint 2016-08-25 ledger: inner node", &[]));
static EMPTY: LazyLock<[u8; 32]> =
    LazyLock::new(|| blake3::derive_key("acquaint 2016-08-25 ledger: no entries", &[]));

/// The hash of a leaf.
pub(in crate::ledger) fn leaf(entry: &[u8]) -> NodeHash {
    NodeHash(*blake3::keyed_hash(&LEAF, entry).as_bytes())
}

/// The hash of an inner node.
pub(in crate::ledger) fn node(left: NodeHash, right: NodeHash) -> NodeHash {
    let mut both = [0; 64];
    both[..32].copy_from_slice(&left.0);
    both[32..].copy_from_slice(&right.0);
    NodeHash(*blake3::keyed_hash(&NODE, &both).as_bytes())
}

/// The root of a tree without leaves.
pub(in crate::ledger) fn empty() -> NodeHash {
    NodeHash(*EMPTY)
}

/// How many leaves the left subtree of a tree over `n` ≥ 2 leaves has.
pub(in crate::ledger) const fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// The right edge of a tree that grows: one complete subtree for each bit of its size, the largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ledger) struct Frontier {
    size: u64,
    subtrees: Vec<NodeHash>,
}

impl Frontier {
    /// How many leaves the tree has.
    pub(in crate::ledger) const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a complete subtree over 2^`height` leaves; the size must be a multiple of that.
    pub(in crate::ledger) fn push(&mut self, height: u32, subtree: NodeHash) {
        debug_assert!(self.size.trailing_zeros() >= height || self.size == 0);
        let mut hash = subtree;
        let mut bit = 1 << height;
        while self.size & bit != 0 {
            let left = self
                .subtrees
                .pop()
                .expect("one subtree for each bit of the size");
            hash = node(left, hash);
            bit <<= 1;
        }
        self.subtrees.push(hash);
        self.size += 1 << height;
    }

    /// The root of the tree.
    pub(in crate::ledger) fn root(&self) -> NodeHash {
        let mut subtrees = self.subtrees.iter().rev().copied();
        let Some(last) = subtrees.next() else {
            return empty();
        };
        subtrees.fold(last, |right, left| node(left, right))
    }

    /// The root of the tree if a smaller one stood to its right.
    pub(in crate::ledger) fn root_with(&self, right: NodeHash) -> NodeHash {
        let subtrees = self.subtrees.iter().rev();
        subtrees.fold(right, |right, &left| node(left, right))
    }
}

/// Verifies that a leaf stands at a place of a tree (RFC 9162, section 2.1.3.2).
#[must_use]
pub(in crate::ledger) fn verify_inclusion(
    leaf: NodeHash,
    place: u64,
    size: u64,
    path: &[NodeHash],
    root: NodeHash,
) -> bool {
    if place >= size {
        return false;
    }
    let (mut place, mut last) = (place, size - 1);
    let mut hash = leaf;
    for &sibling in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node(sibling, hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// A tree as far as it is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct TreeHead {
    /// How many leaves it has.
    pub(in crate::ledger) size: u64,
    pub(in crate::ledger) root: NodeHash,
}

/// Verifies that a tree continues an earlier one (RFC 9162, section 2.1.4.2).
#[must_use]
pub(in crate::ledger) fn verify_consistency(
    old: TreeHead,
    new: TreeHead,
    path: &[NodeHash],
) -> bool {
    if old.size == 0 {
        return old.root == empty() && path.is_empty();
    }
    if old.size >= new.size {
        return old == new && path.is_empty();
    }
    // Where the old tree is one complete subtree, its root is the first node of the path.
    let first = old.size.is_power_of_two().then_some(old.root);
    let mut nodes = first.into_iter().chain(path.iter().copied());
    let Some(start) = nodes.next() else {
        return false;
    };
    let mut place = old.size - 1;
    let mut last = new.size - 1;
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let (mut old_root, mut new_root) = (start, start);
    for sibling in nodes {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            old_root = node(sibling, old_root);
            new_root = node(sibling, new_root);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            new_root = node(new_root, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && old_root == old.root && new_root == new.root
}
