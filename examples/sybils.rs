//! Trust on a real network with planted false regions: how well it tells them apart, and how long a round takes.
//!
//! ```text
//! cargo run --release --example sybils -- ../shared/datasets/graphs/fb100_union_dev.adj.gz
//! ```
//!
//! The file lists whole schools, line k the higher-numbered neighbours of k as gaps. A false region is a tenth of the honest
//! accounts, tied among themselves by preference for whoever has many ties; each of its ties to honest accounts is one that
//! somebody was talked into. Five in a thousand honest accounts are verified, drawn by a hash.

#![expect(clippy::disallowed_methods, reason = "an example times itself")]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use acquaint::abuse::{MutualContacts, rounds};
use acquaint::hash::mix;
use acquaint::ids::AccountId;
use flate2::read::GzDecoder;

type Pair = (AccountId, AccountId);

/// Ties of each false account to others of its region.
const TIES_WITHIN: u64 = 20;
/// Verified accounts of every thousand honest ones.
const VERIFIED_OF_A_THOUSAND: u64 = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1);
    let Some(path) = path.filter(|path| Path::new(path).exists()) else {
        println!("skipped: name a graph, such as fb100_union_dev.adj.gz");
        return Ok(());
    };
    let honest = read(Path::new(&path))?;
    let n_honest = 1 + honest.iter().map(|(_, b)| b.0).max().unwrap_or(0);
    println!("{n_honest} honest accounts, {} ties", honest.len());
    println!("attack ties per false account; AUC by seed 1, 2, 3");
    for (per, of) in [
        (1, 100),
        (1, 20),
        (1, 10),
        (1, 5),
        (1, 2),
        (1, 1),
        (2, 1),
        (5, 1),
        (10, 1),
    ] {
        let auc = [1, 2, 3].map(|seed| auc_of(&honest, n_honest, (per, of), seed));
        println!("{per}/{of}: {:.4} {:.4} {:.4}", auc[0], auc[1], auc[2]);
    }
    timed(&honest, n_honest);
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Pair>, Box<dyn std::error::Error>> {
    let mut pairs = Vec::new();
    for (node, line) in (0_u64..).zip(BufReader::new(GzDecoder::new(File::open(path)?)).lines()) {
        let mut at = node;
        for gap in line?.split_whitespace() {
            at += gap.parse::<u64>()?;
            pairs.push((AccountId(node), AccountId(at)));
        }
    }
    Ok(pairs)
}

/// The probability that an honest account has more trust than a false one, ties counting half.
fn auc_of(honest: &[Pair], n_honest: u64, (per, of): (u64, u64), seed: u64) -> f64 {
    let n_false = n_honest / 10;
    let draw = |i: u64| mix(i ^ seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut pairs = honest.to_vec();
    let first = pairs.len();
    for i in 1..n_false {
        for tie in 0..TIES_WITHIN.min(i) {
            let r = draw(i << 16 | tie);
            // Half of the ties go to an end of an earlier tie, which prefers whoever has many.
            let earlier = (pairs.len() - first) as u64;
            let other = if r & 1 == 0 && earlier > 0 {
                let (a, b) =
                    pairs[first + usize::try_from((r >> 1) % earlier).expect("a position")];
                if r & 2 == 0 { a.0 } else { b.0 }
            } else {
                n_honest + (r >> 1) % i
            };
            if other != n_honest + i {
                pairs.push((AccountId(other), AccountId(n_honest + i)));
            }
        }
    }
    for tie in 0..n_false * per / of {
        let [a, b] = [1, 2].map(|end| draw(end << 56 | tie));
        pairs.push((AccountId(a % n_honest), AccountId(n_honest + b % n_false)));
    }
    let contacts = MutualContacts::of_pairs(&pairs);
    let verified = verified(n_honest, seed);
    let trust = contacts.trust(&verified, None).expect("seeds have ties");
    let mut rows: Vec<(f64, bool)> = (0..n_honest + n_false)
        .filter(|&id| contacts.node(AccountId(id)).is_some())
        .map(|id| (trust.of(AccountId(id)), id < n_honest))
        .collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut wins) = (0.0, 0.0);
    for same in rows.chunk_by(|a, b| a.0 == b.0) {
        let honest = same.iter().filter(|(_, is_honest)| *is_honest).count() as f64;
        let others = same.len() as f64 - honest;
        wins += honest * (below + others / 2.0);
        below += others;
    }
    wins / ((rows.len() as f64 - below) * below)
}

fn verified(n_honest: u64, seed: u64) -> Vec<AccountId> {
    let is_verified = |&id: &u64| mix(id ^ seed << 32) % 1_000 < VERIFIED_OF_A_THOUSAND;
    (0..n_honest).filter(is_verified).map(AccountId).collect()
}

fn timed(honest: &[Pair], n_honest: u64) {
    let contacts = MutualContacts::of_pairs(honest);
    let verified = verified(n_honest, 1);
    let n_nodes = contacts.ties().n_nodes();
    // Short runs, of which the best counts: others may use the machine.
    let many = 18;
    for n_threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build();
        pool.expect("two threads can be started").install(|| {
            let mut best = f64::MAX;
            for _ in 0..100 {
                let begun = Instant::now();
                let trust = contacts.trust(&verified, Some(many));
                best = best.min(begun.elapsed().as_secs_f64());
                assert!(trust.is_some());
            }
            let per_round = best * 1e3 / f64::from(many);
            println!(
                "{n_threads} threads: {per_round:.3} ms a round, {} rounds by default",
                rounds(n_nodes)
            );
        });
    }
}
