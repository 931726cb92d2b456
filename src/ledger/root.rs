//! What stands for a whole log.

use serde::Serialize;

use super::merkle::NodeHash;

/// A log at one size: what a copy is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Root {
    /// How many entries the log has.
    pub size: u64,
    /// The hash of the tree over them.
    pub root: NodeHash,
}
