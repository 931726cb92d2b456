//! The ledger: what is changed behind its back, keys that are not its, and what is broken off while it is made, added to or
//! moved to another key.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use acquaint::consent::{
    AccountFacts, AsOf, ConsentParams, Decision, Event, EventKind, PolicyId, PolicyVersion,
    Purpose, Snapshot, Subject, TextDigest,
};
use acquaint::ids::{AccountId, EventId, Region};
use acquaint::ledger::{Entropy, LedgerError, NewEvent, Reader, Writer, repair};
use acquaint::time::Timestamp;

use crate::files::{copy, digits, write_key};
use crate::kills::{calls_of, chosen, injected, outlived};
use crate::place::{Ended, Place};
use crate::table::{Effort, Row};

/// Accounts of the ledger that is damaged; every third opted out.
const ACCOUNTS: u64 = 60;

fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(1_475_280_000 + second)
}

fn entropy() -> Entropy {
    let mut reader = blake3::Hasher::new().finalize_xof();
    Box::new(move |bytes| {
        reader.fill(bytes);
        Ok(())
    })
}

fn event(id: u64, account: u64, kind: EventKind, second: i64) -> NewEvent {
    let event = Event {
        event_id: EventId(id),
        subject: Subject::Account(AccountId(account)),
        kind,
        valid_time: at(second),
        known_time: at(second),
    };
    NewEvent::of(&event).expect("about an account")
}

/// Everybody accepted, a part of it in a segment; every third opted out afterwards, in rows.
fn ledger(dir: &Path) -> Result<(), LedgerError> {
    let text = TextDigest::of("terms");
    let notice = EventKind::NoticeServed {
        policy: PolicyId(1),
        digest: text,
    };
    let mut writer = Writer::open(dir, entropy())?;
    writer.add_policies(&[PolicyVersion {
        policy: PolicyId(1),
        texts: vec![("en".into(), text)],
        announced_at: at(-1000),
        accept_by: at(100_000),
        window_days: 30,
        cohort_cut: at(100_000),
    }])?;
    let mut import = writer.import(64, Timestamp::MAX);
    let accept = EventKind::Accept { share: true };
    for account in 0..ACCOUNTS {
        import.push(&event(10 * account, account, notice, 1))?;
        import.push(&event(10 * account + 1, account, accept, 2))?;
    }
    import.finish()?;
    let out = (0..ACCOUNTS).step_by(3);
    let out: Vec<NewEvent> = out
        .map(|account| event(10 * account + 2, account, EventKind::OptOut, 3))
        .collect();
    writer.append(&out, at(10))?;
    Ok(())
}

/// Whom the ledger allows to be shown ads for.
fn allowed(dir: &Path) -> Result<BTreeSet<u64>, LedgerError> {
    let fact = |account| AccountFacts {
        account: AccountId(account),
        registered_at: at(-5000),
        last_seen_at: at(0),
        number_region: Region::parse("IN"),
        residence: Region::parse("IN"),
        device: None,
    };
    let facts: Vec<AccountFacts> = (0..ACCOUNTS).map(fact).collect();
    let params = ConsentParams::default().check().expect("the defaults");
    let reader = Reader::open(dir)?;
    let snapshot = Snapshot::compile(&reader, AsOf::at(at(100)), &facts, &params)?;
    let statuses = snapshot.statuses().iter();
    let is_allowed = |decision| matches!(decision, Decision::Allowed { .. });
    let allowed = statuses.filter(|status| is_allowed(status.decision(Purpose::AdRelevance)));
    Ok(allowed.map(|status| status.account().0).collect())
}

/// A whole ledger to make copies of, and whom it allows.
struct Model {
    dir: tempfile::TempDir,
    allowed: BTreeSet<u64>,
}

impl Model {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        ledger(dir.path()).expect("a ledger");
        let allowed = allowed(dir.path()).expect("a ledger");
        let n_out = ACCOUNTS.div_ceil(3);
        assert_eq!(
            allowed.len() as u64,
            ACCOUNTS - n_out,
            "the ledger is as it should be"
        );
        Self { dir, allowed }
    }

    fn copy(&self) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a directory");
        copy(self.dir.path(), dir.path());
        dir
    }

    /// What became of a ledger that was damaged: nobody too many may be allowed.
    fn judge(&self, dir: &Path, what: &str) -> Result<String, String> {
        match allowed(dir) {
            Err(_) => Ok("stopped the reader".to_owned()),
            Ok(found) if found.is_empty() => Ok("let nobody through".to_owned()),
            Ok(found) if found == self.allowed => Ok("of no matter to readers".to_owned()),
            Ok(found) => {
                let too_many = found.difference(&self.allowed).count();
                let too_few = self.allowed.difference(&found).count();
                Err(format!(
                    "{what}: {too_many} people too many, {too_few} too few"
                ))
            }
        }
    }
}

