//! Who permits: the operator's word, given row by row, as a ledger in memory that the gate is made from.

use acquaint::consent::{
    AccountFacts, AsOf, ConsentParams, Event, EventKind, For, Gate, Ledger, PolicyId,
    PolicyVersion, Subject, TextDigest,
};
use acquaint::ids::{AccountId, EventId};
use acquaint::time::Timestamp;

use crate::exit::Failure;

/// What a row that permits stands for.
const TEXT: &str = "The operator says of each row whether the person permits this purpose.";
const POLICY: PolicyId = PolicyId(1);

/// The gate through which exactly these accounts pass: each was told, accepted and granted the purpose.
pub(super) fn gate<P: For>(permitting: &[AccountId]) -> Result<Gate<P, AccountId>, Failure> {
    let events = permitting
        .iter()
        .zip(0..)
        .flat_map(|(account, i)| said::<P>(*account, 3 * i));
    let ledger = Ledger::new(vec![policy()], Vec::new(), events.collect());
    let params = ConsentParams::default().check()?;
    let facts: Vec<AccountFacts> = permitting.iter().copied().map(facts).collect();
    Ok(ledger
        .snapshot(AsOf::at(moment(3)), &facts, &params)
        .accounts::<P>())
}

/// What one account said; its events are numbered from here.
fn said<P: For>(account: AccountId, first: u64) -> [Event; 3] {
    let notice = EventKind::NoticeServed {
        policy: POLICY,
        digest: TextDigest::of(TEXT),
    };
    let accept = EventKind::Accept { share: true };
    let grant = EventKind::Grant {
        purpose: P::PURPOSE,
        asked: false,
    };
    [(notice, 0), (accept, 1), (grant, 2)].map(|(kind, second)| Event {
        event_id: EventId(first + u64::from(second)),
        subject: Subject::Account(account),
        kind,
        valid_time: moment(second),
        known_time: moment(second),
    })
}

/// There before the terms were, and no further known.
const fn facts(account: AccountId) -> AccountFacts {
    AccountFacts {
        account,
        registered_at: moment(0),
        last_seen_at: moment(3),
        number_region: None,
        residence: None,
        device: None,
    }
}

fn policy() -> PolicyVersion {
    PolicyVersion {
        policy: POLICY,
        texts: vec![("en".to_owned(), TextDigest::of(TEXT))],
        announced_at: moment(0),
        accept_by: Timestamp::MAX,
        window_days: 0,
        cohort_cut: Timestamp::MAX,
    }
}

/// The order is all that counts.
const fn moment(second: u32) -> Timestamp {
    Timestamp::from_secs(second as i64)
}

#[cfg(test)]
mod tests {
    use acquaint::consent::{
        Abuse, AdRelevance, Analytics, BusinessMarketing, BusinessService, FriendSuggestions,
    };

    use super::*;

    fn exactly_those_pass<P: For>() {
        let permitting: Vec<AccountId> = (0..20).map(|i| AccountId(3 * i)).collect();
        let gate = gate::<P>(&permitting).unwrap();
        for id in (0..60).map(AccountId) {
            assert_eq!(
                gate.permit(id).is_ok(),
                permitting.contains(&id),
                "{} {id}",
                P::PURPOSE
            );
        }
    }

    #[test]
    fn whoever_permits_passes_and_nobody_else() {
        exactly_those_pass::<FriendSuggestions>();
        exactly_those_pass::<AdRelevance>();
        exactly_those_pass::<Abuse>();
        exactly_those_pass::<Analytics>();
        exactly_those_pass::<BusinessService>();
        exactly_those_pass::<BusinessMarketing>();
    }
}
