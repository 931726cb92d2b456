//! What the gates do to data about people: the cases that need a datum, and reports made from snapshots.

use super::*;
use crate::ids::{AccountId, DeviceId, EventId, NumberToken, Owned, Region, UserId};
use crate::time::Timestamp;

/// Somebody saved somebody's number.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Saved(AccountId, AccountId, Timestamp);

impl About for Saved {
    type Id = AccountId;
    type Ids = [AccountId; 2];

    fn about(&self) -> [AccountId; 2] {
        [self.0, self.1]
    }

    fn collected_at(&self) -> Timestamp {
        self.2
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn event(id: u64, account: u64, kind: EventKind, valid: &str, known: &str) -> Event {
    Event {
        event_id: EventId(id),
        subject: Subject::Account(AccountId(account)),
        kind,
        valid_time: at(valid),
        known_time: at(known),
    }
}

fn policy() -> PolicyVersion {
    PolicyVersion {
        policy: PolicyId(1),
        texts: vec![("en".into(), TextDigest::of("terms"))],
        announced_at: at("2016-08-25T00:00:00Z"),
        accept_by: at("2016-09-25T00:00:00Z"),
        window_days: 30,
        cohort_cut: at("2016-08-25T00:00:00Z"),
    }
}

fn facts(account: u64) -> AccountFacts {
    AccountFacts {
        account: AccountId(account),
        registered_at: at("2016-09-01T00:00:00Z"),
        last_seen_at: at("2016-12-01T00:00:00Z"),
        number_region: Region::parse("IN"),
        residence: Region::parse("IN"),
        device: DeviceId::of("phone"),
    }
}

/// Two new accounts; the first opts out on the 10th, which the ledger learns on the 20th.
fn world() -> (Ledger, [AccountFacts; 2]) {
    let joined = "2016-09-01T00:00:00Z";
    let events = vec![
        event(1, 1, EventKind::Register, joined, joined),
        event(2, 2, EventKind::Register, joined, joined),
        event(
            3,
            1,
            EventKind::OptOut,
            "2016-09-10T00:00:00Z",
            "2016-09-20T00:00:00Z",
        ),
    ];
    (
        Ledger::new(vec![policy()], Vec::new(), events),
        [facts(1), facts(2)],
    )
}

#[test]
fn deny_what_an_uploader_saved_before_opting_out() {
    let (ledger, facts) = world();
    let params = ValidConsentParams::default();
    let saved = Saved(AccountId(1), AccountId(2), at("2016-09-05T00:00:00Z"));
    let gate = |day: &str| {
        let snapshot = ledger.snapshot(AsOf::at(at(day)), &facts, &params);
        snapshot.accounts::<FriendSuggestions>()
    };
    assert!(gate("2016-09-06T00:00:00Z").permit(saved).is_ok());
    let after = gate("2016-09-20T00:00:00Z");
    assert_eq!(after.permit(saved).err(), Some(DenialReason::OptedOut));
    // Both directions: what others saved about the person is as closed as what the person saved.
    let reverse = Saved(saved.1, saved.0, saved.2);
    assert_eq!(after.permit(reverse).err(), Some(DenialReason::OptedOut));
}

#[test]
fn what_was_published_too_early_is_recalled() {
    let (ledger, facts) = world();
    let params = ValidConsentParams::default();
    let published = ledger.snapshot(AsOf::at(at("2016-09-15T00:00:00Z")), &facts, &params);
    let newest = AsOf {
        valid: at("2016-09-15T00:00:00Z"),
        known: at("2016-09-20T00:00:00Z"),
    };
    let newest = ledger.snapshot(newest, &facts, &params);
    assert_eq!(
        newest.recalled_since(&published, Purpose::AdRelevance),
        [AccountId(1)]
    );
    assert_eq!(newest.recalled_since(&published, Purpose::Abuse), []);
    assert_ne!(newest.digest(), published.digest());
}

#[test]
fn a_cut_off_that_moves_is_recalled_too() {
    let (ledger, facts) = world();
    let order = Overlay {
        region: Region::parse("IN").unwrap(),
        purpose: Purpose::FriendSuggestions,
        interval: crate::time::Interval::new(at("2016-09-06T00:00:00Z"), None),
        effect: OverlayEffect::CutOff(at("2016-09-06T00:00:00Z")),
    };
    let events = [1, 2].map(|id| ledger.history(Subject::Account(AccountId(id))));
    let ordered = Ledger::new(
        vec![policy()],
        vec![order],
        events.into_iter().flatten().collect(),
    );
    let moment = AsOf::at(at("2016-09-08T00:00:00Z"));
    let params = ValidConsentParams::default();
    let (free, bound) = (
        ledger.snapshot(moment, &facts, &params),
        ordered.snapshot(moment, &facts, &params),
    );
    let recalled = bound.recalled_since(&free, Purpose::FriendSuggestions);
    assert_eq!(recalled, [AccountId(1), AccountId(2)]);
    let gate = bound.accounts::<FriendSuggestions>();
    let saved = |day| Saved(AccountId(1), AccountId(2), at(day));
    assert_eq!(
        gate.permit(saved("2016-09-05T23:59:59Z")).err(),
        Some(DenialReason::BeforeCutOff)
    );
    assert!(gate.permit(saved("2016-09-06T00:00:00Z")).is_ok());
}

#[test]
fn deny_a_number_whose_owner_objected_when_a_friend_uploads_it() {
    let token = |name: &str| NumberToken::from_keyed_digest(&blake3::hash(name.as_bytes()));
    let objection = |id, kind, day: &str| Event {
        event_id: EventId(id),
        subject: Subject::NonUser(token("stranger")),
        kind,
        valid_time: at(day),
        known_time: at(day),
    };
    let objected = objection(1, EventKind::NonUserObjects, "2016-09-01T00:00:00Z");
    let joined = objection(2, EventKind::NonUserJoins, "2016-10-01T00:00:00Z");
    let params = ValidConsentParams::default();
    let ask = |events: Vec<Event>, day: &str| {
        let snapshot = Ledger::new(Vec::new(), Vec::new(), events);
        let snapshot = snapshot.snapshot(AsOf::at(at(day)), &[], &params);
        assert!(!snapshot.objected(&token("somebody else")));
        snapshot.objected(&token("stranger"))
    };
    assert!(ask(vec![joined, objected], "2016-09-05T00:00:00Z"));
    assert!(!ask(vec![objected, joined], "2016-10-01T00:00:00Z"));
    // One id, two stories: nobody knows which is true, so the number stays closed.
    let contradicted = Event {
        event_id: EventId(1),
        ..joined
    };
    assert!(ask(vec![contradicted, objected], "2016-12-01T00:00:00Z"));
}

#[test]
fn states_are_counted_by_name() {
    let (ledger, facts) = world();
    let moment = AsOf::at(at("2016-09-20T00:00:00Z"));
    let snapshot = ledger.snapshot(moment, &facts, &ValidConsentParams::default());
    let counts: Vec<_> = snapshot.state_counts().into_iter().collect();
    assert_eq!(counts, [("new_accepted", 1), ("opted_out", 1)]);
    assert_eq!(ledger.n_events(), 3);
}

#[test]
fn deny_everybody_when_there_is_no_ledger() {
    let snapshot = Ledger::new(Vec::new(), Vec::new(), Vec::new()).snapshot(
        AsOf::at(at("2016-09-20T00:00:00Z")),
        &[facts(1)],
        &ValidConsentParams::default(),
    );
    let people = snapshot.people::<Abuse>(&[Owned {
        user: UserId(1),
        account: AccountId(1),
    }]);
    assert_eq!(people.permit(UserId(1)).err(), Some(DenialReason::NoRecord));
}

#[test]
fn deny_terms_that_contradict_themselves() {
    let mut other = policy();
    other.window_days = 3650;
    let notice = EventKind::NoticeServed {
        policy: PolicyId(1),
        digest: TextDigest::of("terms"),
    };
    let day = "2016-09-02T00:00:00Z";
    for versions in [vec![policy(), other.clone()], vec![other, policy()]] {
        let ledger = Ledger::new(versions, Vec::new(), vec![event(1, 1, notice, day, day)]);
        let snapshot = ledger.snapshot(
            AsOf::at(at(day)),
            &[facts(1)],
            &ValidConsentParams::default(),
        );
        let state = snapshot.status(AccountId(1)).map(AccountStatus::state);
        assert_eq!(state, Some(State::Invalidated));
    }
}

#[test]
fn same_snapshot_for_any_number_of_threads() {
    let (ledger, facts) = world();
    let moment = AsOf::at(at("2016-09-20T00:00:00Z"));
    let digest = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
            .unwrap();
        pool.install(|| {
            ledger
                .snapshot(moment, &facts, &ValidConsentParams::default())
                .digest()
        })
    };
    assert_eq!(digest(1), digest(3));
}

#[test]
fn a_digest_tells_ledgers_apart() {
    let (ledger, _) = world();
    let events: Vec<Event> = ledger.history(Subject::Account(AccountId(1))).collect();
    let fewer = Ledger::new(vec![policy()], Vec::new(), events.clone());
    let without_terms = Ledger::new(Vec::new(), Vec::new(), events);
    assert_ne!(ledger.digest(), fewer.digest());
    assert_ne!(fewer.digest(), without_terms.digest());
}
