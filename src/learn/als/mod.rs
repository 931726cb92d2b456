//! Factors of links: a vector or two a node, whose inner products say which links there are and which are likely.
//!
//! Links are a symmetric matrix of weights `w(u, v)`, mostly 0. What is not linked is not known to be unlinked, only likely
//! to be, so every pair counts and links count more (Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback
//! datasets", ICDM 2008). With the preference `p(u, v)` 1 where `w(u, v) > 0`, else 0, and the confidence
//! `c(u, v) = 1 + α·w(u, v)`, left vectors `x` and right vectors `y` minimise
//!
//! ```text
//! Σ over all pairs of c(u, v)·(p(u, v) − x(u)·y(v))² + λ·(Σ |x(u)|² + Σ |y(v)|²)
//! ```
//!
//! One side is fixed while the other is solved for, in turn. For one node that is a system of `D` equations,
//!
//! ```text
//! (Σ over all v of y(v)·y(v)ᵀ + λI + Σ over links of α·w·y(v)·y(v)ᵀ)·x = Σ over links of (1 + α·w)·y(v)
//! ```
//!
//! whose first sum all nodes share. Three steps of conjugate gradients from the last answer are as good in the end as solving
//! it (Takács, Pilászy and Tikk, "Applications of the conjugate gradient method for implicit feedback collaborative
//! filtering", `RecSys` 2011), and take O(D²) where a solution takes O(D³).
//!
//! The matrix being symmetric, both sides say the same of a pair but for what is left of the fit. A pair's score is the mean
//! of both, `(x(u)·y(v) + x(v)·y(u)) / 2`; a node without links has vectors of 0.
//!
//! Numbers are `f32`. Every sum has a fixed order (shared sums: of at most 64 parts, in `f64`), so the vectors are the same
//! bytes for any number of threads.
//!
//! # Complexity
//! O(rounds · (n·D² + m·D)) time for n nodes and m entries; 8·n·D bytes for the vectors, and 8·64·D² for shared sums.

mod gram;
mod links;
mod params;
mod row;
#[cfg(test)]
mod tests;

pub use links::Links;
pub use params::{AlsParams, AlsValidParams};

use linfa::DatasetBase;
use linfa::traits::Fit;
use rayon::prelude::*;

use crate::hash::{mix, mix_two, unit};
use crate::learn::LearnError;
use gram::Gram;
use row::Solver;

/// Vectors of nodes; see [the module](self).
#[derive(Clone, Debug, PartialEq)]
pub struct LinkFactors {
    width: usize,
    /// x, shape (n, width).
    left: Vec<f32>,
    /// y, likewise.
    right: Vec<f32>,
}

impl LinkFactors {
    /// Coordinates of a vector.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// How many nodes there are.
    #[must_use]
    pub fn n_nodes(&self) -> usize {
        self.left.len() / self.width
    }

    /// The left vector of a node.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn left(&self, node: usize) -> &[f32] {
        &self.left[node * self.width..][..self.width]
    }

    /// The right vector of a node.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn right(&self, node: usize) -> &[f32] {
        &self.right[node * self.width..][..self.width]
    }
}

impl AlsValidParams {
    /// Factors of links.
    ///
    /// Runs in the caller's rayon pool; the same links and parameters give the same bytes for any number of threads.
    ///
    /// # Complexity
    /// As [the module](self) says.
    #[must_use]
    pub fn factorise(&self, links: Links<'_>) -> LinkFactors {
        let mut factors = LinkFactors {
            width: self.factors(),
            left: vec![0.0; links.n_nodes() * self.factors()],
            right: self.begin(links),
        };
        for _ in 0..self.rounds() {
            self.solve(links, &factors.right, &mut factors.left);
            self.solve(links, &factors.left, &mut factors.right);
        }
        factors
    }

    /// Where right vectors begin: coordinates up to 1/√D either way, by hash; 0 without links.
    fn begin(&self, links: Links<'_>) -> Vec<f32> {
        let width = self.factors();
        let most = (width as f64).sqrt().recip();
        let coordinate = |at: usize| {
            let drawn = unit(mix_two(mix(self.seed()), at as u64));
            let (node, x) = (at / width, (2.0 * drawn - 1.0) * most);
            if links.is_linked(node) {
                gram::rounded(x)
            } else {
                0.0
            }
        };
        let n = links.n_nodes() * width;
        (0..n).into_par_iter().map(coordinate).collect()
    }

    /// Moves one side towards what suits the other best.
    fn solve(&self, links: Links<'_>, fixed: &[f32], moved: &mut [f32]) {
        let gram = Gram::of(fixed, self.factors(), self.l2());
        moved
            .par_chunks_mut(self.factors())
            .enumerate()
            .with_min_len(NODES_MIN)
            .for_each_init(
                || Solver::new(&gram, fixed, gram::rounded(self.alpha())),
                |solver, (node, x)| solver.solve(links.of(node), x),
            );
    }
}

/// How many nodes are worth a task of their own.
const NODES_MIN: usize = 64;

impl<'a> Fit<Links<'a>, (), LearnError> for AlsValidParams {
    type Object = LinkFactors;

    fn fit(&self, dataset: &DatasetBase<Links<'a>, ()>) -> Result<LinkFactors, LearnError> {
        Ok(self.factorise(*dataset.records()))
    }
}
