//! Reading all cells in reach, many at a time: how many count, and which can be among the K best.
//!
//! The cells are divided into groups of a few, and one pass finds the greatest key of each. The K-th greatest of
//! these is no greater than the K-th greatest key of all, since K groups hold at least K cells; so only cells from
//! there on are looked at one by one, and that is little more than K of them.

use std::cmp::Reverse;

use super::dense::{Keyed, Scanned};
use super::greatest::Greatest;

/// How many groups lie side by side: a few vector registers, so that the compiler makes a loop of them.
const LANES: usize = 64;

/// How many rows of lanes a group spans for few suggestions, and for many.
const ROWS_FOR_FEW: usize = 32;
const ROWS_FOR_MANY: usize = 16;
const FEW: usize = 32;

/// How many cells were reached, and how many of those by enough intermediaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    pub(crate) reached: u64,
    pub(crate) eligible: u64,
}

/// A cell that can be among the best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hit {
    /// What the cell is compared by: its count, or what stands for its score.
    pub(crate) key: i32,
    pub(crate) node: u32,
}

/// The cells that can be among the K best, and what it takes to find them without allocating.
#[derive(Clone, Debug, Default)]
pub(crate) struct Best {
    maxima: Vec<i32>,
    order: Vec<i32>,
    /// Groups to be looked at.
    groups: Vec<u32>,
    hits: Vec<Hit>,
    greatest: Greatest,
}

impl Best {
    /// Reads the cells of the nodes from `first` on. All that can be among the `k` best, by score and then by
    /// node, with at least `least` intermediaries are in [`hits`](Self::hits) afterwards.
    ///
    /// # Complexity
    /// O(cells) for reading; O(k) expected for the rest unless many score the same.
    pub(super) fn scan_keys<M: Keyed>(
        &mut self,
        measure: &M,
        cells: &[M::Cell],
        first: usize,
        least: M::Least,
        k: usize,
    ) -> Scan {
        if k <= FEW {
            self.scan_by::<M, ROWS_FOR_FEW>(measure, cells, first, least, k)
        } else {
            self.scan_by::<M, ROWS_FOR_MANY>(measure, cells, first, least, k)
        }
    }

    /// As [`scan_keys`](Self::scan_keys), of counts that are scores themselves; the hits are the `k` best, in order.
    pub(super) fn scan_counts<C: Scanned>(
        &mut self,
        cells: &[C],
        first: usize,
        least: C,
        k: usize,
    ) -> Scan {
        (self.greatest).scan(cells, first, least, k, &mut self.hits)
    }

    /// Every cell that can be among the best.
    pub(crate) fn hits(&self) -> &[Hit] {
        &self.hits
    }

    fn scan_by<M: Keyed, const ROWS: usize>(
        &mut self,
        measure: &M,
        cells: &[M::Cell],
        first: usize,
        least: M::Least,
        k: usize,
    ) -> Scan {
        self.maxima.clear();
        self.hits.clear();
        let sides = &measure.sides()[first..first + cells.len()];
        let scan = maxima::<M, ROWS>(measure, cells, sides, least, &mut self.maxima);
        if scan.eligible > 0 {
            let floor = self.floor(measure, k);
            self.gather::<M, ROWS>(measure, cells, sides, first, least, floor);
            self.narrow(measure, k);
        }
        scan
    }

    /// The least key worth looking at.
    fn floor<M: Keyed>(&mut self, measure: &M, k: usize) -> i32 {
        if self.maxima.len() <= k {
            return 1;
        }
        self.order.clear();
        self.order.extend_from_slice(&self.maxima);
        let (_, kth, _) = self.order.select_nth_unstable_by(k - 1, |a, b| b.cmp(a));
        measure.floor(*kth).max(1)
    }

    fn gather<M: Keyed, const ROWS: usize>(
        &mut self,
        measure: &M,
        cells: &[M::Cell],
        sides: &[M::Side],
        first: usize,
        least: M::Least,
        floor: i32,
    ) {
        let n_groups = self.find_groups(floor);
        for &group in &self.groups[..n_groups] {
            let group = group as usize;
            let start = group / LANES * (LANES * ROWS) + group % LANES;
            let end = (start + LANES * ROWS).min(cells.len());
            for at in (start..end).step_by(LANES) {
                let is_eligible = measure.is_eligible(cells[at], least);
                let key = measure.key(cells[at], sides[at], is_eligible);
                if key >= floor {
                    let node = node(first + at);
                    self.hits.push(Hit { key, node });
                }
            }
        }
    }

