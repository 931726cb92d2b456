//! Whatever is changed behind the ledger's back is found.

use std::fs;
use std::path::Path;

use super::{Place, append, entropy, event, import, writer};
use crate::consent::{Flaw, History};
use crate::ledger::{Reader, Writer};

/// A small ledger with everything in it.
fn ledger(dir: &Path) {
    let mut writer = writer(dir);
    let events: Vec<_> = (0..30)
        .map(|id| {
            event(
                id,
                id % 5,
                u8::try_from(id % 8).unwrap(),
                i64::try_from(id).unwrap(),
            )
        })
        .collect();
    import(&mut writer, &events[..12], 6);
    append(&mut writer, &events[12..]);
    append(&mut writer, &[event(3, 4, 3, 9)]);
    let later: Vec<_> = (100..400).map(|id| event(id, id % 7, 1, 40)).collect();
    append(&mut writer, &later);
    writer.erase(crate::ids::AccountId(4)).unwrap();
}

/// Does anybody notice? Whoever cannot open it has.
fn is_found(dir: &Path) -> bool {
    match Reader::open(dir) {
        Err(_) => true,
        Ok(reader) => match reader.check(None) {
            Ok(findings) => {
                let is_found = !findings.is_empty();
                assert_eq!(
                    is_found,
                    is_closed(dir),
                    "the gate closes when something is found"
                );
                is_found
            }
            Err(_) => true,
        },
    }
}

/// Is nobody let through? A reader of its own: what one has read, others must find too.
fn is_closed(dir: &Path) -> bool {
    let reader = Reader::open(dir).unwrap();
    let flaws = reader.flaws().unwrap();
    let read = reader.others().and_then(|_| reader.accounts(&mut |_| {}));
    assert!(
        read.is_err() || flaws != [Flaw::Everybody],
        "what is damaged is not handed over"
    );
    flaws == [Flaw::Everybody] || read.is_err()
}

#[test]
fn an_untouched_ledger_is_whole() {
    let dir = Place::new();
    ledger(dir.path());
    assert!(!is_found(dir.path()));
}

#[test]
fn every_changed_byte_of_a_segment_is_found() {
    let dir = Place::new();
    ledger(dir.path());
    // A server has the rows, not the segments: a connection for every byte shows nothing more.
    let step = if dir.is_remote() { 17 } else { 1 };
    for name in ["000000.seg", "000001.seg"] {
        let path = dir.path().join("segments").join(name);
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(step) {
            let mut changed = whole.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            assert!(is_found(dir.path()), "byte {at} of {name}");
        }
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(is_found(dir.path()), "{name} cut");
        fs::remove_file(&path).unwrap();
        assert!(is_found(dir.path()), "{name} removed");
        fs::write(&path, &whole).unwrap();
    }
    assert!(!is_found(dir.path()));
}

#[test]
fn every_edit_of_a_table_is_found() {
    let edits = [
        "UPDATE entries SET body = x'00' WHERE entry = (SELECT min(entry) FROM entries WHERE kind = 1)",
        "UPDATE entries SET body = (SELECT body FROM entries WHERE kind = 1 ORDER BY entry DESC LIMIT 1) WHERE entry = (SELECT min(entry) FROM entries WHERE kind = 1)",
        "UPDATE entries SET subject = (SELECT subject FROM entries WHERE entry = 20) WHERE entry = 21",
        "UPDATE entries SET event_id = event_id + 1000 WHERE entry = 20",
        "UPDATE entries SET kind = 1 WHERE kind = 2",
        "UPDATE entries SET kind = 2 WHERE entry = 20",
        "UPDATE entries SET body = x'11' WHERE kind = 5",
        "DELETE FROM entries WHERE entry = 20",
        "DELETE FROM entries WHERE entry = (SELECT max(entry) FROM entries)",
        "DELETE FROM entries WHERE kind = 7",
        "INSERT INTO entries SELECT entry + 1000, kind, event_id + 5000, subject, body FROM entries WHERE entry = 20",
        "UPDATE entries SET entry = -1 WHERE entry = 20; UPDATE entries SET entry = 20 WHERE entry = 21; UPDATE entries SET entry = 21 WHERE entry = -1",
        "DELETE FROM tiles WHERE tile = 0",
        "UPDATE tiles SET hash = zeroblob(32)",
        "UPDATE head SET size = size - 1",
        "UPDATE head SET root = zeroblob(32)",
        "UPDATE segments SET digest = zeroblob(32)",
        "UPDATE segments SET first_entry = first_entry + 1 WHERE segment = 1",
        "UPDATE segments SET n_events = n_events - 1 WHERE segment = 1",
        "DELETE FROM segments WHERE segment = 1",
        "DELETE FROM subject_keys WHERE subject = (SELECT subject FROM subject_keys ORDER BY subject LIMIT 1)",
        "UPDATE subject_keys SET key = zeroblob(32)",
        "DELETE FROM seeds WHERE segment = 0",
        "UPDATE seeds SET seed = zeroblob(32) WHERE segment = 0",
    ];
    for edit in edits {
        let dir = Place::new();
        ledger(dir.path());
        dir.edit(edit);
        assert!(is_found(dir.path()), "{edit}");
    }
}

#[test]
fn a_ledger_written_anew_is_known_by_an_earlier_root() {
    let [old, new, short] = [(); 3].map(|()| Place::new());
    let mut writer = Writer::open(old.path(), entropy(1)).unwrap();
    append(&mut writer, &[event(1, 1, 3, 0), event(2, 2, 1, 1)]);
    let root = writer.root();
    let mut writer = Writer::open(new.path(), entropy(1)).unwrap();
    append(&mut writer, &[event(2, 2, 1, 1), event(1, 1, 1, 0)]);
    let reader = Reader::open(new.path()).unwrap();
    assert_eq!(reader.check(None).unwrap(), []);
    assert_ne!(reader.check(Some(&root)).unwrap(), []);
    assert!(!reader.consistency(root.size).unwrap().verify(&root));
    let mut writer = Writer::open(short.path(), entropy(1)).unwrap();
    append(&mut writer, &[event(1, 1, 3, 0)]);
    let cut = Reader::open(short.path()).unwrap();
    assert_ne!(cut.check(Some(&root)).unwrap(), []);
}
