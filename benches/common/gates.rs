//! A gate that everybody passes: what is measured behind it takes nothing but what a gate permitted.

use acquaint::consent::{
    AccountFacts, AsOf, ConsentParams, Event, EventKind, For, Gate, Ledger, PolicyId,
    PolicyVersion, Subject, TextDigest,
};
use acquaint::ids::{AccountId, EventId};
use acquaint::time::Timestamp;

/// Lets accounts through who were told and accepted.
pub(crate) fn open<P: For>(accounts: std::ops::Range<u64>) -> Gate<P, AccountId> {
    let moment = Timestamp::from_secs(0);
    let digest = TextDigest::of("text");
    let policy = PolicyVersion {
        policy: PolicyId(1),
        texts: vec![("en".to_owned(), digest)],
        announced_at: moment,
        accept_by: Timestamp::MAX,
        window_days: 0,
        cohort_cut: Timestamp::MAX,
    };
    let notice = EventKind::NoticeServed {
        policy: PolicyId(1),
        digest,
    };
    let events = accounts.clone().flat_map(|i| {
        [(notice, 0), (EventKind::Accept { share: true }, 1)].map(|(kind, j)| Event {
            event_id: EventId(2 * i + j),
            subject: Subject::Account(AccountId(i)),
            kind,
            valid_time: moment,
            known_time: moment,
        })
    });
    let facts = accounts.map(|i| AccountFacts {
        account: AccountId(i),
        registered_at: moment,
        last_seen_at: moment,
        number_region: None,
        residence: None,
        device: None,
    });
    let ledger = Ledger::new(vec![policy], Vec::new(), events.collect());
    let params = ConsentParams::default().check().expect("defaults are fine");
    ledger
        .snapshot(AsOf::at(moment), &facts.collect::<Vec<_>>(), &params)
        .accounts()
}
