//! What can go wrong in this room.

/// What can go wrong when ranking a catalogue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RetrieveError {
    /// An invalid catalogue or query.
    #[error("a catalogue cannot have {what}")]
    Catalogue {
        /// What it cannot have.
        what: &'static str,
    },
    /// Counts that do not add up: a fault of this program.
    #[error("counts of {what} do not add up: {left} on one side, {right} on the other")]
    Counts {
        /// Which counts.
        what: &'static str,
        /// One side.
        left: u64,
        /// The other side.
        right: u64,
    },
}
