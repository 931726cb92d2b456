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
mod head;
mod held;
mod import;
mod keys;
mod late;
mod log;
mod merge;
mod merkle;
mod objections;
#[cfg(feature = "postgres")]
mod postgres;
mod proof;
mod proven;
mod reader;
mod repair;
mod root;
mod segment;
mod spool;
mod sqlite;
mod tables;
#[cfg(test)]
mod tests;
mod tiles;
mod twice;
mod writer;

pub use check::LedgerFault;
pub use codec::{NewEvent, NewSubject, ObjectionPoint};
pub use entry::EntryKind;
pub use erase::Erased;
pub use error::{LedgerError, OtherKey};
pub use import::{Import, Imported, Recorded, SEGMENT_EVENTS};
pub use merkle::NodeHash;
pub use objections::KeyCheck;
pub use proof::{Consistency, Proof, ProvenEntry};
pub use reader::Reader;
pub use repair::{Repaired, repair};
pub use root::Root;
pub use writer::{Appended, Entropy, Writer};
