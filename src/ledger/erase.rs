//! Erasure: the keys of an account are destroyed, and with them what its events say.
//!
//! That there were events stays, so that the root still verifies; the account is invalidated for good.

use serde::Serialize;

use super::codec::Holder;
use super::entry::{EntryKind, Row};
use super::error::LedgerError;
use super::held::Spot;
use super::root::Root;
use super::writer::Writer;
use crate::ids::AccountId;

/// What was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// How many keys were destroyed: one for the rows of the log, one for each segment with events of the account.
    /// None if there was nothing to erase; then nothing is recorded either.
    pub n_keys: u64,
    /// The log since then.
    pub root: Root,
}

impl Writer {
    /// Destroys every key of an account, and wipes them from the database's own files. Of an account that the ledger
    /// does not know nothing is recorded: it would be invalidated for good, and has done nothing yet.
    ///
    /// What file systems and disks keep of blocks that were overwritten is beyond its reach.
    ///
    /// # Errors
    /// If the disk refuses, or a reader holds a log that has copies; erasing again does what is left.
    pub fn erase(&mut self, account: AccountId) -> Result<Erased, LedgerError> {
        let holder = Holder::Account(account);
        let n_keys = self.transaction(|writer| {
            let in_rows = writer.erase_rows(account)?;
            let in_segments = writer.erase_segments(account)?;
            if in_rows + in_segments == 0 {
                return Ok(0);
            }
            let entry = writer.growth.size();
            writer.insert(&Row {
                entry,
                kind: EntryKind::Erasure as u8,
                event_id: None,
                subject: Some(holder.bytes().to_vec()),
                body: Vec::new(),
            })?;
            Ok(in_rows + in_segments)
        })?;
        if n_keys > 0 {
            self.erased.insert(holder);
        }
        self.log.tables.wipe_deleted()?;
        Ok(Erased {
            n_keys,
            root: self.root(),
        })
    }

    /// Was the account's past erased?
    #[must_use]
    pub fn is_erased(&self, account: AccountId) -> bool {
        self.erased.contains(&Holder::Account(account))
    }

    fn erase_rows(&mut self, account: AccountId) -> Result<u64, LedgerError> {
        let subject = Holder::Account(account).bytes();
        let Some(key) = self.log.tables.key(&subject)? else {
            return Ok(0);
        };
        self.destroy(&Spot::Rows(subject.to_vec()), &key)?;
        Ok(1)
    }

    fn erase_segments(&mut self, account: AccountId) -> Result<u64, LedgerError> {
        let mut n_keys = 0;
        for at in 0..self.log.segments.len() {
            let Ok(subject) = self.log.segments[at].subject(account.0)? else {
                continue;
            };
            let row = self.log.segments[at].row.clone();
            let Some(punctured) = self.log.keys(&row)?.puncture(subject) else {
                continue;
            };
            let (place, seed) = punctured.delete;
            self.destroy(&Spot::Segment(row.segment, place), &seed)?;
            for (place, seed) in &punctured.insert {
                self.hold(&Spot::Segment(row.segment, *place), seed)?;
            }
            n_keys += 1;
        }
        Ok(n_keys)
    }
}
