//! Consent: who allowed what, when, and the gate that keeps everything else out.

mod event;
mod gate;
mod purpose;

pub use event::{
    AccountFacts, Event, EventKind, Overlay, OverlayEffect, PolicyId, PolicyVersion, Subject,
    TextDigest,
};
#[cfg(test)]
pub(crate) use gate::testing;
pub use gate::{About, Decision, DenialReason, Gate, Permitted};
pub use purpose::{
    Abuse, AdRelevance, Analytics, BusinessMarketing, BusinessService, For, FriendSuggestions,
    Purpose,
};
