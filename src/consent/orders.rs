//! Regulators' orders in force at one instant, by region.

use super::event::{AccountFacts, Express, Overlay, OverlayEffect};
use super::gate::{Decision, DenialReason};
use super::purpose::Purpose;
use crate::hash::HashMap;
use crate::ids::Region;
use crate::time::Timestamp;

/// What is allowed for each purpose.
pub(in crate::consent) type ByPurpose = [Decision; Purpose::ALL.len()];

/// What orders say about each purpose.
pub(in crate::consent) type Ordered = [Order; Purpose::ALL.len()];

/// What orders say about one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::consent) struct Order {
    /// What they allow, whatever the person says.
    pub(in crate::consent) allowed: Decision,
    /// What the person has to have said, if silence is not enough.
    pub(in crate::consent) express: Option<Express>,
}

impl Order {
    const NONE: Self = Self {
        allowed: Decision::ALLOWED,
        express: None,
    };

    fn of(effect: OverlayEffect) -> Self {
        match effect {
            OverlayEffect::Deny => Self {
                allowed: Decision::Denied(DenialReason::Suspended),
                ..Self::NONE
            },
            OverlayEffect::CutOff(since) => Self {
                allowed: Decision::Allowed { since },
                ..Self::NONE
            },
            OverlayEffect::Express(express) => Self {
                express: Some(express),
                ..Self::NONE
            },
        }
    }

    /// What satisfies both: the later date, and the lesser level.
    fn stricter(self, other: Self) -> Self {
        let both = |a: Express, b: Express| Express {
            since: a.since.max(b.since),
            unnamed: a.unnamed.min(b.unnamed),
        };
        Self {
            allowed: self.allowed.stricter(other.allowed),
            express: match (self.express, other.express) {
                (Some(a), Some(b)) => Some(both(a, b)),
                (one, other) => one.or(other),
            },
        }
    }
}

/// The orders in force at one instant.
#[derive(Debug)]
pub(in crate::consent) struct Orders(HashMap<Region, Ordered>);

impl Orders {
    /// The orders in force at an instant.
    pub(in crate::consent) fn at(overlays: &[Overlay], at: Timestamp) -> Self {
        let mut orders: HashMap<Region, Ordered> = HashMap::default();
        for overlay in overlays.iter().filter(|o| o.interval.contains(at)) {
            let by_purpose = orders
                .entry(overlay.region)
                .or_insert([Order::NONE; Purpose::ALL.len()]);
            let order = &mut by_purpose[overlay.purpose as usize];
            *order = order.stricter(Order::of(overlay.effect));
        }
        Self(orders)
    }

    /// The orders an account is under by its numbers or residences, the stricter for each purpose; none
    /// if no order reaches it.
    pub(in crate::consent) fn of(&self, facts: &[AccountFacts]) -> Option<Ordered> {
        facts
            .iter()
            .flat_map(|row| [row.number_region, row.residence])
            .flatten()
            .filter_map(|region| self.0.get(&region).copied())
            .reduce(stricter)
    }
}

fn stricter(mut left: Ordered, right: Ordered) -> Ordered {
    for (held, other) in left.iter_mut().zip(right) {
        *held = held.stricter(other);
    }
    left
}