fn edit(dir: &Path, sql: &str) {
    let database = rusqlite::Connection::open(dir.join("ledger.sqlite")).expect("a database");
    database.execute_batch(sql).expect("statements that work");
}

/// One bit of the database, of a segment.
pub(crate) fn flips(effort: Effort) -> Row {
    let model = Model::new();
    let copy = model.copy();
    let files = [
        "ledger.sqlite",
        "segments/000000.seg",
        "segments/000001.seg",
    ];
    let files: Vec<PathBuf> = files.map(|name| copy.path().join(name)).into();
    let wholes: Vec<Vec<u8>> = files
        .iter()
        .map(|file| fs::read(file).expect("a file"))
        .collect();
    let mut row = Row::default();
    for i in 0..effort.of(600, 20_000) {
        let mixed = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The database is much the largest; every third flip is of a segment.
        let at = [0, 0, 1 + i / 3 % 2][i % 3];
        let mut bytes = wholes[at].clone();
        let place = usize::try_from((mixed >> 20) % bytes.len() as u64).unwrap_or(0);
        bytes[place] ^= 1 << (mixed & 7);
        for ending in ["-wal", "-shm"] {
            let _ = fs::remove_file(copy.path().join(format!("ledger.sqlite{ending}")));
        }
        fs::write(&files[at], &bytes).expect("a file");
        let name = files[at].display();
        row.add(model.judge(copy.path(), &format!("{name}, byte {place}")));
        fs::write(&files[at], &wholes[at]).expect("a file");
    }
    row
}

/// What the database says of an index after another was put in its place.
const SAID: &str = "PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = 'CREATE INDEX entries_by_event ON entries (event_id) WHERE event_id IS NOT NULL' WHERE name = 'entries_by_event';
    PRAGMA writable_schema = OFF;";

/// Indexes that lack rows, openly and under the name and the text of the whole one.
pub(crate) fn indexes(_: Effort) -> Row {
    let by_event = (0..40).map(|n| {
        let n = 5 * n;
        format!("DROP INDEX entries_by_event; CREATE INDEX entries_by_event ON entries (event_id) WHERE event_id IS NOT NULL AND entry < {n};")
    });
    let by_kind = (1..12).map(|kind| {
        format!("CREATE INDEX entries_by_kind ON entries (kind) WHERE kind <> {kind};")
    });
    let by_subject = (0..20).map(|account| {
        format!("CREATE INDEX entries_by_subject ON entries (subject, entry) WHERE subject > x'00{account:032x}';")
    });
    let edits: Vec<String> = by_event.chain(by_kind).chain(by_subject).collect();
    let said = edits.iter().map(|edit| format!("{edit}{SAID}"));
    let all: Vec<String> = edits.iter().cloned().chain(said).collect();
    changed(&all)
}

/// Triggers, views, other tables, columns and rows.
pub(crate) fn schema(_: Effort) -> Row {
    changed(&of_schema())
}

/// What is written after the same edits: nothing is acknowledged on what a reader would refuse.
pub(crate) fn writers(effort: Effort) -> Row {
    let model = Model::new();
    let mut row = Row::default();
    let edits = of_schema().into_iter().chain(of_keys());
    for sql in edits.step_by(effort.of(2, 1)) {
        let copy = model.copy();
        edit(copy.path(), &sql);
        row.add(refused_to_write(copy.path(), &sql));
    }
    row
}

fn refused_to_write(dir: &Path, what: &str) -> Result<String, String> {
    let opt_out = event(9999, 1, EventKind::OptOut, 3);
    let appended = Writer::open(dir, entropy()).and_then(|mut one| one.append(&[opt_out], at(10)));
    match appended {
        Err(_) => Ok("nothing acknowledged".to_owned()),
        Ok(_) => Err(format!("{what}: acknowledged")),
    }
}

