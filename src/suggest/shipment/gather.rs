//! From frames back to everybody's lists. They are whole and each is there once, or nothing is made of them.

use std::io::{self, Read};

use super::frame::{self, FRAME_PEOPLE, Frame};
use super::wire::Wire;
use super::{Packed, ShipmentError};
use crate::suggest::everybody::{Counted, Pool, asked, joined, n_asked, settle};
use crate::suggest::person::ForOne;
use crate::suggest::suggestion::Chunk;
use crate::suggest::{Desk, Everybody, SuggestCounts, Suggestions};

/// Whose lists are made once more to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How many people; each may be drawn more than once. One whole frame comes on top, for its counts.
    pub n_people: usize,
    /// With the digest of the shipment it says who is drawn.
    pub seed: u64,
}

impl Desk {
    /// Everybody's suggestions from the frames of a shipment that this desk packed, each after its length in 8 bytes,
    /// little-endian, in any order. It is what [`everybody`](Self::everybody) makes.
    ///
    /// # Errors
    /// If a frame is damaged, another shipment's, there twice or missing; if it holds what cannot be; and if a list or
    /// a count of the sample is not what this desk makes.
    ///
    /// # Complexity
    /// That of reading, and of making the lists of the sample.
    pub fn gather(
        &self,
        shipment: &Packed,
        frames: impl Read,
        sample: Sample,
    ) -> Result<Everybody, ShipmentError> {
        let gathered = self.read(shipment, frames)?;
        self.recheck_frame(shipment, &gathered, sample)?;
        let chunks = gathered.counted();
        let asked = joined(chunks);
        self.recheck(shipment, &asked.suggestions, sample)?;
        Ok(settle(asked, self.tables().params()))
    }

    fn read(&self, shipment: &Packed, mut frames: impl Read) -> Result<Gathered, ShipmentError> {
        let k = n_asked(self.tables().params());
        let mut gathered = Gathered::new(self.graph().n_users());
        let mut bytes = Vec::new();
        for frame in 0.. {
            let most = frame::bytes_max(FRAME_PEOPLE as usize, k);
            if !next(&mut frames, most, &mut bytes).map_err(|error| of_input(error, frame))? {
                break;
            }
            let found = frame::decode(&bytes).ok_or(ShipmentError::Frame { frame })?;
            let wrong = |why| ShipmentError::Wrong { frame, why };
            gathered.check(&found, shipment, k).map_err(wrong)?;
            gathered.take(found)?;
        }
        gathered.check_whole()?;
        Ok(gathered)
    }

    /// Makes the lists of the people of the sample again.
    fn recheck(
        &self,
        shipment: &Packed,
        asked: &Suggestions,
        sample: Sample,
    ) -> Result<(), ShipmentError> {
        let order = self.order();
        let k = n_asked(order.params());
        let mut scratch = order.scratch();
        for node_idx in drawn(shipment, sample) {
            if order.list(&mut scratch, node_idx, k).list != asked.list(node_idx) {
                return Err(ShipmentError::Differs { node_idx });
            }
        }
        Ok(())
    }

    /// Makes one frame again, for its counts.
    fn recheck_frame(
        &self,
        shipment: &Packed,
        gathered: &Gathered,
        sample: Sample,
    ) -> Result<(), ShipmentError> {
        let Some(at) = drawn(shipment, sample).next() else {
            return Ok(());
        };
        let at = at as usize / FRAME_PEOPLE as usize;
        let first = at * FRAME_PEOPLE as usize;
        let last = (first + FRAME_PEOPLE as usize).min(gathered.n_people);
        let made = asked(&self.order(), first..last, &Pool::default(), &|_| ());
        let mut counts = SuggestCounts::default();
        for chunk in &made {
            counts += chunk.counts;
        }
        let found = gathered.frames[at].as_ref();
        if found.is_some_and(|found| found.counts == counts) {
            return Ok(());
        }
        let first = u32::try_from(first).expect("a node");
        Err(ShipmentError::Counts { first })
    }
}

/// Nodes of the sample, drawn from the seed and the digest; none if there is nobody.
fn drawn(shipment: &Packed, sample: Sample) -> impl Iterator<Item = u32> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(shipment.digest.as_bytes());
    hasher.update(&sample.seed.to_le_bytes());
    let mut stream = hasher.finalize_xof();
    let n_people = u64::from(shipment.n_people);
    let n = if n_people == 0 { 0 } else { sample.n_people };
    (0..n).map(move |_| {
        let mut bytes = [0; 8];
        stream.fill(&mut bytes);
        u32::try_from(u64::get(&bytes) % n_people).expect("below a number of nodes")
    })
}

