//! What the ledger asks of a database: a few tables of rows, and transactions that last.

use super::codec::ObjectionPoint;
use super::entry::Row;
use super::error::LedgerError;
use super::keys::{Key, Place};
use super::merkle::NodeHash;
use super::segment::SegmentRow;
use crate::time::Timestamp;

/// The end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Head {
    pub(in crate::ledger) size: u64,
    pub(in crate::ledger) root: NodeHash,
    /// The newest moment at which anything was appended.
    pub(in crate::ledger) newest_known: Timestamp,
}

/// Number and point of an objection.
pub(in crate::ledger) type Objection = (u64, ObjectionPoint);

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

    fn head(&mut self) -> Result<Head, LedgerError>;
    fn set_head(&mut self, head: &Head) -> Result<(), LedgerError>;

    fn insert(&mut self, row: &Row) -> Result<(), LedgerError>;
    /// Up to `limit` rows from an entry on, ascending.
    fn rows(&mut self, from: u64, limit: u64) -> Result<Vec<Row>, LedgerError>;
    /// Up to `limit` rows about accounts behind one, by subject and then entry.
    fn rows_of_accounts(
        &mut self,
        after: Option<(&[u8], u64)>,
        limit: u64,
    ) -> Result<Vec<Row>, LedgerError>;
    /// Every row that is not about an account, ascending.
    fn rows_of_others(&mut self) -> Result<Vec<Row>, LedgerError>;
    fn rows_of_subject(&mut self, subject: &[u8]) -> Result<Vec<Row>, LedgerError>;
    fn rows_of_event(&mut self, event_id: u64) -> Result<Vec<Row>, LedgerError>;
    fn rows_of_kind(&mut self, kind: u8) -> Result<Vec<Row>, LedgerError>;
    /// The ids from one to another among the rows, ascending.
    fn event_ids(&mut self, from: u64, to: u64) -> Result<Vec<u64>, LedgerError>;

    fn insert_tile(&mut self, number: u64, hash: NodeHash) -> Result<(), LedgerError>;
    /// Every tile, in order; an error if one is missing.
    fn tiles(&mut self) -> Result<Vec<NodeHash>, LedgerError>;

    fn insert_segment(&mut self, row: &SegmentRow) -> Result<(), LedgerError>;
    fn segments(&mut self) -> Result<Vec<SegmentRow>, LedgerError>;
    fn seeds(&mut self, segment: u64) -> Result<Vec<(Place, Key)>, LedgerError>;
    fn insert_seed(&mut self, segment: u64, place: Place, seed: &Key) -> Result<(), LedgerError>;
    fn delete_seed(&mut self, segment: u64, place: Place) -> Result<(), LedgerError>;

    fn key(&mut self, subject: &[u8]) -> Result<Option<Key>, LedgerError>;
    fn insert_key(&mut self, subject: &[u8], key: &Key) -> Result<(), LedgerError>;
    fn delete_key(&mut self, subject: &[u8]) -> Result<(), LedgerError>;

    fn objections(&mut self) -> Result<Vec<Objection>, LedgerError>;
    fn objection_of(&mut self, point: &[u8; 32]) -> Result<Option<u64>, LedgerError>;
    fn insert_objection(&mut self, objection: &Objection) -> Result<(), LedgerError>;
    fn replace_point(&mut self, objection: &Objection) -> Result<(), LedgerError>;

    /// Leaves nothing that was deleted in files of the database's own.
    fn wipe_deleted(&mut self) -> Result<(), LedgerError>;
}
