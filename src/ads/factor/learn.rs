//! One row's step of AdaGrad.

use crate::ads::ftrl::{ask_for, parts, slope_and_square};
use crate::ads::sigmoid;

use super::batch::{FieldBatch, FieldRow};
use super::params::{FactorValidParams, Interaction};
use super::row::{RowSums, inner, pair_weight};
use super::table::{Beginning, FIRST_SQUARE, LANES, Lanes, Line, Single, Table};

/// What happened on a row, in impressions: fractions where the row has a weight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happened {
    pub(super) impressions: f64,
    pub(super) clicks: f64,
}

/// What a step of one row is made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Learner {
    kind: Interaction,
    beginning: Beginning,
    eta: f32,
    l2: f32,
    max_parts: u32,
    offset: f64,
    n_fields: usize,
}

/// The gradient of a part per unit of ∂logit/∂w, and what its square falls short of what single impressions add.
#[derive(Clone, Copy, Debug)]
struct Slope {
    slope: f32,
    more: f32,
}

impl Learner {
    pub(super) fn new(params: &FactorValidParams, offset: f64, n_fields: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
        let (eta, l2) = (params.eta() as f32, params.l2() as f32);
        Self {
            kind: params.interaction(),
            beginning: Beginning::of(params),
            eta,
            l2,
            max_parts: params.max_parts(),
            offset,
            n_fields,
        }
    }

    /// Learns rows in their order, with the vector instructions that the processor has: the same bits with and without, as no
    /// product is fused with a sum.
    pub(super) fn learn(&self, table: &mut Table, rows: &FieldBatch, happened: &[Happened]) {
        match table.n_chunks {
            1 => self.learn_with::<1>(table, rows, happened),
            2 => self.learn_with::<2>(table, rows, happened),
            4 => self.learn_with::<4>(table, rows, happened),
            _ => self.learn_with::<8>(table, rows, happened),
        }
    }

