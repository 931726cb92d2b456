//! Numbers and encoded points times a secret, many at once.
//!
//! Encoding a point takes an inverse square root, about 254 squarings. The double of a point can be encoded with an
//! inversion instead, and one inversion serves a whole chunk (`RistrettoPoint::double_and_compress_batch`); so points are
//! multiplied by half the secret. Neither time nor memory access depends on the secret.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::traits::Identity;
use rayon::prelude::*;
use zeroize::{Zeroize, Zeroizing};

use super::{PsiError, PsiSecret};
use crate::identity::E164;

/// An encoded point.
pub(super) type Point = [u8; 32];

/// Points that are encoded with one inversion: enough to make it cheap, few enough to stay in the first cache levels.
const CHUNK: usize = 256;

/// a·H(n) of each number, in the same order.
///
/// # Complexity
/// One multiplication on the curve a number, parallel over chunks of 256.
pub(super) fn blind(secret: &PsiSecret, numbers: &[E164]) -> Vec<Point> {
    let chunks: Vec<Vec<Point>> = numbers
        .par_chunks(CHUNK)
        .map(|chunk| doubled(chunk.iter().map(|n| hash(*n) * secret.half()).collect()))
        .collect();
    chunks.concat()
}

/// The secret times each point, in the same order.
///
/// # Errors
/// The first point that is not the encoding of a point, or is that of the neutral element.
///
/// # Complexity
/// As [`blind`].
pub(super) fn blind_again(secret: &PsiSecret, points: &[Point]) -> Result<Vec<Point>, PsiError> {
    let chunks: Vec<Result<Vec<Point>, PsiError>> = points
        .par_chunks(CHUNK)
        .enumerate()
        .map(|(i, chunk)| {
            let multiplied = chunk.iter().enumerate().map(|(j, point)| {
                let at = i * CHUNK + j;
                Ok(decode(point, at)? * secret.half())
            });
            Ok(doubled(multiplied.collect::<Result<_, _>>()?))
        })
        .collect();
    // In order, so that the same error is found whichever thread was first.
    let chunks: Result<Vec<Vec<Point>>, PsiError> = chunks.into_iter().collect();
    Ok(chunks?.concat())
}

/// Is each of them a point, and not the neutral element?
///
/// # Errors
/// The first that is none.
///
/// # Complexity
/// About a tenth of multiplying them, parallel.
pub(super) fn assert_points(points: &[Point]) -> Result<(), PsiError> {
    let decoded = points.par_iter().zip(0..points.len());
    let decoded = decoded.map(|(point, at)| decode(point, at).map(drop));
    decoded.find_first(Result::is_err).unwrap_or(Ok(()))
}

fn decode(point: &Point, at: usize) -> Result<RistrettoPoint, PsiError> {
    let decoded = CompressedRistretto(*point)
        .decompress()
        .ok_or(PsiError::NotAPoint { at })?;
    if decoded == RistrettoPoint::identity() {
        return Err(PsiError::NeutralElement { at });
    }
    Ok(decoded)
}

fn doubled(mut halves: Vec<RistrettoPoint>) -> Vec<Point> {
    let encoded = RistrettoPoint::double_and_compress_batch(&halves);
    halves.zeroize();
    encoded.iter().map(CompressedRistretto::to_bytes).collect()
}

/// H(n), of RFC 9496, section 4.3.4.
fn hash(number: E164) -> RistrettoPoint {
    let digits = Zeroizing::new(number.expose().to_le_bytes());
    RistrettoPoint::from_uniform_bytes(&wide(
        "acquaint 2016-08-25 private set intersection: number",
        &[&*digits],
    ))
}

/// 64 bytes derived by BLAKE3.
pub(super) fn wide(context: &str, parts: &[&[u8]]) -> Zeroizing<[u8; 64]> {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part);
    }
    let mut wide = Zeroizing::new([0; 64]);
    hasher.finalize_xof().fill(&mut *wide);
    hasher.zeroize();
    wide
}

/// Is this how RFC 9496 writes some field element that is not negative? Whether it is a point, only decoding tells.
pub(super) const fn is_canonical(point: &Point) -> bool {
    let is_even = point[0] & 1 == 0;
    is_even && is_below_modulus(point)
}

/// Is the number, least significant byte first, below 2²⁵⁵ − 19?
const fn is_below_modulus(bytes: &Point) -> bool {
    let [low, middle @ .., high] = bytes;
    let mut all_ones = *high == 0x7f;
    let mut i = 0;
    while i < middle.len() {
        all_ones = all_ones && middle[i] == 0xff;
        i += 1;
    }
    *high < 0x80 && !(all_ones && *low >= 0xed)
}
