//! Matching: whose number was it when it was saved? In memory, numbers already read.
//!
//! `benches/compare/matching.py` joins the same columns with two databases.

use acquaint::consent::{Abuse, Permitted};
use acquaint::hash::HashSet;
use acquaint::identity::{Binding, Contact, Directory, E164, match_entries};
use acquaint::ids::AccountId;
use acquaint::time::Timestamp;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;

#[path = "common/gates.rs"]
mod gates;
#[path = "common/pools.rs"]
mod pools;
#[path = "common/scatter.rs"]
mod scatter;

const N_ACCOUNTS: u64 = 2_000_000;
/// Twice as many entries must cost twice the time.
const SIZES: [u64; 2] = [10_000_000, 20_000_000];

/// One number for each counter below a hundred million.
fn number(counter: u64) -> E164 {
    let subscriber = counter * 61_803_399 % 100_000_000;
    E164::from_digits(4_915_100_000_000 + subscriber).expect("thirteen digits")
}

fn binding(account: u64) -> Binding {
    Binding {
        number: number(account),
        account: AccountId(account),
        since: Timestamp::from_secs(0),
        until: Timestamp::MAX,
    }
}

/// An entry of anybody's book: half of the numbers are nobody's.
fn contact(entry: u64) -> Contact {
    Contact {
        from: AccountId(scatter::scatter(2 * entry) % N_ACCOUNTS),
        number: number(scatter::scatter(2 * entry + 1) % (2 * N_ACCOUNTS)),
        saved_at: Timestamp::from_secs(1_000_000),
    }
}

fn matching(c: &mut Criterion) {
    let gate = gates::open::<Abuse>(0..N_ACCOUNTS);
    let bindings = (0..N_ACCOUNTS).filter_map(|account| gate.permit(binding(account)).ok());
    let directory = Directory::build(bindings, &HashSet::default());
    let mut group = c.benchmark_group("match");
    group.sample_size(10);
    for n_entries in SIZES {
        let contacts: Vec<Permitted<Contact, Abuse>> = (0..n_entries)
            .into_par_iter()
            .filter_map(|entry| gate.permit(contact(entry)).ok())
            .collect();
        assert_eq!(contacts.len() as u64, n_entries);
        group.throughput(Throughput::Elements(n_entries));
        for pool in pools::pools() {
            let id = BenchmarkId::new(format!("threads-{}", pool.current_num_threads()), n_entries);
            group.bench_function(id, |b| {
                b.iter(|| pool.install(|| match_entries(&directory, &contacts).matches.len()));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, matching);
criterion_main!(benches);
