//! Ledger: the durable store of consent events, and proof that nobody changed it.
//!
//! A ledger is a directory. Its log is a list of entries, numbered from 0: events, versions of the terms, regulators'
//! orders, erasures. Live entries are rows of an SQLite database; history comes in bulk as segments, files that are
//! written once and that the log lists. Over all entries stands a Merkle tree ([RFC 9162]), whose root a copy elsewhere
//! makes tamper-evident. What an event says is sealed with a key of its subject's own; to erase somebody the keys are
//! destroyed, and the root still verifies.
//!
//! [`Writer`] appends, imports and erases; [`Reader`] is the ledger at one moment, and the
//! [`History`](crate::consent::History) that a snapshot is compiled from. `docs/ledger.md` has the format.
//!
//! [RFC 9162]: https://www.rfc-editor.org/rfc/rfc9162

mod check;
mod codec;
mod database;
mod entry;
mod erase;
mod error;
mod import;
mod keys;
mod log;
mod merkle;
mod objections;
#[cfg(feature = "postgres")]
mod postgres;
mod proof;
mod reader;
mod segment;
mod sqlite;
mod tables;
#[cfg(test)]
mod tests;
mod tiles;
mod writer;

pub use check::Finding;
pub use codec::{NewEvent, NewSubject, ObjectionPoint};
pub use entry::EntryKind;
pub use erase::Erased;
pub use error::LedgerError;
pub use import::{Import, Imported, SEGMENT_EVENTS};
pub use merkle::NodeHash;
pub use proof::{Consistency, Proof, ProvenEntry};
pub use reader::Reader;
pub use writer::{Appended, Entropy, Root, Writer};
