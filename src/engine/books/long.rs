//! Long address books: those of which there are so many entries that they may be over budget.
//!
//! The budget is one of different numbers, and to know which of a book's numbers are different takes remembering them. Nobody
//! has so many entries but a few, so entries are counted while the address book streams by, and the address book is read once more
//! for the long books alone, if there are any.

use crate::engine::{EngineError, Progress};
use crate::hash::{HashMap, HashSet};
use crate::ids::AccountId;
use crate::signals::{AddressBookEntry, SignalsDir};

/// How many entries every account saved, however often the same.
#[derive(Debug, Default)]
pub(in crate::engine) struct BookLengths {
    by_account: HashMap<AccountId, u64>,
}

impl BookLengths {
    /// Counts some entries.
    pub(in crate::engine) fn add(&mut self, rows: &[AddressBookEntry]) {
        for of_one in rows.chunk_by(|a, b| a.account_id == b.account_id) {
            *self.by_account.entry(of_one[0].account_id).or_default() += of_one.len() as u64;
        }
    }

    /// The accounts with more entries than this.
    fn longer_than(&self, n: u32) -> HashSet<AccountId> {
        let books = self.by_account.iter();
        let long = books.filter(|(_, len)| **len > u64::from(n));
        long.map(|(account, _)| *account).collect()
    }

    /// Reads the entries of books with more than `n` entries once more, batch by batch.
    ///
    /// # Errors
    /// If the address book cannot be read.
    pub(in crate::engine) fn reread_longer_than(
        &self,
        n: u32,
        dir: &SignalsDir,
        progress: &dyn Progress,
        mut on_rows: impl FnMut(&[AddressBookEntry]),
    ) -> Result<(), EngineError> {
        let long = self.longer_than(n);
        if long.is_empty() {
            return Ok(());
        }
        progress.begin("counting long address books", None);
        dir.stream::<AddressBookEntry, EngineError>(|mut rows| {
            progress.advance(rows.records.len() as u64);
            rows.records.retain(|row| long.contains(&row.account_id));
            on_rows(&rows.records);
            Ok(())
        })?;
        Ok(())
    }
}
