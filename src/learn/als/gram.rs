//! The sum that all equations share: `Σ y·yᵀ + λI`.

use rayon::prelude::*;

/// Into how many parts the sum is cut at most, whatever the number of threads.
const PARTS_MAX: usize = 64;

/// Fewer vectors than this are no part of their own.
const PART_MIN: usize = 256;

/// How many coordinates of a product are added up side by side.
const LANES: usize = 16;

/// `Σ y·yᵀ + λI`, shape (width, width), by rows.
#[derive(Debug)]
pub(super) struct Gram {
    pub(super) width: usize,
    cells: Vec<f32>,
}

impl Gram {
    pub(super) fn of(vectors: &[f32], width: usize, l2: f64) -> Self {
        let n = vectors.len() / width;
        let part = n.div_ceil(PARTS_MAX).max(PART_MIN) * width;
        let parts: Vec<Vec<f64>> = vectors
            .par_chunks(part)
            .map(|vectors| products(vectors, width))
            .collect();
        let mut sum = vec![0.0; width * width];
        for part in parts {
            (sum.iter_mut().zip(part)).for_each(|(sum, part)| *sum += part);
        }
        for i in 0..width {
            sum[i * width + i] += l2;
        }
        Self {
            width,
            cells: sum.into_iter().map(rounded).collect(),
        }
    }

    /// Writes the product with a vector.
    pub(super) fn times(&self, vector: &[f32], product: &mut [f32]) {
        let n_whole = self.width - self.width % LANES;
        let (whole, rest) = product.split_at_mut(n_whole);
        for (at, lanes) in (0..).step_by(LANES).zip(whole.as_chunks_mut::<LANES>().0) {
            *lanes = self.lanes(at, vector);
        }
        for (at, cell) in (n_whole..).zip(rest) {
            // It is symmetric: a column is a row.
            let row = &self.cells[at * self.width..][..self.width];
            *cell = row.iter().zip(vector).map(|(a, x)| a * x).sum();
        }
    }

    /// Some coordinates of the product, side by side in registers; each is a sum in the order of the vector.
    fn lanes(&self, at: usize, vector: &[f32]) -> [f32; LANES] {
        let mut sums = [0.0; LANES];
        for (row, &x) in self.cells.chunks_exact(self.width).zip(vector) {
            let Some(row) = row[at..].first_chunk::<LANES>() else {
                break;
            };
            for (sum, a) in sums.iter_mut().zip(row) {
                *sum += a * x;
            }
        }
        sums
    }
}

/// The nearest `f32`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "what all nodes share is kept in twice the precision it is used in"
)]
pub(super) fn rounded(x: f64) -> f32 {
    x as f32
}

fn products(vectors: &[f32], width: usize) -> Vec<f64> {
    let mut sum = vec![0.0; width * width];
    for vector in vectors.chunks_exact(width) {
        for (row, &x) in sum.chunks_exact_mut(width).zip(vector) {
            let x = f64::from(x);
            for (cell, &y) in row.iter_mut().zip(vector) {
                *cell += x * f64::from(y);
            }
        }
    }
    sum
}
