//! Numbers that many people have and that say what those people would not: a therapist's, a hotline's, a dealer's.
//!
//! Two of a therapist's clients have somebody in common and must never hear of it. What gives such a number away is that
//! those who saved it do not know each other. Ordinary people's contacts do: that is what makes them a circle.
//!
//! For a person `z`, let `C` be everybody who saved their number and is no friend of theirs on the network. Of a sample of 64
//! of them, somebody `c` is *isolated* if no more of `C` are tied to `c` than chance would have it. By chance
//! `e = d(c) · Σ_{c' ∈ C, c' ≠ c} d(c') / 2m` are, for `d` ties a person and `m` ties in all (the configuration model:
//! Newman, "Modularity and community structure in networks", 2006); as such counts scatter, up to `e + 3√e` count as
//! chance. `z` is sensitive if `C` has enough people and four in five are isolated.
//!
//! Ties of a sensitive number that are contacts and no friendship are then no ties: nothing is found through them, in either
//! direction. Friendships stay, for friends chose each other on the network; and who saved the number still has it.

use rayon::prelude::*;

use super::aside::both_places;
use super::{Csr, EdgeKinds, Graph, WhyAside};
use crate::hash::mix;

/// Callers looked at for each number.
const SAMPLE: usize = 64;

/// Isolated callers of the sample, in percent, from which a number is sensitive.
const ISOLATED_PERCENT: usize = 80;

impl<P> Graph<P> {
    /// Everybody whose number is sensitive, ascending by node; `callers_min` people have to have saved it. None, if that is 0.
    ///
    /// # Complexity
    /// O(contacts + 64 · d) for each number that enough have saved, d the ties of those who did; 8 bytes a contact.
    #[must_use]
    pub fn sensitive(&self, callers_min: u32) -> Vec<u32> {
        sensitive(&self.contacts, &self.ties, &self.tie_kinds, callers_min)
    }

    /// Sets contacts of some people aside, in either direction; says how many were, each counted once.
    ///
    /// # Complexity
    /// O(ties); a second copy of them while it runs.
    pub fn untie_contacts(&mut self, of: &[u32]) -> u64 {
        let places = contacts_of(&self.ties, &self.tie_kinds, of);
        self.set_aside(&places, WhyAside::SensitiveNumber)
    }
}

/// As [`Graph::sensitive`], of adjacency arrays.
/// `kinds` are those of the entries of `ties`.
fn sensitive(contacts: &Csr, ties: &Csr, kinds: &[EdgeKinds], callers_min: u32) -> Vec<u32> {
    if callers_min == 0 {
        return Vec::new();
    }
    let callers = callers(contacts, callers_min);
    let chosen: Vec<u32> = callers
        .nodes()
        .filter(|&z| callers.degree(z) >= callers_min)
        .collect();
    chosen
        .into_par_iter()
        .map_init(
            || vec![false; ties.n_nodes()],
            |is_caller, z| {
                let strangers: Vec<u32> = strangers(z, callers.row(z), ties, kinds).collect();
                let is_sensitive = strangers.len() >= callers_min as usize
                    && are_isolated(z, &strangers, ties, is_caller);
                is_sensitive.then_some(z)
            },
        )
        .flatten_iter()
        .collect()
}

/// Row `z`: who saved the number of `z`; empty unless at least so many did.
pub(in crate::graph) fn callers(contacts: &Csr, callers_min: u32) -> Csr {
    let mut n_callers = vec![0_u32; contacts.n_nodes()];
    for &z in contacts.neighbours() {
        n_callers[z as usize] += 1;
    }
    let saved = contacts
        .nodes()
        .flat_map(|u| contacts.row(u).iter().map(move |&z| (z, u)));
    let often = saved.filter(|&(z, _)| n_callers[z as usize] >= callers_min);
    Csr::from_pairs(contacts.n_nodes(), often.collect())
        .expect("the pairs of a graph, turned around, are those of a graph")
}

/// Those of `callers` who are no friends of `z`.
fn strangers<'a>(
    z: u32,
    callers: &'a [u32],
    ties: &'a Csr,
    kinds: &'a [EdgeKinds],
) -> impl Iterator<Item = u32> + 'a {
    let is_friend = move |c| {
        let tie = ties.find(z, c);
        tie.is_some_and(|at| kinds[at].contains(EdgeKinds::FRIENDSHIP))
    };
    callers.iter().copied().filter(move |&c| !is_friend(c))
}

