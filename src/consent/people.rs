//! From accounts to people: an opt-out follows the links to everything of the same person.

use rayon::prelude::*;

use super::gate::{Decision, DenialReason};
use super::purpose::Purpose;
use super::snapshot::{AccountStatus, Snapshot};
use super::state::Stance;
use crate::ids::{Owned, UserId};
use crate::time::Timestamp;

/// Each linked person's decision for a purpose, by ascending person.
pub(in crate::consent) fn decisions(
    snapshot: &Snapshot,
    purpose: Purpose,
    links: &[Owned],
) -> Vec<(UserId, Decision)> {
    let mut links = links.to_vec();
    links.par_sort_unstable();
    links.dedup();
    links
        .par_chunk_by(|a, b| a.user == b.user)
        .filter_map(|of_one| {
            let user = of_one.first()?.user;
            Some((user, decide(snapshot, purpose, of_one)))
        })
        .collect()
}

fn decide(snapshot: &Snapshot, purpose: Purpose, links: &[Owned]) -> Decision {
    let mut person = Person::default();
    for &Owned { account, .. } in links {
        match snapshot.status(account) {
            Some(status) if status.underneath().is_ended() => person.add_ended(status, purpose),
            Some(status) => person.add_living(status, purpose),
            // An account nobody knows is no reason to say yes.
            None => person.add(Decision::Denied(DenialReason::NoRecord)),
        }
    }
    person.decision()
}

/// What a person's accounts add up to for one purpose.
#[derive(Default)]
struct Person {
    living: Option<Decision>,
    /// The newest grant on a living account.
    granted_at: Option<Timestamp>,
    ended: Option<Decision>,
    /// The newest refusal in effect on an account when it ended.
    refused_at: Option<Timestamp>,
    /// The newest choice of limited ads that held on an account when it ended.
    limited_at: Option<Timestamp>,
    /// The newest consent for ads on a living account that says *full*.
    full_at: Option<Timestamp>,
}

impl Person {
    fn add(&mut self, decision: Decision) {
        self.living = self
            .living
            .map(|held| held.stricter(decision))
            .or(Some(decision));
    }

    fn add_living(&mut self, status: &AccountStatus, purpose: Purpose) {
        self.add(status.decision(purpose));
        if let Stance::Granted(at) = status.stance(purpose) {
            self.granted_at = self.granted_at.max(Some(at));
        }
        self.full_at = self.full_at.max(status.levels().full());
    }

    fn add_ended(&mut self, status: &AccountStatus, purpose: Purpose) {
        let decision = status.decision(purpose);
        self.ended = self
            .ended
            .map(|held| held.stricter(decision))
            .or(Some(decision));
        if let Stance::Refused(at) = status.stance(purpose) {
            self.refused_at = self.refused_at.max(Some(at));
        }
        if purpose == Purpose::AdRelevance {
            self.limited_at = self.limited_at.max(status.levels().limited());
        }
    }

    fn decision(&self) -> Decision {
        // Only when every account has ended do the ends themselves decide.
        let decision = self
            .living
            .or(self.ended)
            .unwrap_or(Decision::Denied(DenialReason::NoRecord));
        let decision = if self.is_limited() {
            decision.stricter(Decision::Denied(DenialReason::LimitedLevel))
        } else {
            decision
        };
        if self.is_refused() {
            decision.stricter(Decision::Denied(DenialReason::OptedOut))
        } else {
            decision
        }
    }

    fn is_limited(&self) -> bool {
        self.limited_at.is_some() && self.full_at <= self.limited_at
    }

    /// None sorts before every time, so a refusal without a grant is later than the grant.
    fn is_refused(&self) -> bool {
        self.refused_at.is_some() && self.granted_at <= self.refused_at
    }
}
