//! One writer, many readers, and what is refused.

use std::fs;

use super::{Place, append, at, entropy, event, events, import, new, sorted, writer};
use crate::consent::{
    EventKind, Flaw, History, Overlay, OverlayEffect, PolicyId, PolicyVersion, Purpose, Subject,
    TextDigest,
};
use crate::ids::{AccountId, EventId, Region};
use crate::ledger::{KeyCheck, LedgerError, NewEvent, NewSubject, ObjectionPoint, Reader, Writer};
use crate::time::{Interval, Timestamp};

fn some(n: u64) -> Vec<crate::consent::Event> {
    (0..n)
        .map(|id| {
            event(
                id,
                id % 5,
                u8::try_from(id % 7).unwrap(),
                i64::try_from(id).unwrap(),
            )
        })
        .collect()
}

#[test]
fn there_is_one_writer() {
    let dir = Place::new();
    let first = writer(dir.path());
    let second = Writer::open(dir.path(), entropy(2));
    assert!(
        matches!(&second, Err(LedgerError::Locked { .. })),
        "{second:?}"
    );
    drop(first);
    writer(dir.path());
}

#[test]
fn a_reader_stays_where_it_was() {
    let dir = Place::new();
    let mut writer = writer(dir.path());
    append(&mut writer, &some(10));
    let reader = Reader::open(dir.path()).unwrap();
    let before = events(&reader);
    append(&mut writer, &some(20));
    import(&mut writer, &some(40), 100);
    assert_eq!(events(&reader), before);
    assert_eq!(reader.check(None).unwrap(), []);
    assert_eq!(events(&Reader::open(dir.path()).unwrap()).len(), 40);
}

#[test]
fn there_has_to_be_a_ledger_to_read() {
    let dir = Place::new();
    let none = Reader::open(dir.path());
    assert!(matches!(none, Err(LedgerError::Absent { .. })), "{none:?}");
    let files = fs::read_dir(dir.path()).unwrap();
    assert_eq!(
        files.count(),
        usize::from(dir.is_remote()),
        "reading made something"
    );
}

#[test]
fn other_formats_are_refused() {
    let dir = Place::new();
    drop(writer(dir.path()));
    dir.edit(if dir.is_remote() {
        "UPDATE head SET format = 4"
    } else {
        "PRAGMA user_version = 4"
    });
    let newer = Reader::open(dir.path()).unwrap_err();
    assert!(newer.to_string().contains("format 4"), "{newer}");
    if dir.is_remote() {
        return;
    }
    dir.edit("PRAGMA user_version = 3; PRAGMA application_id = 7");
    let foreign = Writer::open(dir.path(), entropy(1)).unwrap_err();
    assert!(matches!(foreign, LedgerError::Foreign { .. }), "{foreign}");
}

#[test]
fn what_has_not_happened_is_refused_and_the_rest_with_it() {
    let dir = Place::new();
    let mut writer = writer(dir.path());
    let mut late = new(&event(2, 1, 3, 0));
    late.valid_time = Timestamp::from_micros(late.known_time.micros() + 300_000_000);
    assert!(writer.append(&[late], Timestamp::MAX).is_ok());
    late.event_id = EventId(3);
    late.valid_time = Timestamp::from_micros(late.valid_time.micros() + 1);
    let root = writer.root();
    let refused = writer.append(&[new(&event(4, 1, 3, 0)), late], Timestamp::MAX);
    assert!(
        matches!(refused, Err(LedgerError::NotYet { .. })),
        "{refused:?}"
    );
    assert_eq!(writer.root(), root);
}

#[test]
fn recorded_time_does_not_go_back() {
    let dir = Place::new();
    let mut writer = writer(dir.path());
    append(&mut writer, &[event(1, 1, 3, 100)]);
    drop(writer);
    let mut writer = super::writer(dir.path());
    append(&mut writer, &[event(2, 1, 3, 50)]);
    let history = Reader::open(dir.path())
        .unwrap()
        .history(AccountId(1))
        .unwrap();
    assert_eq!(history[1].known_time, at(101));
    assert_eq!(history[1].valid_time, at(50));
}