/// Are most of a sample of `callers` tied to no more of the others than by chance? `is_caller` is all false, before and after.
fn are_isolated(z: u32, callers: &[u32], ties: &Csr, is_caller: &mut [bool]) -> bool {
    for &c in callers {
        is_caller[c as usize] = true;
    }
    let n_ties: u64 = callers.iter().map(|&c| u64::from(ties.degree(c))).sum();
    let sample = sample(z, callers);
    let is_isolated = |&&c: &&u32| {
        let known = ties.row(c).iter().filter(|&&v| is_caller[v as usize]);
        let degree = f64::from(ties.degree(c));
        let by_chance = degree * (n_ties as f64 - degree) / ties.n_entries().max(1) as f64;
        known.count() as f64 <= by_chance + 3.0 * by_chance.sqrt()
    };
    let n_isolated = sample.iter().filter(is_isolated).count();
    for &c in callers {
        is_caller[c as usize] = false;
    }
    n_isolated * 100 >= sample.len() * ISOLATED_PERCENT
}

/// Some of `callers`, chosen by hash.
fn sample(z: u32, callers: &[u32]) -> Vec<u32> {
    let mut by_hash: Vec<(u64, u32)> = callers
        .iter()
        .map(|&c| (mix(u64::from(z) << 32 | u64::from(c)), c))
        .collect();
    by_hash.sort_unstable();
    by_hash.truncate(SAMPLE);
    by_hash.into_iter().map(|(_, c)| c).collect()
}

/// The places of ties of some people that are contacts and no friendship.
fn contacts_of(ties: &Csr, kinds: &[EdgeKinds], of: &[u32]) -> Vec<usize> {
    let mut is_one = vec![false; ties.n_nodes()];
    for &z in of {
        is_one[z as usize] = true;
    }
    both_places(ties, |u, _, at| {
        is_one[u as usize] && !kinds[at].contains(EdgeKinds::FRIENDSHIP)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ties of everybody with the next four of a ring: a circle of acquaintances each.
    fn ring(n: u32) -> Vec<(u32, u32)> {
        (0..n)
            .flat_map(|u| (1..5).map(move |step| (u, (u + step) % n)))
            .collect()
    }

    fn of(n: usize, friends: &[(u32, u32)], contacts: &[(u32, u32)], callers_min: u32) -> Vec<u32> {
        let ties = Csr::from_undirected(n, friends.to_vec()).unwrap();
        let kinds = vec![EdgeKinds::FRIENDSHIP; ties.n_entries()];
        let contacts = Csr::from_pairs(n, contacts.to_vec()).unwrap();
        sensitive(&contacts, &ties, &kinds, callers_min)
    }

    #[test]
    fn a_number_whose_callers_do_not_know_each_other_is_sensitive() {
        // 1000 saved by every fortieth, 1001 by a whole neighbourhood.
        let spread = (0..25).map(|i| (40 * i, 1000));
        let circle = (0..25).map(|i| (i, 1001));
        let contacts: Vec<_> = spread.chain(circle).collect();
        assert_eq!(of(1002, &ring(1000), &contacts, 20), [1000]);
        assert_eq!(of(1002, &ring(1000), &contacts, 25), [1000]);
        assert!(of(1002, &ring(1000), &contacts, 26).is_empty());
        assert!(of(1002, &ring(1000), &contacts, 0).is_empty());
    }

    #[test]
    fn a_few_who_do_know_each_other_hide_nobody() {
        let family = (0..5).map(|i| (i, 1000));
        let clients = (1..40).map(|i| (25 * i, 1000));
        let contacts: Vec<_> = family.chain(clients).collect();
        assert_eq!(of(1001, &ring(1000), &contacts, 20), [1000]);
    }

    #[test]
    fn friends_are_no_callers() {
        let contacts: Vec<_> = (0..25).map(|i| (40 * i, 1000)).collect();
        let friends: Vec<_> = ring(1000)
            .into_iter()
            .chain(contacts.iter().copied())
            .collect();
        assert!(of(1001, &friends, &contacts, 20).is_empty());
    }

    #[test]
    fn contacts_become_no_ties_and_friendships_stay() {
        let mut graph = super::super::testing::graph("a=b a-c b-c c-d b=d");
        assert_eq!(graph.untie_contacts(&[0]), 1);
        let left = Csr::from_undirected(4, vec![(0, 2), (1, 2), (2, 3), (1, 3)]).unwrap();
        assert_eq!(*graph.ties(), left);
        assert_eq!(graph.untie_contacts(&[3]), 1);
        assert_eq!(graph.ties().row(3), [2]);
        assert_eq!(graph.ties_aside().len(), 4);
    }
}
