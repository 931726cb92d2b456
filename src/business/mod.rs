//! Business: may this business write to this account?
//!
//! For each business and account that have a thread or an opt-in there is a verdict on every kind of message, an answer (*service*),
//! *utility*, *authentication* and *marketing*, with what every check found. The rules of the messenger are dated data
//! ([`RuleBook`]), so that a verdict can be asked for any moment; `docs/scoring.md` has the table of checks.
//!
//! A verdict is yes if no check denies. A pair whose account allows neither purpose gets no row: it is
//! counted as a drop. Where nobody wrote and nobody asked there is nothing to answer.
//!
//! ```
//! use acquaint::business::{RuleBook, RuleName};
//! use acquaint::time::Timestamp;
//!
//! let book = RuleBook::shipped();
//! let rules = book.at(Timestamp::parse("2026-11-30T00:00:00Z")?);
//! let window = rules.known(RuleName::ServiceWindow).expect("it is known since 2019");
//! assert!(!window.rule.sources.is_empty());
//! # Ok::<(), acquaint::time::TimeError>(())
//! ```

mod admission;
mod book;
mod desk;
mod eligibility;
mod history;
mod in_force;
mod order;
mod pairs;
mod params;
mod quiet;
mod rule_file;
mod rules;
mod sender;
mod span;
mod verdict;

#[cfg(test)]
mod eligibility_tests;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod tests;

pub use admission::{Admissions, Sending};
pub use book::{Known, LimitPer, Period, Rule, RuleBook, RuleName, Terms, WayUp};
pub use eligibility::{
    AskedMessage, BusinessGates, Eligibility, Reach, Ruling, Signals, reach, verdict, verdicts,
};
pub use in_force::InForce;
pub use order::{Crowd, Mattering, Order, Relevance, Saved, Ties, order, refusals};
pub use params::{BusinessParams, ValidBusinessParams};
pub use quiet::QuietHours;
pub use rule_file::RuleFileError;
pub use rules::ReachReason;
pub use sender::Sender;
pub use verdict::{Answer, BusinessAt, Check, Entry, Judge, Message, PairAt, PersonAt, Verdict};
