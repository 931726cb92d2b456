//! Segments: events about accounts in bulk, in a file that is written once.
//!
//! Columns, least significant byte first, one after the other behind a header of 64 bytes (magic, events, subjects):
//!
//! | column | width | items | order |
//! |---|---|---|---|
//! | accounts | 8 | subjects | ascending |
//! | ends | 4 | subjects | where each account's events end |
//! | event ids | 8 | events | by account |
//! | sealed parts | 26 | events | by account |
//! | ids by value | 8 | events | ascending |
//! | places of those | 4 | events | as above |
//!
//! The entry numbers of the events are consecutive. Nothing here can be read without the keys but who has events, and
//! how many.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::publish::{open_plain, shown};

use super::check::LedgerFault;
use super::codec::SEALED;
use super::error::LedgerError;

const MAGIC: [u8; 8] = *b"acqseg01";
pub(in crate::ledger) const HEADER: u64 = 64;
/// An id in memory for so many on the disk: one read of a page finds any id.
const FENCE: u64 = 512;

/// What the database knows of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct SegmentRow {
    pub(in crate::ledger) segment: u64,
    pub(in crate::ledger) first_entry: u64,
    pub(in crate::ledger) n_events: u64,
    pub(in crate::ledger) n_subjects: u64,
    pub(in crate::ledger) digest: [u8; 32],
    pub(in crate::ledger) min_id: u64,
    pub(in crate::ledger) max_id: u64,
}

impl SegmentRow {
    pub(in crate::ledger) fn path(&self, dir: &Path) -> PathBuf {
        path(dir, self.segment)
    }

    pub(in crate::ledger) const fn entries(&self) -> std::ops::Range<u64> {
        self.first_entry..self.first_entry + self.n_events
    }
}

/// Where a segment's file is.
pub(in crate::ledger) fn path(dir: &Path, segment: u64) -> PathBuf {
    dir.join("segments").join(format!("{segment:06}.seg"))
}

/// The columns of a segment in memory.
#[derive(Debug, Default)]
pub(in crate::ledger) struct Columns {
    pub(in crate::ledger) accounts: Vec<u64>,
    pub(in crate::ledger) ends: Vec<u32>,
    pub(in crate::ledger) event_ids: Vec<u64>,
    pub(in crate::ledger) sealed: Vec<[u8; SEALED]>,
    /// Event ids, ascending, with their places.
    pub(in crate::ledger) by_id: Vec<(u64, u32)>,
}

impl Columns {
    /// The bytes of the file.
    pub(in crate::ledger) fn image(&self) -> Vec<u8> {
        let layout = Layout {
            n_events: self.event_ids.len() as u64,
            n_subjects: self.accounts.len() as u64,
        };
        let mut image = Vec::with_capacity(usize::try_from(layout.len()).unwrap_or(0));
        image.extend(MAGIC);
        image.extend(layout.n_events.to_le_bytes());
        image.extend(layout.n_subjects.to_le_bytes());
        image.resize(usize::try_from(HEADER).expect("a small constant"), 0);
        image.extend(self.accounts.iter().flat_map(|n| n.to_le_bytes()));
        image.extend(self.ends.iter().flat_map(|n| n.to_le_bytes()));
        image.extend(self.event_ids.iter().flat_map(|n| n.to_le_bytes()));
        image.extend(self.sealed.as_flattened());
        image.extend(self.by_id.iter().flat_map(|(id, _)| id.to_le_bytes()));
        image.extend(self.by_id.iter().flat_map(|(_, at)| at.to_le_bytes()));
        image
    }
}

/// Where the columns are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    n_events: u64,
    n_subjects: u64,
}

impl Layout {
    const fn ends(self) -> u64 {
        HEADER + 8 * self.n_subjects
    }
    const fn event_ids(self) -> u64 {
        self.ends() + 4 * self.n_subjects
    }
    const fn sealed(self) -> u64 {
        self.event_ids() + 8 * self.n_events
    }
    const fn ids_by_value(self) -> u64 {
        self.sealed() + SEALED as u64 * self.n_events
    }
    const fn places(self) -> u64 {
        self.ids_by_value() + 8 * self.n_events
    }
    const fn len(self) -> u64 {
        self.places() + 4 * self.n_events
    }
}

/// A segment, open for reading any part of it.
#[derive(Debug)]
pub(in crate::ledger) struct Segment {
    pub(in crate::ledger) row: SegmentRow,
    path: PathBuf,
    file: File,
    layout: Layout,
    /// Every [`FENCE`]-th id by value.
    fences: Vec<u64>,
}

/// The smallest and the largest id.
pub(in crate::ledger) struct IdRange {
    pub(in crate::ledger) min: u64,
    pub(in crate::ledger) max: u64,
}

