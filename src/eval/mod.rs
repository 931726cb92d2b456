//! Evaluation on held-out data.

mod edges;
mod friends;
#[cfg(test)]
mod livejournal;

pub use edges::{EdgeList, EdgeRow, EdgesError, Pairs, read_edges};
pub use friends::{
    FriendsEvaluation, Method, MethodScores, evaluate_edges, evaluate_edges_holding_out,
    is_held_out, mix,
};
