//! The table of states and purposes: what a record allows at an instant.

use super::event::Express;
use super::gate::{Decision, DenialReason};
use super::level::AdLevel;
use super::orders::Ordered;
use super::params::{Profile, ValidConsentParams};
use super::purpose::Purpose;
use super::purpose_set::PurposeSet;
use super::state::{Record, Stance, State};
use crate::time::Timestamp;

/// What applies to one account besides its record.
#[derive(Clone, Copy, Debug)]
pub(in crate::consent) struct Terms<'a> {
    /// The moment that is asked about.
    pub(in crate::consent) at: Timestamp,
    /// How the rules are applied.
    pub(in crate::consent) params: &'a ValidConsentParams,
    /// Whether any region of the account is known; if none is, the strict profile applies.
    pub(in crate::consent) region_known: bool,
    /// The orders of regulators it is under.
    pub(in crate::consent) orders: Option<Ordered>,
}

impl Terms<'_> {
    fn is_strict(&self) -> bool {
        self.params.profile() == Profile::OptIn || !self.region_known
    }

    fn is_held(&self, record: &Record, purpose: Purpose) -> bool {
        self.params.hold_until_window_end()
            && PurposeSet::TOGGLE.contains(purpose)
            && record.is_window_open(self.at)
    }
}

/// What a record allows for a purpose.
pub(in crate::consent) fn decide(record: &Record, purpose: Purpose, terms: &Terms<'_>) -> Decision {
    let consent = match refusing_state(record.state(terms.at)) {
        Some(reason) => Decision::Denied(reason),
        None => decide_accepted(record, purpose, terms),
    };
    let consent = consent.stricter(chosen_level(record, purpose));
    match terms.orders {
        Some(orders) => consent.stricter(under_orders(&orders, record, purpose)),
        None => consent,
    }
}

/// Whoever chose limited ads has chosen so until they say *full*, order or none.
fn chosen_level(record: &Record, purpose: Purpose) -> Decision {
    match record.levels().limited() {
        Some(_) if purpose == Purpose::AdRelevance => Decision::Denied(DenialReason::LimitedLevel),
        _ => Decision::ALLOWED,
    }
}

/// Why a state allows nothing at all; none if it is an accepted one.
const fn refusing_state(state: State) -> Option<DenialReason> {
    match state {
        State::NotNotified => Some(DenialReason::NotNotified),
        State::Notified => Some(DenialReason::Notified),
        State::Deferred => Some(DenialReason::Deferred),
        State::Lapsed => Some(DenialReason::Lapsed),
        State::Suspended => Some(DenialReason::Suspended),
        State::Invalidated => Some(DenialReason::Invalidated),
        State::DeletionPending => Some(DenialReason::DeletionPending),
        State::Deleted => Some(DenialReason::Deleted),
        State::Superseded => Some(DenialReason::Superseded),
        State::NonUser | State::NonUserObjected => Some(DenialReason::NoRecord),
        State::Accepted { .. } | State::NewAccepted | State::OptedOut(_) | State::Granted(_) => {
            None
        }
    }
}

fn decide_accepted(record: &Record, purpose: Purpose, terms: &Terms<'_>) -> Decision {
    match (purpose, record.stance(purpose)) {
        (Purpose::Abuse, _) | (_, Stance::Granted(_)) => Decision::ALLOWED,
        (_, Stance::Refused(_)) => Decision::Denied(DenialReason::OptedOut),
        // Service answers the person; marketing has its own opt-in, one business at a time, and what
        // is allowed here is no more than to look at that.
        (Purpose::BusinessService | Purpose::BusinessMarketing, Stance::Silent) => {
            Decision::ALLOWED
        }
        (_, Stance::Silent) if terms.is_strict() => Decision::Denied(DenialReason::NotGranted),
        (_, Stance::Silent) if terms.is_held(record, purpose) => {
            Decision::Denied(DenialReason::HeldUntilWindowEnd)
        }
        (_, Stance::Silent) => Decision::ALLOWED,
    }
}

/// Under any order at all there is no business marketing.
fn under_orders(orders: &Ordered, record: &Record, purpose: Purpose) -> Decision {
    if purpose == Purpose::BusinessMarketing {
        return Decision::Denied(DenialReason::Suspended);
    }
    let order = orders[purpose as usize];
    match order.express {
        Some(express) => order.allowed.stricter(expressly(record, purpose, express)),
        None => order.allowed,
    }
}

/// What an explicit consent allows, if one was given since an order asked for it.
fn expressly(record: &Record, purpose: Purpose, express: Express) -> Decision {
    let Stance::Granted(at) = record.stance(purpose) else {
        return Decision::Denied(DenialReason::NotGranted);
    };
    if at < express.since {
        return Decision::Denied(DenialReason::NotGranted);
    }
    let says_full = record.levels().full() >= Some(express.since);
    if purpose == Purpose::AdRelevance && express.unnamed == AdLevel::Limited && !says_full {
        return Decision::Denied(DenialReason::LimitedLevel);
    }
    Decision::ALLOWED
}