/// An account of a segment.
pub(in crate::ledger) struct SubjectAt {
    /// Its number.
    pub(in crate::ledger) subject: u64,
    /// Where its events begin.
    pub(in crate::ledger) start: u64,
}

impl Segment {
    /// Opens a segment and checks that it is one, and of the size the database knows.
    pub(in crate::ledger) fn open(dir: &Path, row: SegmentRow) -> Result<Self, LedgerError> {
        let path = row.path(dir);
        let mut file = open_plain(&path).map_err(LedgerError::file("open", &path))?;
        let layout = Layout {
            n_events: row.n_events,
            n_subjects: row.n_subjects,
        };
        let mut header = [0; 24];
        let len = file
            .read_exact(&mut header)
            .and_then(|()| file.metadata())
            .map_err(LedgerError::file("read", &path))?
            .len();
        let is_right = header[..8] == MAGIC
            && header[8..16] == row.n_events.to_le_bytes()
            && header[16..24] == row.n_subjects.to_le_bytes()
            && len == layout.len();
        if !is_right {
            return Err(LedgerError::damaged(
                shown(path),
                "not the segment that the log lists",
            ));
        }
        Ok(Self {
            row,
            path,
            file,
            layout,
            fences: Vec::new(),
        })
    }

    /// The smallest and the largest id, as the file has them.
    pub(in crate::ledger) fn id_range(&self) -> Result<IdRange, LedgerError> {
        let Some(last) = self.row.n_events.checked_sub(1) else {
            return Ok(IdRange { min: 0, max: 0 });
        };
        Ok(IdRange {
            min: self.ids_by_value(0, 1)?[0],
            max: self.ids_by_value(last, last + 1)?[0],
        })
    }

    /// Ids are looked for between the smallest and the largest that the database names: they must be the file's.
    pub(in crate::ledger) fn range_fault(&self) -> Result<Option<LedgerFault>, LedgerError> {
        let found = self.id_range()?;
        let is_right = (found.min, found.max) == (self.row.min_id, self.row.max_id);
        Ok((!is_right).then(|| {
            LedgerFault::new(
                format!("segment {}", self.row.segment),
                "its ids are not from and to what the database says; `acquaint consent repair` mends that",
            )
        }))
    }

    /// The digest of the whole file.
    pub(in crate::ledger) fn digest(&self) -> Result<[u8; 32], LedgerError> {
        let mut hasher = blake3::Hasher::new();
        let mut file = &self.file;
        let mut block = vec![0; 1 << 20];
        let mut read = || -> io::Result<()> {
            file.seek(SeekFrom::Start(0))?;
            loop {
                let n = file.read(&mut block)?;
                if n == 0 {
                    return Ok(());
                }
                hasher.update_rayon(&block[..n]);
            }
        };
        read().map_err(LedgerError::file("read", &self.path))?;
        Ok(*hasher.finalize().as_bytes())
    }

    /// Is it still the file that was sealed?
    pub(in crate::ledger) fn assert_whole(&self) -> Result<(), LedgerError> {
        if self.digest()? == self.row.digest {
            return Ok(());
        }
        Err(LedgerError::damaged(
            format!("segment {}", self.row.segment),
            "not the file that was sealed",
        ))
    }

