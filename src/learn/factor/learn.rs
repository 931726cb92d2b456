//! Rows in their order, and what the processor is told of them beforehand.

use crate::hash::mix;
use crate::learn::ftrl::{Gradient, gradient, parts};
use crate::learn::odds::sigmoid;

use super::batch::{FieldBatch, FieldRow};
use super::params::{FactorValidParams, Interaction};
use super::plan::Plan;
use super::row::RowSums;
use super::step::{Ahead, Learning, Rates, Slope};
use super::storage::{Storage, with_shape};
use super::table::{Beginning, Table};

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
    rates: Rates,
    max_parts: u32,
    offset: f64,
    n_fields: usize,
    seed: u64,
}

/// Which instructions a row is learnt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instructions {
    /// The vector instructions that the processor has.
    Best,
    /// Those that every processor has, to compare with.
    #[cfg(test)]
    Plain,
}

/// How many rows before its turn a row is planned.
const AHEAD: usize = 2;

/// Salt of how numbers are rounded, so that it is independent of where vectors begin.
const ROUNDING_SALT: u64 = 0x0F10_A716;

impl Learner {
    pub(super) fn new(params: &FactorValidParams, offset: f64, n_fields: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
        let (eta, l2) = (params.eta() as f32, params.l2() as f32);
        Self {
            kind: params.interaction(),
            beginning: Beginning::of(params),
            rates: Rates { eta, l2 },
            max_parts: params.max_parts(),
            offset,
            n_fields,
            seed: mix(params.seed() ^ ROUNDING_SALT),
        }
    }

    /// Learns rows in their order, with the vector instructions that the processor has: the same bits with and without, as no
    /// product is fused with a sum.
    pub(super) fn learn(&self, table: &mut Table, rows: &FieldBatch, happened: &[Happened]) {
        self.learn_by(Instructions::Best, table, rows, happened);
    }

    pub(super) fn learn_by(
        &self,
        instructions: Instructions,
        table: &mut Table,
        rows: &FieldBatch,
        happened: &[Happened],
    ) {
        let Table {
            shape,
            lines,
            singles,
            n_steps,
        } = table;
        with_shape!(lines, shape.n_chunks, |lines, N| {
            let table = Learning {
                shape: *shape,
                lines: lines.as_mut_slice(),
                singles,
                n_fields: self.n_fields,
                beginning: self.beginning,
                rates: self.rates,
            };
            self.learn_table::<_, N>(instructions, table, n_steps, rows, happened);
        });
    }

    fn learn_table<L: Storage + ?Sized, const N: usize>(
        &self,
        instructions: Instructions,
        table: Learning<'_, L>,
        n_steps: &mut u64,
        rows: &FieldBatch,
        happened: &[Happened],
    ) {
        #[cfg(target_arch = "x86_64")]
        if instructions == Instructions::Best && std::arch::is_x86_feature_detected!("avx2") {
            #[expect(
                unsafe_code,
                reason = "eight coordinates fill one register instead of two"
            )]
            // SAFETY: the function needs nothing but AVX2, and the processor has it.
            return unsafe { self.learn_avx2::<L, N>(table, n_steps, rows, happened) };
        }
        self.learn_rows::<L, N>(table, n_steps, rows, happened);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn learn_avx2<L: Storage + ?Sized, const N: usize>(
        &self,
        table: Learning<'_, L>,
        n_steps: &mut u64,
        rows: &FieldBatch,
        happened: &[Happened],
    ) {
        self.learn_rows::<L, N>(table, n_steps, rows, happened);
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled once for every set of vector instructions"
    )]
    fn learn_rows<L: Storage + ?Sized, const N: usize>(
        &self,
        mut table: Learning<'_, L>,
        n_steps: &mut u64,
        rows: &FieldBatch,
        happened: &[Happened],
    ) {
        let mut sums = RowSums::<N>::new(self.kind);
        let mut plans: [Plan; AHEAD] = std::array::from_fn(|_| Plan::new(self.kind));
        for (row, plan) in plans.iter_mut().enumerate().take(rows.n_rows()) {
            plan.make(rows.row(row), table.shape);
        }
        // Before each row `plans` has the plans of it and of the next `AHEAD - 1`, each in the place of its number.
        for (row, &happened) in happened.iter().enumerate() {
            // The plan of this row makes room for that of a later one.
            let later = &mut plans[row % AHEAD];
            std::mem::swap(&mut sums.plan, later);
            if row + AHEAD < rows.n_rows() {
                later.make(rows.row(row + AHEAD), table.shape);
                table.ask_for_ends(rows.row(row + AHEAD));
            } else {
                later.clear();
            }
            let mut ahead = Ahead {
                used: &plans[(row + 1) % AHEAD].used,
            };
            if happened.impressions > 0.0 {
                let row = rows.row(row);
                self.learn_row(&mut table, n_steps, &mut sums, row, happened, &mut ahead);
            }
            table.ask_early_for_all::<N>(&ahead);
        }
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn learn_row<L: Storage + ?Sized, const N: usize>(
        &self,
        table: &mut Learning<'_, L>,
        n_steps: &mut u64,
        sums: &mut RowSums<N>,
        row: FieldRow<'_>,
        Happened {
            impressions,
            clicks,
        }: Happened,
        ahead: &mut Ahead<'_>,
    ) {
        let mut p = sigmoid(self.offset + table.logit(sums, row));
        let n_parts = parts((impressions * p).max(clicks), self.max_parts);
        let share = f64::from(n_parts);
        let (m, c) = (impressions / share, clicks / share);
        // `p` and the sums are of the weights as the part before left them.
        for part in 0..n_parts {
            if part > 0 {
                p = sigmoid(self.offset + table.logit(sums, row));
            }
            let key = mix(self.seed ^ *n_steps);
            table.descend(sums, row, slope(p, m, c), key, ahead);
            *n_steps += 1;
        }
    }
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled for the caller's instructions"
)]
#[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
fn slope(p: f64, m: f64, c: f64) -> Slope {
    let Gradient { slope, square } = gradient(p, m, c);
    Slope {
        slope: slope as f32,
        more: (square - slope * slope) as f32,
    }
}
