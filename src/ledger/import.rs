//! Importing: history in bulk, sorted into segments.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use super::codec::{Act, Holder, NewEvent, NewSubject, Opened, SEALED};
use super::entry::{EntryKind, Sealing, event_leaf};
use super::error::LedgerError;
use super::held::Spot;
use super::keys::{Key, KeyTree};
use super::merkle::NodeHash;
use super::root::Root;
use super::segment::{self, Columns, Segment, SegmentRow};
use super::writer::{Outcome, Writer, check_known, check_time, points};
use crate::consent::TextDigest;
use crate::ids::{AccountId, EventId};
use crate::time::Timestamp;

/// How many events a segment holds by default: 4 Mi, about 200 MB on the disk and three times that in memory while it
/// is made.
pub const SEGMENT_EVENTS: usize = 1 << 22;
/// Accounts sealed at a time.
const RUN: usize = 4096;

/// An import that is going on. Every full segment is recorded at once; [`finish`](Self::finish) records the rest.
pub struct Import<'w> {
    writer: &'w mut Writer,
    now: Timestamp,
    segment_events: usize,
    events: Vec<Flat>,
    others: Vec<NewEvent>,
    texts: Vec<TextDigest>,
    text_numbers: BTreeMap<[u8; 32], u32>,
    imported: Imported,
}

/// What became of imported events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Recorded.
    pub n_new: u64,
    /// Held before, or given twice: nothing changed.
    pub n_repeated: u64,
    /// Recorded, although their id says something else elsewhere: whoever either is about is invalidated.
    pub n_contradicting: u64,
    /// Segments written.
    pub n_segments: u64,
}

/// An import that is over.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    /// What became of its events.
    pub imported: Imported,
    /// The ledger's root now.
    pub root: Root,
}

/// An event about an account, with the number of its text among the import's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Flat {
    account: u64,
    event_id: u64,
    opened: Opened,
}

impl std::fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Import")
            .field("imported", &self.imported)
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// Begins to import history. Times are taken as they are given, as long as nothing is known later than five minutes
    /// from `now`, which is what the caller's clock says.
    ///
    /// `segment_events` is how many events a segment holds, in [1, 2³² − 1]; [`SEGMENT_EVENTS`] by default.
    pub fn import(&mut self, segment_events: usize, now: Timestamp) -> Import<'_> {
        Import {
            writer: self,
            now,
            segment_events: segment_events.clamp(1, u32::MAX as usize),
            events: Vec::new(),
            others: Vec::new(),
            texts: Vec::new(),
            text_numbers: BTreeMap::new(),
            imported: Imported::default(),
        }
    }
}

impl Import<'_> {
    /// Adds an event.
    ///
    /// # Errors
    /// If it happens more than five minutes after it became known, if it is known more than five minutes from now, or a
    /// segment cannot be written. What was recorded
    /// before stays, and is a no-op when it is imported again.
    ///
    /// # Complexity
    /// O(log n) amortised; the segments that are there are read once for each that is written, where their ids overlap.
    pub fn push(&mut self, event: &NewEvent) -> Result<(), LedgerError> {
        check_time(event)?;
        check_known(event, self.now)?;
        let NewSubject::Account(account) = event.subject else {
            self.others.push(*event);
            return Ok(());
        };
        let act = Act::of(&event.kind, |digest| self.text(digest));
        self.events.push(Flat {
            account: account.0,
            event_id: event.event_id.0,
            opened: Opened {
                valid_time: event.valid_time,
                known_time: event.known_time,
                act,
            },
        });
        if self.events.len() >= self.segment_events {
            self.seal()?;
        }
        Ok(())
    }

    /// Records what is left.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> Result<Recorded, LedgerError> {
        if !self.events.is_empty() || !self.others.is_empty() {
            self.seal()?;
        }
        Ok(Recorded {
            imported: self.imported,
            root: self.writer.root(),
        })
    }

    fn text(&mut self, digest: TextDigest) -> u32 {
        let texts = &mut self.texts;
        *self.text_numbers.entry(digest.0).or_insert_with(|| {
            texts.push(digest);
            u32::try_from(texts.len() - 1).expect("fewer texts than 2³²")
        })
    }

    /// Records everything that is waiting, in one transaction.
    fn seal(&mut self) -> Result<(), LedgerError> {
        let mut events = std::mem::take(&mut self.events);
        let others = std::mem::take(&mut self.others);
        let texts = self.texts.clone();
        let done = self.writer.transaction(|writer| {
            writer.settle_key(&points(&others))?;
            let numbers: Result<Vec<u32>, LedgerError> =
                texts.iter().map(|&digest| writer.text(digest)).collect();
            let numbers = numbers?;
            for event in &mut events {
                event.opened.act = event.opened.act.with_text(|text| numbers[text as usize]);
            }
            events.par_sort_unstable();
            let sifted = sift(writer, events)?;
            let mut imported = Imported {
                n_new: sifted.fresh.len() as u64,
                n_repeated: sifted.n_repeated,
                ..Imported::default()
            };
            if !sifted.fresh.is_empty() {
                writer.write_segment(&sifted.fresh)?;
                imported.n_segments = 1;
            }
            for event in &sifted.doubtful {
                imported.count(writer.record_flat(event)?);
            }
            for event in &others {
                imported.count(writer.record(event)?);
            }
            Ok(imported)
        })?;
        self.imported.add(&done);
        Ok(())
    }
}

