//! Regulators' orders in force at one instant, by region.

use super::event::{AccountFacts, Overlay, OverlayEffect};
use super::gate::{Decision, DenialReason};
use super::purpose::Purpose;
use crate::hash::HashMap;
use crate::ids::Region;
use crate::time::Timestamp;

/// What orders say about each purpose.
pub(in crate::consent) type ByPurpose = [Decision; Purpose::ALL.len()];

/// The orders in force at one instant.
#[derive(Debug)]
pub(in crate::consent) struct Orders(HashMap<Region, ByPurpose>);

impl Orders {
    /// The orders in force at an instant.
    pub(in crate::consent) fn at(overlays: &[Overlay], at: Timestamp) -> Self {
        let mut orders: HashMap<Region, ByPurpose> = HashMap::default();
        for overlay in overlays.iter().filter(|o| o.interval.contains(at)) {
            let by_purpose = orders
                .entry(overlay.region)
                .or_insert([Decision::ALLOWED; Purpose::ALL.len()]);
            let decision = &mut by_purpose[overlay.purpose as usize];
            *decision = decision.stricter(order(overlay.effect));
        }
        Self(orders)
    }

    /// The orders an account is under by its numbers or residences, the stricter for each purpose; none
    /// if no order reaches it.
    pub(in crate::consent) fn of(&self, facts: &[AccountFacts]) -> Option<ByPurpose> {
        facts
            .iter()
            .flat_map(|row| [row.number_region, row.residence])
            .flatten()
            .filter_map(|region| self.0.get(&region).copied())
            .reduce(stricter)
    }
}

fn order(effect: OverlayEffect) -> Decision {
    match effect {
        OverlayEffect::Deny => Decision::Denied(DenialReason::Suspended),
        OverlayEffect::CutOff(since) => Decision::Allowed { since },
    }
}

fn stricter(mut left: ByPurpose, right: ByPurpose) -> ByPurpose {
    for (held, other) in left.iter_mut().zip(right) {
        *held = held.stricter(other);
    }
    left
}
