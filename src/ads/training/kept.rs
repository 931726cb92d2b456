//! Trained shards as a file, so that only those whose rows changed have to be trained again.
//!
//! ```text
//! "acquaint-ad-shards/3\n"
//! 0 for the logistic model, 1 for the factor model     u8
//! number of shards                                     u32
//! each shard: digest of its rows                       32 bytes
//!             points of its curve, and each            u32; log loss f64, impressions f64
//!   logistic: coordinates, and each, by slot           u32; slot u32, z f64, √n f64
//!   factors, three times (coordinates of vectors, linear weights, pairs of fields):
//!             weights, and each, by place              u32; place u32, weight f32, sum of squares f32
//! BLAKE3 of all that                                   32 bytes
//! ```
//!
//! Numbers are little endian.

use std::fmt;

use super::report::Point;
use super::shards::{Course, Learnt, ShardState};
use crate::ads::AdsError;
use crate::ads::model_kind::ModelKind;
use crate::learn::Coordinate;
use crate::learn::factor::{Moved, MovedWeight};

const MAGIC: &[u8] = b"acquaint-ad-shards/3\n";
/// How the files of every version begin.
const FAMILY: &[u8] = b"acquaint-ad-shards/";

/// What training made of each shard, and of which rows: all that training anew needs to do no more than it must.
///
/// It holds what was learnt of people who were permitted at the time. Once somebody is out, it has no more right to exist than
/// the model made of it.
#[derive(Clone, PartialEq)]
pub struct ShardStates {
    pub(super) shards: Vec<ShardState>,
}

impl fmt::Debug for ShardStates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShardStates({} shards)", self.shards.len())
    }
}

impl ShardStates {
    /// How many shards there are.
    #[must_use]
    pub fn n_shards(&self) -> usize {
        self.shards.len()
    }

    /// The kind of model they are of; of no shards, the logistic one.
    #[must_use]
    pub fn kind(&self) -> ModelKind {
        let first = self.shards.first();
        first.map_or(ModelKind::Logistic, |shard| shard.course.learnt.kind())
    }

    /// Refuses shards of another kind of model: nothing in them could be kept.
    pub(super) fn check(&self, asked: ModelKind) -> Result<(), AdsError> {
        let found = self.kind();
        if found == asked || self.shards.is_empty() {
            return Ok(());
        }
        Err(AdsError::ShardsOfKind { found, asked })
    }

    /// The digests of the shards' rows, as hexadecimal digits.
    #[must_use]
    pub fn digests(&self) -> Vec<String> {
        let digests = self.shards.iter().map(|shard| shard.digest.to_hex());
        digests.map(|digest| digest.to_string()).collect()
    }

    /// The file's bytes; the same shards give the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(self.kind() as u8);
        write_len(&mut bytes, self.shards.len());
        for shard in &self.shards {
            write_shard(&mut bytes, shard);
        }
        let digest = blake3::hash(&bytes);
        bytes.extend_from_slice(digest.as_bytes());
        bytes
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// If it is no such file, or a byte of it is not what was written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AdsError> {
        let damaged = || AdsError::Shards;
        let (body, digest) = bytes
            .len()
            .checked_sub(32)
            .map(|end| bytes.split_at(end))
            .ok_or_else(damaged)?;
        if blake3::hash(body).as_bytes() != digest {
            return Err(damaged());
        }
        let mut reader = Reader(body.strip_prefix(MAGIC).ok_or_else(damaged)?);
        let shards = reader.shards().filter(|_| reader.0.is_empty());
        shards.map(|shards| Self { shards }).ok_or_else(damaged)
    }
}

/// Is it a file of shards as it was written, of this version or another?
#[must_use]
pub fn is_shards(bytes: &[u8]) -> bool {
    bytes
        .split_last_chunk::<32>()
        .is_some_and(|(body, digest)| {
            body.starts_with(FAMILY) && blake3::hash(body).as_bytes() == digest
        })
}

fn write_len(bytes: &mut Vec<u8>, n: usize) {
    let n = u32::try_from(n).expect("shards, points and slots are fewer than 2³²");
    bytes.extend_from_slice(&n.to_le_bytes());
}

fn write_shard(bytes: &mut Vec<u8>, shard: &ShardState) {
    bytes.extend_from_slice(shard.digest.as_bytes());
    write_len(bytes, shard.course.curve.len());
    for Point { loss, impressions } in &shard.course.curve {
        bytes.extend_from_slice(&loss.to_le_bytes());
        bytes.extend_from_slice(&impressions.to_le_bytes());
    }
    match &shard.course.learnt {
        Learnt::Logistic(coordinates) => write_coordinates(bytes, coordinates),
        Learnt::Factors(moved) => {
            for weights in &moved.0 {
                write_weights(bytes, weights);
            }
        }
    }
}

fn write_coordinates(bytes: &mut Vec<u8>, coordinates: &[(u32, Coordinate)]) {
    write_len(bytes, coordinates.len());
    for (slot, Coordinate { z, root }) in coordinates {
        bytes.extend_from_slice(&slot.to_le_bytes());
        bytes.extend_from_slice(&z.to_le_bytes());
        bytes.extend_from_slice(&root.to_le_bytes());
    }
}

fn write_weights(bytes: &mut Vec<u8>, weights: &[MovedWeight]) {
    write_len(bytes, weights.len());
    for moved in weights {
        bytes.extend_from_slice(&moved.place.to_le_bytes());
        bytes.extend_from_slice(&moved.weight.to_le_bytes());
        bytes.extend_from_slice(&moved.square.to_le_bytes());
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, left) = self.0.split_first_chunk()?;
        self.0 = left;
        Some(*taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn finite(&mut self) -> Option<f64> {
        self.take()
            .map(f64::from_le_bytes)
            .filter(|x| x.is_finite())
    }

    fn point(&mut self) -> Option<Point> {
        Some(Point {
            loss: self.finite()?,
            impressions: self.finite()?,
        })
    }

    fn coordinate(&mut self) -> Option<(u32, Coordinate)> {
        let slot = self.u32()?;
        let (z, root) = (self.finite()?, self.finite()?);
        Some((slot, Coordinate { z, root }))
    }

    fn weight(&mut self) -> Option<MovedWeight> {
        let place = self.u32()?;
        let (weight, square) = (
            f32::from_le_bytes(self.take()?),
            f32::from_le_bytes(self.take()?),
        );
        let is_sound = weight.is_finite() && square.is_finite() && square >= 0.0;
        is_sound.then_some(MovedWeight {
            place,
            weight,
            square,
        })
    }

    /// A list with its length before it.
    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let n = self.u32()?;
        (0..n).map(|_| one(self)).collect()
    }

    fn kind(&mut self) -> Option<ModelKind> {
        let [kind] = self.take()?;
        ModelKind::ALL.get(usize::from(kind)).copied()
    }

    fn shards(&mut self) -> Option<Vec<ShardState>> {
        let kind = self.kind()?;
        self.list(|reader| reader.shard(kind))
    }

    fn shard(&mut self, kind: ModelKind) -> Option<ShardState> {
        Some(ShardState {
            digest: blake3::Hash::from_bytes(self.take()?),
            course: Course {
                curve: self.list(Self::point)?,
                learnt: match kind {
                    ModelKind::Logistic => Learnt::Logistic(self.list(Self::coordinate)?),
                    ModelKind::Factors => Learnt::Factors(self.moved()?),
                },
            },
        })
    }

    fn moved(&mut self) -> Option<Moved> {
        let mut moved = Moved::default();
        for weights in &mut moved.0 {
            *weights = self.list(Self::weight)?;
        }
        Some(moved)
    }
}
