//! Suggestions on demand allocate nothing once a thread has warmed up.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use acquaint::eval::PublicGraph;
use acquaint::hash::mix;
use acquaint::suggest::{ForOne as _, Heuristic, SuggestParams};

/// The system's allocator, and how often each thread asked it.
struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no counter any more, and nobody reads it.
    let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
}

#[expect(unsafe_code, reason = "there is no safe way to be an allocator")]
// SAFETY: every call is passed on to the system's allocator as it is; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the same contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the same contract.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the same contract.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn asked() -> u64 {
    ASKED.with(Cell::get)
}

#[test]
fn nothing_is_allocated_for_a_request_after_the_first_ones() {
    let n = 2_000;
    let draw = |i: u64| mix(i) % n;
    let edges: Vec<(u64, u64)> = (0..30_000)
        .map(|i| (draw(2 * i).min(draw(7 * i)), draw(2 * i + 1)))
        .collect();
    let graph = PublicGraph::new(&edges);
    for heuristic in Heuristic::ALL {
        for least in [1, 2] {
            let params = SuggestParams::default().score(heuristic);
            let params = params.min_intermediaries(least).check().unwrap();
            let scorer = graph.scorer(&params);
            let mut scratch = scorer.scratch();
            let n_users = u32::try_from(scorer.n_users()).unwrap();
            let mut all = || -> u64 {
                let of = |u| scorer.list(&mut scratch, u, 10).counts.emitted;
                (0..n_users).map(of).sum()
            };
            let (first, before) = (all(), asked());
            assert_eq!(all(), first);
            assert_eq!(asked(), before, "{heuristic:?}, at least {least}");
        }
    }
    let before = asked();
    drop(Vec::<u64>::with_capacity(1));
    assert_eq!(asked(), before + 1, "the counter counts");
}
