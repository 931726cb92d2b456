//! Leaving out, before anything is added up, whoever only one intermediary leads to.
//!
//! In a large graph most of those reached are reached once and can be no candidates where two intermediaries are
//! asked for; but each costs a miss of the cache, twice. So a person's two-paths are walked once over a table of
//! bytes that stays in the cache, where each node has a bucket by its hash: a bucket's first visit sets its first
//! bit, and a later one its second. Nodes in buckets without the second bit were reached exactly once: they are
//! counted, and only the others, on a second walk, get to the cells. (The table is a counting Bloom filter of one
//! hash function; Bloom, "Space/time trade-offs in hash coding with allowable errors", 1970.)
//!
//! What got through by sharing a bucket is sieved again with another hash.
//!
//! A hub with so many ties that a bit for everybody takes less room than its row is not walked but looked up: whoever
//! it alone leads to is counted too, and whoever else is reached finds out by their bit. If that is once, the two
//! intermediaries are all there are, and no cell is needed either.

use super::Measure;
use super::hubs::Hub;
use crate::graph::Csr;

/// A table of buckets, and room for whoever gets through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sieve {
    buckets: Vec<u8>,
    hash: Hash,
    /// Whoever got through.
    kept: Steps,
    /// Whoever did not, but is tied to the hub.
    tied: Steps,
}

/// The end of a two-path above, and its intermediary in the lower half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step(u64);

impl Step {
    #[inline]
    fn new(v: u32, z: u32) -> Self {
        Self(u64::from(v) << u32::BITS | u64::from(z))
    }

    /// Where the two-path ends.
    #[inline]
    pub(crate) const fn end(self) -> u32 {
        (self.0 >> u32::BITS) as u32
    }

    /// The intermediary.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the halves as put together"
    )]
    pub(crate) const fn over(self) -> u32 {
        self.0 as u32
    }
}

/// Steps in room that is used again.
#[derive(Clone, Debug, Default)]
struct Steps {
    room: Vec<Step>,
    n: usize,
}

impl Steps {
    /// Forgets all and makes room for so many.
    fn reset(&mut self, n: usize) {
        if self.room.len() < n {
            self.room.resize(n, Step::default());
        }
        self.n = 0;
    }

    fn as_slice(&self) -> &[Step] {
        &self.room[..self.n]
    }
}

/// Appends to the first `n` steps. Written always and kept only if so: a store is cheaper than a branch that cannot be
/// foreseen.
#[inline]
fn push_if(steps: &mut [Step], n: &mut usize, step: Step, is_kept: bool) {
    if let Some(slot) = steps.get_mut(*n) {
        *slot = step;
    }
    // No more than there are two-paths.
    *n = n.wrapping_add(usize::from(is_kept));
}

/// Multiplicative hashing to a power of two (Knuth, "The Art of Computer Programming", volume 3, section 6.4).
#[derive(Clone, Copy, Debug, Default)]
struct Hash {
    factor: u32,
    shift: u32,
}

impl Hash {
    #[inline]
    fn of(self, v: u32) -> usize {
        (v.wrapping_mul(self.factor) >> self.shift) as usize
    }
}

/// 2³² divided by the golden ratio, and by the square root of 3; odd.
const FACTORS: [u32; 2] = [0x9E37_79B9, 0x93CD_3A2D];

/// Buckets for each two-path: of the nodes reached once, about one in so many gets through.
const BUCKETS_PER_TWO_PATH: usize = 8;

/// The fewest and the most bits of a bucket's number: the largest table leaves room in a cache of 512 KiB.
const BUCKET_BITS: std::ops::RangeInclusive<u32> = 6..=18;

/// The most two-paths that are worth sieving: beyond, too many share a bucket.
pub(crate) const SIEVE_TWO_PATHS_MAX: u64 = 1 << 20;

impl Sieve {
    /// An empty table for so many visits.
    fn reset(&mut self, n: usize, factor: u32) {
        let wanted = (n.max(1) * BUCKETS_PER_TWO_PATH).ilog2();
        let bits = wanted.clamp(*BUCKET_BITS.start(), *BUCKET_BITS.end());
        let shift = u32::BITS - bits;
        self.hash = Hash { factor, shift };
        self.buckets.clear();
        self.buckets.resize(1 << bits, 0);
    }

    /// As if visited often enough.
    fn let_through(&mut self, always: impl Iterator<Item = u32>) {
        for v in always {
            self.buckets[self.hash.of(v)] = OFTEN;
        }
    }

    /// Walks all two-paths but those over the hub, twice, and once more what got through.
    fn sift(
        &mut self,
        walk: Walk<'_>,
        ties: impl Iterator<Item = u32> + Clone,
        always: impl Iterator<Item = u32> + Clone,
    ) {
        let n = usize::try_from(walk.n_two_paths).expect("each is an entry of a row");
        self.reset(n, FACTORS[0]);
        self.kept.reset(n);
        self.tied.reset(if walk.hub.is_some() { n } else { 0 });
        for z in ties.clone() {
            visit(&mut self.buckets, self.hash, walk.ties.row(z));
        }
        self.let_through(always.clone());
        for z in ties {
            self.sift_row(walk.ties.row(z), z, walk.hub);
        }
        self.sift_kept(always, walk.hub);
    }

