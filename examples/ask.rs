//! How long a backend waits: suggestions and ads for single persons, one after another and from two threads.
//!
//! `cargo run --release --example ask SIGNALS [CONFIG]`

#![expect(clippy::disallowed_methods, reason = "an example times itself")]

use std::error::Error;
use std::time::{Duration, Instant};

use acquaint::{Engine, EngineOptions, RunParams, UserId};

/// How many requests are timed.
const REQUESTS: usize = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let signals = args.next().unwrap_or_else(|| "data/quickstart".to_owned());
    let params = match args.next() {
        Some(config) => RunParams::from_toml(&std::fs::read_to_string(config)?)?,
        None => RunParams::default(),
    };
    let opened = Instant::now();
    let options = EngineOptions {
        params,
        ..EngineOptions::default()
    };
    let engine = Engine::open(&signals, &options)?;
    println!(
        "{} people, opened in {:.2?}",
        engine.users().len(),
        opened.elapsed()
    );
    // Every so many-th person, so that the whole world is asked about.
    let users: Vec<UserId> = (0..REQUESTS)
        .map(|i| engine.users()[i * 7919 % engine.users().len()])
        .collect();
    let mut suggested = Vec::with_capacity(10);
    report("suggest", &users, |user| {
        suggested.clear();
        engine.suggest_into(user, 10, &mut suggested);
    });
    report("ads", &users, |user| {
        engine
            .ads(user, 10)
            .expect("a model that was trained ranks");
    });
    Ok(())
}

fn report(what: &str, users: &[UserId], mut ask: impl FnMut(UserId)) {
    // Warm: scratches are made by the first requests.
    users.iter().take(100).for_each(|&user| ask(user));
    let mut took: Vec<Duration> = users
        .iter()
        .map(|&user| {
            let begun = Instant::now();
            ask(user);
            begun.elapsed()
        })
        .collect();
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100];
    println!(
        "{what:8} p50 {:>9.1?}   p99 {:>9.1?}   max {:>9.1?}",
        at(50),
        at(99),
        at(100)
    );
}
