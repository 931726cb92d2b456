//! What another policy would have earned, from the log of one that says how likely each of its choices was.
//!
//! In round i of a log an action aᵢ was shown in a context xᵢ with propensity pᵢ and earned rᵢ, here a click or none. A policy π
//! shows a in x with probability π(a|x); wᵢ = π(aᵢ|xᵢ) / pᵢ. With q̂(x, a) a prediction of the reward, its value is estimated as
//!
//! - **IPS**: Σ wᵢrᵢ / n, inverse propensity scores. Unbiased if the propensities are right; D. G. Horvitz, D. J. Thompson,
//!   "A generalization of sampling without replacement from a finite universe", JASA 47, 1952.
//! - **SNIPS**: Σ wᵢrᵢ / Σ wᵢ, self-normalised: a little biased, and much steadier. A. Swaminathan, T. Joachims, "The
//!   self-normalized estimator for counterfactual learning", `NeurIPS` 2015.
//! - **DM**: Σ v̂ᵢ / n with v̂ᵢ = Σ π(a|xᵢ) q̂(xᵢ, a) over all a, the direct method: as right as the predictions.
//! - **DR**: Σ (v̂ᵢ + wᵢ (rᵢ − q̂(xᵢ, aᵢ))) / n, doubly robust: right if either the propensities or the predictions are. M. Dudík,
//!   J. Langford, L. Li, "Doubly robust policy evaluation and learning", ICML 2011.
//!
//! A propensity below [`PROPENSITY_MIN`] is refused: nobody's dice are that uneven, and one such round would be the whole estimate.
//!
//! Intervals are the 2.5th and 97.5th percentiles of 1,000 draws of rounds with replacement (Efron 1979), of numerator and
//! denominator together. The effective number of rounds is (Σ wᵢ)² / Σ wᵢ² (L. Kish, "Survey Sampling", 1965): with few of
//! them an interval is too narrow as well as too wide to use. The mean of wᵢ is 1 in expectation, or the propensities are not
//! those of the log.
//!
//! The model's rankings and q̂ come from cross-fitting: the rounds of each fifth are judged by a model of the other four (V.
//! Chernozhukov et al., "Double/debiased machine learning", Econometrics Journal 21, 2018), or a click would vote for itself.
//! Every item of the log is an action of every round. Where rounds stand in positions, propensities are those of the item at its
//! position, and so is π: the k-th best item at the k-th position.

mod estimates;
mod evaluate;
mod log;
#[cfg(test)]
mod tests;

pub use estimates::{Estimate, Estimates};
pub use evaluate::{PolicyEvaluation, PolicyOptions, PolicyValue, evaluate_policies};
pub use log::{LogError, PROPENSITY_MIN, PolicyLog};