    fn sift_row(&mut self, row: &[u32], z: u32, hub: Option<Hub<'_>>) {
        let Self {
            buckets,
            hash,
            kept,
            tied,
        } = self;
        let (buckets, hash) = (&buckets[..], *hash);
        let mut n = kept.n;
        match hub {
            None => {
                for &v in row {
                    let gets_through = buckets[hash.of(v)] & OFTEN != 0;
                    push_if(&mut kept.room, &mut n, Step::new(v, z), gets_through);
                }
            }
            Some(hub) => {
                let mut n_tied = tied.n;
                for &v in row {
                    let gets_through = buckets[hash.of(v)] & OFTEN != 0;
                    let step = Step::new(v, z);
                    push_if(&mut kept.room, &mut n, step, gets_through);
                    push_if(
                        &mut tied.room,
                        &mut n_tied,
                        step,
                        !gets_through & hub.has(v),
                    );
                }
                tied.n = n_tied;
            }
        }
        kept.n = n;
    }

    fn sift_kept(&mut self, always: impl Iterator<Item = u32>, hub: Option<Hub<'_>>) {
        let n_before = self.kept.n;
        self.reset(n_before, FACTORS[1]);
        for step in &self.kept.room[..n_before] {
            let visits = &mut self.buckets[self.hash.of(step.end())];
            *visits = *visits << 1 | 1;
        }
        self.let_through(always);
        let (mut n, mut n_tied) = (0, self.tied.n);
        // `room[..n]` are the steps of `room[..at]` that get through, in their order: n never passes `at`.
        for at in 0..n_before {
            let step = self.kept.room[at];
            let v = step.end();
            let gets_through = self.buckets[self.hash.of(v)] & OFTEN != 0;
            push_if(&mut self.kept.room, &mut n, step, gets_through);
            let is_tied = hub.is_some_and(|hub| hub.has(v));
            push_if(
                &mut self.tied.room,
                &mut n_tied,
                step,
                !gets_through & is_tied,
            );
        }
        (self.kept.n, self.tied.n) = (n, n_tied);
    }
}

/// The bit of a bucket visited more than once.
const OFTEN: u8 = 2;

fn visit(buckets: &mut [u8], hash: Hash, row: &[u32]) {
    let mut visit = |v: u32| {
        let visits = &mut buckets[hash.of(v)];
        *visits = *visits << 1 | 1;
    };
    let (eights, rest) = row.as_chunks::<8>();
    for eight in eights {
        for &v in eight {
            visit(v);
        }
    }
    for &v in rest {
        visit(v);
    }
}

/// Which way two-paths from `u` are walked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk<'a> {
    pub(crate) ties: &'a Csr,
    pub(crate) u: u32,
    /// How many two-paths there are, those over `hub` not counted.
    pub(crate) n_two_paths: u64,
    /// A tie of `u` that is looked up instead of walked.
    pub(crate) hub: Option<Hub<'a>>,
}

/// What came through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sieved<'a> {
    /// How many entries of `touched` name a cell that is no longer default, each once.
    pub(crate) n_touched: usize,
    /// Others reached by the hub and one more intermediary, with the latter.
    pub(crate) tied: &'a [Step],
    /// How many others were reached, each by one intermediary.
    pub(crate) n_once: u64,
}

/// Adds up every two-path from `u` to whoever can have been reached twice, and to everybody in `always`, who may be
/// named more than once.
///
/// `cells` are all default on entry, one per person; `touched` has one entry per person. Of those in `always`, some
/// that the hub alone leads to have a cell and are not touched.
pub(crate) fn accumulate<'s, M: Measure>(
    walk: Walk<'_>,
    measure: &M,
    always: impl Iterator<Item = u32> + Clone,
    cells: &mut [M::Cell],
    touched: &mut [u32],
    sieve: &'s mut Sieve,
) -> Sieved<'s> {
    let looked_up = walk.hub.map(|hub| hub.node);
    let row = walk.ties.row(walk.u).iter().copied();
    let walked = row.filter(|&z| Some(z) != looked_up);
    sieve.sift(walk, walked, always.clone());
    let (kept, tied) = (sieve.kept.as_slice(), sieve.tied.as_slice());
    let n_touched = add_kept(measure, kept, cells, touched);
    let mut n_once = walk.n_two_paths - kept.len() as u64 - tied.len() as u64;
    if let Some(hub) = walk.hub {
        let n_more = add_hub(measure, hub, &touched[..n_touched], always, cells);
        n_once += u64::from(walk.ties.degree(hub.node)) - n_more - tied.len() as u64;
    }
    Sieved {
        n_touched,
        tied,
        n_once,
    }
}

fn add_kept<M: Measure>(
    measure: &M,
    kept: &[Step],
    cells: &mut [M::Cell],
    touched: &mut [u32],
) -> usize {
    let mut n_touched = 0;
    // `touched[..n_touched]` are the ends of the steps so far, each once: those whose cells are no longer default.
    for step in kept {
        let (v, z) = (step.end(), step.over());
        let cell = &mut cells[v as usize];
        if let Some(slot) = touched.get_mut(n_touched) {
            *slot = v;
        }
        n_touched = n_touched.wrapping_add(usize::from(*cell == M::Cell::default()));
        *cell = measure.add(*cell, measure.step(z));
    }
    n_touched
}

/// Adds the hub to whoever it is tied to and is touched or in `always`; says to how many.
fn add_hub<M: Measure>(
    measure: &M,
    hub: Hub<'_>,
    touched: &[u32],
    always: impl Iterator<Item = u32>,
    cells: &mut [M::Cell],
) -> u64 {
    let step = measure.step(hub.node);
    let mut n = 0;
    for &v in touched.iter().filter(|&&v| hub.has(v)) {
        let cell = &mut cells[v as usize];
        *cell = measure.add(*cell, step);
        n += 1;
    }
    for v in always.filter(|&v| hub.has(v)) {
        let cell = &mut cells[v as usize];
        if *cell == M::Cell::default() {
            *cell = step;
            n += 1;
        }
    }
    n
}
