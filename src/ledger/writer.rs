//! Writing: appends that last once they return.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::publish::shown;

use serde::Serialize;

use super::check::latest_known;
use super::codec::{Act, Holder, NewEvent, NewSubject, ObjectionPoint, Opened};
use super::database;
use super::entry::{EntryKind, Row, overlay_body, policy_body};
use super::error::LedgerError;
use super::head::{Counts, Head};
use super::held::{KeySum, Spot, destroy_again};
use super::keys::Key;
use super::log::{Found, Log, unlike_index};
use super::objections::{Keys, List};
use super::proven::{Depth, Proven, prove};
use super::root::Root;
use super::segment::Segment;
use super::tables::Access;
use super::tiles::{Growth, LEAVES};
use crate::consent::{Overlay, PolicyVersion, TextDigest, check_times, latest_believable};
use crate::time::Timestamp;

/// The file that is locked by the one who writes.
pub(in crate::ledger) const LOCK: &str = "ledger.lock";

/// Random bytes for keys, from wherever the caller has them.
pub type Entropy = Box<dyn FnMut(&mut [u8]) -> io::Result<()> + Send>;

/// A ledger, open for writing. There is one writer at a time; readers are not in its way.
pub struct Writer {
    pub(in crate::ledger) log: Log,
    pub(in crate::ledger) growth: Growth,
    pub(in crate::ledger) newest_known: Timestamp,
    pub(in crate::ledger) list: List,
    pub(in crate::ledger) held: KeySum,
    pub(in crate::ledger) erased: BTreeSet<Holder>,
    /// The terms and orders that are recorded, each with its kind.
    terms: BTreeSet<(u8, Vec<u8>)>,
    texts: BTreeMap<[u8; 32], u32>,
    entropy: Entropy,
    is_poisoned: bool,
    /// Held as long as the writer lives.
    _lock: File,
}