    /// Lists the groups whose maximum is no less; says how many they are.
    fn find_groups(&mut self, floor: i32) -> usize {
        self.groups.resize(self.maxima.len(), 0);
        let mut n = 0_usize;
        // `groups[..n]` are those so far whose maximum is no less, ascending.
        for (group, &max) in (0..).zip(&self.maxima) {
            // Written always and kept only if so: a store is cheaper than a branch that cannot be foreseen.
            if let Some(slot) = self.groups.get_mut(n) {
                *slot = group;
            }
            n = n.wrapping_add(usize::from(max >= floor));
        }
        n
    }

    /// Drops hits that the K-th of them leaves behind.
    fn narrow<M: Keyed>(&mut self, measure: &M, k: usize) {
        if self.hits.len() <= k {
            return;
        }
        let order = |hit: &Hit| (Reverse(hit.key), hit.node);
        let (_, kth, _) = self.hits.select_nth_unstable_by_key(k - 1, order);
        let floor = measure.floor(kth.key);
        self.hits.retain(|hit| hit.key >= floor);
    }
}

pub(super) fn node(at: usize) -> u32 {
    u32::try_from(at).expect("a graph has no more nodes than u32 counts")
}

/// The greatest key of each group: with `LANES * ROWS` cells in a block, lane `i` of block `b` is group
/// `LANES * b + i`.
fn maxima<M: Keyed, const ROWS: usize>(
    measure: &M,
    cells: &[M::Cell],
    sides: &[M::Side],
    least: M::Least,
    out: &mut Vec<i32>,
) -> Scan {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(
            unsafe_code,
            reason = "the scan takes a third of the time with vectors of eight"
        )]
        // SAFETY: the function needs nothing but AVX2, and the processor has it.
        return unsafe { maxima_avx2::<M, ROWS>(measure, cells, sides, least, out) };
    }
    maxima_of::<M, ROWS>(measure, cells, sides, least, out)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn maxima_avx2<M: Keyed, const ROWS: usize>(
    measure: &M,
    cells: &[M::Cell],
    sides: &[M::Side],
    least: M::Least,
    out: &mut Vec<i32>,
) -> Scan {
    maxima_of::<M, ROWS>(measure, cells, sides, least, out)
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "compiled once for every set of vector instructions"
)]
fn maxima_of<M: Keyed, const ROWS: usize>(
    measure: &M,
    cells: &[M::Cell],
    sides: &[M::Side],
    least: M::Least,
    out: &mut Vec<i32>,
) -> Scan {
    let mut scan = Scan::default();
    let least = [measure.least(1), least];
    let blocks = cells.chunks(LANES * ROWS);
    for (cells, sides) in blocks.zip(sides.chunks(LANES * ROWS)) {
        let mut lanes = Lanes::NOTHING;
        let ((rows, rest), (row_sides, rest_sides)) = (cells.as_chunks(), sides.as_chunks());
        for (row, sides) in rows.iter().zip(row_sides) {
            lanes.take_row(measure, row, sides, least);
        }
        for (lane, (&cell, &side)) in rest.iter().zip(rest_sides).enumerate() {
            lanes.take(measure, lane, cell, side, least);
        }
        scan.reached += sum(&lanes.reached);
        scan.eligible += sum(&lanes.eligible);
        out.extend(lanes.greatest);
    }
    scan
}

/// The greatest keys of a block's groups so far, and how many cells of each were reached and are eligible.
struct Lanes {
    greatest: [i32; LANES],
    reached: [i32; LANES],
    eligible: [i32; LANES],
}

