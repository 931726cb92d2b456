//! One row's step of Algorithm 1, in arrays beside the table: the cells of a row lie anywhere in memory, so all are read before any
//! is needed, and what is computed is computed many at a time.

use crate::learn::{FtrlValidParams, SparseRow};

use crate::learn::odds::sigmoid;

/// How many clicks a part may be wrong by before it counts for less.
const MAX_SLOPE: f64 = 4.0;

/// `z` and `√n` of one coordinate, side by side because they are always read together: four share a cache line. The root is kept
/// rather than `n`, because every step needs it twice and makes it once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Coordinate {
    pub(crate) z: f64,
    pub(crate) root: f64,
}

impl Coordinate {
    /// Has any row moved it?
    pub(crate) fn is_touched(self) -> bool {
        self.root != 0.0 || self.z != 0.0
    }
}

/// What happened on a row, in impressions: fractions where the row has a weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happened {
    pub(crate) impressions: f64,
    pub(crate) clicks: f64,
}

/// The coordinates of one row, and what they are computed with.
pub(super) struct Step {
    rates: Rates,
    offset: f64,
    max_parts: u32,
    z: Vec<f64>,
    root: Vec<f64>,
    x: Vec<f64>,
    w: Vec<f64>,
}

impl Step {
    pub(super) fn new(params: &FtrlValidParams, offset: f64) -> Self {
        Self {
            rates: Rates::of(params),
            offset,
            max_parts: params.max_parts(),
            z: Vec::new(),
            root: Vec::new(),
            x: Vec::new(),
            w: Vec::new(),
        }
    }

    /// Learns a row: reads its coordinates, moves them once for every part, writes them. Gives `p` as it was before.
    pub(super) fn learn(
        &mut self,
        state: &mut [Coordinate],
        SparseRow { slots, values }: SparseRow<'_>,
        happened: Happened,
    ) -> f64 {
        self.read(state, slots, values);
        let p = self.predict();
        let expected = happened.impressions * p;
        let n_parts = parts(expected.max(happened.clicks), self.max_parts);
        let share = f64::from(n_parts);
        let (m, c) = (happened.impressions / share, happened.clicks / share);
        self.descend(p, m, c);
        for _ in 1..n_parts {
            let p = self.predict();
            self.descend(p, m, c);
        }
        self.write(state, slots);
        p
    }

    fn read(&mut self, state: &[Coordinate], slots: &[u32], values: &[f32]) {
        for kept in [&mut self.z, &mut self.root, &mut self.x, &mut self.w] {
            kept.resize(slots.len(), 0.0);
        }
        let kept = self.z.iter_mut().zip(&mut self.root);
        for ((z, root), &slot) in kept.zip(slots) {
            let cell = state[slot as usize];
            (*z, *root) = (cell.z, cell.root);
        }
        for (x, &value) in self.x.iter_mut().zip(values) {
            *x = f64::from(value);
        }
    }

    /// `p` at the weights as they are, which are kept for the step.
    fn predict(&mut self) -> f64 {
        let rates = self.rates;
        let coordinates = self.z.iter().zip(&self.root);
        for (w, (&z, &root)) in self.w.iter_mut().zip(coordinates) {
            *w = rates.weight(Coordinate { z, root });
        }
        let sum: f64 = self.w.iter().zip(&self.x).map(|(w, x)| w * x).sum();
        sigmoid(self.offset + sum)
    }

    /// Moves the coordinates down the gradient of m impressions and c clicks at p.
    fn descend(&mut self, p: f64, m: f64, c: f64) {
        let Gradient { slope, square } = gradient(p, m, c);
        let per_alpha = self.rates.per_alpha;
        let read = self.x.iter().zip(&self.w);
        let written = self.z.iter_mut().zip(&mut self.root);
        for ((z, root), (x, w)) in written.zip(read) {
            let grown = (*root * *root + square * x * x).sqrt();
            *z += slope * x - (grown - *root) * per_alpha * w;
            *root = grown;
        }
    }

    fn write(&self, state: &mut [Coordinate], slots: &[u32]) {
        let coordinates = self.z.iter().zip(&self.root);
        for (&slot, (&z, &root)) in slots.iter().zip(coordinates) {
            state[slot as usize] = Coordinate { z, root };
        }
    }
}

/// The parameters as a weight needs them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    l1: f64,
    alpha: f64,
    per_alpha: f64,
    /// `β + α·λ₂`
    base: f64,
}

impl Rates {
    pub(crate) fn of(params: &FtrlValidParams) -> Self {
        Self {
            l1: params.l1(),
            alpha: params.alpha(),
            per_alpha: params.alpha().recip(),
            base: params.beta() + params.alpha() * params.l2(),
        }
    }

    /// `wᵢ`, numerator and denominator multiplied by α. Without a branch, so that many are computed at once.
    #[inline]
    pub(crate) fn weight(self, Coordinate { z, root }: Coordinate) -> f64 {
        let shrunk = (z.abs() - self.l1).max(0.0).copysign(-z);
        let weight = shrunk * self.alpha / (self.base + root);
        // Without β and λ₂ a coordinate that nothing has touched would be 0/0.
        if shrunk == 0.0 { 0.0 } else { weight }
    }
}

/// What a part moves weights by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gradient {
    /// Per unit of x.
    pub(crate) slope: f64,
    /// What it adds to n per unit of x².
    pub(crate) square: f64,
}

/// The gradient of a part of m impressions and c clicks at p.
pub(crate) fn gradient(p: f64, m: f64, c: f64) -> Gradient {
    let slope = m * p - c;
    let one_by_one = c * (1.0 - p) * (1.0 - p) + (m - c) * p * p;
    let kept = (MAX_SLOPE / slope.abs()).min(1.0);
    let slope = slope * kept;
    Gradient {
        slope,
        square: (slope * slope).max(one_by_one * kept),
    }
}

/// Into how many parts a row with this many clicks, seen or expected, is cut.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float casts saturate and the result is clamped"
)]
pub(crate) fn parts(clicks: f64, max_parts: u32) -> u32 {
    (clicks.ceil() as u32).clamp(1, max_parts)
}