    fn bytes(&self, from: u64, len: u64) -> Result<Vec<u8>, LedgerError> {
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(from))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(LedgerError::file("read", &self.path))?;
        Ok(bytes)
    }

    fn u64s(&self, column: u64, from: u64, to: u64) -> Result<Vec<u64>, LedgerError> {
        let bytes = self.bytes(column + 8 * from, 8 * (to - from))?;
        let (words, _) = bytes.as_chunks::<8>();
        Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
    }

    fn u32s(&self, column: u64, from: u64, to: u64) -> Result<Vec<u32>, LedgerError> {
        let bytes = self.bytes(column + 4 * from, 4 * (to - from))?;
        let (words, _) = bytes.as_chunks::<4>();
        Ok(words.iter().map(|word| u32::from_le_bytes(*word)).collect())
    }

    /// Accounts `from..to`.
    pub(in crate::ledger) fn accounts(&self, from: u64, to: u64) -> Result<Vec<u64>, LedgerError> {
        self.u64s(HEADER, from, to)
    }

    /// Where the events of accounts `from..to` begin, and where the last of them end: one more than accounts.
    pub(in crate::ledger) fn bounds(&self, from: u64, to: u64) -> Result<Vec<u32>, LedgerError> {
        let mut bounds = if from == 0 { vec![0] } else { Vec::new() };
        bounds.extend(self.u32s(self.layout.ends(), from.saturating_sub(1), to)?);
        Ok(bounds)
    }

    /// The ids of events `from..to`.
    pub(in crate::ledger) fn event_ids(&self, from: u64, to: u64) -> Result<Vec<u64>, LedgerError> {
        self.u64s(self.layout.event_ids(), from, to)
    }

    /// The sealed parts of events `from..to`.
    pub(in crate::ledger) fn sealed(
        &self,
        from: u64,
        to: u64,
    ) -> Result<Vec<[u8; SEALED]>, LedgerError> {
        let width = SEALED as u64;
        let bytes = self.bytes(self.layout.sealed() + width * from, width * (to - from))?;
        Ok(bytes.as_chunks::<SEALED>().0.to_vec())
    }

    /// Ids `from..to` by value.
    pub(in crate::ledger) fn ids_by_value(
        &self,
        from: u64,
        to: u64,
    ) -> Result<Vec<u64>, LedgerError> {
        self.u64s(self.layout.ids_by_value(), from, to)
    }

    /// The places of ids `from..to` by value.
    pub(in crate::ledger) fn places(&self, from: u64, to: u64) -> Result<Vec<u32>, LedgerError> {
        self.u32s(self.layout.places(), from, to)
    }

    /// Hands over each item whose id is here, with the place of the event; items are in the order of their ids.
    pub(in crate::ledger) fn shared_ids<T>(
        &self,
        items: &[T],
        id: impl Fn(&T) -> u64,
        mut hit: impl FnMut(&T, u32),
    ) -> Result<(), LedgerError> {
        let from = items.partition_point(|item| id(item) < self.row.min_id);
        let to = items.partition_point(|item| id(item) <= self.row.max_id);
        let mut waiting = items[from..to].iter().peekable();
        for from in (0..self.row.n_events).step_by(1 << 18) {
            if waiting.peek().is_none() {
                break;
            }
            let to = (from + (1 << 18)).min(self.row.n_events);
            let ids = self.ids_by_value(from, to)?;
            let mut places: Vec<u32> = Vec::new();
            for (held, at) in ids.iter().zip(0_usize..) {
                while waiting.next_if(|item| id(item) < *held).is_some() {}
                while let Some(item) = waiting.next_if(|item| id(item) == *held) {
                    if places.is_empty() {
                        places = self.places(from, to)?;
                    }
                    hit(item, places[at]);
                }
            }
        }
        Ok(())
    }

    /// Where the event of an id stands, if it is here.
    ///
    /// # Complexity
    /// One read of a page after the first call, which reads every id once.
    pub(in crate::ledger) fn find(&mut self, id: u64) -> Result<Option<u64>, LedgerError> {
        if !(self.row.min_id..=self.row.max_id).contains(&id) {
            return Ok(None);
        }
        if self.fences.is_empty() {
            self.fences = self.read_fences()?;
        }
        let block = self.fences.partition_point(|&fence| fence <= id) as u64;
        let Some(block) = block.checked_sub(1) else {
            return Ok(None);
        };
        let from = block * FENCE;
        let to = (from + FENCE).min(self.row.n_events);
        let ids = self.ids_by_value(from, to)?;
        let Ok(at) = ids.binary_search(&id) else {
            return Ok(None);
        };
        let at = from + at as u64;
        let place = u64::from(self.places(at, at + 1)?[0]);
        if place >= self.row.n_events || self.event_ids(place, place + 1)? != [id] {
            return Err(LedgerError::damaged(
                shown(&self.path),
                "its list of ids is not that of its events",
            ));
        }
        Ok(Some(place))
    }

    fn read_fences(&self) -> Result<Vec<u64>, LedgerError> {
        let mut fences = Vec::new();
        let n = self.row.n_events;
        for from in (0..n).step_by(1 << 18) {
            let ids = self.ids_by_value(from, (from + (1 << 18)).min(n))?;
            fences.extend(ids.chunks(512).filter_map(|block| block.first()));
        }
        Ok(fences)
    }

    /// How many accounts are smaller than one, and whether it is there.
    pub(in crate::ledger) fn subject(&self, account: u64) -> Result<Result<u64, u64>, LedgerError> {
        let (mut from, mut to) = (0, self.row.n_subjects);
        while from < to {
            let middle = from.midpoint(to);
            let found = self.accounts(middle, middle + 1)?[0];
            match found.cmp(&account) {
                std::cmp::Ordering::Equal => return Ok(Ok(middle)),
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        Ok(Err(from))
    }

    /// Whose event stands at a place.
    pub(in crate::ledger) fn subject_at(&self, place: u64) -> Result<SubjectAt, LedgerError> {
        let (mut from, mut to) = (0, self.row.n_subjects);
        while from < to {
            let middle = from.midpoint(to);
            let end = self.u32s(self.layout.ends(), middle, middle + 1)?[0];
            if u64::from(end) <= place {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        let start = self.bounds(from, from)?.first().copied().unwrap_or(0);
        Ok(SubjectAt {
            subject: from,
            start: u64::from(start),
        })
    }
}
