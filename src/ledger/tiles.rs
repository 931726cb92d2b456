//! Tiles: the hashes of complete runs of 256 leaves, from which any other hash of the tree is made.
//!
//! Of n leaves n / 256 hashes are stored, which is little enough to load whole; the leaves of the few runs that a
//! proof goes through are hashed again.

use rayon::prelude::*;

use super::merkle::{Frontier, NodeHash, node, split};

/// The height of a tile.
pub(in crate::ledger) const HEIGHT: u32 = 8;
/// Leaves in a tile.
pub(in crate::ledger) const LEAVES: u64 = 1 << HEIGHT;

/// A log that grows: the right edge of its tree, and the tiles that were completed since the last commit.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Growth {
    whole: Frontier,
    tile: Frontier,
    completed: Vec<(u64, NodeHash)>,
}

impl Growth {
    /// A log as it stands: its complete tiles, and the leaves after them.
    pub(in crate::ledger) fn new(
        tiles: &[NodeHash],
        rest: impl IntoIterator<Item = NodeHash>,
    ) -> Self {
        let mut growth = Self::default();
        for &tile in tiles {
            growth.whole.push(HEIGHT, tile);
        }
        for leaf in rest {
            growth.push(leaf);
        }
        growth
    }

    /// How many leaves the log has.
    pub(in crate::ledger) const fn size(&self) -> u64 {
        self.whole.size() + self.tile.size()
    }

    /// Adds a leaf.
    pub(in crate::ledger) fn push(&mut self, leaf: NodeHash) {
        self.tile.push(0, leaf);
        if self.tile.size() == LEAVES {
            let hash = self.tile.root();
            self.completed.push((self.whole.size() / LEAVES, hash));
            self.whole.push(HEIGHT, hash);
            self.tile = Frontier::default();
        }
    }

    /// Adds leaves, complete tiles in parallel.
    pub(in crate::ledger) fn extend(&mut self, leaves: &[NodeHash]) {
        let to_next = usize::try_from((LEAVES - self.tile.size()) % LEAVES).unwrap_or(0);
        let (head, aligned) = leaves.split_at(to_next.min(leaves.len()));
        for &leaf in head {
            self.push(leaf);
        }
        let (tiles, rest) = aligned.as_chunks::<{ 1 << HEIGHT }>();
        let hashes: Vec<NodeHash> = tiles.par_iter().map(|tile| root_of(tile)).collect();
        for hash in hashes {
            self.completed.push((self.whole.size() / LEAVES, hash));
            self.whole.push(HEIGHT, hash);
        }
        for &leaf in rest {
            self.push(leaf);
        }
    }

    /// Adds tiles that are known; no tile may have been begun.
    pub(in crate::ledger) fn extend_tiles(&mut self, tiles: &[NodeHash]) {
        debug_assert!(self.tile.size() == 0);
        for &tile in tiles {
            self.whole.push(HEIGHT, tile);
        }
    }

    /// The root of the tree over all leaves.
    pub(in crate::ledger) fn root(&self) -> NodeHash {
        match (self.whole.size(), self.tile.size()) {
            (_, 0) => self.whole.root(),
            (0, _) => self.tile.root(),
            _ => self.whole.root_with(self.tile.root()),
        }
    }

    /// The tiles that were completed since the last call, with their numbers.
    pub(in crate::ledger) fn take_completed(&mut self) -> Vec<(u64, NodeHash)> {
        std::mem::take(&mut self.completed)
    }
}

/// The tree over a log, for proofs: every complete subtree of at least a tile, by height and number.
pub(in crate::ledger) struct Tree<L> {
    size: u64,
    levels: Vec<Vec<NodeHash>>,
    leaves: L,
}

impl<L, E> Tree<L>
where
    L: FnMut(u64, u64) -> Result<Vec<NodeHash>, E>,
{
    /// A tree from its tiles; `leaves(from, to)` hashes entries again.
    pub(in crate::ledger) fn new(size: u64, tiles: Vec<NodeHash>, leaves: L) -> Self {
        let mut levels = vec![tiles];
        loop {
            let below = &levels[levels.len() - 1];
            let above: Vec<NodeHash> = below
                .chunks_exact(2)
                .map(|pair| node(pair[0], pair[1]))
                .collect();
            if above.is_empty() {
                break;
            }
            levels.push(above);
        }
        Self {
            size,
            levels,
            leaves,
        }
    }

    /// The path from a leaf to the root of the first `self.size` leaves (RFC 9162, section 2.1.3.1).
    pub(in crate::ledger) fn inclusion(&mut self, place: u64) -> Result<Vec<NodeHash>, E> {
        let (mut from, mut to) = (0, self.size);
        let mut path = Vec::new();
        while to - from > 1 {
            let middle = from + split(to - from);
            if place < middle {
                path.push(self.subtree(middle, to)?);
                to = middle;
            } else {
                path.push(self.subtree(from, middle)?);
                from = middle;
            }
        }
        path.reverse();
        Ok(path)
    }

    /// The path that shows that the tree continues its first `old_size` leaves (RFC 9162, section 2.1.4.1).
    pub(in crate::ledger) fn consistency(&mut self, old_size: u64) -> Result<Vec<NodeHash>, E> {
        let mut path = Vec::new();
        if old_size == 0 || old_size >= self.size {
            return Ok(path);
        }
        let (mut from, mut to) = (0, self.size);
        let mut is_whole = true;
        while old_size != to {
            let middle = from + split(to - from);
            if old_size <= middle {
                path.push(self.subtree(middle, to)?);
                to = middle;
            } else {
                path.push(self.subtree(from, middle)?);
                from = middle;
                is_whole = false;
            }
        }
        if !is_whole {
            path.push(self.subtree(from, to)?);
        }
        path.reverse();
        Ok(path)
    }

    /// The hash over leaves `from..to`, which must be a subtree of the tree.
    pub(in crate::ledger) fn subtree(&mut self, from: u64, to: u64) -> Result<NodeHash, E> {
        let n = to - from;
        if n.is_power_of_two() && n >= LEAVES {
            let height = (n.trailing_zeros() - HEIGHT) as usize;
            let number = usize::try_from(from / n).expect("tiles fit in memory");
            if let Some(&hash) = self.levels.get(height).and_then(|level| level.get(number)) {
                return Ok(hash);
            }
        }
        if n <= LEAVES {
            return Ok(root_of(&(self.leaves)(from, to)?));
        }
        let middle = from + split(n);
        Ok(node(self.subtree(from, middle)?, self.subtree(middle, to)?))
    }
}

/// The root of the tree over some leaves.
pub(in crate::ledger) fn root_of(leaves: &[NodeHash]) -> NodeHash {
    let mut frontier = Frontier::default();
    for &leaf in leaves {
        frontier.push(0, leaf);
    }
    frontier.root()
}
