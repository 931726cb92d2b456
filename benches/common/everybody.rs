//! A gate for ads that some people pass, each with an account of their own.

use acquaint::consent::{
    AccountFacts, AdRelevance, AsOf, ConsentParams, Event, EventKind, Gate, Ledger, PolicyId,
    PolicyVersion, Subject, TextDigest,
};
use acquaint::ids::{AccountId, EventId, Owned, Region, UserId};
use acquaint::time::Timestamp;

/// Lets people through who were told and accepted.
pub(crate) fn everybody(people: impl Iterator<Item = UserId>) -> Gate<AdRelevance, UserId> {
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
    let owned = |user: UserId| Owned {
        user,
        account: AccountId(user.0),
    };
    let links: Vec<Owned> = people.map(owned).collect();
    let kinds = [notice, EventKind::Accept { share: true }];
    let said = (0..).zip(
        links
            .iter()
            .flat_map(|link| kinds.map(|kind| (link.1, kind))),
    );
    let events = said.map(|(id, (account, kind))| Event {
        event_id: EventId(id),
        subject: Subject::Account(account),
        kind,
        valid_time: moment,
        known_time: moment,
    });
    let facts = links.iter().map(|&(_, account)| AccountFacts {
        account,
        registered_at: moment,
        last_seen_at: moment,
        number_region: Region::parse("IN"),
        residence: None,
        device: None,
    });
    let ledger = Ledger::new(vec![policy], Vec::new(), events.collect());
    let params = ConsentParams::default().check().expect("defaults are fine");
    let snapshot = ledger.snapshot(AsOf::at(moment), &facts.collect::<Vec<_>>(), &params);
    snapshot.people(&links)
}
