//! The fields' sums of one row, and what they say together.

use super::batch::FieldRow;
use super::params::Interaction;
use super::table::{LANES, Lanes, Table};

/// A field of the row and where its entries are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) field: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Group {
    pub(super) const fn is_single(self) -> bool {
        self.end - self.start == 1
    }
}

/// The sums of a row; shapes are by fields of this row, not by all there are.
#[derive(Clone, Debug, Default)]
pub(super) struct RowSums<const N: usize> {
    pub(super) groups: Vec<Group>,
    /// S(f, g), shape (groups, groups), or S(f), shape (groups).
    pub(super) sums: Vec<[Lanes; N]>,
    /// What the gradient by v(i, g) of an entry in f is per unit of its value: shape as `sums`, but by (g, f) where fields are
    /// aware. Filled by [`pull`](Self::pull).
    pub(super) pulls: Vec<[Lanes; N]>,
}

/// r of two fields.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled for the caller's instructions"
)]
pub(super) fn pair_weight(table: &Table, n_fields: usize, f: usize, g: usize) -> f32 {
    let index = f.min(g) * n_fields + f.max(g);
    table.pairs.get(index).map_or(1.0, |pair| 1.0 + pair.weight)
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
    /// Finds the row's fields.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn group(&mut self, row: FieldRow<'_>) {
        self.groups.clear();
        let mut start = 0;
        while start < row.fields.len() {
            let field = row.fields[start];
            let same = row.fields[start..]
                .iter()
                .take_while(|&&other| other == field);
            let end = start + same.count();
            self.groups.push(Group {
                field: usize::from(field),
                start,
                end,
            });
            start = end;
        }
    }

    /// Sums the vectors of every field; [`group`](Self::group) comes first.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn gather(&mut self, table: &Table, kind: Interaction, row: FieldRow<'_>) {
        self.sums.clear();
        let is_aware = kind == Interaction::FieldAware;
        let columns = if is_aware { self.groups.len() } else { 1 };
        self.sums
            .resize(self.groups.len() * columns, [[0.0; LANES]; N]);
        for (f, group) in self.groups.iter().enumerate() {
            let sums = &mut self.sums[f * columns..][..columns];
            for entry in group.start..group.end {
                let (slot, x) = (row.slots[entry], row.values[entry]);
                for (g, sum) in sums.iter_mut().enumerate() {
                    if is_aware && g == f && group.is_single() {
                        continue;
                    }
                    let column = if is_aware { self.groups[g].field } else { 0 };
                    let at = table.at(slot, column);
                    for (sum, line) in sum.iter_mut().zip(&table.lines[at..at + N]) {
                        *sum = plus_scaled(*sum, line.weights, x);
                    }
                }
            }
        }
    }

    /// Σ of all pairs.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn interaction(
        &self,
        table: &Table,
        kind: Interaction,
        n_fields: usize,
        row: FieldRow<'_>,
    ) -> f64 {
        let between = if kind == Interaction::FieldAware {
            self.aware()
        } else {
            self.mixed(table, n_fields)
        };
        let many = self
            .groups
            .iter()
            .enumerate()
            .filter(|(_, group)| !group.is_single());
        let weighted = |(f, group): (usize, &Group)| {
            let weight = pair_weight(table, n_fields, group.field, group.field);
            f64::from(weight) * self.within(table, kind, row, f)
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
        let n = self.groups.len();
        let mut products = [[0.0; LANES]; 4];
        let mut next = 0;
        for f in 1..n {
            for g in 0..f {
                add_products(
                    &mut products[next & 3],
                    &self.sums[f * n + g],
                    &self.sums[g * n + f],
                );
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
    fn mixed(&self, table: &Table, n_fields: usize) -> f64 {
        let mut all = 0.0;
        for (f, a) in self.groups.iter().enumerate() {
            for (g, b) in self.groups[..f].iter().enumerate() {
                let weight = pair_weight(table, n_fields, a.field, b.field);
                all += f64::from(weight) * inner(&self.sums[f], &self.sums[g]);
            }
        }
        all
    }

    /// Pairs inside a field, r left out: half of what the square of the sum has beyond the squares.
    pub(super) fn within(
        &self,
        table: &Table,
        kind: Interaction,
        row: FieldRow<'_>,
        f: usize,
    ) -> f64 {
        let group = self.groups[f];
        let (sum, column) = self.own(kind, f);
        let mut squares = inner(sum, sum);
        for entry in group.start..group.end {
            let at = table.at(row.slots[entry], column);
            let x = f64::from(row.values[entry]);
            for line in &table.lines[at..at + N] {
                squares -= x * x * inner(&[line.weights], &[line.weights]);
            }
        }
        squares / 2.0
    }

    /// The two sums whose inner product is what two fields say together.
    pub(super) fn meeting(
        &self,
        kind: Interaction,
        f: usize,
        g: usize,
    ) -> (&[Lanes; N], &[Lanes; N]) {
        let n = self.groups.len();
        match kind {
            Interaction::FieldAware => (&self.sums[f * n + g], &self.sums[g * n + f]),
            Interaction::FieldWeighted | Interaction::Plain => (&self.sums[f], &self.sums[g]),
        }
    }

    /// S(f, f) or S(f), and the column it was summed from.
    pub(super) fn own(&self, kind: Interaction, f: usize) -> (&[Lanes; N], usize) {
        match kind {
            Interaction::FieldAware => {
                let n = self.groups.len();
                (&self.sums[f * n + f], self.groups[f].field)
            }
            Interaction::FieldWeighted | Interaction::Plain => (&self.sums[f], 0),
        }
    }

    /// Makes the pulls of kinds with one vector a feature: `Σ_g r(f, g)·S(g)`, f itself only if it has several entries.
    pub(super) fn pull(&mut self, table: &Table, n_fields: usize) {
        self.pulls.clear();
        for (f, a) in self.groups.iter().enumerate() {
            let mut pull = [[0.0; LANES]; N];
            for (g, b) in self.groups.iter().enumerate() {
                if f != g || !a.is_single() {
                    let weight = pair_weight(table, n_fields, a.field, b.field);
                    add_scaled(&mut pull, &self.sums[g], weight);
                }
            }
            self.pulls.push(pull);
        }
    }
}
