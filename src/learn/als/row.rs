//! One node's vector while the other side is fixed.

use super::gram::Gram;
use super::links::Row;

/// How many steps of conjugate gradients one solution takes.
const STEPS: usize = 3;

/// The square of a remainder too small to go on for.
const SMALL: f32 = 1e-20;

/// Solves for one node after another.
pub(super) struct Solver<'a> {
    gram: &'a Gram,
    fixed: &'a [f32],
    alpha: f32,
    remainder: Vec<f32>,
    direction: Vec<f32>,
    image: Vec<f32>,
}

impl<'a> Solver<'a> {
    pub(super) fn new(gram: &'a Gram, fixed: &'a [f32], alpha: f32) -> Self {
        let zeros = || vec![0.0; gram.width];
        Self {
            gram,
            fixed,
            alpha,
            remainder: zeros(),
            direction: zeros(),
            image: zeros(),
        }
    }

    /// Moves `x` towards the solution of the node's equations; to 0 if it has no links.
    pub(super) fn solve(&mut self, row: Row<'_>, x: &mut [f32]) {
        if row.is_empty() {
            x.fill(0.0);
            return;
        }
        self.begin(row, x);
        let mut left = dot(&self.remainder, &self.remainder);
        for _ in 0..STEPS {
            if left < SMALL {
                return;
            }
            self.find_image(row);
            let step = left / dot(&self.direction, &self.image);
            add_scaled(x, step, &self.direction);
            add_scaled(&mut self.remainder, -step, &self.image);
            let now = dot(&self.remainder, &self.remainder);
            let turn = now / left;
            for (p, r) in self.direction.iter_mut().zip(&self.remainder) {
                *p = r + turn * *p;
            }
            left = now;
        }
    }

    /// What is missing at `x`, which is the first direction.
    fn begin(&mut self, row: Row<'_>, x: &[f32]) {
        self.gram.times(x, &mut self.remainder);
        self.remainder.iter_mut().for_each(|r| *r = -*r);
        for (end, weight) in row.iter() {
            let y = vector(self.fixed, self.gram.width, end);
            let more = self.alpha * weight;
            let scale = 1.0 + more - more * dot(y, x);
            add_scaled(&mut self.remainder, scale, y);
        }
        self.direction.copy_from_slice(&self.remainder);
    }

    /// The equations' matrix times the direction.
    fn find_image(&mut self, row: Row<'_>) {
        self.gram.times(&self.direction, &mut self.image);
        for (end, weight) in row.iter() {
            let y = vector(self.fixed, self.gram.width, end);
            let scale = self.alpha * weight * dot(y, &self.direction);
            add_scaled(&mut self.image, scale, y);
        }
    }
}

fn vector(all: &[f32], width: usize, node: usize) -> &[f32] {
    &all[node * width..][..width]
}

/// Adds a multiple of one vector to another.
#[inline]
fn add_scaled(to: &mut [f32], scale: f32, vector: &[f32]) {
    for (to, x) in to.iter_mut().zip(vector) {
        *to += scale * x;
    }
}

/// Eight sums side by side, then these in order: a processor adds eight at once, and the result is the same on all.
#[inline]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a_eights, a_rest) = a.as_chunks::<8>();
    let (b_eights, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_eights.iter().zip(b_eights) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    for ((sum, a), b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum += a * b;
    }
    sums.iter().sum()
}
