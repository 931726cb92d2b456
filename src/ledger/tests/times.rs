//! Nothing is known later than the clock, and ledgers that say so are put right.

use super::older::record;
use super::{Place, append, at, event, events, new, writer};
use crate::consent::{
    AccountFacts, AsOf, ConsentParams, Event, EventKind, History, PolicyId, PolicyVersion,
    Snapshot, Subject, TextDigest,
};
use crate::ids::{AccountId, EventId, Region};
use crate::ledger::{LedgerError, NewEvent, Reader};
use crate::time::Timestamp;

const MINUTE: i64 = 60;

fn far() -> Timestamp {
    Timestamp::parse("9999-01-01T00:00:00Z").unwrap()
}

/// An event of an account that is said to be known at a second.
fn known(id: u64, account: u64, kind: EventKind, second: i64, known_time: Timestamp) -> NewEvent {
    new(&Event {
        event_id: EventId(id),
        subject: Subject::Account(AccountId(account)),
        kind,
        valid_time: at(second),
        known_time,
    })
}

#[test]
fn deny_what_is_known_later_than_the_clock() {
    let opt_out = |id, known_time| known(id, id, EventKind::OptOut, 0, known_time);
    let now = at(1000);
    let later = |micros| Timestamp::from_micros(now.micros() + micros);
    let edge = 5 * MINUTE * 1_000_000;
    for (micros, is_taken) in [
        (-edge, true),
        (0, true),
        (edge, true),
        (edge + 1, false),
        (2 * edge, false),
        (far().micros() - now.micros(), false),
        (i64::MAX - now.micros(), false),
    ] {
        let dir = Place::new();
        let mut one = writer(dir.path());
        let events = [opt_out(1, now), opt_out(2, later(micros))];
        let appended = one.append(&events, now);
        assert_eq!(appended.is_ok(), is_taken, "{micros}: {appended:?}");
        let is_of_time = matches!(
            appended,
            Err(LedgerError::FromTheFuture {
                event_id: EventId(2),
                ..
            })
        );
        assert!(is_taken || is_of_time);
        assert_eq!(one.root().size, if is_taken { 2 } else { 0 });
        let mut import = one.import(1, now);
        let pushed = import.push(&opt_out(3, later(micros)));
        assert_eq!(pushed.is_ok(), is_taken, "{micros}: {pushed:?}");
    }
}

#[test]
fn deny_to_go_on_behind_a_time_that_has_not_come() {
    let dir = Place::new();
    let mut one = writer(dir.path());
    record(&mut one, &[known(1, 1, EventKind::Defer, 0, far())]);
    let refused = one.append(&[known(2, 2, EventKind::OptOut, 5, at(6))], at(6));
    assert!(
        matches!(refused, Err(LedgerError::AheadOfTime { .. })),
        "{refused:?}"
    );
    assert!(one.repair_time(at(6)).unwrap());
    one.append(&[known(2, 2, EventKind::OptOut, 5, at(6))], at(6))
        .unwrap();
    assert!(!one.repair_time(at(7)).unwrap(), "once is enough");
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.history(AccountId(2)).unwrap()[0].known_time, at(6));
}

/// What a ledger of the first version may hold: somebody who accepted and then opted out, behind an event of 9999; an
/// acceptance that nobody knew before; and a segment with such a time.
fn ledger(dir: &Place) {
    let mut one = writer(dir.path());
    let notice = EventKind::NoticeServed {
        policy: PolicyId(2),
        digest: TextDigest::of("terms"),
    };
    let accept = EventKind::Accept { share: true };
    one.add_policies(&[PolicyVersion {
        policy: PolicyId(2),
        texts: vec![("en".into(), TextDigest::of("terms"))],
        announced_at: at(-1000),
        accept_by: at(100_000),
        window_days: 30,
        cohort_cut: at(100_000),
    }])
    .unwrap();
    let early: Vec<NewEvent> = (1..5)
        .flat_map(|account| {
            [
                known(10 * account, account, notice, 1, at(1)),
                known(10 * account + 1, account, accept, 2, at(2)),
            ]
        })
        .collect();
    record(&mut one, &early[..6]);
    record(&mut one, &[early[6]]);
    record(&mut one, &[known(90, 9, EventKind::Defer, 3, far())]);
    // From here on everything has that time.
    record(
        &mut one,
        &[early[7], known(15, 1, EventKind::OptOut, 50, at(60))],
    );
    let mut import = one.import(100, Timestamp::MAX);
    import
        .push(&known(25, 2, EventKind::OptOut, 55, far()))
        .unwrap();
    import.finish().unwrap();
}

