//! The K greatest of many counts, exactly and in order.
//!
//! How many cells reach a threshold is asked of all of them at once, a vector register of cells at a time; halving finds
//! the K-th greatest count in as many passes as the greatest count has bits. One more pass takes whoever is above it and, of
//! those who equal it, the first, for the smaller node goes first. So a hundred cost little more than ten.
//!
//! For few, the first pass says nearly all: it finds the greatest of every 64th cell, and of such maxima the K-th greatest is
//! no greater than that of all cells, and seldom less by much. The search goes up from there in growing steps.

use super::dense::Scanned;
use super::scan::{Scan, node};

/// How many cells are looked at side by side: a few vector registers, so that the compiler makes a loop of them.
const ROW: usize = 64;

/// How many rows are summed up in cells of any size.
const ROWS: usize = 255;

/// As many hits as make sorting by buckets pay.
const MANY: usize = 24;

/// `(count, node)` of cells.
type Hits = Vec<(i32, u32)>;

/// What it takes to find the greatest counts without allocating.
#[derive(Clone, Debug, Default)]
pub(super) struct Greatest {
    sorted: Hits,
    /// By count, where the next hit goes.
    places: Vec<u32>,
}

impl Greatest {
    /// Reads the counts of the nodes from `first` on. In `hits` are afterwards `(count, node)` of the `k` best of those that
    /// are at least `least`, by count descending and then by node.
    ///
    /// # Complexity
    /// O(cells · log(greatest count) + k log k).
    pub(super) fn scan<C: Scanned>(
        &mut self,
        cells: &[C],
        first: usize,
        least: C,
        k: usize,
        hits: &mut Hits,
    ) -> Scan {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            #[expect(
                unsafe_code,
                reason = "vectors of 32 bytes take half the time of those of 16"
            )]
            // SAFETY: the function needs nothing but AVX2, and the processor has it.
            return unsafe { self.scan_avx2(cells, first, least, k, hits) };
        }
        self.scan_by(cells, first, least, k, hits)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn scan_avx2<C: Scanned>(
        &mut self,
        cells: &[C],
        first: usize,
        least: C,
        k: usize,
        hits: &mut Hits,
    ) -> Scan {
        self.scan_by(cells, first, least, k, hits)
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled once for every set of vector instructions"
    )]
    fn scan_by<C: Scanned>(
        &mut self,
        cells: &[C],
        first: usize,
        least: C,
        k: usize,
        hits: &mut Hits,
    ) -> Scan {
        hits.clear();
        let summary = Summary::of(cells, least);
        if summary.scan.eligible > 0 && k > 0 {
            let kth = Kth::of(cells, least, &summary, k as u64);
            gather(cells, first, &kth, hits);
            self.order(hits, kth.count.signed(), summary.greatest.signed());
        }
        summary.scan
    }

    /// Puts hits, whose nodes ascend, in the order of their counts.
    fn order(&mut self, hits: &mut Hits, lowest: i32, greatest: i32) {
        let place = |count: i32| greatest.abs_diff(count) as usize;
        let n_counts = place(lowest) + 1;
        if hits.len() < MANY || n_counts > 4 * hits.len() {
            hits.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            return;
        }
        self.places.clear();
        self.places.resize(n_counts, 0);
        for &(count, _) in hits.iter() {
            self.places[place(count)] += 1;
        }
        let mut next = 0;
        for n in &mut self.places {
            next += std::mem::replace(n, next);
        }
        self.sorted.clear();
        self.sorted.resize(hits.len(), (0, 0));
        for &(count, v) in hits.iter() {
            let next = &mut self.places[place(count)];
            self.sorted[*next as usize] = (count, v);
            *next += 1;
        }
        std::mem::swap(hits, &mut self.sorted);
    }
}

