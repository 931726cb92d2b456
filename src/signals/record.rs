//! What a typed record has to say to be read from, and written to, every file form.

use super::column::Column;
use super::row::{Fault, Row};
use super::table::Table;
use super::values::Values;
use crate::ids::AccountId;

/// A record of one table, implemented by the record types of this room.
///
/// One implementation serves every file form: a [`Row`] hides where its cells came from, and [`Values`] where
/// they go to.
pub trait Record: Clone + PartialEq + Send + Sync + 'static {
    /// The table it is a row of.
    const TABLE: Table;
    /// The columns of the table; the first one names a row.
    const COLUMNS: &'static [Column];

    /// Reads a record.
    ///
    /// # Errors
    /// The first column that is wrong.
    fn read(row: &Row<'_>) -> Result<Self, Fault>;

    /// Writes a record.
    fn write<'a>(&'a self, values: &mut Values<'a>);

    /// The account that a row is about, as far as it can be told from a row that could not be read.
    fn account(_row: &Row<'_>) -> Option<AccountId> {
        None
    }
}