#[test]
fn a_failed_append_leaves_nothing() {
    let dir = Place::new();
    let mut n_calls = 0;
    let entropy: crate::ledger::Entropy = Box::new(move |bytes| {
        n_calls += 1;
        bytes.fill(n_calls);
        if n_calls == 3 {
            Err(std::io::Error::other("dry"))
        } else {
            Ok(())
        }
    });
    let mut writer = Writer::open(dir.path(), entropy).unwrap();
    append(&mut writer, &[event(1, 1, 0, 0)]);
    let root = writer.root();
    let failed = writer.append(
        &[new(&event(2, 2, 2, 0)), new(&event(3, 3, 0, 0))],
        Timestamp::MAX,
    );
    assert!(
        matches!(failed, Err(LedgerError::Entropy { .. })),
        "{failed:?}"
    );
    assert_eq!(writer.root(), root);
    append(&mut writer, &[event(4, 4, 0, 1)]);
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.check(None).unwrap(), []);
    assert_eq!(events(&reader).len(), 2);
}

#[test]
fn an_unlisted_segment_is_removed() {
    let dir = Place::new();
    let mut one = writer(dir.path());
    import(&mut one, &some(30), 10);
    drop(one);
    let orphans = ["000003.seg", "000004.tmp"].map(|name| dir.path().join("segments").join(name));
    for orphan in &orphans {
        fs::write(orphan, "half a segm").unwrap();
    }
    let one = writer(dir.path());
    assert!(orphans.iter().all(|orphan| !orphan.exists()));
    assert_eq!(Reader::open(dir.path()).unwrap().check(None).unwrap(), []);
    drop(one);
}

#[test]
fn terms_and_orders_are_kept_once() {
    let dir = Place::new();
    let version = PolicyVersion {
        policy: PolicyId(2),
        texts: vec![
            ("en".into(), TextDigest::of("en")),
            ("de".into(), TextDigest::of("de")),
        ],
        announced_at: at(0),
        accept_by: at(9),
        window_days: 30,
        cohort_cut: at(5),
    };
    let overlays = [OverlayEffect::Deny, OverlayEffect::CutOff(at(3))].map(|effect| Overlay {
        region: Region::parse("DE").unwrap(),
        purpose: Purpose::AdRelevance,
        interval: Interval::new(at(1), None),
        effect,
    });
    let mut writer = writer(dir.path());
    for n in [1, 0] {
        assert_eq!(
            writer.add_policies(std::slice::from_ref(&version)).unwrap(),
            n
        );
        assert_eq!(writer.add_overlays(&overlays).unwrap(), 2 * n);
    }
    let reader = Reader::open(dir.path()).unwrap();
    let held = reader.policies().unwrap();
    let texts = |version: &PolicyVersion| {
        let mut texts = version.texts.clone();
        texts.sort();
        texts
    };
    assert_eq!(held.len(), 1);
    assert_eq!(texts(&held[0]), texts(&version));
    assert_eq!(held[0].cohort_cut, version.cohort_cut);
    assert_eq!(reader.overlays().unwrap(), overlays);
}

#[test]
fn what_was_erased_cannot_be_read_and_the_root_still_verifies() {
    let dir = Place::new();
    let mut writer = writer(dir.path());
    import(&mut writer, &some(40), 15);
    append(
        &mut writer,
        &(40..60)
            .map(|id| event(id, id % 5, 1, 60))
            .collect::<Vec<_>>(),
    );
    let before = writer.root();
    let proof = Reader::open(dir.path())
        .unwrap()
        .prove(AccountId(3))
        .unwrap();
    let erased = writer.erase(AccountId(3)).unwrap();
    assert_eq!(erased.n_keys, 4, "three segments and the rows");
    assert_eq!(writer.erase(AccountId(3)).unwrap().n_keys, 0);
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.check(Some(&before)).unwrap(), []);
    assert!(proof.verify(&before));
    assert_eq!(reader.history(AccountId(3)).unwrap(), []);
    let subject = Subject::Account(AccountId(3));
    let left = events(&reader);
    assert!(left.iter().all(|event| event.subject != subject));
    let mut expected = some(40);
    expected.extend((40..60).map(|id| event(id, id % 5, 1, 60)));
    let mut expected: Vec<_> = expected
        .into_iter()
        .filter(|e| e.subject != subject)
        .collect();
    for event in &mut left.clone() {
        // Appended events are known when the newest was.
        event.known_time = event.known_time.max(at(0));
    }
    expected.retain(|e| e.event_id.0 < 60);
    assert_eq!(sorted(left).len(), sorted(expected).len());
    let flaw = Flaw::About {
        subject,
        known_time: Timestamp::MIN,
    };
    assert_eq!(reader.flaws().unwrap(), [flaw]);
    // What comes again is no news.
    let again = append(&mut writer, &[event(43, 3, 1, 60)]);
    assert_eq!((again.n_new, again.n_repeated), (0, 1));
}

