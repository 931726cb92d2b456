//! Terms: what people are interested in and what ads are about, without topics nobody may be sorted by.
//!
//! An [`Interest`] or an [`AdCategory`] about health, religion, politics and the like cannot be made: `parse` is the
//! only way to one, and it asks the closed list in `data/topics` first. Whoever holds one need not ask again.
//!
//! ```
//! use acquaint::signals::{Interest, TermRefused, Topic};
//!
//! assert_eq!(Interest::parse("Mass transit").unwrap().as_str(), "mass transit");
//! assert_eq!(Interest::parse("World Diabetes Day"), Err(TermRefused::Sensitive(Topic::Health)));
//! ```

mod contact;
mod fold;
mod kept;
mod known;
mod phrases;
mod special;
mod taxonomy;
mod term;
mod topic;

pub use kept::{KeptTerms, OwnCells};
pub use special::SpecialCategory;
pub use taxonomy::topics_digest;
pub(in crate::signals) use term::refused;
pub use term::{AdCategory, Interest, TermRefused};
pub use topic::Topic;
