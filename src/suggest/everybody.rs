//! Everybody's lists, in parallel, with the same bytes for any number of threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::counts::SuggestCounts;
use super::exposure::{self, POOL_PER_K};
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
    let k = order.params().k();
    let Some(shown_max) = order.params().shown_max() else {
        return first_k(order, k, progress);
    };
    let asked = first_k(order, k * POOL_PER_K, progress);
    exposure::limit(&asked, k, shown_max)
}

fn first_k<P: ForOne>(order: &P, k: usize, progress: &(dyn Fn(usize) + Sync)) -> Everybody {
    let n_users = order.n_users();
    let scratches = Pool::default();
    let n_done = AtomicUsize::new(0);
    let chunks: Vec<Counted> = (0..n_users.div_ceil(CHUNK))
        .into_par_iter()
        .map(|i| {
            let nodes = i * CHUNK..((i + 1) * CHUNK).min(n_users);
            let n_nodes = nodes.len();
            let chunk = scratches.with(order, |scratch| chunk(order, scratch, nodes, k));
            progress(n_done.fetch_add(n_nodes, Ordering::Relaxed) + n_nodes);
            chunk
        })
        .collect();
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
struct Counted {
    chunk: Chunk,
    counts: SuggestCounts,
}

fn chunk<P: ForOne>(
    order: &P,
    scratch: &mut P::Scratch,
    nodes: std::ops::Range<usize>,
    k: usize,
) -> Counted {
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
