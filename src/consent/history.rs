//! Where events come from when there are too many to hold: a store that hands them over account by account.

use super::event::{Event, Overlay, PolicyVersion, Subject};
use crate::time::Timestamp;

/// What a store knows, in the portions a snapshot is compiled from.
///
/// Every answer speaks of one moment of the store: what is appended meanwhile is not seen.
pub trait History {
    /// Why the store could not answer.
    type Error;

    /// Every version of the terms, in any order.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn policies(&self) -> Result<Vec<PolicyVersion>, Self::Error>;

    /// Every order of a regulator, in any order.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn overlays(&self) -> Result<Vec<Overlay>, Self::Error>;

    /// Every event about a device or a number without an account, in any order. There are few of them, and
    /// they are needed before the first account.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn others(&self) -> Result<Vec<Event>, Self::Error>;

    /// What the store cannot vouch for.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn flaws(&self) -> Result<Vec<Flaw>, Self::Error>;

    /// Hands over every event about an account, in batches: ascending by account over all batches, all events
    /// of one account in one batch, in any order within the account. A repeated event may come several times.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn accounts(&self, visit: &mut dyn FnMut(&[Event])) -> Result<(), Self::Error>;
}

/// Something a store cannot vouch for: whoever it concerns is invalidated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// The chain of events is broken: nobody's consent can be relied on.
    Everybody,
    /// Events about a subject contradict each other, or were erased.
    About {
        /// The subject.
        subject: Subject,
        /// Since when that is known.
        known_time: Timestamp,
    },
}
