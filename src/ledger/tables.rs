//! What the ledger asks of a database: a few tables of rows, and transactions that last.
//!
//! Rows are read by their number. What is found by the id of an event gives numbers only, and the rows are then read by
//! those: an index is a help, and no witness.

use super::codec::ObjectionPoint;
use super::entry::Row;
use super::error::LedgerError;
use super::head::Head;
use super::keys::{Key, Place};
use super::merkle::NodeHash;
use super::segment::SegmentRow;

/// Number and point of an objection.
pub(in crate::ledger) type Objection = (u64, ObjectionPoint);

/// What may be done to a database when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) enum Access {
    Read,
    /// There was a ledger here before: it is not made anew if its rows are gone.
    Write,
    /// As [`Write`](Self::Write), and make one if there is none.
    Make,
}

/// A database of one ledger. Reads see one state from [`begin_read`](Self::begin_read) on; writes happen between
/// [`begin_write`](Self::begin_write) and [`commit`](Self::commit), and last once that returns.
pub(in crate::ledger) trait Tables {
    /// Which database, for messages: without passwords.
    fn place(&self) -> String;

    fn begin_read(&mut self) -> Result<(), LedgerError>;
    fn begin_write(&mut self) -> Result<(), LedgerError>;
    fn commit(&mut self) -> Result<(), LedgerError>;
    /// Undoes everything since `begin_write`; says nothing if that fails, for whatever failed before said more.
    fn roll_back(&mut self);

    /// What is there that is not a ledger's, or is missing, of tables, indexes, views and triggers.
    fn schema_faults(&mut self) -> Result<Vec<String>, LedgerError>;
    /// What the database itself finds wrong with its pages and indexes: everything is read.
    fn page_faults(&mut self) -> Result<Vec<String>, LedgerError>;
    /// Removes what is not a ledger's, and makes every index again from its table. Within a transaction.
    fn rebuild(&mut self) -> Result<(), LedgerError>;
    /// Changes tables of an earlier format to this program's, but for the head, which is written next. Within a
    /// transaction.
    fn upgrade(&mut self) -> Result<(), LedgerError>;

    fn head(&mut self) -> Result<Head, LedgerError>;
    fn set_head(&mut self, head: &Head) -> Result<(), LedgerError>;

    fn insert(&mut self, row: &Row) -> Result<(), LedgerError>;
    /// Up to `limit` rows from an entry on, ascending.
    fn rows(&mut self, from: u64, limit: u64) -> Result<Vec<Row>, LedgerError>;
    fn row(&mut self, entry: u64) -> Result<Option<Row>, LedgerError>;
    /// How many rows have a number that no entry of a log of `size` entries has.
    fn n_strays(&mut self, size: u64) -> Result<u64, LedgerError>;
    /// The entries that an index has under the id of an event, ascending.
    fn entries_of_event(&mut self, event_id: u64) -> Result<Vec<u64>, LedgerError>;
    /// Does the index of ids lead to these, ascending, and to nothing else? True where the database's own tools check its
    /// indexes.
    fn has_ids(&mut self, ids: &[u64]) -> Result<bool, LedgerError>;
    /// The ids from one to another among the rows, ascending: every row is read.
    fn event_ids(&mut self, from: u64, to: u64) -> Result<Vec<u64>, LedgerError>;

    fn insert_tile(&mut self, number: u64, hash: NodeHash) -> Result<(), LedgerError>;
    /// Every tile, in order; an error if one is missing.
    fn tiles(&mut self) -> Result<Vec<NodeHash>, LedgerError>;

    fn insert_segment(&mut self, row: &SegmentRow) -> Result<(), LedgerError>;
    /// Puts the smallest and the largest id of a segment in the place of those that are held.
    fn set_id_range(&mut self, row: &SegmentRow) -> Result<(), LedgerError>;
    fn segments(&mut self) -> Result<Vec<SegmentRow>, LedgerError>;
    fn seeds(&mut self, segment: u64) -> Result<Vec<(Place, Key)>, LedgerError>;
    /// The seeds of all segments, by segment.
    fn all_seeds(&mut self) -> Result<Vec<(u64, Place, Key)>, LedgerError>;
    fn insert_seed(&mut self, segment: u64, place: Place, seed: &Key) -> Result<(), LedgerError>;
    fn delete_seed(&mut self, segment: u64, place: Place) -> Result<(), LedgerError>;

    fn key(&mut self, subject: &[u8]) -> Result<Option<Key>, LedgerError>;
    /// Up to `limit` subjects with their keys, from one to another, ascending.
    fn keys(
        &mut self,
        from: &[u8],
        to: &[u8],
        limit: u64,
    ) -> Result<Vec<(Vec<u8>, Key)>, LedgerError>;
    fn insert_key(&mut self, subject: &[u8], key: &Key) -> Result<(), LedgerError>;
    fn delete_key(&mut self, subject: &[u8]) -> Result<(), LedgerError>;

    fn objections(&mut self) -> Result<Vec<Objection>, LedgerError>;
    /// Does the index of points lead to these, ascending, and to nothing else? True as for [`has_ids`](Self::has_ids).
    fn has_points(&mut self, points: &[[u8; 32]]) -> Result<bool, LedgerError>;
    fn objection_of(&mut self, point: &[u8; 32]) -> Result<Option<u64>, LedgerError>;
    fn insert_objection(&mut self, objection: &Objection) -> Result<(), LedgerError>;
    fn replace_point(&mut self, objection: &Objection) -> Result<(), LedgerError>;

    /// Leaves nothing that was deleted in files of the database's own.
    fn wipe_deleted(&mut self) -> Result<(), LedgerError>;
}
