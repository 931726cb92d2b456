//! Factorisation machines: what two fields say together, learnt from pairs that were never seen together too.
//!
//! The log-odds of a click on a row of features i with values x, each of a field f(i), are
//!
//! ```text
//! logit = offset + Σᵢ wᵢ·xᵢ + Σ_{i<j} ⟨a, b⟩·r·xᵢ·xⱼ
//! ```
//!
//! | [`Interaction`] | a, b | r | source |
//! |---|---|---|---|
//! | `FieldAware` | v(i, f(j)), v(j, f(i)): a vector for every field it meets | 1 | Juan, Zhuang, Chin and Lin, 2016 |
//! | `FieldWeighted` | v(i), v(j) | r(f(i), f(j)), learnt, at first 1 | Pan et al., 2018 |
//! | `Plain` | v(i), v(j) | 1 | Rendle, 2010 |
//!
//! **One engine.** With S(f, g) = Σ_{i in f} xᵢ·v(i, g) the sum over pairs of two fields is ⟨S(f, g), S(g, f)⟩, and the
//! gradient of the logit by v(i, g) is xᵢ·S(g, f): a row of n features in m fields costs n·m vector operations instead of
//! n². Pairs inside a field f count too: (|S(f, f)|² − Σᵢ xᵢ²·|v(i, f)|²)/2. The other two kinds have one vector a feature,
//! and the field's sums are mixed by r.
//!
//! **Training.** AdaGrad on the logistic loss, each weight with its own sum of squared gradients G, which starts at 1:
//!
//! ```text
//! g = slope·∂logit/∂w + λ·w;   G ← G + g²;   w ← w − η·g/√G
//! ```
//!
//! Against the papers: there is a linear part and an offset, fixed at the base rate of the rows, as in
//! [`FtrlModel`](super::FtrlModel), whose way with rows of many impressions is kept too (a row is cut into parts of about one
//! click each; `G` grows by what its impressions would have added). Rows are not scaled to length 1, as libffm does; whoever
//! wants a field of several values to count as one divides the values. All gradients of a row are those before the row, where
//! libffm changes weights pair by pair. Weights begin at numbers between −init/√k and init/√k that are a hash of seed, slot,
//! field and coordinate, so what comes first does not matter, and a slot that no row has touched counts as 0.
//!
//! **Order.** Rows are learnt in the order given, by one thread: each step needs the weights the last one left, so a second
//! thread could only work on older ones, and the result would then depend on how rows are divided. The same rows in the same
//! order give the same bits on every machine. Rows that are sorted in some way should be shuffled by the caller. Predictions use
//! all threads.
//!
//! **Memory.** A vector of eight coordinates and its eight sums fill one cache line, and a feature's vectors lie side by side.
//! With [`WeightBits::Sixteen`] a coordinate and its sum are the upper halves of two `f32`, so that two vectors share a cache
//! line: what is computed is computed in `f32`, and what is stored is rounded up or down by chance, or late in training steps
//! would be too small to change anything (Gupta et al., 2015). Chance is a hash of seed, step and place: the same on every run.
//! While a row is learnt, the vectors of the next are asked for one by one, after the pages they lie in were asked for a row
//! earlier.
//!
//! **Undefined cases.** No rows: the model answers one half, which is half a click over one impression. One class only: the
//! base rate with half a click added, and weights as far as the gradient goes. A feature never seen adds 0. Values that are not
//! finite are refused.
//!
//! # Examples
//!
//! ```
//! use acquaint::learn::factor::{FactorParams, FieldBatch, FieldDataset, FieldEntry};
//! use acquaint::learn::{LearnError, ClickTargets, Clicks};
//! use linfa::traits::{Fit, Predict};
//!
//! # fn main() -> Result<(), LearnError> {
//! // Clicks come when the two fields agree, so neither alone says anything.
//! let mut rows = FieldBatch::new(1 << 10, 2);
//! let mut targets = Vec::new();
//! for (a, b) in [(0, 0), (0, 1), (1, 1), (1, 0)] {
//!     rows.push_row(&[FieldEntry::new(0, a, 1.0), FieldEntry::new(1, 2 + b, 1.0)])?;
//!     let clicks = if a == b { 50 } else { 5 };
//!     targets.push(Clicks { clicks, impressions: 100 });
//! }
//! let data = FieldDataset::new(rows, ClickTargets::new(targets)?);
//! let model = FactorParams::default().bits(10).k(2).epochs(200).fit(&data)?;
//! let p = model.predict(&data);
//! assert!(p[0] > 0.4 && p[1] < 0.1 && p[2] > 0.4 && p[3] < 0.1, "{p}");
//! # Ok(())
//! # }
//! ```
//!
//! # References
//! Y. Juan, Y. Zhuang, W.-S. Chin and C.-J. Lin, "Field-aware factorization machines for CTR prediction", RecSys 2016.
//! J. Pan et al., "Field-weighted factorization machines for click-through rate prediction in display advertising", WWW 2018.
//! S. Rendle, "Factorization machines", ICDM 2010. J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online
//! learning and stochastic optimization", JMLR 2011. S. Gupta, A. Agrawal, K. Gopalakrishnan and P. Narayanan, "Deep learning
//! with limited numerical precision", ICML 2015.

mod batch;
mod file;
mod fit;
mod half;
mod learn;
mod model;
mod moved;
mod params;
mod plan;
mod row;
mod sides;
mod step;
mod storage;
mod table;
#[cfg(test)]
mod tests;

pub use batch::{FieldBatch, FieldDataset, FieldEntry, FieldRow, MAX_FIELDS};
pub use fit::{LearningCurve, Watched};
pub use model::{FACTOR_SCHEMA, FactorModel, PairPart};
pub(crate) use moved::{Moved, MovedWeight};
pub use params::{FactorParams, FactorValidParams, Interaction, WeightBits};
pub use sides::Side;
