//! The fields' sums of one row, and what they say together.

use super::batch::FieldRow;
use super::params::Interaction;
use super::plan::{Group, Plan, Used};
use super::storage::{LANES, Lanes, Source, Weights};
use super::table::Singles;

/// The sums of a row; shapes are by fields of this row, not by all there are.
#[derive(Clone, Debug)]
pub(super) struct RowSums<const N: usize> {
    pub(super) plan: Plan,
    /// S(f, g), shape (groups, groups), or S(f), shape (groups); S(f, f) is 0 if f has one entry.
    pub(super) sums: Vec<[Lanes; N]>,
    /// What the gradient by v(i, g) of an entry in f is per unit of its value: shape (groups). Filled by [`pull`](Self::pull), and
    /// only where fields are not aware: there it is S(g, f).
    pub(super) pulls: Vec<[Lanes; N]>,
}

impl Singles {
    /// r of two fields.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn pair_weight(&self, n_fields: usize, f: usize, g: usize) -> f32 {
        let index = f.min(g) * n_fields + f.max(g);
        self.pairs.get(index).map_or(1.0, |pair| 1.0 + pair.weight)
    }

    /// Σ wᵢ·xᵢ.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn linear(&self, row: FieldRow<'_>) -> f64 {
        let terms = row.slots.iter().zip(row.values);
        terms
            .map(|(&slot, &x)| f64::from(self.linear[slot as usize].weight) * f64::from(x))
            .sum()
    }
}

/// By value, so that nothing can overlap and lanes are computed side by side.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled for the caller's instructions"
)]
fn plus_scaled(to: Lanes, from: Lanes, scale: f32) -> Lanes {
    std::array::from_fn(|i| to[i] + scale * from[i])
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled for the caller's instructions"
)]
pub(super) fn add_scaled<const N: usize>(to: &mut [Lanes; N], from: &[Lanes; N], scale: f32) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = plus_scaled(*to, *from, scale);
    }
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled for the caller's instructions"
)]
fn add_products<const N: usize>(to: &mut Lanes, a: &[Lanes; N], b: &[Lanes; N]) {
    for (a, b) in a.iter().zip(b) {
        let (sum, a, b) = (*to, *a, *b);
        *to = std::array::from_fn(|i| sum[i] + a[i] * b[i]);
    }
}

/// Lanes added up in order, in `f64`.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled for the caller's instructions"
)]
fn total(lanes: &Lanes) -> f64 {
    lanes.iter().map(|&x| f64::from(x)).sum()
}

/// ⟨a, b⟩.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled for the caller's instructions"
)]
pub(super) fn inner<const N: usize>(a: &[Lanes; N], b: &[Lanes; N]) -> f64 {
    let mut products = [0.0; LANES];
    add_products(&mut products, a, b);
    total(&products)
}

impl<const N: usize> RowSums<N> {
    pub(super) const fn new(kind: Interaction) -> Self {
        Self {
            plan: Plan::new(kind),
            sums: Vec::new(),
            pulls: Vec::new(),
        }
    }

    /// Sums the vectors of every field; [`make`](Plan::make) comes first.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn gather(&mut self, mut vectors: impl Source) {
        self.sums.clear();
        self.sums.resize(self.plan.n_sums(), [[0.0; LANES]; N]);
        for (meeting, Used { place, x }) in self.plan.meetings() {
            for (chunk, sum) in self.sums[meeting.sum].iter_mut().enumerate() {
                *sum = plus_scaled(*sum, vectors.weights(place + chunk, chunk), x);
            }
        }
    }

    /// Σ of all pairs.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn interaction<L: Weights + ?Sized>(
        &self,
        lines: &L,
        singles: &Singles,
        n_fields: usize,
    ) -> f64 {
        let between = if self.plan.is_aware() {
            self.aware()
        } else {
            self.mixed(singles, n_fields)
        };
        let groups = self.plan.groups.iter().enumerate();
        let many = groups.filter(|(_, group)| !group.is_single());
        let weighted = |(f, group): (usize, &Group)| {
            let weight = singles.pair_weight(n_fields, group.field, group.field);
            f64::from(weight) * self.within(lines, f)
        };
        let within: f64 = many.map(weighted).sum();
        between + within
    }

    /// Four sums side by side, or each addition would wait for the last.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn aware(&self) -> f64 {
        let n = self.plan.groups.len();
        let mut products = [[0.0; LANES]; 4];
        let mut next = 0;
        for f in 1..n {
            let mut theirs = f;
            for ours in f * n..f * n + f {
                add_products(
                    &mut products[next & 3],
                    &self.sums[ours],
                    &self.sums[theirs],
                );
                theirs += n;
                next += 1;
            }
        }
        products.iter().map(total).sum()
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn mixed(&self, singles: &Singles, n_fields: usize) -> f64 {
        let mut all = 0.0;
        let groups = &self.plan.groups;
        for (f, a) in groups.iter().enumerate() {
            for (g, b) in groups[..f].iter().enumerate() {
                let weight = singles.pair_weight(n_fields, a.field, b.field);
                all += f64::from(weight) * inner(&self.sums[f], &self.sums[g]);
            }
        }
        all
    }

    /// Pairs inside a field, r left out: half of what the square of the sum has beyond the squares.
    pub(super) fn within<L: Weights + ?Sized>(&self, lines: &L, f: usize) -> f64 {
        let own = self.plan.own_sum(f);
        let sum = &self.sums[own];
        let mut squares = inner(sum, sum);
        for (_, Used { place, x }) in self.plan.meetings().filter(|(m, _)| m.sum == own) {
            let x = f64::from(x);
            for chunk in 0..N {
                let weights = [lines.weights(place + chunk)];
                squares -= x * x * inner(&weights, &weights);
            }
        }
        squares / 2.0
    }

    /// The two sums whose inner product is what two fields say together.
    pub(super) fn meeting(&self, f: usize, g: usize) -> (&[Lanes; N], &[Lanes; N]) {
        let n = self.plan.groups.len();
        if self.plan.is_aware() {
            (&self.sums[f * n + g], &self.sums[g * n + f])
        } else {
            (&self.sums[f], &self.sums[g])
        }
    }

    /// Makes the pulls of kinds with one vector a feature: `Σ_g r(f, g)·S(g)`, f itself only if it has several entries.
    pub(super) fn pull(&mut self, singles: &Singles, n_fields: usize) {
        self.pulls.clear();
        let groups = &self.plan.groups;
        for (f, a) in groups.iter().enumerate() {
            let mut pull = [[0.0; LANES]; N];
            for (g, b) in groups.iter().enumerate() {
                if f != g || !a.is_single() {
                    let weight = singles.pair_weight(n_fields, a.field, b.field);
                    add_scaled(&mut pull, &self.sums[g], weight);
                }
            }
            self.pulls.push(pull);
        }
    }
}