/// Keys and seeds that are edited, lost or added, and rows that no entry counts.
fn of_keys() -> Vec<String> {
    let mut edits = Vec::new();
    for table in ["subject_keys", "seeds"] {
        edits.push(format!("DELETE FROM {table}"));
    }
    edits.push("UPDATE seeds SET seed = zeroblob(32)".to_owned());
    for n in 0..20 {
        let subject = format!("(SELECT subject FROM subject_keys LIMIT 1 OFFSET {n})");
        edits.push(format!(
            "UPDATE subject_keys SET key = zeroblob(32) WHERE subject = {subject}"
        ));
        edits.push(format!(
            "DELETE FROM subject_keys WHERE subject = {subject}"
        ));
        edits.push(format!(
            "INSERT INTO subject_keys VALUES (x'00{n:032x}ff', zeroblob(32))"
        ));
        edits.push(format!(
            "INSERT INTO seeds VALUES ({}, 4, {}, zeroblob(32))",
            n % 3,
            n % 16
        ));
        edits.push(format!("INSERT INTO entries SELECT {} - entry, kind, event_id, subject, body FROM entries WHERE kind = 1 LIMIT 1", -1 - n));
        edits.push(format!(
            "INSERT INTO objections VALUES ({n}, x'{n:064x}', 5)"
        ));
    }
    edits
}

/// The same to whoever reads.
pub(crate) fn key_edits(_: Effort) -> Row {
    changed(&of_keys())
}

/// Keys that are put back after an erasure.
pub(crate) fn put_back(effort: Effort) -> Row {
    let model = Model::new();
    let mut row = Row::default();
    for account in (0..ACCOUNTS).step_by(effort.of(6, 3)) {
        for table in ["subject_keys", "seeds"] {
            let copy = model.copy();
            let what = format!("{table} of account {account} put back");
            let undone = undo(copy.path(), account, table);
            undone.expect("an account that can be erased");
            row.add(is_refused(copy.path(), &what));
        }
    }
    row
}

/// Erases an account, and puts back what was destroyed in one table.
fn undo(dir: &Path, account: u64, table: &str) -> Result<(), LedgerError> {
    let mut writer = Writer::open(dir, entropy())?;
    edit(dir, &format!("CREATE TABLE kept AS SELECT * FROM {table}"));
    writer.erase(AccountId(account))?;
    drop(writer);
    edit(
        dir,
        &format!("INSERT OR IGNORE INTO {table} SELECT * FROM kept; DROP TABLE kept"),
    );
    Ok(())
}

fn is_refused(dir: &Path, what: &str) -> Result<String, String> {
    let findings = Reader::open(dir).and_then(|reader| reader.check(None));
    if findings.is_ok_and(|findings| findings.is_empty()) {
        return Err(format!("{what}: check is silent"));
    }
    if allowed(dir).is_ok_and(|allowed| !allowed.is_empty()) {
        return Err(format!("{what}: somebody is let through"));
    }
    refused_to_write(dir, what)?;
    repair(dir).map_err(|error| format!("{what}: {error}"))?;
    let reader = Reader::open(dir).and_then(|reader| reader.check(None));
    match reader {
        Ok(findings) if findings.is_empty() => Ok("found, and destroyed by a repair".to_owned()),
        other => Err(format!("{what}: after a repair: {other:?}")),
    }
}