impl Imported {
    const fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::New => self.n_new += 1,
            Outcome::Repeated => self.n_repeated += 1,
            Outcome::Contradicting => self.n_contradicting += 1,
        }
    }

    const fn add(&mut self, other: &Self) {
        self.n_new += other.n_new;
        self.n_repeated += other.n_repeated;
        self.n_contradicting += other.n_contradicting;
        self.n_segments += other.n_segments;
    }
}

/// Events by what has to be done with them.
struct Sifted {
    /// Their ids are new: for the segment.
    fresh: Vec<Flat>,
    /// Their ids are known, and something is different: one by one.
    doubtful: Vec<Flat>,
    n_repeated: u64,
}

/// What to do with an event of a batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fresh,
    Doubtful,
    Repeated,
}

/// Sorts out the events whose ids are not new.
fn sift(writer: &mut Writer, events: Vec<Flat>) -> Result<Sifted, LedgerError> {
    let mut by_id: Vec<(u64, u32)> = (0..).zip(&events).map(|(at, e)| (e.event_id, at)).collect();
    by_id.par_sort_unstable();
    let mut fates = vec![Fate::Fresh; events.len()];
    for group in by_id
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|group| group.len() > 1)
    {
        judge_group(&events, group, &mut fates);
    }
    by_id.retain(|&(_, at)| fates[at as usize] == Fate::Fresh);
    for place in 0..writer.log.segments.len() {
        judge_by_segment(writer, place, &events, &by_id, &mut fates)?;
    }
    judge_by_rows(writer, &by_id, &mut fates)?;
    let mut sifted = Sifted {
        fresh: Vec::with_capacity(events.len()),
        doubtful: Vec::new(),
        n_repeated: 0,
    };
    for (event, fate) in events.into_iter().zip(fates) {
        match fate {
            Fate::Fresh => sifted.fresh.push(event),
            Fate::Doubtful => sifted.doubtful.push(event),
            Fate::Repeated => sifted.n_repeated += 1,
        }
    }
    Ok(sifted)
}

/// Of events under one id that say the same the earliest known stays; one that says something else is doubtful.
fn judge_group(events: &[Flat], group: &[(u64, u32)], fates: &mut [Fate]) {
    let event = |&(_, at): &(u64, u32)| &events[at as usize];
    let first = event(&group[0]);
    let is_same =
        |other: &Flat| other.account == first.account && other.opened.is_same_act(&first.opened);
    let same = group.iter().filter(|one| is_same(event(one)));
    let kept = same.min_by_key(|one| event(one).opened.known_time);
    for one in group {
        let fate = match () {
            () if Some(one) == kept => Fate::Fresh,
            () if is_same(event(one)) => Fate::Repeated,
            () => Fate::Doubtful,
        };
        fates[one.1 as usize] = fate;
    }
}

/// Events that a segment holds already are repeated if they say the same, and doubtful otherwise.
fn judge_by_segment(
    writer: &mut Writer,
    place: usize,
    events: &[Flat],
    by_id: &[(u64, u32)],
    fates: &mut [Fate],
) -> Result<(), LedgerError> {
    let mut hits: Vec<(u32, u32)> = Vec::new();
    let segment = &writer.log.segments[place];
    segment.shared_ids(
        by_id,
        |(id, _)| *id,
        |(_, at), place| hits.push((*at, place)),
    )?;
    if hits.is_empty() {
        return Ok(());
    }
    let row = writer.log.segments[place].row.clone();
    let keys = writer.log.keys(&row)?;
    let segment = &writer.log.segments[place];
    let held = segment.block(0, row.n_subjects)?.opened(&keys);
    for (at, place) in hits {
        let event = &events[at as usize];
        let is_same = held[place as usize].is_none_or(|(account, opened)| {
            account == event.account
                && opened.is_same_act(&event.opened)
                && opened.known_time <= event.opened.known_time
        });
        fates[at as usize] = if is_same {
            Fate::Repeated
        } else {
            Fate::Doubtful
        };
    }
    Ok(())
}

/// Events whose ids are among the rows are looked at one by one.
fn judge_by_rows(
    writer: &mut Writer,
    by_id: &[(u64, u32)],
    fates: &mut [Fate],
) -> Result<(), LedgerError> {
    let (Some(first), Some(last)) = (by_id.first(), by_id.last()) else {
        return Ok(());
    };
    let held = writer.log.tables.event_ids(first.0, last.0)?;
    let mut waiting = by_id.iter().peekable();
    for id in held {
        while waiting.next_if(|(one, _)| *one < id).is_some() {}
        while let Some((_, at)) = waiting.next_if(|(one, _)| *one == id) {
            fates[*at as usize] = Fate::Doubtful;
        }
    }
    Ok(())
}

