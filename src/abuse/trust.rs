//! Trust: how much of it reaches an account from verified ones, over numbers that both sides saved.
//!
//! Whoever runs a thousand accounts can tie them to each other at will, but not to honest people: those have to save the
//! number back. So trust that starts at verified accounts and walks along mutual contacts reaches honest accounts in a few
//! steps, and a false region only through the few ties that somebody was talked into. `SybilRank` stops the walk early, before
//! the two sides even out, and compares what arrived with how many ties an account has:
//!
//! ```text
//! T₀(v) = T / |seeds| if v is a seed, else 0
//! Tᵢ(v) = Σ over mutual contacts u of v of Tᵢ₋₁(u) / deg(u)
//! trust(v) = T_w(v) / deg(v) · 2m / T        w = ⌈log₂ n⌉, m = mutual pairs
//! ```
//!
//! The last factor is ours: a walk that never stops gives every account of one component the same `T / 2m`, so 1 is what an
//! account would get in the end, and numbers of different days can be compared.
//!
//! Trust is a whole number of 2⁻⁶² of all there is. A step divides an account's trust by its degree, rounds down, and adds the
//! parts of its neighbours: the order of the sum cannot show, so rows are computed in parallel and the thread count changes no
//! bit. Rounding loses at most `deg(u)` units a step at an account, some 10⁻¹² of the trust of an ordinary one in a network of
//! a million.
//!
//! # References
//! Q. Cao, M. Sirivianos, X. Yang and T. Pregueiro, "Aiding the Detection of Fake Accounts in Large Scale Social Online
//! Services", NSDI 2012.

use rayon::prelude::*;

use crate::consent::{For, Permitted};
use crate::graph::Csr;
use crate::identity::Match;
use crate::ids::AccountId;

/// All the trust there is, in its unit: sums over any accounts fit.
const ALL: u64 = 1 << 62;
/// Rows of one parallel task.
const ROWS: usize = 1 << 12;

/// Accounts that saved each other's number.
#[derive(Clone, Debug, Default)]
pub struct MutualContacts {
    /// Ascending; an account's position is its node.
    accounts: Vec<AccountId>,
    ties: Csr,
}

impl MutualContacts {
    /// The pairs of which each saved the other.
    ///
    /// # Complexity
    /// O(m log m) for m matches, in the caller's rayon pool.
    #[must_use]
    pub fn of<P: For>(matches: &[Permitted<Match, P>]) -> Self {
        let ends = matches.par_iter().map(Permitted::get);
        let ends = ends.filter(|one| one.from != one.to);
        let mut saved: Vec<(AccountId, AccountId)> = ends.map(|one| (one.from, one.to)).collect();
        saved.par_sort_unstable();
        saved.dedup();
        let back = |&(from, to): &(AccountId, AccountId)| saved.binary_search(&(to, from)).is_ok();
        let first = saved.par_iter().filter(|(from, to)| from < to);
        Self::of_pairs(&first.copied().filter(back).collect::<Vec<_>>())
    }

    /// Of undirected pairs, each given once or more, in any order.
    #[must_use]
    pub fn of_pairs(pairs: &[(AccountId, AccountId)]) -> Self {
        let pairs: Vec<_> = pairs.iter().filter(|(a, b)| a != b).collect();
        let mut accounts: Vec<AccountId> = pairs.iter().flat_map(|&&(a, b)| [a, b]).collect();
        accounts.par_sort_unstable();
        accounts.dedup();
        let node = |account: AccountId| {
            let at = accounts.partition_point(|&one| one < account);
            u32::try_from(at).expect("accounts are fewer than 2^32")
        };
        let nodes = pairs
            .par_iter()
            .map(|&&(a, b)| (node(a), node(b)))
            .collect();
        let ties = Csr::from_undirected(accounts.len(), nodes);
        Self {
            ties: ties.expect("both ends are among the accounts, and differ"),
            accounts,
        }
    }

    /// Who is with whom, by node.
    #[must_use]
    pub const fn ties(&self) -> &Csr {
        &self.ties
    }

    /// The node of an account; none if nobody saved it back.
    #[must_use]
    pub fn node(&self, account: AccountId) -> Option<u32> {
        let at = self.accounts.binary_search(&account).ok()?;
        u32::try_from(at).ok()
    }

    /// The trust of everybody, spread from some verified accounts; those without a mutual contact spread none. None if nobody
    /// is left to start from: then trust says nothing.
    ///
    /// # Complexity
    /// O(w · (n + m)) for w rounds, in the caller's rayon pool; 16 bytes an account.
    #[must_use]
    pub fn trust(&self, verified: &[AccountId], n_rounds: Option<u32>) -> Option<Trust<'_>> {
        let mut seeds: Vec<u32> = verified.iter().filter_map(|&id| self.node(id)).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let n_rounds = n_rounds.unwrap_or_else(|| rounds(self.accounts.len()));
        (!seeds.is_empty()).then(|| Trust {
            contacts: self,
            parts: spread(&self.ties, &seeds, n_rounds),
        })
    }
}