fn of_schema() -> Vec<String> {
    let mut edits: Vec<String> = Vec::new();
    for table in [
        "entries",
        "segments",
        "subject_keys",
        "seeds",
        "objections",
        "tiles",
    ] {
        edits.push(format!(
            "CREATE TRIGGER one AFTER INSERT ON {table} BEGIN DELETE FROM {table}; END"
        ));
        edits.push(format!(
            "CREATE TRIGGER one BEFORE DELETE ON {table} BEGIN SELECT RAISE(IGNORE); END"
        ));
        edits.push(format!("CREATE VIEW one AS SELECT * FROM {table}"));
        edits.push(format!(
            "ALTER TABLE {table} RENAME TO all_of_it; CREATE VIEW {table} AS SELECT * FROM all_of_it LIMIT 20"
        ));
        edits.push(format!("ALTER TABLE {table} ADD COLUMN more TEXT"));
    }
    for column in [
        "size",
        "root",
        "newest_known",
        "n_texts",
        "n_objections",
        "n_keys",
        "held",
        "sum",
    ] {
        edits.push(format!("UPDATE head SET {column} = CASE typeof({column}) WHEN 'blob' THEN zeroblob(length({column})) ELSE {column} + 1 END"));
    }
    for column in ["first_entry", "n_events", "n_subjects", "min_id", "max_id"] {
        for change in ["+ 1", "- 1", "+ 1000"] {
            edits.push(format!(
                "UPDATE segments SET {column} = {column} {change} WHERE segment = 0"
            ));
        }
    }
    for n in 0..20 {
        let opt_out = format!("(SELECT max(entry) - {n} FROM entries)");
        edits.push(format!("DELETE FROM entries WHERE entry = {opt_out}"));
        edits.push(format!(
            "UPDATE entries SET kind = 7, body = x'' WHERE entry = {opt_out}"
        ));
        edits.push(format!(
            "UPDATE entries SET subject = NULL WHERE entry = {opt_out}"
        ));
        edits.push(format!("DELETE FROM subject_keys WHERE subject = (SELECT subject FROM entries WHERE entry = {opt_out})"));
        edits.push(format!("UPDATE subject_keys SET key = zeroblob(32) WHERE subject = (SELECT subject FROM entries WHERE entry = {opt_out})"));
    }
    edits
}

fn changed(edits: &[String]) -> Row {
    let model = Model::new();
    let mut row = Row::default();
    for sql in edits {
        let copy = model.copy();
        edit(copy.path(), sql);
        row.add(model.judge(copy.path(), sql));
    }
    row
}

/// A place with a ledger of three objections under `key`.
fn with_objections() -> Place {
    let place = Place::new();
    key(&place, "key", &digits(7));
    place.write("objections", &(0..3).map(objection).collect::<String>());
    place.done("consent append --ledger ledger --objection-key key objections");
    place.write("nothing", "");
    place
}

fn objection(number: usize) -> String {
    let at = "2016-10-01T00:00:00Z";
    format!(
        "{{\"phone\":\"+1415555{:04}\",\"kind\":\"non_user_objects\",\"valid_time\":\"{at}\",\"known_time\":\"{at}\"}}\n",
        100 + number
    )
}

fn key(place: &Place, name: &str, text: &str) {
    write_key(&place.path(name), text);
}

fn takes(place: &Place, key: &str) -> bool {
    let line = format!("consent append --ledger ledger --objection-key {key} nothing");
    place.acquaint(&line).code == Some(0)
}

/// Keys with one digit changed, anywhere.
pub(crate) fn keys(effort: Effort) -> Row {
    let place = with_objections();
    let mut row = Row::default();
    let right = digits(7);
    for n in 0..effort.of(16, 64) {
        let at = n * 64 / effort.of(16, 64);
        let mut wrong: Vec<u8> = right.clone().into_bytes();
        wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
        let wrong = String::from_utf8(wrong).expect("digits");
        for (what, text) in [
            ("another key", wrong.clone()),
            ("another secret", format!("{wrong}\n{right}\n")),
            ("other buckets", format!("{right}\n{wrong}\n")),
        ] {
            key(&place, "wrong", &text);
            row.add(if takes(&place, "wrong") {
                Err(format!("{what}, digit {at}, is taken"))
            } else {
                Ok("refused".to_owned())
            });
        }
    }
    row.add(if takes(&place, "key") {
        Ok("the right one taken".to_owned())
    } else {
        Err("the right key is refused".to_owned())
    });
    row
}

const APPEND: &str = "consent append --ledger ledger --threads 1 event";
const EVENT: &str = "{\"event_id\":1,\"account_id\":7,\"kind\":\"opt_out\",\"valid_time\":\"2016-10-01T00:00:00Z\",\"known_time\":\"2016-10-01T00:00:00Z\"}\n";

/// What calls may fail with.
const ERRORS: [(&str, &str); 7] = [
    ("write", "ENOSPC"),
    ("pwrite64", "ENOSPC"),
    ("pwrite64", "EIO"),
    ("fsync,fdatasync", "EIO"),
    ("rename,renameat,renameat2", "EACCES"),
    ("ftruncate", "EIO"),
    ("mkdir,mkdirat", "ENOSPC"),
];

/// Errors, each from its first call on, its second, and so on.
fn errors(effort: Effort) -> Vec<String> {
    let errors = ERRORS.iter().flat_map(|(calls, error)| {
        let times = 1..=effort.of(1, 40);
        times.map(move |n| format!("inject={calls}:error={error}:when={n}+"))
    });
    errors.collect()
}

