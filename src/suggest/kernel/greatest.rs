//! The K greatest of many counts, exactly and in order.
//!
//! Cells are read a vector register at a time. The first pass finds the greatest of each group of a few cells; the K-th
//! greatest of such maxima is no greater than the K-th greatest cell, since K groups hold at least K cells, and seldom less.
//! How many maxima reach a threshold is asked of all of them at once, so halving finds the K-th in as many short passes as
//! the greatest count has bits. Cells that reach it are then taken, little more than K of them, from blocks that have any.

use super::dense::Scanned;
use super::scan::{Hit, Scan, node};

/// How many cells are looked at side by side: a few vector registers, so that the compiler makes a loop of them.
const ROW: usize = 64;

/// How many rows are summed up in cells of any size.
const ROWS: usize = 255;

/// How many rows a block has at most: lane by lane they are its groups.
const ROWS_OF_BLOCK: usize = 32;

/// How many groups there should be for each of the K: the more, the fewer of the greatest share one.
const GROUPS: usize = 8;

/// A factor by which the lowest bits of eight bytes meet in the highest byte, the first byte's lowest.
const GATHER: u64 = 0x0102_0408_1020_4080;

/// As many hits as make sorting by buckets pay.
const MANY: usize = 24;

/// Cells by count.
type Hits = Vec<Hit>;

/// What it takes to find the greatest counts without allocating.
#[derive(Clone, Debug, Default)]
pub(super) struct Greatest {
    maxima: Maxima,
    sorted: Hits,
    /// By count, where the next hit goes.
    places: Vec<u32>,
}

/// The greatest of every group, a row of them for each block, in cells of any size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Maxima {
    pub(super) bytes: Vec<u8>,
    pub(super) halves: Vec<u16>,
    pub(super) words: Vec<u32>,
}

impl Greatest {
    /// Reads the counts of the nodes from `first` on. In `hits` are afterwards the `k` best of those that
    /// are at least `least`, by count descending and then by node.
    ///
    /// # Complexity
    /// O(cells + maxima · log(greatest count) + k log k), and what equals the K-th of maxima.
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
        let n_rows = rows_of_block(cells.len(), k);
        let maxima = C::maxima(&mut self.maxima);
        let scan = summary(cells, least, n_rows, maxima);
        if scan.eligible > 0 && k > 0 {
            let floor = if scan.eligible > k as u64 {
                kth(maxima, least, k)
            } else {
                least
            };
            gather(cells, first, n_rows, maxima, floor, k, hits);
            self.order(hits, floor.signed());
            hits.truncate(k);
        }
        scan
    }

    /// Puts hits, whose nodes ascend and of which there are some, in the order of their counts.
    fn order(&mut self, hits: &mut Hits, lowest: i32) {
        let greatest = hits.iter().fold(lowest, |max, hit| max.max(hit.key));
        let place = |count: i32| greatest.abs_diff(count) as usize;
        let n_counts = place(lowest) + 1;
        if hits.len() < MANY || n_counts > 4 * hits.len() {
            hits.sort_unstable_by(|a, b| b.key.cmp(&a.key).then(a.node.cmp(&b.node)));
            return;
        }
        self.places.clear();
        self.places.resize(n_counts, 0);
        for hit in hits.iter() {
            self.places[place(hit.key)] += 1;
        }
        let mut next = 0;
        // Before `next` each place has where its hits go; from there on still how many they are.
        for n in &mut self.places {
            next += std::mem::replace(n, next);
        }
        self.sorted.clear();
        self.sorted.resize(hits.len(), Hit::default());
        // Nodes ascend, and so they do among hits of one count.
        for &hit in hits.iter() {
            let next = &mut self.places[place(hit.key)];
            self.sorted[*next as usize] = hit;
            *next += 1;
        }
        std::mem::swap(hits, &mut self.sorted);
    }
}

/// As many as make enough groups.
fn rows_of_block(n_cells: usize, k: usize) -> usize {
    (n_cells / k.saturating_mul(GROUPS).max(1)).clamp(1, ROWS_OF_BLOCK)
}

/// The greatest of every lane of each block, and how many cells were reached and are eligible.
#[inline(always)]
#[expect(clippy::inline_always, reason = "as its caller")]
fn summary<C: Scanned>(cells: &[C], least: C, n_rows: usize, maxima: &mut Vec<C>) -> Scan {
    maxima.clear();
    let mut scan = Scan::default();
    let n_summed = ROWS / n_rows * n_rows;
    for summed in cells.chunks(ROW * n_summed) {
        let nothing = [C::default(); ROW];
        let (mut reached, mut eligible) = (nothing, nothing);
        for block in summed.chunks(ROW * n_rows) {
            let (rows, rest) = block.as_chunks::<ROW>();
            let mut greatest = nothing;
            for row in rows {
                for lane in 0..ROW {
                    reached[lane] = reached[lane].plus(C::of(row[lane] >= C::ONE));
                    eligible[lane] = eligible[lane].plus(C::of(row[lane] >= least));
                    greatest[lane] = greatest[lane].max(row[lane]);
                }
            }
            for (&cell, greatest) in rest.iter().zip(&mut greatest) {
                scan.reached += u64::from(cell >= C::ONE);
                scan.eligible += u64::from(cell >= least);
                *greatest = cell.max(*greatest);
            }
            maxima.extend_from_slice(&greatest);
        }
        scan.reached += sum(&reached);
        scan.eligible += sum(&eligible);
    }
    scan
}

