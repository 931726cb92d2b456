//! Everybody's K best ads out of a large catalogue, exactly.
//!
//! A factorised model (such as a factorisation machine) scores a person's vector u against an ad's vector a:
//!
//! ```text
//! score(u, a) = bias_a + own_u + Σ_d u_d·a_d                  (an inner product and what each side adds)
//! value(u, a) = bid_a · p(score) + quality_a                  (what showing it is expected to be worth)
//! ```
//!
//! with p any function that never falls, such as a calibrated sigmoid. The K best of a catalogue of n ads take n
//! inner products a person, and nearly all of them are far from winning. So the work is in two parts.
//!
//! - A *sieve* sees every pair. It computes an upper bound of the score in a form the processor is quick at, for a
//!   tile of people times a panel of 32 ads in registers, and compares it at once with what each person's K-th best
//!   asks for. Nothing is written unless something passes.
//! - What passes, about K·ln(n/K) pairs a person, is scored exactly: products of `f32` are exact in `f64`, and their
//!   sum has a fixed order. Only that decides.
//!
//! So the answer is that of scoring every pair and sorting, by value and then by ad, whatever sieve the machine has,
//! however many threads there are and however people are divided among them. Two sieves exist: bytes (with
//! AVX-512 VNNI: four products a lane and cycle) and floats (with AVX2 and FMA, or plain code).
//!
//! **Bytes.** A vector is rounded to 127 steps either way: `u = û + e_u`, `a = â + e_a`, with the errors' lengths known.
//! Then `u·a = û·â + û·e_a + e_u·a`, and by Cauchy and Schwarz
//!
//! ```text
//! score ≤ û·â + |û|·|e_a| + |e_u|·|a|
//! ```
//!
//! where û·â is an integer times two scales. Ads of about the same bias share a panel, and the greatest of their biases
//! is added for all. For 64 normal coordinates the bound is a tenth of the scores' standard deviation too high, which
//! lets half as many pairs more pass.
//!
//! **Values.** Ads of about the same bid lie side by side. The greatest bid and quality among up to 1,024 of them say
//! which probability, hence which score, could reach a person's K-th best value; the score is looked up in a table of
//! p made once. Dear ads come first, so that the K-th best is high early.
//!
//! Within a bid great biases come first, then long vectors; when bias + |u|·|a| cannot reach anybody's K-th best, a
//! stretch is skipped.
//!
//! # Complexity
//! O(U·n·D) for U people and D coordinates; space 5·n·D bytes besides the result, or 8·n·D with floats.
//!
//! # References
//! A. Shrivastava and P. Li, "Asymmetric LSH (ALSH) for sublinear time maximum inner product search", NIPS 2014, for
//! the problem; C. Teflioudi, R. Gemulla and O. Mykytiuk, "LEMP: fast retrieval of large entries in a matrix product",
//! SIGMOD 2015, for bounds by length; K. Goto and R. van de Geijn, "Anatomy of high-performance matrix
//! multiplication", ACM TOMS 2008, for tiles and panels.

mod best;
mod error;
mod offers;
mod packed;
mod people;
mod rank;
mod sieve;
#[cfg(test)]
mod tests;

pub use best::RankedAd;
pub use error::RetrieveError;
pub use offers::{Curve, Offer};
pub(crate) use packed::dot;
pub use packed::{AdSet, Catalogue};
pub use people::{People, Reached};
pub use rank::{CatalogueCounts, Ranked, Retrieved};