/// The first append makes the ledger: broken off anywhere, the next one has to.
pub(crate) fn made(effort: Effort) -> Row {
    let place = Place::new();
    place.write("event", EVENT);
    let Some(calls) = calls_of(&place, APPEND) else {
        return Row::not_tried(NO_STRACE);
    };
    let mut row = Row::default();
    let mut try_one = |inject: &str, what: &str| {
        place.clear(&["ledger"]);
        let ended = Ended::of(&injected(&place, inject, APPEND));
        let is_killed = if inject.contains("signal") {
            outlived(&ended)
        } else {
            Ok(())
        };
        let healed = is_killed.and_then(|()| healed(&place, &ended));
        row.add(healed.map_err(|error| format!("{what}: {error}")));
    };
    for call in chosen(&calls, effort) {
        try_one(&call.kill(), &call.told());
    }
    for inject in errors(effort) {
        try_one(&inject, &inject);
    }
    row
}

fn healed(place: &Place, ended: &Ended) -> Result<String, String> {
    let n_held = || {
        let root = place.acquaint("consent root --ledger ledger");
        root.code == Some(0)
    };
    if ended.code == Some(0) && !n_held() {
        return Err("acknowledged, and there is no ledger".to_owned());
    }
    let again = place.acquaint(APPEND);
    if again.code != Some(0) {
        return Err(format!("the next append fails: {}", again.said));
    }
    let check = place.acquaint("consent check --ledger ledger");
    let history = place.acquaint("consent history 7 --ledger ledger");
    match (check.code, history.code) {
        (Some(0), Some(0)) if ended.code == Some(0) => Ok("made, for all that".to_owned()),
        (Some(0), Some(0)) => Ok("made by the next append".to_owned()),
        _ => Err(format!("{}{}", check.said, history.said)),
    }
}

/// A ledger to which one opt-out after another is appended, each broken off.
struct Appends {
    place: Place,
    n: u64,
}

impl Appends {
    fn new() -> Self {
        let place = Place::new();
        place.write("event", EVENT);
        place.done(APPEND);
        Self { place, n: 100 }
    }

    /// The next event is broken off; what was acknowledged has to be held, then and by the next call.
    fn next(&mut self, inject: &str) -> Result<String, String> {
        self.n += 1;
        let event = EVENT.replace(
            "\"event_id\":1,\"account_id\":7",
            &format!("\"event_id\":{0},\"account_id\":{0}", self.n),
        );
        self.place.write("event", &event);
        let output = injected(&self.place, inject, APPEND);
        let ended = Ended::of(&output);
        if inject.contains("signal") {
            outlived(&ended)?;
        }
        let is_acknowledged = ended.code == Some(0) || !output.stdout.is_empty();
        let is_held = self.is_held(self.n);
        if is_acknowledged && !is_held {
            return Err("acknowledged, and not held".to_owned());
        }
        for line in [APPEND, "consent check --ledger ledger"] {
            let again = self.place.acquaint(line);
            if again.code != Some(0) {
                return Err(format!("then {line} fails: {}", again.said));
            }
        }
        if !self.is_held(self.n) {
            return Err("the next call does not record it".to_owned());
        }
        let what = match (is_acknowledged, is_held) {
            (true, _) => "acknowledged and held",
            (false, true) => "held, not acknowledged",
            (false, false) => "neither acknowledged nor held",
        };
        Ok(what.to_owned())
    }

    fn is_held(&self, account: u64) -> bool {
        let line = format!("consent history {account} --ledger ledger");
        let output = self.place.command(&line).output();
        let output = output.expect("the program starts");
        String::from_utf8_lossy(&output.stdout).contains("opt_out")
    }

    /// Nobody who was held before may be lost.
    fn end(&self, mut row: Row) -> Row {
        let lost = (101..=self.n).filter(|&account| !self.is_held(account));
        for account in lost {
            row.wrong(format!("the opt-out of {account} is lost"));
        }
        row
    }
}

const NO_STRACE: &str = "strace is not installed or may not trace";