/// Reads the next frame; `false` at the end.
fn next(frames: &mut impl Read, most: usize, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let mut length = [0; 8];
    let mut n_read = 0;
    while n_read < length.len() {
        match frames.read(&mut length[n_read..])? {
            0 if n_read == 0 => return Ok(false),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => n_read += n,
        }
    }
    let length = usize::try_from(u64::get(&length)).ok();
    let Some(length) = length.filter(|&length| length <= most) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    bytes.resize(length, 0);
    frames.read_exact(bytes)?;
    Ok(true)
}

fn of_input(error: io::Error, frame: usize) -> ShipmentError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => ShipmentError::Frame { frame },
        _ => ShipmentError::Io(error),
    }
}

/// Frames by their place.
struct Gathered {
    n_people: usize,
    frames: Vec<Option<Taken>>,
}

struct Taken {
    chunks: Vec<Chunk>,
    counts: SuggestCounts,
}

impl Gathered {
    fn new(n_people: usize) -> Self {
        let n_frames = n_people.div_ceil(FRAME_PEOPLE as usize);
        Self {
            n_people,
            frames: std::iter::repeat_with(|| None).take(n_frames).collect(),
        }
    }

    fn check(&self, frame: &Frame, shipment: &Packed, k: usize) -> Result<(), &'static str> {
        let (first, last) = (frame.first as usize, frame.last as usize);
        let n_people: usize = frame.chunks.iter().map(Chunk::n_users).sum();
        let is_place = first.is_multiple_of(FRAME_PEOPLE as usize)
            && last == (first + FRAME_PEOPLE as usize).min(self.n_people)
            && first < last
            && n_people == last - first;
        let lists = || {
            let chunks = frame.chunks.iter();
            chunks.flat_map(|chunk| (0..chunk.n_users()).map(|at| chunk.list(at)))
        };
        let is_there = |candidate: u32| (candidate as usize) < self.n_people;
        let mut rows = lists().flat_map(|list| list.suggestions);
        let n_rows: usize = frame.chunks.iter().map(Chunk::n_rows).sum();
        let checks = [
            (
                "it is of another shipment",
                frame.shipment == *shipment.digest.as_bytes(),
            ),
            ("it is of other people", is_place),
            (
                "a list is too long",
                lists().all(|list| list.suggestions.len() <= k),
            ),
            (
                "somebody is suggested who is not there",
                rows.all(|row| is_there(row.candidate)),
            ),
            (
                "its counts do not add up",
                frame.counts.check_sums()
                    && frame.counts.emitted.checked_add(frame.counts.near) == Some(n_rows as u64),
            ),
        ];
        let wrong = checks.into_iter().find(|(_, holds)| !holds);
        wrong.map_or(Ok(()), |(why, _)| Err(why))
    }

    fn take(&mut self, frame: Frame) -> Result<(), ShipmentError> {
        let Frame {
            first,
            counts,
            chunks,
            ..
        } = frame;
        let place = &mut self.frames[(first / FRAME_PEOPLE) as usize];
        match place.replace(Taken { chunks, counts }) {
            Some(_) => Err(ShipmentError::Twice { first }),
            None => Ok(()),
        }
    }

    fn check_whole(&self) -> Result<(), ShipmentError> {
        let mut missing = (0..).zip(&self.frames).filter(|(_, frame)| frame.is_none());
        let Some((first, _)) = missing.next() else {
            return Ok(());
        };
        let n_frames = missing.count() + 1;
        Err(ShipmentError::Missing {
            n: (n_frames * FRAME_PEOPLE as usize).min(self.n_people),
            first: first * FRAME_PEOPLE,
        })
    }

    /// Every chunk; the counts of a frame stand with its first.
    fn counted(self) -> Vec<Counted> {
        let each = self.frames.into_iter().flatten().flat_map(|taken| {
            let counts =
                std::iter::once(taken.counts).chain(std::iter::repeat(SuggestCounts::default()));
            taken.chunks.into_iter().zip(counts)
        });
        each.map(|(chunk, counts)| Counted { chunk, counts })
            .collect()
    }
}
