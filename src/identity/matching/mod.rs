//! Matching: whose number was it when it was saved?
//!
//! A contact becomes a match only if the number was bound to exactly one account at the moment it was saved.
//! A recycled number therefore never leads from an old address book to its new owner, and somebody who joins
//! later is not found by what was uploaded before. The directory takes messenger bindings that passed the gate for
//! one purpose: an account that is out is, to it, a number without an account, exactly as if it had been deleted.

mod book_sizes;
mod budget;
mod different;
mod directory;
mod entries;
mod folded;
mod join;
mod kept;
mod number_set;
mod spread;
mod strangers;
#[cfg(test)]
mod tests;

pub use book_sizes::{BookBounds, BookSizes};
pub use budget::{BookBudget, BookUses, OverBudget, ValidBookBudget};
pub use directory::{Directory, Resolution};
pub use entries::{MatchBatch, MatchCounts, match_entries};
pub use folded::{Folded, Gathered, fold_duplicates};
pub use join::PartitionedJoin;
pub use kept::{Kept, KeptCounts, Spilled, fold_kept};
pub use number_set::NumberSet;
pub use spread::Spread;
pub use strangers::{Strangers, StrangersSaved};

use super::E164;
use crate::consent::About;
use crate::ids::AccountId;
use crate::time::Timestamp;

/// Somebody saved a number. It is about the saver alone as long as nobody knows whose number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Contact {
    /// Who saved it.
    pub from: AccountId,
    /// What was saved.
    pub number: E164,
    /// When.
    pub saved_at: Timestamp,
}

impl About for Contact {
    type Id = AccountId;
    type Ids = [AccountId; 1];

    fn about(&self) -> [AccountId; 1] {
        [self.from]
    }

    fn collected_at(&self) -> Timestamp {
        self.saved_at
    }
}
