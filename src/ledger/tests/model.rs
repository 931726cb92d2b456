//! The ledger against a list of events in memory.

use proptest::prelude::*;

use super::{Place, append, at, entropy, event, events, import, sorted};
use crate::consent::{AccountFacts, AsOf, ConsentParams, Event, Flaw, History, Ledger, Snapshot};
use crate::ids::{AccountId, DeviceId, Region};
use crate::ledger::{Reader, Writer};

/// Something that is done to a ledger.
#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Event>),
    Import(Vec<Event>, usize),
    Reopen,
}

fn an_event() -> impl Strategy<Value = Event> {
    // Few ids and few contents, so that many are repeated and some contradict.
    (0..60u64, 0..8u64, any::<u8>(), 0..3i64).prop_map(|(id, account, kind, more)| {
        let usual = event(
            id,
            id % 8,
            u8::try_from(id % 8).unwrap(),
            i64::try_from(id).unwrap(),
        );
        if more < 2 {
            let known_time = at(i64::try_from(id).unwrap() + 1 + more);
            Event {
                known_time,
                ..usual
            }
        } else {
            event(id, account, kind, more)
        }
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let some = || prop::collection::vec(an_event(), 0..30);
    let step = prop_oneof![
        3 => some().prop_map(Step::Append),
        3 => (some(), 1..12usize).prop_map(|(events, n)| Step::Import(events, n)),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..8)
}

/// The events the model holds: appended ones are not known earlier than what was appended before.
struct Model {
    events: Vec<Event>,
    newest: crate::time::Timestamp,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out(steps in steps()) {
        let dir = Place::new();
        let path = dir.path();
        let mut writer = Writer::open(path, entropy(7)).unwrap();
        let mut model = Model { events: Vec::new(), newest: crate::time::Timestamp::MIN };
        let mut roots = vec![writer.root()];
        for (n, step) in (0..).zip(steps) {
            match step {
                Step::Append(events) => {
                    append(&mut writer, &events);
                    for event in events {
                        model.newest = model.newest.max(event.known_time);
                        model.events.push(Event { known_time: model.newest, ..event });
                    }
                }
                Step::Import(events, size) => {
                    import(&mut writer, &events, size);
                    model.events.extend(events);
                }
                Step::Reopen => {
                    drop(writer);
                    writer = Writer::open(path, entropy(100 + n)).unwrap();
                }
            }
            roots.push(writer.root());
        }
        let reader = Reader::open(path).unwrap();
        let held = Ledger::new(Vec::new(), Vec::new(), events(&reader));
        let expected = Ledger::new(Vec::new(), Vec::new(), model.events.clone());
        prop_assert_eq!(held.digest(), expected.digest());
        prop_assert_eq!(reader.check(None).unwrap(), vec![]);
        prop_assert_eq!(reader.flaws().unwrap(), flaws(&model.events));
        prop_assert_eq!(reader.root(), writer.root());
        for second in [0, 10, 40, 100] {
            let params = ConsentParams::default().check().unwrap();
            let as_of = AsOf::at(at(second));
            let streamed = Snapshot::compile(&reader, as_of, &facts(), &params).unwrap();
            let in_memory = expected.snapshot(as_of, &facts(), &params);
            prop_assert_eq!(streamed.digest(), in_memory.digest());
        }
        for root in &roots {
            prop_assert_eq!(reader.check(Some(root)).unwrap(), vec![]);
            prop_assert!(reader.consistency(root.size).unwrap().verify(root));
        }
        for account in 0..8 {
            let account = crate::ids::AccountId(account);
            let proof = reader.prove(account).unwrap();
            prop_assert!(proof.verify(&reader.root()));
            let about = |event: &Event| event.subject == crate::consent::Subject::Account(account);
            let expected: Vec<Event> = events(&reader).into_iter().filter(about).collect();
            let history = reader.history(account).unwrap();
            prop_assert_eq!(proof.entries.len(), history.len());
            prop_assert_eq!(sorted(history), sorted(expected));
        }
    }

    #[test]
    fn everything_twice_is_everything_once(events in prop::collection::vec(an_event(), 1..60), size in 1..20usize) {
        let dir = Place::new();
        let mut writer = super::writer(dir.path());
        import(&mut writer, &events, size);
        let root = writer.root();
        let again = import(&mut writer, &events, 1000);
        prop_assert_eq!((again.n_new, again.n_contradicting), (0, 0));
        prop_assert_eq!(writer.root(), root);
    }
}

/// Some accounts with events and some without; two on a device that signals come from.
fn facts() -> Vec<AccountFacts> {
    let fact = |account: u64| AccountFacts {
        account: AccountId(account),
        registered_at: at(-1000),
        last_seen_at: at(0),
        number_region: None,
        residence: Region::parse("IN"),
        device: DeviceId::of(&format!("device {}", account % 3)),
    };
    [1, 2, 3, 5, 7, 9, 11].map(fact).to_vec()
}

/// Who is named under an id that says two things, by definition.
fn flaws(events: &[Event]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for event in events {
        let same_id = || {
            events
                .iter()
                .filter(|other| other.event_id == event.event_id)
        };
        let said = |e: &Event| (e.subject, e.kind, e.valid_time);
        let first_known = |what| {
            let times = same_id().filter(|other| said(other) == what);
            times.map(|other| other.known_time).min().unwrap()
        };
        let mut payloads: Vec<_> = same_id().map(said).collect();
        payloads.sort_unstable();
        payloads.dedup();
        let mut known: Vec<_> = payloads.iter().map(|&what| first_known(what)).collect();
        known.sort_unstable();
        if let Some(&second) = known.get(1) {
            flaws.push(Flaw::About {
                subject: event.subject,
                known_time: second.max(first_known(said(event))),
            });
        }
    }
    flaws.sort_unstable();
    flaws.dedup();
    flaws
}
