//! What a typed record has to say to be read from, and written to, every file form.

use super::column::Column;
use super::row::{Fault, Row};
use super::salvage::Named;
use super::table::Table;
use super::values::Values;

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

    /// Can a row of this table take something away from somebody? If so, one that is rejected must not be lost.
    const RESTRICTS: bool = false;

    /// May this row take something away? Asked of a rejected row whose cells stand in their columns.
    fn may_restrict(_row: &Row<'_>) -> bool {
        true
    }

    /// Whom a row names, if that can be told for certain; asked of rejected rows, for denial only.
    fn named(_row: &Row<'_>) -> Option<Named> {
        None
    }
}