impl Writer {
    fn record_flat(&mut self, event: &Flat) -> Result<Outcome, LedgerError> {
        let texts = self.log.texts.clone();
        let kind = event.opened.act.event_kind(&texts);
        self.record(&NewEvent {
            event_id: EventId(event.event_id),
            subject: NewSubject::Account(AccountId(event.account)),
            kind: kind.expect("made from an event"),
            valid_time: event.opened.valid_time,
            known_time: event.opened.known_time,
        })
    }

    /// Writes a segment of events in order, lists it, and adds its leaves.
    fn write_segment(&mut self, events: &[Flat]) -> Result<(), LedgerError> {
        let number = self.log.segments.last().map_or(0, |s| s.row.segment + 1);
        let seed = self.random_key()?;
        let (columns, leaves) = columns(events, &seed);
        let image = columns.image();
        let digest = *blake3::Hasher::new()
            .update_rayon(&image)
            .finalize()
            .as_bytes();
        let row = SegmentRow {
            segment: number,
            first_entry: self.growth.size(),
            n_events: events.len() as u64,
            n_subjects: columns.accounts.len() as u64,
            digest,
            min_id: columns.by_id.first().map_or(0, |(id, _)| *id),
            max_id: columns.by_id.last().map_or(0, |(id, _)| *id),
        };
        write_durably(&segment::path(&self.log.dir, number), &image)?;
        self.log.tables.insert_segment(&row)?;
        self.hold_keys(number, &columns.accounts, seed)?;
        self.growth.extend(&leaves);
        let sealing = Sealing {
            segment: number,
            first_entry: row.first_entry,
            n_events: row.n_events,
            digest,
        };
        self.push(EntryKind::Segment, sealing.bytes())?;
        self.log.segments.push(Segment::open(&self.log.dir, row)?);
        Ok(())
    }
}

impl Writer {
    /// Keeps what the keys of a new segment are made from, but for accounts that were erased before.
    fn hold_keys(&mut self, segment: u64, accounts: &[u64], seed: Key) -> Result<(), LedgerError> {
        let mut keys = KeyTree::new(accounts.len() as u64, seed);
        for (subject, account) in (0..).zip(accounts) {
            if self.erased.contains(&Holder::Account(AccountId(*account))) {
                keys.puncture(subject);
            }
        }
        for (place, seed) in keys.seeds() {
            self.hold(&Spot::Segment(segment, *place), seed)?;
        }
        Ok(())
    }
}

/// The columns of a segment and the leaves of its events, which are in order.
fn columns(events: &[Flat], seed: &Key) -> (Columns, Vec<NodeHash>) {
    let runs: Vec<&[Flat]> = events.chunk_by(|a, b| a.account == b.account).collect();
    let keys = KeyTree::new(runs.len() as u64, seed.clone());
    let sealed: Vec<(Vec<[u8; SEALED]>, Vec<NodeHash>)> = runs
        .par_chunks(RUN)
        .enumerate()
        .map(|(chunk, runs)| seal_runs(runs, (chunk * RUN) as u64, &keys))
        .collect();
    let mut ends = Vec::with_capacity(runs.len());
    let mut end = 0;
    for run in &runs {
        end += u32::try_from(run.len()).expect("fewer events than 2³²");
        ends.push(end);
    }
    let mut by_id: Vec<(u64, u32)> = events.iter().map(|e| e.event_id).zip(0..).collect();
    by_id.par_sort_unstable();
    let columns = Columns {
        accounts: runs.iter().map(|run| run[0].account).collect(),
        ends,
        event_ids: events.iter().map(|event| event.event_id).collect(),
        sealed: sealed
            .iter()
            .flat_map(|(sealed, _)| sealed)
            .copied()
            .collect(),
        by_id,
    };
    let leaves = sealed.into_iter().flat_map(|(_, leaves)| leaves).collect();
    (columns, leaves)
}

fn seal_runs(runs: &[&[Flat]], first: u64, keys: &KeyTree) -> (Vec<[u8; SEALED]>, Vec<NodeHash>) {
    let keys = keys.keys(first, first + runs.len() as u64);
    let (mut sealed, mut leaves) = (Vec::new(), Vec::new());
    for (run, key) in runs.iter().zip(&keys) {
        let key = key.as_ref().expect("no key of a new segment is destroyed");
        let holder = Holder::Account(AccountId(run[0].account));
        for (number, event) in (0..).zip(*run) {
            let mut bytes = event.opened.bytes();
            key.apply(number, event.event_id, &mut bytes);
            leaves.push(event_leaf(EventId(event.event_id), holder, &bytes));
            sealed.push(bytes);
        }
    }
    (sealed, leaves)
}

/// Writes a file under another name first, so that it is there whole or not at all.
fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let aside = path.with_extension("tmp");
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&aside)?;
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        match path.parent() {
            #[cfg(unix)]
            Some(dir) => File::open(dir)?.sync_all(),
            _ => Ok(()),
        }
    };
    write().map_err(|source| {
        let _ = fs::remove_file(&aside);
        LedgerError::File {
            doing: "write",
            path: path.to_owned(),
            source,
        }
    })
}