/// The trust of accounts with mutual contacts.
#[derive(Clone, Debug)]
pub struct Trust<'c> {
    contacts: &'c MutualContacts,
    /// What an account would give to each of its contacts next, by node.
    parts: Vec<u64>,
}

impl Trust<'_> {
    /// The trust of an account, from 0: 1 is what it would have if the walk never stopped. 0 without a mutual contact.
    ///
    /// # Complexity
    /// O(log n)
    #[must_use]
    pub fn of(&self, account: AccountId) -> f64 {
        let node = self.contacts.node(account);
        node.map_or(0.0, |node| self.of_node(node))
    }

    /// The trust of a node of the contacts.
    #[must_use]
    pub fn of_node(&self, node: u32) -> f64 {
        let part = self.parts[node as usize] as f64 / ALL as f64;
        part * self.contacts.ties.n_entries() as f64
    }
}

/// How many rounds trust walks by default: ⌈log₂ n⌉, about as many as an honest network needs to be reached.
#[must_use]
pub fn rounds(n_accounts: usize) -> u32 {
    n_accounts.max(1).next_power_of_two().trailing_zeros()
}

/// What every node would give to each neighbour after some rounds, in units of 2⁻⁶² of all trust.
fn spread(ties: &Csr, seeds: &[u32], n_rounds: u32) -> Vec<u64> {
    let mut parts = vec![0; ties.n_nodes()];
    for &seed in seeds {
        parts[seed as usize] = ALL / seeds.len() as u64 / degree(ties, seed);
    }
    let mut next = vec![0; parts.len()];
    for _ in 0..n_rounds {
        step(ties, &parts, &mut next);
        std::mem::swap(&mut parts, &mut next);
    }
    parts
}

/// One round: every node gathers its neighbours' parts, and divides the sum for the next. Equal to
/// `next[v] = ties.row(v).map(|u| parts[u]).sum() / degree(v)`, row by row.
#[expect(
    clippy::cast_possible_truncation,
    reason = "offsets are positions in memory"
)]
fn step(ties: &Csr, parts: &[u64], next: &mut [u64]) {
    let chunks = next.par_chunks_mut(ROWS).enumerate();
    chunks.for_each(|(chunk, rows)| {
        let (offsets, neighbours) = (ties.offsets(), ties.neighbours());
        let first = chunk * ROWS;
        let ends = &offsets[first..=first + rows.len()];
        for (row, end) in rows.iter_mut().zip(ends.windows(2)) {
            let [from, until] = [end[0] as usize, end[1] as usize];
            let gathered = neighbours[from..until].iter();
            // Parts of one round add up to all trust at most, so no sum can overflow.
            let add = |sum: u64, &u: &u32| sum.wrapping_add(parts[u as usize]);
            let sum = gathered.fold(0, add);
            *row = sum / (until - from).max(1) as u64;
        }
    });
}

fn degree(ties: &Csr, node: u32) -> u64 {
    u64::from(ties.degree(node)).max(1)
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "positions of a handful of accounts"
)]
mod tests {
    use super::*;
    use crate::consent::testing::gate_of;
    use crate::consent::{Abuse, Gate};
    use crate::time::Timestamp;
    use proptest::prelude::*;

    fn contacts(pairs: &[(u64, u64)]) -> MutualContacts {
        let ids = |&(a, b): &(u64, u64)| (AccountId(a), AccountId(b));
        MutualContacts::of_pairs(&pairs.iter().map(ids).collect::<Vec<_>>())
    }

    /// The walk as a dense matrix, in floats.
    fn naive(pairs: &[(u64, u64)], seeds: &[u64], n_rounds: u32) -> Vec<f64> {
        let n = 40;
        let mut is_tied = vec![vec![false; n]; n];
        for &(a, b) in pairs.iter().filter(|(a, b)| a != b) {
            is_tied[a as usize][b as usize] = true;
            is_tied[b as usize][a as usize] = true;
        }
        let degree: Vec<f64> = (0..n)
            .map(|v| is_tied[v].iter().filter(|&&tied| tied).count() as f64)
            .collect();
        let seeds: Vec<usize> = seeds.iter().map(|&seed| seed as usize).collect();
        let started = (0..n).filter(|v| seeds.contains(v) && degree[*v] > 0.0);
        let n_seeds = started.count() as f64;
        let mut trust: Vec<f64> = (0..n)
            .map(|v| {
                if seeds.contains(&v) && degree[v] > 0.0 {
                    1.0 / n_seeds
                } else {
                    0.0
                }
            })
            .collect();
        for _ in 0..n_rounds {
            let gathered = |v: usize| {
                (0..n)
                    .filter(|&u| is_tied[u][v])
                    .map(|u| trust[u] / degree[u])
                    .sum()
            };
            trust = (0..n).map(gathered).collect();
        }
        let all: f64 = degree.iter().sum();
        (0..n)
            .map(|v| {
                if degree[v] > 0.0 {
                    trust[v] / degree[v] * all
                } else {
                    0.0
                }
            })
            .collect()
    }

