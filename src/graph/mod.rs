//! Graph: permitted people and the ties between them, packed for kernels.

mod csr;
mod types;

pub use csr::Csr;
pub use types::{Edge, EdgeKind, EdgeKinds, Graph};