/// The cells that reach the K-th, in the order of their nodes.
#[inline(always)]
#[expect(clippy::inline_always, reason = "as its caller")]
fn gather<C: Scanned>(cells: &[C], first: usize, kth: &Kth<C>, hits: &mut Hits) {
    let mut n_equal = kth.n_equal;
    // A cell that reaches the K-th is taken unless it equals it and enough of those were.
    let mut take = |cell: C, at: usize| {
        let is_equal = cell == kth.count;
        if !is_equal || n_equal > 0 {
            n_equal -= u64::from(is_equal);
            hits.push((cell.signed(), node(at)));
        }
    };
    let (rows, rest) = cells.as_chunks::<ROW>();
    for (row, at) in rows.iter().zip((first..).step_by(ROW)) {
        let reaches: [u8; ROW] = row.map(|cell| u8::from(cell >= kth.count));
        let (eights, _) = reaches.as_chunks::<8>();
        for (eight, at) in eights.iter().zip((at..).step_by(8)) {
            let mut found = u64::from_le_bytes(*eight);
            while found != 0 {
                let at = at + found.trailing_zeros() as usize / 8;
                found &= found - 1;
                take(cells[at - first], at);
            }
        }
    }
    let at = first + rows.len() * ROW;
    for (&cell, at) in rest.iter().zip(at..) {
        if cell >= kth.count {
            take(cell, at);
        }
    }
}

/// How many cells were reached and are eligible, and the greatest of all and, but for the last few cells, of each lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Summary<C> {
    scan: Scan,
    greatest: C,
    lanes: [C; ROW],
}

impl<C: Scanned> Summary<C> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as its caller")]
    fn of(cells: &[C], least: C) -> Self {
        let mut all = Self {
            scan: Scan::default(),
            greatest: C::default(),
            lanes: [C::default(); ROW],
        };
        for block in cells.chunks(ROW * ROWS) {
            let (rows, rest) = block.as_chunks::<ROW>();
            let nothing = [C::default(); ROW];
            let (mut reached, mut eligible, mut greatest) = (nothing, nothing, all.lanes);
            for row in rows {
                for lane in 0..ROW {
                    reached[lane] = reached[lane].plus(C::of(row[lane] >= C::ONE));
                    eligible[lane] = eligible[lane].plus(C::of(row[lane] >= least));
                    greatest[lane] = greatest[lane].max(row[lane]);
                }
            }
            all.scan.reached += sum(&reached) + n_at_least_of(rest, C::ONE);
            all.scan.eligible += sum(&eligible) + n_at_least_of(rest, least);
            all.greatest = rest.iter().fold(all.greatest, |max, &cell| max.max(cell));
            all.lanes = greatest;
        }
        all.greatest = all
            .lanes
            .iter()
            .fold(all.greatest, |max, &cell| max.max(cell));
        all
    }

    /// A count that at least `k` cells reach, if there are lanes enough to tell.
    fn reached_by(&self, k: u64) -> Option<C> {
        let place = usize::try_from(k.checked_sub(1)?).ok()?;
        let mut lanes = self.lanes;
        (place < ROW).then(|| *lanes.select_nth_unstable_by(place, |a, b| b.cmp(a)).1)
    }
}

/// The K-th greatest count, and how many cells that equal it are among the K best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kth<C> {
    count: C,
    n_equal: u64,
}