    fn learn_with<const N: usize>(
        &self,
        table: &mut Table,
        rows: &FieldBatch,
        happened: &[Happened],
    ) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            #[expect(
                unsafe_code,
                reason = "eight coordinates fill one register instead of two"
            )]
            // SAFETY: the function needs nothing but AVX2, and the processor has it.
            return unsafe { self.learn_avx2::<N>(table, rows, happened) };
        }
        self.learn_plain::<N>(table, rows, happened);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn learn_avx2<const N: usize>(
        &self,
        table: &mut Table,
        rows: &FieldBatch,
        happened: &[Happened],
    ) {
        self.learn_rows::<N>(table, rows, happened);
    }

    pub(super) fn learn_plain<const N: usize>(
        &self,
        table: &mut Table,
        rows: &FieldBatch,
        happened: &[Happened],
    ) {
        self.learn_rows::<N>(table, rows, happened);
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled once for every set of vector instructions"
    )]
    fn learn_rows<const N: usize>(
        &self,
        table: &mut Table,
        rows: &FieldBatch,
        happened: &[Happened],
    ) {
        let mut sums = RowSums::<N>::default();
        for (row, &happened) in happened.iter().enumerate() {
            if row + 1 < rows.n_rows() {
                ask_for_row(table, rows.row(row + 1), N);
            }
            if happened.impressions > 0.0 {
                self.learn_row(table, &mut sums, rows.row(row), happened);
            }
        }
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn learn_row<const N: usize>(
        &self,
        table: &mut Table,
        sums: &mut RowSums<N>,
        row: FieldRow<'_>,
        Happened {
            impressions,
            clicks,
        }: Happened,
    ) {
        sums.group(row);
        self.begin(table, sums, row);
        let mut p = self.predict(table, sums, row);
        let n_parts = parts((impressions * p).max(clicks), self.max_parts);
        let share = f64::from(n_parts);
        let (m, c) = (impressions / share, clicks / share);
        self.descend(table, sums, row, slope(p, m, c));
        for _ in 1..n_parts {
            p = self.predict(table, sums, row);
            self.descend(table, sums, row, slope(p, m, c));
        }
    }

    /// Gives vectors their first weights that no row has touched.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn begin<const N: usize>(&self, table: &mut Table, sums: &RowSums<N>, row: FieldRow<'_>) {
        for f in 0..sums.groups.len() {
            let group = sums.groups[f];
            for &slot in &row.slots[group.start..group.end] {
                self.each_column(sums, f, |column| {
                    let at = table.at(slot, column);
                    for (chunk, line) in table.lines[at..at + N].iter_mut().enumerate() {
                        if !line.is_touched() {
                            line.weights = self.beginning.weights(at + chunk, chunk);
                        }
                    }
                });
            }
        }
    }

    /// The columns that entries of a field are summed from.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn each_column<const N: usize>(
        &self,
        sums: &RowSums<N>,
        f: usize,
        mut with: impl FnMut(usize),
    ) {
        if self.kind != Interaction::FieldAware {
            return with(0);
        }
        for (g, group) in sums.groups.iter().enumerate() {
            if g != f || !group.is_single() {
                with(group.field);
            }
        }
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn predict<const N: usize>(
        &self,
        table: &Table,
        sums: &mut RowSums<N>,
        row: FieldRow<'_>,
    ) -> f64 {
        sums.gather(table, self.kind, row);
        let linear = linear(table, row);
        sigmoid(self.offset + linear + sums.interaction(table, self.kind, self.n_fields, row))
    }

    /// Moves every weight of the row down its gradient.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn descend<const N: usize>(
        &self,
        table: &mut Table,
        sums: &mut RowSums<N>,
        row: FieldRow<'_>,
        slope: Slope,
    ) {
        if self.kind == Interaction::FieldAware {
            self.descend_aware(table, sums, row, slope);
        } else {
            sums.pull(table, self.n_fields);
            let by = self.by_pairs(table, sums, row);
            self.descend_one_vector(table, sums, row, slope);
            for (pair, by) in by {
                self.move_single(&mut table.pairs[pair], by, slope);
            }
        }
        for (&slot, &x) in row.slots.iter().zip(row.values) {
            self.move_single(&mut table.linear[slot as usize], x, slope);
        }
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn descend_aware<const N: usize>(
        &self,
        table: &mut Table,
        sums: &RowSums<N>,
        row: FieldRow<'_>,
        slope: Slope,
    ) {
        let n = sums.groups.len();
        for (f, group) in sums.groups.iter().enumerate() {
            for entry in group.start..group.end {
                let (slot, x) = (row.slots[entry], row.values[entry]);
                for (g, other) in sums.groups.iter().enumerate() {
                    let at = table.at(slot, other.field);
                    let lines = &mut table.lines[at..at + N];
                    let pull = &sums.sums[g * n + f];
                    if g != f {
                        self.move_lines(lines, pull, x, 0.0, slope);
                    } else if !group.is_single() {
                        self.move_lines(lines, pull, x, x, slope);
                    }
                }
            }
        }
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn descend_one_vector<const N: usize>(
        &self,
        table: &mut Table,
        sums: &RowSums<N>,
        row: FieldRow<'_>,
        slope: Slope,
    ) {
        for (f, group) in sums.groups.iter().enumerate() {
            for entry in group.start..group.end {
                let (slot, x) = (row.slots[entry], row.values[entry]);
                let own = if group.is_single() {
                    0.0
                } else {
                    x * pair_weight(table, self.n_fields, group.field, group.field)
                };
                let at = table.at(slot, 0);
                self.move_lines(&mut table.lines[at..at + N], &sums.pulls[f], x, own, slope);
            }
        }
    }

    /// ∂logit/∂r of the row's pairs of fields: the inner product of two sums.
    #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
    fn by_pairs<const N: usize>(
        &self,
        table: &Table,
        sums: &RowSums<N>,
        row: FieldRow<'_>,
    ) -> Vec<(usize, f32)> {
        let mut by = Vec::new();
        if table.pairs.is_empty() {
            return by;
        }
        for (f, a) in sums.groups.iter().enumerate() {
            for (g, b) in sums.groups[..f].iter().enumerate() {
                let product = inner(&sums.sums[f], &sums.sums[g]);
                by.push((b.field * self.n_fields + a.field, product as f32));
            }
            if !a.is_single() {
                let within = sums.within(table, self.kind, row, f);
                by.push((a.field * self.n_fields + a.field, within as f32));
            }
        }
        by
    }

    /// `own` is what of the pull the entry itself put there, per unit of its vector.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn move_lines<const N: usize>(
        &self,
        lines: &mut [Line],
        pull: &[Lanes; N],
        x: f32,
        own: f32,
        slope: Slope,
    ) {
        for (line, pull) in lines.iter_mut().zip(pull) {
            *line = self.moved(*line, *pull, x, own, slope);
        }
    }

    /// By value, so that nothing can overlap and lanes are computed side by side.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn moved(&self, line: Line, pull: Lanes, x: f32, own: f32, slope: Slope) -> Line {
        let Line {
            mut weights,
            mut squares,
        } = line;
        let by: Lanes = std::array::from_fn(|i| x * (pull[i] - own * weights[i]));
        let gradient: Lanes = std::array::from_fn(|i| slope.slope * by[i] + self.l2 * weights[i]);
        for i in 0..LANES {
            squares[i] += gradient[i] * gradient[i] + slope.more * by[i] * by[i];
        }
        let root: Lanes = std::array::from_fn(|i| (FIRST_SQUARE + squares[i]).sqrt());
        for i in 0..LANES {
            weights[i] -= self.eta * gradient[i] / root[i];
        }
        Line { weights, squares }
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn move_single(&self, single: &mut Single, by: f32, slope: Slope) {
        let gradient = slope.slope * by + self.l2 * single.weight;
        single.square += gradient * gradient + slope.more * by * by;
        single.weight -= self.eta * gradient / (FIRST_SQUARE + single.square).sqrt();
    }
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled for the caller's instructions"
)]
#[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
fn slope(p: f64, m: f64, c: f64) -> Slope {
    let (slope, square) = slope_and_square(p, m, c);
    Slope {
        slope: slope as f32,
        more: (square - slope * slope) as f32,
    }
}

/// Σ wᵢ·xᵢ.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled for the caller's instructions"
)]
pub(super) fn linear(table: &Table, row: FieldRow<'_>) -> f64 {
    let terms = row.slots.iter().zip(row.values);
    terms
        .map(|(&slot, &x)| f64::from(table.linear[slot as usize].weight) * f64::from(x))
        .sum()
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled for the caller's instructions"
)]
fn ask_for_row(table: &Table, row: FieldRow<'_>, n_chunks: usize) {
    for &slot in row.slots {
        ask_for(&table.linear, slot as usize);
        let at = table.at(slot, 0);
        for line in 0..table.n_columns * n_chunks {
            ask_for(&table.lines, at + line);
        }
    }
}