    #[test]
    fn rounds_are_the_logarithm() {
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 1_024, 1_025].map(rounds),
            [0, 0, 1, 2, 2, 3, 10, 11]
        );
    }

    #[test]
    fn only_mutual_contacts_count() {
        let gate: Gate<Abuse, AccountId> = gate_of((0..9).map(AccountId));
        let saved = [(1, 2), (2, 1), (1, 3), (4, 4), (5, 6), (6, 5), (6, 5)].map(|(from, to)| {
            let found = Match {
                from: AccountId(from),
                to: AccountId(to),
                saved_at: Timestamp::from_secs(0),
            };
            gate.permit(found).unwrap()
        });
        let contacts = MutualContacts::of(&saved);
        assert_eq!(contacts.accounts, [1, 2, 5, 6].map(AccountId));
        assert_eq!(contacts.ties().n_entries(), 4);
        assert!(
            contacts
                .trust(&[AccountId(3), AccountId(9)], None)
                .is_none()
        );
        // One pair is reached from its seed, the other from none.
        let trust = contacts.trust(&[AccountId(1)], Some(1)).unwrap();
        assert!(trust.of(AccountId(2)) > 3.9 && trust.of(AccountId(1)) == 0.0);
        assert_eq!([3, 5].map(|id| trust.of(AccountId(id))), [0.0, 0.0]);
    }

    #[test]
    fn a_region_behind_one_tie_stays_behind() {
        // Two rings of twenty with chords, tied to each other once; seeds in the first.
        let ring = |first: u64| {
            (0..20).flat_map(move |i| [1, 3, 7].map(|step| (first + i, first + (i + step) % 20)))
        };
        let mut pairs: Vec<_> = ring(0).chain(ring(20)).collect();
        pairs.push((5, 25));
        let contacts = contacts(&pairs);
        let trust = contacts
            .trust(&[AccountId(0), AccountId(11)], None)
            .unwrap();
        let least = (0..20)
            .map(|id| trust.of(AccountId(id)))
            .fold(f64::MAX, f64::min);
        let most = (20..40)
            .map(|id| trust.of(AccountId(id)))
            .fold(0.0, f64::max);
        assert!(least > 2.0 * most, "{least} {most}");
    }

    #[test]
    fn same_for_any_number_of_threads() {
        let pairs: Vec<(u64, u64)> = (0..60_000)
            .map(|i| {
                (
                    crate::hash::mix(i) % 9_000,
                    crate::hash::mix(i + (1 << 40)) % 9_000,
                )
            })
            .collect();
        let contacts = contacts(&pairs);
        let seeds: Vec<AccountId> = (0..50).map(AccountId).collect();
        let parts = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n_threads)
                .build()
                .unwrap();
            pool.install(|| contacts.trust(&seeds, None).unwrap().parts)
        };
        let one = parts(1);
        assert!(one.iter().any(|&part| part > 0));
        assert_eq!(one, parts(4));
    }

    proptest! {
        #[test]
        fn oracle_prop_trust_is_the_walk(
            pairs in proptest::collection::vec((0..40_u64, 0..40_u64), 1..120),
            seeds in proptest::collection::vec(0..40_u64, 1..5),
            n_rounds in 0..12_u32,
        ) {
            let contacts = contacts(&pairs);
            let verified: Vec<AccountId> = seeds.iter().map(|&id| AccountId(id)).collect();
            let naive = naive(&pairs, &seeds, n_rounds);
            match contacts.trust(&verified, Some(n_rounds)) {
                None => prop_assert!(naive.iter().all(|&x| x == 0.0 || x.is_nan())),
                Some(trust) => {
                    for (id, expected) in (0..).zip(naive) {
                        let found = trust.of(AccountId(id));
                        // Rounding down loses a few units of 2^-62 a step.
                        prop_assert!((found - expected).abs() < 1e-9, "{} {} {}", id, found, expected);
                    }
                }
            }
        }
    }
}