/// What became of appended events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Appended {
    /// Recorded.
    pub n_new: u64,
    /// Held before: nothing changed.
    pub n_repeated: u64,
    /// Recorded, although their id says something else elsewhere: whoever either is about is invalidated.
    pub n_contradicting: u64,
    /// The log since then.
    pub root: Root,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("dir", &self.log.dir)
            .field("size", &self.growth.size())
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// Opens a ledger, or makes one if there is none.
    ///
    /// Everything is read and proven first, as a reader does, for what is acknowledged must not stand on what is damaged;
    /// so are the indexes that ids and points are looked up in.
    ///
    /// # Errors
    /// If another process writes, the directory cannot be written, or what is there is damaged, foreign or newer.
    ///
    /// # Complexity
    /// O(n log n) time for n rows, and O(bytes) for segments.
    pub fn open(dir: &Path, entropy: Entropy) -> Result<Self, LedgerError> {
        make_directories(dir)?;
        let LockedLog { mut log, lock } = open(dir, IfAbsent::Make)?;
        log.assert_sound()?;
        let proven = if log.head.is_older() {
            upgrade(&mut log)?
        } else {
            prove(&mut log, Depth::Digests)?
        };
        proven.assert_sound()?;
        assert_indexed(&mut log, &proven)?;
        let growth = growth(&mut log)?;
        remove_orphans(&log)?;
        mark(&lock, dir)?;
        let texts = log.texts.iter().map(|text| text.0).zip(0..).collect();
        Ok(Self {
            newest_known: log.head.newest_known,
            growth,
            list: list(&proven)?,
            held: proven.held.sum,
            erased: proven.erased().collect(),
            terms: terms(&proven),
            texts,
            entropy,
            is_poisoned: false,
            _lock: lock,
            log,
        })
    }

    /// Records events; they are on the disk when this returns. Either all are, or none.
    ///
    /// An event whose id and contents are held already is a no-op. One whose id says something else is recorded, and
    /// invalidates everybody it names. Time does not go backwards: an event that is said to be known earlier than the
    /// newest one recorded is recorded as known with that one; nor is anything known later than five minutes from `now`,
    /// which is what the caller's clock says.
    ///
    /// # Errors
    /// If an event happens more than five minutes after it became known, if it or the newest one recorded is known more
    /// than five minutes from now, or the disk refuses.
    ///
    /// # Complexity
    /// O(log n) time for each event, and one synchronous write for all of them.
    pub fn append(&mut self, events: &[NewEvent], now: Timestamp) -> Result<Appended, LedgerError> {
        for event in events {
            check_time(event)?;
            check_known(event, now)?;
        }
        if self.newest_known > latest_believable(now) {
            return Err(LedgerError::AheadOfTime {
                place: self.log.tables.place(),
                newest: self.newest_known,
                now,
            });
        }
        self.transaction(|writer| {
            writer.settle_key(&points(events))?;
            let mut counts = [0; 3];
            for event in events {
                let known_time = event.known_time.max(writer.newest_known);
                writer.newest_known = known_time;
                let outcome = writer.record(&NewEvent {
                    known_time,
                    ..*event
                })?;
                counts[outcome as usize] += 1;
            }
            Ok(counts)
        })
        .map(|[n_new, n_repeated, n_contradicting]| Appended {
            n_new,
            n_repeated,
            n_contradicting,
            root: self.root(),
        })
    }

    /// Records versions of the terms; those that are held already are no-ops. Returns how many were new.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn add_policies(&mut self, versions: &[PolicyVersion]) -> Result<u64, LedgerError> {
        let bodies = versions.iter().map(policy_body).collect();
        self.add(EntryKind::Policy, bodies)
    }

    /// Records regulators' orders; those that are held already are no-ops. Returns how many were new.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn add_overlays(&mut self, overlays: &[Overlay]) -> Result<u64, LedgerError> {
        let bodies = overlays.iter().map(overlay_body).collect();
        self.add(EntryKind::Overlay, bodies)
    }

    /// The log as it is now.
    #[must_use]
    pub fn root(&self) -> Root {
        Root {
            size: self.growth.size(),
            root: self.growth.root(),
        }
    }

    fn add(&mut self, kind: EntryKind, bodies: Vec<Vec<u8>>) -> Result<u64, LedgerError> {
        let mut terms = self.terms.clone();
        let n_new = self.transaction(|writer| {
            let mut n_new = 0;
            for body in bodies {
                if terms.insert((kind as u8, body.clone())) {
                    writer.push(kind, body)?;
                    n_new += 1;
                }
            }
            Ok(n_new)
        })?;
        self.terms = terms;
        Ok(n_new)
    }

    /// Does something, and makes it last; undoes it if it fails.
    pub(in crate::ledger) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        if self.is_poisoned {
            return Err(LedgerError::Poisoned);
        }
        let before = (
            self.growth.clone(),
            self.newest_known,
            self.log.texts.len(),
            self.log.segments.len(),
            self.list.clone(),
            self.held,
            self.log.bounds.clone(),
        );
        self.log.tables.begin_write()?;
        let done = work(self).and_then(|done| {
            self.write_head()?;
            Ok(done)
        });
        match done {
            Ok(done) => match self.log.tables.commit() {
                Ok(()) => Ok(done),
                Err(error) => {
                    self.is_poisoned = true;
                    self.log.tables.roll_back();
                    Err(error)
                }
            },
            Err(error) => {
                self.log.tables.roll_back();
                self.growth = before.0;
                self.newest_known = before.1;
                self.log.texts.truncate(before.2);
                self.log.segments.truncate(before.3);
                self.list = before.4;
                self.held = before.5;
                self.log.bounds = before.6;
                self.texts.retain(|_, number| (*number as usize) < before.2);
                Err(error)
            }
        }
    }

    fn write_head(&mut self) -> Result<(), LedgerError> {
        for (number, hash) in self.growth.take_completed() {
            self.log.tables.insert_tile(number, hash)?;
        }
        let head = Head {
            size: self.growth.size(),
            root: self.growth.root(),
            newest_known: self.newest_known,
            seal: None,
        };
        let counts = Counts {
            texts: self.log.texts.len() as u64,
            objections: self.list.n,
            keys: self.list.keys.len(),
        };
        let head = head.sealed(counts, self.held, &self.log.segment_rows());
        self.log.head = head;
        self.log.tables.set_head(&head)
    }

    /// Adds an entry that is not an event.
    pub(in crate::ledger) fn push(
        &mut self,
        kind: EntryKind,
        body: Vec<u8>,
    ) -> Result<(), LedgerError> {
        self.insert(&Row::plain(self.growth.size(), kind, body))
    }

    pub(in crate::ledger) fn insert(&mut self, row: &Row) -> Result<(), LedgerError> {
        self.log.tables.insert(row)?;
        self.growth.push(row.leaf());
        Ok(())
    }

    /// Records an event that may be held already.
    pub(in crate::ledger) fn record(&mut self, event: &NewEvent) -> Result<Outcome, LedgerError> {
        let holder = self.holder(event.subject)?;
        let opened = self.opened(event)?;
        let found = self.log.find(event.event_id)?;
        let same = |found: &Found| match found.opened {
            // What it said is gone: that it was said before is all there is to compare.
            None => found.holder == holder,
            Some(held) => found.holder == holder && held.is_same_act(&opened),
        };
        let is_older = found.iter().filter(|one| same(one)).all(|one| {
            one.opened
                .is_some_and(|held| held.known_time > opened.known_time)
        });
        let is_repeated = found.iter().any(same);
        if is_repeated && !is_older {
            return Ok(Outcome::Repeated);
        }
        let (kind, outcome) = if found.is_empty() || is_repeated {
            (EntryKind::Event, Outcome::New)
        } else {
            (EntryKind::Contradiction, Outcome::Contradicting)
        };
        self.insert_event(kind, event, holder, &opened)?;
        Ok(outcome)
    }

    fn insert_event(
        &mut self,
        kind: EntryKind,
        event: &NewEvent,
        holder: Holder,
        opened: &Opened,
    ) -> Result<(), LedgerError> {
        let subject = holder.bytes();
        let entry = self.growth.size();
        let key = self.subject_key(holder)?;
        let mut sealed = opened.bytes();
        key.apply(entry, event.event_id.0, &mut sealed);
        self.insert(&Row {
            entry,
            kind: kind as u8,
            event_id: Some(event.event_id.0),
            subject: Some(subject.to_vec()),
            body: sealed.to_vec(),
        })
    }

    /// The key of a subject's rows, made when the first is recorded. Of whoever was erased none is kept: what comes later
    /// is recorded, and nobody reads it.
    fn subject_key(&mut self, holder: Holder) -> Result<Key, LedgerError> {
        let subject = holder.bytes();
        if let Some(key) = self.log.tables.key(&subject)? {
            return Ok(key);
        }
        let key = self.random_key()?;
        if !self.erased.contains(&holder) {
            self.hold(&Spot::Rows(subject.to_vec()), &key)?;
        }
        Ok(key)
    }

    pub(in crate::ledger) fn random_key(&mut self) -> Result<Key, LedgerError> {
        let mut key = Key([0; 32]);
        (self.entropy)(&mut key.0).map_err(|source| LedgerError::Entropy { source })?;
        Ok(key)
    }

    pub(in crate::ledger) fn opened(&mut self, event: &NewEvent) -> Result<Opened, LedgerError> {
        let mut failed = Ok(());
        let act = Act::of(&event.kind, |digest| {
            self.text(digest).unwrap_or_else(|error| {
                failed = Err(error);
                0
            })
        });
        failed?;
        Ok(Opened {
            valid_time: event.valid_time,
            known_time: event.known_time,
            act,
        })
    }

    /// The number of a text, which is recorded when it is first met.
    pub(in crate::ledger) fn text(&mut self, digest: TextDigest) -> Result<u32, LedgerError> {
        if let Some(&number) = self.texts.get(&digest.0) {
            return Ok(number);
        }
        let number = u32::try_from(self.texts.len())
            .map_err(|_| LedgerError::damaged("texts", "there are too many"))?;
        self.push(EntryKind::Text, digest.0.to_vec())?;
        self.texts.insert(digest.0, number);
        self.log.texts.push(digest);
        Ok(number)
    }

    fn holder(&mut self, subject: NewSubject) -> Result<Holder, LedgerError> {
        Ok(match subject {
            NewSubject::Account(account) => Holder::Account(account),
            NewSubject::Device(device) => Holder::Device(device),
            NewSubject::NonUser(point) => Holder::Objection(self.objection(point)?),
        })
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) enum Outcome {
    New = 0,
    Repeated = 1,
    Contradicting = 2,
}