/// Killed anywhere: what was acknowledged is held.
pub(crate) fn killed(effort: Effort) -> Row {
    let mut appends = Appends::new();
    appends.place.write(
        "event",
        &EVENT.replace("\"event_id\":1", "\"event_id\":1000000"),
    );
    let Some(calls) = calls_of(&appends.place, APPEND) else {
        return Row::not_tried(NO_STRACE);
    };
    let mut row = Row::default();
    for call in chosen(&calls, effort) {
        let ended = appends.next(&call.kill());
        row.add(ended.map_err(|error| format!("{}: {error}", call.told())));
    }
    appends.end(row)
}

/// The disk refuses: what was acknowledged is held.
pub(crate) fn refused(effort: Effort) -> Row {
    let mut appends = Appends::new();
    if calls_of(&appends.place, APPEND).is_none() {
        return Row::not_tried(NO_STRACE);
    }
    let mut row = Row::default();
    for inject in errors(effort) {
        let ended = appends.next(&inject);
        row.add(ended.map_err(|error| format!("{inject}: {error}")));
    }
    appends.end(row)
}

const IMPORT: &str =
    "consent import --quiet --ledger ledger --objection-key key --signals signals --threads 1";

/// An import killed anywhere: the next one records what is missing, and nothing twice.
pub(crate) fn imported(effort: Effort) -> Row {
    let place = Place::with_inputs();
    let Some(calls) = calls_of(&place, IMPORT) else {
        return Row::not_tried(NO_STRACE);
    };
    let whole = n_entries(&place);
    let mut row = Row::default();
    for call in chosen(&calls, effort) {
        place.clear(&["ledger"]);
        let ended = Ended::of(&injected(&place, &call.kill(), IMPORT));
        let before = n_entries(&place);
        let completed = outlived(&ended).and_then(|()| completed(&place, &whole));
        row.add(match completed {
            Ok(()) if before == whole => Ok("all of it recorded".to_owned()),
            Ok(()) => Ok("completed by the next import".to_owned()),
            Err(error) => Err(format!("{}: {error}", call.told())),
        });
    }
    row
}

fn n_entries(place: &Place) -> String {
    let output = place.command("consent root --ledger ledger").output();
    let said = output.expect("the program starts").stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    said.split(' ').next().unwrap_or_default().to_owned()
}

fn completed(place: &Place, whole: &str) -> Result<(), String> {
    for line in [IMPORT, "consent check --ledger ledger"] {
        let again = place.acquaint(line);
        if again.code != Some(0) {
            return Err(format!("then {line} fails: {}", again.said));
        }
    }
    let n = n_entries(place);
    if n != whole {
        return Err(format!("{n} entries, and not {whole}"));
    }
    Ok(())
}

const REKEY: &str = "consent rekey --ledger ledger --objection-key key --new-key new --threads 1";

/// A change of keys broken off anywhere: one of the keys holds, and the same command finishes.
pub(crate) fn rekeyed(effort: Effort) -> Row {
    let place = with_objections();
    let whole = tempfile::tempdir().expect("a directory");
    copy(&place.path("ledger"), whole.path());
    let Some(calls) = calls_of(&place, REKEY) else {
        return Row::not_tried(NO_STRACE);
    };
    let mut row = Row::default();
    for call in chosen(&calls, effort) {
        place.clear(&["ledger", "new"]);
        copy(whole.path(), &place.path("ledger"));
        let ended = Ended::of(&injected(&place, &call.kill(), REKEY));
        let finished = outlived(&ended).and_then(|()| finished(&place));
        row.add(finished.map_err(|error| format!("{}: {error}", call.told())));
    }
    row
}

fn finished(place: &Place) -> Result<String, String> {
    let is_new = place.path("new").exists() && takes(place, "new");
    let is_old = takes(place, "key");
    if is_new == is_old {
        return Err(format!(
            "the new key is taken: {is_new}; the old one: {is_old}"
        ));
    }
    let again = place.acquaint(REKEY);
    if again.code != Some(0) || !takes(place, "new") || takes(place, "key") {
        return Err(format!("the next call does not finish it: {}", again.said));
    }
    let held = place.acquaint("consent append --ledger ledger --objection-key new objections");
    let check = place.acquaint("consent check --ledger ledger");
    if held.code != Some(0) || check.code != Some(0) {
        return Err(format!("{}{}", held.said, check.said));
    }
    let key = if is_new {
        "the new key holds"
    } else {
        "the old key holds"
    };
    Ok(format!("{key}, and the next call finishes"))
}
