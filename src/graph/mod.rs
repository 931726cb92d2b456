//! Graph: permitted people and the ties between them, packed for kernels.

mod aside;
mod beside;
mod builder;
mod communities;
mod csr;
mod error;
mod index;
mod practice;
mod sensitive;
mod stats;
#[cfg(test)]
pub(crate) mod testing;
mod types;

pub use aside::{TieAside, WhyAside};
pub(crate) use beside::Beside;
pub use beside::{Dealing, Dealings, Lives};
pub use builder::{Built, GraphBuilder, GraphCounts};
pub(crate) use communities::Communities;
pub use csr::Csr;
pub use error::GraphError;
pub(crate) use practice::{People, practice_ties};
pub use stats::{DegreeStats, GraphStats};
pub use types::{Edge, EdgeKind, EdgeKinds, Graph};