impl<C: Scanned> Kth<C> {
    /// At least one cell is eligible. If no more than `k` are, all of them are the best.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as its caller")]
    fn of(cells: &[C], least: C, summary: &Summary<C>, k: u64) -> Self {
        if summary.scan.eligible <= k {
            return Self {
                count: least,
                n_equal: k,
            };
        }
        let (mut low, mut high) = (least.get(), summary.greatest.get() + 1);
        let (mut n_above, mut step) = (0, u32::MAX);
        if let Some(count) = summary.reached_by(k).filter(|count| *count > least) {
            (low, step) = (count.get(), 1);
        }
        // At least k cells reach `low`, and fewer, `n_above`, reach `high`.
        while high - low > 1 {
            let middle = low.saturating_add(step).min(low.midpoint(high));
            let n = n_at_least(cells, C::at_most(middle));
            if n >= k {
                (low, step) = (middle, step.saturating_mul(2));
            } else {
                (high, n_above) = (middle, n);
            }
        }
        Self {
            count: C::at_most(low),
            n_equal: k - n_above,
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "as its caller")]
fn n_at_least<C: Scanned>(cells: &[C], least: C) -> u64 {
    let of_block = |block: &[C]| {
        let (rows, rest) = block.as_chunks::<ROW>();
        let mut lanes = [C::default(); ROW];
        for row in rows {
            for lane in 0..ROW {
                lanes[lane] = lanes[lane].plus(C::of(row[lane] >= least));
            }
        }
        sum(&lanes) + n_at_least_of(rest, least)
    };
    cells.chunks(ROW * ROWS).map(of_block).sum()
}

fn n_at_least_of<C: Scanned>(rest: &[C], least: C) -> u64 {
    rest.iter().filter(|&&cell| cell >= least).count() as u64
}

fn sum<C: Scanned>(lanes: &[C; ROW]) -> u64 {
    lanes.iter().map(|n| u64::from(n.get())).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::suggest::kernel::measure::Count;

    /// The vectors of the processor at hand, plain code and a sort agree.
    fn check<C: Scanned + std::fmt::Debug>(
        cells: &[C],
        least: C,
        k: usize,
    ) -> Result<(), TestCaseError> {
        let (mut greatest, mut hits, mut plain) = (Greatest::default(), Vec::new(), Vec::new());
        for first in [0, cells.len() / 3] {
            let scan = greatest.scan(&cells[first..], first, least, k, &mut hits);
            let by_plain = greatest.scan_by(&cells[first..], first, least, k, &mut plain);
            prop_assert_eq!((scan, &hits), (by_plain, &plain));

            let nodes = (0_u32..).zip(cells).skip(first);
            let reached = nodes.clone().filter(|(_, cell)| cell.get() > 0).count();
            let eligible = nodes.filter(|&(_, &cell)| cell >= least);
            let mut sorted: Vec<_> = eligible.map(|(v, cell)| (cell.signed(), v)).collect();
            prop_assert_eq!(
                (scan.reached, scan.eligible),
                (reached as u64, sorted.len() as u64)
            );
            sorted.sort_by_key(|&(count, v)| (std::cmp::Reverse(count), v));
            sorted.truncate(k);
            prop_assert_eq!(&hits, &sorted);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn oracle_the_best_are_the_head_of_a_sort(
            cells in prop::collection::vec((0_u32..40, any::<u16>()), 0..5000),
            at_least in 1_u32..4,
            k in prop::sample::select(vec![0_usize, 1, 10, 40, 100, 1000]),
            few in 1_u16..60,
        ) {
            // Most are small, one in `few` is of any size, the greatest that are scanned among them.
            let count = |&(small, any): &(u32, u16), max: u32| match any {
                _ if !any.is_multiple_of(few) => small,
                _ if any.is_multiple_of(7) => max,
                _ => u32::from(any).min(max),
            };
            let of = |max| cells.iter().map(move |cell| count(cell, max));
            let bytes: Vec<u8> = of(u8::SCANNED_DEGREE_MAX).map(u8::at_most).collect();
            let halves: Vec<u16> = of(u16::SCANNED_DEGREE_MAX).map(u16::at_most).collect();
            let words: Vec<u32> = of(u32::SCANNED_DEGREE_MAX).collect();
            check(&bytes, u8::at_most(at_least), k)?;
            check(&halves, u16::at_most(at_least), k)?;
            check(&words, at_least, k)?;
        }
    }

    #[test]
    fn whole_blocks_of_the_greatest_are_summed_up() {
        let cells = vec![u8::MAX - 1; ROW * ROWS * 2 + 5];
        let (mut greatest, mut hits) = (Greatest::default(), Vec::new());
        let scan = greatest.scan(&cells, 0, 2, 3, &mut hits);
        assert_eq!((scan.reached, scan.eligible), (32_645, 32_645));
        assert_eq!(hits, [(254, 0), (254, 1), (254, 2)]);
    }
}
