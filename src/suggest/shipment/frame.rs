//! The lists of some people as bytes.

use std::io;

use super::wire::{Reader, Writer};
use super::{FRAME, SHIPMENT_VERSION, ShipmentError};
use crate::score::Score;
use crate::suggest::everybody::Counted;
use crate::suggest::suggestion::{CHUNK, Chunk};
use crate::suggest::{List, SuggestCounts, Suggestion, Tier};

/// How many people's lists a frame holds; the last holds those who are left.
pub const FRAME_PEOPLE: u32 = 256;
// What is joined does not depend on where frames end.
const _: () = assert!((FRAME_PEOPLE as usize).is_multiple_of(CHUNK));

/// Candidate, people in common, score, tier and probability.
const ROW_BYTES: usize = 4 + 4 + 8 + 1 + 8;
/// Everything but people and rows: generous, since it only sizes a buffer.
const REST_BYTES: usize = 512;

pub(super) fn bytes_max(n_people: usize, k: usize) -> usize {
    let per_person = 4 + k.saturating_mul(ROW_BYTES);
    REST_BYTES.saturating_add(n_people.saturating_mul(per_person))
}

/// What a frame says.
pub(super) struct Frame {
    pub(super) shipment: [u8; blake3::OUT_LEN],
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) counts: SuggestCounts,
    pub(super) chunks: Vec<Chunk>,
}

pub(super) fn encode(digest: &blake3::Hash, first: u32, last: u32, chunks: &[Counted]) -> Vec<u8> {
    let mut counts = SuggestCounts::default();
    for chunk in chunks {
        counts += chunk.counts;
    }
    let rows = Rows::of(chunks);
    let mut bytes = Vec::new();
    let mut to = Writer::new(&mut bytes);
    let head = |to: &mut Writer<_>| {
        to.bytes(FRAME)?;
        to.one(SHIPMENT_VERSION)?;
        to.bytes(digest.as_bytes())?;
        to.list([first, last].into_iter())?;
        to.list(counts.each().into_iter())
    };
    head(&mut to)
        .and_then(|()| rows.put(&mut to))
        .and_then(|()| to.finish())
        .expect("memory takes every byte");
    bytes
}

/// Reads a frame; `None` if its bytes are not those that were written.
pub(super) fn decode(bytes: &[u8]) -> Option<Frame> {
    read(bytes).ok().flatten()
}

fn read(bytes: &[u8]) -> Result<Option<Frame>, ShipmentError> {
    let mut from = Reader::new(bytes, bytes.len() as u64)?;
    let (mut magic, mut shipment) = ([0; FRAME.len()], [0; blake3::OUT_LEN]);
    from.bytes(&mut magic)?;
    let version: u32 = from.one()?;
    from.bytes(&mut shipment)?;
    let ends: Vec<u32> = from.list()?;
    let counts: Vec<u64> = from.list()?;
    let rows = Rows::get(&mut from)?;
    from.finish()?;
    let &[first, last] = ends.as_slice() else {
        return Ok(None);
    };
    if &magic != FRAME || version != SHIPMENT_VERSION {
        return Ok(None);
    }
    let (counts, chunks) = (SuggestCounts::of_each(&counts), rows.chunks());
    Ok(counts.zip(chunks).map(|(counts, chunks)| Frame {
        shipment,
        first,
        last,
        counts,
        chunks,
    }))
}

/// Columns of all rows, one person after the other.
#[derive(Default)]
struct Rows {
    /// By person, how many.
    lengths: Vec<u32>,
    candidates: Vec<u32>,
    mutual_counts: Vec<u32>,
    scores: Vec<u64>,
    tiers: Vec<u8>,
    probabilities: Vec<f64>,
}

impl Rows {
    fn of(chunks: &[Counted]) -> Self {
        let mut rows = Self::default();
        for chunk in chunks.iter().map(|counted| &counted.chunk) {
            for list in (0..chunk.n_users()).map(|at| chunk.list(at)) {
                rows.add(list);
            }
        }
        rows
    }

    fn add(&mut self, list: List<'_>) {
        let n = u32::try_from(list.suggestions.len()).expect("no more candidates than nodes");
        self.lengths.push(n);
        for row in list.suggestions {
            self.candidates.push(row.candidate);
            self.mutual_counts.push(row.mutual_count);
            self.scores.push(row.score.bits());
            self.tiers.push(row.tier as u8);
        }
        self.probabilities.extend_from_slice(list.probabilities);
    }

    fn put(&self, to: &mut Writer<&mut Vec<u8>>) -> io::Result<()> {
        to.list(self.lengths.iter().copied())?;
        to.list(self.candidates.iter().copied())?;
        to.list(self.mutual_counts.iter().copied())?;
        to.list(self.scores.iter().copied())?;
        to.list(self.tiers.iter().copied())?;
        to.list(self.probabilities.iter().copied())
    }

    fn get(from: &mut Reader<&[u8]>) -> Result<Self, ShipmentError> {
        Ok(Self {
            lengths: from.list()?,
            candidates: from.list()?,
            mutual_counts: from.list()?,
            scores: from.list()?,
            tiers: from.list()?,
            probabilities: from.list()?,
        })
    }

    /// None if the columns do not fit each other.
    fn chunks(self) -> Option<Vec<Chunk>> {
        let n = self.candidates.len();
        let total: u64 = self.lengths.iter().map(|&n| u64::from(n)).sum();
        let is_as_long = |m: usize| m == n;
        let is_learned = is_as_long(self.probabilities.len());
        let fits = [
            self.mutual_counts.len(),
            self.scores.len(),
            self.tiers.len(),
        ];
        if total != n as u64
            || !fits.into_iter().all(is_as_long)
            || !(is_learned || self.probabilities.is_empty())
        {
            return None;
        }
        let rows: Option<Vec<Suggestion>> = (0..n).map(|at| self.row(at)).collect();
        let rows = rows?;
        let mut start = 0;
        let chunk = |lengths: &[u32]| {
            let n_rows = lengths.iter().map(|&n| n as usize).sum();
            let mut chunk = Chunk::with_capacity(n_rows);
            for &n in lengths {
                let range = start..start + n as usize;
                start = range.end;
                chunk.push(List {
                    suggestions: &rows[range.clone()],
                    probabilities: self.probabilities.get(range).unwrap_or_default(),
                });
            }
            chunk
        };
        Some(self.lengths.chunks(CHUNK).map(chunk).collect())
    }

    fn row(&self, at: usize) -> Option<Suggestion> {
        Some(Suggestion {
            candidate: self.candidates[at],
            mutual_count: self.mutual_counts[at],
            score: Score::from_bits(self.scores[at]),
            tier: Tier::from_code(self.tiers[at])?,
        })
    }
}
