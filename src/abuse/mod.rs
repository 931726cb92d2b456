//! Abuse: how much an account looks like a spammer's.
//!
//! A spam score is a probability-like number in [0, 1] made from four things that a spammer cannot easily
//! avoid: a large address book, contacts that do not reciprocate, many accounts on one device, and reports by
//! different people. The formula and its fixed weights stand at [`AbuseParams`]; every score says which of the
//! four it rests on.
//!
//! With a trained [`AbuseModel`] a score is the calibrated probability that an account is abusive. It rests on more
//! [`Evidence`], all of it from permitted data: how the numbers of a book lie, [`Lockstep`] groups, reports weighted by the
//! reporter's record, the age of account and number, and [trust](MutualContacts::trust) from verified accounts.
//!
//! What follows from a score is an [`Outcome`], at thresholds that are published.
//!
//! The room runs once for each purpose that needs it, on what that purpose permits and on nothing else: for
//! [`Abuse`](crate::consent::Abuse), whose scores are published for their own sake, and for
//! [`FriendSuggestions`](crate::consent::FriendSuggestions), so that a demotion there rests only on people who
//! are permitted there. The two results never mix.
//!
//! ```
//! use acquaint::abuse::{AbuseParams, SpamFeatures, spam_scores};
//! use acquaint::ids::AccountId;
//!
//! let features = [SpamFeatures {
//!     account: AccountId(1),
//!     book_size: 20_000,
//!     is_over_budget: false,
//!     n_matched: 9_000,
//!     n_reciprocated: 180,
//!     n_accounts_on_device: 9,
//!     n_reporters: 4,
//! }];
//! let scores = spam_scores(&features, &AbuseParams::default().check()?);
//! assert!(scores[0].score > 0.9);
//! let reasons: Vec<String> = scores[0].reasons.iter().map(ToString::to_string).collect();
//! assert!(reasons.contains(&"address book of 20,000".to_owned()));
//! assert!(reasons.contains(&"2 % of contacts reciprocate".to_owned()));
//! # Ok::<(), acquaint::params::ParamError>(())
//! ```

mod columns;
mod error;
mod evidence;
mod features;
mod lockstep;
mod model;
mod outcome;
mod params;
mod reporters;
mod spam;
mod trained;
mod trust;

pub use error::AbuseError;
pub use evidence::{Evidence, Signs, Tenure, Verified, gather};
pub use features::{AccountOnDevice, AddressBooks, Report, SpamFeatures, extract};
pub use lockstep::{BESIDE, Lockstep, TOGETHER};
pub use outcome::{BORNE_OUT_MIN, Basis, Outcome, OutcomeThresholds};
pub use params::{AbuseParams, GivenAbuseModel, ValidAbuseParams};
pub use reporters::{brigades, weights as report_weights};
pub use spam::{ScorePart, SpamReason, SpamScore, formula_parts, probability, spam_scores};
pub use trained::{
    ABUSE_MODEL_SCHEMA, AbuseModel, AbuseProvenance, AbuseTrainParams, AbuseTrainValidParams,
    AbuseTraining, ColumnWeight, EvidenceTable, Weighed,
};
pub use trust::{MutualContacts, Trust, rounds};
