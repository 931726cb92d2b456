//! The library in a backend: open a signals directory once, then suggest friends on demand.
//!
//! `cargo run --release --example quickstart`

use std::error::Error;

use acquaint::engine::{Prepared, RunParams, Silent};

fn main() -> Result<(), Box<dyn Error>> {
    let params = RunParams::default().check()?;
    // Everything that scores are made from, already past the gate: whoever opted out is not in it.
    let prepared = Prepared::open("data/quickstart".as_ref(), &params, None, None, &Silent)?;
    println!("{} people are in the graph", prepared.graph().n_users());

    // One scorer for all threads, one scratch for each: nothing is allocated after the first calls.
    let scorer = prepared.scorer()?;
    let mut scratch = scorer.scratch();
    let users = prepared.graph().users();
    for node in prepared.graph().ties().nodes().take(5) {
        let (suggestions, _counts) = scorer.suggest_one(&mut scratch, node, 3);
        for suggestion in suggestions {
            let (user, candidate) = (users[node as usize], users[suggestion.candidate as usize]);
            let reasons: Vec<String> = suggestion
                .reasons()
                .map(|reason| reason.to_string())
                .collect();
            println!("{user} may know {candidate}: {}", reasons.join(", "));
        }
    }
    Ok(())
}