fn facts() -> Vec<AccountFacts> {
    let fact = |account| AccountFacts {
        account: AccountId(account),
        registered_at: at(-5000),
        last_seen_at: at(0),
        number_region: Region::parse("IN"),
        residence: Region::parse("IN"),
        device: None,
    };
    (1..5).map(fact).collect()
}

/// The states of accounts 1 to 4.
fn states(reader: &Reader, as_of: AsOf) -> Vec<&'static str> {
    let params = ConsentParams::default().check().unwrap();
    let snapshot = Snapshot::compile(reader, as_of, &facts(), &params).unwrap();
    (1..5)
        .map(|account| {
            let status = snapshot.status(AccountId(account)).unwrap();
            status.state().as_str()
        })
        .collect()
}

#[test]
fn an_opt_out_behind_a_time_of_9999_counts() {
    let dir = Place::new();
    ledger(&dir);
    let now = at(1000);
    let unaware = Reader::open(dir.path()).unwrap();
    assert_eq!(
        states(&unaware, AsOf::at(now))[..2],
        ["accepted_window_open"; 2],
        "the test shows nothing"
    );
    // Told the time, a reader lets nobody through whom the truth might not.
    let told = || Reader::open(dir.path()).unwrap().with_clock(now);
    let expected = ["opted_out", "opted_out", "accepted_window_open", "notified"];
    assert_eq!(states(&told(), AsOf::at(now)), expected);
    let findings = told().check(None).unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].what.contains("repair --time"));

    let mut one = writer(dir.path());
    let root = one.root();
    assert!(one.repair_time(now).unwrap());
    append(&mut one, &[event(70, 3, 3, 1100)]);
    drop(one);
    let after = |valid, known| AsOf {
        valid: at(valid),
        known: at(known),
    };
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.check(Some(&root)).unwrap(), []);
    assert!(
        events(&reader)
            .iter()
            .all(|event| event.known_time <= at(1101))
    );
    let expected = [
        "opted_out",
        "opted_out",
        "accepted_window_open",
        "accepted_window_open",
    ];
    assert_eq!(states(&reader, AsOf::at(now)), expected);
    // Before the repair only what restricts was known.
    let expected = ["opted_out", "opted_out", "accepted_window_open", "notified"];
    assert_eq!(states(&reader, after(999, 999)), expected);
    assert_eq!(states(&reader, AsOf::at(at(1200)))[2], "opted_out");
    assert_eq!(reader.with_clock(at(1200)).check(Some(&root)).unwrap(), []);
}

#[test]
fn a_repair_is_as_good_when_the_ledger_was_closed() {
    let dir = Place::new();
    ledger(&dir);
    let (now, later) = (at(1000), at(5000));
    let mut one = writer(dir.path());
    assert!(one.repair_time(now).unwrap());
    drop(one);
    let mut one = writer(dir.path());
    // Behind the repair a second mistake, of another machine.
    record(&mut one, &[known(80, 3, EventKind::OptOut, 1200, far())]);
    assert!(one.repair_time(later).unwrap());
    assert!(!one.repair_time(later).unwrap());
    let reader = Reader::open(dir.path()).unwrap();
    let of = |account| reader.history(AccountId(account)).unwrap();
    assert_eq!(of(3).last().unwrap().known_time, at(1200));
    assert_eq!(of(1).last().unwrap().known_time, at(50));
    assert_eq!(
        of(4).last().unwrap().known_time,
        now,
        "the first repair still counts"
    );
    assert_eq!(reader.check(None).unwrap(), []);
    // What was recorded before the mistake is left alone.
    assert_eq!(of(4)[0].known_time, at(2));
}

#[test]
fn a_late_time_among_imports_is_repaired_too() {
    let dir = Place::new();
    let mut one = writer(dir.path());
    let mut import = one.import(2, Timestamp::MAX);
    for id in 0..5 {
        let known_time = if id == 3 { far() } else { at(5) };
        import
            .push(&known(id, id, EventKind::OptOut, 4, known_time))
            .unwrap();
    }
    import.finish().unwrap();
    assert!(one.repair_time(at(9)).unwrap());
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.history(AccountId(3)).unwrap()[0].known_time, at(4));
    assert_eq!(reader.others().unwrap(), []);
}
