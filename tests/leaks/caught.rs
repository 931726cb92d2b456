//! Every planted fault is found by the worlds of `influence`. Run it alone: a fault is on for the whole process.

use acquaint::leaks::{Leak, switch};

use crate::influence::{fast_dir, number, verdict};
use crate::support::worlds::trial;

#[test]
fn leaks_are_caught() {
    assert!(Leak::ALL.len() >= 90);
    let bound = number("ACQUAINT_WORLDS").unwrap_or(400);
    let mut missed = Vec::new();
    for &leak in Leak::ALL {
        switch(Some(leak));
        let caught = (0..bound).find(|&seed| differs(seed));
        switch(None);
        match caught {
            Some(seed) => println!("{:55} world {seed}", leak.mistake()),
            None => missed.push(leak.mistake()),
        }
    }
    assert!(
        missed.is_empty(),
        "not caught in {bound} worlds: {missed:#?}"
    );
    println!("{} of {} caught", Leak::ALL.len(), Leak::ALL.len());
}

fn differs(seed: u64) -> bool {
    let verdict = verdict(fast_dir().path(), &trial(seed), 0);
    assert_eq!(
        verdict.findings,
        [],
        "a fault changes no file after it was written"
    );
    verdict.purposes.iter().any(|found| found.n_differences > 0)
}