#[test]
fn no_key_of_an_erased_subject_is_left_in_any_file() {
    let dir = Place::new();
    if dir.is_remote() {
        eprintln!("skipped: the files are the server's");
        return;
    }
    let mut keys = entropy(1);
    let mut made = [[0; 32]; 2];
    for key in &mut made {
        keys(key).unwrap();
    }
    let mut writer = writer(dir.path());
    append(&mut writer, &[event(1, 1, 1, 0)]);
    import(&mut writer, &[event(2, 1, 2, 1)], 10);
    let is_there = |key: &[u8; 32]| {
        let files = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut files = files.filter(|path| path.is_file());
        files.any(|path| {
            fs::read(path)
                .unwrap()
                .windows(32)
                .any(|bytes| bytes == key)
        })
    };
    assert_eq!(
        made.each_ref().map(is_there),
        [true, true],
        "the test looks in the right place"
    );
    writer.erase(AccountId(1)).unwrap();
    assert_eq!(made.each_ref().map(is_there), [false, false]);
}

#[test]
fn objections_can_be_made_anew_under_another_key() {
    let dir = Place::new();
    let mut writer = writer(dir.path());
    let point = |n: u8| ObjectionPoint {
        point: [n; 32],
        bucket: u32::from(n),
    };
    let objects = |id: u64, n: u8, kind| NewEvent {
        event_id: EventId(id),
        subject: NewSubject::NonUser(point(n)),
        kind,
        valid_time: at(0),
        known_time: at(1),
    };
    writer.use_key(KeyCheck([0xa1; 32])).unwrap();
    writer
        .append(
            &[
                objects(1, 1, EventKind::NonUserObjects),
                objects(2, 2, EventKind::NonUserObjects),
            ],
            Timestamp::MAX,
        )
        .unwrap();
    writer
        .append(&[objects(3, 1, EventKind::NonUserJoins)], Timestamp::MAX)
        .unwrap();
    assert_eq!(writer.objections().unwrap(), [point(1), point(2)]);
    writer
        .rekey_objections(&[point(11), point(12)], KeyCheck([0xa2; 32]))
        .unwrap();
    writer.wipe_old_objections().unwrap();
    writer
        .append(&[objects(4, 13, EventKind::NonUserObjects)], Timestamp::MAX)
        .unwrap();
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.check(None).unwrap(), []);
    let subjects: Vec<Subject> = reader.others().unwrap().iter().map(|e| e.subject).collect();
    let expected = [11, 12, 11, 13].map(|n| Subject::NonUser(point(n).token()));
    assert_eq!(subjects, expected);
    drop(reader);
    if !dir.is_remote() {
        let file = fs::read(dir.path().join("ledger.sqlite")).unwrap();
        let is_left = file.windows(32).any(|bytes| bytes == [1; 32]);
        assert!(!is_left, "an old point is left");
    }
    dir.edit("UPDATE objections SET bucket = 9 WHERE number = 2");
    assert_ne!(Reader::open(dir.path()).unwrap().check(None).unwrap(), []);
    dir.edit("UPDATE objections SET bucket = 13 WHERE number = 2");
    dir.edit("UPDATE objections SET bucket = 9 WHERE number = 0");
    assert_ne!(Reader::open(dir.path()).unwrap().check(None).unwrap(), []);
}

#[test]
fn a_server_that_cannot_be_used_is_named_without_its_password() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |settings: &str| {
        fs::write(dir.path().join("database.toml"), settings).unwrap();
        let error = Reader::open(dir.path()).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        error.to_string()
    };
    let unknown = refused("postgres = 'host=db password=secret'\nspeed = 3\n");
    assert!(
        unknown.contains("database.toml, line 2") && unknown.contains("speed"),
        "{unknown}"
    );
    let absent = refused("postgres = 'postgresql://me:secret@127.0.0.1:1/consent'\n");
    if cfg!(feature = "postgres") {
        assert!(
            absent.contains(
                "cannot connect to schema acquaint_ledger of database consent on 127.0.0.1"
            ),
            "{absent}"
        );
        let name = refused("postgres = 'host=db password=secret'\nschema = 'a; DROP'\n");
        assert!(name.contains("schema"), "{name}");
    } else {
        assert!(absent.contains("lacks the feature `postgres`"), "{absent}");
    }
}