pub(in crate::ledger) fn check_time(event: &NewEvent) -> Result<(), LedgerError> {
    check_times(event.valid_time, event.known_time, None).map_err(|_| LedgerError::NotYet {
        event_id: event.event_id,
        valid_time: event.valid_time,
        known_time: event.known_time,
    })
}

/// An event is recorded when it becomes known: not known later than now.
pub(in crate::ledger) fn check_known(event: &NewEvent, now: Timestamp) -> Result<(), LedgerError> {
    if event.known_time <= latest_believable(now) {
        return Ok(());
    }
    Err(LedgerError::FromTheFuture {
        event_id: event.event_id,
        known_time: event.known_time,
        now,
    })
}

/// The points that events are about.
pub(in crate::ledger) fn points<'e>(
    events: impl IntoIterator<Item = &'e NewEvent>,
) -> Vec<ObjectionPoint> {
    let point = |event: &NewEvent| match event.subject {
        NewSubject::NonUser(point) => Some(point),
        _ => None,
    };
    events.into_iter().filter_map(point).collect()
}

/// What to do where no ledger is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger) enum IfAbsent {
    /// Make one, if there never was any.
    Make,
    Refuse,
}

/// A log that nobody else writes.
pub(in crate::ledger) struct LockedLog {
    pub(in crate::ledger) log: Log,
    /// Whoever holds this file writes.
    pub(in crate::ledger) lock: File,
}