/// The K-th greatest of the maxima, or `least` if there is none or it is lower.
#[inline(always)]
#[expect(clippy::inline_always, reason = "as its caller")]
fn kth<C: Scanned>(maxima: &[C], least: C, k: usize) -> C {
    let greatest = maxima.iter().fold(least, |max, &cell| max.max(cell));
    // Fewer than k maxima reach `high`; at least k reach `low`, or it is `least`.
    let (mut low, mut high) = (least.get(), greatest.get() + 1);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if n_at_least(maxima, C::at_most(middle)) < k as u64 {
            high = middle;
        } else {
            low = middle;
        }
    }
    C::at_most(low)
}

/// The cells that reach the floor, in the order of their nodes; of those that equal it, the first K are enough.
#[inline(always)]
#[expect(clippy::inline_always, reason = "as its caller")]
fn gather<C: Scanned>(
    cells: &[C],
    first: usize,
    n_rows: usize,
    maxima: &[C],
    floor: C,
    k: usize,
    hits: &mut Hits,
) {
    let n_cells = ROW * n_rows;
    let (mut n, mut n_equal) = (0, k);
    let (maxima, _) = maxima.as_chunks::<ROW>();
    let blocks = cells.chunks(n_cells).zip(maxima);
    // `hits[..n]` are the cells so far that reach the floor, ascending by node; `n_equal` more that equal it are taken.
    for ((block, maxima), at) in blocks.zip((0..).step_by(n_cells)) {
        if !any_at_least(maxima, floor) {
            continue;
        }
        for (row, at) in block.chunks(ROW).zip((at..).step_by(ROW)) {
            let mut found = reaching(row, floor);
            if found != 0 && hits.len() < n + ROW {
                hits.resize(2 * n + ROW, Hit::default());
            }
            // The set bits are the lanes of this row that are still to be taken; each turn clears the lowest.
            while found != 0 {
                let lane = found.trailing_zeros() as usize;
                found &= found - 1;
                // Written always and kept only if so: a store is cheaper than a branch that cannot be foreseen.
                let is_equal = row[lane] == floor;
                hits[n] = Hit {
                    key: row[lane].signed(),
                    node: node(first + at + lane),
                };
                n += usize::from(!is_equal || n_equal > 0);
                n_equal = n_equal.saturating_sub(usize::from(is_equal));
            }
        }
    }
    hits.truncate(n);
}

/// A bit for each cell of a row that reaches the floor, the first lowest.
#[inline(always)]
#[expect(clippy::inline_always, reason = "as its caller")]
fn reaching<C: Scanned>(row: &[C], floor: C) -> u64 {
    let mut reaches = [0_u8; ROW];
    if let Ok(row) = <&[C; ROW]>::try_from(row) {
        // Few rows have any, and that is asked with a few instructions.
        if !any_at_least(row, floor) {
            return 0;
        }
        reaches = row.map(|cell| u8::from(cell >= floor));
    } else {
        for (reaches, &cell) in reaches.iter_mut().zip(row) {
            *reaches = u8::from(cell >= floor);
        }
    }
    let (eights, _) = reaches.as_chunks::<8>();
    // The product brings the lowest bit of each of eight bytes into the highest byte.
    let gathered = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56;
    eights
        .iter()
        .rev()
        .fold(0, |bits, eight| bits << 8 | gathered(eight))
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "as its caller")]
fn any_at_least<C: Scanned>(row: &[C; ROW], least: C) -> bool {
    (row.iter().fold(C::default(), |max, &cell| max.max(cell))) >= least
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "as its caller")]
fn n_at_least<C: Scanned>(maxima: &[C], least: C) -> u64 {
    let (rows, _) = maxima.as_chunks::<ROW>();
    // No more than ROWS rows are added up in a lane at a time, so that the smallest cell cannot overflow.
    let of_rows = |rows: &[[C; ROW]]| {
        let mut lanes = [C::default(); ROW];
        for row in rows {
            for lane in 0..ROW {
                lanes[lane] = lanes[lane].plus(C::of(row[lane] >= least));
            }
        }
        sum(&lanes)
    };
    rows.chunks(ROWS).map(of_rows).sum()
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
            let mut sorted: Vec<_> = eligible
                .map(|(node, cell)| Hit {
                    key: cell.signed(),
                    node,
                })
                .collect();
            prop_assert_eq!(
                (scan.reached, scan.eligible),
                (reached as u64, sorted.len() as u64)
            );
            sorted.sort_by_key(|hit| (std::cmp::Reverse(hit.key), hit.node));
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
        assert_eq!(hits, [0, 1, 2].map(|node| Hit { key: 254, node }));
    }
}
