//! Everybody's lists, in parallel, with the same bytes for any number of threads.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::counts::SuggestCounts;
use super::exposure::{self, POOL_PER_K};
use super::params::ValidSuggestParams;
use super::person::ForOne;
use super::suggestion::{CHUNK, Chunk, Everybody, Suggestions};

/// Everybody's suggestions, as many as the parameters say, under their limit to how often one is shown.
///
/// Runs in the caller's rayon pool; `progress` hears, in no particular order, how many people are done.
///
/// # Complexity
/// O(two-paths of the graph) time, K suggestions a person and one scratch a thread; under a limit four times K.
pub fn everybody<P: ForOne>(order: &P, progress: &(dyn Fn(usize) + Sync)) -> Everybody {
    order.prepare_all();
    let asked = asked(order, 0..order.n_users(), &Pool::default(), progress);
    settle(joined(asked), order.params())
}

/// How many candidates each person asks for before any limit.
pub(super) fn n_asked(params: &ValidSuggestParams) -> usize {
    let k = params.k();
    params.shown_max().map_or(k, |_| k * POOL_PER_K)
}

/// From whom everybody asks for to whom they get.
pub(super) fn settle(asked: Everybody, params: &ValidSuggestParams) -> Everybody {
    match params.shown_max() {
        None => asked,
        Some(shown_max) => exposure::limit(&asked, params.k(), shown_max),
    }
}

/// Whom the people of a range of nodes ask for, by [`CHUNK`] people from the first of them.
pub(super) fn asked<P: ForOne>(
    order: &P,
    nodes: Range<usize>,
    scratches: &Pool<P::Scratch>,
    progress: &(dyn Fn(usize) + Sync),
) -> Vec<Counted> {
    let k = n_asked(order.params());
    let n_done = AtomicUsize::new(0);
    (0..nodes.len().div_ceil(CHUNK))
        .into_par_iter()
        .map(|i| {
            let first = nodes.start + i * CHUNK;
            let nodes = first..(first + CHUNK).min(nodes.end);
            let n_nodes = nodes.len();
            let chunk = scratches.with(order, |scratch| chunk(order, scratch, nodes, k));
            progress(n_done.fetch_add(n_nodes, Ordering::Relaxed) + n_nodes);
            chunk
        })
        .collect()
}

/// The lists of everybody, from those of all chunks in their order.
pub(super) fn joined(chunks: Vec<Counted>) -> Everybody {
    let mut counts = SuggestCounts::default();
    for chunk in &chunks {
        counts += chunk.counts;
    }
    let chunks = chunks.into_iter().map(|counted| counted.chunk).collect();
    Everybody {
        suggestions: Suggestions::from_chunks(chunks),
        counts,
    }
}

/// Lists of some people, and what became of their candidates.
pub(super) struct Counted {
    pub(super) chunk: Chunk,
    pub(super) counts: SuggestCounts,
}

fn chunk<P: ForOne>(order: &P, scratch: &mut P::Scratch, nodes: Range<usize>, k: usize) -> Counted {
    let mut chunk = Chunk::with_capacity(k * nodes.len());
    let mut counts = SuggestCounts::default();
    for u in nodes {
        let u = u32::try_from(u).expect("a graph has no more nodes than u32 counts");
        let listed = order.list(scratch, u, k);
        chunk.push(listed.list);
        counts += listed.counts;
    }
    chunk.shrink();
    Counted { chunk, counts }
}

/// Scratches nobody uses at the moment. Each is left as clean as it was found, so it does not matter who gets which.
#[derive(Debug)]
pub(super) struct Pool<S>(Mutex<Vec<S>>);

impl<S> Default for Pool<S> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<S> Pool<S> {
    /// Lends a scratch.
    pub(super) fn with<P: ForOne<Scratch = S>, T>(
        &self,
        order: &P,
        work: impl FnOnce(&mut S) -> T,
    ) -> T {
        let free = self.0.lock().expect(NO_PANIC).pop();
        let mut scratch = free.unwrap_or_else(|| order.scratch());
        let done = work(&mut scratch);
        self.0.lock().expect(NO_PANIC).push(scratch);
        done
    }
}

const NO_PANIC: &str = "nothing panics while it holds the lock";