/// Takes the lock and opens the log, or makes one.
pub(in crate::ledger) fn open(dir: &Path, if_absent: IfAbsent) -> Result<LockedLog, LedgerError> {
    let lock = lock(dir)?;
    let may_make = if_absent == IfAbsent::Make;
    let access = if may_make && !was_made(&lock, dir)? {
        Access::Make
    } else {
        Access::Write
    };
    let tables = database::open(dir, access).map_err(|error| match error {
        LedgerError::Absent { path } if may_make && access == Access::Write => LedgerError::damaged(
            shown(path),
            "there was a ledger here, and its rows are gone: bring them back from a copy, or take the directory away",
        ),
        error => error,
    })?;
    Ok(LockedLog {
        log: Log::new(dir, tables)?,
        lock,
    })
}

/// Was a ledger made here before? The lock file says so, and a segment does.
fn was_made(lock: &File, dir: &Path) -> Result<bool, LedgerError> {
    let path = dir.join(LOCK);
    let len = lock.metadata().map_err(LedgerError::file("read", &path))?;
    if len.len() > 0 {
        return Ok(true);
    }
    let dir = dir.join("segments");
    let entries = fs::read_dir(&dir).map_err(LedgerError::file("list", &dir))?;
    for entry in entries {
        let path = entry.map_err(LedgerError::file("list", &dir))?.path();
        if path.extension().is_some_and(|ending| ending == "seg") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes into the lock file that a ledger was made here.
fn mark(lock: &File, dir: &Path) -> Result<(), LedgerError> {
    let path = dir.join(LOCK);
    let write = || -> io::Result<()> {
        if lock.metadata()?.len() == 0 {
            let mut lock = lock;
            lock.write_all(b"a ledger was made here\n")?;
            lock.sync_all()?;
        }
        Ok(())
    };
    write().map_err(LedgerError::file("write", &path))
}

/// The indexes must lead a writer to what was proven.
fn assert_indexed(log: &mut Log, proven: &Proven) -> Result<(), LedgerError> {
    if !log.tables.has_ids(&proven.ids)? {
        return Err(unlike_index("ids"));
    }
    let mut points: Vec<[u8; 32]> = proven
        .objections
        .iter()
        .map(|(_, held)| held.point)
        .collect();
    points.sort_unstable();
    if !log.tables.has_points(&points)? {
        return Err(unlike_index("points"));
    }
    Ok(())
}

fn list(proven: &Proven) -> Result<List, LedgerError> {
    let keys = Keys::read(proven.of_kind(EntryKind::KeyCheck));
    let keys =
        keys.ok_or_else(|| LedgerError::damaged("the keys", "they do not follow each other"))?;
    Ok(List::new(keys, proven.objections.len() as u64))
}

fn terms(proven: &Proven) -> BTreeSet<(u8, Vec<u8>)> {
    let rows = [EntryKind::Policy, EntryKind::Overlay].map(|kind| proven.of_kind(kind));
    let rows = rows.into_iter().flatten();
    rows.map(|row| (row.kind, row.body.clone())).collect()
}

/// Brings a ledger of an earlier format to this one. The head then says which keys are held, so each is tried first.
fn upgrade(log: &mut Log) -> Result<Proven, LedgerError> {
    let proven = prove(log, Depth::Digests)?;
    let are_keys_back = !proven.held.of_erased.is_empty();
    log.tables.begin_write()?;
    let done = upgraded(log, proven).and_then(|proven| {
        log.tables.commit()?;
        Ok(proven)
    });
    if done.is_err() {
        log.tables.roll_back();
    } else if are_keys_back {
        log.tables.wipe_deleted()?;
    }
    done
}

fn upgraded(log: &mut Log, proven: Proven) -> Result<Proven, LedgerError> {
    // Earlier versions of this program kept a key for what came after an erasure.
    let proven = destroy_again(log, proven, Depth::Digests)?;
    proven.assert_sound()?;
    latest_known(log, &proven)?;
    log.tables.upgrade()?;
    let rows = log.segment_rows();
    log.head = log.head.sealed(proven.counts(), proven.held.sum, &rows);
    log.tables.set_head(&log.head)?;
    Ok(proven)
}

/// The right edge of the log as it stands, checked against the head.
pub(in crate::ledger) fn growth(log: &mut Log) -> Result<Growth, LedgerError> {
    let tiles = log.tables.tiles()?;
    let size = log.head.size;
    let rest = log.leaves((tiles.len() as u64 * LEAVES).min(size), size)?;
    let mut growth = Growth::new(&tiles, rest);
    let is_whole = growth.take_completed().is_empty();
    if is_whole && growth.size() == size && growth.root() == log.head.root {
        return Ok(growth);
    }
    Err(LedgerError::damaged(
        log.tables.place(),
        "its root does not stand for what it holds; `check` says where",
    ))
}

fn make_directories(dir: &Path) -> Result<(), LedgerError> {
    let segments = dir.join("segments");
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&segments)
        .map_err(LedgerError::file("create", &segments))
}

/// Takes the lock; the directory must be there.
fn lock(dir: &Path) -> Result<File, LedgerError> {
    let path = dir.join(LOCK);
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(&path)
        .map_err(LedgerError::file("create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError::Locked { path }),
        Err(TryLockError::Error(source)) => Err(LedgerError::File {
            doing: "lock",
            path,
            source,
        }),
    }
}

/// Removes what an import left that was stopped before the log listed it.
fn remove_orphans(log: &Log) -> Result<(), LedgerError> {
    let dir = log.dir.join("segments");
    let listed: Vec<PathBuf> = log
        .segments
        .iter()
        .map(|Segment { row, .. }| row.path(&log.dir))
        .collect();
    let entries = fs::read_dir(&dir).map_err(LedgerError::file("list", &dir))?;
    for entry in entries {
        let path = entry.map_err(LedgerError::file("list", &dir))?.path();
        if is_of_import(&path) && !listed.contains(&path) {
            fs::remove_file(&path).map_err(LedgerError::file("remove", &path))?;
        }
    }
    Ok(())
}

/// Is it named as an import names its files, `000000.seg` or `000000.tmp`? Nothing else is ours to remove.
fn is_of_import(path: &Path) -> bool {
    let is_number = |stem: &str| stem.len() >= 6 && stem.bytes().all(|b| b.is_ascii_digit());
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let ending = path.extension().and_then(|ending| ending.to_str());
    stem.is_some_and(is_number) && matches!(ending, Some("seg" | "tmp"))
}
