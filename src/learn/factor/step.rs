//! One row's step of AdaGrad.

use crate::ahead::ask_for;

use super::batch::FieldRow;
use super::plan::{Meeting, Plan, Used};
use super::row::{RowSums, inner};
use super::storage::{LANES, Lanes, Line, Source, Storage};
use super::table::{Beginning, FIRST_SQUARE, Shape, Single, Singles};

/// The gradient of a part per unit of ∂logit/∂w, and what its square falls short of what single impressions add.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slope {
    pub(super) slope: f32,
    pub(super) more: f32,
}

/// How a weight follows its gradient.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    pub(super) eta: f32,
    pub(super) l2: f32,
}

/// A table that is learnt, with its lines as the storage that they are.
pub(super) struct Learning<'a, L: ?Sized> {
    pub(super) shape: Shape,
    pub(super) lines: &'a mut L,
    pub(super) singles: &'a mut Singles,
    pub(super) n_fields: usize,
    pub(super) beginning: Beginning,
    pub(super) rates: Rates,
}

/// The vectors of a later row of which the processor has not been told. It is told of them one by one while others are
/// moved: all at once they would wait for each other, and everything else for them.
pub(super) struct Ahead<'a> {
    pub(super) used: &'a [Used],
}

impl Ahead<'_> {
    /// The processor has been told of so many of them.
    fn advance(&mut self, n: usize) {
        self.used = &self.used[n.min(self.used.len())..];
    }
}

impl<L: Storage + ?Sized> Learning<'_, L> {
    /// The log-odds of a row without the offset; vectors that no row has touched begin.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn logit<const N: usize>(
        &mut self,
        sums: &mut RowSums<N>,
        row: FieldRow<'_>,
    ) -> f64 {
        let vectors = Begun {
            lines: self.lines,
            beginning: self.beginning,
        };
        sums.gather(vectors);
        let linear = self.singles.linear(row);
        linear + sums.interaction(self.lines, self.singles, self.n_fields)
    }

    /// Moves every weight of the row down its gradient; [`logit`](Self::logit) comes first. `key` is a hash of seed and step.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn descend<const N: usize>(
        &mut self,
        sums: &mut RowSums<N>,
        row: FieldRow<'_>,
        slope: Slope,
        key: u64,
        ahead: &mut Ahead<'_>,
    ) {
        if sums.plan.is_aware() {
            self.move_vectors(&sums.plan, slope, key, ahead, |_, meeting| {
                (&sums.sums[meeting.pull], 1.0)
            });
        } else {
            let n_fields = self.n_fields;
            sums.pull(self.singles, n_fields);
            let by = self.by_pairs(sums);
            self.move_vectors(&sums.plan, slope, key, ahead, |singles, meeting| {
                let field = sums.plan.groups[meeting.pull].field;
                let weight = singles.pair_weight(n_fields, field, field);
                (&sums.pulls[meeting.pull], weight)
            });
            for (pair, by) in by {
                self.rates
                    .move_single(&mut self.singles.pairs[pair], by, slope);
            }
        }
        for (&slot, &x) in row.slots.iter().zip(row.values) {
            self.rates
                .move_single(&mut self.singles.linear[slot as usize], x, slope);
        }
    }

    /// Moves every vector of a row. `pull` says which sum a vector is pulled by, and what the vector itself weighs in that.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn move_vectors<'s, const N: usize>(
        &mut self,
        plan: &Plan,
        slope: Slope,
        key: u64,
        ahead: &mut Ahead<'_>,
        pull: impl Fn(&Singles, &Meeting) -> (&'s [Lanes; N], f32),
    ) {
        for (i, (meeting, Used { place, x })) in plan.meetings().enumerate() {
            self.ask_early_for::<N>(ahead.used.get(i));
            let (pull, weight) = pull(self.singles, meeting);
            self.move_vector(place, pull, x, meeting.own * x * weight, slope, key);
        }
        ahead.advance(plan.used.len());
    }

    /// `own` is what of the pull the entry itself put there, per unit of its vector.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn move_vector<const N: usize>(
        &mut self,
        place: usize,
        pull: &[Lanes; N],
        x: f32,
        own: f32,
        slope: Slope,
        key: u64,
    ) {
        for (chunk, &pull) in pull.iter().enumerate() {
            let line = self.lines.line(place + chunk);
            let line = self.rates.moved(line, pull, x, own, slope);
            self.lines.put(place + chunk, line, key);
        }
    }

    /// Tells the processor of the first and the last vector of each slot of a row, so that it knows the pages they lie in when it
    /// is told of those between: it finds several pages at a time, but not if other work comes in between.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn ask_for_ends(&self, row: FieldRow<'_>) {
        let last = self.shape.n_columns * self.shape.n_chunks - 1;
        for &slot in row.slots {
            ask_for(&self.singles.linear, slot as usize);
            let first = self.shape.at(slot, 0);
            self.lines.ask_for(first);
            self.lines.ask_for(first + last);
        }
    }

    /// Tells the processor of a vector that a later row is going to change.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn ask_early_for<const N: usize>(&self, used: Option<&Used>) {
        if let Some(used) = used {
            for chunk in 0..N {
                self.lines.ask_early_for(used.place + chunk);
            }
        }
    }

    /// Tells the processor of all vectors that are left.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    pub(super) fn ask_early_for_all<const N: usize>(&self, ahead: &Ahead<'_>) {
        for used in ahead.used {
            self.ask_early_for::<N>(Some(used));
        }
    }

    /// ∂logit/∂r of the row's pairs of fields: the inner product of two sums.
    #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
    fn by_pairs<const N: usize>(&self, sums: &RowSums<N>) -> Vec<(usize, f32)> {
        let mut by = Vec::new();
        if self.singles.pairs.is_empty() {
            return by;
        }
        let groups = &sums.plan.groups;
        for (f, a) in groups.iter().enumerate() {
            for (g, b) in groups[..f].iter().enumerate() {
                let product = inner(&sums.sums[f], &sums.sums[g]);
                by.push((b.field * self.n_fields + a.field, product as f32));
            }
            if !a.is_single() {
                let within = sums.within(self.lines, f);
                by.push((a.field * self.n_fields + a.field, within as f32));
            }
        }
        by
    }
}

/// Vectors of a table, which begin if no row has touched them.
struct Begun<'a, L: ?Sized> {
    lines: &'a mut L,
    beginning: Beginning,
}

impl<L: Storage + ?Sized> Source for Begun<'_, L> {
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn weights(&mut self, place: usize, chunk: usize) -> Lanes {
        let line = self.lines.line(place);
        if line.is_touched() {
            return line.weights;
        }
        let weights = self.beginning.weights(place, chunk);
        self.lines.begin(place, weights);
        self.lines.weights(place)
    }
}

impl Rates {
    /// By value, so that nothing can overlap and lanes are computed side by side.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the caller's instructions"
    )]
    fn moved(self, line: Line, pull: Lanes, x: f32, own: f32, slope: Slope) -> Line {
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
    fn move_single(self, single: &mut Single, by: f32, slope: Slope) {
        let gradient = slope.slope * by + self.l2 * single.weight;
        single.square += gradient * gradient + slope.more * by * by;
        single.weight -= self.eta * gradient / (FIRST_SQUARE + single.square).sqrt();
    }
}
