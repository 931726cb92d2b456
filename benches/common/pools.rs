//! Thread pools that benches compare.

/// One thread, and as many as the machine has, if that is more.
pub(crate) fn pools() -> Vec<rayon::ThreadPool> {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let mut sizes = vec![1, all];
    sizes.dedup();
    let pool = |n_threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
    };
    sizes
        .into_iter()
        .map(|n| pool(n).expect("threads can be started"))
        .collect()
}
