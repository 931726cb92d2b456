//! Matches, each pair of accounts once.

use rayon::prelude::*;

use super::super::Match;
use super::budget::OverBudget;
use crate::consent::{For, Permitted};
use crate::hash::HashMap;
use crate::ids::AccountId;

/// From so many matches on it is worth looking for repetitions.
const FOLD_FROM: usize = 1 << 20;

/// Matches as they come, folded whenever they have become twice as many: an address book that is uploaded every night takes
/// the memory of one.
#[derive(Debug)]
pub struct Gathered<P> {
    matches: Vec<Permitted<Match, P>>,
    n_folded: usize,
    /// How many said the same again, by who saved.
    repeated: HashMap<AccountId, u64>,
}

impl<P> Default for Gathered<P> {
    fn default() -> Self {
        Self {
            matches: Vec::new(),
            n_folded: 0,
            repeated: HashMap::default(),
        }
    }
}

impl<P: For> Gathered<P> {
    /// Takes a match.
    pub fn push(&mut self, found: Permitted<Match, P>) {
        self.matches.push(found);
        if self.matches.len() >= 2 * self.n_folded.max(FOLD_FROM) {
            self.fold();
        }
    }

    /// Every match once, at the earliest, and those of whoever is over budget not at all. What is counted under what does not
    /// depend on the order.
    #[must_use]
    pub fn finish(mut self, over: &OverBudget) -> Folded<P> {
        self.fold();
        let n_all = self.matches.len();
        self.matches
            .retain(|found| !over.contains(found.get().from));
        let mut folded = Folded {
            over_budget: (n_all - self.matches.len()) as u64,
            matches: self.matches,
            duplicates: 0,
        };
        for (account, n) in self.repeated {
            if over.contains(account) {
                folded.over_budget += n;
            } else {
                folded.duplicates += n;
            }
        }
        folded
    }

    /// Folds the matches of one pair of accounts into the earliest.
    fn fold(&mut self) {
        let by_pair = |m: &Permitted<Match, P>| (m.get().from, m.get().to, m.get().saved_at);
        self.matches.par_sort_unstable_by_key(by_pair);
        let repeated = &mut self.repeated;
        self.matches.dedup_by(|again, first| {
            let (again, first) = (again.get(), first.get());
            let is_same = (again.from, again.to) == (first.from, first.to);
            if is_same {
                *repeated.entry(first.from).or_default() += 1;
            }
            is_same
        });
        self.n_folded = self.matches.len();
    }
}

/// Permitted matches, each pair of accounts once.
#[derive(Clone, Debug)]
pub struct Folded<P> {
    /// Ascending by who saved, then by whose number; of several the earliest.
    pub matches: Vec<Permitted<Match, P>>,
    /// How many said the same again.
    pub duplicates: u64,
    /// How many were of accounts that are over budget.
    pub over_budget: u64,
}

/// Folds the matches of one pair of accounts into the earliest.
///
/// It takes matches that passed the gate: an order that spares only newer data may remove the
/// earliest of several and leave a later one.
///
/// # Complexity
/// O(n log n) in parallel, in place.
#[must_use]
pub fn fold_duplicates<P: For>(matches: Vec<Permitted<Match, P>>) -> Folded<P> {
    let gathered = Gathered {
        matches,
        ..Gathered::default()
    };
    gathered.finish(&OverBudget::nobody())
}