impl Lanes {
    const NOTHING: Self = Self {
        greatest: [0; LANES],
        reached: [0; LANES],
        eligible: [0; LANES],
    };

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as its caller")]
    fn take_row<M: Keyed>(
        &mut self,
        measure: &M,
        row: &[M::Cell; LANES],
        sides: &[M::Side; LANES],
        least: [M::Least; 2],
    ) {
        for lane in 0..LANES {
            self.take(measure, lane, row[lane], sides[lane], least);
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as its caller")]
    fn take<M: Keyed>(
        &mut self,
        measure: &M,
        lane: usize,
        cell: M::Cell,
        side: M::Side,
        [one, least]: [M::Least; 2],
    ) {
        let is_eligible = measure.is_eligible(cell, least);
        let key = measure.key(cell, side, is_eligible);
        self.greatest[lane] = self.greatest[lane].max(key);
        self.reached[lane] += i32::from(measure.is_eligible(cell, one));
        self.eligible[lane] += i32::from(is_eligible);
    }
}

/// Counts of rows, none of which is negative.
fn sum(lanes: &[i32; LANES]) -> u64 {
    lanes.iter().map(|n| u64::from(n.unsigned_abs())).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::suggest::kernel::{ByLengths, ByUnion, Packed, Share};

    /// The vectors of the processor at hand and plain code see the same; the K best are hits.
    fn check<M: Keyed>(
        measure: &M,
        cells: &[M::Cell],
        at_least: u32,
        k: usize,
    ) -> Result<(), TestCaseError> {
        let least = measure.least(at_least);
        let sides = &measure.sides()[..cells.len()];
        let (mut vectors, mut plain) = (Vec::new(), Vec::new());
        let seen = maxima::<M, 32>(measure, cells, sides, least, &mut vectors);
        prop_assert_eq!(
            seen,
            maxima_of::<M, 32>(measure, cells, sides, least, &mut plain)
        );
        prop_assert_eq!(vectors, plain);

        let mut best = Best::default();
        for first in [0, cells.len() / 3] {
            let scan = measure.scan(&mut best, &cells[first..], first, least, k);
            let nodes = (0..).zip(cells).skip(first);
            let count = |&(_, cell): &(u32, &M::Cell)| measure.count(*cell);
            let reached = nodes.clone().filter(|node| count(node) > 0).count();
            let eligible: Vec<_> = nodes.filter(|node| count(node) >= at_least).collect();
            prop_assert_eq!(
                (scan.reached, scan.eligible),
                (reached as u64, eligible.len() as u64)
            );
            let mut ranked: Vec<_> = eligible
                .into_iter()
                .map(|(v, cell)| (Reverse(measure.bits(v, *cell)), v))
                .collect();
            ranked.sort_unstable();
            ranked.truncate(k);
            let mut hits: Vec<u32> = best.hits().iter().map(|hit| hit.node).collect();
            hits.sort_unstable();
            for (_, v) in ranked {
                prop_assert!(hits.binary_search(&v).is_ok(), "node {}", v);
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn oracle_whoever_can_be_among_the_best_is_a_hit(
            cells in prop::collection::vec((0_u32..40, 0_u64..1 << 44, 0_u32..1 << 20), 0..5000),
            least in 1_u32..4,
            k in prop::sample::select(vec![1_usize, 10, 40, 100]),
            few in 1_u64..60,
        ) {
            let degrees: Vec<u32> = cells.iter().map(|cell| cell.0 + cell.2).collect();
            let counts: Vec<u32> = cells.iter().map(|cell| cell.0).collect();
            check(&Share::<u32, ByUnion>::new(&degrees, 40), &counts, least, k)?;
            check(&Share::<u32, ByLengths>::new(&degrees, 40), &counts, least, k)?;
            let extreme = |cell: &(u32, u64, u32)| cell.1.is_multiple_of(few);
            let byte = |cell| if extreme(cell) { u8::MAX - 1 } else { u8::try_from(cell.0).unwrap() };
            let bytes: Vec<u8> = cells.iter().map(byte).collect();
            let degrees: Vec<u32> = (bytes.iter().zip(&cells)).map(|(n, cell)| u32::from(*n) + cell.2).collect();
            check(&Share::<u8, ByUnion>::new(&degrees, 254), &bytes, least, k)?;
            check(&Share::<u8, ByLengths>::new(&degrees, 254), &bytes, least, k)?;
            let packed = |weight: &dyn Fn(u64) -> u64| -> Vec<u64> {
                let cell = |c: &(u32, u64, u32)| if c.0 == 0 { 0 } else { weight(c.1) << 18 | u64::from(c.0) };
                cells.iter().map(cell).collect()
            };
            let measure = Packed { weights: &[] };
            check(&measure, &packed(&|weight| weight), least, k)?;
            check(&measure, &packed(&|weight| (1 << 44) - 1 - weight % few), least, k)?;
            check(&measure, &packed(&|weight| weight % few), least, k)?;
        }
    }
}
