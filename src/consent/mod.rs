//! Consent: who allowed what, when, and the gate that keeps everything else out.
//!
//! A [`Ledger`] holds every event in the one order in which they count. [`Ledger::snapshot`] replays it to
//! a moment and applies the table of states and purposes; the [`Snapshot`] makes [`Gate`]s, one per
//! purpose, for accounts before matching and for people before edges and rows. `docs/privacy.md` has the
//! table and every rule of interpretation.

mod account_places;
mod decide;
mod digest;
mod event;
mod gate;
#[cfg(test)]
mod gate_tests;
mod history;
mod ledger;
mod level;
mod matrix;
mod misuse;
mod orders;
mod params;
mod people;
mod places;
mod policies;
mod policy_file;
#[cfg(test)]
mod properties;
mod purpose;
mod purpose_set;
mod receipt;
mod rules;
mod snapshot;
mod state;
#[cfg(test)]
mod suite;

pub use event::{
    AccountFacts, Event, EventKind, Express, Overlay, OverlayEffect, PolicyId, PolicyVersion,
    Subject, TextDigest,
};
#[cfg(test)]
pub(crate) use gate::testing;
pub use gate::{About, Decision, DenialReason, Gate, GateId, Permitted};
pub use history::{Flaw, History};
pub use ledger::Ledger;
pub use level::AdLevel;
pub use matrix::{MatrixCell, MatrixRegion, MatrixRow, Model, matrix};
pub use params::{AsOf, ConsentParams, LateOptOut, Profile, ValidConsentParams};
pub use policy_file::{PolicyFileError, PolicyRecord, PolicySet};
pub use purpose::{
    Abuse, AdRelevance, Analytics, BusinessMarketing, BusinessService, For, FriendSuggestions,
    LimitedAds, Purpose,
};
pub use purpose_set::PurposeSet;
pub use receipt::{Receipt, ReceiptEvent, ReceiptPurpose};
pub use rules::{TimeFault, check_times, latest_believable};
pub use snapshot::{AccountStatus, Snapshot};
pub use state::{ASK_AGAIN_DAYS, DELETION_DAYS, INACTIVE_DAYS, State};
